#ifndef DAEMON_PORTAL_HTTP_H
#define DAEMON_PORTAL_HTTP_H

/* COMMAND_HTTP: one request of a rule to another system. Addresses inside (loopback, private,
 * link-local) are refused after name resolution unless allowed; secrets come from files at the
 * moment of sending and stand in no row. */

#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"
#include "common/err.h"
#include "daemon/portal/client.h"
#include "daemon/portal/transfer.h"

/* What http-allow says. */
struct http_allow {
    struct net *nets; /* owned */
    size_t net_count;
    char **names; /* owned */
    size_t name_count;
};

/* From a NULL-ended list of "ADDRESS", "ADDRESS/BITS" and host names. */
void http_allow_init(struct http_allow *, const char *const *list);
void http_allow_done(struct http_allow *);

/* Makes the transfer ready. False: it cannot be sent, ever; err says why, without secrets. */
bool http_prepare(struct transfer *, const struct command *, const struct http_allow *,
                  struct err *) MUST_CHECK;
/* The answer of a finished one: 2xx DONE with {"status","body"}, 4xx REFUSED, 429 RETRY. */
void http_read(const struct transfer *, const struct reply *, const struct command *,
               struct answer *ret);

#endif
