#include "daemon/store/peek.h"

#include <string.h>
#include <unistd.h>

#include "common/db.h"
#include "common/jv.h"

static const char names_sql[] = "SELECT n.need, n.value, n.at_ms FROM name n JOIN portal p "
                                "ON p.id = n.portal WHERE p.name = ?1";
/* Every event that is kept is looked at: it is asked by hand. */
static const char events_sql[] =
    "SELECT e.name, max(e.received_ms) FROM event e JOIN portal p ON p.id = e.portal "
    "WHERE p.name = ?1 AND e.source = 1 GROUP BY e.name";

static void take_name(json_t *names, sqlite3_stmt *stmt)
{
    struct err ignored = {0};
    const char *text = db_text(stmt, 1);
    json_t *value = jv_parse_new(text, strlen(text), &ignored);
    if (value != NULL)
        json_object_set_new(names, db_text(stmt, 0),
                            json_pack("{s:o, s:I}", "value", value, "at",
                                      (json_int_t)sqlite3_column_int64(stmt, 2)));
}

static void take_event(json_t *events, sqlite3_stmt *stmt)
{
    json_object_set_new(events, db_text(stmt, 0), json_integer(sqlite3_column_int64(stmt, 1)));
}

static bool each(struct db *db, const char *sql, const char *portal,
                 void (*take)(json_t *, sqlite3_stmt *), json_t *into, struct err *err)
{
    bool row = true;
    sqlite3_stmt *stmt = db_prepare(db, sql, err);
    bool good = stmt != NULL;
    db_bind(stmt, "t", portal);
    while (good && row) {
        good = db_step_row(db, stmt, &row, err);
        if (good && row)
            take(into, stmt);
    }
    (void)sqlite3_finalize(stmt);
    return good;
}

bool store_peek(const char *path, const char *portal, json_t **ret_names, json_t **ret_events,
                bool *ret_found, struct err *err)
{
    struct db db = {0};
    *ret_names = json_object();
    *ret_events = json_object();
    *ret_found = access(path, R_OK) == 0;
    if (!*ret_found)
        return true;
    bool good = db_open(&db, path, DB_READ, err);
    if (good) /* checkpoints are the writer's, whoever closes last */
        (void)sqlite3_db_config(db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    good = good && each(&db, names_sql, portal, take_name, *ret_names, err) &&
           each(&db, events_sql, portal, take_event, *ret_events, err);
    db_close(&db);
    return good;
}
