#include "fixture.h"

#include "tests/support/check_main.h"

static int64_t main_portal(struct fixture *f)
{
    int64_t portal;
    struct err err = {0};
    ck_assert_msg(store_portal_id(f->store, "main", &portal, &err), "%s", err.text);
    return portal;
}

struct told {
    int count;
    int64_t events;
};

static void note(void *arg, const struct silence_row *row)
{
    struct told *told = arg;
    ck_assert_int_eq(row->slot, 10);
    ck_assert_int_eq(row->at_ms, 1000 + row->lap);
    told->count++;
    told->events += row->events;
}

START_TEST(an_hour_of_the_same_lap_takes_the_place_of_the_one_before)
{
    struct fixture f;
    fixture_init(&f);
    int64_t portal = main_portal(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 8; i++)
        store_put_silence(change, &(struct silence_row){portal, 10, i, 1, 100});
    for (int i = 0; i < 8; i++)
        store_put_silence(change, &(struct silence_row){portal, 10, i, 1000 + i, 5});
    store_put_silence(change, &(struct silence_row){portal + 1, 11, 0, 1, 1});
    fixture_commit(&f, change);
    struct told told = {0};
    struct err err = {0};
    ck_assert_msg(store_read_silence(f.reader, portal, note, &told, &err), "%s", err.text);
    ck_assert_int_eq(told.count, 8);
    ck_assert_int_eq(told.events, 40);
    fixture_done(&f);
}
END_TEST

START_TEST(a_slot_that_is_no_hour_of_a_week_is_refused)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    struct err err = {0};
    store_put_silence(change, &(struct silence_row){1, 168, 0, 1, 1});
    ck_assert(!store_commit(f.store, change, &err));
    fixture_done(&f);
}
END_TEST

START_TEST(when_a_portal_was_heard_is_kept)
{
    struct fixture f;
    fixture_init(&f);
    int64_t portal = main_portal(&f), heard, at;
    ck_assert(store_read_heard(f.reader, portal, &heard, &at, NULL));
    ck_assert_int_eq(heard, 0);
    ck_assert_int_eq(at, 0);
    struct store_change *change = store_change_new();
    store_put_heard(change, portal, 100, 200);
    store_put_heard(change, portal, 300, 400);
    fixture_commit(&f, change);
    ck_assert(store_read_heard(f.reader, portal, &heard, &at, NULL));
    ck_assert_int_eq(heard, 300);
    ck_assert_int_eq(at, 400);
    fixture_done(&f);
}
END_TEST

static void put_run(struct fixture *f, int64_t portal, enum run_state state, int priority,
                    int64_t due_ms)
{
    struct run run = {.id = store_next_id(f->store),
                      .portal = portal,
                      .rule = "r",
                      .entity = {.type = ENTITY_DEAL, .id = "1"},
                      .state = state,
                      .priority = (enum priority)priority,
                      .due_ms = due_ms};
    struct store_change *change = store_change_new();
    store_put_run(change, &run);
    fixture_commit(f, change);
}

START_TEST(waiting_runs_that_should_have_woken_are_overdue)
{
    struct fixture f;
    fixture_init(&f);
    int64_t portal = main_portal(&f), count, oldest;
    put_run(&f, portal, RUN_WAITING, PRIORITY_NORMAL, 500);
    put_run(&f, portal, RUN_WAITING, PRIORITY_BULK, 300);
    put_run(&f, portal, RUN_WAITING, PRIORITY_NORMAL, 1000); /* not before 1000 */
    put_run(&f, portal, RUN_READY, PRIORITY_NORMAL, 100);
    put_run(&f, portal, RUN_DONE, PRIORITY_NORMAL, 100);
    put_run(&f, portal + 1, RUN_WAITING, PRIORITY_NORMAL, 100);
    ck_assert(store_read_overdue(f.reader, portal, 1000, &count, &oldest, NULL));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(oldest, 300);
    ck_assert(store_read_overdue(f.reader, portal, 200, &count, &oldest, NULL));
    ck_assert_int_eq(count, 0);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("heard", an_hour_of_the_same_lap_takes_the_place_of_the_one_before,
           a_slot_that_is_no_hour_of_a_week_is_refused, when_a_portal_was_heard_is_kept,
           waiting_runs_that_should_have_woken_are_overdue)
