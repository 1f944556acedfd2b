#ifndef DAEMON_PORTAL_COUNTERS_H
#define DAEMON_PORTAL_COUNTERS_H

/* How often which method ended how. Rules may name any method, so those of a table are counted by
 * name and the rest together, as "other": the labels of a metric must not grow with what people
 * write. Not thread-safe. */

#include <jansson.h>
#include <stdint.h>

#include "daemon/model/command.h"

enum { COUNTERS_MOST = 80 /* rows of the table, at most */ };

struct counters {
    int64_t counts[COUNTERS_MOST][VERDICT_SHADOW + 1];
};

/* The name under which a method is counted: its own or "other". */
const char *counters_name(const char *method);
void counters_add(struct counters *, const char *method, enum verdict);
/* Appends {"portal","method","verdict","count"} for each that is not 0. */
void counters_print(const struct counters *, const char *portal, json_t *array);

#endif
