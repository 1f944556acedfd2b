#ifndef TESTS_BENCH_DRAIN_CELL_H
#define TESTS_BENCH_DRAIN_CELL_H

/* One measurement: so many commands through the portal client into a portal with limits. */

#include <stdbool.h>
#include <stdint.h>

enum {
    DRAIN_LANES = 3,         /* requests in flight for what nobody waits for */
    DRAIN_DELAY_MS = 100,    /* the way to the portal and back */
    DRAIN_URGENT_EVERY = 100 /* where there are urgent ones */
};

struct drain_load {
    int commands;
    double work_s;  /* what the portal needs for one */
    bool uneven;    /* that is the mean: many are quicker, a few much slower */
    bool alone;     /* no command can travel in a batch */
    bool urgent;    /* one in a hundred is urgent; they come all the time */
    bool by_hand;   /* one call at a time, as a simple handler does it; none of the client */
    double stagger; /* seconds over which the urgent ones come */
};

/* The least seconds that the limits allow: 50 requests at once and 2 a second, 480 seconds a method
 * in ten minutes, and so many requests in flight. performance.md §4a. */
struct drain_ideal {
    double rate_s, operating_s, run_s;
    double all_s; /* the greatest of them, and the way of the last */
};
void drain_ideal_of(const struct drain_load *, struct drain_ideal *ret);

struct drain_result {
    double seconds;
    int64_t requests, missing, doubled, disordered, refusals, failed;
    double urgent_p50_s, urgent_p99_s; /* beyond what the call by itself would take */
    double cpu_us;                     /* a command */
    double queued_kib;                 /* memory that a waiting command takes, its own data too */
};
void drain_run(const struct drain_load *, struct drain_result *ret);

#endif
