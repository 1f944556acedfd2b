#ifndef DAEMON_PORTAL_ADDRESS_H
#define DAEMON_PORTAL_ADDRESS_H

/* Where a portal is, and where it may send us. A webhook's address is its secret, so a redirect is
 * a request to tell the secret to somebody. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Bytes of "https://host:port", 0 when the text does not begin so. */
size_t address_authority(const char *url);
bool address_is_https(const char *url);
/* "localhost", 127.x.x.x and [::1], as hook addresses may be written without TLS. */
bool address_is_loopback(const char *url);

/* May a request for the portal that was configured at `home` be repeated at `location`
 * (bitrix24.md §3.4)? Only with TLS (but from loopback to loopback), and only within the family:
 * the same host, or a neighbour, a host with another first label under the same domain. That is
 * what a change of address looks like in the cloud (NAME.bitrix24.ru). A domain under which
 * strangers register (.ru, .com.br) makes no neighbours. Everywhere else a person has to say that
 * it is the portal's. */
bool address_may_follow(const char *home, const char *location, struct err *) MUST_CHECK;

#endif
