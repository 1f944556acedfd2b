#ifndef DAEMON_STORE_WAL_H
#define DAEMON_STORE_WAL_H

/* When the log is written back into the file. Only the writer does it, between its groups, so that
 * nobody else's commit ever waits for it. The log is not shortened while there is work: writing
 * over old frames is twice as fast as growing a file (performance.md §1a). */

#include "common/db.h"

enum { WAL_BUSY_MS = 500 }; /* how long the writer waits for somebody else's lock */

struct wal {
    struct db *db; /* borrowed */
    int frames;    /* pages in the log after the last commit */
    int written;   /* of them by the last commit */
    int next;      /* checkpoint when there are as many */
};

/* Takes the connection's WAL hook and sets its busy timeout. The struct must stay where it is. */
void wal_init(struct wal *, struct db *);
/* Between two groups: a passive checkpoint when enough has gathered. It waits for nobody and does
 * what readers allow. */
bool wal_upkeep(struct wal *, struct err *) MUST_CHECK;
/* The same now, however little there is. */
bool wal_write_back(struct wal *, struct err *) MUST_CHECK;
/* With nothing to do: gives the disk back what a rush has left behind. */
bool wal_idle(struct wal *, int64_t wal_bytes, struct err *) MUST_CHECK;

#endif
