#ifndef TESTS_CRASH_LOAD_H
#define TESTS_CRASH_LOAD_H

/* Many senders at once, in one thread: real bodies with an entity of its own each, over new
 * connections and kept ones. A server that is not there, or dies, is what they expect: they knock
 * again every millisecond. */

#include <stdint.h>

#include "tests/crash/ledger.h"
#include "tests/support/random.h"

struct load_options {
    int port;
    int connections;
    int kept_percent;      /* of them: keep-alive; the others connect anew for each event */
    int deal_percent;      /* of the events: a deal was added */
    struct ledger *ledger; /* borrowed */
    struct random *random; /* borrowed */
};

struct load;
/* NULL with a text when the fixtures are not there or descriptors are short. */
struct load *load_open(const struct load_options *, struct err *) MUST_CHECK;
void load_close(struct load *);

/* Starts what can be started, then waits at most `wait_ms` for answers and takes them. */
void load_turn(struct load *, int wait_ms);
/* Starts nothing more and takes what is still on its way, at most so long. */
void load_drain(struct load *, int64_t most_ms);

struct load_counts {
    int64_t answered, refused, broken; /* 200; other statuses; connections that ended without one */
    int64_t first_us;                  /* monotonic: of the first 200, 0 before it */
};
struct load_counts load_counts(const struct load *);

#endif
