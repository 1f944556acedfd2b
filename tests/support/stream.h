#ifndef TESTS_SUPPORT_STREAM_H
#define TESTS_SUPPORT_STREAM_H

/* A stream of events as Bitrix24 sends them: each once, each on a new connection, from several
 * senders at a time. Keeps account of what became of each. Most are of companies; every sixteenth
 * is of a deal that the portal does not have. */

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/house.h"

struct stream;

struct stream_count {
    int64_t sent;
    int64_t accepted; /* answered with 200 */
    int64_t refused;  /* nobody let the connection in */
    int64_t broken;   /* it ended without an answer */
    int64_t other;    /* another status */
    int64_t missing;  /* accepted and not in the database */
    int64_t twice;    /* in the database more than once */
};

/* Posts to the daemon's public address until stream_stop. */
struct stream *stream_start(struct house *, int senders);
int64_t stream_accepted(struct stream *); /* so far */
/* Ends it and looks into the database, also of a daemon that is running. */
struct stream_count stream_stop(struct stream *);

#endif
