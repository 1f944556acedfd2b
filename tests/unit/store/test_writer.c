/* The writer: groups, order, callbacks. */

#include "told.h"

#include <sys/stat.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

/* A writer that stands still in a callback, so that changes gather behind it. */
struct gate {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool entered, open;
};

static void wait_at_gate(void *arg, bool ok, const struct err *err)
{
    struct gate *gate = arg;
    (void)ok;
    (void)err;
    pthread_mutex_lock(&gate->mutex);
    gate->entered = true;
    pthread_cond_broadcast(&gate->wake);
    while (!gate->open)
        pthread_cond_wait(&gate->wake, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_shut(struct gate *gate, struct fixture *f)
{
    *gate = (struct gate){.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    store_submit(f->store, store_change_new(), wait_at_gate, gate);
    pthread_mutex_lock(&gate->mutex);
    while (!gate->entered)
        pthread_cond_wait(&gate->wake, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->wake);
    pthread_mutex_unlock(&gate->mutex);
}

/* ---- groups ---------------------------------------------------------------------------------- */

START_TEST(changes_that_gathered_share_one_commit)
{
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, 100);
    gate_shut(&gate, &f);
    int64_t commits = fixture_health(&f).commits;
    for (int i = 0; i < 100; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    ck_assert_int_eq(fixture_health(&f).submitted, 100); /* the one in the gate is committed */
    gate_open(&gate);
    told_wait(&told);
    ck_assert_int_eq(told.good, 100);
    /* One, but for a machine that is so slow that a group ends by its time. */
    ck_assert_int_le(fixture_health(&f).commits, commits + 10);
    ck_assert_int_eq(fixture_health(&f).queued, 100);
    fixture_done(&f);
}
END_TEST

/* Both lanes wait behind the gate; `order` says when number `number` was told. */
static int told_at(const struct told *told, int number)
{
    int at = 0;
    while (at < told->count && told->order[at] != number)
        at++;
    return at;
}

START_TEST(an_arrival_goes_before_the_work_that_waits)
{
    enum { WORK = 1500 };
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, WORK + 2);
    gate_shut(&gate, &f);
    for (int i = 0; i < WORK; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    submit_arrival(&f, one_event(&f, "1"), &told, WORK);
    submit_arrival(&f, one_event(&f, "1"), &told, WORK + 1);
    gate_open(&gate);
    told_wait(&told);
    ck_assert_int_eq(told.order[0], WORK);
    ck_assert_int_eq(told.order[1], WORK + 1);
    for (int i = 0; i < WORK; i++)
        ck_assert_int_eq(told.order[i + 2], i);
    fixture_done(&f);
}
END_TEST

START_TEST(a_rush_of_arrivals_leaves_the_work_its_part_of_a_group)
{
    enum { ARRIVALS = 1500 };
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, ARRIVALS + 1);
    gate_shut(&gate, &f);
    for (int i = 0; i < ARRIVALS; i++)
        submit_arrival(&f, one_event(&f, "1"), &told, i);
    submit(&f, one_event(&f, "1"), &told, ARRIVALS);
    gate_open(&gate);
    told_wait(&told);
    ck_assert_int_eq(told.good, ARRIVALS + 1);
    ck_assert_int_lt(told_at(&told, ARRIVALS), 512);
    fixture_done(&f);
}
END_TEST

START_TEST(changes_are_told_in_the_order_they_came)
{
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, 2000);
    gate_shut(&gate, &f);
    for (int i = 0; i < 2000; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    gate_open(&gate);
    told_wait(&told);
    for (int i = 0; i < 2000; i++)
        ck_assert_int_eq(told.order[i], i);
    fixture_done(&f);
}
END_TEST

START_TEST(a_backlog_is_committed_in_groups_of_512)
{
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, 2000);
    gate_shut(&gate, &f);
    int64_t commits = fixture_health(&f).commits;
    for (int i = 0; i < 2000; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    gate_open(&gate);
    told_wait(&told);
    ck_assert_int_ge(fixture_health(&f).commits, commits + 4);
    ck_assert_int_eq(events_in(&f), 2000);
    fixture_done(&f);
}
END_TEST

/* A run in a state that the schema does not know. */
static void put_bad(struct fixture *f, struct store_change *change)
{
    struct run run = fixture_run(f, "9", (enum run_state)42);
    store_put_run(change, &run);
}

START_TEST(a_bad_change_fails_alone)
{
    struct fixture f;
    struct gate gate;
    static struct told told, bad;
    fixture_init(&f);
    told_init(&told, 50);
    told_init(&bad, 2);
    gate_shut(&gate, &f);
    for (int i = 0; i < 50; i++) {
        submit(&f, one_event(&f, "1"), &told, i);
        if (i == 10 || i == 30) {
            struct store_change *change = one_event(&f, "2");
            put_bad(&f, change);
            submit(&f, change, &bad, i);
        }
    }
    gate_open(&gate);
    told_wait(&told);
    told_wait(&bad);
    ck_assert_int_eq(told.good, 50);
    ck_assert_int_eq(bad.good, 0);
    ck_assert_msg(strstr(bad.text, "CHECK constraint failed: state BETWEEN 1 AND 7") != NULL, "%s",
                  bad.text);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM event WHERE entity_id = '1'"), 50);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM event WHERE entity_id = '2'"), 0);
    ck_assert_int_eq(fixture_health(&f).queued, 50);
    ck_assert_int_eq(fixture_health(&f).failures, 2);
    ck_assert(fixture_health(&f).ok);
    fixture_done(&f);
}
END_TEST

START_TEST(a_change_is_stored_whole_or_not_at_all)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = one_event(&f, "1");
    store_put_setting(change, "half", "done");
    put_bad(&f, change);
    struct err err = {0};
    ck_assert(!store_commit(f.store, change, &err));
    ck_assert_int_eq(events_in(&f), 0);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM setting WHERE name = 'half'"), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_close_commits_what_was_submitted)
{
    struct fixture f;
    struct gate gate;
    static struct told told;
    fixture_init(&f);
    told_init(&told, 700);
    gate_shut(&gate, &f);
    for (int i = 0; i < 700; i++)
        submit(&f, one_event(&f, "1"), &told, i);
    gate_open(&gate);
    fixture_close(&f);
    ck_assert_int_eq(told.good, 700);
    ck_assert_int_eq(events_in(&f), 700);
    fixture_open(&f);
    fixture_done(&f);
}
END_TEST

START_TEST(what_was_told_can_be_read)
{
    struct fixture f;
    fixture_init(&f);
    struct entity deal = fixture_deal("1");
    for (int i = 1; i <= 20; i++) {
        fixture_commit(&f, one_event(&f, "1"));
        struct event *events;
        int64_t count;
        ck_assert(store_read_events(f.reader, 1, &deal, 100, &events, &count, NULL));
        ck_assert_int_eq(count, i);
        for (int64_t k = 0; k < count; k++)
            event_done(&events[k]);
        mem_free(events);
    }
    fixture_done(&f);
}
END_TEST

struct sender {
    struct fixture *f;
    int sent;
};

static void *send_many(void *arg)
{
    struct sender *sender = arg;
    for (int i = 0; i < 200; i++)
        sender->sent += store_commit(sender->f->store, one_event(sender->f, "1"), NULL);
    return NULL;
}

static void *ask_often(void *arg)
{
    struct fixture *f = arg;
    struct store_reader *reader = store_reader_open(f->store, NULL);
    struct waiting_entity waiting[64];
    for (int i = 0; i < 300; i++) {
        struct event_cursor cursor = {0};
        int64_t count;
        ck_assert(store_read_new(reader, 1, &cursor, 64, waiting, &count, NULL));
        store_probe(f->store);
        store_prune(f->store, 1, 10);
        ck_assert(fixture_health(f).ok);
    }
    store_reader_close(reader);
    return NULL;
}

START_TEST(many_threads_write_and_read_at_once)
{
    enum { SENDERS = 6 };
    struct fixture f;
    fixture_init(&f);
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS], asking;
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&f, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&asking, NULL, ask_often, &f), 0);
    for (int i = 0; i < SENDERS; i++) {
        (void)pthread_join(threads[i], NULL);
        ck_assert_int_eq(senders[i].sent, 200);
    }
    (void)pthread_join(asking, NULL);
    ck_assert_int_eq(events_in(&f), SENDERS * 200);
    ck_assert_int_eq(fixture_health(&f).queued, SENDERS * 200);
    fixture_done(&f);
}
END_TEST

START_TEST(health_tells_what_was_done)
{
    struct fixture f;
    fixture_init(&f);
    struct store_health before = fixture_health(&f);
    ck_assert(before.ok);
    ck_assert_str_eq(before.why, "");
    int64_t now_ms = clock_wall_ms();
    fixture_commit(&f, one_event(&f, "1"));
    struct store_health after = fixture_health(&f);
    ck_assert_int_eq(after.commits, before.commits + 1);
    ck_assert_int_eq(after.rows, before.rows + 1);
    ck_assert_int_ge(after.last_commit_ms, now_ms);
    ck_assert_int_gt(after.commit_us_last, 0);
    ck_assert_int_ge(after.commit_us_most, after.commit_us_last);
    ck_assert_int_gt(after.wal_bytes, 0);
    fixture_done(&f);
}
END_TEST

START_TEST(the_log_stays_small_and_a_close_leaves_none)
{
    struct fixture f;
    static struct told told;
    fixture_init(&f);
    int64_t most = 0;
    for (int round = 0; round < 40; round++) {
        told_init(&told, 500);
        for (int i = 0; i < 500; i++)
            submit(&f, one_event(&f, "1"), &told, i);
        told_wait(&told);
        int64_t bytes = fixture_health(&f).wal_bytes;
        most = bytes > most ? bytes : most;
    }
    ck_assert_int_lt(most, 12 << 20);
    struct stat st;
    char wal[160];
    (void)snprintf(wal, sizeof wal, "%s-wal", f.path);
    ck_assert_int_eq(stat(wal, &st), 0);
    fixture_close(&f);
    ck_assert_int_ne(stat(wal, &st), 0);
    fixture_open(&f);
    fixture_done(&f);
}
END_TEST

START_TEST(nothing_is_waiting_when_all_is_told)
{
    struct fixture f;
    fixture_init(&f);
    fixture_commit(&f, one_event(&f, "1"));
    while (fixture_health(&f).submitted != 0)
        fixture_breathe();
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("writer", an_arrival_goes_before_the_work_that_waits,
           a_rush_of_arrivals_leaves_the_work_its_part_of_a_group,
           changes_that_gathered_share_one_commit, changes_are_told_in_the_order_they_came,
           a_backlog_is_committed_in_groups_of_512, a_bad_change_fails_alone,
           a_change_is_stored_whole_or_not_at_all, a_close_commits_what_was_submitted,
           what_was_told_can_be_read, many_threads_write_and_read_at_once,
           health_tells_what_was_done, the_log_stays_small_and_a_close_leaves_none,
           nothing_is_waiting_when_all_is_told)
