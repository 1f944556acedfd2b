#ifndef DAEMON_PORTAL_COUNTERS_H
#define DAEMON_PORTAL_COUNTERS_H

/* How often which method ended how. Methods come from rules, so their number has a ceiling; the
 * rest counts as "other". Not thread-safe. */

#include <jansson.h>
#include <stdint.h>

#include "daemon/model/command.h"

enum { COUNTERS_METHODS = 200 };

struct counter {
    char method[96];
    int64_t counts[VERDICT_SHADOW + 1];
};

struct counters {
    struct counter *methods; /* owned */
    int count;
};

void counters_add(struct counters *, const char *method, enum verdict);
/* Appends {"portal","method","verdict","count"} for each that is not 0. */
void counters_print(const struct counters *, const char *portal, json_t *array);
void counters_done(struct counters *);

#endif
