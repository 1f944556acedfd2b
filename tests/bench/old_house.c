#include "tests/bench/old_house.h"

#include "common/clock.h"
#include "common/db.h"
#include "common/mem.h"
#include "daemon/model/entity.h"

/* ?1 rows, ?2 deals, ?3 now in ms. Ids are 4 n for events, 1 and 2 more for their runs and effects,
 * 3 more for unseen events; n * 2654435761 goes through the deals without an order. */
#define ROWS "WITH RECURSIVE row (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM row WHERE n < ?1) "
#define DEAL "1, 2, CAST(n * 2654435761 % ?2 AS TEXT)"
#define THEN "(?3 - (?1 - n) * 2592000000 / ?1)"
#define BODY                                                                                       \
    "'event=ONCRMDEALUPDATE&event_handler_id=12&data%5BFIELDS%5D%5BID%5D=' || n || "               \
    "'&ts=1755780000&auth%5Bdomain%5D=firma.bitrix24.ru&auth%5Bclient_endpoint%5D=https%3A%2F%2F"  \
    "firma.bitrix24.ru%2Frest%2F&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix24.tech%2F"   \
    "rest%2F&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553'"
#define EVENTS(state, id)                                                                          \
    "INSERT INTO event (portal, entity_type, entity_id, id, state, priority, source, happening, "  \
    "name, own_id, received_ms, sent_s, cause_run, body) " ROWS "SELECT " DEAL ", " id ", " state  \
    ", 1, 1, 2, 'ONCRMDEALUPDATE', '', " THEN ", 1755780000, 0, " BODY " FROM row"

_Static_assert(ENTITY_DEAL == 2, "the type in DEAL");

static const char *const kept[] = {
    EVENTS("2", "4 * n"),
    "INSERT INTO run (portal, entity_type, entity_id, id, state, priority, rule, version, step, "
    "attempt, due_ms, cause_event, cause_run, created_ms, updated_ms, reason, vars) " ROWS
    "SELECT " DEAL ", 4 * n + 1, 4, 1, 'call-back', 7, 2, 0, 0, 4 * n, 0, " THEN ", " THEN
    ", '', '{\"old\": {\"stageId\": \"NEW\"}}' FROM row",
    "INSERT INTO effect (portal, entity_type, entity_id, id, run_id, step, attempt, verdict, kind, "
    "writes, unsure, looked, intended_ms, sent_ms, settled_ms, call, method, error, text, params, "
    "result) " ROWS "SELECT " DEAL ", 4 * n + 2, 4 * n + 1, 0, 0, 1, 0, 1, 0, 0, " THEN ", " THEN
    ", " THEN ", '0.0', 'crm.timeline.comment.add', '', '', '{\"fields\": {\"ENTITY_ID\": 1, "
    "\"COMMENT\": \"Large\"}}', '12345' FROM row WHERE n % 2 = 0",
    "INSERT INTO trace (portal, entity_type, entity_id, at_ms, event_id, run_id, rule, what, "
    "say) " ROWS "SELECT " DEAL ", " THEN ", 4 * n, 4 * n + 1, 'call-back', 'fired', "
    "'the rule fired: the deal is large enough' FROM row",
    "INSERT INTO snapshot (portal, entity_type, entity_id, digest, added_told, deleted, "
    "history_id, stage_since_ms, looked_ms, fields) " ROWS "SELECT 1, 2, CAST(n - 1 AS TEXT), "
    "n, 1, 0, 0, ?3, ?3, '{\"stageId\": \"NEW\", \"opportunity\": 5000}' FROM row WHERE n <= ?2",
    "INSERT INTO fired (portal, entity_type, entity_id, rule, total, last_ms, visit_ms) " ROWS
    "SELECT 1, 2, CAST(n - 1 AS TEXT), 'call-back', 1, ?3, ?3 FROM row WHERE n <= ?2",
};
static const char waiting[] = EVENTS("1", "4 * n + 3");

static bool run(struct db *db, const char *sql, const struct old_house *h, int64_t rows,
                struct err *err)
{
    if (rows == 0)
        return true;
    sqlite3_stmt *stmt = db_prepare(db, sql, err);
    db_bind(stmt, "iii", rows, h->deals, clock_wall_ms());
    bool done = stmt != NULL && db_step_done(db, stmt, err);
    (void)sqlite3_finalize(stmt);
    return done;
}

/* All statements that a query answers with, in one script; mem_free. NULL on failure. */
static char *script_new(struct db *db, const char *query, struct err *err)
{
    char *script = mem_strdup("");
    sqlite3_stmt *stmt = db_prepare(db, query, err);
    bool row = stmt != NULL;
    bool good = stmt != NULL;
    while (row && good) {
        good = db_step_row(db, stmt, &row, err);
        if (good && row) {
            char *longer = mem_printf("%s%s;", script, db_text(stmt, 0));
            mem_free(script);
            script = longer;
        }
    }
    (void)sqlite3_finalize(stmt);
    if (good)
        return script;
    mem_free(script);
    return NULL;
}

static bool fill_tables(struct db *db, const struct old_house *h, struct err *err)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (!run(db, kept[i], h, h->kept, err))
            return false;
    return run(db, waiting, h, h->waiting, err);
}

/* Indexes are made in the end, sorted, which is many times as fast. */
static bool fill(struct db *db, const struct old_house *h, struct err *err)
{
    static const char made[] = "FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    char *query = mem_printf("SELECT 'DROP INDEX ' || name %s", made);
    char *drop = script_new(db, query, err);
    mem_free(query);
    query = mem_printf("SELECT sql %s", made);
    char *create = script_new(db, query, err);
    mem_free(query);
    bool done = drop != NULL && create != NULL &&
                db_run(db,
                       "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                       "PRAGMA cache_size = -500000; BEGIN",
                       err) &&
                db_run(db, drop, err) && fill_tables(db, h, err) && db_run(db, create, err) &&
                db_run(db, "COMMIT", err);
    mem_free(create);
    mem_free(drop);
    return done;
}

bool old_house_fill(const char *path, const struct old_house *h, struct err *err)
{
    struct db db;
    if (!db_open(&db, path, DB_WRITE, err))
        return false;
    bool done = fill(&db, h, err);
    db_close(&db);
    return done;
}
