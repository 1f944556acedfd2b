#ifndef DAEMON_STORE_PEEK_H
#define DAEMON_STORE_PEEK_H

/* A look into the database of a daemon that may be running: for verbs that need neither a daemon
 * nor the lock of its file. Writes nothing. */

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

/* What is kept of that portal's names, need → {"value","at"} (daemon/model/need.h), and which
 * events came from it, name → wall ms of the latest. Both new, empty when there is no such file or
 * no such portal in it; *ret_found says whether there is. */
bool store_peek(const char *path, const char *portal, json_t **ret_names, json_t **ret_events,
                bool *ret_found, struct err *) MUST_CHECK;

#endif
