#ifndef TESTS_CRASH_SOAK_H
#define TESTS_CRASH_SOAK_H

/* A long time in bad weather: rules with every kind of action at work, a portal that answers one
 * command in ten badly or not at all, and a daemon that is killed again and again. In the end all
 * must be done, once. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/crash/tally.h"

struct soak_options {
    int64_t effects;   /* about so many are to be brought about … */
    double seconds;    /* … spread over this time */
    double fault_rate; /* of commands */
    double kill_every; /* seconds, from half to one and a half of it; 0: never */
    double rate;   /* requests a second that the portal allows, 2 or 5 as its plan; 0: any number */
    uint64_t seed; /* not 0 */
    FILE *say;     /* a line now and then; NULL: none */
    void (*fail)(const char *text) __attribute__((noreturn));
};

struct soak_result {
    struct tally_sums sums;
    json_t *parked; /* owned: runs by kind */
    json_t *faults; /* owned: kind → how often it struck */
    int64_t deals, kills, requests, commands;
    int64_t looked, found; /* effects that were looked for; that were there */
    double load_s, calm_s; /* until the last event, and from there to all work done */
};

void soak_run(const struct soak_options *, struct soak_result *ret);
void soak_result_done(struct soak_result *);
/* Nothing missing, doubled or wrongly given up. */
bool soak_is_good(const struct soak_result *);

#endif
