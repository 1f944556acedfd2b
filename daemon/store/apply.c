#include "daemon/store/apply.h"

#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"

static const char more[] = "…";

/* How many bytes of a JSON text, whole letters, fit into a JSON string of APPLY_SHORT_RESULT bytes:
 * quotes and backslashes take two there, and there are no control characters to escape. */
static size_t beginning_of(const char *text)
{
    size_t room = APPLY_SHORT_RESULT - (sizeof "\"\"" - 1) - (sizeof more - 1);
    size_t keep = 0;
    for (; text[keep] != '\0'; keep++) {
        size_t cost = text[keep] == '"' || text[keep] == '\\' ? 2 : 1;
        if (cost > room)
            break;
        room -= cost;
    }
    return utf8_whole(text, keep);
}

/* SQL function short_form(JSON text): itself when it is short; otherwise its beginning as a JSON
 * string, so that the column always holds JSON. */
static void short_form(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL)
        return;
    size_t size = (size_t)sqlite3_value_bytes(values[0]);
    if (size <= APPLY_SHORT_RESULT) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    char *beginning = mem_printf("%.*s%s", (int)beginning_of(text), text, more);
    JV_AUTO *value = jv_string_new(beginning);
    char *json = jv_dump_new(value);
    sqlite3_result_text(context, json, -1, SQLITE_TRANSIENT);
    mem_free(json);
    mem_free(beginning);
}

bool apply_open(struct apply *apply, struct db *db, struct err *err)
{
    *apply = (struct apply){.db = db};
    if (sqlite3_create_function_v2(db->handle, "short_form", 1,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                   short_form, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, NULL, err);
    return sql_prepare(db, sql_writes, SQL_WRITES, apply->stmts, err);
}

void apply_close(struct apply *apply)
{
    sql_finalize(apply->stmts, SQL_WRITES);
    *apply = (struct apply){0};
}

/* A statement that stopped halfway must not keep the transaction open. */
static bool step(struct apply *apply, sqlite3_stmt *stmt, struct err *err)
{
    if (!db_step_done(apply->db, stmt, err))
        return false;
    apply->sums.rows += sqlite3_changes(apply->db->handle);
    return true;
}

/* ---- rows that count into the queue, or do more than their statement ------------------------- */

typedef bool row_fn(struct apply *, sqlite3_stmt *, const struct change_row *, struct err *);

static bool apply_event(struct apply *apply, sqlite3_stmt *stmt, const struct change_row *row,
                        struct err *err)
{
    change_bind(stmt, row);
    if (!step(apply, stmt, err))
        return false;
    apply->sums.queued++;
    return true;
}

static bool apply_seen(struct apply *apply, sqlite3_stmt *stmt, const struct change_row *row,
                       struct err *err)
{
    change_bind(stmt, row);
    if (!step(apply, stmt, err))
        return false;
    apply->sums.queued -= sqlite3_changes(apply->db->handle);
    return true;
}

static bool is_live(int64_t state)
{
    return state >= RUN_READY && state <= RUN_RUNNING;
}

/* Will nobody ask for its results again? A parked or dead run may be retried. */
static bool is_over(int64_t state)
{
    return state == RUN_DONE || state == RUN_CANCELLED;
}

/* 0 when there is no such run. */
static bool read_state(struct apply *apply, int64_t run_id, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = apply->stmts[WRITE_RUN_STATE];
    db_bind(stmt, "i", run_id);
    bool row;
    if (!db_step_row(apply->db, stmt, &row, err))
        return false;
    *ret = row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_reset(stmt);
    return true;
}

static bool apply_run(struct apply *apply, sqlite3_stmt *stmt, const struct change_row *row,
                      struct err *err)
{
    enum { ID = 0, STATE = 6 }; /* of WRITE_RUN's values */
    int64_t id = row->values[ID].number;
    int64_t after = row->values[STATE].number;
    int64_t before = 0;
    if (!read_state(apply, id, &before, err))
        return false;
    change_bind(stmt, row);
    if (!step(apply, stmt, err))
        return false;
    apply->sums.queued += is_live(after) - is_live(before);
    if (!is_over(after) || is_over(before))
        return true;
    db_bind(apply->stmts[WRITE_SHORTEN], "i", id);
    return step(apply, apply->stmts[WRITE_SHORTEN], err);
}

static bool apply_prune(struct apply *apply, sqlite3_stmt *stmt, const struct change_row *row,
                        struct err *err)
{
    (void)stmt;
    return prune_rows(apply, row->values[0].number, row->values[1].number, err);
}

static row_fn *const special[SQL_WRITES] = {
    [WRITE_EVENT] = apply_event,
    [WRITE_SEEN] = apply_seen,
    [WRITE_RUN] = apply_run,
    [PRUNE_LAST_ID] = apply_prune,
};

static bool apply_row(struct apply *apply, const struct change_row *row, struct err *err)
{
    sqlite3_stmt *stmt = apply->stmts[row->statement];
    if (special[row->statement] != NULL)
        return special[row->statement](apply, stmt, row, err);
    change_bind(stmt, row);
    return step(apply, stmt, err);
}

bool apply_change(struct apply *apply, const struct store_change *change, struct err *err)
{
    struct change_row row;
    size_t at = 0;
    while (change_row(change, &at, &row))
        if (!apply_row(apply, &row, err))
            return false;
    return true;
}

bool apply_plain(struct apply *apply, enum sql_write which, struct err *err)
{
    return db_step_done(apply->db, apply->stmts[which], err);
}
