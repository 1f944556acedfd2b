#ifndef TESTS_CRASH_LEDGER_H
#define TESTS_CRASH_LEDGER_H

/* What was sent, what was answered, what the database holds and what the portal got: a line for
 * each event, by the id of its entity, which no other event has. Not thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* Entities that the portal does not know; its deals have smaller ids. */
enum { LEDGER_OTHERS_FROM = 1000000000 };

struct ledger_line {
    uint8_t sent, answered, refused; /* 200; any other status */
    uint8_t stored, effects;         /* times */
    bool stopped;                    /* its run waits for a person: parked or dead */
};

struct ledger {
    struct ledger_page {
        struct ledger_line *lines; /* owned; by id - from */
        int64_t from, count, capacity;
    } deals, others;
    int64_t next_deal;             /* not sent yet */
    int64_t last_row, last_effect; /* counted up to there */
    int64_t resting;               /* rows of others than ours */
};

/* `deals` deals that the portal knows, with ids from `first_deal` on. */
void ledger_init(struct ledger *, int64_t first_deal, int64_t deals);
void ledger_done(struct ledger *);

bool ledger_has_deals(const struct ledger *);
/* The id of an entity that no event has spoken of. */
int64_t ledger_next(struct ledger *, bool deal);
void ledger_sent(struct ledger *, int64_t id);
void ledger_answered(struct ledger *, int64_t id, int status);

/* Counts the events that were stored since the last call, from a database that nobody serves, and
 * checks all of its pages. The log stays as the kill left it. */
bool ledger_count_stored(struct ledger *, const char *database, struct err *) MUST_CHECK;
/* The runs that a person has to look at. */
bool ledger_count_stopped(struct ledger *, const char *database, struct err *) MUST_CHECK;
/* Members of the sandbox's journal: comments. */
void ledger_count_effects(struct ledger *, const json_t *effects);

struct ledger_sums {
    int64_t sent, answered, refused, stored; /* stored: different events */
    int64_t missing;                         /* answered 200 and not stored */
    int64_t doubled;                         /* stored more than once */
    int64_t kept;                            /* refused and stored all the same */
    /* Of the deals among the answered: */
    int64_t deals, effects, effects_missing, effects_doubled, stopped;
};
struct ledger_sums ledger_sum(const struct ledger *);

#endif
