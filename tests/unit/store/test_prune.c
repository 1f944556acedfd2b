/* What goes with age, and what stays however old. */

#include "fixture.h"

#include "common/mem.h"
#include "tests/support/check_main.h"

/* Pruning is a change among the others: one that is committed after it was done after it. */
static void prune(struct fixture *f, int64_t before_ms, int rows)
{
    store_prune(f->store, before_ms, rows);
    struct store_change *change = store_change_new();
    store_put_setting(change, "pruned", "yes");
    fixture_commit(f, change);
}

static int64_t rows_of(struct fixture *f, const char *table)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return fixture_sql(f->path, sql);
}

static struct effect an_effect(struct fixture *f, int64_t run_id)
{
    return (struct effect){.id = store_next_id(f->store), .run_id = run_id, .portal = 1};
}

START_TEST(what_is_over_goes_with_age)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int state = RUN_READY; state <= RUN_PARKED; state++) {
        struct run run = fixture_run(&f, "5", (enum run_state)state);
        struct effect effect = an_effect(&f, run.id);
        store_put_run(change, &run);
        store_put_effect(change, &effect);
    }
    struct run young = fixture_run(&f, "5", RUN_DONE);
    young.updated_ms = 3000;
    store_put_run(change, &young);
    fixture_commit(&f, change);
    prune(&f, 2000, 100);
    ck_assert_int_eq(rows_of(&f, "run WHERE state IN (1, 2, 3)"), 3);
    ck_assert_int_eq(rows_of(&f, "run WHERE state = 7"), 1);
    ck_assert_int_eq(rows_of(&f, "run WHERE state IN (4, 5, 6)"), 1);
    ck_assert_int_eq(rows_of(&f, "effect"), 4);
    ck_assert_int_eq(fixture_health(&f).pruned, 6);
    ck_assert_int_eq(fixture_health(&f).pruned_of[PRUNED_RUNS], 3);
    ck_assert_int_eq(fixture_health(&f).pruned_of[PRUNED_EFFECTS], 3);
    ck_assert_int_eq(fixture_health(&f).queued, 3);
    fixture_done(&f);
}
END_TEST

START_TEST(seen_events_and_traces_go_and_unseen_events_stay)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 4; i++) {
        struct event event = fixture_event(&f, "1");
        event.received_ms = i < 3 ? 1000 : 3000;
        store_put_event(change, &event);
        if (i > 0)
            store_put_event_seen(change, event.id);
        struct trace trace = {.at_ms = event.received_ms, .portal = 1, .what = "seen"};
        store_put_trace(change, &trace);
    }
    fixture_commit(&f, change);
    prune(&f, 2000, 100);
    ck_assert_int_eq(rows_of(&f, "event WHERE state = 1"), 1);
    ck_assert_int_eq(rows_of(&f, "event WHERE state = 2"), 1);
    ck_assert_int_eq(rows_of(&f, "trace"), 1);
    fixture_done(&f);
}
END_TEST

START_TEST(a_deleted_entity_is_forgotten_with_what_rules_did_to_it)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 2; i++) {
        struct snapshot snapshot = {.portal = 1,
                                    .entity = fixture_deal(i == 0 ? "5" : "6"),
                                    .deleted = i == 0,
                                    .looked_ms = 1000};
        store_put_snapshot(change, &snapshot);
        store_put_fired(change, 1, "call-back", &snapshot.entity, 1000, 0, NULL);
        store_put_frozen(change, 1, "another", &snapshot.entity, 5, "x");
    }
    struct entity call = {.type = ENTITY_CALL, .id = "externalCall.1"};
    store_put_fired(change, 1, "missed", &call, 1000, 0, "externalCall.1");
    store_put_name(change, 1, "user:7", NULL, 1000);
    fixture_commit(&f, change);
    prune(&f, 2000, 100);
    ck_assert_int_eq(rows_of(&f, "snapshot"), 1);
    ck_assert_int_eq(rows_of(&f, "fired WHERE entity_id = '6'"), 2);
    ck_assert_int_eq(rows_of(&f, "fired"), 2);
    ck_assert_int_eq(rows_of(&f, "fired_own"), 0);
    ck_assert_int_eq(rows_of(&f, "name"), 0);
    fixture_done(&f);
}
END_TEST

static int64_t a_row_of_each(struct fixture *f)
{
    static const int64_t over_ms = 1000, year_ms = INT64_C(365) * 24 * 3600 * 1000;
    struct store_change *change = store_change_new();
    struct run run = fixture_run(f, "5", RUN_DONE);
    struct effect effect = an_effect(f, run.id);
    struct event event = fixture_event(f, "5");
    struct trace trace = {.at_ms = over_ms, .portal = 1, .what = "seen"};
    struct entity deal = fixture_deal("5"), call = {.type = ENTITY_CALL, .id = "c.1"};
    struct snapshot snapshot = {.portal = 1, .entity = deal, .deleted = true, .looked_ms = over_ms};
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    store_put_event(change, &event);
    store_put_event_seen(change, event.id);
    store_put_trace(change, &trace);
    store_put_snapshot(change, &snapshot);
    store_put_fired(change, 1, "r", &deal, over_ms, 0, NULL);
    store_put_over(change, 1, &deal, "r", "2h before deal.x", "2026-01-01", over_ms);
    store_put_fired(change, 1, "missed", &call, over_ms, 0, "c.1");
    store_put_name(change, 1, "user:7", NULL, over_ms);
    store_put_team(change, 1, "sales", 1, 7, over_ms);
    store_put_given(change, 1, &(struct given){.owner = 7, .deputy = 8, .what = deal, .run = deal},
                    over_ms);
    fixture_commit(f, change);
    return over_ms + year_ms + 1;
}

/* Whatever table comes with a migration: either its rows go with age, or it is named here. */
START_TEST(no_table_keeps_what_is_old)
{
    static const char stays[] = "'portal', 'budget', 'setting', 'timer', 'silence', 'heard'";
    struct fixture f;
    fixture_init(&f);
    int64_t before_ms = a_row_of_each(&f);
    sqlite3 *db;
    sqlite3_stmt *stmt;
    char *tables[40], sql[200];
    int count = 0;
    ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof sql,
                   "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                   "'sqlite_%%' AND name NOT IN (%s)",
                   stays);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        tables[count++] = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_ge(count, 10);
    for (int i = 0; i < count; i++)
        ck_assert_msg(rows_of(&f, tables[i]) > 0, "%s has no row to begin with", tables[i]);
    prune(&f, before_ms, 100);
    for (int i = 0; i < count; i++) {
        ck_assert_msg(rows_of(&f, tables[i]) == 0, "%s keeps its rows", tables[i]);
        mem_free(tables[i]);
    }
    fixture_done(&f);
}
END_TEST

/* Rotations are remembered a year longer than all else. */
START_TEST(a_team_that_rests_keeps_its_turn)
{
    struct fixture f;
    fixture_init(&f);
    int64_t before_ms = a_row_of_each(&f);
    prune(&f, before_ms - 2, 100);
    ck_assert_int_eq(rows_of(&f, "team"), 1);
    ck_assert_int_eq(rows_of(&f, "trace"), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_step_removes_no_more_than_it_was_told)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 100; i++) {
        struct event event = fixture_event(&f, "1");
        store_put_event(change, &event);
        store_put_event_seen(change, event.id);
    }
    fixture_commit(&f, change);
    prune(&f, 2000, 30);
    ck_assert_int_eq(rows_of(&f, "event"), 70);
    prune(&f, 2000, 0);
    ck_assert_int_eq(rows_of(&f, "event"), 70);
    prune(&f, 2000, 100);
    ck_assert_int_eq(rows_of(&f, "event"), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_long_pruning_goes_in_steps)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int i = 0; i < 1200; i++) {
        struct event event = fixture_event(&f, "1");
        store_put_event(change, &event);
        store_put_event_seen(change, event.id);
    }
    fixture_commit(&f, change);
    int64_t commits = fixture_health(&f).commits;
    store_prune(f.store, 2000, 1000);
    while (fixture_health(&f).pruned < 1000)
        fixture_breathe();
    ck_assert_int_ge(fixture_health(&f).commits, commits + 4);
    ck_assert_int_eq(rows_of(&f, "event"), 200);
    fixture_done(&f);
}
END_TEST

START_TEST(ids_of_what_went_are_not_given_again)
{
    struct fixture f;
    fixture_init(&f);
    struct run run = fixture_run(&f, "5", RUN_DONE);
    fixture_put_run(&f, &run);
    prune(&f, 2000, 10);
    ck_assert_int_eq(rows_of(&f, "run"), 0);
    fixture_close(&f);
    fixture_open(&f);
    ck_assert_int_eq(store_next_id(f.store), run.id + 1);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("prune", no_table_keeps_what_is_old, a_team_that_rests_keeps_its_turn,
           a_long_pruning_goes_in_steps, what_is_over_goes_with_age,
           seen_events_and_traces_go_and_unseen_events_stay,
           a_deleted_entity_is_forgotten_with_what_rules_did_to_it,
           a_step_removes_no_more_than_it_was_told, ids_of_what_went_are_not_given_again)
