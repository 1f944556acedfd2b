#ifndef DAEMON_STORE_SQL_H
#define DAEMON_STORE_SQL_H

/* Every statement of the store, by name. They are prepared once per connection; a test reads the
 * query plan of each and fails on a scan of a table that grows. */

#include <sqlite3.h>
#include <stddef.h>

#include "common/db.h"
#include "common/err.h"

/* The writer's. */
enum sql_write {
    WRITE_BEGIN,
    WRITE_COMMIT,
    WRITE_EVENT,
    WRITE_PASSING, /* an event that is seen already */
    WRITE_SEEN,
    WRITE_RUN,
    WRITE_RUN_BEGUN, /* a timer has gone off */
    WRITE_SNAPSHOT,
    WRITE_FIRED,
    WRITE_OWN,
    WRITE_FROZEN,
    WRITE_EFFECT,
    WRITE_OUTCOME,
    WRITE_TRACE,
    WRITE_SETTING,
    WRITE_SETTING_GONE,
    WRITE_BUDGET,
    WRITE_NAME,
    WRITE_TIMER,
    WRITE_TIMER_GONE, /* the trigger is in no rule any more */
    WRITE_OVER,
    WRITE_OVER_LEFT,
    WRITE_GIVEN,
    WRITE_GIVEN_BACK,
    WRITE_PORTAL,
    WRITE_MEMBER,
    WRITE_TEAM,
    WRITE_SILENCE,
    WRITE_HEARD,
    WRITE_SHORTEN,    /* results of a run that has ended */
    WRITE_RUN_STATE,  /* reads: was it live? */
    WRITE_RECOVER,    /* at open: what was running is ready */
    WRITE_COUNT_NEW,  /* at open */
    WRITE_COUNT_LIVE, /* at open */
    WRITE_LAST_ID,    /* at open */
    PRUNE_LAST_ID,    /* remembers the highest id, in case it is about to go */
    PRUNE_BEFORE,     /* remembers up to when history has gone */
    PRUNE_RUNS,
    PRUNE_EFFECTS,
    PRUNE_EVENTS,
    PRUNE_TEAMS,
    PRUNE_TRACES,
    PRUNE_SNAPSHOTS,
    PRUNE_ENTITY_FIRED,
    PRUNE_FIRED,
    PRUNE_OWN,
    PRUNE_NAMES,
    PRUNE_OVER,
    PRUNE_ENTITY_OVER,
    PRUNE_GIVEN,
    SQL_WRITES,
};

/* A reader's. */
enum sql_read {
    READ_NEW,
    READ_DUE,
    READ_NEXT_DUE,
    READ_EVENTS,
    READ_EVENT,
    READ_LIVE,
    READ_RUN,
    READ_SNAPSHOT,
    READ_EFFECTS,
    READ_MADE,
    READ_FIRED,
    READ_RECENT,
    READ_OWN,
    READ_SETTING,
    READ_HOLDS,
    READ_HELD,
    READ_BUDGET,
    READ_NAMES,
    READ_MEMBER,
    READ_TIMERS,
    READ_OVER,
    READ_GIVEN,
    READ_GIVEN_OWNERS,
    READ_TEAMS,
    READ_SILENCE,
    READ_HEARD,
    READ_OVERDUE,
    READ_PORTAL,
    READ_PORTALS,
    TELL_NEW,
    TELL_STATE,
    TELL_FROZEN_COUNT,
    TELL_FROZEN,
    TELL_EVENTS_NEW,
    TELL_EVENTS_TRACED,
    TELL_TRACES,
    TELL_TRACES_OF_RUN,
    TELL_TRACES_OF_EVENT,
    TELL_HANDS,
    TELL_RUNS_OF_ENTITY,
    TELL_RUNS_OF_EVENT,
    TELL_RUNS_OF_STATE,
    LIST_BY_ID,
    LIST_BY_STATE,
    LIST_BY_DUE,
    LIST_BY_ENTITY,
    SQL_READS,
};

extern const char *const sql_writes[SQL_WRITES];
extern const char *const sql_reads[SQL_READS];

/* Prepares `count` statements; on failure those prepared so far are finalized and NULL. */
bool sql_prepare(struct db *, const char *const *texts, size_t count, sqlite3_stmt **ret,
                 struct err *) MUST_CHECK;
void sql_finalize(sqlite3_stmt **, size_t count);
/* Leaves the transaction, if there is one. */
void sql_roll_back(struct db *);

#endif
