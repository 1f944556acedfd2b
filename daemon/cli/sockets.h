#ifndef DAEMON_CLI_SOCKETS_H
#define DAEMON_CLI_SOCKETS_H

/* The listening sockets of the daemon: those that systemd hands over replace the configured lines
 * of their name (product.md §2). */

#include <stdbool.h>

#include "common/err.h"
#include "daemon/cli/notify.h"
#include "daemon/config/config.h"

struct sockets {
    int open[NOTIFY_SOCKETS],
        admin[NOTIFY_SOCKETS]; /* fds still ours; `open` are the public ones */
    int open_count, admin_count;
    char texts[2 * NOTIFY_SOCKETS][128]; /* addresses really listened on, public then admin */
    int public_texts, text_count;
};

/* `handed` are those of systemd, the daemon's from now on; both kinds. The public ones must be
 * nobody's yet, or with `join` may be those of a daemon that is about to end (TCP only). From then
 * on one of ours may join (SO_REUSEPORT). */
bool sockets_open_public(const struct config *, const struct handed *, bool join,
                         struct sockets *ret, struct err *) MUST_CHECK;
/* The second step; when it fails, what is open is closed. */
bool sockets_open_admin(const struct config *, struct sockets *, struct err *) MUST_CHECK;
void sockets_close(struct sockets *);
void sockets_close_public(struct sockets *);

/* Two daemons may listen on one address while one follows the other. The old one, before it looks
 * for the last time who stands at its door: who comes from now on comes to the new one. */
void sockets_lead_to_next(const struct sockets *);
/* The new one, now that the old one is gone: who comes, comes to us, until we too lead on. */
void sockets_keep_to_us(const struct sockets *);

/* Copies of descriptors, close-on-exec; on failure none is left. */
bool sockets_copy(const int *fds, int count, int *ret, struct err *) MUST_CHECK;
void sockets_close_copies(const int *fds, int count);
/* "public=127.0.0.1:43217 admin=127.0.0.1:8025" */
void sockets_print(const struct sockets *, char *out, unsigned long size);

#endif
