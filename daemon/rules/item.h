#ifndef DAEMON_RULES_ITEM_H
#define DAEMON_RULES_ITEM_H

/* Writing records of crm.item.*: only what differs is written (bitrix24.md §10 no. 3). Pure. */

#include "daemon/rules/plan.h"

/* Plans crm.item.update of that record with `fields` (taken, as plan_fields gives them); nothing
 * when the record is so already, unless the run itself has changed it since it was fetched. */
enum planned item_update(struct plan *, int64_t n, const struct entity *, json_t *fields);

/* Ids of an entity's relatives (new array, [] when it has none). `word` is "contact", "contacts",
 * "company", "lead", "deal", "quote" or "item 147"; *ret_type what they are. PLAN_BAD for another
 * word. */
enum planned item_related(struct plan *, const char *word, int *ret_type, json_t **ret_ids);

/* A stage as people write it ("Funnel / Stage", C5:NEW; quotes around it are taken off) and the
 * funnel it belongs to, -1 if none. */
enum planned item_stage(struct plan *, int entity_type, const char *text, char out_stage[96],
                        int64_t *ret_category);

#endif
