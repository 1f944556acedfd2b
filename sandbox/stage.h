#ifndef SANDBOX_STAGE_H
#define SANDBOX_STAGE_H

/* Stages, funnels and the history of moves (bitrix24.md §8.4). */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sandbox/entity.h"

/* The row of crm.status.list of that stage in that category; NULL: it is none of its (§10 no. 25).
 */
const json_t *stage_find(struct sandbox *, const struct entity *, int64_t category,
                         const char *stage);
/* The first of the category by its sort; NULL when it has none. */
const char *stage_first(struct sandbox *, const struct entity *, int64_t category);
/* "P", "S" or "F". */
const char *stage_semantic(const json_t *stage);
bool category_exists(struct sandbox *, const struct entity *, int64_t category);
int64_t category_default(struct sandbox *, const struct entity *);

enum stage_move { MOVE_CREATED = 1, MOVE_ON = 2, MOVE_FINAL = 3, MOVE_FUNNEL = 5 };
/* One record of crm.stagehistory.list, from what the row says now. */
void stage_remember(struct sandbox *, const struct entity *, const json_t *row, enum stage_move);
/* Name of the table with the history of that type. */
void stage_history_table(const struct entity *, char out[48]);

#endif
