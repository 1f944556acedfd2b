/* What people are shown. */

#include "fixture.h"

#include "common/buf.h"
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
    bool more;
    struct run_cursor cursor = {0};
    ck_assert(store_list_runs(f.reader, &(struct run_filter){.state = RUN_WAITING}, &cursor, 10,
                              &runs, &more, NULL));
    ck_assert(!more);
    same(runs, "[{\"id\": 1, \"rule\": \"call-back\", \"portal\": \"main\", "
               "\"entity\": {\"type\": \"item 147\", \"id\": \"7\"}, \"state\": \"waiting\", "
               "\"step\": 2, \"due_ms\": 5000, \"attempt\": 0, \"priority\": \"normal\", "
               "\"reason\": \"waits 3 workdays\", \"cause_event\": 0, \"cause_run\": 0, "
               "\"created_ms\": 1000, \"updated_ms\": 1000}]");
    fixture_done(&f);
}
END_TEST

/* All pages of a list; the numbers of its runs, and how many pages it took. */
struct listed {
    int64_t ids[2048];
    size_t count, pages;
};

static struct listed list_runs(struct fixture *f, struct run_filter filter, int64_t most)
{
    static struct listed listed;
    struct run_cursor cursor = {0};
    bool more = true;
    listed = (struct listed){0};
    for (; more; listed.pages++) {
        json_t *runs;
        struct err err = {0};
        ck_assert_uint_lt(listed.pages, 2048);
        ck_assert_msg(store_list_runs(f->reader, &filter, &cursor, most, &runs, &more, &err), "%s",
                      err.text);
        ck_assert_int_le((int64_t)json_array_size(runs), most);
        for (size_t i = 0; i < json_array_size(runs); i++)
            listed.ids[listed.count++] = jv_int(json_array_get(runs, i), "id", 0);
        json_decref(runs);
    }
    return listed;
}

START_TEST(runs_are_listed_by_any_filter)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 12; i++) {
        struct run run = fixture_run(&f, i % 2 == 0 ? "1" : "2", i < 4 ? RUN_DONE : RUN_WAITING);
        run.portal = 1 + i % 3;
        run.updated_ms = 100 + i;
        run.due_ms = 5000 - i;
        if (i == 5)
            (void)snprintf(run.rule, sizeof run.rule, "other");
        (void)snprintf(run.reason, sizeof run.reason, "waits for %d", i);
        store_put_run(change, &run);
    }
    fixture_commit(&f, change);
    for (int portal = 1; portal <= 3; portal++) {
        char name[16];
        (void)snprintf(name, sizeof name, "p%d", portal);
        commit_member(&f, name);
    }
    struct entity deal = fixture_deal("2");
    const struct {
        struct run_filter filter;
        size_t count;
    } cases[] = {
        {{.rule = ""}, 12},
        {{.portal = 2}, 4},
        {{.rule = "other"}, 1},
        {{.entity = &deal}, 6},
        {{.entity = &deal, .state = RUN_DONE}, 2},
        {{.state = RUN_WAITING}, 8},
        {{.portal = 1, .rule = "call-back", .state = RUN_WAITING}, 2},
        {{.state = RUN_PARKED}, 0},
        {{.reason = "for 11"}, 1},
        {{.state = RUN_DONE, .since_ms = 102}, 2},
        {{.state = RUN_DONE, .until_ms = 101}, 1},
        {{.since_ms = 105, .until_ms = 107}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t all = list_runs(&f, cases[i].filter, 100).count;
        ck_assert_msg(all == cases[i].count, "case %zu: %zu", i, all);
        ck_assert_uint_eq(list_runs(&f, cases[i].filter, 1).count, all);
    }
    fixture_done(&f);
}
END_TEST

START_TEST(what_waits_is_listed_soonest_first_and_what_ended_newest_first)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    commit_member(&f, "second");
    struct store_change *change = store_change_new();
    for (int i = 0; i < 600; i++) {
        struct run run = fixture_run(&f, "1", i % 2 == 0 ? RUN_WAITING : RUN_DEAD);
        run.portal = 1 + i % 3 / 2;
        run.priority = (enum priority)(i % 3);
        run.due_ms = 1 + (i * 7919) % 1000;
        run.updated_ms = 1 + (i * 104729) % 1000;
        store_put_run(change, &run);
    }
    fixture_commit(&f, change);
    struct listed waiting = list_runs(&f, (struct run_filter){.state = RUN_WAITING}, 7);
    ck_assert_uint_eq(waiting.count, 300);
    ck_assert_uint_ge(waiting.pages, 43);
    for (size_t i = 1; i < waiting.count; i++)
        ck_assert_int_le(1 + ((waiting.ids[i - 1] - 1) * 7919) % 1000,
                         1 + ((waiting.ids[i] - 1) * 7919) % 1000);
    struct listed dead = list_runs(&f, (struct run_filter){.state = RUN_DEAD}, 7);
    ck_assert_uint_eq(dead.count, 300);
    for (size_t i = 1; i < dead.count; i++)
        ck_assert_int_ge(1 + ((dead.ids[i - 1] - 1) * 104729) % 1000,
                         1 + ((dead.ids[i] - 1) * 104729) % 1000);
    fixture_done(&f);
}
END_TEST

/* A filter that fits nothing costs a page no more than its ceiling of rows. */
START_TEST(a_page_ends_however_little_fits)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 12000; i++) {
        struct run run = fixture_run(&f, "1", RUN_DONE);
        run.updated_ms = 1 + i;
        store_put_run(change, &run);
    }
    fixture_commit(&f, change);
    struct listed none = list_runs(&f, (struct run_filter){.state = RUN_DONE, .rule = "gone"}, 100);
    ck_assert_uint_eq(none.count, 0);
    ck_assert_uint_eq(none.pages, 3);
    fixture_done(&f);
}
END_TEST

static void put_ended(struct fixture *f, struct store_change *change, enum run_state state,
                      int64_t at_ms, const char *reason)
{
    struct run run = fixture_run(f, "1", state);
    run.updated_ms = at_ms;
    (void)snprintf(run.reason, sizeof run.reason, "%s", reason);
    store_put_run(change, &run);
}

START_TEST(dead_letters_are_gathered_by_reason)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    put_ended(&f, change, RUN_DEAD, 100, "ACCESS_DENIED: нет прав на сделку 12");
    put_ended(&f, change, RUN_DEAD, 300, "ACCESS_DENIED: нет прав на сделку 345");
    put_ended(&f, change, RUN_DEAD, 200, "NOT_FOUND");
    put_ended(&f, change, RUN_PARKED, 50, "unknown: b24bridge queue done 4");
    put_ended(&f, change, RUN_CANCELLED, 400, "dropped");
    fixture_commit(&f, change);
    json_t *dead;
    bool more;
    ck_assert(store_tell_dead(f.reader, &(struct run_filter){0}, &dead, &more, NULL));
    ck_assert(!more);
    same(dead, "[{\"rule\": \"call-back\", \"portal\": \"main\", \"state\": \"parked\", "
               "\"reason\": \"unknown: b24bridge queue done 4\", \"count\": 1, \"first_ms\": 50, "
               "\"last_ms\": 50, \"run\": 4}, "
               "{\"rule\": \"call-back\", \"portal\": \"main\", \"state\": \"dead\", "
               "\"reason\": \"ACCESS_DENIED: нет прав на сделку 345\", \"count\": 2, "
               "\"first_ms\": 100, \"last_ms\": 300, \"run\": 2}, "
               "{\"rule\": \"call-back\", \"portal\": \"main\", \"state\": \"dead\", "
               "\"reason\": \"NOT_FOUND\", \"count\": 1, \"first_ms\": 200, \"last_ms\": 200, "
               "\"run\": 3}]");
    ck_assert(store_tell_dead(f.reader, &(struct run_filter){.since_ms = 250}, &dead, &more, NULL));
    ck_assert_uint_eq(json_array_size(dead), 1);
    json_decref(dead);
    fixture_done(&f);
}
END_TEST

START_TEST(pauses_are_kept_until_they_are_over)
{
    struct fixture f;
    fixture_init(&f);
    const struct hold portal = {.portal = 3, .since_ms = 77, .by = "anna", .why = "move"};
    const struct hold rule = {.rule = "call back \"x\"", .since_ms = 78, .by = "oleg"};
    struct store_change *change = store_change_new();
    store_put_hold(change, &portal);
    store_put_hold(change, &rule);
    fixture_commit(&f, change);
    fixture_close(&f);
    fixture_open(&f);
    struct hold *holds;
    int64_t count;
    ck_assert(store_read_holds(f.reader, &holds, &count, NULL));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(holds[0].portal, 0);
    ck_assert_str_eq(holds[0].rule, "call back \"x\"");
    ck_assert_int_eq(holds[1].portal, 3);
    ck_assert_str_eq(holds[1].rule, "");
    ck_assert_str_eq(holds[1].by, "anna");
    ck_assert_str_eq(holds[1].why, "move");
    ck_assert_int_eq(holds[1].since_ms, 77);
    mem_free(holds);
    change = store_change_new();
    store_put_hold_over(change, &portal);
    fixture_commit(&f, change);
    ck_assert(store_read_holds(f.reader, &holds, &count, NULL));
    ck_assert_int_eq(count, 1);
    mem_free(holds);
    fixture_done(&f);
}
END_TEST

START_TEST(laid_down_runs_are_found_and_never_due)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "%d", i + 1);
        struct run run = fixture_run(&f, id, RUN_WAITING);
        run.priority = (enum priority)(i % 3);
        run.due_ms = i == 4 ? 10 : RUN_HELD_MS;
        store_put_run(change, &run);
    }
    fixture_commit(&f, change);
    struct held_run held[8];
    struct due_cursor cursor = {0};
    int64_t count, seen = 0;
    do {
        ck_assert(store_read_held(f.reader, 1, &cursor, 2, held, &count, NULL));
        seen += count;
        for (int64_t i = 0; i < count; i++)
            ck_assert_str_eq(held[i].rule, "call-back");
    } while (count == 2);
    ck_assert_int_eq(seen, 4);
    struct waiting_entity due[8];
    ck_assert(store_read_due(f.reader, 1, 1000, 8, due, &count, NULL));
    ck_assert_int_eq(count, 1);
    int64_t next;
    ck_assert(store_read_next_due(f.reader, 1, 1000, &next, NULL));
    ck_assert(next == INT64_MAX);
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
                            .verdict = VERDICT_DONE,
                            .intended_ms = 1010};
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
    json_t *told, *story;
    const struct story_wish wish = {.entity = &first.entity, .most = 100};
    ck_assert(store_tell_story(f.reader, &wish, &told, NULL));
    story = json_object_get(told, "rows");
    static const char *const expected[][2] = {
        {"event", "seen"},  {"trace", "seen"}, {"run", "done"},  {"trace", "changed"},
        {"trace", "fired"}, {"call", "DONE"},  {"event", "new"},
    };
    ck_assert_uint_eq(json_array_size(story), 7);
    for (size_t i = 0; i < 7; i++) {
        json_t *line = json_array_get(story, i);
        ck_assert_str_eq(jv_text(line, "kind", ""), expected[i][0]);
        ck_assert_str_eq(
            jv_text(line, "state", jv_text(line, "what", jv_text(line, "verdict", ""))),
            expected[i][1]);
    }
    ck_assert_str_eq(jv_text(story, "5.method", ""), "tasks.task.add");
    ck_assert_int_eq(jv_int(story, "5.run", 0), run.id);
    ck_assert_str_eq(jv_text(story, "4.say", ""), "rule call-back fired");
    ck_assert_int_eq(jv_int(story, "4.run", 0), run.id);
    ck_assert_str_eq(jv_text(story, "3.detail.field", ""), "stageId");
    ck_assert(!jv_flag(told, "more"));
    json_decref(told);
    /* The ceiling keeps the newest; another portal knows nothing of it. */
    const struct story_wish two = {.portal = 1, .entity = &first.entity, .most = 2};
    ck_assert(store_tell_story(f.reader, &two, &told, NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(told, "rows")), 2);
    ck_assert_str_eq(jv_text(told, "rows.1.state", ""), "new");
    ck_assert(jv_flag(told, "more"));
    json_decref(told);
    const struct story_wish other = {.portal = 2, .entity = &first.entity, .most = 100};
    ck_assert(store_tell_story(f.reader, &other, &told, NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(told, "rows")), 0);
    json_decref(told);
    fixture_done(&f);
}
END_TEST

static char *kinds_new(const json_t *told)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 4096);
    size_t i;
    json_t *row;
    json_array_foreach (json_object_get(told, "rows"), i, row)
        buf_printf(&b, "%s%s:%s", i > 0 ? " " : "", jv_text(row, "kind", "?"),
                   jv_text(row, "what", jv_text(row, "state", jv_text(row, "verdict", "?"))));
    return buf_take(&b);
}

static void story_is(struct fixture *f, int64_t run, int64_t event, const char *expected)
{
    json_t *told;
    const struct story_wish wish = {.run = run, .event = event, .most = 100};
    ck_assert(store_tell_story(f->reader, &wish, &told, NULL));
    ck_assert(jv_flag(told, "found") == (expected[0] != '\0'));
    char *kinds = kinds_new(told);
    ck_assert_str_eq(kinds, expected);
    mem_free(kinds);
    json_decref(told);
}

START_TEST(a_run_and_an_event_have_stories_of_their_own)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    struct event event = fixture_event(&f, "1"), later = fixture_event(&f, "1");
    struct run run = fixture_run(&f, "1", RUN_DONE), other = fixture_run(&f, "1", RUN_DEAD);
    later.received_ms = 3000;
    run.created_ms = 1010;
    run.cause_event = event.id;
    other.created_ms = 3010;
    other.cause_event = later.id;
    store_put_event(change, &event);
    store_put_event_seen(change, event.id);
    store_put_event(change, &later);
    store_put_event_seen(change, later.id);
    store_put_run(change, &run);
    store_put_run(change, &other);
    put_trace(change, 1010, event.id, 0, "changed", "stageId");
    put_trace(change, 1010, event.id, run.id, "fired", "starts");
    put_trace(change, 1020, 0, run.id, "ended", "done");
    put_trace(change, 3010, later.id, other.id, "fired", "starts");
    fixture_commit(&f, change);
    static const char expected[] = "event:seen run:done trace:changed trace:fired trace:ended";
    story_is(&f, run.id, 0, expected);
    story_is(&f, 0, event.id, expected);
    story_is(&f, 0, later.id, "event:seen run:dead trace:fired");
    story_is(&f, 99999, 0, "");
    story_is(&f, 0, 99999, "");
    fixture_done(&f);
}
END_TEST

START_TEST(pauses_of_its_time_stand_in_a_story)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    struct trace hand = {.at_ms = 900, .portal = 1, .entity = {.id = TRACE_OPERATOR}};
    (void)snprintf(hand.what, sizeof hand.what, "order"); /* of one run: it stands there */
    hand.at_ms = 2000;
    store_put_trace(change, &hand);
    hand.at_ms = 900;
    (void)snprintf(hand.what, sizeof hand.what, "operator");
    put_trace(change, 1000, 0, 0, "changed", "stageId");
    store_put_trace(change, &hand); /* before its time */
    hand.at_ms = 1500;
    store_put_trace(change, &hand);
    hand.portal = 2; /* of another portal */
    store_put_trace(change, &hand);
    hand.portal = 0;
    store_put_trace(change, &hand);
    (void)snprintf(hand.rule, sizeof hand.rule, "other"); /* nothing to do with it */
    store_put_trace(change, &hand);
    fixture_commit(&f, change);
    json_t *told;
    struct entity deal = fixture_deal("1");
    const struct story_wish wish = {.portal = 1, .entity = &deal, .most = 100};
    ck_assert(store_tell_story(f.reader, &wish, &told, NULL));
    ck_assert_uint_eq(json_array_size(json_object_get(told, "rows")), 3);
    json_decref(told);
    fixture_done(&f);
}
END_TEST

START_TEST(a_story_says_what_retention_has_removed)
{
    struct fixture f;
    fixture_init(&f);
    commit_member(&f, "main");
    struct store_change *change = store_change_new();
    put_trace(change, 1000, 0, 0, "changed", "old");
    put_trace(change, 9000, 0, 0, "changed", "new");
    fixture_commit(&f, change);
    struct entity deal = fixture_deal("1");
    const struct story_wish wish = {.entity = &deal, .most = 100};
    json_t *told;
    ck_assert(store_tell_story(f.reader, &wish, &told, NULL));
    ck_assert(json_is_null(json_object_get(told, "pruned_ms")));
    json_decref(told);
    store_prune(f.store, 5000, 1000);
    struct store_health health = {0};
    while (health.pruned == 0) {
        fixture_breathe();
        store_health(f.store, &health);
    }
    ck_assert(store_tell_story(f.reader, &wish, &told, NULL));
    ck_assert_int_eq(jv_int(told, "pruned_ms", 0), 5000);
    ck_assert_uint_eq(json_array_size(json_object_get(told, "rows")), 1);
    json_decref(told);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("tell", an_empty_queue_is_told, a_queue_is_told_by_portal_and_in_all,
           a_run_is_told_with_its_names, runs_are_listed_by_any_filter,
           what_waits_is_listed_soonest_first_and_what_ended_newest_first,
           a_page_ends_however_little_fits, dead_letters_are_gathered_by_reason,
           pauses_are_kept_until_they_are_over, laid_down_runs_are_found_and_never_due,
           errors_are_told_newest_first, a_story_is_told_in_order,
           a_run_and_an_event_have_stories_of_their_own, pauses_of_its_time_stand_in_a_story,
           a_story_says_what_retention_has_removed)
