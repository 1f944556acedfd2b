#ifndef DAEMON_PORTAL_BUDGET_H
#define DAEMON_PORTAL_BUDGET_H

/* What one portal allows (bitrix24.md §5): requests, by a leaky bucket, and the operating time of
 * each method, by a ledger (ledger.h). What the
 * portal says goes before our reckoning. All times are wall milliseconds of this machine, because
 * budgets outlive a restart; the portal's clock is only used for differences. Pure, not
 * thread-safe.
 *
 * Why nothing is refused: a request counts as if the portal had counted it at the last possible
 * moment, that of its answer, so that our level is never below the portal's but for its leaking in
 * steps, once a second: those `drain` places stay free. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bucket.h"
#include "daemon/portal/ledger.h"

enum { BUDGET_METHODS = 256 /* beyond these the longest unused is forgotten */ };

struct budget {
    struct bucket bucket; /* requests that were answered */
    int flying;           /* requests without an answer: they do not leak yet */
    double brim;          /* the level at which the portal refuses our share */
    double drain;         /* of our share, were nobody else there */
    double foreign;       /* requests a second of others, as refusals have taught */
    int64_t foreign_ms;   /* when that was last reckoned */
    int64_t anchor_ms;    /* since when the level has been reckoned only */
    bool trusting;        /* asks no method for its cost first */
    struct ledger_clock clock;
    double cost;             /* seconds of one call of whatever method, smoothed */
    int64_t frozen_until_ms; /* no request before */
    int refusals;            /* QUERY_LIMIT_EXCEEDED in a row */
    struct ledger *methods;  /* owned */
    int method_count;
};

/* `drain` 0: unlimited. */
void budget_init(struct budget *, double drain, double size, double share, int64_t now_ms);
void budget_done(struct budget *);

/* Takes one request's place if there is one. */
bool budget_take(struct budget *, int64_t now_ms);
/* A request that took its place has come back, answered or not: the portal has counted it by now.
 */
void budget_counted(struct budget *, int64_t now_ms);
/* Milliseconds until there is one; 0 = now. */
int64_t budget_wait_ms(const struct budget *, int64_t now_ms);
/* Requests that are in the bucket, those on their way too. */
double budget_level(const struct budget *, int64_t now_ms);
/* Requests that could go at once; a large number when unlimited. */
double budget_free(const struct budget *, int64_t now_ms);

/* Methods by name. Milliseconds until it may be called once more; 0 = now. */
int64_t budget_method_wait_ms(const struct budget *, const char *name, int64_t now_ms);
/* A call of the method goes out, has come back. */
void budget_promise(struct budget *, const char *name, int64_t now_ms);
void budget_release(struct budget *, const char *name);
/* Seconds that one call is expected to take. */
double budget_cost(const struct budget *, const char *name);
/* The `time` object of a whole answer that came just now: what time it is there. */
void budget_hear_clock(struct budget *, const json_t *time, int64_t now_ms);
/* Learns from the `time` object of one call, NULL when there is none; without `operating`
 * (self-hosted, §10 no. 36) only what a call costs. `sent_ms`: when its request went out, since
 * requests overtake one another. */
void budget_learn(struct budget *, const char *name, const json_t *time, int64_t sent_ms,
                  int64_t now_ms);
/* Seconds of the method in the last ten minutes. */
double budget_operating(const struct budget *, const char *name, int64_t now_ms);
/* Of each method that has used any of its time: array of {"method","used","limit" in seconds,
 * "wait_ms" until it may be called}. New. */
json_t *budget_methods_new(const struct budget *, int64_t now_ms);

/* The portal refused in spite of our reckoning. */
void budget_rate_refused(struct budget *, uint64_t seed, int64_t now_ms);
void budget_method_refused(struct budget *, const char *name, int64_t now_ms);
/* A request went through: the portal's bucket is well again, others may have gone. */
void budget_went_well(struct budget *, int64_t now_ms);

/* {"at","level","frozen","foreign","methods":{NAME:{"blocked","limit","learnt","cost",
 * "baskets":[[start,seconds]…]}}} */
json_t *budget_save_new(const struct budget *, int64_t now_ms);
/* What was saved; anything that makes no sense is left out. */
void budget_load(struct budget *, const json_t *saved, int64_t now_ms);

#endif
