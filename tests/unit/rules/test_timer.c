/* When timers go off, which of them a look sets, moves and ends, and which moments still count. */

#include "daemon/rules/timer.h"

#include <stdio.h>

#include "common/jv.h"
#include "daemon/rules/index.h"
#include "tests/support/check_main.h"
#include "tests/support/timer_world.h"

static void goes_off(struct zone *zone, const char *on, const char *record, const char *expected)
{
    struct world w;
    struct timer_moment moment;
    world_init(&w, zone, "2026-01-20 12:00", on);
    ck_assert_int_eq(moment_of(&w, record, &moment), KNOWN);
    ck_assert_int_eq(moment.set, expected != NULL);
    if (expected != NULL)
        zones_same(zone, moment.due_ms, expected);
    world_done(&w);
}

static void cannot_be(const char *on, const char *record, const char *expected)
{
    struct world w;
    struct timer_moment moment;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", on);
    ck_assert_int_eq(moment_of(&w, record, &moment), KNOWN_BAD);
    ck_assert_str_eq(w.err.text, expected);
    world_done(&w);
}

START_TEST(a_moment_is_counted_from_the_field)
{
    const char *at = "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\"}";
    goes_off(zones_moscow(), "2h before deal.\"Дата встречи\"", at, "2026-01-21T13:30:00+03:00");
    goes_off(zones_moscow(), "90s after deal.ufCrm_1", at, "2026-01-21T15:31:30+03:00");
    goes_off(zones_moscow(), "2h before deal.ufCrm_1", "{\"ufCrm_1\": \"\"}", NULL);
    goes_off(zones_moscow(), "2h before deal.ufCrm_1", "{\"ufCrm_1\": null}", NULL);
    goes_off(zones_moscow(), "3d after deal.created", "{\"createdTime\": \"2026-01-20T07:00:00Z\"}",
             "2026-01-23T10:00:00+03:00");
    goes_off(zones_moscow(), "3 workdays after deal.created" OFFICE,
             "{\"createdTime\": \"2026-01-22T10:00:00+03:00\"}", "2026-01-27T10:00:00+03:00");
    goes_off(zones_moscow(), "4 workhours before deal.ufCrm_1" OFFICE,
             "{\"ufCrm_1\": \"2026-01-26T10:00:00+03:00\"}", "2026-01-23T15:00:00+03:00");
}
END_TEST

START_TEST(a_bare_date_is_midnight_in_the_portals_zone)
{
    /* bitrix24.md §3.5: the time beside a date means nothing, the server's zone may be another */
    const char *day = "{\"ufCrm_2\": \"2026-03-08T02:00:00+02:00\", "
                      "\"closedate\": \"2026-03-08T00:00:00+11:00\"}";
    goes_off(zones_moscow(), "2h before deal.\"День\"", day, "2026-03-07T22:00:00+03:00");
    goes_off(zones_moscow(), "9h after deal.closedate", day, "2026-03-08T09:00:00+03:00");
    goes_off(zones_moscow(), "9h after deal.closedate", "{\"closedate\": \"2026-03-08\"}",
             "2026-03-08T09:00:00+03:00");
}
END_TEST

START_TEST(what_is_no_date_is_said)
{
    cannot_be("2h before deal.\"Слова\"", "{\"ufCrm_3\": \"завтра\"}",
              "\"ufCrm_3\" of deal is no date, its type is \"string\"");
    cannot_be("2h before deal.\"Дни\"", "{\"ufCrm_4\": []}",
              "\"ufCrm_4\" of deal holds several values, a timer needs one date");
    cannot_be("2h before deal.\"Дата встреч\"", "{}",
              "no field of deal is called \"Дата встреч\"; did you mean \"Дата встречи\"?");
    cannot_be("2h before deal.ufCrm_99", "{}",
              "deal has no field \"ufCrm_99\"; did you mean \"ufCrm_1\"?");
    cannot_be("2h before deal.ufCrm_1", "{\"ufCrm_1\": \"скоро\"}",
              "2h before deal.ufCrm_1: \"скоро\" is not a date");
}
END_TEST

START_TEST(idle_counts_from_the_last_touch_of_either_kind)
{
    goes_off(zones_moscow(), "deal idle 3 workdays" OFFICE,
             "{\"updatedTime\": \"2026-01-22T10:00:00+03:00\","
             " \"lastActivityTime\": \"2026-01-20T09:00:00+03:00\"}",
             "2026-01-27T10:00:00+03:00");
    goes_off(zones_moscow(), "deal idle 1h",
             "{\"updatedTime\": \"2026-01-20T10:00:00+03:00\","
             " \"lastActivityTime\": \"2026-01-20T11:00:00+03:00\"}",
             "2026-01-20T12:00:00+03:00");
    goes_off(zones_moscow(), "deal idle 1h", "{\"title\": \"x\"}", NULL);
}
END_TEST

/* ---- clocks that are set forward and back ---------------------------------------------------- */

START_TEST(durations_go_over_both_changes_of_the_clocks)
{
    /* Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00 */
    goes_off(zones_berlin(), "2h before deal.ufCrm_1",
             "{\"ufCrm_1\": \"2026-03-29T03:30:00+02:00\"}", "2026-03-29T00:30:00+01:00");
    goes_off(zones_berlin(), "2h before deal.ufCrm_1",
             "{\"ufCrm_1\": \"2026-10-25T02:30:00+01:00\"}", "2026-10-25T01:30:00+02:00");
    goes_off(zones_berlin(), "1 workday before deal.ufCrm_1" OFFICE,
             "{\"ufCrm_1\": \"2026-03-30T10:00:00+02:00\"}", "2026-03-27T10:00:00+01:00");
    goes_off(zones_berlin(), "1 workday after deal.ufCrm_1" OFFICE,
             "{\"ufCrm_1\": \"2026-10-23T10:00:00+02:00\"}", "2026-10-26T10:00:00+01:00");
    goes_off(zones_berlin(), "9h after deal.closedate", "{\"closedate\": \"2026-03-29\"}",
             "2026-03-29T10:00:00+02:00");
}
END_TEST

static void comes_next(struct zone *zone, const char *on, const char *after, const char *expected)
{
    struct world w;
    struct timer_moment moment;
    struct err err = {0};
    world_init(&w, zone, "2026-01-20 12:00", on);
    bool found = timer_next(rule_of(&w), &rule_of(&w)->triggers[0], &w.env, zones_at(zone, after),
                            "", &moment, &err);
    ck_assert_msg(found, "%s", err.text);
    zones_same(zone, moment.due_ms, expected);
    world_done(&w);
}

START_TEST(every_finds_the_next_of_its_days)
{
    comes_next(zones_moscow(), "every day 09:00", "2026-01-23 08:59", "2026-01-23T09:00:00+03:00");
    comes_next(zones_moscow(), "every day 09:00", "2026-01-23 09:00", "2026-01-24T09:00:00+03:00");
    comes_next(zones_moscow(), "every weekday 9:00", "2026-01-23 12:00",
               "2026-01-26T09:00:00+03:00");
    comes_next(zones_moscow(), "every sunday 23:59", "2026-01-23 12:00",
               "2026-01-25T23:59:00+03:00");
    comes_next(zones_moscow(), "every friday 12:00", "2026-01-23 12:00",
               "2026-01-30T12:00:00+03:00");
    comes_next(zones_moscow(), "every workday 00:00" OFFICE, "2026-01-23 12:00",
               "2026-01-26T00:00:00+03:00");
}
END_TEST

START_TEST(every_workday_follows_the_calendar_and_every_weekday_does_not)
{
    struct world w;
    struct timer_moment moment;
    struct err err = {0};
    size_t offset;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", "every workday 09:00" OFFICE);
    ck_assert(calendar_add_holiday(w.calendar, "2026-05-11", &offset, &err));
    ck_assert(calendar_add_holiday(w.calendar, "2026-05-16 work 09:00-17:00", &offset, &err));
    const struct trigger *trigger = &rule_of(&w)->triggers[0];
    ck_assert(timer_next(rule_of(&w), trigger, &w.env, zones_at(w.zone, "2026-05-08 10:00"), "",
                         &moment, &err));
    zones_same(w.zone, moment.due_ms, "2026-05-12T09:00:00+03:00");
    ck_assert(timer_next(rule_of(&w), trigger, &w.env, zones_at(w.zone, "2026-05-15 10:00"), "",
                         &moment, &err));
    zones_same(w.zone, moment.due_ms, "2026-05-16T09:00:00+03:00"); /* a Saturday at work */
    world_done(&w);
    comes_next(zones_moscow(), "every weekday 09:00", "2026-05-08 10:00",
               "2026-05-11T09:00:00+03:00");
}
END_TEST

START_TEST(every_comes_once_on_the_days_when_the_clocks_change)
{
    /* 02:30 is skipped in March: it comes when it would have, and once in October, the first */
    comes_next(zones_berlin(), "every day 02:30", "2026-03-28 12:00", "2026-03-29T03:30:00+02:00");
    comes_next(zones_berlin(), "every day 02:30", "2026-03-29 03:30", "2026-03-30T02:30:00+02:00");
    comes_next(zones_berlin(), "every day 02:30", "2026-10-24 12:00", "2026-10-25T02:30:00+02:00");
    comes_next(zones_berlin(), "every day 02:30", "2026-10-25T02:30:00+02:00",
               "2026-10-26T02:30:00+01:00");
    comes_next(zones_berlin(), "every day 02:30", "2026-10-25T02:29:00+01:00",
               "2026-10-26T02:30:00+01:00");
    comes_next(zones_berlin(), "every day 09:00", "2026-03-29 00:30", "2026-03-29T09:00:00+02:00");
    comes_next(zones_berlin(), "every day 09:00", "2026-10-25 00:30", "2026-10-25T09:00:00+01:00");
}
END_TEST

/* ---- the bounds of a search ------------------------------------------------------------------ */

/* No moment between the two may be missed, whatever the day of the week. */
START_TEST(a_search_misses_nothing)
{
    static const char *const ons[] = {
        "2h before deal.ufCrm_1",
        "3 workdays before deal.ufCrm_1" OFFICE,
        "3 workdays after deal.ufCrm_1" OFFICE,
        "4 workhours before deal.closedate" OFFICE,
        "30 workhours after deal.closedate" OFFICE,
        "1w after deal.closedate",
    };
    for (size_t i = 0; i < sizeof ons / sizeof ons[0]; i++) {
        struct world w;
        world_init(&w, zones_moscow(), "2026-01-20 12:00", ons[i]);
        const struct trigger *trigger = &rule_of(&w)->triggers[0];
        int64_t from = zones_at(w.zone, "2026-03-04 12:00"), to = from + 2 * 86400000;
        int64_t least, most;
        struct err err = {0};
        ck_assert(timer_bounds(rule_of(&w), trigger, &w.env, from, to, &least, &most, &err));
        for (int64_t at = from - 40 * 86400000LL; at < to + 40 * 86400000LL; at += 1800000) {
            char iso[26], record[128];
            struct timer_moment moment;
            zone_iso(w.zone, at, iso);
            (void)snprintf(record, sizeof record, "{\"ufCrm_1\": \"%s\", \"closedate\": \"%s\"}",
                           iso, iso);
            ck_assert_int_eq(moment_of(&w, record, &moment), KNOWN);
            if (moment.due_ms >= from && moment.due_ms <= to)
                ck_assert_msg(at >= least && at <= most, "%s: %s", ons[i], iso);
        }
        world_done(&w);
    }
}
END_TEST

/* ---- looks ----------------------------------------------------------------------------------- */

static const struct timer_plan *plan(struct world *w, const char *old, const char *now)
{
    json_decref(w->now);
    json_decref(w->old);
    w->change.now = w->now = json_of(now);
    w->old = old != NULL ? json_of(old) : NULL;
    w->change.old = w->old;
    timer_plan_done(&w->plan);
    timer_plan_make(w->rules.set, &w->change, w->live, w->live_count, w->facts, &w->env, &w->plan);
    return &w->plan;
}

/* The one step there is, put into the world as if it had been carried out. */
static void carry_out(struct world *w)
{
    const struct timer_step *step = &w->plan.steps[0];
    struct run *run = &w->live[0];
    if (w->live_count == 0)
        *run = (struct run){.id = 70, .state = RUN_WAITING};
    w->live_count = 1;
    (void)snprintf(run->rule, sizeof run->rule, "r");
    timer_write(run, step->trigger, &step->moment, w->zone);
}

START_TEST(a_look_sets_moves_and_ends_a_timer)
{
    struct world w;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", "2h before deal.\"Дата встречи\"");
    const char *one = "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\"}";
    const char *two = "{\"ufCrm_1\": \"2026-01-22T15:30:00+03:00\"}";
    ck_assert_uint_eq(plan(&w, NULL, "{\"ufCrm_1\": null}")->count, 0);
    ck_assert_uint_eq(plan(&w, NULL, one)->count, 1);
    ck_assert_int_eq(w.plan.steps[0].doing, TIMER_SET);
    ck_assert(!w.plan.steps[0].news);
    carry_out(&w);
    ck_assert(run_is_timer(&w.live[0]));
    ck_assert_str_eq(w.live[0].reason, "2h before deal.\"Дата встречи\" (it is "
                                       "2026-01-21T15:30:00+03:00)");
    ck_assert_uint_eq(plan(&w, one, one)->count, 0);
    ck_assert_uint_eq(plan(&w, one, two)->count, 1);
    ck_assert_int_eq(w.plan.steps[0].doing, TIMER_MOVE);
    ck_assert_int_eq(w.plan.steps[0].run_id, 70);
    ck_assert(w.plan.steps[0].news);
    carry_out(&w);
    zones_same(w.zone, w.live[0].due_ms, "2026-01-22T13:30:00+03:00");
    ck_assert_uint_eq(plan(&w, two, "{\"ufCrm_1\": \"\"}")->count, 1);
    ck_assert_int_eq(w.plan.steps[0].doing, TIMER_END);
    ck_assert_str_eq(w.plan.steps[0].reason, "deal.\"Дата встречи\" is empty now");
    world_done(&w);
}
END_TEST

START_TEST(a_timer_whose_trigger_is_gone_ends)
{
    struct world w;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", "2h before deal.ufCrm_1");
    const char *one = "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\"}";
    (void)plan(&w, NULL, one);
    carry_out(&w);
    (void)json_object_set_new(json_object_get(w.live[0].vars, "timer"), "trigger",
                              json_string("3h before deal.ufCrm_1"));
    ck_assert_uint_eq(plan(&w, one, one)->count, 2);
    ck_assert_int_eq(w.plan.steps[0].doing, TIMER_SET);
    ck_assert_int_eq(w.plan.steps[1].doing, TIMER_END);
    ck_assert_str_eq(w.plan.steps[1].reason, "its trigger is no longer in the rule");
    (void)snprintf(w.live[0].rule, sizeof w.live[0].rule, "gone");
    (void)plan(&w, one, one);
    ck_assert_str_eq(w.plan.steps[1].reason, "its rule is no longer in the configuration");
    world_done(&w);
}
END_TEST

START_TEST(what_is_not_known_is_asked_for_and_what_cannot_be_is_said)
{
    struct world w;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", "2h before deal.\"Слова\"");
    (void)plan(&w, NULL, "{}");
    ck_assert_uint_eq(json_array_size(w.plan.needs), 0);
    ck_assert_str_eq(json_string_value(json_array_get(w.plan.frozen, 0)),
                     "r: \"ufCrm_3\" of deal is no date, its type is \"string\"");
    (void)json_object_clear(w.facts);
    (void)plan(&w, NULL, "{}");
    ck_assert_str_eq(json_string_value(json_array_get(w.plan.needs, 0)), "fields:2");
    ck_assert_uint_eq(w.plan.count, 0);
    world_done(&w);
}
END_TEST

/* ---- which moments count --------------------------------------------------------------------- */

enum { HOUR = 3600000 };

/* Hours from now: the moment, the record's last change, the daemon's start, the rule's birth. */
struct times {
    int due, updated, started, born;
};

static bool admits(const char *late, struct times t, bool over, bool left, const char *expected)
{
    struct world w;
    char on[128], reason[160];
    (void)snprintf(on, sizeof on, "2h before deal.ufCrm_1\nlate = %s", late);
    world_init(&w, zones_moscow(), "2026-01-20 12:00", on);
    int64_t now = w.env.now_ms;
    struct timer_moment moment = {.set = true, .due_ms = now + (int64_t)t.due * HOUR};
    const struct timer_known known = {.born_ms = now + (int64_t)t.born * HOUR,
                                      .since_ms = now + (int64_t)t.born * HOUR,
                                      .updated_ms = now + (int64_t)t.updated * HOUR,
                                      .started_ms = now + (int64_t)t.started * HOUR,
                                      .over = over,
                                      .left = left};
    bool may = timer_admit(rule_of(&w), &moment, &known, now, w.zone, reason);
    ck_assert_str_eq(reason, expected);
    world_done(&w);
    return may;
}

START_TEST(a_moment_to_come_counts_unless_it_is_over)
{
    const struct times to_come = {.due = 1, .updated = 0, .started = -9, .born = -99};
    ck_assert(admits("run", to_come, false, false, ""));
    ck_assert(admits("skip", to_come, false, false, ""));
    ck_assert(!admits("run", to_come, true, false, ""));
    ck_assert(admits("run", to_come, true, true, "")); /* the date went away and came back */
}
END_TEST

START_TEST(a_moment_before_the_rule_never_counts)
{
    const struct times old = {.due = -9, .updated = -99, .started = -1, .born = -8};
    ck_assert(!admits("run", old, false, false,
                      "its moment, 2026-01-20T03:00:00+03:00, is from before the rule"));
}
END_TEST

START_TEST(a_missed_moment_counts_as_late_says)
{
    /* gone by while nobody listened, the record untouched since */
    const struct times missed = {.due = -2, .updated = -50, .started = -1, .born = -99};
    ck_assert(admits("run", missed, false, false, ""));
    ck_assert(!admits("skip", missed, false, false, "overdue after an outage (late = skip)"));
    ck_assert(admits("run within 3h", missed, false, false, ""));
    ck_assert(!admits("run within 1h", missed, false, false, "overdue by more than late allows"));
    ck_assert(!admits("run", missed, true, true, "")); /* it had gone off before */
}
END_TEST

START_TEST(a_date_set_into_the_past_was_not_missed)
{
    const struct times past = {.due = -2, .updated = 0, .started = -50, .born = -99};
    const char *why = "its moment, 2026-01-20T10:00:00+03:00, is past already";
    ck_assert(!admits("run", past, false, false, why));
    ck_assert(!admits("skip", past, false, false, why));
    ck_assert(!admits("run within 1h", past, false, false, why));
    ck_assert(admits("run within 3h", past, false, false, ""));
    /* changed while nobody listened: it may have been missed */
    const struct times unseen = {.due = -2, .updated = -1, .started = 0, .born = -99};
    ck_assert(admits("run", unseen, false, false, ""));
}
END_TEST

/* The wall clock is the only one: set forward it makes timers late like an outage, set back it
 * makes them wait. */
START_TEST(a_jump_of_the_clock_is_like_an_outage)
{
    struct world w;
    world_init(&w, zones_moscow(), "2026-01-20 12:00", "2h before deal.ufCrm_1\nlate = skip");
    int64_t due = w.env.now_ms, started = due - 5 * HOUR;
    ck_assert_ptr_null(timer_late(rule_of(&w), due, started, due + 5));
    ck_assert_ptr_null(timer_late(rule_of(&w), due, started, due + TIMER_SLACK_MS - 1));
    ck_assert_str_eq(timer_late(rule_of(&w), due, started, due + HOUR),
                     "overdue after an outage (late = skip)");
    ck_assert_ptr_null(timer_late(rule_of(&w), due, started, due - HOUR));
    world_done(&w);
}
END_TEST

/* ---- waking ---------------------------------------------------------------------------------- */

static void wake(struct world *w, const char *now, struct timer_waking *ret)
{
    json_decref(w->now);
    w->change.now = w->now = now != NULL ? json_of(now) : NULL;
    w->change.deleted = now == NULL;
    timer_wake(w->rules.set, rule_of(w), &w->live[0], &w->change, w->facts, &w->env, ret);
    ck_assert_uint_eq(json_array_size(ret->needs), 0);
}

START_TEST(a_timer_that_wakes_looks_again)
{
    struct world w;
    struct timer_waking waking;
    world_init(&w, zones_moscow(), "2026-01-21 13:30",
               "2h before deal.ufCrm_1\nif = deal.stage = C1:NEW\n"
               "cancel-on = deal.opportunity < 10");
    (void)plan(&w, NULL, "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\"}");
    carry_out(&w);
    wake(&w,
         "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\", \"stageId\": \"C1:NEW\", "
         "\"opportunity\": 50}",
         &waking);
    ck_assert_int_eq(waking.kind, TIMER_FIRES);
    ck_assert(waking.firing.passed);
    ck_assert_str_eq(jv_text(waking.firing.vars, "trigger", ""), "2h before deal.ufCrm_1");
    timer_waking_done(&waking);
    wake(&w,
         "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\", \"stageId\": \"C1:WON\", "
         "\"opportunity\": 50}",
         &waking);
    ck_assert_int_eq(waking.kind, TIMER_FIRES);
    ck_assert(!waking.firing.passed);
    ck_assert_str_eq(waking.firing.reason, "deal.stage = C1:NEW");
    timer_waking_done(&waking);
    wake(&w, "{\"ufCrm_1\": \"2026-01-21T15:30:00+03:00\", \"opportunity\": 5}", &waking);
    ck_assert_int_eq(waking.kind, TIMER_ENDS);
    ck_assert(waking.over);
    ck_assert_str_eq(waking.reason, "cancel-on: deal.opportunity < 10");
    timer_waking_done(&waking);
    wake(&w, "{\"ufCrm_1\": \"2026-01-21T16:00:00+03:00\", \"opportunity\": 50}", &waking);
    ck_assert_int_eq(waking.kind, TIMER_SLEEPS);
    zones_same(w.zone, waking.moment.due_ms, "2026-01-21T14:00:00+03:00");
    timer_waking_done(&waking);
    wake(&w, "{\"ufCrm_1\": null, \"opportunity\": 50}", &waking);
    ck_assert_int_eq(waking.kind, TIMER_ENDS);
    ck_assert(!waking.over);
    ck_assert_str_eq(waking.reason, "deal.ufCrm_1 is empty now");
    timer_waking_done(&waking);
    wake(&w, NULL, &waking);
    ck_assert_int_eq(waking.kind, TIMER_ENDS);
    ck_assert_str_eq(waking.reason, "deal 123 was deleted");
    timer_waking_done(&waking);
    world_done(&w);
}
END_TEST

CHECK_MAIN("timer", a_moment_is_counted_from_the_field, a_bare_date_is_midnight_in_the_portals_zone,
           what_is_no_date_is_said, idle_counts_from_the_last_touch_of_either_kind,
           durations_go_over_both_changes_of_the_clocks, every_finds_the_next_of_its_days,
           every_workday_follows_the_calendar_and_every_weekday_does_not,
           every_comes_once_on_the_days_when_the_clocks_change, a_search_misses_nothing,
           a_look_sets_moves_and_ends_a_timer, a_timer_whose_trigger_is_gone_ends,
           what_is_not_known_is_asked_for_and_what_cannot_be_is_said,
           a_moment_to_come_counts_unless_it_is_over, a_moment_before_the_rule_never_counts,
           a_missed_moment_counts_as_late_says, a_date_set_into_the_past_was_not_missed,
           a_jump_of_the_clock_is_like_an_outage, a_timer_that_wakes_looks_again)
