#ifndef DAEMON_CLI_URL_H
#define DAEMON_CLI_URL_H

/* The URL under which a configured listening address can be reached from this machine. Pure. */

#include "common/addr.h"
#include "common/err.h"

struct url {
    char *text;      /* owned */
    char *unix_path; /* owned; NULL: TCP */
};

/* `path` begins with a slash. An address that means "all" is reached on loopback; port 0 is only
 * known to the daemon: an error. */
bool url_of_addr(const struct addr *, const char *path, struct url *ret, struct err *) MUST_CHECK;
void url_done(struct url *);

#endif
