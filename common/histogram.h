#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

/* How many values fell under which bound. One thread adds, which costs it two plain stores and no
 * lock; any thread reads. */

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 /* at most */ };

struct histogram {
    const int64_t *bounds; /* ascending, borrowed for good */
    int bound_count;
    _Atomic int64_t buckets[HISTOGRAM_BOUNDS + 1]; /* the last: above all bounds */
    _Atomic int64_t sum;
};

/* What was read: `counts[i]` values were at most bounds[i]; the last is the number of all. */
struct histogram_reading {
    int64_t bounds[HISTOGRAM_BOUNDS];
    int64_t counts[HISTOGRAM_BOUNDS + 1];
    int bound_count;
    int64_t sum;
};

void histogram_init(struct histogram *, const int64_t *bounds, int bound_count);
void histogram_add(struct histogram *, int64_t value);
/* Counts never fall from one reading to the next; the sum may be a value ahead of them. */
void histogram_read(const struct histogram *, struct histogram_reading *ret);

#endif
