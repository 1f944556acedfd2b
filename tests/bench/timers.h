#ifndef TESTS_BENCH_TIMERS_H
#define TESTS_BENCH_TIMERS_H

/* ./dev bench rules: a daemon that wakes up with so many timers set, beside one that has none: what
 * each of them costs in memory and on the disk, and how soon the first event is answered. */

#include <stdint.h>

void timers_bench(int64_t timers, int rounds);

#endif
