#ifndef TESTS_SUPPORT_NOTIFIED_H
#define TESTS_SUPPORT_NOTIFIED_H

/* Stands where systemd would: a datagram socket that the daemon tells what it is about
 * (sd_notify(3)), for daemons that are started after notified_open. */

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/house_check.h"

enum { NOTIFIED_TEXT = 512 };

struct notified {
    int fd;
    char text[NOTIFIED_TEXT]; /* the last message */
};

/* `watchdog_us` is what systemd waits for a feed; 0: it does not. */
static inline void notified_open(struct notified *n, struct house *h, long watchdog_us)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char watchdog[24];
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", house_folder(h));
    (void)snprintf(watchdog, sizeof watchdog, "%ld", watchdog_us);
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(n->fd, 0);
    ck_assert_int_eq(bind(n->fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)setenv("NOTIFY_SOCKET", address.sun_path, 1);
    if (watchdog_us > 0)
        (void)setenv("WATCHDOG_USEC", watchdog, 1);
}

static inline void notified_close(struct notified *n)
{
    (void)close(n->fd);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
}

/* The next message, within so long. */
static inline bool notified_next(struct notified *n, int ms)
{
    struct pollfd fd = {.fd = n->fd, .events = POLLIN};
    if (poll(&fd, 1, ms) <= 0)
        return false;
    ssize_t size = recv(n->fd, n->text, sizeof n->text - 1, 0);
    n->text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

/* Reads on until a message holds that line; false when it does not come within so long. */
static inline bool notified_until(struct notified *n, const char *line, int ms)
{
    for (int64_t until_ms = clock_mono_ms() + ms;;) {
        int64_t left_ms = until_ms - clock_mono_ms();
        if (left_ms <= 0 || !notified_next(n, (int)left_ms))
            return false;
        const char *at = strstr(n->text, line);
        if (at != NULL && (at == n->text || at[-1] == '\n'))
            return true;
    }
}

#endif
