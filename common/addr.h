#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

/* Where to listen and whom not to call: `ADDRESS:PORT`, `[v6]:PORT`, `unix:PATH`; networks as
 * `ADDRESS` or `ADDRESS/BITS`. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"

struct addr {
    struct sockaddr_storage sa;
    socklen_t size;
    char text[128]; /* as written */
};

/* Parses a numeric address ("localhost" is allowed and means 127.0.0.1), or unix:PATH where a
 * relative path starts at `folder`. Port 0 is allowed. */
bool addr_parse(const char *text, const char *folder, struct addr *ret, struct err *) MUST_CHECK;

/* Opens a non-blocking, close-on-exec listening socket: SO_REUSEADDR, backlog 4096; `shared` adds
 * SO_REUSEPORT; `[::]` is IPv6 only. A Unix path gets mode 0660 and replaces a stale file (one that
 * nobody answers on; one that somebody does, or that is no socket, is an error). Returns -1 on
 * failure. */
int addr_listen(const struct addr *, bool shared, struct err *) MUST_CHECK;
/* "127.0.0.1:43217" or "unix:/run/x": the address a listening socket really has. */
void addr_of_socket(int fd, char out[128]);

struct net {
    struct sockaddr_storage sa;
    int bits;
};
bool net_parse(const char *text, struct net *ret, struct err *) MUST_CHECK;
/* Is the address in the network? IPv4-mapped IPv6 addresses count as IPv4. */
bool net_holds(const struct net *, const struct sockaddr *);
/* Loopback, private, link-local, unique-local, unspecified, multicast, carrier NAT, reserved, and
 * IPv6 forms that carry such an IPv4 address: what a rule's http step may not reach unless allowed.
 * True for what is not an internet address at all. */
bool addr_is_private(const struct sockaddr *);

#endif
