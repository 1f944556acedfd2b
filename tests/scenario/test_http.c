/* The step [then http] against a server of our own: the stand-in portal's control address, which
 * keeps what it is told. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then http as REPLY]\n"
                           "url = @PORTAL@/control?deal={{deal.id}}\n"
                           "body = {\"do\":\"put\",\"what\":\"note\",\"row\":{\"title\":"
                           "\"{{deal.title}}\"}}\n"
                           "[then comment]\n"
                           "text = {{REPLY.status}}, записка {{REPLY.body.id}}\n";

static struct house *open_allowed(const char *rules)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = rules, .server = "http-allow = 127.0.0.0/8"};
    return house_open(&options);
}

static json_t *notes(struct house *h)
{
    JV_AUTO *answer = house_control(h, json_pack("{ss ss}", "do", "list", "what", "note"));
    return json_incref(json_object_get(answer, "rows"));
}

START_TEST(another_system_is_told_and_its_answer_is_known)
{
    struct house *h = open_allowed(rule);
    static const char title[] = "\"},\"do\":\"stats\",{{x}} $result[c0] & \\ конец";
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", title));
    JV_AUTO *rows = notes(h);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(jv_text(rows, "0.title", ""), title);
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "200, записка 1"));
    house_close(h);
}
END_TEST

START_TEST(a_private_address_is_refused_unless_it_is_allowed)
{
    struct house *h = house_with(rule);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    ck_assert_int_eq(house_count_runs(h, "r", "dead"), 1);
    JV_AUTO *runs = house_runs(h, "r", "dead", "");
    ck_assert_msg(strstr(jv_text(runs, "0.reason", ""), "http-allow") != NULL, "%s",
                  jv_text(runs, "0.reason", ""));
    JV_AUTO *rows = notes(h);
    ck_assert_uint_eq(json_array_size(rows), 0);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_name_that_leads_home_is_refused_too)
{
    static const char *const urls[] = {
        "http://localhost:1/", "http://0x7f000001:1/",         "http://[::1]:1/",
        "http://127.1:1/",     "http://[::ffff:127.0.0.1]:1/", "http://0:1/"};
    char *text = mem_printf("[rule r]\non = deal added\n[then http]\nurl = %s\n", urls[_i]);
    struct house *h = house_with(text);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    JV_AUTO *runs = house_runs(h, "r", "dead", "");
    ck_assert_msg(strstr(jv_text(runs, "0.reason", ""), "http-allow") != NULL, "%s: %s", urls[_i],
                  jv_text(runs, "0.reason", ""));
    mem_free(text);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http");
    TCase *tcase = tcase_create("http");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, another_system_is_told_and_its_answer_is_known);
    tcase_add_test(tcase, a_private_address_is_refused_unless_it_is_allowed);
    tcase_add_loop_test(tcase, a_name_that_leads_home_is_refused_too, 0, 6);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
