/* What a start finds at the path, and what it refuses to touch. */

#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/mem.h"
#include "daemon/store/migrate.h"
#include "tests/support/check_main.h"

static char *read_file_new(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    char *bytes = mem_alloc((size_t)st.st_size + 1);
    ck_assert_int_eq(read(fd, bytes, (size_t)st.st_size), st.st_size);
    (void)close(fd);
    *ret_size = (size_t)st.st_size;
    return bytes;
}

/* Opening fails with the text, in which each %s is the path, and the file stays byte for byte. */
static void refused(struct fixture *f, const char *text, bool whole)
{
    size_t size_before, size_after;
    char *before = read_file_new(f->path, &size_before);
    struct err err = {0};
    ck_assert_ptr_null(fixture_try_open(f, &err));
    if (whole)
        ck_assert_str_eq(err.text, text);
    else
        ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
    char *after = read_file_new(f->path, &size_after);
    ck_assert_uint_eq(size_before, size_after);
    ck_assert_mem_eq(before, after, size_before);
    mem_free(before);
    mem_free(after);
}

START_TEST(a_new_file_gets_every_migration)
{
    struct fixture f;
    fixture_init(&f);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), (int64_t)migration_count);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA application_id"), MIGRATE_APPLICATION_ID);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM pragma_table_list WHERE schema = "
                                         "'main' AND NOT strict AND name NOT LIKE 'sqlite_%'"),
                     0);
    struct stat st;
    ck_assert_int_eq(stat(f.path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    fixture_done(&f);
}
END_TEST

START_TEST(a_file_of_today_is_opened_again)
{
    struct fixture f;
    fixture_init(&f);
    struct event event = fixture_event(&f, "1");
    fixture_put_event(&f, &event);
    fixture_close(&f);
    fixture_open(&f);
    ck_assert_int_eq(fixture_health(&f).queued, 1);
    fixture_done(&f);
}
END_TEST

START_TEST(an_empty_file_is_taken)
{
    struct fixture f;
    fixture_folder(&f);
    (void)temp_write(&f.temp, "b.db", 0600, "", 0);
    fixture_open(&f);
    fixture_done(&f);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
    struct fixture f;
    fixture_init(&f);
    fixture_close(&f);
    (void)fixture_sql(f.path, "PRAGMA user_version = 4711");
    char text[400];
    (void)snprintf(text, sizeof text,
                   "database \"%s\" has schema 4711, this b24bridge knows up to %zu: install the "
                   "newer b24bridge again, or restore the backup made before it",
                   f.path, migration_count);
    refused(&f, text, true);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused)
{
    struct fixture f;
    fixture_folder(&f);
    static const char garbage[4096] = "this is a letter to my aunt";
    (void)temp_write(&f.temp, "b.db", 0600, garbage, sizeof garbage);
    char text[400];
    (void)snprintf(text, sizeof text,
                   "\"%s\" is not a database and was left as it is: put a backup in its place, or "
                   "name another file",
                   f.path);
    refused(&f, text, true);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(another_programs_database_is_refused)
{
    struct fixture f;
    fixture_folder(&f);
    (void)fixture_sql(f.path, "CREATE TABLE places (id INTEGER PRIMARY KEY)");
    char text[400];
    (void)snprintf(text, sizeof text, "database \"%s\" belongs to another program", f.path);
    refused(&f, text, true);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(a_folder_is_refused)
{
    struct fixture f;
    fixture_folder(&f);
    ck_assert_int_eq(mkdir(f.path, 0700), 0);
    struct err err = {0};
    ck_assert_ptr_null(fixture_try_open(&f, &err));
    char text[400];
    (void)snprintf(text, sizeof text, "cannot open database \"%s\": not a file", f.path);
    ck_assert_str_eq(err.text, text);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(a_missing_folder_is_named)
{
    struct err err = {0};
    struct store *store =
        store_open(&(struct store_options){.path = "/nonexistent/b24bridge/b.db"}, &err);
    ck_assert_ptr_null(store);
    ck_assert_str_eq(err.text, "cannot open \"/nonexistent/b24bridge/b.db.lock\": No such file or "
                               "directory");
}
END_TEST

START_TEST(a_second_process_is_refused)
{
    struct fixture f;
    fixture_init(&f);
    struct err err = {0};
    ck_assert_ptr_null(fixture_try_open(&f, &err));
    char text[400];
    (void)snprintf(text, sizeof text,
                   "database \"%s\" is in use by process %ld, which holds \"%s.lock\"", f.path,
                   (long)getpid(), f.path);
    ck_assert_str_eq(err.text, text);
    /* The first is none the worse. */
    struct event event = fixture_event(&f, "1");
    fixture_put_event(&f, &event);
    fixture_done(&f);
}
END_TEST

static void fill(struct fixture *f)
{
    struct store_change *change = store_change_new();
    for (int i = 0; i < 2000; i++) {
        struct event event = fixture_event(f, "1");
        store_put_event(change, &event);
    }
    fixture_commit(f, change);
}

/* Writes noise over the pages in the middle of the file. */
static void damage(const char *path)
{
    static const char noise[8 * 4096] = {'#', '#', '#', '#'};
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_gt(st.st_size, 32 * 4096);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, noise, sizeof noise, st.st_size / 2 / 4096 * 4096),
                     (ssize_t)sizeof noise);
    (void)close(fd);
}

START_TEST(a_file_damaged_in_a_crash_is_refused)
{
    struct fixture f;
    fixture_init(&f);
    fill(&f);
    fixture_close(&f);
    damage(f.path);
    /* A log that was left behind says that the close was not clean. */
    char wal[160];
    (void)snprintf(wal, sizeof wal, "%s-wal", f.path);
    (void)temp_write(&f.temp, "b.db-wal", 0600, "cut off", 7);
    refused(&f, "is damaged (", false);
    struct err err = {0};
    ck_assert_ptr_null(fixture_try_open(&f, &err));
    char text[500];
    (void)snprintf(text, sizeof text,
                   ") and nothing is written to it: stop b24bridge, put a backup in its place, "
                   "remove \"%s-wal\" and \"%s-shm\", start again",
                   f.path, f.path);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(a_migration_that_fails_leaves_the_last_whole_schema)
{
    static const struct migration list[] = {
        {"0001_one", "CREATE TABLE one (a INTEGER) STRICT;"},
        {"0002_two", "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"},
    };
    struct fixture f;
    fixture_folder(&f);
    struct db db;
    struct err err = {0};
    ck_assert(db_open(&db, f.path, DB_WRITE, &err));
    ck_assert(!migrate_run(&db, list, 2, NULL, &err));
    char text[400];
    (void)snprintf(text, sizeof text,
                   "migration \"0002_two\": database \"%s\": no such table: nowhere", f.path);
    ck_assert_str_eq(err.text, text);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), 1);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM sqlite_schema"), 1);
    /* Mended, it goes on from there. */
    static const struct migration mended[] = {
        {"0001_one", "not looked at any more"},
        {"0002_two", "CREATE TABLE two (a INTEGER) STRICT;"},
    };
    err = (struct err){0};
    ck_assert_msg(migrate_run(&db, mended, 2, NULL, &err), "%s", err.text);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), 2);
    db_close(&db);
    temp_remove(&f.temp);
}
END_TEST

/* ---- files of earlier versions --------------------------------------------------------------- */

/* One of each schema that was released, as tests/fixtures/schema-NNNN.sql. */
enum { RELEASED = 3 };

static void make_old_file(const char *path, int schema)
{
    char name[64], *text = NULL;
    size_t size;
    sqlite3 *db;
    (void)snprintf(name, sizeof name, "tests/fixtures/schema-%04d.sql", schema);
    text = read_file_new(name, &size);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, text, NULL, NULL, NULL);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", name, sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    mem_free(text);
    ck_assert_int_eq(fixture_sql(path, "PRAGMA user_version"), schema);
}

/* Every object of the schema with its text, a line each; mem_free. */
static char *schema_new(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    char *all = mem_strdup("");
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db,
                                        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE "
                                        "name <> 'sqlite_sequence' ORDER BY type, name",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const unsigned char *sql = sqlite3_column_text(stmt, 3);
        char *more = mem_printf("%s%s %s %s %s\n", all, sqlite3_column_text(stmt, 0),
                                sqlite3_column_text(stmt, 1), sqlite3_column_text(stmt, 2),
                                sql != NULL ? (const char *)sql : "");
        mem_free(all);
        all = more;
    }
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return all;
}

static char *fresh_schema_new(void)
{
    struct fixture f;
    fixture_init(&f);
    fixture_close(&f);
    char *schema = schema_new(f.path);
    temp_remove(&f.temp);
    return schema;
}

static void is_sound(const char *path)
{
    ck_assert_int_eq(fixture_sql(path, "PRAGMA user_version"), (int64_t)migration_count);
    ck_assert_int_eq(fixture_sql(path, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                       "integrity_check <> 'ok'"),
                     0);
}

static int64_t count_rows(const char *path)
{
    return fixture_sql(path, "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM run) + "
                             "(SELECT count(*) FROM effect) + (SELECT count(*) FROM trace) + "
                             "(SELECT count(*) FROM snapshot) + (SELECT count(*) FROM fired)");
}

START_TEST(a_file_of_each_released_schema_becomes_as_a_new_one_and_keeps_its_rows)
{
    char *fresh = fresh_schema_new();
    ck_assert_int_le(RELEASED, (int)migration_count);
    for (int schema = 1; schema <= RELEASED; schema++) {
        struct fixture f;
        fixture_folder(&f);
        make_old_file(f.path, schema);
        int64_t rows = count_rows(f.path);
        int64_t waiting =
            fixture_sql(f.path, "SELECT (SELECT count(*) FROM run WHERE state <= 3) + "
                                "(SELECT count(*) FROM event WHERE state = 1)");
        ck_assert_int_gt(rows, 20);
        fixture_open(&f);
        struct run run = {0};
        struct err err = {0};
        bool found = false;
        int64_t id = fixture_sql(f.path, "SELECT max(id) FROM run");
        ck_assert(store_read_run(f.reader, id, &run, &found, &err));
        ck_assert(found);
        run_done(&run);
        ck_assert_int_eq(fixture_health(&f).queued, waiting);
        ck_assert_int_eq(count_rows(f.path), rows);
        fixture_close(&f);
        char *upgraded = schema_new(f.path);
        ck_assert_str_eq(upgraded, fresh);
        mem_free(upgraded);
        is_sound(f.path);
        temp_remove(&f.temp);
    }
    mem_free(fresh);
}
END_TEST

struct fuse {
    int left; /* questions until the end */
    int told;
};

static void die_in_time(void *arg, const struct migration *migration, int64_t from, int64_t to)
{
    struct fuse *fuse = arg;
    (void)migration;
    (void)from;
    (void)to;
    if (fuse->left-- == 0)
        (void)raise(SIGKILL);
}

/* In a child that dies at that moment, or comes to the end: true. */
static bool upgrade_until(const char *path, const struct migration *list, size_t count, int moment,
                          int opcodes)
{
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct db db;
        struct err err = {0};
        struct fuse fuse = {.left = moment};
        const struct migrate_watch watch = {.opcodes = opcodes, .tell = die_in_time, .arg = &fuse};
        bool done =
            db_open(&db, path, DB_WRITE, &err) && migrate_run(&db, list, count, &watch, &err);
        _exit(done ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

/* kill -9 at a hundred and more moments of the way; each time the next start gets to the end. */
START_TEST(an_upgrade_that_was_killed_goes_on_at_the_next_start)
{
    enum { OPCODES = 23 };
    char *fresh = fresh_schema_new();
    int moment = 0;
    for (bool over = false; !over; moment++) {
        struct fixture f;
        fixture_folder(&f);
        make_old_file(f.path, 1);
        int64_t rows = count_rows(f.path);
        over = upgrade_until(f.path, migrations, migration_count, moment, OPCODES);
        fixture_open(&f);
        ck_assert_int_eq(count_rows(f.path), rows);
        fixture_close(&f);
        char *upgraded = schema_new(f.path);
        ck_assert_str_eq(upgraded, fresh);
        mem_free(upgraded);
        is_sound(f.path);
        temp_remove(&f.temp);
    }
    ck_assert_int_gt(moment, 20);
    mem_free(fresh);
}
END_TEST

/* One that rewrites every row and makes an index: what is half done is not there. */
START_TEST(a_step_that_rewrites_rows_is_whole_or_not_at_all)
{
    static const struct migration list[] = {
        {"0001_one", "CREATE TABLE one (a INTEGER, b TEXT) STRICT;"
                     "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < "
                     "20000) INSERT INTO one SELECT i, 'x' FROM n;"},
        {"0002_two", "UPDATE one SET b = 'y' || a; CREATE INDEX one_b ON one (b);"},
        {"0003_three", "ALTER TABLE one ADD COLUMN c TEXT; UPDATE one SET c = b;"},
    };
    enum { OPCODES = 20000, LISTED = 3 };
    struct fixture f;
    fixture_folder(&f);
    int moment = 0, kills = 0;
    struct db db;
    struct err err = {0};
    ck_assert(db_open(&db, f.path, DB_WRITE, &err));
    ck_assert_msg(migrate_run(&db, list, 1, NULL, &err), "%s", err.text);
    db_close(&db);
    /* Each child goes one question further than the one before; a step that gets done stays done.
     */
    while (!upgrade_until(f.path, list, LISTED, moment, OPCODES)) {
        int64_t version = fixture_sql(f.path, "PRAGMA user_version");
        int64_t changed = fixture_sql(f.path, "SELECT count(*) FROM one WHERE b LIKE 'y%'");
        ck_assert_int_eq(changed, version >= 2 ? 20000 : 0);
        moment++;
        kills++;
    }
    ck_assert_int_gt(kills, 10);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), LISTED);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM one WHERE c = 'y' || a"), 20000);
    temp_remove(&f.temp);
}
END_TEST

static void count_steps(void *arg, const char *step, int64_t from, int64_t to)
{
    int *told = arg;
    ck_assert_int_eq(from, 1);
    ck_assert_int_eq(to, (int64_t)migration_count);
    ck_assert_ptr_nonnull(step);
    ++*told;
}

START_TEST(an_upgrade_is_told_of_and_a_new_file_is_none)
{
    struct fixture f;
    int told = 0;
    struct err err = {0};
    struct store_options options = {.upgrading = count_steps, .upgrading_arg = &told};
    fixture_folder(&f);
    options.path = f.path;
    struct store *store = store_open(&options, &err);
    ck_assert_msg(store != NULL, "%s", err.text);
    store_close(store);
    ck_assert_int_eq(told, 0);
    temp_remove(&f.temp);
    fixture_folder(&f);
    make_old_file(f.path, 1);
    store = store_open(&options, &err);
    ck_assert_msg(store != NULL, "%s", err.text);
    store_close(store);
    ck_assert_int_ge(told, (int)migration_count - 1);
    temp_remove(&f.temp);
}
END_TEST

CHECK_MAIN("migrate", a_file_of_each_released_schema_becomes_as_a_new_one_and_keeps_its_rows,
           an_upgrade_that_was_killed_goes_on_at_the_next_start,
           a_step_that_rewrites_rows_is_whole_or_not_at_all,
           an_upgrade_is_told_of_and_a_new_file_is_none, a_new_file_gets_every_migration,
           a_file_of_today_is_opened_again, an_empty_file_is_taken, a_newer_schema_is_refused,
           a_file_that_is_no_database_is_refused, another_programs_database_is_refused,
           a_folder_is_refused, a_missing_folder_is_named, a_second_process_is_refused,
           a_file_damaged_in_a_crash_is_refused,
           a_migration_that_fails_leaves_the_last_whole_schema)
