#ifndef DAEMON_ENGINE_GIVEBACK_H
#define DAEMON_ENGINE_GIVEBACK_H

/* What deputies were given goes back: at each start and once a minute those who have something to
 * get back are looked for, and who is there again gets it (rules/giveback.h). One task a portal,
 * behind everything else. Giving back is writing a name: done twice it is done once, so its calls
 * need no effects of their own; each is told in the story of the entity whose rule gave. */

#include "daemon/engine/task.h"

#define GIVEBACK_ENTITY_ID "giveback"

task_stage_fn giveback_begin;

#endif
