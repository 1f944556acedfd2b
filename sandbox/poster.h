#ifndef SANDBOX_POSTER_H
#define SANDBOX_POSTER_H

/* Events on their way out: each posted once over a connection of its own, whatever becomes of it
 * (bitrix24.md §1.1). */

#include <jansson.h>

#include "common/err.h"

struct poster;

struct poster *poster_start(struct err *) MUST_CHECK;
void poster_stop(struct poster *);
/* What sandbox_take_events gave; takes it over. */
void poster_send(struct poster *, json_t *events);
/* {"posted":n,"failed":n,"waiting":n,"statuses":{"200":n}}; new. */
json_t *poster_stats_new(struct poster *);

#endif
