#include "daemon/portal/budget.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };
static const int64_t start = INT64_C(1778747192000);

static struct budget budget;

static void begin(double drain, double size, double share)
{
    budget_init(&budget, drain, size, share, start);
}

static void learn(const char *method, double operating, double processing, int64_t now_ms)
{
    JV_AUTO *time = json_pack("{s:f, s:f, s:f}", "operating", operating, "processing", processing,
                              "finish", (double)now_ms / 1000);
    budget_learn(&budget, method, time, now_ms, now_ms);
}

/* As many requests as may go, each answered at once. */
static int burst(int64_t now_ms)
{
    int taken = 0;
    for (; budget_take(&budget, now_ms); taken++)
        budget_counted(&budget, now_ms);
    return taken;
}

START_TEST(a_burst_leaves_room_for_leaking_in_steps_and_then_goes_at_its_pace)
{
    begin(2, 50, 1);
    ck_assert_int_eq(burst(start), 49); /* the portal's 50th is free only after its next second */
    ck_assert_int_eq(budget_wait_ms(&budget, start), 500);
    ck_assert(!budget_take(&budget, start + 499));
    ck_assert(budget_take(&budget, start + 500));
    budget_done(&budget);
    begin(5, 250, 1);
    ck_assert_int_eq(burst(start), 246);
    budget_done(&budget);
}
END_TEST

/* The portal's bucket as documented (§5): whole, leaking once a second at an unknown moment. */
START_TEST(no_moment_of_the_portals_second_makes_it_refuse)
{
    for (int64_t phase = 0; phase < SECOND; phase += 50) {
        int64_t level = 0, ticks = 0;
        begin(2, 50, 1);
        for (int64_t now = start; now < start + 120 * SECOND; now += 10) {
            for (; ticks < (now - start + phase) / SECOND; ticks++)
                level = level > 2 ? level - 2 : 0;
            if (budget_take(&budget, now)) {
                budget_counted(&budget, now);
                ck_assert_int_le(++level, 50);
            }
        }
        budget_done(&budget);
    }
}
END_TEST

START_TEST(a_request_on_its_way_does_not_leak)
{
    begin(2, 50, 1);
    for (int i = 0; i < 49; i++)
        ck_assert(budget_take(&budget, start));
    ck_assert(!budget_take(&budget, start + 60 * SECOND)); /* they may all arrive just now */
    budget_counted(&budget, start + 60 * SECOND);
    ck_assert_double_eq_tol(budget_level(&budget, start + 60 * SECOND), 49, 1e-9);
    ck_assert(budget_take(&budget, start + 60 * SECOND + 500));
    budget_done(&budget);
}
END_TEST

START_TEST(a_share_leaves_the_rest_to_others)
{
    begin(2, 50, 0.5);
    ck_assert_int_eq(burst(start), 25);
    ck_assert_int_eq(budget_wait_ms(&budget, start), 1000);
    budget_done(&budget);
}
END_TEST

START_TEST(refusals_teach_how_much_others_take)
{
    begin(2, 50, 1);
    int64_t now = start + 100 * SECOND;
    budget_rate_refused(&budget, 7, now); /* 50 requests of others in 100 s */
    ck_assert_double_eq_tol(budget.foreign, 0.5, 1e-9);
    ck_assert_double_eq_tol(budget.bucket.drain, 1.5, 1e-9);
    JV_AUTO *saved = budget_save_new(&budget, now);
    budget_done(&budget);
    begin(2, 50, 1);
    budget_load(&budget, saved, now);
    ck_assert_double_eq_tol(budget.bucket.drain, 1.5, 1e-9);
    for (int minute = 0; minute < 60; minute++) /* nobody refuses any more: they have gone */
        budget_went_well(&budget, now += MINUTE);
    ck_assert_double_gt(budget.bucket.drain, 1.99);
    budget_done(&budget);
}
END_TEST

START_TEST(others_are_never_thought_to_take_everything)
{
    begin(2, 50, 1);
    int64_t now = start;
    for (int i = 0; i < 20; i++)
        budget_rate_refused(&budget, 7, now += MINUTE);
    ck_assert_double_ge(budget.bucket.drain, 0.4 - 1e-9);
    ck_assert_int_lt(budget_wait_ms(&budget, now), 60 * SECOND);
    budget_done(&budget);
}
END_TEST

START_TEST(without_a_drain_nothing_is_limited)
{
    begin(0, 0, 1);
    for (int i = 0; i < 10000; i++)
        ck_assert(budget_take(&budget, start));
    ck_assert_int_eq(budget_wait_ms(&budget, start), 0);
    ck_assert_double_gt(budget_free(&budget, start), 1000);
    budget_done(&budget);
}
END_TEST

START_TEST(a_refusal_freezes_the_portal_for_a_second_and_longer_each_time)
{
    begin(2, 50, 1);
    int64_t now = start, before = 0;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(budget_wait_ms(&budget, now), 0);
        budget_rate_refused(&budget, 7, now);
        int64_t wait = budget.frozen_until_ms - now;
        ck_assert_int_ge(wait, 1000);
        ck_assert_int_gt(wait, before);
        ck_assert(!budget_take(&budget, now + 999));
        ck_assert_double_eq(budget_free(&budget, now), 0);
        before = wait;
        now += wait + 6 * SECOND;
        ck_assert(budget_take(&budget, now)); /* our level is believed to be the brim */
        now += 60 * SECOND;
    }
    budget_went_well(&budget, now);
    budget_rate_refused(&budget, 7, now);
    ck_assert_int_lt(budget.frozen_until_ms - now, 1600);
    budget_done(&budget);
}
END_TEST

START_TEST(refusals_that_were_under_way_together_count_once)
{
    begin(2, 50, 1);
    budget_rate_refused(&budget, 7, start);
    int64_t frozen = budget.frozen_until_ms;
    budget_rate_refused(&budget, 7, start + 10);
    ck_assert_int_eq(budget.frozen_until_ms, frozen);
    ck_assert_int_eq(budget.refusals, 1);
    budget_done(&budget);
}
END_TEST

START_TEST(operating_time_is_what_the_portal_says)
{
    begin(2, 50, 1);
    learn("crm.item.list", 3.5, 3.5, start);
    learn("crm.item.list", 5.0, 1.5, start + MINUTE);
    ck_assert_double_eq_tol(budget_operating(&budget, "crm.item.list", start + MINUTE), 5.0, 1e-9);
    /* the first basket drops out ten minutes after its first call */
    ck_assert_double_eq_tol(budget_operating(&budget, "crm.item.list", start + 10 * MINUTE), 1.5,
                            1e-9);
    ck_assert_double_eq_tol(budget_operating(&budget, "crm.item.list", start + 11 * MINUTE), 0,
                            1e-9);
    ck_assert_double_eq_tol(budget_operating(&budget, "other", start), 0, 1e-9);
    budget_done(&budget);
}
END_TEST

START_TEST(a_smaller_total_of_the_portal_shrinks_ours)
{
    begin(2, 50, 1);
    learn("m", 100, 1, start);
    learn("m", 40, 1, start + SECOND);
    ck_assert_double_eq_tol(budget_operating(&budget, "m", start + SECOND), 40, 1e-9);
    budget_done(&budget);
}
END_TEST

START_TEST(a_method_waits_when_its_time_is_used_up)
{
    begin(2, 50, 1);
    learn("m", 400, 20, start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
    learn("m", 470, 20, start + 2 * MINUTE);
    int64_t wait = budget_method_wait_ms(&budget, "m", start + 2 * MINUTE);
    ck_assert_int_eq(wait, 8 * MINUTE + SECOND); /* until the 400 of the first minute drop out */
    ck_assert_int_eq(budget_method_wait_ms(&budget, "n", start + 2 * MINUTE), 0);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start + 10 * MINUTE), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(calls_in_flight_count_before_they_are_back)
{
    begin(2, 50, 1);
    learn("m", 438, 10, start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
    budget_promise(&budget, "m", start);
    budget_promise(&budget, "m", start);
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start), 0);
    budget_release(&budget, "m");
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(the_portals_own_reset_time_moves_our_basket)
{
    begin(2, 50, 1);
    /* its clock is an hour ahead of ours: only the difference counts */
    double finish = (double)start / 1000 + 3600;
    JV_AUTO *time = json_pack("{s:f, s:f, s:f, s:f}", "operating", 470.0, "processing", 10.0,
                              "finish", finish, "operating_reset_at", finish + 120);
    budget_learn(&budget, "m", time, start, start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 121 * SECOND);
    budget_done(&budget);
}
END_TEST

START_TEST(a_method_limit_is_believed_and_teaches_a_lower_one)
{
    begin(2, 50, 1);
    learn("m", 420, 1, start);
    budget_method_refused(&budget, "m", start + MINUTE);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start + MINUTE), 9 * MINUTE + SECOND);
    learn("m", 419, 1, start + 11 * MINUTE); /* the next time 419 of 420 are too near */
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start + 11 * MINUTE), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(a_method_limit_out_of_the_blue_blocks_for_five_minutes)
{
    begin(2, 50, 1);
    budget_method_refused(&budget, "m", start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 301 * SECOND);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start + 301 * SECOND), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(a_method_refused_again_waits_for_the_end_of_the_ban)
{
    begin(2, 50, 1);
    learn("m", 460, 1, start);
    int64_t now = start + 9 * MINUTE;
    budget_method_refused(&budget, "m", now);
    budget_method_refused(&budget, "m", now); /* of the same batch */
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", now), MINUTE + SECOND);
    now += MINUTE + SECOND;
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", now), 0);
    budget_method_refused(&budget, "m", now);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", now), 301 * SECOND);
    budget_done(&budget);
}
END_TEST

START_TEST(a_lesson_lasts_a_day)
{
    begin(2, 50, 1);
    learn("m", 300, 1, start);
    budget_method_refused(&budget, "m", start + MINUTE);
    JV_AUTO *saved = budget_save_new(&budget, start + MINUTE);
    budget_done(&budget);
    begin(2, 50, 1);
    budget_load(&budget, saved, start + MINUTE);
    learn("m", 299, 1, start + 20 * MINUTE);
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start + 20 * MINUTE), 0);
    learn("m", 299, 1, start + 25 * 60 * MINUTE); /* somebody may have raised it */
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start + 25 * 60 * MINUTE), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(a_call_that_ran_above_the_limit_shows_a_higher_one)
{
    begin(2, 50, 1);
    learn("m", 590, 1, start);
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start + SECOND), 0);
    learn("m", 591, 1, start + SECOND); /* a person has let it go */
    learn("m", 560, 1, start + 2 * SECOND);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start + 2 * SECOND), 0);
    budget_done(&budget);
}
END_TEST

static json_t *time_new(double operating, double spent, int64_t begun_ms, int64_t reset_ms)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "operating", operating, "processing", spent,
                     "start", (double)begun_ms / 1000, "finish", (double)begun_ms / 1000 + spent,
                     "operating_reset_at", (double)(reset_ms / 1000));
}

START_TEST(a_call_belongs_to_the_minute_in_which_it_began)
{
    begin(2, 50, 1);
    int64_t minute = start - start % MINUTE; /* of the portal's clock, which is ours here */
    JV_AUTO *clock = json_pack("{s:f}", "finish", (double)(minute + 2 * MINUTE) / 1000);
    budget_hear_clock(&budget, clock, minute + 2 * MINUTE);
    JV_AUTO *first = time_new(100, 100, minute + 50 * SECOND, minute + 650 * SECOND);
    JV_AUTO *second = time_new(150, 50, minute + 61 * SECOND, minute + 650 * SECOND);
    budget_learn(&budget, "m", first, minute, minute + 2 * MINUTE);
    budget_learn(&budget, "m", second, minute, minute + 2 * MINUTE);
    int64_t end = minute + 650 * SECOND;
    ck_assert_double_eq_tol(budget_operating(&budget, "m", end - 1), 150, 1e-6);
    ck_assert_double_eq_tol(budget_operating(&budget, "m", end), 50, 1e-6);
    ck_assert_double_eq_tol(budget_operating(&budget, "m", end + 11 * SECOND), 0, 1e-6);
    budget_done(&budget);
}
END_TEST

START_TEST(an_answer_that_was_overtaken_lowers_nothing)
{
    begin(2, 50, 1);
    JV_AUTO *late = time_new(300, 10, start, start + 10 * MINUTE);
    JV_AUTO *early = time_new(290, 10, start, start + 10 * MINUTE);
    budget_learn(&budget, "m", late, start, start + 12 * SECOND);
    budget_learn(&budget, "m", early, start, start + 13 * SECOND);
    ck_assert_double_ge(budget_operating(&budget, "m", start + 13 * SECOND), 300);
    budget_done(&budget);
}
END_TEST

START_TEST(a_method_that_nobody_knows_is_felt_for_first)
{
    begin(2, 50, 1);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
        budget_promise(&budget, "m", start);
    }
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start), 0);
    ck_assert_double_gt(budget_cost(&budget, "m"), 1);
    budget_release(&budget, "m");
    JV_AUTO *time = json_pack("{s:f}", "duration", 0.2); /* self-hosted: no operating */
    budget_learn(&budget, "m", time, start, start);
    for (int i = 0; i < 100; i++)
        budget_promise(&budget, "m", start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
    ck_assert_double_eq_tol(budget_cost(&budget, "m"), 0.2, 1e-9);
    budget_done(&budget);
}
END_TEST

START_TEST(a_time_without_operating_teaches_nothing)
{
    begin(2, 50, 1);
    JV_AUTO *time = json_pack("{s:f, s:f}", "processing", 30.0, "duration", 31.0);
    for (int i = 0; i < 100; i++)
        budget_learn(&budget, "m", time, start, start);
    budget_learn(&budget, "m", NULL, start, start);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
    budget_done(&budget);
}
END_TEST

START_TEST(budgets_survive_a_restart)
{
    begin(2, 50, 1);
    for (int i = 0; i < 45; i++)
        ck_assert(budget_take(&budget, start));
    learn("m", 470, 10, start);
    budget_method_refused(&budget, "n", start);
    JV_AUTO *saved = budget_save_new(&budget, start);
    char *text = jv_dump_new(saved);
    struct err err = {0};
    JV_AUTO *read = jv_parse_new(text, strlen(text), &err);
    mem_free(text);
    budget_done(&budget);

    begin(2, 50, 1);
    budget_load(&budget, read, start + 2 * SECOND);
    ck_assert_double_eq_tol(budget.bucket.level, 41, 1e-6);
    ck_assert_double_eq_tol(budget_operating(&budget, "m", start + 2 * SECOND), 470, 1e-6);
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", start + 2 * SECOND), 9 * MINUTE);
    ck_assert_int_eq(budget_method_wait_ms(&budget, "n", start + 2 * SECOND), 299 * SECOND);
    budget_done(&budget);
}
END_TEST

START_TEST(after_a_kill_the_bucket_is_taken_for_full)
{
    JV_AUTO *saved = json_pack("{s:I, s:f, s:b}", "at", (json_int_t)start, "level", 3.0, "open", 1);
    begin(2, 50, 0.5);
    budget_load(&budget, saved, start + 60 * SECOND);
    ck_assert_double_eq_tol(budget.bucket.level, budget.brim, 1e-6);
    ck_assert_int_ge(budget_wait_ms(&budget, start + 60 * SECOND), 500);
    budget_done(&budget);
}
END_TEST

START_TEST(saved_nonsense_is_left_out)
{
    static const char *const texts[] = {
        "null",
        "[]",
        "{\"at\":\"x\",\"level\":-5}",
        "{\"at\":99999999999999,\"level\":40}",
        "{\"frozen\":99999999999999}",
        "{\"methods\":{\"m\":{\"blocked\":99999999999999,\"limit\":-1,\"cost\":-1,"
        "\"baskets\":[[1,1],[99999999999999,400],5,[1778747192000,\"x\"]]}}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err = {0};
        JV_AUTO *saved = jv_parse_new(texts[i], strlen(texts[i]), &err);
        begin(2, 50, 1);
        budget_load(&budget, saved, start);
        ck_assert_int_eq(budget_wait_ms(&budget, start), 0);
        ck_assert_int_eq(budget_method_wait_ms(&budget, "m", start), 0);
        ck_assert(budget_take(&budget, start));
        budget_done(&budget);
    }
}
END_TEST

START_TEST(a_clock_that_goes_back_freezes_nothing)
{
    begin(2, 50, 1);
    budget_rate_refused(&budget, 7, start);
    budget_method_refused(&budget, "m", start);
    int64_t earlier = start - 3600 * SECOND;
    ck_assert_int_eq(budget_method_wait_ms(&budget, "m", earlier), 0);
    ck_assert_int_le(budget_wait_ms(&budget, earlier), 1000);
    budget_done(&budget);
}
END_TEST

START_TEST(more_methods_than_places_forget_the_longest_unused)
{
    begin(2, 50, 1);
    char name[32];
    for (int i = 0; i < BUDGET_METHODS + 10; i++) {
        (void)snprintf(name, sizeof name, "m%d", i);
        learn(name, 1, 1, start + i);
    }
    ck_assert_int_eq(budget.method_count, BUDGET_METHODS);
    ck_assert_double_eq_tol(budget_operating(&budget, "m0", start + 1000), 0, 1e-9);
    ck_assert_double_eq_tol(budget_operating(&budget, name, start + 1000), 1, 1e-9);
    budget_done(&budget);
}
END_TEST

CHECK_MAIN("budget", a_burst_leaves_room_for_leaking_in_steps_and_then_goes_at_its_pace,
           no_moment_of_the_portals_second_makes_it_refuse, a_request_on_its_way_does_not_leak,
           a_share_leaves_the_rest_to_others, refusals_teach_how_much_others_take,
           others_are_never_thought_to_take_everything, without_a_drain_nothing_is_limited,
           a_refusal_freezes_the_portal_for_a_second_and_longer_each_time,
           refusals_that_were_under_way_together_count_once, operating_time_is_what_the_portal_says,
           a_smaller_total_of_the_portal_shrinks_ours, a_method_waits_when_its_time_is_used_up,
           calls_in_flight_count_before_they_are_back, the_portals_own_reset_time_moves_our_basket,
           a_method_limit_is_believed_and_teaches_a_lower_one,
           a_method_limit_out_of_the_blue_blocks_for_five_minutes,
           a_method_refused_again_waits_for_the_end_of_the_ban, a_lesson_lasts_a_day,
           a_call_that_ran_above_the_limit_shows_a_higher_one,
           a_call_belongs_to_the_minute_in_which_it_began,
           an_answer_that_was_overtaken_lowers_nothing,
           a_method_that_nobody_knows_is_felt_for_first, a_time_without_operating_teaches_nothing,
           budgets_survive_a_restart, after_a_kill_the_bucket_is_taken_for_full,
           saved_nonsense_is_left_out, a_clock_that_goes_back_freezes_nothing,
           more_methods_than_places_forget_the_longest_unused)
