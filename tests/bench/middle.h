#ifndef TESTS_BENCH_MIDDLE_H
#define TESTS_BENCH_MIDDLE_H

/* The median, which a neighbour's burst does not move. */

#include <stdlib.h>
#include <string.h>

enum { MIDDLE_MOST = 50 }; /* rounds */

static int middle_compare(const void *va, const void *vb)
{
    const double *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

/* Of at most MIDDLE_MOST values, which stay as they are. */
static inline double middle(const double *values, int count)
{
    double sorted[MIDDLE_MOST];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, middle_compare);
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2;
}

#endif
