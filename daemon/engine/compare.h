#ifndef DAEMON_ENGINE_COMPARE_H
#define DAEMON_ENGINE_COMPARE_H

/* What changed: the record now against the snapshot before. Pure. */

#include <jansson.h>
#include <stdint.h>

#include "daemon/rules/change.h"

/* The members of a record that a snapshot keeps: those watched; all of them when rules name fields
 * by labels (which only the portal can resolve). Values over 1 KiB are left out. New. */
json_t *compare_keep(const json_t *record, const struct watched *);

/* {field: [old, new]} for each field that `old` knows and that differs. New. */
json_t *compare_fields(const json_t *old, const json_t *now);
/* The same as one line for people: "stageId: NEW → C1:WON, opportunity: 100 → 200". */
void compare_say(const json_t *differences, char *out, size_t size);

/* Stages passed, oldest first: from the history (rows of the fact `history:`, NULL or empty: none)
 * where its rows lead from `old_stage` (NULL: never seen) to `now_stage`; what the history does not
 * show is closed by one passage. At most `most` (> 0): the last then leads to the end. For an
 * entity never seen only rows at or after since_ms count. */
size_t compare_passages(const json_t *history, const char *old_stage, const char *now_stage,
                        bool added, int64_t since_ms, int64_t now_ms, struct passage *ret,
                        size_t most);

/* Who did it: createdBy for a new record, movedBy when the stage moved, else updatedBy; 0 unknown.
 */
int64_t compare_actor(const json_t *record, bool added, bool moved);

#endif
