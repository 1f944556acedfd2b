#ifndef DAEMON_PORTAL_LEDGER_H
#define DAEMON_PORTAL_LEDGER_H

/* The operating time of one method (bitrix24.md §5): ten one-minute baskets that the `time` objects
 * of its answers teach, the limit, and what a call costs. All times are wall milliseconds of this
 * machine. Pure, not thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_BASKETS = 11 /* ten minutes that touch eleven */ };

struct ledger {
    char method[96];
    struct basket {
        int64_t start_ms; /* of its first call; it drops out ten minutes later */
        double seconds;
    } baskets[LEDGER_BASKETS];
    int64_t blocked_until_ms, refused_ms;
    double limit;      /* seconds; what was learnt, else the documentation's */
    int64_t learnt_ms; /* when that was; a lesson lasts a day */
    bool known;        /* a call has been answered: we know its cost if we ever shall */
    double cost;       /* seconds of one call, smoothed */
    double scatter;    /* variance of that, smoothed */
    int samples;       /* behind these, as far as they weigh */
    int64_t told_ms;   /* when its last total came */
    int flying;        /* calls in flight */
    int64_t used_ms;   /* last */
};

/* What time it is at the portal, as far as its last answer told. */
struct ledger_clock {
    bool heard;
    int64_t ahead_ms; /* of ours */
};

void ledger_init(struct ledger *, const char *method);

/* Milliseconds until the method may be called once more; 0 = now. A method that nobody knows is
 * called by few at a time, unless `trusting`. */
int64_t ledger_wait_ms(const struct ledger *, bool trusting, int64_t now_ms);
/* Seconds that one call is expected to take; NULL: of a method that was never called. */
double ledger_cost(const struct ledger *);
/* Seconds in the last ten minutes. */
double ledger_used(const struct ledger *, int64_t now_ms);

/* Learns from the `time` object of one call (NULL: there was none) whose request was sent then.
 * Returns the seconds that the call took, -1 unknown. */
double ledger_learn(struct ledger *, const json_t *time, const struct ledger_clock *,
                    int64_t sent_ms, int64_t now_ms);
/* OPERATION_TIME_LIMIT, in spite of our reckoning. */
void ledger_refused(struct ledger *, int64_t now_ms);

/* Does it say anything that a restart must not forget? */
bool ledger_matters(const struct ledger *, int64_t now_ms);
json_t *ledger_save_new(const struct ledger *, int64_t now_ms);
/* Into a new one; anything that makes no sense is left out. */
void ledger_load(struct ledger *, const json_t *saved, int64_t now_ms);

/* Milliseconds until `moment`, 0 when it is over. */
int64_t ledger_left_ms(int64_t moment, int64_t most_ms, int64_t now_ms);
/* A saved moment, 0 when it can mean nothing any more. */
int64_t ledger_saved_moment(const json_t *tree, const char *name, int64_t now_ms);

#endif
