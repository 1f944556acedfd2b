/* What pruning has emptied goes back to the disk. */

#include "fixture.h"

#include <sys/stat.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

enum { EVENTS = 9000, BODY = 1400, PATIENCE_MS = 40000 };

static void put_events(struct fixture *f)
{
    char body[BODY];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < EVENTS; i += 1000) {
        struct store_change *change = store_change_new();
        for (int k = 0; k < 1000; k++) {
            struct event event = fixture_event(f, "1");
            event.body = body;
            store_put_event(change, &event);
            store_put_event_seen(change, event.id);
        }
        fixture_commit(f, change);
    }
}

static void prune_all(struct fixture *f)
{
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    while (fixture_health(f).pruned < EVENTS) {
        store_prune(f->store, 2000, EVENTS);
        fixture_breathe();
        ck_assert_int_lt(clock_mono_ms(), until_ms);
    }
}

static int64_t pages(struct fixture *f)
{
    return fixture_sql(f->path, "PRAGMA page_count");
}

static int64_t file_bytes(struct fixture *f)
{
    struct stat st;
    ck_assert_int_eq(stat(f->path, &st), 0);
    return (int64_t)st.st_size;
}

START_TEST(a_pruned_file_shrinks_by_itself)
{
    struct fixture f;
    fixture_init(&f);
    put_events(&f);
    int64_t before = pages(&f);
    prune_all(&f);
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    while (pages(&f) > before / 2) {
        fixture_breathe();
        ck_assert_int_lt(clock_mono_ms(), until_ms);
    }
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                         "integrity_check = 'ok'"),
                     1);
    fixture_close(&f);
    ck_assert_int_lt(file_bytes(&f), before * 4096 * 6 / 10);
    fixture_open(&f);
    fixture_done(&f);
}
END_TEST

/* Room for what comes next stays: a file that only breathes is left alone. */
START_TEST(a_little_free_space_stays)
{
    struct fixture f;
    fixture_init(&f);
    put_events(&f);
    int64_t before = pages(&f);
    store_prune(f.store, 2000, EVENTS / 10);
    while (fixture_health(&f).pruned < EVENTS / 10)
        fixture_breathe();
    int64_t commits = fixture_health(&f).commits;
    struct store_change *change = store_change_new();
    store_put_setting(change, "a", "b");
    fixture_commit(&f, change);
    ck_assert_int_eq(fixture_health(&f).commits, commits + 1);
    ck_assert_int_ge(pages(&f), before);
    ck_assert_int_gt(fixture_sql(f.path, "PRAGMA freelist_count"), 0);
    fixture_done(&f);
}
END_TEST

/* Made before files could shrink: it goes on as it is, and its free pages are used again. */
START_TEST(an_old_file_keeps_its_size)
{
    struct fixture f;
    fixture_folder(&f);
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL; "
                                  "CREATE TABLE x (a); DROP TABLE x",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    fixture_open(&f);
    ck_assert_int_eq(fixture_sql(f.path, "PRAGMA auto_vacuum"), 0);
    put_events(&f);
    int64_t before = pages(&f);
    prune_all(&f);
    put_events(&f);
    ck_assert_int_ge(pages(&f), before);
    ck_assert_int_le(pages(&f), before + 8);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("space", a_pruned_file_shrinks_by_itself, a_little_free_space_stays,
           an_old_file_keeps_its_size)
