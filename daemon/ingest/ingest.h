#ifndef DAEMON_INGEST_INGEST_H
#define DAEMON_INGEST_INGEST_H

/* The public listener: is it ours? write it, 200. Nothing slow stands on the path to the 200: no
 * rule, no portal, one commit shared with whoever came meanwhile. Statuses: product.md §4. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/histogram.h"
#include "daemon/config/config.h"
#include "daemon/http/server.h"
#include "daemon/store/store.h"

struct ingest;

struct ingest_options {
    const struct config *config;
    const int64_t *portal_ids; /* in the order of config->portals */
    struct store *store;
    const int *sockets;
    int socket_count;
    bool keep_sockets;
    void (*stored)(void *arg); /* called after a commit with events; engine_wake */
    void *arg;
};

struct ingest *ingest_start(const struct ingest_options *, struct err *) MUST_CHECK;
void ingest_stop(struct ingest *, int64_t grace_ms);

/* Refusals and acceptances by reason, for /metrics and /health. One row per reason in ingest.c. */
enum ingest_count {
    INGEST_ACCEPTED,
    INGEST_BAD_TOKEN,
    INGEST_BAD_MEMBER,
    INGEST_BAD_KEY,
    INGEST_BAD_SENDER,
    INGEST_UNKNOWN_PORTAL,
    INGEST_UNKNOWN_ROBOT,
    INGEST_NOT_FOUND,
    INGEST_BAD_FORM,
    INGEST_TOO_LARGE,
    INGEST_BAD_TYPE,
    INGEST_NOT_STORED,
    INGEST_LATE, /* the disk took too long: 503, and stored all the same if it answers later */
    INGEST_QUEUE_FULL,
    INGEST_PROBED, /* GET and HEAD on a hook */
    INGEST_COUNTS,
};
const char *ingest_count_word(enum ingest_count);
struct ingest_health {
    int64_t counts[INGEST_COUNTS];
    int64_t last_event_ms;            /* wall */
    char last_member[80];             /* a refused member_id, "" */
    int last_member_portal;           /* whose it claimed to be, in the order of config->portals */
    struct histogram_reading latency; /* microseconds from the whole request to the end of its
                                         commit, of events that were stored */
    struct http_counters http;
};
void ingest_health(struct ingest *, struct ingest_health *ret);
/* When the last event of a portal (in the order of config->portals) came, wall, 0: none yet; and
 * how many have come. */
int64_t ingest_heard_ms(struct ingest *, int portal);
int64_t ingest_heard_count(struct ingest *, int portal);
/* The database has no member_id of the portal any more: its next good event pins one. */
void ingest_forget_member(struct ingest *, int portal);

#endif
