#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

/* How long to wait before the next try: a function of the attempt and a seed, nothing else, so that
 * it can be tested and so that a restart changes nothing. */

#include <stdint.h>

struct backoff {
    int64_t first_ms;
    int64_t most_ms;
};

/* first * 2^(attempt-1), with ±20 % of jitter derived from `seed` and `attempt` (attempt from 1);
 * never above most_ms. */
int64_t backoff_delay(const struct backoff *, int attempt, uint64_t seed);

#endif
