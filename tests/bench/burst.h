#ifndef TESTS_BENCH_BURST_H
#define TESTS_BENCH_BURST_H

/* ./dev bench ingest --part burst: a mass edit. 100 000 events, 256 at a time, each over a new
 * connection, while a rule is at work on the deals in the stand-in portal that listens there. 0
 * when each was answered 200 and all that were are stored. */

#include <stdint.h>

int burst_run(uint16_t portal, const char *rules);

#endif
