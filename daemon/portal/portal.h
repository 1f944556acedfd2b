#ifndef DAEMON_PORTAL_PORTAL_H
#define DAEMON_PORTAL_PORTAL_H

/* One portal as the client sees it: what waits, what it allows, whether it is spoken to, and what
 * the next request is. Knows no socket and no thread: requests and replies are data. Not
 * thread-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/portal/budget.h"
#include "daemon/portal/circuit.h"
#include "daemon/portal/client.h"
#include "daemon/portal/counters.h"
#include "daemon/portal/pack.h"
#include "daemon/portal/queue.h"
#include "daemon/portal/reply.h"

enum { PORTAL_REQUESTS_MOST = 4 }; /* in flight */

struct portal {
    int64_t id;
    char *name;
    char *home;                 /* "https://firm.bitrix24.ru" as configured */
    char *host;                 /* where it answers now: home, or where it has moved */
    char *path;                 /* secret: "/1/code/", what stands behind /rest */
    char *code;                 /* secret: the last piece of it */
    const char *const *secrets; /* borrowed, NULL-ended; NULL */
    struct queue queue;
    struct budget budget;
    struct circuit circuit;
    struct counters counters;
    int most;      /* commands of the next batch */
    uint64_t turn; /* requests in a row that were not made for the least of the priorities */
    int requests;  /* in flight, probes too */
    int64_t last_good_ms;
    int64_t impatient_ms;        /* mono: when the patience of those who wait is looked at next */
    int64_t silent_since_ms;     /* wall: the first request since the last answer; 0 none */
    int64_t certificate_ms;      /* wall: as long its certificate is good, 0 not known */
    struct portal_health totals; /* its counters only */
};

struct request {
    struct call *calls[PACK_MOST]; /* borrowed; none for a probe */
    size_t count;
    bool batch, probe;
    bool write; /* at least one call changes something */
    char *url;  /* secret; owned */
    char *body; /* owned */
    size_t size;
    int hops; /* redirects followed */
};

/* Copies the settings. False when the URL is no hook's: "https://HOST/rest/USER/CODE/". */
bool portal_init(struct portal *, const struct portal_settings *, int64_t wall_ms,
                 struct err *) MUST_CHECK;
void portal_done(struct portal *); /* nothing may wait or be in flight */

/* Takes a call over. False: it has ended already, see its answer. */
bool portal_submit(struct portal *, struct call *, int64_t wall_ms) MUST_CHECK;

/* The next request, if one may go now. Else *ret_wait_ms says when to ask again; -1: when something
 * has happened. */
bool portal_next(struct portal *, int64_t mono_ms, int64_t wall_ms, struct request *ret,
                 int64_t *ret_wait_ms);
/* What came of it. Calls that have ended go to `ended` in order, the others wait again. */
void portal_settle(struct portal *, const struct request *, const struct reply *, int64_t mono_ms,
                   struct call_list *ended);
void portal_request_done(struct request *);

/* The answer is a redirect to `location`: rewrites the request's URL and remembers the new host
 * (§3.4: path and body kept, two hops, and only to where address.h lets it). False: not followed,
 * *err says why. */
bool portal_follow(struct portal *, struct request *, const char *location,
                   struct err *) MUST_CHECK;

/* What a restart must not forget: the budgets, and where the portal has moved. New. */
json_t *portal_save_new(const struct portal *, int64_t wall_ms);
void portal_load(struct portal *, const json_t *saved, int64_t wall_ms); /* NULL: nothing saved */

void portal_health_of(const struct portal *, int64_t mono_ms, int64_t wall_ms,
                      struct portal_health *ret);

/* Ends waiting calls whose patience is over (patience.h); looks once a second. Returns when to look
 * again, ms; -1: nobody waits. */
int64_t portal_end_impatient(struct portal *, int64_t mono_ms, int64_t wall_ms,
                             struct call_list *ended);

/* Ends a waiting call; for the client's stop. */
struct call *portal_drop_waiting(struct portal *);
void call_end(struct call *, struct call_list *ended);

#endif
