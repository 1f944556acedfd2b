#ifndef TESTS_BENCH_DEPTH_H
#define TESTS_BENCH_DEPTH_H

/* ./dev bench ingest --part depth: what taking, claiming and settling cost with so many rows kept,
 * beside an empty database, and how long one transaction holds the others up. 0, or 1 when one held
 * them longer than the bound. */

#include <stdint.h>

int depth_run(int64_t rows, int rounds);

#endif
