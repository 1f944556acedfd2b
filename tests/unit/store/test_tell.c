/* What people are shown. */

#include "fixture.h"

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static void commit_member(struct fixture *f, const char *name)
{
    int64_t id;
    struct err err = {0};
    ck_assert_msg(store_portal_id(f->store, name, &id, &err), "%s", err.text);
}

static void same(json_t *got, const char *expected)
{
    json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);
    ck_assert_msg(wanted != NULL, "%s", expected);
    char *text = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
    ck_assert_msg(json_equal(got, wanted), "%s", text);
    mem_free(text);
    json_decref(wanted);
    json_decref(got);
}

START_TEST(an_empty_queue_is_told)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    json_t *queue;
    ck_assert(store_tell_queue(f.reader, 0, &queue, NULL));
    same(queue, "{\"events_new\": 0, \"oldest_event_ms\": null, \"frozen\": 0, "
                "\"timers_next_ms\": null, \"runs\": {\"ready\": 0, \"waiting\": 0, "
                "\"running\": 0, \"dead\": 0, \"parked\": 0}}");
    fixture_done(&f);
}
END_TEST

START_TEST(a_queue_is_told_by_portal_and_in_all)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    commit_member(&f, "second");
    struct store_change *change = store_change_new();
    struct event old = fixture_event(&f, "1");
    struct event young = fixture_event(&f, "2");
    struct event other = fixture_event(&f, "3");
    old.received_ms = 700;
    old.priority = PRIORITY_BULK;
    young.received_ms = 800;
    other.received_ms = 600;
    other.portal = 2;
    store_put_event(change, &old);
    store_put_event(change, &young);
    store_put_event(change, &other);
    static const enum run_state states[] = {RUN_READY, RUN_WAITING, RUN_WAITING,
                                            RUN_DONE,  RUN_DEAD,    RUN_PARKED};
    int64_t later_ms = clock_wall_ms() + 3600000;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct run run = fixture_run(&f, "1", states[i]);
        run.due_ms = later_ms + (int64_t)i;
        store_put_run(change, &run);
    }
    store_put_frozen(change, 1, "call-back", &old.entity, later_ms, "often");
    store_put_frozen(change, 1, "call-back", &young.entity, 5, "long ago");
    fixture_commit(&f, change);
    json_t *queue;
    char expected[400];
    (void)snprintf(expected, sizeof expected,
                   "{\"events_new\": 2, \"oldest_event_ms\": 700, \"frozen\": 1, "
                   "\"timers_next_ms\": %lld, \"runs\": {\"ready\": 1, \"waiting\": 2, "
                   "\"running\": 0, \"dead\": 1, \"parked\": 1}}",
                   (long long)later_ms);
    ck_assert(store_tell_queue(f.reader, 1, &queue, NULL));
    same(queue, expected);
    ck_assert(store_tell_queue(f.reader, 0, &queue, NULL));
    ck_assert_int_eq(jv_int(queue, "events_new", 0), 3);
    ck_assert_int_eq(jv_int(queue, "oldest_event_ms", 0), 600);
    json_decref(queue);
    ck_assert(store_tell_queue(f.reader, 2, &queue, NULL));
    ck_assert_int_eq(jv_int(queue, "events_new", 0), 1);
    ck_assert_int_eq(jv_int(queue, "runs.waiting", -1), 0);
    json_decref(queue);
    fixture_done(&f);
}
END_TEST

START_TEST(a_run_is_told_with_its_names)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct run run = fixture_run(&f, "7", RUN_WAITING);
    run.entity.type = 147;
    run.due_ms = 5000;
    run.step = 2;
    (void)snprintf(run.reason, sizeof run.reason, "waits 3 workdays");
    fixture_put_run(&f, &run);
    json_t *runs;
    ck_assert(store_tell_runs(f.reader, 0, "", NULL, "waiting", 10, &runs, NULL));
    same(runs, "[{\"id\": 1, \"rule\": \"call-back\", \"portal\": \"main\", "
               "\"entity\": {\"type\": \"item 147\", \"id\": \"7\"}, \"state\": \"waiting\", "
               "\"step\": 2, \"due_ms\": 5000, \"attempt\": 0, \"priority\": \"normal\", "
               "\"reason\": \"waits 3 workdays\", \"cause_event\": 0, \"cause_run\": 0, "
               "\"created_ms\": 1000, \"updated_ms\": 1000}]");
    fixture_done(&f);
}
END_TEST

static size_t count_runs(struct fixture *f, int64_t portal, const char *rule,
                         const struct entity *entity, const char *state, int64_t most)
{
    json_t *runs;
    struct err err = {0};
    ck_assert_msg(store_tell_runs(f->reader, portal, rule, entity, state, most, &runs, &err), "%s",
                  err.text);
    size_t count = json_array_size(runs);
    json_decref(runs);
    return count;
}

START_TEST(runs_are_listed_by_any_filter_newest_first)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 12; i++) {
        struct run run = fixture_run(&f, i % 2 == 0 ? "1" : "2", i < 4 ? RUN_DONE : RUN_WAITING);
        run.portal = 1 + i % 3;
        run.updated_ms = 100 + i;
        run.due_ms = 1000 + i;
        if (i == 5)
            (void)snprintf(run.rule, sizeof run.rule, "other");
        store_put_run(change, &run);
    }
    fixture_commit(&f, change);
    struct entity deal = fixture_deal("2");
    ck_assert_uint_eq(count_runs(&f, 0, "", NULL, "", 100), 12);
    ck_assert_uint_eq(count_runs(&f, 0, NULL, NULL, NULL, 5), 5);
    ck_assert_uint_eq(count_runs(&f, 2, "", NULL, "", 100), 4);
    ck_assert_uint_eq(count_runs(&f, 0, "other", NULL, "", 100), 1);
    ck_assert_uint_eq(count_runs(&f, 0, "", &deal, "", 100), 6);
    ck_assert_uint_eq(count_runs(&f, 0, "", &deal, "done", 100), 2);
    ck_assert_uint_eq(count_runs(&f, 0, "", NULL, "waiting", 100), 8);
    ck_assert_uint_eq(count_runs(&f, 1, "call-back", NULL, "waiting", 100), 2);
    ck_assert_uint_eq(count_runs(&f, 0, "", NULL, "parked", 100), 0);
    ck_assert_uint_eq(count_runs(&f, 0, "", NULL, "", -1), 0);
    json_t *runs;
    ck_assert(store_tell_runs(f.reader, 0, "", NULL, "waiting", 100, &runs, NULL));
    ck_assert_int_eq(jv_int(runs, "0.id", 0), 5); /* what waits: the first that is due */
    ck_assert_int_eq(jv_int(runs, "7.id", 0), 12);
    json_decref(runs);
    ck_assert(store_tell_runs(f.reader, 0, "", NULL, "waiting", 1, &runs, NULL));
    ck_assert_int_eq(jv_int(runs, "0.due_ms", 0), 1004);
    json_decref(runs);
    struct err err = {0};
    ck_assert(!store_tell_runs(f.reader, 0, "", NULL, "sleeping", 100, &runs, &err));
    ck_assert_str_eq(err.text, "unknown state \"sleeping\": known are ready, waiting, running, "
                               "done, cancelled, dead, parked");
    fixture_done(&f);
}
END_TEST

START_TEST(errors_are_told_newest_first)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    struct run dead = fixture_run(&f, "1", RUN_DEAD);
    struct run parked = fixture_run(&f, "2", RUN_PARKED);
    struct run good = fixture_run(&f, "3", RUN_DONE);
    dead.updated_ms = 100;
    parked.updated_ms = 300;
    (void)snprintf(dead.reason, sizeof dead.reason, "ACCESS_DENIED: нет прав");
    (void)snprintf(parked.reason, sizeof parked.reason, "outcome unknown");
    store_put_run(change, &dead);
    store_put_run(change, &parked);
    store_put_run(change, &good);
    store_put_fired(change, 1, "call-back", &good.entity, 200, 0, NULL);
    store_put_frozen(change, 1, "call-back", &good.entity, 4102444800000, "fired 20 times");
    fixture_commit(&f, change);
    json_t *errors;
    ck_assert(store_tell_errors(f.reader, 10, &errors, NULL));
    same(errors, "[{\"at_ms\": 300, \"what\": \"parked\", \"run\": 2, \"rule\": \"call-back\", "
                 "\"portal\": \"main\", \"entity\": {\"type\": \"deal\", \"id\": \"2\"}, "
                 "\"say\": \"outcome unknown\"}, "
                 "{\"at_ms\": 200, \"what\": \"frozen\", \"run\": null, \"rule\": \"call-back\", "
                 "\"portal\": \"main\", \"entity\": {\"type\": \"deal\", \"id\": \"3\"}, "
                 "\"say\": \"fired 20 times\", \"until_ms\": 4102444800000}, "
                 "{\"at_ms\": 100, \"what\": \"dead\", \"run\": 1, \"rule\": \"call-back\", "
                 "\"portal\": \"main\", \"entity\": {\"type\": \"deal\", \"id\": \"1\"}, "
                 "\"say\": \"ACCESS_DENIED: нет прав\"}]");
    ck_assert(store_tell_errors(f.reader, 1, &errors, NULL));
    ck_assert_uint_eq(json_array_size(errors), 1);
    json_decref(errors);
    fixture_done(&f);
}
END_TEST

static void put_trace(struct store_change *change, int64_t at_ms, int64_t event_id, int64_t run_id,
                      const char *what, const char *say)
{
    struct trace trace = {.at_ms = at_ms,
                          .portal = 1,
                          .entity = fixture_deal("1"),
                          .event_id = event_id,
                          .run_id = run_id};
    (void)snprintf(trace.what, sizeof trace.what, "%s", what);
    (void)snprintf(trace.say, sizeof trace.say, "%s", say);
    trace.detail = json_pack("{s:s}", "field", "stageId");
    store_put_trace(change, &trace);
    trace_done(&trace);
}

static char method[] = "tasks.task.add";

START_TEST(a_story_is_told_in_order)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    struct event first = fixture_event(&f, "1");
    struct event second = fixture_event(&f, "1");
    struct event of_another = fixture_event(&f, "2");
    struct run run = fixture_run(&f, "1", RUN_DONE);
    struct effect effect = {.id = store_next_id(f.store),
                            .run_id = run.id,
                            .portal = 1,
                            .command = {.key = "0.0", .method = method, .write = true},
                            .verdict = VERDICT_DONE};
    second.received_ms = 2000;
    run.created_ms = 1010;
    store_put_event(change, &first);
    store_put_event_seen(change, first.id);
    store_put_event(change, &second);
    store_put_event(change, &of_another);
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    put_trace(change, 1010, first.id, 0, "changed", "stageId changed");
    put_trace(change, 1010, first.id, run.id, "fired", "rule call-back fired");
    put_trace(change, 1005, first.id, 0, "seen", "looked");
    fixture_commit(&f, change);
    json_t *story;
    ck_assert(store_tell_story(f.reader, 0, &first.entity, 100, &story, NULL));
    static const char *const expected[][2] = {
        {"event", "seen"},    {"trace", "seen"},  {"run", "done"},
        {"trace", "changed"}, {"trace", "fired"}, {"event", "new"},
    };
    ck_assert_uint_eq(json_array_size(story), 6);
    for (size_t i = 0; i < 6; i++) {
        json_t *line = json_array_get(story, i);
        ck_assert_str_eq(jv_text(line, "kind", ""), expected[i][0]);
        ck_assert_str_eq(jv_text(line, "state", jv_text(line, "what", "")), expected[i][1]);
    }
    ck_assert_str_eq(jv_text(story, "2.effects.0.method", ""), "tasks.task.add");
    ck_assert_str_eq(jv_text(story, "2.effects.0.verdict", ""), "DONE");
    ck_assert_str_eq(jv_text(story, "4.say", ""), "rule call-back fired");
    ck_assert_int_eq(jv_int(story, "4.run", 0), run.id);
    ck_assert_str_eq(jv_text(story, "3.detail.field", ""), "stageId");
    json_decref(story);
    /* The ceiling keeps the newest; another portal knows nothing of it. */
    ck_assert(store_tell_story(f.reader, 1, &first.entity, 2, &story, NULL));
    ck_assert_uint_eq(json_array_size(story), 2);
    ck_assert_str_eq(jv_text(story, "1.state", ""), "new");
    json_decref(story);
    ck_assert(store_tell_story(f.reader, 2, &first.entity, 100, &story, NULL));
    ck_assert_uint_eq(json_array_size(story), 0);
    json_decref(story);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("tell", an_empty_queue_is_told, a_queue_is_told_by_portal_and_in_all,
           a_run_is_told_with_its_names, runs_are_listed_by_any_filter_newest_first,
           errors_are_told_newest_first, a_story_is_told_in_order)
