/* Promise 6: the portal's limits are never exceeded through our fault, also over restarts; work
 * goes in common requests. And promise 2: a restart refuses nobody. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = {{deal.title}}\n";

enum { CROWD = 150 };

static struct house *open_standard(void)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = rule, .plan = "standard", .rate = 2};
    return house_open(&options);
}

static void add_crowd(struct house *h)
{
    for (int i = 0; i < CROWD; i++)
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

static void nobody_was_refused(struct house *h)
{
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    char *refusals = jv_dump_new(json_object_get(stats, "refusals"));
    ck_assert_str_eq(refusals, "{}");
    mem_free(refusals);
    ck_assert_int_le((int)jv_int(stats, "max_batch", 0), 50);
}

START_TEST(a_crowd_is_served_within_the_rate)
{
    struct house *h = open_standard();
    add_crowd(h);
    HOUSE_UNTIL_WITHIN(h, 50, house_effects(h, NULL, NULL) == CROWD);
    house_settle(h);
    nobody_was_refused(h);
    HOUSE_EFFECTS_ARE(h, CROWD, NULL, NULL);
    house_close(h);
}
END_TEST

/* A clean end in the first round, kill -9 in the second. */
START_TEST(restarts_do_not_stampede)
{
    struct house *h = open_standard();
    for (int i = 1; i <= 3; i++) {
        add_crowd(h);
        HOUSE_UNTIL(h, house_effects(h, NULL, NULL) > 0);
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h);
    }
    HOUSE_UNTIL_WITHIN(
        h, 50, house_count_runs(h, "r", "ready") == 0 && house_count_runs(h, "r", "running") == 0);
    house_settle(h);
    nobody_was_refused(h);
    house_close(h);
}
END_TEST

/* ---- one method is closed -------------------------------------------------------------------- */

/* More than a portal may have at work at a time. */
enum { CLOSED_CROWD = 400 };

START_TEST(a_method_that_is_closed_holds_up_nobody_else)
{
    const struct house_options options = {
        .fail = house_check_fail,
        .rules = "[rule closed]\non = deal added\n[then comment]\ntext = x\n"
                 "[rule open]\non = lead added\n[then todo]\ntitle = y\n"};
    struct house *h = house_open(&options);
    house_fault(h, json_pack("{ss ss si}", "kind", "operation", "method",
                             "crm.timeline.comment.add", "count", 0));
    for (int i = 0; i < CLOSED_CROWD; i++)
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    /* Some wait at the door, so that it is used when it opens; the others are told when to come.
     * (A list has 200 rows at the most.) */
    HOUSE_UNTIL(h, house_count_runs(h, "closed", "ready") == 200 &&
                       house_count_runs(h, "closed", "running") < 20);
    house_add(h, IVANOV, LEAD, json_pack("{ss}", "title", "Дверь"));
    HOUSE_UNTIL(h, house_count_runs(h, "open", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    /* Asked with what was under way when it closed, and no more. */
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    ck_assert_int_le((int)jv_int(json_object_get(stats, "refusals"), "OPERATION_TIME_LIMIT", 0),
                     200);
    house_close(h);
}
END_TEST

/* ---- nobody is refused ----------------------------------------------------------------------- */

enum { POSTS = 400 };

/* A child that posts events one after another; its exit code: 0 when each was answered with 200. */
static pid_t post_all(struct house *h)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int good = 0;
    char body[200];
    for (int i = 0; i < POSTS; i++) {
        int size = snprintf(body, sizeof body,
                            "event=ONCRMDEALUPDATE&data[FIELDS][ID]=%d&"
                            "auth[application_token]=" HOUSE_TOKEN,
                            1000 + i);
        char *text = mem_printf("POST /hook/main HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Content-Type: application/x-www-form-urlencoded\r\n"
                                "Content-Length: %d\r\n\r\n%s",
                                size, body);
        good += house_raw(h, text, strlen(text)) == 200;
        mem_free(text);
    }
    _exit(good == POSTS ? 0 : 1);
}

START_TEST(restarts_refuse_no_connection)
{
    const struct house_options options = {.fail = house_check_fail,
                                          .rules = "[rule r]\n"
                                                   "on = event ONCRMDEALUPDATE\n"
                                                   "state = shadow\n"
                                                   "[then stop]\n",
                                          .handed_over = true};
    struct house *h = house_open(&options);
    pid_t poster = post_all(h);
    int status = 0;
    int restarts = 0;
    while (waitpid(poster, &status, WNOHANG) == 0) {
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h);
        restarts++;
    }
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_int_gt(restarts, 1);
    house_settle(h);
    for (int i = 0; i < POSTS; i += 50) {
        char entity[32];
        (void)snprintf(entity, sizeof entity, "deal %d", 1000 + i);
        JV_AUTO *story = house_story(h, entity);
        ck_assert_msg(json_array_size(story) > 0, "%s was answered and is not there", entity);
    }
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_crowd_is_served_within_the_rate);
    tcase_add_loop_test(tcase, restarts_do_not_stampede, 0, 2);
    tcase_add_test(tcase, a_method_that_is_closed_holds_up_nobody_else);
    tcase_add_test(tcase, restarts_refuse_no_connection);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
