#ifndef DAEMON_RULES_STAGE_H
#define DAEMON_RULES_STAGE_H

/* A stage as a rule writes it, and whether a stage of the portal is meant by it. Pure. */

#include <stdbool.h>

#include "daemon/rules/read.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"

/* Takes `"Funnel / Stage"`, an id, or @open, @won, @lost; complains otherwise. */
bool stage_read(struct read *, struct stage_ref *ret);
/* Is `stage` (an id of that kind) meant? `known_semantic` is its "P", "S", "F" where the record
 * tells, else "". */
enum known stage_matches(const struct stage_ref *, int entity_type, const char *stage,
                         const char *known_semantic, struct scope *, bool *ret);

#endif
