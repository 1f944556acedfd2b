#ifndef DAEMON_PORTAL_CLIENT_H
#define DAEMON_PORTAL_CLIENT_H

/* The portals' REST API at the pace that they allow. One thread drives all portals through
 * curl_multi: it owns the budgets, packs whatever waits into `batch` requests, maps the answers
 * back command by command, and names a verdict for each. A dead portal costs an idle handle, not a
 * thread. Limits: bitrix24.md §5; batch: §4; errors: §3.3.
 *
 * What happens to a call: it waits in its portal's queue (urgent before normal before bulk, in
 * order within one `lane`), is sent singly or in a batch, and ends with a verdict. LIMITED is the
 * client's own business: the call goes back to the queue and waits for the budget, unless that
 * would be beyond its patience. RETRY (known not
 * executed) is tried again here up to 3 times with growing pauses, then given back. UNSURE is given
 * back for writes at once and retried here for reads. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/model/command.h"
#include "daemon/model/event.h"

struct portal_client;

struct portal_settings {
    int64_t id; /* the portal's row id */
    const char *name;
    const char *url;    /* secret: https://firm.bitrix24.ru/rest/1/code/ */
    double drain, size; /* the bucket: 2 and 50, 5 and 250; drain 0: unlimited */
    double share;       /* 0 < share <= 1 of both */
    /* What else must never stand in an answer of the portal: its tokens, its robots' keys. Borrowed
     * until the client's end; NULL-ended, or NULL. */
    const char *const *secrets;
};

struct call {
    int64_t portal; /* row id */
    /* A method "api/NAME" is one of REST 3.0 (bitrix24.md §3.7); all else is `W/NAME`. */
    struct command command;
    enum priority priority;
    char lane[160]; /* calls of one lane are sent in order, one after another's answer or in one
                       batch in order; "" = no order. The engine uses the entity's name for
                       writes */
    int64_t patience_ms; /* while its method's operating time is used up for longer, the call may
                            end as LIMITED with retry_after_ms, and with it what follows in its
                            lane; 0: it waits */
    struct answer answer;
    /* Called once by the client's thread when the call has ended; must be quick and must not call
     * back into the client except portal_client_submit. */
    void (*done)(struct call *);
    void *arg;
    /* The client's own; all zero when the call is handed over. */
    struct call *next, *prev; /* in the list it stands in */
    struct call *lane_next;
    struct lane *in_lane;
    uint64_t order;        /* of its submission */
    int64_t since_ms;      /* wall: submitted */
    int64_t not_before_ms; /* mono */
    int tries;             /* repeats so far */
    bool encoded_known;    /* `encoded` has been worked out */
    int doubts;            /* how often the portal refused us on its account */
    char *encoded;         /* "method?query" for a batch; NULL: it has to go by itself */
};

struct portal_client_options {
    const struct portal_settings *portals;
    int portal_count;
    /* Networks that COMMAND_HTTP may reach although private. Copied. */
    const char *const *http_allow; /* NULL-ended, "10.0.0.0/8" or a host name */
    /* A portal's budgets from before the restart (JSON as portal_client_budget gave), or NULL. */
    json_t *(*load_budget)(void *arg, int64_t portal);
    void *arg;
};

struct portal_client *portal_client_start(const struct portal_client_options *,
                                          struct err *) MUST_CHECK;
/* Unsent calls end as RETRY with error "NOT_SENT" at once; calls in flight get `grace_ms`, then
 * UNSURE with error "STOPPED" if they write and have left wholly, else RETRY. Every call's done has
 * been called when this returns. */
void portal_client_stop(struct portal_client *, int64_t grace_ms);
/* Begins that and does not wait for its end; portal_client_stop comes later and may shorten the
 * grace. */
void portal_client_halt(struct portal_client *, int64_t grace_ms);
/* Has every call come back since portal_client_halt? */
bool portal_client_at_rest(struct portal_client *);
/* For how many milliseconds its thread has been at its present round, 0: it rests. */
int64_t portal_client_still_ms(struct portal_client *);

/* Hands over one call (thread-safe, never waits). The call must live until its done. */
void portal_client_submit(struct portal_client *, struct call *);

/* Level of the bucket and operating time by method, to be stored and given back. Before
 * portal_client_halt the level is the worst that a kill -9 can leave. New. */
json_t *portal_client_budget(struct portal_client *, int64_t portal_id);

struct portal_health {
    bool ok;       /* not refused by the portal and not unreachable */
    char why[320]; /* what is wrong and what to do */
    enum portal_circuit { CIRCUIT_CLOSED, CIRCUIT_PROBING, CIRCUIT_OPEN, CIRCUIT_PAUSED } circuit;
    int64_t last_good_ms;     /* wall, 0 never */
    int64_t certificate_ms;   /* wall: its certificate is good until then; 0 not known */
    int64_t silent_since_ms;  /* wall: sent then, and no answer to anything since; 0 none */
    int64_t probe_ms;         /* wall: the next probe; 0 none is planned */
    int64_t waiting_since_ms; /* wall: the oldest call waiting; 0 none */
    int64_t waiting, in_flight;
    double bucket_level, bucket_size;
    int64_t requests, commands, batches, limited, unsure, refused, retried; /* since start */
    char moved_to[200]; /* host to which the portal has moved, "" */
};
/* How much of its methods' operating time is used: as budget_methods_new. New; NULL: no such. */
json_t *portal_client_methods(struct portal_client *, int64_t portal_id);
/* "closed", "half-open", "open", "paused". */
const char *portal_circuit_word(enum portal_circuit);
bool portal_client_health(struct portal_client *, int64_t portal_id, struct portal_health *ret);

/* Operator's pause and resume (also ends a pause after a refused webhook). */
void portal_client_pause(struct portal_client *, int64_t portal_id, bool paused);
/* Counters by method (counters.h) and verdict for /metrics: array of
 * {"portal","method","verdict","count"}. */
json_t *portal_client_counters(struct portal_client *);

#endif
