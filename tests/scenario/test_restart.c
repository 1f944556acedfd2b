/* Promises 1, 2 and 5 of product.md §1 under kill -9: nothing is missing afterwards, and nothing
 * was done twice. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

#define COMMENT "crm.timeline.comment.add"

static const char wait_rule[] = "[rule r]\n"
                                "on = deal added\n"
                                "[wait 1 second]\n"
                                "[then comment]\n"
                                "text = дождались {{deal.title}}\n";

static int64_t add_deal(struct house *h, const char *title)
{
    return house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", title));
}

static bool restart_count_is(struct house *h, const char *method, int expected)
{
    return house_effects(h, method, NULL) >= expected;
}

START_TEST(a_wait_goes_on_after_kill_9)
{
    struct house *h = house_with(wait_rule);
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_kill(h);
    house_start(h);
    HOUSE_UNTIL(h, restart_count_is(h, COMMENT, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", "done"), 1);
    house_close(h);
}
END_TEST

START_TEST(a_wait_that_ended_while_nobody_was_there_ends_now)
{
    struct house *h = house_with(wait_rule);
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    int64_t due_ms = clock_mono_ms() + 1100;
    house_kill(h);
    while (clock_mono_ms() < due_ms)
        json_decref(house_control(h, json_pack("{ss}", "do", "stats")));
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    house_start(h);
    HOUSE_UNTIL(h, restart_count_is(h, COMMENT, 1));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_cancel_holds_after_a_restart)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "cancel-on = deal leaves stage\n"
                                 "[wait 1 hour]\n"
                                 "[then comment]\n"
                                 "text = x\n");
    int64_t id = add_deal(h, "Окна");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_kill(h);
    house_start(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "PREPARATION"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    house_close(h);
}
END_TEST

/* ---- between the intention and the answer ---------------------------------------------------- */

/* One step each, and the method that it calls. All of them can be looked for. */
static const struct {
    const char *step, *method;
} steps[] = {
    {"[then comment]\ntext = Клиент ждёт\n", "crm.timeline.comment.add"},
    {"[then todo]\ntitle = Позвонить\n", "crm.activity.todo.add"},
    {"[then task]\ntitle = Позвонить\n", "tasks.task.add"},
    {"[then update]\ncomments = важно\n", "crm.item.update"},
    {"[then add item 147]\ntitle = Отгрузка\n", "crm.item.add"},
    {"[then add lead]\ntitle = Ещё один\n", "crm.item.add"},
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static struct house *house_with_step(int i)
{
    char *rule = mem_printf("[rule r]\non = deal added\n%s", steps[i].step);
    struct house *h = house_with(rule);
    mem_free(rule);
    return h;
}

/* The portal has done it and answers late; meanwhile we are killed. */
START_TEST(what_was_done_before_kill_9_is_found_and_not_done_again)
{
    struct house *h = house_with_step(_i);
    house_fault(h,
                json_pack("{ss ss si}", "kind", "slow", "method", steps[_i].method, "ms", 60000));
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, restart_count_is(h, steps[_i].method, 1));
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, steps[_i].method, NULL);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* The call went out and was lost: nothing is there, so it is made after all. */
START_TEST(what_was_lost_before_kill_9_is_done_after_all)
{
    struct house *h = house_with_step(_i);
    house_fault(
        h, json_pack("{ss ss si}", "kind", "drop_before", "method", steps[_i].method, "count", 0));
    add_deal(h, "Окна");
    HOUSE_UNTIL(h,
                house_count_runs(h, "r", "running") == 1 || house_count_runs(h, "r", "ready") == 1);
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL_WITHIN(h, 30, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(what_cannot_be_looked_for_is_parked_for_a_person)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then chat]\n"
                                 "to = chat2941\n"
                                 "text = Новая сделка\n");
    house_fault(h,
                json_pack("{ss ss si}", "kind", "slow", "method", "im.message.add", "ms", 60000));
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, restart_count_is(h, "im.message.add", 1));
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "parked") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    JV_AUTO *status = house_api(h, "/api/status");
    ck_assert_int_eq(jv_int(status, "queue.runs.parked", 0), 1);
    ck_assert_str_eq(jv_text(status, "errors.0.what", ""), "parked");
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_allows_it_repeats_what_it_is_unsure_of)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then chat]\n"
                                 "unsure = repeat\n"
                                 "to = chat2941\n"
                                 "text = Новая сделка\n");
    house_fault(h, json_pack("{ss ss}", "kind", "drop_after", "method", "im.message.add"));
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 2, "im.message.add", NULL);
    house_close(h);
}
END_TEST

/* ---- in the middle of much work -------------------------------------------------------------- */

enum { CROWD = 40 };

/* Only what is added is told of, so that events can be counted: one that is on its way when we are
 * killed never comes again. */
static void tell_of_new_deals_only(struct house *h)
{
    json_decref(house_control(h, json_pack("{ss}", "do", "unsubscribe")));
    json_decref(
        house_control(h, json_pack("{ss ss so}", "do", "subscribe", "event", "ONCRMDEALADD", "url",
                                   json_sprintf("%s/hook/main", house_public_url(h)))));
}

static void each_has_its_own(struct house *h, const int64_t *ids)
{
    for (int i = 0; i < CROWD; i++) {
        HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{sI}", "fields.ENTITY_ID", (json_int_t)ids[i]));
        HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                          json_pack("{sI}", "ownerId", (json_int_t)ids[i]));
        HOUSE_EFFECTS_ARE(h, 1, "crm.item.update", json_pack("{sI}", "id", (json_int_t)ids[i]));
    }
    HOUSE_EFFECTS_ARE(h, 3 * CROWD, NULL, NULL);
}

START_TEST(a_crowd_of_deals_survives_three_kills)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = раз {{deal.title}}\n"
                                 "[then update]\n"
                                 "comments = {{deal.title}}\n"
                                 "[then todo]\n"
                                 "title = два {{deal.title}}\n");
    int64_t ids[CROWD];
    char title[32];
    tell_of_new_deals_only(h);
    house_fault(h, json_pack("{ss ss si si}", "kind", "slow", "method", "*", "ms", 20, "count", 0));
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(title, sizeof title, "Сделка %d", i);
        ids[i] = add_deal(h, title);
    }
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_events_total{outcome=\"accepted\"} ") >= CROWD);
    for (int kills = 1; kills <= 3; kills++) {
        HOUSE_UNTIL(h, restart_count_is(h, NULL, kills * CROWD / 2));
        house_kill(h);
        house_start(h);
    }
    house_clear_faults(h);
    HOUSE_UNTIL_WITHIN(h, 40, house_count_runs(h, "r", "done") == CROWD);
    house_settle(h);
    each_has_its_own(h, ids);
    house_close(h);
}
END_TEST

/* ---- a polite end ---------------------------------------------------------------------------- */

START_TEST(sigterm_ends_with_0_though_a_call_hangs)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    house_fault(
        h, json_pack("{ss ss si si}", "kind", "slow", "method", COMMENT, "ms", 60000, "count", 0));
    add_deal(h, "Окна");
    HOUSE_UNTIL(h, restart_count_is(h, COMMENT, 1));
    int64_t began_ms = clock_mono_ms();
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert_int_lt(clock_mono_ms() - began_ms, 10000);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(sigterm_under_load_ends_with_0_and_loses_nothing)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    tell_of_new_deals_only(h);
    for (int i = 0; i < CROWD; i++)
        add_deal(h, "Окна");
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_events_total{outcome=\"accepted\"} ") >= CROWD);
    ck_assert_int_eq(house_stop(h), 0);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == CROWD);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, CROWD, COMMENT, NULL);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("restart");
    TCase *tcase = tcase_create("restart");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_wait_goes_on_after_kill_9);
    tcase_add_test(tcase, a_wait_that_ended_while_nobody_was_there_ends_now);
    tcase_add_test(tcase, a_cancel_holds_after_a_restart);
    tcase_add_loop_test(tcase, what_was_done_before_kill_9_is_found_and_not_done_again, 0, STEPS);
    tcase_add_loop_test(tcase, what_was_lost_before_kill_9_is_done_after_all, 0, STEPS);
    tcase_add_test(tcase, what_cannot_be_looked_for_is_parked_for_a_person);
    tcase_add_test(tcase, a_rule_that_allows_it_repeats_what_it_is_unsure_of);
    tcase_add_test(tcase, a_crowd_of_deals_survives_three_kills);
    tcase_add_test(tcase, sigterm_ends_with_0_though_a_call_hangs);
    tcase_add_test(tcase, sigterm_under_load_ends_with_0_and_loses_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
