/* The step [then http] against a server of our own: the stand-in portal's control address, which
 * keeps what it is told. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"
#include "tests/support/stub_http.h"
#include "tests/support/temp.h"

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

/* What another system was sent; answers the first request as it is told. */
struct other {
    int first_status;
    char bodies[4][512], heads[4][2048];
};

static void other_handle(struct stub_exchange *x, void *arg)
{
    struct other *o = arg;
    if (x->number < 4) {
        (void)snprintf(o->bodies[x->number], sizeof o->bodies[0], "%s", x->body);
        (void)snprintf(o->heads[x->number], sizeof o->heads[0], "%.*s", (int)(x->body - x->head),
                       x->head);
    }
    x->status = x->number == 0 ? o->first_status : 200;
    (void)snprintf(x->text, sizeof x->text, "{\"id\":\"ship-7\"}");
}

/* The value of a header line. mem_free. */
static char *header_new(const char *head, const char *name)
{
    char *line = mem_printf("\r\n%s: ", name);
    const char *at = strcasestr(head, line);
    ck_assert_msg(at != NULL, "%s is missing in\n%s", name, head);
    at += strlen(line);
    mem_free(line);
    return mem_strndup(at, strcspn(at, "\r"));
}

static void header_is(const char *head, const char *name, const char *expected)
{
    char *value = header_new(head, name);
    ck_assert_str_eq(value, expected);
    mem_free(value);
}

static char *rule_for_new(const struct stub *stub, const char *host, const char *lines)
{
    return mem_printf("[rule r]\n"
                      "on = deal added\n"
                      "[then http as SHIP]\n"
                      "url = http://%s:%d/ship\n"
                      "form.title = {{deal.title}}\n"
                      "form.deal = {{deal.id}}\n"
                      "header.X-Kind = {{deal.title}}\n"
                      "%s"
                      "[then comment]\n"
                      "text = {{SHIP.id}} {{SHIP.status}}\n",
                      host, stub->port, lines);
}

START_TEST(a_form_goes_with_its_headers_a_secret_and_a_key_of_its_own)
{
    struct other other = {.first_status = 429};
    struct stub stub;
    struct temp temp = temp_make();
    static const char secret[] = "Bearer s3cr3t-of-delivery\n";
    stub_start(&stub, other_handle, &other);
    char *lines = mem_printf("header-file.Authorization = %s\n",
                             temp_write(&temp, "key", 0600, secret, strlen(secret)));
    char *text = rule_for_new(&stub, "127.0.0.1", lines);
    struct house *h = open_allowed(text);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна & двери\r\nX-Evil: 1"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    ck_assert_int_eq(stub_requests(&stub), 2);
    for (int i = 0; i < 2; i++) { /* 429 is not executed: sent again, under the same key */
        ck_assert_ptr_nonnull(strstr(other.bodies[i], "title=%D0%9E%D0%BA%D0%BD%D0%B0%20%26"));
        header_is(other.heads[i], "Content-Type", "application/x-www-form-urlencoded");
        header_is(other.heads[i], "Authorization", "Bearer s3cr3t-of-delivery");
        ck_assert_ptr_null(strstr(other.heads[i], "\r\nX-Evil"));
    }
    char *key = header_new(other.heads[0], "Idempotency-Key");
    ck_assert_int_eq(strncmp(key, "b24bridge-", 10), 0);
    header_is(other.heads[1], "Idempotency-Key", key);
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "ship-7 200"));
    char *log = house_daemon_log(h);
    ck_assert_ptr_null(strstr(log, "s3cr3t-of-delivery"));
    mem_free(log);
    house_close(h);
    stub_stop(&stub);
    temp_remove(&temp);
    mem_free(key);
    mem_free(text);
    mem_free(lines);
}
END_TEST

START_TEST(an_unknown_outcome_is_repeated_only_when_the_rule_says_so)
{
    static const char *const lines[] = {"", "unsure = repeat\n"};
    struct other other = {.first_status = 502};
    struct stub stub;
    stub_start(&stub, other_handle, &other);
    char *text = rule_for_new(&stub, "127.0.0.1", lines[_i]);
    struct house *h = open_allowed(text);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", _i == 0 ? "parked" : "done") == 1);
    ck_assert_int_eq(stub_requests(&stub), 1 + _i);
    char *key = header_new(other.heads[0], "Idempotency-Key");
    if (_i == 1)
        header_is(other.heads[1], "Idempotency-Key", key);
    mem_free(key);
    house_close(h);
    stub_stop(&stub);
    mem_free(text);
}
END_TEST

START_TEST(a_private_address_is_allowed_by_its_name)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct other other = {.first_status = 200};
    struct stub stub;
    stub_start(&stub, other_handle, &other);
    char *text = rule_for_new(&stub, hosts[_i], "");
    const struct house_options options = {
        .fail = house_check_fail, .rules = text, .server = "http-allow = localhost"};
    struct house *h = house_open(&options);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    ck_assert_int_eq(house_count_runs(h, "r", "done"), _i == 0 ? 1 : 0);
    ck_assert_int_eq(stub_requests(&stub), _i == 0 ? 1 : 0);
    house_close(h);
    stub_stop(&stub);
    mem_free(text);
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
    tcase_add_test(tcase, a_form_goes_with_its_headers_a_secret_and_a_key_of_its_own);
    tcase_add_loop_test(tcase, an_unknown_outcome_is_repeated_only_when_the_rule_says_so, 0, 2);
    tcase_add_loop_test(tcase, a_private_address_is_allowed_by_its_name, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
