#ifndef TESTS_BENCH_OLD_HOUSE_H
#define TESTS_BENCH_OLD_HOUSE_H

/* A database as it looks after a long time in use. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct old_house {
    int64_t kept;    /* seen events, and as many ended runs, with effects and traces */
    int64_t waiting; /* unseen events */
    int64_t deals;   /* of which all these tell, in no order */
};

/* Fills the file, which the store has made and nobody has open. About a minute for 5 million; the
 * disk is not waited for. What was kept is up to thirty days old. */
bool old_house_fill(const char *path, const struct old_house *, struct err *) MUST_CHECK;

#endif
