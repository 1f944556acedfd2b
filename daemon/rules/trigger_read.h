#ifndef DAEMON_RULES_TRIGGER_READ_H
#define DAEMON_RULES_TRIGGER_READ_H

/* One trigger being read: what trigger.c and timer_read.c share. */

#include "daemon/rules/read.h"
#include "daemon/rules/trigger.h"

struct reading {
    struct read r;
    const struct trigger_frame *frame;
    struct trigger *out;
};

/* The number behind `item`, or the rule's own smart process when there is none. */
bool trigger_read_item(struct reading *);

/* timer_read.c: `2h before deal.closedate` from its beginning, and what follows `deal idle` and
 * `every`. */
bool timer_read(struct reading *);
bool timer_read_idle(struct reading *);
bool timer_read_every(struct reading *);

#endif
