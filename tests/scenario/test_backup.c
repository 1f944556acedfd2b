/* `b24bridge backup`: a copy while events stream in, and a daemon that starts on it. */

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/house_check.h"
#include "tests/support/stream.h"

static const char rule[] = "[rule first]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = {{deal.title}}\n";

static char *path_new(const struct house *h, const char *name)
{
    return mem_printf("%s/%s", house_folder(h), name);
}

static struct house_said back_up(struct house *h, const char *file, int code, const char *option)
{
    struct house_said said = house_verb(h, (const char *const[]){"backup", file, option, NULL});
    ck_assert_msg(said.code == code, "%d: %s%s", said.code, said.out, said.err);
    return said;
}

static int64_t number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return value;
}

enum { SENDERS = 4, BACKUPS = 5 };

START_TEST(backups_under_a_stream_are_whole_and_refuse_nobody)
{
    struct house *h = house_with(rule);
    char *file = path_new(h, "copy.db");
    struct stream *stream = stream_start(h, SENDERS);
    int64_t before = 0;
    for (int i = 0; i < BACKUPS; i++) {
        int64_t accepted = stream_accepted(stream);
        HOUSE_UNTIL_WITHIN(h, 60, stream_accepted(stream) >= accepted + 100);
        accepted = stream_accepted(stream);
        struct house_said said = back_up(h, file, 0, NULL);
        house_said_done(&said);
        int64_t events = number(file, "SELECT count(*) FROM event");
        ck_assert_int_ge(events, accepted); /* what was answered before it began is in it */
        ck_assert_int_gt(events, before);
        before = events;
        ck_assert_int_eq(number(file, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                      "integrity_check <> 'ok'"),
                         0);
    }
    struct stream_count count = stream_stop(stream);
    ck_assert_int_eq(count.accepted, count.sent);
    ck_assert_int_eq(count.refused + count.broken + count.other, 0);
    ck_assert_int_eq(count.missing, 0);
    ck_assert_int_eq(count.twice, 0);
    struct stat st;
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    mem_free(file);
    house_close(h);
}
END_TEST

START_TEST(a_daemon_starts_on_the_copy_and_goes_on)
{
    struct house *h = house_with(rule);
    char *file = path_new(h, "copy.db"), *database = path_new(h, "b24bridge.db");
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1);
    struct house_said said = back_up(h, file, 0, "--json");
    struct err err = {0};
    JV_AUTO *told = jv_parse_new(said.out, strlen(said.out), &err);
    struct stat st;
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_str_eq(jv_text(told, "file", ""), file);
    ck_assert_int_eq(jv_int(told, "bytes", 0), (int64_t)st.st_size);
    ck_assert_int_eq(jv_int(told, "schema", 0), number(file, "PRAGMA user_version"));
    house_said_done(&said);
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert_int_eq(rename(file, database), 0);
    house_start(h);
    ck_assert_int_eq(house_count_runs(h, "first", "done"), 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add", NULL);
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Полы"));
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 2);
    mem_free(file);
    mem_free(database);
    house_close(h);
}
END_TEST

/* The daemon is not needed for it, and nothing is left beside the database that it did not have. */
START_TEST(a_backup_is_made_without_a_daemon_too)
{
    struct house *h = house_with(rule);
    char *file = path_new(h, "copy.db"), *wal = path_new(h, "b24bridge.db-wal");
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1);
    house_kill(h);
    struct stat before, after;
    ck_assert_int_eq(stat(wal, &before), 0); /* what was committed last is in the log only */
    struct house_said said = back_up(h, file, 0, NULL);
    ck_assert_msg(strstr(said.out, "copied in ") != NULL, "%s", said.out);
    house_said_done(&said);
    ck_assert_int_eq(stat(wal, &after), 0);
    ck_assert_int_eq(before.st_size, after.st_size);
    ck_assert_int_eq(number(file, "SELECT count(*) FROM run WHERE state = 4"), 1);
    house_start(h);
    ck_assert_int_eq(house_count_runs(h, "first", "done"), 1);
    mem_free(file);
    mem_free(wal);
    house_close(h);
}
END_TEST

START_TEST(what_cannot_be_done_is_said_and_nothing_is_left)
{
    struct house *h = house_with(rule);
    char *rules = path_new(h, "rules.d/10-test.ini"),
         *text = mem_printf(
             "b24bridge: \"%s\" is there and is no backup of b24bridge: it stays as it is\n",
             rules);
    struct house_said said = back_up(h, rules, 2, NULL);
    ck_assert_str_eq(said.err, text);
    ck_assert_str_eq(said.out, "");
    house_said_done(&said);
    said = house_verb(h, (const char *const[]){"backup", NULL});
    ck_assert_int_eq(said.code, 2);
    ck_assert_str_eq(
        said.err, "b24bridge backup: something is missing; the form is: b24bridge backup FILE\n");
    house_said_done(&said);
    mem_free(text);
    mem_free(rules);
    house_close(h);
}
END_TEST

/* ---- files of other versions ----------------------------------------------------------------- */

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static char *read_new(const char *path)
{
    enum { MOST = 1 << 20 };
    char *text = mem_alloc(MOST);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, MOST - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

START_TEST(a_database_of_the_first_schema_is_upgraded_and_served)
{
    struct house *h = house_with(rule);
    char *database = path_new(h, "b24bridge.db");
    char *old = read_new("tests/fixtures/schema-0001.sql");
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert_int_eq(unlink(database), 0);
    run_sql(database, old);
    house_start(h);
    char *log = house_daemon_log(h);
    ck_assert_ptr_nonnull(strstr(log,
                                 "upgrading the database, step by step; it may be stopped at any "
                                 "time and goes on from the last whole step from=1 to="));
    ck_assert_ptr_nonnull(strstr(log, "the database is upgraded took="));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1);
    mem_free(log);
    mem_free(old);
    mem_free(database);
    house_close(h);
}
END_TEST

START_TEST(a_newer_schema_is_refused_with_both_numbers)
{
    struct house *h = house_with(rule);
    char *database = path_new(h, "b24bridge.db");
    ck_assert_int_eq(house_stop(h), 0);
    int64_t schema = number(database, "PRAGMA user_version");
    run_sql(database, "PRAGMA user_version = 4711");
    struct house_said said = house_verb(h, (const char *const[]){"serve", NULL});
    ck_assert_int_eq(said.code, 2);
    char *text = mem_printf("has schema 4711, this b24bridge knows up to %lld: install the newer "
                            "b24bridge again, or restore the backup made before it",
                            (long long)schema);
    ck_assert_msg(strstr(said.err, text) != NULL, "%s", said.err);
    char *back = mem_printf("PRAGMA user_version = %lld", (long long)schema);
    run_sql(database, back);
    house_said_done(&said);
    mem_free(back);
    mem_free(text);
    mem_free(database);
    house_start(h);
    house_close(h);
}
END_TEST

CHECK_MAIN("backup", a_database_of_the_first_schema_is_upgraded_and_served,
           a_newer_schema_is_refused_with_both_numbers,
           backups_under_a_stream_are_whole_and_refuse_nobody,
           a_daemon_starts_on_the_copy_and_goes_on, a_backup_is_made_without_a_daemon_too,
           what_cannot_be_done_is_said_and_nothing_is_left)
