/* Rows of the queue: put, committed, read back. */

#include "fixture.h"

#include "common/mem.h"
#include "tests/support/check_main.h"

/* What was read, with its owner's ways of letting go. */
struct events {
    struct event *list;
    int64_t count;
};

static struct events read_events(struct fixture *f, const struct entity *entity)
{
    struct events events;
    struct err err = {0};
    bool read = store_read_events(f->reader, 1, entity, 100, &events.list, &events.count, &err);
    ck_assert_msg(read, "%s", err.text);
    return events;
}

static void events_done(struct events *events)
{
    for (int64_t i = 0; i < events->count; i++)
        event_done(&events->list[i]);
    mem_free(events->list);
}

static struct run read_run(struct fixture *f, int64_t id)
{
    struct run run;
    struct err err = {0};
    bool found;
    ck_assert_msg(store_read_run(f->reader, id, &run, &found, &err), "%s", err.text);
    ck_assert(found);
    return run;
}

/* ---- events ---------------------------------------------------------------------------------- */

START_TEST(an_event_comes_back_as_it_was_put)
{
    struct fixture f;
    fixture_init(&f);
    struct event put = fixture_event(&f, "351");
    static char query[] = "user=7&note=%D0%B4%D0%B0";
    put.source = EVENT_ROBOT;
    put.query = query;
    put.priority = PRIORITY_URGENT;
    put.sent_s = 1700000000;
    put.received_ms = 1700000000123;
    put.cause_run = 99;
    (void)snprintf(put.own_id, sizeof put.own_id, "externalCall.42");
    fixture_put_event(&f, &put);
    struct events events = read_events(&f, &put.entity);
    ck_assert_int_eq(events.count, 1);
    const struct event *got = &events.list[0];
    ck_assert_int_eq(got->id, put.id);
    ck_assert_int_eq(got->portal, 1);
    ck_assert_int_eq(got->source, EVENT_ROBOT);
    ck_assert_str_eq(got->name, "ONCRMDEALUPDATE");
    ck_assert_int_eq(got->happening, HAPPENING_UPDATED);
    ck_assert(entity_same(&got->entity, &put.entity));
    ck_assert_str_eq(got->own_id, "externalCall.42");
    ck_assert_int_eq(got->priority, PRIORITY_URGENT);
    ck_assert_int_eq(got->received_ms, 1700000000123);
    ck_assert_int_eq(got->sent_s, 1700000000);
    ck_assert_str_eq(got->body, put.body);
    ck_assert_str_eq(got->query, query);
    ck_assert_int_eq(got->cause_run, 99);
    events_done(&events);
    fixture_done(&f);
}
END_TEST

START_TEST(the_same_event_twice_is_two_events)
{
    struct fixture f;
    fixture_init(&f);
    struct event one = fixture_event(&f, "1");
    struct event two = fixture_event(&f, "1");
    fixture_put_event(&f, &one);
    fixture_put_event(&f, &two);
    struct events events = read_events(&f, &one.entity);
    ck_assert_int_eq(events.count, 2);
    ck_assert_int_eq(events.list[0].id, one.id);
    ck_assert_int_eq(events.list[1].id, two.id);
    ck_assert_ptr_null(events.list[0].query);
    events_done(&events);
    fixture_done(&f);
}
END_TEST

START_TEST(a_seen_event_is_not_read_again)
{
    struct fixture f;
    fixture_init(&f);
    struct event event = fixture_event(&f, "1");
    fixture_put_event(&f, &event);
    struct store_change *change = store_change_new();
    store_put_event_seen(change, event.id);
    fixture_commit(&f, change);
    struct events events = read_events(&f, &event.entity);
    ck_assert_int_eq(events.count, 0);
    events_done(&events);
    fixture_done(&f);
}
END_TEST

START_TEST(an_event_without_an_entity_stands_for_itself)
{
    struct fixture f;
    fixture_init(&f);
    struct event event = fixture_event(&f, "");
    event.entity = (struct entity){0};
    fixture_put_event(&f, &event);
    struct event_cursor cursor = {0};
    struct waiting_entity waiting[4];
    int64_t count;
    ck_assert(store_read_new(f.reader, 1, &cursor, 4, waiting, &count, NULL));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(waiting[0].entity.type, ENTITY_NONE);
    struct events events = read_events(&f, &waiting[0].entity);
    ck_assert_int_eq(events.count, 1);
    ck_assert_int_eq(events.list[0].id, event.id);
    events_done(&events);
    struct store_change *change = store_change_new();
    store_put_event_seen(change, event.id);
    fixture_commit(&f, change);
    events = read_events(&f, &waiting[0].entity);
    ck_assert_int_eq(events.count, 0);
    events_done(&events);
    fixture_done(&f);
}
END_TEST

START_TEST(new_events_come_by_priority_then_age_and_the_cursor_moves)
{
    struct fixture f;
    fixture_init(&f);
    static const enum priority given[] = {PRIORITY_BULK, PRIORITY_NORMAL, PRIORITY_URGENT,
                                          PRIORITY_NORMAL, PRIORITY_BULK};
    static const char *const expected[] = {"2", "1", "3", "0", "4"};
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "%d", i);
        struct event event = fixture_event(&f, id);
        event.priority = given[i];
        event.received_ms = 100 + i;
        fixture_put_event(&f, &event);
    }
    struct event_cursor cursor = {0};
    struct waiting_entity waiting[2];
    int64_t count = 2;
    int at = 0;
    while (count == 2) {
        ck_assert(store_read_new(f.reader, 1, &cursor, 2, waiting, &count, NULL));
        for (int64_t i = 0; i < count; i++)
            ck_assert_str_eq(waiting[i].entity.id, expected[at++]);
    }
    ck_assert_int_eq(at, 5);
    ck_assert_int_eq(waiting[0].since_ms, 104);
    ck_assert_int_eq(waiting[0].priority, PRIORITY_BULK);
    /* What arrives later is found by going on; another portal has nothing. */
    struct event late = fixture_event(&f, "late");
    late.priority = PRIORITY_BULK;
    fixture_put_event(&f, &late);
    ck_assert(store_read_new(f.reader, 1, &cursor, 2, waiting, &count, NULL));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(waiting[0].entity.id, "late");
    cursor = (struct event_cursor){0};
    ck_assert(store_read_new(f.reader, 2, &cursor, 2, waiting, &count, NULL));
    ck_assert_int_eq(count, 0);
    fixture_done(&f);
}
END_TEST

/* ---- runs ------------------------------------------------------------------------------------ */

START_TEST(a_run_comes_back_as_it_was_put)
{
    struct fixture f;
    fixture_init(&f);
    struct run put = fixture_run(&f, "5", RUN_WAITING);
    put.version = 0xfedcba9876543210U;
    put.priority = PRIORITY_BULK;
    put.step = 3;
    put.due_ms = 1700000000456;
    put.attempt = 2;
    put.cause_event = 11;
    put.cause_run = 12;
    put.updated_ms = 2000;
    put.chain = json_pack("[s, s]", "a|2|5", "b|2|5");
    put.vars = json_pack("{s:{s:s}, s:b}", "old", "stageId", "C1:НОВАЯ", "skipped", 1);
    (void)snprintf(put.reason, sizeof put.reason, "ждём клиента");
    fixture_put_run(&f, &put);
    struct run got = read_run(&f, put.id);
    ck_assert_int_eq(got.portal, 1);
    ck_assert_str_eq(got.rule, "call-back");
    ck_assert(got.version == put.version);
    ck_assert(entity_same(&got.entity, &put.entity));
    ck_assert_int_eq(got.state, RUN_WAITING);
    ck_assert_int_eq(got.priority, PRIORITY_BULK);
    ck_assert_int_eq(got.step, 3);
    ck_assert_int_eq(got.due_ms, 1700000000456);
    ck_assert_int_eq(got.attempt, 2);
    ck_assert_int_eq(got.cause_event, 11);
    ck_assert_int_eq(got.cause_run, 12);
    ck_assert_int_eq(got.created_ms, 1000);
    ck_assert_int_eq(got.updated_ms, 2000);
    ck_assert(json_equal(got.chain, put.chain));
    ck_assert(json_equal(got.vars, put.vars));
    ck_assert_str_eq(got.reason, "ждём клиента");
    run_done(&got);
    run_done(&put);
    fixture_done(&f);
}
END_TEST

START_TEST(a_run_put_again_is_replaced)
{
    struct fixture f;
    fixture_init(&f);
    struct run run = fixture_run(&f, "5", RUN_READY);
    run.vars = json_pack("{s:i}", "a", 1);
    fixture_put_run(&f, &run);
    json_decref(run.vars);
    run.vars = NULL;
    run.state = RUN_DONE;
    run.step = 9;
    fixture_put_run(&f, &run);
    struct run got = read_run(&f, run.id);
    ck_assert_int_eq(got.state, RUN_DONE);
    ck_assert_int_eq(got.step, 9);
    ck_assert_ptr_null(got.vars);
    run_done(&got);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM run"), 1);
    fixture_done(&f);
}
END_TEST

START_TEST(a_run_that_is_not_there_is_not_found)
{
    struct fixture f;
    fixture_init(&f);
    struct run run;
    bool found = true;
    ck_assert(store_read_run(f.reader, 4711, &run, &found, NULL));
    ck_assert(!found);
    fixture_done(&f);
}
END_TEST

START_TEST(only_runs_that_have_not_ended_are_live)
{
    struct fixture f;
    fixture_init(&f);
    int64_t ids[8];
    for (int state = RUN_READY; state <= RUN_PARKED; state++) {
        struct run run = fixture_run(&f, "5", (enum run_state)state);
        ids[state] = run.id;
        fixture_put_run(&f, &run);
    }
    struct run other = fixture_run(&f, "6", RUN_READY);
    fixture_put_run(&f, &other);
    struct entity deal = fixture_deal("5");
    struct run *runs;
    int64_t count;
    ck_assert(store_read_live(f.reader, 1, &deal, &runs, &count, NULL));
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(runs[i].id, ids[RUN_READY + i]);
        run_done(&runs[i]);
    }
    mem_free(runs);
    fixture_done(&f);
}
END_TEST

START_TEST(two_runs_of_an_entity_cannot_run_at_once)
{
    struct fixture f;
    fixture_init(&f);
    struct run one = fixture_run(&f, "5", RUN_RUNNING);
    struct run two = fixture_run(&f, "5", RUN_READY);
    fixture_put_run(&f, &one);
    fixture_put_run(&f, &two);
    two.state = RUN_RUNNING;
    struct store_change *change = store_change_new();
    store_put_run(change, &two);
    struct err err = {0};
    ck_assert(!store_commit(f.store, change, &err));
    char expected[300];
    (void)snprintf(expected, sizeof expected,
                   "database \"%s\": UNIQUE constraint failed: run.portal, run.entity_type, "
                   "run.entity_id",
                   f.path);
    ck_assert_str_eq(err.text, expected);
    /* The first is still there, and gives its place up in the same change. */
    one.state = RUN_DONE;
    change = store_change_new();
    store_put_run(change, &one);
    store_put_run(change, &two);
    fixture_commit(&f, change);
    fixture_done(&f);
}
END_TEST

static void put_due(struct fixture *f, const char *id, enum priority priority, int64_t due_ms,
                    enum run_state state)
{
    struct run run = fixture_run(f, id, state);
    run.priority = priority;
    run.due_ms = due_ms;
    run.updated_ms = 7;
    fixture_put_run(f, &run);
}

START_TEST(due_runs_come_most_urgent_then_oldest)
{
    struct fixture f;
    fixture_init(&f);
    put_due(&f, "bulk", PRIORITY_BULK, 10, RUN_READY);
    put_due(&f, "later", PRIORITY_URGENT, 2000, RUN_WAITING);
    put_due(&f, "normal", PRIORITY_NORMAL, 500, RUN_RUNNING);
    put_due(&f, "urgent", PRIORITY_URGENT, 900, RUN_WAITING);
    put_due(&f, "now", PRIORITY_NORMAL, 0, RUN_READY);
    put_due(&f, "over", PRIORITY_URGENT, 1, RUN_DONE);
    put_due(&f, "latest", PRIORITY_NORMAL, 3000, RUN_WAITING);
    struct waiting_entity waiting[8];
    int64_t count;
    ck_assert(store_read_due(f.reader, 1, 1000, 8, waiting, &count, NULL));
    static const char *const expected[] = {"urgent", "now", "normal", "bulk"};
    ck_assert_int_eq(count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(waiting[i].entity.id, expected[i]);
    ck_assert_int_eq(waiting[0].since_ms, 900);
    ck_assert_int_eq(waiting[1].since_ms, 7); /* due at once: since it was put */
    ck_assert(store_read_due(f.reader, 1, 1000, 2, waiting, &count, NULL));
    ck_assert_int_eq(count, 2);
    /* Two at a time, with a cursor, it is the same list. */
    struct due_cursor cursor = {0};
    for (int at = 0; at < 6; at += 2) {
        ck_assert(store_read_due_on(f.reader, 1, 1000, &cursor, 2, waiting, &count, NULL));
        ck_assert_int_eq(count, at < 4 ? 2 : 0);
        for (int i = 0; i < count; i++)
            ck_assert_str_eq(waiting[i].entity.id, expected[at + i]);
    }
    int64_t next_ms;
    ck_assert(store_read_next_due(f.reader, 1, 1000, &next_ms, NULL));
    ck_assert_int_eq(next_ms, 2000);
    ck_assert(store_read_next_due(f.reader, 1, 3000, &next_ms, NULL));
    ck_assert(next_ms == INT64_MAX);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("queue", an_event_comes_back_as_it_was_put, the_same_event_twice_is_two_events,
           a_seen_event_is_not_read_again, an_event_without_an_entity_stands_for_itself,
           new_events_come_by_priority_then_age_and_the_cursor_moves,
           a_run_comes_back_as_it_was_put, a_run_put_again_is_replaced,
           a_run_that_is_not_there_is_not_found, only_runs_that_have_not_ended_are_live,
           two_runs_of_an_entity_cannot_run_at_once, due_runs_come_most_urgent_then_oldest)
