/* Firings and small state, and what a restart finds. */

#include "fixture.h"

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static struct run read_run(struct fixture *f, int64_t id)
{
    struct run run;
    struct err err = {0};
    bool found;
    ck_assert_msg(store_read_run(f->reader, id, &run, &found, &err), "%s", err.text);
    ck_assert(found);
    return run;
}

/* ---- firings --------------------------------------------------------------------------------- */

static struct fired_row read_fired(struct fixture *f, int64_t since_ms, const char *own_id)
{
    struct entity deal = fixture_deal("5");
    struct fired_row row;
    struct err err = {0};
    ck_assert_msg(store_read_fired(f->reader, 1, "call-back", &deal, since_ms, own_id, &row, &err),
                  "%s", err.text);
    return row;
}

START_TEST(firings_are_counted_by_rule_and_entity)
{
    struct fixture f;
    fixture_init(&f);
    struct entity deal = fixture_deal("5");
    struct fired_row row = read_fired(&f, 0, "call-1");
    ck_assert_int_eq(row.total, 0);
    ck_assert(!row.own_id_seen);
    struct store_change *change = store_change_new();
    store_put_fired(change, 1, "call-back", &deal, 100, 90, NULL);
    store_put_fired(change, 1, "call-back", &deal, 200, 190, "call-1");
    store_put_fired(change, 1, "call-back", &deal, 200, 190, "call-1");
    store_put_fired(change, 1, "another", &deal, 300, 0, "");
    fixture_commit(&f, change);
    row = read_fired(&f, 0, "call-1");
    ck_assert_int_eq(row.total, 3);
    ck_assert_int_eq(row.last_ms, 200);
    ck_assert_int_eq(row.visit_ms, 190);
    ck_assert_int_eq(row.frozen_ms, 0);
    ck_assert(row.own_id_seen);
    ck_assert(!read_fired(&f, 0, "call-2").own_id_seen);
    ck_assert(!read_fired(&f, 0, NULL).own_id_seen);
    fixture_done(&f);
}
END_TEST

START_TEST(thawing_forgets_the_firings_so_far)
{
    struct fixture f;
    fixture_init(&f);
    struct entity deal = fixture_deal("5");
    for (int i = 1; i <= 3; i++) {
        struct run run = fixture_run(&f, "5", RUN_DONE);
        run.created_ms = i * 100;
        fixture_put_run(&f, &run);
    }
    ck_assert_int_eq(read_fired(&f, 0, NULL).recent, 3);
    ck_assert_int_eq(read_fired(&f, 100, NULL).recent, 2);
    struct store_change *change = store_change_new();
    store_put_frozen(change, 1, "call-back", &deal, 5000, "fired 3 times in an hour");
    fixture_commit(&f, change);
    struct fired_row row = read_fired(&f, 0, NULL);
    ck_assert_int_eq(row.frozen_ms, 5000);
    ck_assert_int_eq(row.recent, 3);
    ck_assert_int_eq(row.total, 0);
    change = store_change_new();
    store_put_frozen(change, 1, "call-back", &deal, 0, NULL);
    fixture_commit(&f, change);
    row = read_fired(&f, 0, NULL);
    ck_assert_int_eq(row.frozen_ms, 0);
    ck_assert_int_eq(row.recent, 0);
    struct run run = fixture_run(&f, "5", RUN_READY);
    run.created_ms = 300;
    fixture_put_run(&f, &run);
    ck_assert_int_eq(read_fired(&f, 0, NULL).recent, 1);
    /* Frozen again: what was forgotten stays forgotten. */
    change = store_change_new();
    store_put_frozen(change, 1, "call-back", &deal, 6000, "again");
    fixture_commit(&f, change);
    ck_assert_int_eq(read_fired(&f, 0, NULL).recent, 1);
    fixture_done(&f);
}
END_TEST

/* ---- small state ----------------------------------------------------------------------------- */

START_TEST(settings_budgets_names_and_members_are_kept)
{
    struct fixture f;
    fixture_init(&f);
    int64_t portal;
    ck_assert(store_portal_id(f.store, "main", &portal, NULL));
    json_t *budget = json_pack("{s:f}", "level", 12.5);
    struct store_change *change = store_change_new();
    store_put_setting(change, "paused", "main");
    store_put_setting(change, "paused", "other");
    store_put_budget(change, portal, budget);
    json_t *user = json_pack("{s:s}", "ID", "7");
    store_put_name(change, portal, "user:7", user, 1000);
    store_put_name(change, portal, "user:8", NULL, 2000);
    store_put_member(change, portal, "da45a03b265edd8787f8a258d793cc5d");
    fixture_commit(&f, change);

    char text[40];
    bool found;
    ck_assert(store_read_setting(f.reader, "paused", text, sizeof text, &found, NULL));
    ck_assert(found);
    ck_assert_str_eq(text, "other");
    ck_assert(store_read_setting(f.reader, "no-such", text, sizeof text, &found, NULL));
    ck_assert(!found);
    struct err err = {0};
    ck_assert(!store_read_setting(f.reader, "paused", text, 5, &found, &err));
    ck_assert_str_eq(err.text, "database: a value of 5 bytes where 4 fit");

    json_t *got;
    ck_assert(store_read_budget(f.reader, portal, &got, NULL));
    ck_assert(json_equal(got, budget));
    json_decref(got);
    json_decref(budget);
    ck_assert(store_read_budget(f.reader, 99, &got, NULL));
    ck_assert_ptr_null(got);

    ck_assert(store_read_names(f.reader, portal, 0, &got, NULL));
    ck_assert_uint_eq(json_object_size(got), 2);
    ck_assert(json_equal(jv_at(got, "user:7.value"), user));
    ck_assert_int_eq(jv_int(got, "user:7.at", 0), 1000);
    ck_assert(json_is_null(jv_at(got, "user:8.value")));
    json_decref(got);
    ck_assert(store_read_names(f.reader, portal, 1000, &got, NULL));
    ck_assert_uint_eq(json_object_size(got), 1);
    json_decref(got);
    json_decref(user);

    char member[80];
    ck_assert(store_read_member(f.reader, portal, member, NULL));
    ck_assert_str_eq(member, "da45a03b265edd8787f8a258d793cc5d");
    change = store_change_new();
    store_put_member(change, portal, NULL);
    fixture_commit(&f, change);
    ck_assert(store_read_member(f.reader, portal, member, NULL));
    ck_assert_str_eq(member, "");
    fixture_done(&f);
}
END_TEST

START_TEST(of_a_rotation_the_last_turn_is_kept)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    store_put_team(change, 1, "first-line", 7, 17, 1000);
    store_put_team(change, 1, "night", 1, 5, 1000);
    store_put_team(change, 2, "first-line", 1, 5, 1000);
    fixture_commit(&f, change);
    /* Taken before, stored after: it changes nothing. */
    change = store_change_new();
    store_put_team(change, 1, "first-line", 6, 4, 900);
    fixture_commit(&f, change);
    json_t *got = NULL;
    ck_assert(store_read_teams(f.reader, 1, &got, NULL));
    ck_assert_uint_eq(json_object_size(got), 2);
    ck_assert_int_eq(jv_int(got, "first-line.turn", 0), 7);
    ck_assert_int_eq(jv_int(got, "first-line.last", 0), 17);
    json_decref(got);
    ck_assert(store_read_teams(f.reader, 3, &got, NULL));
    ck_assert_uint_eq(json_object_size(got), 0);
    json_decref(got);
    fixture_done(&f);
}
END_TEST

static void put_given(struct store_change *change, int64_t owner, int type, const char *id,
                      int64_t deputy, int64_t now_ms)
{
    struct given given = {.owner = owner, .deputy = deputy, .what.type = type, .run.type = 2};
    (void)snprintf(given.what.id, sizeof given.what.id, "%s", id);
    (void)snprintf(given.run.id, sizeof given.run.id, "351");
    store_put_given(change, 1, &given, now_ms);
}

START_TEST(what_a_deputy_has_is_known_until_it_goes_back)
{
    struct fixture f;
    struct given given[5];
    int64_t owners[5], count;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    put_given(change, 5, ENTITY_TASK, "40", 6, 2000);
    put_given(change, 5, 2, "351", 6, 1000);
    put_given(change, 7, 2, "352", 6, 1000);
    put_given(change, 7, 2, "352", 8, 3000); /* given once more */
    fixture_commit(&f, change);
    ck_assert(store_read_given_owners(f.reader, 1, 5, owners, &count, NULL));
    ck_assert_int_eq(count, 2);
    ck_assert(store_read_given(f.reader, 1, 7, 5, given, &count, NULL));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(given[0].deputy, 8);
    ck_assert(store_read_given(f.reader, 1, 5, 1, given, &count, NULL));
    ck_assert_int_eq(count, 1); /* the oldest */
    ck_assert_str_eq(given[0].what.id, "351");
    ck_assert_int_eq(given[0].owner, 5);
    ck_assert_str_eq(given[0].run.id, "351");
    change = store_change_new();
    store_put_given_back(change, 1, &given[0].what);
    fixture_commit(&f, change);
    ck_assert(store_read_given(f.reader, 1, 5, 5, given, &count, NULL));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(given[0].what.type, ENTITY_TASK);
    fixture_done(&f);
}
END_TEST

START_TEST(a_portal_keeps_its_id)
{
    struct fixture f;
    fixture_init(&f);
    int64_t one, two, again;
    ck_assert(store_portal_id(f.store, "main", &one, NULL));
    ck_assert(store_portal_id(f.store, "second", &two, NULL));
    ck_assert_int_gt(one, 0);
    ck_assert_int_ne(one, two);
    fixture_close(&f);
    fixture_open(&f);
    ck_assert(store_portal_id(f.store, "main", &again, NULL));
    ck_assert_int_eq(one, again);
    fixture_done(&f);
}
END_TEST

START_TEST(ids_go_on_after_a_restart)
{
    struct fixture f;
    fixture_init(&f);
    struct event event = fixture_event(&f, "1");
    struct run run = fixture_run(&f, "1", RUN_DONE);
    struct effect effect = {.id = store_next_id(f.store), .run_id = run.id, .portal = 1};
    struct store_change *change = store_change_new();
    store_put_event(change, &event);
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    fixture_commit(&f, change);
    fixture_close(&f);
    fixture_open(&f);
    ck_assert_int_eq(store_next_id(f.store), effect.id + 1);
    fixture_done(&f);
}
END_TEST

START_TEST(the_queue_is_counted_through_every_change)
{
    struct fixture f;
    fixture_init(&f);
    ck_assert_int_eq(fixture_health(&f).max_queue, 1000);
    struct event event = fixture_event(&f, "1");
    struct run run = fixture_run(&f, "1", RUN_READY);
    fixture_put_event(&f, &event);
    fixture_put_run(&f, &run);
    ck_assert_int_eq(fixture_health(&f).queued, 2);
    run.state = RUN_RUNNING;
    fixture_put_run(&f, &run);
    ck_assert_int_eq(fixture_health(&f).queued, 2);
    fixture_close(&f);
    fixture_open(&f);
    ck_assert_int_eq(fixture_health(&f).queued, 2);
    struct store_change *change = store_change_new();
    store_put_event_seen(change, event.id);
    store_put_event_seen(change, event.id);
    fixture_commit(&f, change);
    ck_assert_int_eq(fixture_health(&f).queued, 1);
    run.state = RUN_PARKED;
    fixture_put_run(&f, &run);
    ck_assert_int_eq(fixture_health(&f).queued, 0);
    fixture_done(&f);
}
END_TEST

START_TEST(what_was_running_is_ready_after_a_restart)
{
    struct fixture f;
    fixture_init(&f);
    struct run running = fixture_run(&f, "1", RUN_RUNNING);
    struct run waiting = fixture_run(&f, "2", RUN_WAITING);
    running.due_ms = waiting.due_ms = INT64_MAX;
    fixture_put_run(&f, &running);
    fixture_put_run(&f, &waiting);
    fixture_close(&f);
    fixture_open(&f);
    struct run got = read_run(&f, running.id);
    ck_assert_int_eq(got.state, RUN_READY);
    ck_assert_int_lt(got.due_ms, INT64_MAX);
    run_done(&got);
    got = read_run(&f, waiting.id);
    ck_assert_int_eq(got.state, RUN_WAITING);
    ck_assert(got.due_ms == INT64_MAX);
    run_done(&got);
    fixture_done(&f);
}
END_TEST

START_TEST(a_value_that_somebody_else_spoiled_is_named)
{
    struct fixture f;
    fixture_init(&f);
    struct run run = fixture_run(&f, "1", RUN_READY);
    fixture_put_run(&f, &run);
    (void)fixture_sql(f.path, "UPDATE run SET vars = '{not json'");
    struct run got;
    bool found;
    struct err err = {0};
    ck_assert(!store_read_run(f.reader, run.id, &got, &found, &err));
    ck_assert_str_eq(err.text, "database: a value of \"vars\" is not JSON");
    struct run *runs;
    int64_t count;
    ck_assert(!store_read_live(f.reader, 1, &run.entity, &runs, &count, NULL));
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("store", firings_are_counted_by_rule_and_entity, thawing_forgets_the_firings_so_far,
           settings_budgets_names_and_members_are_kept, of_a_rotation_the_last_turn_is_kept,
           what_a_deputy_has_is_known_until_it_goes_back, a_portal_keeps_its_id,
           ids_go_on_after_a_restart, the_queue_is_counted_through_every_change,
           what_was_running_is_ready_after_a_restart, a_value_that_somebody_else_spoiled_is_named)
