#ifndef DAEMON_ENGINE_ENGINE_H
#define DAEMON_ENGINE_ENGINE_H

/* The order of things: takes the entities that want attention, gathers facts, asks rules/, sends
 * through portal/, settles in store/.
 *
 * Each entity at work is a `task`, a small state machine that never waits: it hands a call to the
 * portal client or a change to the writer and is put back into the ready queue when the answer is
 * there. Worker threads take ready tasks; a task is in one worker at a time, and an entity has one
 * task, which is promise 4. Because thousands of tasks can wait at once, what they want from the
 * portal gathers by itself and travels in common batches. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/config/config.h"
#include "daemon/portal/client.h"
#include "daemon/store/store.h"

struct engine;

enum { ENGINE_FORMERS = 4 };

struct engine_options {
    const struct config *config; /* borrowed until the next engine_reload's old one is released */
    const int64_t *portal_ids;   /* row ids, in the order of config->portals */
    struct store *store;
    struct portal_client *client;
    int workers; /* 0: 2 */
    /* Halted engines on the same store whose calls are still under way: what they hold and what
     * they change is left alone. Copied; each is borrowed until engine_forget_former. */
    struct engine *const *formers;
    int former_count;
};

struct engine *engine_start(const struct engine_options *, struct err *) MUST_CHECK;
/* Takes no new work, lets workers finish their present step. Call portal_client_stop before
 * engine_stop's end so that calls in flight come back: engine_halt, then portal_client_stop, then
 * engine_stop (settles what came back, joins). */
void engine_halt(struct engine *);
void engine_stop(struct engine *);
/* Has a halted engine nothing at work any more? */
bool engine_at_rest(struct engine *);
/* One of its formers has come to rest, and goes; what it left is taken up. */
void engine_forget_former(struct engine *, const struct engine *former);

/* An operator's pause of a portal or a rule, stored already, begins or is over. What is under way
 * at that moment ends its present call. Thread-safe, as is all that follows. */
void engine_hold(struct engine *, const struct hold *, bool on);
/* Everything that is paused; mem_free. */
struct hold *engine_holds_new(struct engine *, size_t *ret_count);
/* Keeps the entity from work until engine_release, so that its runs can be changed from outside.
 * False when it is at work just now. Not for long, and the store must be open still. */
bool engine_reserve(struct engine *, int64_t portal, const struct entity *);
void engine_release(struct engine *, int64_t portal, const struct entity *);

/* Something new is in the store (an event was committed, a run was retried). Thread-safe, cheap. */
void engine_wake(struct engine *);

struct engine_health {
    int64_t tasks;           /* entities at work */
    int64_t oldest_task_ms;  /* wall time at which the oldest of them was taken, 0 none */
    int64_t worker_still_ms; /* longest time that a worker, or who feeds them, has been at a step */
    int64_t looks, runs_started, runs_done, runs_cancelled, runs_dead, runs_parked;
    int64_t fired, skipped, echoes; /* looks that found nothing new */
};
void engine_health(struct engine *, struct engine_health *ret);
/* What came of each rule: rows as tally.h says. New. */
json_t *engine_tally(struct engine *);
/* Rules held back or frozen: array of {"rule","portal","why"}. New. */
json_t *engine_held(struct engine *);
/* What names of rules are renamed, dismissed or unknown: {"asked_ms","why","findings":[…]} as
 * keeper.h says. New. */
json_t *engine_names(struct engine *);
/* Would loading the configuration again find smart processes that it did not know? Said once. */
bool engine_has_learnt(struct engine *);

#endif
