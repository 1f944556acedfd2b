#ifndef DAEMON_ENGINE_LOOK_H
#define DAEMON_ENGINE_LOOK_H

/* Between the files of a look: how it goes (look.c), what it sees (sight.c), what it starts and
 * ends (starts.c). */

#include "daemon/engine/task.h"
#include "daemon/model/need.h"
#include "daemon/rules/signal.h"

enum { LOOK_PASSAGES = 64 };

/* What a look gathers; from look_begin until its change is committed. */
struct look {
    struct event *events; /* borrowed from the task: those that this look settles */
    size_t count;
    bool own; /* one event of ours with the record in it */
    const struct watched *watched;
    bool fetch; /* the record is to be read */
    char record_need[NEED_SIZE], history_need[NEED_SIZE];
    json_t *record; /* owned; NULL: gone or none */
    json_t *old;    /* owned: what the rules compare with; NULL: never seen */
    json_t *chain;  /* owned: of the run that caused it, with itself */
    json_t **data;  /* owned: run.vars.event for each event */
    struct passage passages[LOOK_PASSAGES];
    struct change change;
    struct signal_found found; /* a contact signal, for an activity or a call */
};

/* Fills look->change and what it borrows from, once the facts are there. */
void look_build_change(struct task *, struct look *);
bool look_has(const struct look *, enum entity_happening);
/* Of a whole record, without what changes by itself. */
uint64_t look_digest(const json_t *record);

/* An event of ours: this entity is to be looked at. */
void look_put_found(struct task *, struct store_change *, const struct entity *, enum priority);
/* Before a run that slept goes on: is the record, read anew, another than at the last look, and
 * nobody told us? Then the entity is looked at first, once for each waking, so that what was lost
 * on its way cancels and fires as it would have. */
bool look_has_missed(const struct task *, const json_t *record);
task_stage_fn look_catch_up;
/* Has that kind a record that can be read by its id? */
bool look_can_read(int type);

void look_free(struct look *);
task_stage_fn look_settle, look_unfetched;

/* relay.c: the stage between judging and settling, which finds out whom a contact signal concerns;
 * and the events for them, into the change of the look. False when the store cannot say whether
 * they were told before. */
task_stage_fn relay_begin;
bool relay_put(struct task *, struct store_change *);

/* Writes what the judgement says into the change: runs that begin, runs that end, counters, the
 * story of what fired and what did not. False when the store cannot say what fired before. */
bool start_runs(struct task *, const struct change *, struct store_change *);
/* Ends one live run, story and counters included. */
void look_end_run(struct task *, struct store_change *, struct run *, const char *reason);
/* What the store knows of earlier firings; without stage_since_ms. */
bool look_read_fired(struct task *, const struct firing *, struct fired *ret);

#endif
