#ifndef DAEMON_ENGINE_SCAN_H
#define DAEMON_ENGINE_SCAN_H

/* Records that nobody touches have timers too: at first sight of a timer trigger, and once a day, a
 * portal's records whose date is near are listed, and those without their timer are handed over as
 * events to look at. One task a portal, a page at a time, behind everything else; it goes on where
 * it was after a restart. */

#include "daemon/engine/task.h"

#define SCAN_ENTITY_ID "scan"

/* Does the search have anything to do with that kind of trigger? */
bool scan_covers(const struct trigger *);
task_stage_fn scan_begin;

#endif
