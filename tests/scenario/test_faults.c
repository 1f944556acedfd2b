/* Every misfortune that the stand-in portal knows, while a rule runs: each effect is there once in
 * the end, or the run says that a person has to decide. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

/* Five kinds of writes; each of them meets the misfortune once. */
static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = Принято в работу\n"
                           "[then todo]\n"
                           "title = Позвонить\n"
                           "[then update]\n"
                           "comments = важно\n"
                           "[then task]\n"
                           "title = Проверить\n"
                           "[then add item 147]\n"
                           "title = Отгрузка\n";

static const char *const methods[] = {"crm.timeline.comment.add", "crm.activity.todo.add",
                                      "crm.item.update", "tasks.task.add", "crm.item.add"};
enum { METHODS = sizeof methods / sizeof methods[0] };

static int64_t add_deal(struct house *h)
{
    return house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

static void each_once(struct house *h)
{
    HOUSE_UNTIL_WITHIN(h, 50, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    for (int i = 0; i < METHODS; i++)
        HOUSE_EFFECTS_ARE(h, 1, methods[i], NULL);
    HOUSE_EFFECTS_ARE(h, METHODS, NULL, NULL);
}

static const struct {
    const char *kind, *code;
    int status, ms;
} misfortunes[] = {
    {"html", NULL, 0, 0},
    {"html", NULL, 200, 0},
    {"empty", NULL, 0, 0},
    {"truncated", NULL, 0, 0},
    {"drop_before", NULL, 0, 0},
    {"drop_after", NULL, 0, 0},
    {"slow", NULL, 0, 300},
    {"limit", NULL, 0, 0},
    {"error", "INTERNAL_SERVER_ERROR", 500, 0},
    {"error", "ERROR_UNEXPECTED_ANSWER", 400, 0},
};
enum { MISFORTUNES = sizeof misfortunes / sizeof misfortunes[0] };

static int64_t looked_for_comments(struct house *h)
{
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    const json_t *methods_run = json_object_get(stats, "methods");
    return json_integer_value(json_object_get(methods_run, "crm.timeline.comment.list"));
}

START_TEST(each_write_that_meets_a_misfortune_is_done_once)
{
    struct house *h = house_with(rule);
    for (int i = 0; i < METHODS; i++) {
        json_t *wish = json_pack("{ss ss}", "kind", misfortunes[_i].kind, "method", methods[i]);
        if (misfortunes[_i].code != NULL)
            (void)json_object_set_new(wish, "code", json_string(misfortunes[_i].code));
        if (misfortunes[_i].status > 0)
            (void)json_object_set_new(wish, "status", json_integer(misfortunes[_i].status));
        if (misfortunes[_i].ms > 0)
            (void)json_object_set_new(wish, "ms", json_integer(misfortunes[_i].ms));
        house_fault(h, wish);
    }
    add_deal(h);
    each_once(h);
    house_close(h);
}
END_TEST

/* Reads too: every third request of any kind fails in turn, of whatever it consists. */
/* Not every third: after a broken line a call is looked for twice, and the next call would be the
 * third again. */
START_TEST(work_gets_done_though_every_fourth_request_fails)
{
    struct house *h = house_with(rule);
    static const char *const kinds[] = {"html", "empty", "drop_before", "drop_after", "truncated"};
    house_fault(h, json_pack("{ss ss si}", "kind", kinds[_i], "method", "*", "every", 4));
    add_deal(h);
    each_once(h);
    house_close(h);
}
END_TEST

/* The line breaks while the portal is still at it: what is not there yet is not missing. */
START_TEST(a_portal_that_finishes_behind_a_broken_line_is_waited_for)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    house_fault(h, json_pack("{ss ss}", "kind", "drop_before", "method", methods[0]));
    int64_t id = add_deal(h);
    HOUSE_UNTIL(h, looked_for_comments(h) == 1);
    json_decref(house_person(h, HOUSE_HOOK_USER, methods[0],
                             json_pack("{s{sI ss ss}}", "fields", "ENTITY_ID", (json_int_t)id,
                                       "ENTITY_TYPE", "deal", "COMMENT", "x")));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_portal_that_has_moved_is_followed_and_reported)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si}", "kind", "redirect", "method", "*", "to",
                             house_portal_url(h), "count", 1));
    add_deal(h);
    each_once(h);
    house_close(h);
}
END_TEST

START_TEST(a_limit_is_waited_for)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "limit", "method", "*", "count", 4));
    add_deal(h);
    each_once(h);
    ck_assert_int_gt((int)house_metric(h, "b24bridge_portal_limited_total{portal=\"main\"} "), 0);
    house_close(h);
}
END_TEST

/* The portal blocks one method for minutes (bitrix24.md §5): that method waits, the others do not,
 * and a restart does not forget it. */
START_TEST(a_method_without_time_left_waits_and_the_others_go_on)
{
    struct house *h = house_with("[rule slow]\non = deal added\n[then todo]\ntitle = x\n"
                                 "[rule quick]\non = lead added\n[then comment]\ntext = y\n");
    house_fault(h, json_pack("{ss ss si}", "kind", "operation", "method", methods[1], "count", 0));
    add_deal(h);
    JV_AUTO *once = json_pack("{si}", "OPERATION_TIME_LIMIT", 1);
    JV_AUTO *stats = NULL;
    HOUSE_UNTIL(h, (json_decref(stats), stats = house_control(h, json_pack("{ss}", "do", "stats")),
                    json_equal(json_object_get(stats, "refusals"), once)));
    for (int i = 1; i <= 2; i++) {
        house_add(h, IVANOV, LEAD, json_pack("{ss}", "title", "Окна"));
        HOUSE_UNTIL(h, house_count_runs(h, "quick", "done") == i);
        int status;
        mem_free(house_get(h, "/health", &status));
        ck_assert_int_eq(status, 200);
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h);
    }
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "slow", "running") == 2);
    json_decref(stats);
    stats = house_control(h, json_pack("{ss}", "do", "stats"));
    ck_assert(json_equal(json_object_get(stats, "refusals"), once));
    HOUSE_EFFECTS_ARE(h, 0, methods[1], NULL);
    ck_assert_int_eq(house_count_runs(h, "slow", "dead"), 0);
    house_close(h);
}
END_TEST

START_TEST(what_the_portal_refuses_ends_the_run_dead_and_is_reported)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si ss}", "kind", "error", "method", methods[1], "code",
                             "ERROR_CORE", "status", 400, "text", "Нельзя"));
    int64_t id = add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    JV_AUTO *status = house_api(h, "/api/status");
    ck_assert_int_eq(jv_int(status, "queue.runs.dead", 0), 1);
    ck_assert_str_eq(jv_text(status, "errors.0.what", ""), "dead");
    ck_assert_str_eq(jv_text(status, "errors.0.rule", ""), "r");
    char expected[32];
    (void)snprintf(expected, sizeof expected, "%lld", (long long)id);
    ck_assert_str_eq(jv_text(status, "errors.0.entity.id", ""), expected);
    ck_assert_msg(strstr(jv_text(status, "errors.0.say", ""), "Нельзя") != NULL, "%s",
                  jv_text(status, "errors.0.say", ""));
    house_close(h);
}
END_TEST

START_TEST(a_step_may_go_on_after_a_refusal)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "on-error = continue\n"
                                 "text = раз\n"
                                 "[then todo]\n"
                                 "title = два\n");
    house_fault(h, json_pack("{ss ss ss si}", "kind", "error", "method", methods[0], "code",
                             "ERROR_CORE", "status", 400));
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    HOUSE_EFFECTS_ARE(h, 1, methods[1], NULL);
    house_close(h);
}
END_TEST

START_TEST(an_unsure_message_is_parked_and_done_once)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then chat]\n"
                                 "to = chat2941\n"
                                 "text = Новая сделка\n"
                                 "[then comment]\n"
                                 "text = дальше\n");
    house_fault(h, json_pack("{ss ss}", "kind", "drop_after", "method", "im.message.add"));
    int64_t id = add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "parked") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    char entity[32];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)id);
    JV_AUTO *runs = house_runs(h, "r", "parked", entity);
    ck_assert_msg(jv_text(runs, "0.reason", "")[0] != '\0', "a parked run says why");
    house_close(h);
}
END_TEST

START_TEST(a_dead_webhook_is_said_in_health_and_nothing_is_lost)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    house_fault(h, json_pack("{ss}", "kind", "dead_webhook"));
    add_deal(h);
    int status = 200;
    HOUSE_UNTIL(h, (mem_free(house_get(h, "/health", &status)), status == 503));
    char *health = house_get(h, "/health", &status);
    ck_assert_msg(strstr(health, "make a new inbound webhook") != NULL, "%s", health);
    mem_free(health);
    mem_free(house_get(h, "/ready", &status));
    ck_assert_int_eq(status, 200);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    /* The webhook is made anew; a restart tries at once. */
    house_clear_faults(h);
    ck_assert_int_eq(house_stop(h), 0);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(events_that_come_twice_or_late_fire_once)
{
    static const char *const weathers[] = {"duplicate", "reorder", "delay"};
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n"
                                 "[rule u]\non = deal.title changes\n[then todo]\ntitle = y\n");
    json_decref(
        house_control(h, json_pack("{ss ss si}", "do", "events", "state", weathers[_i], "ms", 50)));
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_effects(h, methods[0], NULL) == 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    HOUSE_UNTIL(h, house_effects(h, methods[1], NULL) == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tcase = tcase_create("faults");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_write_that_meets_a_misfortune_is_done_once, 0, MISFORTUNES);
    tcase_add_loop_test(tcase, work_gets_done_though_every_fourth_request_fails, 0, 5);
    tcase_add_test(tcase, a_portal_that_finishes_behind_a_broken_line_is_waited_for);
    tcase_add_test(tcase, a_portal_that_has_moved_is_followed_and_reported);
    tcase_add_test(tcase, a_limit_is_waited_for);
    tcase_add_test(tcase, a_method_without_time_left_waits_and_the_others_go_on);
    tcase_add_test(tcase, what_the_portal_refuses_ends_the_run_dead_and_is_reported);
    tcase_add_test(tcase, a_step_may_go_on_after_a_refusal);
    tcase_add_test(tcase, an_unsure_message_is_parked_and_done_once);
    tcase_add_test(tcase, a_dead_webhook_is_said_in_health_and_nothing_is_lost);
    tcase_add_loop_test(tcase, events_that_come_twice_or_late_fire_once, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
