#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/staff.h"

/* Who gets it, from facts alone; whole dialogues are in test_cases.c. */

enum { MANY = 10000 };

static void set_rotation(struct staff_bench *b, int64_t turn, int64_t last)
{
    (void)json_object_set_new(
        b->facts, "team:t",
        json_pack("{s:I, s:I, s:{}}", "turn", (json_int_t)turn, "last", (json_int_t)last, "given"));
}

static void send_away(struct staff_bench *b, int user)
{
    char need[64];
    (void)snprintf(need, sizeof need, "presence:%d:2026-01-20", user);
    int64_t now_s = b->env.now_ms / 1000;
    (void)json_object_set_new(b->facts, need,
                              json_pack("{s:[{s:I, s:I, s:b}]}", "absent", "from",
                                        (json_int_t)now_s - 10, "to", (json_int_t)now_s + 10,
                                        "days", 0));
}

/* Turn after turn, as the engine takes them. */
static void take_turns(struct staff_bench *b, int count, int given[STAFF_USERS + 1])
{
    int64_t last = 0;
    memset(given, 0, sizeof(int[STAFF_USERS + 1]));
    for (int i = 0; i < count; i++) {
        struct turn turn;
        set_rotation(b, i, last);
        ck_assert(!staff_draw(b, b->facts, (uint64_t)i, &last, &turn));
        ck_assert_int_eq(turn.turn, i);
        given[last]++;
    }
}

static void shares_differ_by_at_most(const int given[STAFF_USERS + 1], int from, int to, int most)
{
    int least = given[from], greatest = given[from];
    for (int i = from; i <= to; i++) {
        least = given[i] < least ? given[i] : least;
        greatest = given[i] > greatest ? given[i] : greatest;
    }
    ck_assert_int_le(greatest - least, most);
}

START_TEST(of_ten_thousand_turns_everybody_has_as_many_but_one)
{
    int given[STAFF_USERS + 1];
    for (int members = 1; members <= 7; members += 3) {
        struct staff_bench b;
        staff_bench_init(&b, members, TEAM_ROUND_ROBIN);
        take_turns(&b, MANY, given);
        shares_differ_by_at_most(given, 1, members, 1);
        staff_bench_done(&b);
    }
}
END_TEST

/* The one behind an absent member does not get his turns as well. */
START_TEST(the_present_share_what_the_absent_would_have)
{
    int given[STAFF_USERS + 1];
    struct staff_bench b;
    staff_bench_init(&b, 4, TEAM_ROUND_ROBIN);
    send_away(&b, 1);
    take_turns(&b, MANY, given);
    ck_assert_int_eq(given[1], 0);
    shares_differ_by_at_most(given, 2, 4, 1);
    staff_bench_done(&b);
}
END_TEST

/* Four standard deviations of a quarter of ten thousand are 173; the seeds are fixed. */
START_TEST(chance_gives_everybody_about_as_much)
{
    int given[STAFF_USERS + 1] = {0};
    struct staff_bench b;
    staff_bench_init(&b, 4, TEAM_RANDOM);
    for (int i = 0; i < MANY; i++) {
        struct turn turn;
        int64_t user;
        ck_assert(staff_draw(&b, b.facts, (uint64_t)i * 7 + 1, &user, &turn));
        given[user]++;
    }
    for (int i = 1; i <= 4; i++) {
        ck_assert_int_gt(given[i], MANY / 4 - 173);
        ck_assert_int_lt(given[i], MANY / 4 + 173);
    }
    staff_bench_done(&b);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_person)
{
    struct staff_bench b;
    struct turn turn;
    int64_t first, second;
    staff_bench_init(&b, 9, TEAM_RANDOM);
    ck_assert(staff_draw(&b, b.facts, 42, &first, &turn));
    ck_assert(staff_draw(&b, b.facts, 42, &second, &turn));
    ck_assert_int_eq(first, second);
    staff_bench_done(&b);
}
END_TEST

static void set_load(struct staff_bench *b, int user, int load)
{
    char need[32];
    (void)snprintf(need, sizeof need, "load:%d", user);
    (void)json_object_set_new(b->facts, need, json_integer(load));
}

START_TEST(of_those_with_least_to_do_it_is_the_next_ones_turn)
{
    static const struct {
        int loads[3], last, expected;
    } cases[] = {
        {{2, 1, 1}, 0, 2}, {{2, 1, 1}, 2, 3}, {{2, 1, 1}, 3, 2}, {{0, 0, 0}, 1, 2},
        {{0, 0, 0}, 3, 1}, {{5, 9, 4}, 3, 3}, {{1, 1, 9}, 7, 1}, /* 7 is no member any more */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct staff_bench b;
        struct turn turn;
        int64_t user;
        staff_bench_init(&b, 3, TEAM_LEAST_BUSY);
        for (int k = 0; k < 3; k++)
            set_load(&b, k + 1, cases[i].loads[k]);
        set_rotation(&b, 5, cases[i].last);
        ck_assert(!staff_draw(&b, b.facts, 1, &user, &turn));
        ck_assert_int_eq(user, cases[i].expected);
        staff_bench_done(&b);
    }
}
END_TEST

START_TEST(what_was_given_a_moment_ago_counts_as_work)
{
    struct staff_bench b;
    struct turn turn;
    int64_t user;
    staff_bench_init(&b, 2, TEAM_LEAST_BUSY);
    set_load(&b, 1, 3);
    set_load(&b, 2, 5);
    (void)json_object_set_new(
        b.facts, "team:t", json_pack("{s:i, s:i, s:{s:i}}", "turn", 9, "last", 2, "given", "1", 3));
    ck_assert(!staff_draw(&b, b.facts, 1, &user, &turn));
    ck_assert_int_eq(user, 2);
    staff_bench_done(&b);
}
END_TEST

/* ---- who is away ----------------------------------------------------------------------------- */

static bool is_away(struct staff_bench *b, json_t *presence, bool day)
{
    char why[64];
    bool away;
    JV_AUTO *needs = json_array();
    (void)json_object_set_new(b->facts, "presence:1:2026-01-20", presence);
    struct scope scope = {.env = &b->env, .facts = b->facts, .needs = needs};
    ck_assert_int_eq(team_away(&scope, 1, day, &away, why), KNOWN);
    return away;
}

static json_t *absence_new(int64_t from_s, int64_t to_s, bool days)
{
    return json_pack("{s:[{s:I, s:I, s:b}]}", "absent", "from", (json_int_t)from_s, "to",
                     (json_int_t)to_s, "days", days);
}

/* 2026-01-20T00:00:00Z; whole days begin at midnight in UTC, in Moscow or in Kamchatka. */
START_TEST(a_whole_day_is_absent_from_its_first_hour_to_its_last)
{
    static const int64_t midnight_s = 1768867200, day_s = 86400;
    static const int64_t offsets_h[] = {0, -3, -11, 5};
    struct staff_bench b;
    staff_bench_init(&b, 1, TEAM_ROUND_ROBIN);
    for (size_t i = 0; i < sizeof offsets_h / sizeof offsets_h[0]; i++) {
        int64_t today_s = midnight_s + offsets_h[i] * 3600;
        ck_assert(is_away(&b, absence_new(today_s, today_s, true), false));
        ck_assert(is_away(&b, absence_new(today_s - 2 * day_s, today_s, true), false));
        ck_assert(is_away(&b, absence_new(today_s, today_s + 9 * day_s, true), false));
        ck_assert(!is_away(&b, absence_new(today_s - day_s, today_s - day_s, true), false));
        ck_assert(!is_away(&b, absence_new(today_s + day_s, today_s + 2 * day_s, true), false));
    }
    staff_bench_done(&b);
}
END_TEST

START_TEST(an_absence_of_hours_ends_with_its_last_second)
{
    struct staff_bench b;
    staff_bench_init(&b, 1, TEAM_ROUND_ROBIN);
    int64_t now_s = b.env.now_ms / 1000;
    ck_assert(is_away(&b, absence_new(now_s, now_s + 1, false), false));
    ck_assert(!is_away(&b, absence_new(now_s - 60, now_s, false), false));
    ck_assert(!is_away(&b, absence_new(now_s + 1, now_s + 60, false), false));
    staff_bench_done(&b);
}
END_TEST

START_TEST(a_closed_day_counts_only_where_it_is_asked_for)
{
    struct staff_bench b;
    staff_bench_init(&b, 1, TEAM_ROUND_ROBIN);
    json_t *closed =
        json_pack("{s:s, s:s}", "status", "CLOSED", "start", "2026-01-20T09:00:00+03:00");
    ck_assert(is_away(&b, json_incref(closed), true));
    ck_assert(!is_away(&b, closed, false));
    ck_assert(!is_away(&b, json_pack("{s:s, s:s}", "status", "PAUSED", "start", "x"), true));
    ck_assert(!is_away(&b, json_pack("{s:s, s:s}", "status", "EXPIRED", "start", "x"), true));
    /* Somebody who never counts his hours is CLOSED too. */
    ck_assert(!is_away(&b, json_pack("{s:s, s:s}", "status", "CLOSED", "start", ""), true));
    staff_bench_done(&b);
}
END_TEST

START_TEST(what_the_portal_does_not_say_is_no_absence)
{
    struct staff_bench b;
    staff_bench_init(&b, 1, TEAM_ROUND_ROBIN);
    ck_assert(!is_away(&b, json_object(), true));
    ck_assert(!is_away(&b, json_null(), true));
    staff_bench_done(&b);
}
END_TEST

/* The deputy of user 1; himself when nobody stands in. */
static int64_t stand_in(struct staff_bench *b, struct substitute *substitutes, int count)
{
    JV_AUTO *needs = json_array();
    json_t *ids = json_pack("[i]", 1);
    struct scope scope = {.env = &b->env, .facts = b->facts, .needs = needs};
    b->staff.substitutes = substitutes;
    b->staff.substitute_count = count;
    ck_assert_int_eq(team_stand_ins(&scope, &ids), KNOWN);
    int64_t id = jv_int(ids, "0", 0);
    json_decref(ids);
    return id;
}

START_TEST(one_user_may_have_a_deputy_for_each_absence)
{
    static char one[] = "1", two[] = "2", three[] = "3";
    struct substitute substitutes[] = {
        {.user = one, .deputy = two, .from = "2025-07-01", .until = "2025-07-14"},
        {.user = one, .deputy = three, .from = "2026-01-19", .until = "2026-01-21"},
    };
    struct staff_bench b;
    staff_bench_init(&b, 3, TEAM_ROUND_ROBIN);
    ck_assert_int_eq(stand_in(&b, substitutes, 2), 3);
    ck_assert_int_eq(stand_in(&b, substitutes, 1), 1);
    staff_bench_done(&b);
}
END_TEST

START_TEST(who_is_back_is_said_by_days_by_the_calendar_and_by_nothing_at_all)
{
    static char one[] = "1", two[] = "2";
    struct substitute dated = {.user = one, .deputy = two, .from = "2026-01-19"};
    struct substitute undated = {.user = one, .deputy = two};
    struct staff_bench b;
    JV_AUTO *needs = json_array();
    bool back = true;
    staff_bench_init(&b, 3, TEAM_ROUND_ROBIN);
    struct scope scope = {.env = &b.env, .facts = b.facts, .needs = needs};
    b.staff.substitutes = &dated;
    b.staff.substitute_count = 1;
    ck_assert_int_eq(team_is_back(&scope, 1, &back), KNOWN);
    ck_assert(!back);
    b.staff.substitutes = &undated;
    ck_assert_int_eq(team_is_back(&scope, 1, &back), KNOWN);
    ck_assert(back);
    send_away(&b, 1);
    ck_assert_int_eq(team_is_back(&scope, 1, &back), KNOWN);
    ck_assert(!back);
    b.staff.substitute_count = 0; /* nobody speaks of him any more */
    ck_assert_int_eq(team_is_back(&scope, 1, &back), KNOWN);
    ck_assert(back);
    staff_bench_done(&b);
}
END_TEST

CHECK_MAIN("rules/team", of_ten_thousand_turns_everybody_has_as_many_but_one,
           the_present_share_what_the_absent_would_have, chance_gives_everybody_about_as_much,
           the_same_seed_gives_the_same_person, of_those_with_least_to_do_it_is_the_next_ones_turn,
           what_was_given_a_moment_ago_counts_as_work,
           a_whole_day_is_absent_from_its_first_hour_to_its_last,
           an_absence_of_hours_ends_with_its_last_second,
           a_closed_day_counts_only_where_it_is_asked_for,
           what_the_portal_does_not_say_is_no_absence, one_user_may_have_a_deputy_for_each_absence,
           who_is_back_is_said_by_days_by_the_calendar_and_by_nothing_at_all)
