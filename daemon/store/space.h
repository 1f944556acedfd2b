#ifndef DAEMON_STORE_SPACE_H
#define DAEMON_STORE_SPACE_H

/* Gives the disk back what pruning has emptied: a few pages from the end of the file at a time,
 * each time in a transaction of its own, and only when nobody waits. Some free pages stay, for what
 * comes next. Belongs to the writer's thread. */

#include "common/db.h"

struct space {
    struct db *db;   /* borrowed */
    bool able;       /* the file was made so that it can shrink; older ones keep their free pages */
    bool more;       /* there is more to give back */
    int pages;       /* of a step: as many as take a few milliseconds */
    int64_t next_ms; /* monotonic: not before */
    int64_t given;   /* pages since the start */
};

bool space_init(struct space *, struct db *, struct err *) MUST_CHECK;
/* Rows have just been pruned: looks a moment after the last of them. */
void space_pruned(struct space *, int64_t now_ms);
bool space_due(const struct space *, int64_t now_ms);
/* One step. Nobody waits for the writer just now. */
bool space_step(struct space *, int64_t now_ms, struct err *) MUST_CHECK;

#endif
