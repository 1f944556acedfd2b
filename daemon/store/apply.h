#ifndef DAEMON_STORE_APPLY_H
#define DAEMON_STORE_APPLY_H

/* The rows of a change become statements. Belongs to whoever owns the writing connection; begin and
 * commit are the caller's. */

#include "daemon/store/change.h"

struct apply {
    struct db *db; /* borrowed */
    sqlite3_stmt *stmts[SQL_WRITES];
    struct apply_sums { /* what the rows since the caller set them to zero have added to … */
        int64_t queued; /* … unseen events + live runs */
        int64_t rows;   /* … rows written */
        int64_t pruned; /* … rows removed by pruning, and of which kind */
        int64_t pruned_of[STORE_PRUNED];
    } sums;
};

enum { APPLY_SHORT_RESULT = 2048 }; /* bytes of a result kept when its run has ended */

bool apply_open(struct apply *, struct db *, struct err *) MUST_CHECK;
void apply_close(struct apply *); /* also for a zeroed struct */

/* Every row, in order. After a failure the caller rolls back and restores the sums. */
bool apply_change(struct apply *, const struct store_change *, struct err *) MUST_CHECK;
/* One statement without parameters or results. */
bool apply_plain(struct apply *, enum sql_write, struct err *) MUST_CHECK;

/* prune.c: removes what is older than before_ms, at most about `most` rows. */
bool prune_rows(struct apply *, int64_t before_ms, int64_t most, struct err *) MUST_CHECK;

#endif
