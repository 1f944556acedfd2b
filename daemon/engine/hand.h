#ifndef DAEMON_ENGINE_HAND_H
#define DAEMON_ENGINE_HAND_H

/* What an operator's pause of a rule does to a task's runs: those that are due are laid down, so
 * that they stand in nobody's way, and taken up when the pause is over. */

#include "daemon/engine/task.h"

/* The next run of the task that is due while its rule is paused; *ret is that pause. NULL: none. */
struct run *hand_next_held(struct task *, struct hold *ret);
/* Lays task->run down and goes on with the next. */
enum task_turn hand_lay_aside(struct task *, const struct hold *);
/* Its due time is again what it was. */
void hand_take_up(struct run *);

#endif
