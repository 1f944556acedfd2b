#ifndef DAEMON_ENGINE_FACTS_H
#define DAEMON_ENGINE_FACTS_H

/* Carries needs to the portal and facts back, and keeps those that change rarely (users, stages,
 * fields) for as long as model/need.h says, over restarts too. Thread-safe. */

#include <jansson.h>

#include "daemon/engine/task.h"

struct facts *facts_new(void);
void facts_free(struct facts *);
/* Takes over what the store kept from before: object need → {"value","at"}. */
void facts_restore(struct facts *, int64_t portal, const json_t *names, int64_t now_ms);

/* Reads the needs that task->facts_known lacks, then goes on at `after`; at `failed` when one could
 * not be read (task->fetch_err, fetch_final). */
enum task_turn facts_fetch(struct task *, const json_t *needs, task_stage_fn *after,
                           task_stage_fn *failed);
/* The rotation of a team as it is by now: somebody else has taken the turn that was wanted. */
void facts_renew_team(struct task *, const char *team);
/* A value that was read elsewhere: for as long as model/need.h says it is that of the cache. */
void facts_keep(struct facts *, int64_t portal, const char *need, const json_t *value,
                int64_t now_ms);
/* Forgets what this sitting knows: a new one begins. */
void facts_begin(struct task *);
void facts_forget_wants(struct task *);

#endif
