#ifndef DAEMON_ENGINE_TIMERS_H
#define DAEMON_ENGINE_TIMERS_H

/* Timers in the engine: set, moved and ended by looks (timers.c), gone off by a run that wakes
 * (timer_wake.c). What is right is decided by rules/timer.h. */

#include "daemon/engine/look.h"

/* At start: since when each timer trigger is known, and the waiting runs of `every`. */
bool timers_begin(struct engine *, struct err *) MUST_CHECK;
void timers_end(struct engine *);

/* Writes what the look's plan says. False when the store cannot say what was before. */
bool timers_look(struct task *, const struct look *, struct store_change *);
/* A cancel-on, or the record's end, ends this run; if it is a timer, for this value of its field it
 * is over. */
void timers_cancelled(struct task *, const struct run *, bool deleted, struct store_change *);

/* The task's run is a timer whose time has come. */
task_stage_fn timers_wake;
/* It will not go off, for it is too late; says nothing of runs that are no timers. */
void timers_missed(struct task *);
/* What belongs to the run of a woken timer, into the change that stores it. */
void timers_put(struct task *, struct store_change *);

/* Between the two files. */
struct run timer_run_new(struct engine *, int64_t portal, const struct zone *,
                         const struct entity *, const struct rule *, const struct trigger *,
                         const struct timer_moment *);
/* Puts the run that waits for the next time; woken.next_id is its number from then on. */
void timer_put_again(struct task *, const struct run *, struct woken *, struct store_change *);
void timer_entity_of_rule(const struct rule *, struct entity *ret); /* of `every` */
/* What is known of a timer for that value; false when the store cannot be read. */
bool timer_known_of(struct task *, const struct rule *, const struct trigger *, const char *base,
                    const json_t *record, struct timer_known *ret);

#endif
