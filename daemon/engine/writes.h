#ifndef DAEMON_ENGINE_WRITES_H
#define DAEMON_ENGINE_WRITES_H

/* Entities that a call of ours is changing right now. Bitrix24 may report our write before its
 * answer has come back (a batch lasts up to a minute); a look in between would take our change for
 * somebody else's. So a look waits while a write to its entity is under way, and for a creation,
 * whose id is not known yet, looks at newly added entities of that kind wait. Thread-safe. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/command.h"
#include "daemon/model/entity.h"

struct writes;

struct writes *writes_new(void);
void writes_free(struct writes *);

void writes_begin(struct writes *, int64_t portal, const struct entity *);
void writes_end(struct writes *, int64_t portal, const struct entity *);
bool writes_under_way(struct writes *, int64_t portal, const struct entity *, bool newly_added);

/* Which entity a command changes: id "*" for one that it creates. False when it changes none that
 * rules follow. */
bool writes_target(const struct command *, struct entity *ret);
/* What it changed, from the answer: the entity, the record when the answer holds it (borrowed, else
 * NULL), the object of written fields (borrowed, else NULL). False when it changed none. */
bool writes_outcome(const struct command *, const json_t *result, struct entity *ret,
                    const json_t **ret_record, const json_t **ret_fields);

#endif
