/* A process that is killed while it writes: what was told to be stored is there, whole. */

#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "common/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/random.h"

/* Each change is an event and a run with the same number; told numbers go through the pipe. */
struct promise {
    int64_t event, run;
};

static void keep_promise(void *arg, bool ok, const struct err *err)
{
    (void)err;
    struct promise *promise = arg;
    if (!ok || write(STDOUT_FILENO, promise, sizeof *promise) != sizeof *promise)
        _exit(1);
    mem_free(promise);
}

/* Does not return. Keeps a few dozen changes in flight, so that groups are of all sizes. */
static void write_until_killed(struct fixture *f, int out)
{
    if (dup2(out, STDOUT_FILENO) < 0)
        _exit(2);
    f->store = fixture_try_open(f, NULL);
    if (f->store == NULL)
        _exit(3);
    for (;;) {
        struct store_health health;
        store_health(f->store, &health);
        if (health.submitted > 64)
            continue;
        struct event event = fixture_event(f, "1");
        struct run run = fixture_run(f, "1", RUN_READY);
        run.cause_event = event.id;
        struct promise *promise = mem_alloc(sizeof *promise);
        *promise = (struct promise){event.id, run.id};
        struct store_change *change = store_change_new();
        store_put_event(change, &event);
        store_put_run(change, &run);
        store_submit(f->store, change, keep_promise, promise);
    }
}

static void check_promise(sqlite3_stmt *both, const struct promise *promise)
{
    ck_assert_int_eq(sqlite3_reset(both), SQLITE_OK);
    ck_assert_int_eq(sqlite3_bind_int64(both, 1, promise->run), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(both), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int64(both, 0), promise->event);
}

/* Reads promises, kills the child after `most` of them, then reads what it still said. */
static int hear_and_kill(pid_t child, int in, int most, struct promise *promises, int room)
{
    int heard = 0;
    bool killed = false;
    for (; heard < room; heard++) {
        if (read(in, &promises[heard], sizeof promises[heard]) != sizeof promises[heard])
            break;
        if (!killed && heard + 1 >= most) {
            ck_assert_int_eq(kill(child, SIGKILL), 0);
            killed = true;
        }
    }
    ck_assert(killed);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    return heard;
}

START_TEST(what_was_told_survives_a_kill)
{
    enum { ROOM = 100000, ROUNDS = 8 };
    static struct promise promises[ROOM];
    struct random random = {.state = 20260120};
    struct fixture f;
    int heard = 0;
    fixture_init(&f);
    fixture_close(&f);
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            (void)close(ends[0]);
            write_until_killed(&f, ends[1]);
        }
        (void)close(ends[1]);
        int most = 1 + (int)(random_next(&random) % 1500);
        heard += hear_and_kill(child, ends[0], most, promises + heard, ROOM - heard);
        (void)close(ends[0]);

        fixture_open(&f); /* the lock of the dead is gone with it */
        ck_assert_int_ge(fixture_health(&f).queued, 2 * heard);
        fixture_close(&f);
        sqlite3 *db;
        sqlite3_stmt *both;
        ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_prepare_v2(db,
                                            "SELECT event.id FROM run JOIN event ON event.id = "
                                            "run.cause_event WHERE run.id = ?1",
                                            -1, &both, NULL),
                         SQLITE_OK);
        for (int i = 0; i < heard; i++)
            check_promise(both, &promises[i]);
        (void)sqlite3_finalize(both);
        (void)sqlite3_close(db);
        /* Nor is there half of anything. */
        ck_assert_int_eq(fixture_sql(f.path, "SELECT (SELECT count(*) FROM event) - "
                                             "(SELECT count(*) FROM run)"),
                         0);
        ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM pragma_integrity_check "
                                             "WHERE integrity_check <> 'ok'"),
                         0);
    }
    ck_assert_int_gt(heard, ROUNDS);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("recovery", what_was_told_survives_a_kill)
