#ifndef DAEMON_ENGINE_FEEDER_H
#define DAEMON_ENGINE_FEEDER_H

/* Finds the entities that want attention and makes tasks of them: new events, runs that are due,
 * sleepers whose time has come. One thread; waits, never polls faster than once a second. A portal
 * has a ceiling of tasks, urgent ones counted apart, so that a dead portal or a burst keeps neither
 * other portals nor urgent work waiting. */

#include "common/err.h"
#include "daemon/engine/task.h"

bool feeder_start(struct engine *, struct err *) MUST_CHECK;
/* Makes a task of the entity, which has none, and leaves it to the caller to begin; engine.lock is
 * held. */
struct task *feeder_add_locked(struct engine *, struct engine_portal *, const struct entity *,
                               enum priority);
/* Takes a task out of the table of tasks; engine.lock is held. */
void feeder_remove_locked(struct engine *, struct task *);

/* The entity's task; NULL when it is not at work. */
struct task *feeder_find_locked(struct engine *, int64_t portal, const struct entity *);

#endif
