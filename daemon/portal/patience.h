#ifndef DAEMON_PORTAL_PATIENCE_H
#define DAEMON_PORTAL_PATIENCE_H

/* Calls that would rather come again than wait long for one method. A method that has used up its
 * operating time is closed for minutes (bitrix24.md §5); whoever made the calls has better things
 * to do meanwhile than to hold them. Pure, not thread-safe. */

#include <stdint.h>

#include "daemon/portal/budget.h"
#include "daemon/portal/queue.h"

enum { PATIENCE_KEPT = 16 /* of each method stay, so that it is used as soon as it opens */ };

/* Ends those as LIMITED with the moment at which their turn is expected, together with what stands
 * behind them in their lanes: order is kept within a lane. */
void patience_end(struct queue *, const struct budget *, int64_t wall_ms, struct call_list *ended);

#endif
