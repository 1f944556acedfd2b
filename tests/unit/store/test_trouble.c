/* What the writer does when the disk or the file fails it. */

#include "told.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

/* ---- trouble --------------------------------------------------------------------------------- */

/* The disk fills up: no file may grow beyond what the log has now. */
static void fill_disk(struct fixture *f)
{
    struct stat st;
    char wal[160];
    (void)snprintf(wal, sizeof wal, "%s-wal", f->path);
    ck_assert_int_eq(stat(wal, &st), 0);
    struct rlimit limit = {.rlim_cur = (rlim_t)st.st_size, .rlim_max = RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void free_disk(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_refuses_at_once_and_recovers_by_itself)
{
    struct fixture f;
    static struct told told;
    fixture_init(&f);
    fixture_commit(&f, one_event(&f, "1"));
    fill_disk(&f);
    struct err err = {0};
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    ck_assert_msg(strstr(err.text, "disk I/O error") != NULL ||
                      strstr(err.text, "database or disk is full") != NULL,
                  "%s", err.text);
    struct store_health health = fixture_health(&f);
    ck_assert(!health.ok);
    ck_assert_str_eq(health.why, err.text);
    /* Now nothing waits for the disk any more, and reading still works. */
    told_init(&told, 1000);
    int64_t start_ms = clock_mono_ms();
    for (int i = 0; i < 1000; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    told_wait(&told);
    ck_assert_int_lt(clock_mono_ms() - start_ms, 2000);
    ck_assert_int_eq(told.good, 0);
    struct event_cursor cursor = {0};
    struct waiting_entity waiting[4];
    int64_t count;
    ck_assert(store_read_new(f.reader, 1, &cursor, 4, waiting, &count, NULL));
    ck_assert_int_eq(count, 1);
    /* Room again: the next probe finds it out. */
    free_disk();
    while (!fixture_health(&f).ok)
        fixture_breathe();
    ck_assert_str_eq(fixture_health(&f).why, "");
    fixture_commit(&f, one_event(&f, "1"));
    ck_assert_int_eq(events_in(&f), 2);
    ck_assert_int_eq(fixture_health(&f).queued, 2);
    fixture_done(&f);
}
END_TEST

START_TEST(a_lock_of_somebody_else_is_waited_for_shortly)
{
    struct fixture f;
    fixture_init(&f);
    sqlite3 *other;
    ck_assert_int_eq(sqlite3_open(f.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct err err = {0};
    int64_t start_ms = clock_mono_ms();
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    ck_assert_int_lt(clock_mono_ms() - start_ms, 1900); /* 503 within two seconds */
    char text[300];
    (void)snprintf(text, sizeof text, "database \"%s\": database is locked", f.path);
    ck_assert_str_eq(err.text, text);
    ck_assert(!fixture_health(&f).ok);
    ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    store_probe(f.store);
    fixture_commit(&f, one_event(&f, "1"));
    ck_assert(fixture_health(&f).ok);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    fixture_done(&f);
}
END_TEST

START_TEST(a_file_that_was_moved_away_takes_no_changes)
{
    struct fixture f;
    fixture_init(&f);
    char away[160], text[300];
    (void)snprintf(away, sizeof away, "%s.away", f.path);
    ck_assert_int_eq(rename(f.path, away), 0);
    struct err err = {0};
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    (void)snprintf(text, sizeof text,
                   "\"%s\", which is open, is no longer there (No such file or directory)", f.path);
    ck_assert_str_eq(err.text, text);
    /* Another in its place is not better. */
    (void)temp_write(&f.temp, "b.db", 0600, "", 0);
    store_probe(f.store);
    err = (struct err){0};
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    (void)snprintf(text, sizeof text, "\"%s\" is no longer the file that was opened", f.path);
    ck_assert_str_eq(err.text, text);
    ck_assert_str_eq(fixture_health(&f).why, text);
    /* It comes back. */
    ck_assert_int_eq(rename(away, f.path), 0);
    store_probe(f.store);
    fixture_commit(&f, one_event(&f, "1"));
    ck_assert(fixture_health(&f).ok);
    ck_assert_int_eq(events_in(&f), 1);
    fixture_done(&f);
}
END_TEST

START_TEST(a_file_that_was_emptied_takes_no_changes)
{
    struct fixture f;
    fixture_init(&f);
    char text[300];
    struct err err = {0};
    ck_assert_int_eq(truncate(f.path, 0), 0);
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    (void)snprintf(text, sizeof text, "\"%s\" was emptied or overwritten while it was open",
                   f.path);
    ck_assert_str_eq(err.text, text);
    ck_assert_str_eq(fixture_health(&f).why, text);
    fixture_done(&f);
}
END_TEST

START_TEST(a_log_that_was_removed_is_noticed_without_any_change)
{
    struct fixture f;
    fixture_init(&f);
    char wal[160];
    (void)snprintf(wal, sizeof wal, "%s-wal", f.path);
    ck_assert_int_eq(unlink(wal), 0);
    while (fixture_health(&f).ok)
        fixture_breathe();
    ck_assert_ptr_nonnull(strstr(fixture_health(&f).why, "-wal\", which is open, is no longer"));
    fixture_done(&f);
}
END_TEST

static uint64_t sum_of(const char *path)
{
    uint64_t sum = 14695981039346656037U;
    unsigned char bytes[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (ssize_t size; (size = read(fd, bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < size; i++)
            sum = (sum ^ bytes[i]) * 1099511628211U;
    (void)close(fd);
    return sum;
}

static void fill_and_damage(struct fixture *f)
{
    struct store_change *change = store_change_new();
    for (int i = 0; i < 3000; i++) {
        struct event event = fixture_event(f, "1");
        store_put_event(change, &event);
        store_put_event_seen(change, event.id);
    }
    fixture_commit(f, change);
    fixture_close(f);
    fixture_open(f); /* with nothing of it in memory */
    struct stat st;
    ck_assert_int_eq(stat(f->path, &st), 0);
    static const char noise[64 * 4096] = {'#', '#', '#', '#'};
    int fd = open(f->path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, noise, sizeof noise, st.st_size / 4 / 4096 * 4096),
                     (ssize_t)sizeof noise);
    (void)fsync(fd);
    (void)close(fd);
}

START_TEST(a_damaged_file_is_never_written_again)
{
    struct fixture f;
    fixture_init(&f);
    fill_and_damage(&f);
    uint64_t sum = sum_of(f.path);
    store_prune(f.store, 2000, 250); /* the old events lie in the damaged part */
    for (int i = 0; i < 100 && fixture_health(&f).ok; i++) {
        struct store_change *change = store_change_new();
        store_put_setting(change, "try", "again");
        if (!store_commit(f.store, change, NULL))
            break;
        store_prune(f.store, 2000, 250);
    }
    struct store_health health = fixture_health(&f);
    ck_assert(!health.ok);
    char text[400];
    (void)snprintf(text, sizeof text, "database \"%s\" is damaged (", f.path);
    ck_assert_int_eq(strncmp(health.why, text, strlen(text)), 0);
    ck_assert_ptr_nonnull(strstr(health.why, "and nothing is written to it: stop b24bridge, put a "
                                             "backup in its place, remove"));
    store_probe(f.store);
    struct err err = {0};
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    ck_assert_str_eq(err.text, health.why);
    fixture_close(&f);
    ck_assert(sum_of(f.path) == sum);
    temp_remove(&f.temp);
}
END_TEST

START_TEST(damage_that_a_reader_finds_stops_the_writer)
{
    struct fixture f;
    fixture_init(&f);
    fill_and_damage(&f);
    struct err err = {0};
    for (int64_t id = 1; id <= 3000 && err.text[0] == '\0'; id++) {
        struct entity itself = {.type = ENTITY_NONE};
        struct event *events;
        int64_t count;
        (void)snprintf(itself.id, sizeof itself.id, "%lld", (long long)id);
        if (store_read_events(f.reader, 1, &itself, 1, &events, &count, &err))
            mem_free(events);
    }
    char text[300];
    (void)snprintf(text, sizeof text, "database \"%s\": database disk image is malformed", f.path);
    ck_assert_str_eq(err.text, text);
    err = (struct err){0};
    ck_assert(!store_commit(f.store, one_event(&f, "1"), &err));
    (void)snprintf(text, sizeof text, "database \"%s\" is damaged (database ", f.path);
    ck_assert_int_eq(strncmp(err.text, text, strlen(text)), 0);
    ck_assert(!fixture_health(&f).ok);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("trouble", a_full_disk_refuses_at_once_and_recovers_by_itself,
           a_lock_of_somebody_else_is_waited_for_shortly,
           a_file_that_was_moved_away_takes_no_changes, a_file_that_was_emptied_takes_no_changes,
           a_log_that_was_removed_is_noticed_without_any_change,
           a_damaged_file_is_never_written_again, damage_that_a_reader_finds_stops_the_writer)
