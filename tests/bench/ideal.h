#ifndef TESTS_BENCH_IDEAL_H
#define TESTS_BENCH_IDEAL_H

/* What the daemon's listener is measured against: the smallest program on the same libraries that
 * takes an event, keeps it durably and answers. Serves until it is killed; returns when it cannot.
 */

#include <stdint.h>

int ideal_serve(uint16_t port, const char *database, const char *token);

#endif
