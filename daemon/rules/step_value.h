#ifndef DAEMON_RULES_STEP_VALUE_H
#define DAEMON_RULES_STEP_VALUE_H

/* Values of step keys that can be judged at load: those without templates, by their key's type.
 * Pure. */

#include "daemon/rules/action.h"
#include "daemon/rules/step_load.h"

/* False when a complaint was made. Notes in `load` that a calendar is needed. */
bool step_value_check(struct step_load *load, const struct action_key *, const struct ini_entry *,
                      const struct template *);

#endif
