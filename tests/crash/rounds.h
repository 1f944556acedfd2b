#ifndef TESTS_CRASH_ROUNDS_H
#define TESTS_CRASH_ROUNDS_H

/* Rounds of one life: start the daemon under load, kill -9 it at a moment, count what its database
 * holds. The same database all the time; every second round a rule has work to do as well. */

#include <stdio.h>

#include "tests/crash/ledger.h"

/* When it dies. */
enum moment {
    MOMENT_START,      /* while it starts, up to three times in a row */
    MOMENT_LOAD,       /* after some answers */
    MOMENT_CHECKPOINT, /* as the log is being written back */
    MOMENT_WORK, /* a little after the first answers: history is pruned, a rule may be at work */
    MOMENTS,
};
const char *moment_word(enum moment);

struct rounds_options {
    int rounds;
    uint64_t seed; /* not 0 */
    int old_rows;  /* history that has to be pruned from the first start on */
    bool power;    /* what was not flushed is lost with each kill */
    FILE *table;   /* NULL: none */
    void (*fail)(const char *text) __attribute__((noreturn));
};

struct rounds_result {
    struct ledger_sums sums;
    int64_t kills[MOMENTS];
    int64_t pruned;                  /* rows of old_rows that are gone */
    int64_t first_ms, first_most_ms; /* start to the first 200: median, worst */
    int64_t calm_ms;                 /* the last start until all work is done */
};

void rounds_run(const struct rounds_options *, struct rounds_result *ret);

#endif
