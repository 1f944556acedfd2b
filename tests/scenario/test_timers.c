/* Timers in the whole house: `… before deal.FIELD`, `… after`, `deal idle …`, `every …`, with
 * moments a few seconds away. */

#include <stdio.h>
#include <string.h>

#include "common/zone.h"
#include "tests/support/house_check.h"

#define COMMENT "crm.timeline.comment.add"
#define MEETING "ufCrmMeeting"

/* Now plus so many seconds, as the portal writes moments. */
static json_t *moment_new(int seconds)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    char iso[26];
    ck_assert_ptr_nonnull(utc);
    zone_iso(utc, clock_wall_ms() + seconds * INT64_C(1000), iso);
    zone_free(utc);
    return json_string(iso);
}

static int64_t add_meeting(struct house *h, int seconds)
{
    return house_add(h, IVANOV, DEAL,
                     json_pack("{ss so}", "title", "Окна", MEETING, moment_new(seconds)));
}

/* The same time of day, so many years before. */
static json_t *moment_of_year_new(int seconds, int years)
{
    JV_AUTO *moment = moment_new(seconds);
    const char *iso = json_string_value(moment);
    return json_sprintf("%04d%s",
                        (iso[0] - '0') * 1000 + (iso[1] - '0') * 100 + (iso[2] - '0') * 10 +
                            (iso[3] - '0') - years,
                        iso + 4);
}

static int64_t add_anniversary(struct house *h, int seconds)
{
    return house_add(
        h, IVANOV, DEAL,
        json_pack("{ss so}", "title", "Окна", MEETING, moment_of_year_new(seconds, 8)));
}

static void move_meeting(struct house *h, int64_t id, int seconds)
{
    house_update(h, IVANOV, DEAL, id, json_pack("{so}", MEETING, moment_new(seconds)));
}

static bool effects_come(struct house *h, int expected)
{
    return house_effects(h, COMMENT, NULL) >= expected;
}

#define RULE(on, more)                                                                             \
    "[rule r]\n"                                                                                   \
    "title = Встреча\n"                                                                     \
    "on = " on "\n" more "[then comment]\n"                                                        \
    "text = скоро {{deal.title}}\n"
static const char before_rule[] = RULE("2s before deal.\"Дата встречи\"", "");

static void waits(struct house *h, int64_t seconds)
{
    int64_t until_ms = clock_mono_ms() + seconds * 1000;
    while (clock_mono_ms() < until_ms)
        json_decref(house_control(h, json_pack("{ss}", "do", "stats")));
}

static int64_t ms_of(const char *iso)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    int64_t ms = 0;
    ck_assert(zone_parse_iso(utc, iso, &ms));
    zone_free(utc);
    return ms;
}

/* The moment a run began, as /api/runs shows it, in ms. */
static int64_t began_ms(struct house *h)
{
    json_t *runs = house_runs(h, "r", "done", "");
    ck_assert_uint_eq(json_array_size(runs), 1);
    int64_t ms = ms_of(jv_text(json_array_get(runs, 0), "created", ""));
    json_decref(runs);
    return ms;
}

START_TEST(a_timer_goes_off_at_its_second)
{
    struct house *h = house_with(before_rule);
    int64_t now_s = clock_wall_ms() / 1000;
    (void)add_meeting(h, 4);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_ge(began_ms(h) / 1000, now_s + 2);
    ck_assert_int_le(began_ms(h) / 1000, now_s + 4);
    house_close(h);
}
END_TEST

START_TEST(a_timer_that_has_gone_off_does_not_again)
{
    struct house *h = house_with(before_rule);
    int64_t id = add_meeting(h, 3);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", "waiting"), 0);
    move_meeting(h, id, 4); /* another moment is another timer */
    HOUSE_UNTIL(h, effects_come(h, 2));
    house_close(h);
}
END_TEST

static bool story_says(struct house *h, int64_t id, const char *text)
{
    char entity[32];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)id);
    JV_AUTO *story = house_story(h, entity);
    char *all = jv_dump_new(story);
    bool says = strstr(all, text) != NULL;
    mem_free(all);
    return says;
}

START_TEST(a_timer_moves_with_its_date)
{
    struct house *h = house_with(before_rule);
    int64_t id = add_meeting(h, 3600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    move_meeting(h, id, 5);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 1);
    ck_assert(story_says(h, id, "«Встреча» will start at "));
    ck_assert(story_says(h, id, "«Встреча» moved from "));
    ck_assert(story_says(h, id, "«Встреча» starts: 2s before"));
    house_close(h);
}
END_TEST

START_TEST(an_emptied_date_cancels_its_timer)
{
    struct house *h = house_with(before_rule);
    int64_t id = add_meeting(h, 3600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", MEETING, ""));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    ck_assert(story_says(h, id, "is empty now"));
    move_meeting(h, id, 3600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_close(h);
}
END_TEST

START_TEST(a_date_set_into_the_past_starts_nothing)
{
    struct house *h = house_with(before_rule);
    int64_t id = add_meeting(h, 3600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    move_meeting(h, id, -600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(cancel_on_ends_a_timer_for_good)
{
    struct house *h =
        house_with(RULE("1s before deal.\"Дата встречи\"", "cancel-on = deal leaves stage\n"));
    int64_t id = add_meeting(h, 5);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "PREPARATION"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "r", "waiting"), 0);
    waits(h, 5);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(conditions_are_asked_when_it_goes_off)
{
    struct house *h =
        house_with(RULE("2s before deal.\"Дата встречи\"", "if = deal.stage = PREPARATION\n"));
    int64_t id = add_meeting(h, 4), other = add_meeting(h, 4);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 2);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "PREPARATION"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1 &&
                       house_count_runs(h, "r", "cancelled") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert(story_says(h, other, "«Встреча» does not start: if: deal.stage = PREPARATION"));
    house_close(h);
}
END_TEST

START_TEST(a_deleted_deal_takes_its_timer_along)
{
    struct house *h = house_with(before_rule);
    int64_t id = add_meeting(h, 3600);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    json_decref(house_person(h, IVANOV, "crm.item.delete",
                             json_pack("{si sI}", "entityTypeId", DEAL, "id", (json_int_t)id)));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    house_close(h);
}
END_TEST

START_TEST(a_timer_survives_kill_9)
{
    struct house *h = house_with(before_rule);
    (void)add_meeting(h, 6);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_kill(h);
    house_start(h);
    ck_assert_int_eq(house_count_runs(h, "r", "waiting"), 1);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

static void is_overdue(const char *rule, bool runs)
{
    struct house *h = house_with(rule);
    (void)add_meeting(h, 4);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_kill(h);
    waits(h, 3);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", runs ? "done" : "cancelled") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, runs ? 1 : 0, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 1);
    house_close(h);
}

START_TEST(late_decides_about_timers_that_were_slept_through)
{
    is_overdue(before_rule, true);
    is_overdue(RULE("2s before deal.\"Дата встречи\"", "late = skip\n"), false);
    is_overdue(RULE("2s before deal.\"Дата встречи\"", "late = run within 1h\n"), true);
}
END_TEST

/* The deal is there, quiet, before anybody listens: only the search finds it. */
START_TEST(a_deal_that_nobody_touches_is_found)
{
    struct house *h = house_with("[rule other]\non = deal added\n[then comment]\ntext = x\n");
    ck_assert_int_eq(house_stop(h), 0);
    (void)add_meeting(h, 8);
    (void)add_meeting(h, 90 * 86400); /* beyond what is searched for */
    (void)house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Без даты"));
    json_decref(house_control(h, json_pack("{ss}", "do", "stats")));
    house_rules(h, before_rule);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "") == 1);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 1);
    house_close(h);
}
END_TEST

START_TEST(a_deal_that_lies_idle_is_told_of_and_one_that_is_touched_is_not)
{
    struct house *h = house_with("[rule r]\non = deal idle 4s\n[then notify]\n"
                                 "to = 5\ntext = стоит {{deal.title}}\n");
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    waits(h, 2);
    int64_t touched_ms = clock_wall_ms();
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    ck_assert_int_ge(began_ms(h), touched_ms / 1000 * 1000 + 4000);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "r", "waiting"), 0);
    house_close(h);
}
END_TEST

START_TEST(every_waits_for_its_next_time_once)
{
    struct house *h = house_with("[rule r]\non = every day 09:00\n[then notify]\n"
                                 "to = 5\ntext = утро\n");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_kill(h);
    house_start(h);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 1);
    JV_AUTO *runs = house_runs(h, "r", "waiting", "");
    ck_assert_ptr_nonnull(strstr(jv_text(json_array_get(runs, 0), "due", ""), "T09:00:00"));
    house_rules(h, "[rule r]\non = every monday 10:30\n[then notify]\nto = 5\ntext = утро\n");
    ck_assert_int_eq(house_stop(h), 0);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    ck_assert_int_eq(house_count_runs(h, "r", "cancelled"), 1);
    house_close(h);
}
END_TEST

static const char yearly_rule[] = RULE("2s before deal.\"Дата встречи\" every year", "");

START_TEST(what_comes_round_every_year_goes_off_and_waits_for_the_next)
{
    struct house *h = house_with(yearly_rule);
    int64_t id = add_anniversary(h, 4);
    HOUSE_UNTIL(h, effects_come(h, 1));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 2);
    JV_AUTO *runs = house_runs(h, "r", "waiting", "");
    ck_assert_int_gt(ms_of(jv_text(runs, "0.due", "")) - clock_wall_ms(), 364 * INT64_C(86400000));
    house_update(h, IVANOV, DEAL, id, json_pack("{so}", MEETING, moment_of_year_new(4, 3)));
    HOUSE_UNTIL(h, effects_come(h, 2)); /* another day is this year's, if it is still to come */
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    json_decref(house_person(h, IVANOV, "crm.item.delete",
                             json_pack("{si sI}", "entityTypeId", DEAL, "id", (json_int_t)id)));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 0);
    house_close(h);
}
END_TEST

START_TEST(an_anniversary_that_nobody_touches_is_found)
{
    struct house *h = house_with("[rule other]\non = deal added\n[then comment]\ntext = x\n");
    ck_assert_int_eq(house_stop(h), 0);
    (void)add_anniversary(h, 8);
    (void)add_anniversary(h, 90 * 86400);
    (void)house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Без даты"));
    json_decref(house_control(h, json_pack("{ss}", "do", "stats")));
    house_rules(h, yearly_rule);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "") == 1);
    HOUSE_UNTIL(h, effects_come(h, 1));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 2);
    house_close(h);
}
END_TEST

START_TEST(timers_says_what_it_waits_for_and_what_would_cancel_it)
{
    struct house *h =
        house_with(RULE("2h before deal.\"Дата встречи\"", "cancel-on = deal leaves stage\n"));
    int64_t id = add_meeting(h, 10800);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    struct house_said said = house_verb(h, (const char *const[]){"timers", "deal", number, NULL});
    ck_assert_int_eq(said.code, 0);
    ck_assert_ptr_nonnull(strstr(said.out, "2h before deal.\"Дата встречи\" (it is "));
    ck_assert_ptr_nonnull(strstr(said.out, "unless deal leaves stage"));
    house_said_done(&said);
    house_close(h);
}
END_TEST

/* Bitrix24 says it once, and we were not there. */
START_TEST(what_was_lost_on_its_way_is_seen_before_a_wait_goes_on)
{
    struct house *h = house_with("[rule w]\n"
                                 "on = deal added\n"
                                 "cancel-on = deal.assigned changes\n"
                                 "[wait 4s]\n"
                                 "[then comment]\n"
                                 "text = поздно\n"
                                 "[rule changed]\n"
                                 "on = deal.assigned changes\n"
                                 "[then comment]\n"
                                 "text = был {{old.assigned}}\n");
    int64_t id =
        house_add(h, IVANOV, DEAL, json_pack("{ss si}", "title", "Окна", "assignedById", 5));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "waiting") == 1);
    house_kill(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{si}", "assignedById", 6));
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "w", "cancelled") == 1);
    HOUSE_UNTIL(h, effects_come(h, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "был 5"));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_deal_deleted_behind_our_back_takes_its_wait_along)
{
    struct house *h = house_with("[rule w]\n"
                                 "on = deal added\n"
                                 "[wait 3s]\n"
                                 "[then comment]\n"
                                 "text = поздно\n");
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "waiting") == 1);
    house_kill(h);
    json_decref(house_person(h, IVANOV, "crm.item.delete",
                             json_pack("{si sI}", "entityTypeId", DEAL, "id", (json_int_t)id)));
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "w", "cancelled") == 1);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

CHECK_MAIN("timers", a_timer_goes_off_at_its_second, a_timer_that_has_gone_off_does_not_again,
           a_timer_moves_with_its_date, an_emptied_date_cancels_its_timer,
           a_date_set_into_the_past_starts_nothing, cancel_on_ends_a_timer_for_good,
           conditions_are_asked_when_it_goes_off, a_deleted_deal_takes_its_timer_along,
           a_timer_survives_kill_9, late_decides_about_timers_that_were_slept_through,
           a_deal_that_nobody_touches_is_found,
           a_deal_that_lies_idle_is_told_of_and_one_that_is_touched_is_not,
           every_waits_for_its_next_time_once,
           what_comes_round_every_year_goes_off_and_waits_for_the_next,
           an_anniversary_that_nobody_touches_is_found,
           timers_says_what_it_waits_for_and_what_would_cancel_it,
           what_was_lost_on_its_way_is_seen_before_a_wait_goes_on,
           a_deal_deleted_behind_our_back_takes_its_wait_along)
