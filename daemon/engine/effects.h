#ifndef DAEMON_ENGINE_EFFECTS_H
#define DAEMON_ENGINE_EFFECTS_H

/* The calls of a run's present step from intention to outcome: promise 5. An intention is stored
 * before its call, the outcome after; where the outcome is not known, a look decides. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/engine/task.h"

/* Reads back what an earlier sitting left of this step: outcomes become answers, intentions without
 * an outcome are to be looked for. */
bool effects_recall(struct task *, struct err *) MUST_CHECK;

/* Takes the commands of task->advance as intended; those of a shadow rule that would change
 * anything are settled at once, unsent. */
void effects_intend(struct task *, bool shadow);
bool effects_to_call(const struct task *);

/* Makes the calls to submit (task->calls) and takes their answers. */
size_t effects_calls(struct task *, struct call **ret);
void effects_called(struct task *);

/* The engine halts: what was intended is known not to have been sent. */
void effects_unsent(struct task *);

/* The same for the looks. An effect that is not there is called again; one that nothing can look
 * for stays unsure, which parks the run. */
size_t effects_looks(struct task *, struct call **ret);
void effects_looked(struct task *);
/* EFFECTS_UNKNOWN because it is too early to say "not there": look again in so many ms; 0: not so.
 */
int64_t effects_early_ms(const struct task *);

enum effects_state {
    EFFECTS_SETTLED,      /* every answer is in task->answers (or is yet to be called) */
    EFFECTS_NOT_EXECUTED, /* some call was not executed: later */
    EFFECTS_UNKNOWN,      /* some outcome must be looked for */
};
enum effects_state effects_state(const struct task *, const char **ret_why);
/* Wall time at which a budget that was used up lets a call go, 0: nothing waits for one. */
int64_t effects_turn_ms(const struct task *);
int effects_failures(const struct task *); /* tries in a row that were not executed */

/* What is not on disk yet: intentions, outcomes, the records that our writes answered with. */
void effects_put(struct task *, struct store_change *);
bool effects_unstored(const struct task *);
void effects_stored(struct task *); /* the change was committed */
void effects_forget(struct task *);

#endif
