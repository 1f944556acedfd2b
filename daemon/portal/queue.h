#ifndef DAEMON_PORTAL_QUEUE_H
#define DAEMON_PORTAL_QUEUE_H

/* Calls that wait for one portal: by priority, and within a lane in the order of submission. Only
 * the first of a lane stands in a list, and only while nothing of its lane is in flight; it stands
 * where the most urgent of its lane would. Owns no call. Pure, not thread-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/portal/client.h"

enum { QUEUE_PRIORITIES = PRIORITY_BULK + 1, QUEUE_LANE_SLOTS = 512 };

struct call_list {
    struct call *first, *last;
};

struct queue {
    struct call_list ready[QUEUE_PRIORITIES];
    struct lane *lanes[QUEUE_LANE_SLOTS]; /* owned; those with a call waiting or in flight */
    uint64_t order;
    int64_t waiting, in_flight;
};

void queue_init(struct queue *);
void queue_done(struct queue *); /* must be empty */

void queue_add(struct queue *, struct call *);
/* Out of the queue, on its way. The call is the first of its lane or has none. */
void queue_take(struct queue *, struct call *);
/* Who follows a taken call in its lane; may only travel with it. NULL: nobody. */
struct call *queue_follower(const struct call *taken);
/* A taken call comes back to where it stood, or is finished for good. */
void queue_put_back(struct queue *, struct call *);
void queue_finish(struct queue *, struct call *);

/* Any call that waits, for emptying the queue at the end; NULL when there is none. */
struct call *queue_any(struct queue *);
/* Wall time at which the longest waiting call was submitted, 0 when none waits. */
int64_t queue_since(const struct queue *);

#endif
