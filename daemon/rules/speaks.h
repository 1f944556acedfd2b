#ifndef DAEMON_RULES_SPEAKS_H
#define DAEMON_RULES_SPEAKS_H

/* `on = robot call-me` says no kind of entity, but the rule's own texts do: the first of its
 * conditions and templates that begins with a kind's word. Pure. */

#include <stddef.h>

#include "common/ini.h"

/* An entity type, ENTITY_ITEM for any smart process, ENTITY_NONE when the texts speak of nothing.
 */
int speaks_of(const struct ini_section *rule, const struct ini_section *steps, size_t step_count);

#endif
