#ifndef DAEMON_STORE_METER_H
#define DAEMON_STORE_METER_H

/* The greatest value of the last minute, to ten seconds: a maximum for each ten seconds. Pure. */

#include <stdint.h>

enum { METER_SLOTS = 7, METER_SLOT_MS = 10000 };

struct meter {
    struct {
        int64_t number; /* of the ten seconds, since the clock's beginning */
        int64_t most;
    } slots[METER_SLOTS];
};

void meter_add(struct meter *, int64_t now_ms, int64_t value);
int64_t meter_most(const struct meter *, int64_t now_ms);

#endif
