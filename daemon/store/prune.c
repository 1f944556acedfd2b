/* Old history goes in small steps between other changes, oldest first. Freed pages are used again;
 * what is too many of them space.c gives back. */

#include "daemon/store/apply.h"

/* How many rows the last statement has removed. */
static void count(struct apply *apply, enum store_pruned kind, int64_t *left)
{
    int64_t gone = sqlite3_changes(apply->db->handle);
    apply->sums.pruned_of[kind] += gone;
    *left -= gone;
}

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
        count(apply, PRUNED_EFFECTS, left);
        apply->sums.pruned_of[PRUNED_RUNS]++;
        --*left;
    }
}

/* What rules did to a deleted entity. */
static bool forget_entity(struct apply *apply, sqlite3_stmt *snapshots, int64_t *left,
                          struct err *err)
{
    static const enum sql_write of[] = {PRUNE_ENTITY_FIRED, PRUNE_ENTITY_OVER};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        sqlite3_stmt *stmt = apply->stmts[of[i]];
        db_bind(stmt, "iit", sqlite3_column_int64(snapshots, 0), sqlite3_column_int64(snapshots, 1),
                db_text(snapshots, 2));
        if (!db_step_done(apply->db, stmt, err))
            return false;
        count(apply, PRUNED_OTHER, left);
    }
    return true;
}

static bool prune_snapshots(struct apply *apply, int64_t before_ms, int64_t *left, struct err *err)
{
    sqlite3_stmt *snapshots = apply->stmts[PRUNE_SNAPSHOTS];
    db_bind(snapshots, "ii", before_ms, *left);
    for (;;) {
        bool row;
        if (!db_step_row(apply->db, snapshots, &row, err))
            return false;
        if (!row)
            return true;
        if (!forget_entity(apply, snapshots, left, err)) {
            (void)sqlite3_reset(snapshots);
            return false;
        }
        apply->sums.pruned_of[PRUNED_ENTITIES]++;
        --*left;
    }
}

/* A turn of a team that has had none for so long behind all else is nobody's memory any more, and
 * nobody is away for so long that a deputy gives back. */
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

bool prune_rows(struct apply *apply, int64_t before_ms, int64_t most, struct err *err)
{
    static const struct {
        enum sql_write statement;
        enum store_pruned kind;
        int64_t longer_ms;
    } plain[] = {
        {PRUNE_EVENTS, PRUNED_EVENTS, 0},     {PRUNE_TRACES, PRUNED_TRACES, 0},
        {PRUNE_FIRED, PRUNED_OTHER, 0},       {PRUNE_OWN, PRUNED_OTHER, 0},
        {PRUNE_NAMES, PRUNED_OTHER, 0},       {PRUNE_OVER, PRUNED_OTHER, 0},
        {PRUNE_GIVEN, PRUNED_OTHER, YEAR_MS}, {PRUNE_TEAMS, PRUNED_OTHER, YEAR_MS},
    };
    int64_t left = most;
    if (!apply_plain(apply, PRUNE_LAST_ID, err) || !prune_runs(apply, before_ms, &left, err))
        return false;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && left > 0; i++) {
        sqlite3_stmt *stmt = apply->stmts[plain[i].statement];
        db_bind(stmt, "ii", before_ms - plain[i].longer_ms, left);
        if (!db_step_done(apply->db, stmt, err))
            return false;
        count(apply, plain[i].kind, &left);
    }
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
