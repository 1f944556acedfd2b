#ifndef DAEMON_RULES_TARGET_H
#define DAEMON_RULES_TARGET_H

/* What stands behind the action's name in a step's head, and the label behind that:
 * `add item 147 as SHIP`, `update contacts`, `rest crm.deal.list`. Pure. */

#include "daemon/rules/head.h"
#include "daemon/rules/step_load.h"

/* Sets the step's target and the kind whose fields it takes. `head` is without `as LABEL`. False
 * when a complaint was made. */
bool target_load(struct step_load *, const struct head *);
/* May this word be a label here? `labels` are the ones before it, NULL-ended. */
bool label_check(struct step_load *, struct place, const char *label, const char *const *labels);

#endif
