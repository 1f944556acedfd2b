#ifndef TESTS_BENCH_PUMP_H
#define TESTS_BENCH_PUMP_H

/* Changes for a store of this process, so many in flight all the time: each that is told is
 * followed by the next from the writer's own thread, so nothing but the writer is measured. A hold
 * is the time between the last answer of one group and the first of the next: a transaction and,
 * now and then, a checkpoint. Its own part is the processor time in it, without the flushes': what
 * neighbours and the disk take is not of our making. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/store.h"

struct holds {
    uint32_t *own_us, *all_us; /* owned */
    size_t count, room;
};
void holds_done(struct holds *);
double holds_own_ms(struct holds *, double part); /* 0.99: p99, 1: the longest */
double holds_all_ms(struct holds *, double part); /* by the clock, with the flushes */

/* Makes the next change. Called by the writer's thread. */
typedef struct store_change *pump_fn(void *arg);

struct pump_options {
    struct store *store;
    pump_fn *make;
    void *arg;
    int64_t changes;      /* so many … */
    bool (*more)(void *); /* … and then on as long as it says so, or NULL */
    int in_flight;
    bool arrivals; /* as ingest submits them, not as the engine does */
    /* Beside them, one at a time: what an arrival waits from its submission to its commit. */
    pump_fn *arrive; /* or NULL */
    struct holds *waits;
    struct holds *holds; /* added to; or NULL */
};
/* µs a change. Exits when one fails. */
double pump_run(const struct pump_options *);

#endif
