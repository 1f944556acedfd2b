#ifndef DAEMON_CLI_NOTIFY_H
#define DAEMON_CLI_NOTIFY_H

/* What systemd is told, and what it hands over. Built without libsystemd, or not started by it,
 * these do nothing. */

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void); /* until notify_ready */
/* The start takes its time: systemd is to wait so long from now on. */
void notify_patience(int64_t ms);
void notify_stopping(void);
void notify_status(const char *text);
/* How often notify_alive must be called: half of what systemd waits for; 0: never. */
int64_t notify_watchdog_ms(void);
void notify_alive(void);

enum { NOTIFY_SOCKETS = 32 };
struct handed {
    int fds[NOTIFY_SOCKETS];
    char names[NOTIFY_SOCKETS][64]; /* FileDescriptorName=, "unknown" without one */
    int count;
};
/* Takes the sockets handed over (LISTEN_FDS), once; close-on-exec. */
void notify_sockets(struct handed *ret);

#endif
