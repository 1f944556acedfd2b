#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

/* Both limits of a portal (bitrix24.md §5): the leaky bucket of requests, and the execution time
 * that each method may use up in ten minutes. Pure: the caller brings the time. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bucket.h"

enum {
    LIMIT_BASKETS = 16, /* of a method; eleven can count at once */
    LIMIT_MOST_METHODS = 512,
};

struct method_time {
    char *method; /* owned, lower case */
    struct minute_basket {
        int64_t minute;     /* of the clock */
        int64_t reset_at_s; /* ten minutes after the first call of that minute */
        double seconds;
    } baskets[LIMIT_BASKETS];
};

struct limits {
    struct bucket bucket;     /* leaks once a second, `drain` at a blow */
    double operating_limit_s; /* 0: none */
    double usual_cost_s;      /* what a call is said to take */
    bool work;                /* and does take: answers come so much later */
    bool uneven;              /* costs are means: most calls are quicker, a few much slower */
    uint64_t dice;            /* for that; the same each time */
    json_t *costs;            /* method pattern → seconds a call */
    struct method_time *times;
    size_t count;
};

void limits_init(struct limits *, double drain, double size, double operating_limit_s);
void limits_done(struct limits *);

/* One more request: false when the bucket would run over. It leaks on whole seconds only. */
bool limits_request(struct limits *, int64_t now_ms);
/* May the method still run? Checked before a call. */
bool limits_method(const struct limits *, const char *method, int64_t now_ms);

struct operating {
    double cost_s;      /* of this call */
    double operating_s; /* of the method within ten minutes, this call included */
    int64_t reset_at_s; /* Unix time at which the oldest basket drops out */
};
struct operating limits_charge(struct limits *, const char *method, int64_t now_ms);

/* "crm.item.*" or "*" or a whole name, without case. */
bool limits_pattern(const char *pattern, const char *method);

#endif
