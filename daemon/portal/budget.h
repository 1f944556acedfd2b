#ifndef DAEMON_PORTAL_BUDGET_H
#define DAEMON_PORTAL_BUDGET_H

/* What one portal allows (bitrix24.md §5): requests, by a leaky bucket, and the operating time of
 * each method, by ten one-minute baskets that the `time` objects of its answers teach. What the
 * portal says goes before our reckoning. All times are wall milliseconds of this machine, because
 * budgets outlive a restart; the portal's clock is only used for differences. Pure, not
 * thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bucket.h"

enum {
    BUDGET_METHODS = 256, /* beyond these the longest unused is forgotten */
    BUDGET_BASKETS = 11,  /* ten minutes that touch eleven */
};

struct budget_method {
    char name[96];
    struct basket {
        int64_t start_ms; /* of its first call; it drops out ten minutes later */
        double seconds;
    } baskets[BUDGET_BASKETS];
    int64_t blocked_until_ms;
    double limit;    /* seconds; what was learnt, else BUDGET_LIMIT_S */
    double cost;     /* seconds of one call, smoothed */
    int flying;      /* calls in flight */
    int64_t used_ms; /* last */
};

struct budget {
    struct bucket bucket;
    int64_t frozen_until_ms;       /* no request before */
    int refusals;                  /* QUERY_LIMIT_EXCEEDED in a row */
    struct budget_method *methods; /* owned */
    int method_count;
};

/* `drain` 0: unlimited. */
void budget_init(struct budget *, double drain, double size, double share, int64_t now_ms);
void budget_done(struct budget *);

/* Takes one request's place if there is one. */
bool budget_take(struct budget *, int64_t now_ms);
/* Milliseconds until there is one; 0 = now. */
int64_t budget_wait_ms(const struct budget *, int64_t now_ms);
/* Requests that could go at once; a large number when unlimited. */
double budget_free(const struct budget *, int64_t now_ms);

/* Methods by name. Milliseconds until it may be called once more; 0 = now. */
int64_t budget_method_wait_ms(const struct budget *, const char *name, int64_t now_ms);
/* A call of the method goes out, has come back. */
void budget_promise(struct budget *, const char *name, int64_t now_ms);
void budget_release(struct budget *, const char *name);
/* Learns from a `time` object; one without `operating` (self-hosted, §10 no. 36) teaches nothing.
 */
void budget_learn(struct budget *, const char *name, const json_t *time, int64_t now_ms);
/* Seconds of the method in the last ten minutes. */
double budget_operating(const struct budget *, const char *name, int64_t now_ms);

/* The portal refused in spite of our reckoning. */
void budget_rate_refused(struct budget *, uint64_t seed, int64_t now_ms);
void budget_method_refused(struct budget *, const char *name, int64_t now_ms);
/* A request went through: the portal's bucket is well again. */
void budget_went_well(struct budget *);

/* {"at","level","frozen","methods":{NAME:{"blocked","limit","cost","baskets":[[start,seconds]…]}}}
 */
json_t *budget_save_new(const struct budget *, int64_t now_ms);
/* What was saved; anything that makes no sense is left out. */
void budget_load(struct budget *, const json_t *saved, int64_t now_ms);

#endif
