#ifndef DAEMON_CLI_ASK_H
#define DAEMON_CLI_ASK_H

/* Asking a running daemon on its admin address. Complaints go to stderr. */

#include <jansson.h>

#include "daemon/cli/verb.h"

/* A request's path with its query, built of names and values that are encoded; NULL-ended, pairs
 * whose value is NULL left out. mem_free. */
char *ask_path_new(const char *path, const char *const *pairs);

/* GET of that path. *ret (new) is the answer's JSON, *ret_status its status. False when there was
 * none to be had, or the daemon refused: said already, the exit status is EXIT_UNABLE. */
bool ask_daemon(const struct args *, const char *path, json_t **ret, int *ret_status) MUST_CHECK;

/* The same with POST: something is to be done. */
bool order_daemon(const struct args *, const char *path, json_t **ret, int *ret_status) MUST_CHECK;

#endif
