#include "common/db.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

/* Long enough for a reader that recovers the log after a crash, short enough for a health check. */
enum { BUSY_MS = 2000 };

/* The database holds clients' data: nobody but its owner reads it, whatever the umask. SQLite gives
 * the log the same mode. Only for a file that is not there yet: closing a descriptor of one that
 * is open elsewhere in the process would drop SQLite's locks. */
static void create_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

static bool open_failed(struct db *db, const char *path, struct err *err)
{
    int code = db->handle != NULL ? sqlite3_extended_errcode(db->handle) : SQLITE_NOMEM;
    (void)err_set(err, "cannot open database \"%s\": %s", path,
                  db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
    db_close(db);
    db->failure = code;
    return false;
}

/* PRAGMA journal_mode answers with the mode that is in force, which need not be the one asked for
 * (a network file system, a database in memory). */
static bool make_wal(struct db *db, struct err *err)
{
    sqlite3_stmt *stmt = db_prepare(db, "PRAGMA journal_mode = WAL", err);
    bool row = false;
    bool done = stmt != NULL && db_step_row(db, stmt, &row, err);
    if (done && (!row || strcmp(db_text(stmt, 0), "wal") != 0))
        done = err_set(err, "database \"%s\" cannot keep a write-ahead log (journal mode \"%s\")",
                       db->path, row ? db_text(stmt, 0) : "");
    (void)sqlite3_finalize(stmt);
    return done;
}

static bool prepare_to_write(struct db *db, struct err *err)
{
    return db_run(db, "PRAGMA auto_vacuum = INCREMENTAL", err) && make_wal(db, err) &&
           db_run(db,
                  "PRAGMA synchronous = FULL;"
                  "PRAGMA wal_autocheckpoint = 0;" /* the writer's own, between its groups */
                  "PRAGMA foreign_keys = ON;"
                  "PRAGMA temp_store = MEMORY",
                  err);
}

static bool prepare_to_copy(struct db *db, struct err *err)
{
    return db_run(db,
                  "PRAGMA locking_mode = EXCLUSIVE;"
                  "PRAGMA journal_mode = OFF;"
                  "PRAGMA synchronous = OFF",
                  err);
}

static bool prepare_to_read(struct db *db, struct err *err)
{
    /* Reading the schema is the first thing that looks at the file: a damaged one is known now. */
    return db_run(db,
                  "PRAGMA query_only = ON;"
                  "PRAGMA temp_store = MEMORY;"
                  "SELECT count(*) FROM sqlite_schema",
                  err);
}

bool db_open(struct db *db, const char *path, enum db_mode mode, struct err *err)
{
    *db = (struct db){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (mode == DB_WRITE) {
        if (path[0] != ':') /* SQLite's own names are no files */
            create_private(path);
        flags |= SQLITE_OPEN_CREATE;
    }
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
        return open_failed(db, path, err);
    db->path = mem_strdup(path);
    (void)sqlite3_busy_timeout(db->handle, BUSY_MS);
    static bool (*const prepare[])(struct db *, struct err *) = {
        [DB_WRITE] = prepare_to_write, [DB_READ] = prepare_to_read, [DB_COPY] = prepare_to_copy};
    if (prepare[mode](db, err))
        return true;
    int code = db->failure;
    db_close(db);
    db->failure = code;
    return false;
}

void db_close(struct db *db)
{
    (void)sqlite3_close_v2(db->handle);
    mem_free(db->path);
    *db = (struct db){0};
}

bool db_run(struct db *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return db_fail(db, NULL, err);
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
        SQLITE_OK) {
        (void)db_fail(db, NULL, err);
        return NULL;
    }
    return stmt;
}

static int bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text == NULL)
        return sqlite3_bind_null(stmt, at);
    return sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* A NULL pointer of an empty blob would be SQL NULL. */
static int bind_bytes(sqlite3_stmt *stmt, int at, const void *bytes, size_t size)
{
    return sqlite3_bind_blob64(stmt, at, size > 0 ? bytes : "", size, SQLITE_STATIC);
}

void db_bind(sqlite3_stmt *stmt, const char *types, ...)
{
    if (stmt == NULL)
        return;
    /* The result repeats the error of the last step, which has been reported. */
    (void)sqlite3_reset(stmt);
    assert((int)strlen(types) == sqlite3_bind_parameter_count(stmt));
    va_list args;
    va_start(args, types);
    for (int i = 0; types[i] != '\0'; i++) {
        int code = SQLITE_MISUSE;
        if (types[i] == 'i') {
            code = sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
        } else if (types[i] == 'd') {
            code = sqlite3_bind_double(stmt, i + 1, va_arg(args, double));
        } else if (types[i] == 't') {
            code = bind_text(stmt, i + 1, va_arg(args, const char *));
        } else if (types[i] == 'b') {
            const void *bytes = va_arg(args, const void *);
            code = bind_bytes(stmt, i + 1, bytes, va_arg(args, size_t));
        } else if (types[i] == 'n') {
            code = sqlite3_bind_null(stmt, i + 1);
        }
        assert(code == SQLITE_OK);
    }
    va_end(args);
}

bool db_step_row(struct db *db, sqlite3_stmt *stmt, bool *ret_row, struct err *err)
{
    int code = sqlite3_step(stmt);
    *ret_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return true;
    bool done = code == SQLITE_DONE || db_fail(db, NULL, err);
    (void)sqlite3_reset(stmt);
    return done;
}

bool db_step_done(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
    bool row;
    bool done = db_step_row(db, stmt, &row, err);
    if (row)
        (void)sqlite3_reset(stmt);
    return done;
}

const char *db_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

bool db_fail(struct db *db, const char *doing, struct err *err)
{
    db->failure = sqlite3_extended_errcode(db->handle);
    const char *why = sqlite3_errmsg(db->handle);
    if (doing != NULL)
        return err_set(err, "cannot %s: database \"%s\": %s", doing, db->path, why);
    return err_set(err, "database \"%s\": %s", db->path, why);
}

enum db_trouble db_trouble_of(const struct db *db)
{
    static const struct {
        int code;
        enum db_trouble trouble;
    } known[] = {
        {SQLITE_FULL, DB_TROUBLE_FULL},      {SQLITE_IOERR, DB_TROUBLE_IO},
        {SQLITE_READONLY, DB_TROUBLE_IO},    {SQLITE_CANTOPEN, DB_TROUBLE_IO},
        {SQLITE_PERM, DB_TROUBLE_IO},        {SQLITE_BUSY, DB_TROUBLE_LOCKED},
        {SQLITE_LOCKED, DB_TROUBLE_LOCKED},  {SQLITE_CORRUPT, DB_TROUBLE_DAMAGED},
        {SQLITE_NOTADB, DB_TROUBLE_DAMAGED},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == (db->failure & 0xff))
            return known[i].trouble;
    return DB_TROUBLE_NONE;
}
