#include "daemon/store/migrate.h"

#include <inttypes.h>

#include "common/mem.h"
#include "daemon/store/sql.h"

bool migrate_number(struct db *db, const char *pragma, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = db_prepare(db, pragma, err);
    bool row = false;
    bool ok = stmt != NULL && db_step_row(db, stmt, &row, err);
    if (ok)
        *ret = row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    return ok;
}

bool migrate_knows(struct db *db, int64_t newest, struct err *err)
{
    int64_t version = 0;
    if (!migrate_number(db, "PRAGMA user_version", &version, err))
        return false;
    if (version <= newest)
        return true;
    return err_set(err,
                   "database \"%s\" has schema %" PRId64 ", this b24bridge knows up to %" PRId64
                   ": install the newer b24bridge again, or restore the backup made before it",
                   db->path, version, newest);
}

/* user_version lies in the file's first page, so it changes with the transaction or not at all. */
static bool apply_one(struct db *db, const struct migration *migration, size_t number,
                      struct err *err)
{
    char *version = mem_printf("PRAGMA user_version = %zu", number);
    bool ok = db_run(db, "BEGIN IMMEDIATE", err) && db_run(db, migration->sql, err) &&
              db_run(db, version, err) && db_run(db, "COMMIT", err);
    mem_free(version);
    if (ok)
        return true;
    sql_roll_back(db);
    return err_prefix(err, "migration \"%s\": ", migration->name);
}

/* What is at work, for the handler. */
struct present {
    const struct migrate_watch *watch;
    const struct migration *migration;
    int64_t from, to;
};

static int tell(void *arg)
{
    const struct present *present = arg;
    present->watch->tell(present->watch->arg, present->migration, present->from, present->to);
    return 0;
}

bool migrate_run(struct db *db, const struct migration *list, size_t count,
                 const struct migrate_watch *watch, struct err *err)
{
    enum { OPCODES = 1000000 };
    int64_t version = 0;
    if (!migrate_knows(db, (int64_t)count, err) ||
        !migrate_number(db, "PRAGMA user_version", &version, err))
        return false;
    struct present present = {.watch = watch, .from = version, .to = (int64_t)count};
    if (watch != NULL)
        sqlite3_progress_handler(db->handle, watch->opcodes > 0 ? watch->opcodes : OPCODES, tell,
                                 &present);
    bool done = true;
    for (size_t i = (size_t)version; done && i < count; i++) {
        present.migration = &list[i];
        if (watch != NULL)
            (void)tell(&present);
        done = apply_one(db, &list[i], i + 1, err);
    }
    sqlite3_progress_handler(db->handle, 0, NULL, NULL);
    return done;
}
