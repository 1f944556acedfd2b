#include "common/db.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static struct temp temp;
static struct db db;
static struct err err;

static void open_new(void)
{
    temp = temp_make();
    err.text[0] = '\0';
    ck_assert_msg(db_open(&db, temp_path(&temp, "t.db"), DB_WRITE, &err), "%s", err.text);
}

static void done(void)
{
    db_close(&db);
    temp_remove(&temp);
}

static void run(const char *sql)
{
    ck_assert_msg(db_run(&db, sql, &err), "%s", err.text);
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *stmt = db_prepare(&db, sql, &err);
    ck_assert_msg(stmt != NULL, "%s", err.text);
    return stmt;
}

/* First column of the first row as text. */
static void assert_query(const char *sql, const char *wanted)
{
    bool row = false;
    sqlite3_stmt *stmt = prepare(sql);
    ck_assert_msg(db_step_row(&db, stmt, &row, &err) && row, "%s", err.text);
    ck_assert_str_eq(db_text(stmt, 0), wanted);
    (void)sqlite3_finalize(stmt);
}

START_TEST(a_writing_connection_has_our_pragmas)
{
    open_new();
    assert_query("PRAGMA journal_mode", "wal");
    assert_query("PRAGMA synchronous", "2");
    assert_query("PRAGMA wal_autocheckpoint", "0");
    assert_query("PRAGMA foreign_keys", "1");
    assert_query("PRAGMA busy_timeout", "2000");
    assert_query("PRAGMA temp_store", "2");
    assert_query("PRAGMA auto_vacuum", "2");
    done();
}
END_TEST

START_TEST(the_file_and_its_log_are_private)
{
    struct stat st;
    char log[140];
    mode_t before = umask(0);
    open_new();
    umask(before);
    run("CREATE TABLE t (a)");
    ck_assert_int_eq(stat(temp.path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    (void)snprintf(log, sizeof log, "%s-wal", temp.path);
    ck_assert_int_eq(stat(log, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    done();
}
END_TEST

START_TEST(every_type_is_bound_and_read_back)
{
    bool row = false;
    open_new();
    sqlite3_stmt *stmt = prepare("SELECT ?, ?, ?, ?, ?, ?, ?");
    db_bind(stmt, "idtbntb", INT64_MIN, 1.5, "Жук", "a\0b", (size_t)3, (const char *)NULL, "",
            (size_t)0);
    ck_assert(db_step_row(&db, stmt, &row, &err) && row);
    ck_assert_int_eq(sqlite3_column_int64(stmt, 0), INT64_MIN);
    ck_assert_double_eq(sqlite3_column_double(stmt, 1), 1.5);
    ck_assert_str_eq(db_text(stmt, 2), "Жук");
    ck_assert_int_eq(sqlite3_column_bytes(stmt, 3), 3);
    ck_assert_mem_eq(sqlite3_column_blob(stmt, 3), "a\0b", 3);
    ck_assert_int_eq(sqlite3_column_type(stmt, 4), SQLITE_NULL);
    ck_assert_str_eq(db_text(stmt, 4), "");
    ck_assert_int_eq(sqlite3_column_type(stmt, 5), SQLITE_NULL);
    ck_assert_int_eq(sqlite3_column_type(stmt, 6), SQLITE_BLOB);
    ck_assert(db_step_row(&db, stmt, &row, &err) && !row);
    (void)sqlite3_finalize(stmt);
    done();
}
END_TEST

START_TEST(a_statement_is_used_again_and_again)
{
    open_new();
    run("CREATE TABLE t (a INTEGER) STRICT");
    sqlite3_stmt *stmt = prepare("INSERT INTO t VALUES (?)");
    for (int64_t i = 0; i < 10; i++) {
        db_bind(stmt, "i", i);
        ck_assert(db_step_done(&db, stmt, &err));
    }
    (void)sqlite3_finalize(stmt);
    assert_query("SELECT count(*) || ' ' || sum(a) FROM t", "10 45");
    done();
}
END_TEST

START_TEST(a_refused_row_is_an_error_in_the_databases_words)
{
    char wanted[300];
    open_new();
    run("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT CHECK (b IN ('x', 'y'))) STRICT");
    sqlite3_stmt *stmt = prepare("INSERT INTO t VALUES (?, ?)");
    db_bind(stmt, "it", INT64_C(1), "s3cret");
    ck_assert(!db_step_done(&db, stmt, &err));
    (void)snprintf(wanted, sizeof wanted,
                   "database \"%s\": CHECK constraint failed: b IN ('x', 'y')", temp.path);
    ck_assert_str_eq(err.text, wanted);
    ck_assert_int_eq(db_trouble_of(&db), DB_TROUBLE_NONE);
    db_bind(stmt, "it", INT64_C(1), "x");
    ck_assert(db_step_done(&db, stmt, NULL));
    (void)sqlite3_finalize(stmt);
    done();
}
END_TEST

START_TEST(bad_sql_is_an_error)
{
    char wanted[300];
    open_new();
    ck_assert_ptr_null(db_prepare(&db, "SELEKT 1", &err));
    (void)snprintf(wanted, sizeof wanted, "database \"%s\": near \"SELEKT\": syntax error",
                   temp.path);
    ck_assert_str_eq(err.text, wanted);
    ck_assert(!db_run(&db, "CREATE TABLE t (a); DROP TABLE none", NULL));
    err.text[0] = '\0';
    ck_assert(!db_fail(&db, "prune old events", &err));
    (void)snprintf(wanted, sizeof wanted,
                   "cannot prune old events: database \"%s\": no such table: none", temp.path);
    ck_assert_str_eq(err.text, wanted);
    done();
}
END_TEST

START_TEST(a_reader_sees_and_cannot_write)
{
    struct db reader;
    open_new();
    run("CREATE TABLE t (a); INSERT INTO t VALUES (5)");
    ck_assert_msg(db_open(&reader, temp.path, DB_READ, &err), "%s", err.text);
    ck_assert(!db_run(&reader, "INSERT INTO t VALUES (6)", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "attempt to write a readonly database"));
    ck_assert_int_eq(db_trouble_of(&reader), DB_TROUBLE_IO);
    bool row = false;
    sqlite3_stmt *stmt = db_prepare(&reader, "SELECT a FROM t", &err);
    ck_assert_ptr_nonnull(stmt);
    ck_assert(db_step_row(&reader, stmt, &row, &err) && row);
    ck_assert_str_eq(db_text(stmt, 0), "5");
    (void)sqlite3_finalize(stmt);
    db_close(&reader);
    done();
}
END_TEST

START_TEST(a_reader_never_creates)
{
    temp = temp_make();
    char wanted[300];
    err.text[0] = '\0';
    ck_assert(!db_open(&db, temp_path(&temp, "none.db"), DB_READ, &err));
    (void)snprintf(wanted, sizeof wanted,
                   "cannot open database \"%s\": unable to open database file", temp.path);
    ck_assert_str_eq(err.text, wanted);
    ck_assert_int_eq(access(temp.path, F_OK), -1);
    ck_assert_int_eq(db_trouble_of(&db), DB_TROUBLE_IO);
    done();
}
END_TEST

START_TEST(a_damaged_file_is_known_at_once)
{
    static const char junk[4096] = "this is no database at all, but long enough to be one";
    static const enum db_mode modes[] = {DB_WRITE, DB_READ};
    temp = temp_make();
    for (size_t i = 0; i < 2; i++) {
        err.text[0] = '\0';
        const char *path = temp_write(&temp, "t.db", 0600, junk, sizeof junk);
        ck_assert(!db_open(&db, path, modes[i], &err));
        ck_assert_ptr_nonnull(strstr(err.text, "file is not a database"));
        ck_assert_int_eq(db_trouble_of(&db), DB_TROUBLE_DAMAGED);
        db_close(&db);
    }
    done();
}
END_TEST

START_TEST(a_database_without_a_log_is_refused)
{
    temp = temp_make();
    err.text[0] = '\0';
    ck_assert(!db_open(&db, ":memory:", DB_WRITE, &err));
    ck_assert_str_eq(err.text, "database \":memory:\" cannot keep a write-ahead log (journal mode "
                               "\"memory\")");
    done();
}
END_TEST

START_TEST(a_full_disk_is_remembered_after_the_rollback)
{
    open_new();
    run("CREATE TABLE t (a)");
    assert_query("PRAGMA max_page_count = 3", "3");
    run("BEGIN");
    ck_assert(!db_run(&db, "INSERT INTO t VALUES (zeroblob(100000))", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "database or disk is full"));
    if (sqlite3_get_autocommit(db.handle) == 0)
        run("ROLLBACK");
    run("SELECT 1");
    ck_assert_int_eq(db_trouble_of(&db), DB_TROUBLE_FULL);
    done();
}
END_TEST

START_TEST(a_lock_is_told_apart)
{
    struct db other;
    open_new();
    ck_assert(db_open(&other, temp.path, DB_WRITE, &err));
    (void)sqlite3_busy_timeout(other.handle, 0);
    run("BEGIN IMMEDIATE");
    ck_assert(!db_run(&other, "BEGIN IMMEDIATE", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "database is locked"));
    ck_assert_int_eq(db_trouble_of(&other), DB_TROUBLE_LOCKED);
    db_close(&other);
    done();
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
    struct db nothing = {0};
    db_close(&nothing);
    ck_assert_int_eq(db_trouble_of(&nothing), DB_TROUBLE_NONE);
}
END_TEST

CHECK_MAIN("common/db", a_writing_connection_has_our_pragmas, the_file_and_its_log_are_private,
           every_type_is_bound_and_read_back, a_statement_is_used_again_and_again,
           a_refused_row_is_an_error_in_the_databases_words, bad_sql_is_an_error,
           a_reader_sees_and_cannot_write, a_reader_never_creates, a_damaged_file_is_known_at_once,
           a_database_without_a_log_is_refused, a_full_disk_is_remembered_after_the_rollback,
           a_lock_is_told_apart, closing_nothing_is_allowed)
