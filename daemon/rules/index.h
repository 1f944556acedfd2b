#ifndef DAEMON_RULES_INDEX_H
#define DAEMON_RULES_INDEX_H

/* Which triggers may care about something that happened, without asking each rule. Immutable after
 * it is built. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/rules/ruleset.h"

/* One trigger of one rule that is not off. Borrowed from the set. */
struct slot {
    const struct rule *rule;
    const struct trigger *trigger;
    size_t same; /* this one and those behind it that ask for the same thing: the same stage, field,
                    name. What holds of one holds of all, but for `from` and `to` */
};

struct trigger_index *trigger_index_new(const struct ruleset *);
void trigger_index_free(struct trigger_index *);

/* All triggers of that kind for that type of entity (ENTITY_NONE for robots, events, signals),
 * those that ask for the same thing side by side, in file order among themselves. `name` of robots
 * and events; NULL: any. */
const struct slot *trigger_index_find(const struct trigger_index *, enum trigger_kind, int type,
                                      const char *name, size_t *ret_count);
/* A rule by name, off or not. */
const struct rule *trigger_index_rule(const struct trigger_index *, const char *name);
/* Does the rule apply to that portal? */
bool rule_on_portal(const struct rule *, const char *portal);

#endif
