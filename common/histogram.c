#include "common/histogram.h"

#include <stddef.h>

void histogram_init(struct histogram *histogram, const int64_t *bounds, int bound_count)
{
    histogram->bounds = bounds;
    histogram->bound_count = bound_count < HISTOGRAM_BOUNDS ? bound_count : HISTOGRAM_BOUNDS;
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
        atomic_init(&histogram->buckets[i], 0);
    atomic_init(&histogram->sum, 0);
}

/* Nobody else writes, so the sum of what was and what comes needs no atomic addition. */
static void add(_Atomic int64_t *to, int64_t value)
{
    int64_t was = atomic_load_explicit(to, memory_order_relaxed);
    atomic_store_explicit(to, was + value, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    int i = 0;
    while (i < histogram->bound_count && value > histogram->bounds[i])
        i++;
    add(&histogram->buckets[i], 1);
    add(&histogram->sum, value);
}

void histogram_read(const struct histogram *histogram, struct histogram_reading *ret)
{
    int64_t count = 0;
    *ret = (struct histogram_reading){.bound_count = histogram->bound_count};
    for (int i = 0; i <= histogram->bound_count; i++) {
        count += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        ret->counts[i] = count;
        if (i < histogram->bound_count)
            ret->bounds[i] = histogram->bounds[i];
    }
    ret->sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
}
