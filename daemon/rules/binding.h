#ifndef DAEMON_RULES_BINDING_H
#define DAEMON_RULES_BINDING_H

/* What a task hangs on: UF_CRM_TASK is a list of "D_351", "C_7", "T93_4" (bitrix24.md §3.5, §8.7).
 * Pure. */

#include <jansson.h>

/* Ids of the entities of that kind that the task's record is bound to, in its order; [] when there
 * are none. New. */
json_t *binding_ids_new(const json_t *task, int type);

#endif
