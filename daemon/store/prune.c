/* Old history goes in small steps between other changes, oldest first. Freed pages are used again;
 * the file is never shrunk while serving (performance.md §5). */

#include "daemon/store/apply.h"

/* Runs with their effects, which have no age of their own. */
static bool prune_runs(struct apply *apply, int64_t before_ms, int64_t *left, struct err *err)
{
    sqlite3_stmt *runs = apply->stmts[PRUNE_RUNS];
    sqlite3_stmt *effects = apply->stmts[PRUNE_EFFECTS];
    db_bind(runs, "ii", before_ms, *left);
    for (;;) {
        bool row;
        if (!db_step_row(apply->db, runs, &row, err))
            return false;
        if (!row)
            return true;
        db_bind(effects, "i", sqlite3_column_int64(runs, 0));
        if (!db_step_done(apply->db, effects, err)) {
            (void)sqlite3_reset(runs);
            return false;
        }
        *left -= 1 + sqlite3_changes(apply->db->handle);
    }
}

/* Deleted entities, with what rules did to them. */
static bool prune_snapshots(struct apply *apply, int64_t before_ms, int64_t *left, struct err *err)
{
    sqlite3_stmt *snapshots = apply->stmts[PRUNE_SNAPSHOTS];
    sqlite3_stmt *fired = apply->stmts[PRUNE_ENTITY_FIRED];
    db_bind(snapshots, "ii", before_ms, *left);
    for (;;) {
        bool row;
        if (!db_step_row(apply->db, snapshots, &row, err))
            return false;
        if (!row)
            return true;
        db_bind(fired, "iit", sqlite3_column_int64(snapshots, 0),
                sqlite3_column_int64(snapshots, 1), db_text(snapshots, 2));
        if (!db_step_done(apply->db, fired, err)) {
            (void)sqlite3_reset(snapshots);
            return false;
        }
        *left -= 1 + sqlite3_changes(apply->db->handle);
        sqlite3_stmt *over = apply->stmts[PRUNE_ENTITY_OVER];
        db_bind(over, "iit", sqlite3_column_int64(snapshots, 0), sqlite3_column_int64(snapshots, 1),
                db_text(snapshots, 2));
        if (!db_step_done(apply->db, over, err)) {
            (void)sqlite3_reset(snapshots);
            return false;
        }
    }
}

static bool prune_plain(struct apply *apply, enum sql_write which, int64_t before_ms, int64_t *left,
                        struct err *err)
{
    db_bind(apply->stmts[which], "ii", before_ms, *left);
    if (!db_step_done(apply->db, apply->stmts[which], err))
        return false;
    *left -= sqlite3_changes(apply->db->handle);
    return true;
}

bool prune_rows(struct apply *apply, int64_t before_ms, int64_t most, struct err *err)
{
    static const enum sql_write plain[] = {PRUNE_EVENTS, PRUNE_TRACES, PRUNE_FIRED, PRUNE_OWN,
                                           PRUNE_NAMES,  PRUNE_OVER,   PRUNE_GIVEN};
    int64_t left = most;
    if (!apply_plain(apply, PRUNE_LAST_ID, err) || !prune_runs(apply, before_ms, &left, err))
        return false;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && left > 0; i++)
        if (!prune_plain(apply, plain[i], before_ms, &left, err))
            return false;
    if (left > 0 && !prune_snapshots(apply, before_ms, &left, err))
        return false;
    if (left < most) { /* `why` says so */
        db_bind(apply->stmts[PRUNE_BEFORE], "i", before_ms);
        if (!db_step_done(apply->db, apply->stmts[PRUNE_BEFORE], err))
            return false;
    }
    apply->sums.pruned += most - left;
    apply->sums.rows += most - left;
    return true;
}
