#ifndef DAEMON_ENGINE_KEEPER_H
#define DAEMON_ENGINE_KEEPER_H

/* Keeps what names mean: asks the portals at the start, once a day, and soon after a name was not
 * found; pins what was resolved (rules/scope.h), and says what was renamed, dismissed or never
 * there. A thread for each portal, because it waits for answers; everything here is thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/engine/task.h"

struct keeper;

/* Begins with the pins that the store kept. */
struct keeper *keeper_start(struct engine *, struct err *) MUST_CHECK;
/* Nothing of it is on its way any more when this returns: the client is at rest before. */
void keeper_stop(struct keeper *);

/* A name was not found: the portal is asked again soon. */
void keeper_miss(struct keeper *, int64_t portal);
/* The pins of that portal. New. */
json_t *keeper_pins(struct keeper *, int64_t portal);
/* Why this rule is held back on that portal; false: it is not. */
bool keeper_holds(struct keeper *, int64_t portal, const char *rule, char *why, size_t size);
/* {"asked":ISO or null ms,"why":"","findings":[{"portal","level","rule","file","line","column",
 * "say"}]}. New. */
json_t *keeper_tell(struct keeper *);
/* Has a smart process been found that rules name by title and that was not known when they were
 * loaded? Said once. */
bool keeper_has_learnt(struct keeper *);
/* May a title be found any moment now, so that records of smart processes had better wait for rules
 * that know it? */
bool keeper_is_learning(struct keeper *, int64_t portal);

#endif
