#ifndef DAEMON_ENGINE_WORK_H
#define DAEMON_ENGINE_WORK_H

/* Between the files of a run at work: its steps (work.c), the timer that wakes (timers.c). */

#include "daemon/engine/task.h"

/* Commits the run as it stands with all that belongs to it, then goes on at `next`. */
enum task_turn work_settle(struct task *, task_stage_fn *next);
/* The run ends; `reason` NULL: it stands in the run. */
enum task_turn work_end(struct task *, enum run_state, const char *reason);
/* One line for the story that the next commit writes: "say: more". */
void work_tell(struct task *, const char *what, const char *say, const char *more);

task_stage_fn work_advance, work_unfetched;

#endif
