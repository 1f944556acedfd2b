#ifndef DAEMON_ADMIN_SHOW_H
#define DAEMON_ADMIN_SHOW_H

/* The store's JSON as people and programs get it: times in ISO 8601 with the portal's offset, and
 * of each run what would cancel it. Pure. */

#include <jansson.h>

#include "daemon/config/config.h"

/* Turns every member "x_ms" of the value, at any depth, into "x"; objects that are runs get
 * "cancels". Changes the value in place. */
void show_times(const struct config *, json_t *value);

#endif
