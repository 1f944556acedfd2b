#ifndef TESTS_SUPPORT_HOUSE_INSIDE_H
#define TESTS_SUPPORT_HOUSE_INSIDE_H

/* What the house_*.c share. */

#include <stdarg.h>

#include "daemon/portal/wire.h"
#include "tests/support/house.h"

enum {
    HOUSE_TICK_MS = 4,
    HOUSE_START_S = 20,    /* sanitizers are slow starters */
    HOUSE_STOP_MS = 10000, /* product.md §3 */
    HOUSE_ANSWER_MS = 20000,
    HOUSE_FILE_MOST = 16 << 20,
};

struct house {
    struct house_options options;
    char folder[64];
    char config[96], socket[96], daemon_log[96], sandbox_log[96];
    char portal_url[64], public_url[64], admin_url[64];
    pid_t daemon, sandbox;
    int keeper;        /* writing end: a byte says that all went well */
    int public_socket; /* handed over to the daemon; -1: it opens its own */
};

/* house_process.c: files and child processes. */
const char *house_binary(const struct house *, const char *variable);
char *house_file_read(const char *path); /* "" when there is none; mem_free */
void house_file_write(const struct house *, const char *name, const char *text);
void house_folder_remove(const char *folder);
void house_keeper_start(struct house *);
void house_keeper_dismiss(struct house *);
/* Output and complaints go to these files, appended. A socket that is not -1 is handed over as
 * sd_listen_fds(3) wants it. */
pid_t house_spawn(const struct house *, const char *path, const char *const *arguments,
                  const char *out, const char *err, int socket);
/* Exit code, 128 + signal; -1: it has not ended by then. */
int house_wait_for_end(pid_t, int64_t ms);
bool house_has_ended(pid_t); /* and still waits to be asked for its code */

/* house_daemon.c */
struct wire_answer house_ask(struct house *, const struct wire_request *);
json_t *house_parse(const struct house *, const char *text, const char *from);

#endif
