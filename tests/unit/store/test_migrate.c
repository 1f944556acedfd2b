/* What a start finds at the path, and what it refuses to touch. */

#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

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
    ck_assert(!migrate_run(&db, list, 2, &err));
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
    ck_assert_msg(migrate_run(&db, mended, 2, &err), "%s", err.text);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), 2);
    db_close(&db);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(a_file_of_the_first_schema_is_upgraded)
{
    struct fixture f;
    fixture_folder(&f);
    struct db db;
    struct err err = {0};
    ck_assert(db_open(&db, f.path, DB_WRITE, &err));
    ck_assert_msg(migrate_run(&db, migrations, 1, &err), "%s", err.text);
    ck_assert(db_run(&db, "INSERT INTO setting (name, value) VALUES ('born_ms', '17')", &err));
    db_close(&db);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), 1);
    fixture_open(&f);
    char value[8];
    bool found = false;
    ck_assert(store_read_setting(f.reader, "born_ms", value, sizeof value, &found, &err));
    ck_assert(found);
    ck_assert_str_eq(value, "17");
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA user_version"), (int64_t)migration_count);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM timer"), 0);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("migrate", a_file_of_the_first_schema_is_upgraded, a_new_file_gets_every_migration,
           a_file_of_today_is_opened_again, an_empty_file_is_taken, a_newer_schema_is_refused,
           a_file_that_is_no_database_is_refused, another_programs_database_is_refused,
           a_folder_is_refused, a_missing_folder_is_named, a_second_process_is_refused,
           a_file_damaged_in_a_crash_is_refused,
           a_migration_that_fails_leaves_the_last_whole_schema)
