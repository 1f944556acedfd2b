#ifndef DAEMON_PORTAL_OTHERS_H
#define DAEMON_PORTAL_OTHERS_H

/* Calls to other systems (COMMAND_HTTP) that wait or are under way: no budget, no batches, a
 * ceiling on how many at once. Not thread-safe. */

#include <stdint.h>

#include "daemon/portal/budget.h"
#include "daemon/portal/client.h"
#include "daemon/portal/queue.h"

enum { OTHERS_MOST = 16 /* in flight */ };

struct others {
    struct queue queue;
    struct budget budget; /* knows no limit */
};

void others_init(struct others *);
void others_done(struct others *);

void others_submit(struct others *, struct call *, int64_t wall_ms);
/* Takes the next call that may go; NULL with *ret_wait_ms, -1: when something has happened. */
struct call *others_next(struct others *, int64_t mono_ms, int64_t wall_ms, int64_t *ret_wait_ms);
/* Its answer is there: it waits again, or goes to `ended`. */
void others_settle(struct others *, struct call *, int64_t mono_ms, struct call_list *ended);
/* Ends a waiting call; NULL when none waits. */
struct call *others_drop_waiting(struct others *);

#endif
