/* The admin address of a whole daemon (product.md §4). */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/portal/wire.h"
#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = x\n";

static int ask(struct house *h, const char *method, const char *path, const char *bearer,
               char **ret_body)
{
    char *url = mem_printf("%s%s", house_admin_url(h), path);
    struct wire_request request = {
        .method = method, .url = url, .bearer = bearer, .timeout_ms = 10000};
    struct wire_answer answer;
    struct err err = {0};
    ck_assert_msg(wire_request(&request, &answer, &err), "%s", err.text);
    mem_free(url);
    int status = answer.status;
    if (ret_body != NULL)
        *ret_body = answer.body;
    else
        wire_answer_done(&answer);
    return status;
}

START_TEST(health_names_its_checks_and_addresses)
{
    struct house *h = house_with(rule);
    char *text;
    struct err err = {0};
    ck_assert_int_eq(ask(h, "GET", "/health", NULL, &text), 200);
    JV_AUTO *health = jv_parse_new(text, strlen(text), &err);
    ck_assert_ptr_nonnull(health);
    ck_assert(jv_flag(health, "ok"));
    static const char *const names[] = {"database", "disk",  "queue",      "workers",
                                        "listener", "rules", "portal main"};
    size_t i, k;
    json_t *check;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool found = false;
        json_array_foreach (json_object_get(health, "checks"), k, check) {
            ck_assert(jv_flag(check, "ok"));
            ck_assert_str_ne(jv_text(check, "say", ""), "");
            found = found || strcmp(jv_text(check, "name", ""), names[i]) == 0;
        }
        ck_assert_msg(found, "no check \"%s\" in %s", names[i], text);
    }
    ck_assert_uint_eq(json_array_size(json_object_get(health, "listen")), 3);
    mem_free(text);
    house_close(h);
}
END_TEST

START_TEST(ready_and_metrics_need_no_token)
{
    struct house *h = house_with(rule);
    char *text;
    ck_assert_int_eq(ask(h, "GET", "/ready", NULL, NULL), 200);
    ck_assert_int_eq(ask(h, "GET", "/metrics", NULL, &text), 200);
    ck_assert_ptr_nonnull(strstr(text, "# TYPE b24bridge_events_total counter"));
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_events_total{outcome=\"accepted\"} 0"));
    mem_free(text);
    ck_assert_int_eq(ask(h, "HEAD", "/health", NULL, NULL), 200);
    house_close(h);
}
END_TEST

START_TEST(the_api_on_tcp_wants_the_token)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(ask(h, "GET", "/api/status", NULL, NULL), 401);
    ck_assert_int_eq(ask(h, "GET", "/api/status", "wrong", NULL), 401);
    ck_assert_int_eq(ask(h, "GET", "/api/status", HOUSE_ADMIN_TOKEN, NULL), 200);
    ck_assert_int_eq(ask(h, "GET", "/api/nothing", HOUSE_ADMIN_TOKEN, NULL), 404);
    ck_assert_int_eq(ask(h, "GET", "/api/nothing", NULL, NULL), 401);
    ck_assert_int_eq(ask(h, "GET", "/api/story?entity=nobody%201", HOUSE_ADMIN_TOKEN, NULL), 400);
    ck_assert_int_eq(ask(h, "GET", "/api/story", HOUSE_ADMIN_TOKEN, NULL), 400);
    ck_assert_int_eq(ask(h, "GET", "/api/runs?state=odd", HOUSE_ADMIN_TOKEN, NULL), 400);
    house_close(h);
}
END_TEST

START_TEST(the_api_on_a_unix_socket_wants_permissions)
{
    struct house *h = house_with(rule);
    struct stat st;
    ck_assert_int_eq(stat(house_socket(h), &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_int_eq(st.st_mode & 0777, 0660);
    int status;
    mem_free(house_get(h, "/api/status", &status));
    ck_assert_int_eq(status, 200);
    house_close(h);
}
END_TEST

START_TEST(other_routes_and_methods_are_refused)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(ask(h, "GET", "/", NULL, NULL), 404);
    ck_assert_int_eq(ask(h, "GET", "/healthy", NULL, NULL), 404);
    ck_assert_int_eq(ask(h, "GET", "/hook/main", NULL, NULL), 404);
    ck_assert_int_eq(ask(h, "POST", "/health", NULL, NULL), 405);
    ck_assert_int_eq(ask(h, "DELETE", "/api/runs", HOUSE_ADMIN_TOKEN, NULL), 405);
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_names_a_strange_stage_is_held_back_and_said)
{
    struct house *h = house_with("[rule wrong]\n"
                                 "on = deal enters \"Продажи / КП отправленно\"\n"
                                 "[then comment]\n"
                                 "text = x\n"
                                 "[rule right]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = y\n");
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add", NULL);
    int status;
    char *health = house_get(h, "/health", &status);
    ck_assert_int_eq(status, 200);
    ck_assert_msg(strstr(health, "did you mean \\\"Продажи / КП отправлено\\\"?") != NULL, "%s",
                  health);
    mem_free(health);
    house_close(h);
}
END_TEST

START_TEST(ready_says_no_while_the_daemon_ends)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", "crm.timeline.comment.add",
                             "ms", 60000));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_effects(h, "crm.timeline.comment.add", NULL) == 1);
    ck_assert_int_eq(house_stop(h), 0);
    struct wire_request request = {.method = "GET",
                                   .url = "http://localhost/ready",
                                   .unix_path = house_socket(h),
                                   .timeout_ms = 1000};
    struct wire_answer answer;
    struct err err = {0};
    ck_assert(!wire_request(&request, &answer, &err));
    house_clear_faults(h);
    house_close(h);
}
END_TEST

CHECK_MAIN("admin", health_names_its_checks_and_addresses, ready_and_metrics_need_no_token,
           the_api_on_tcp_wants_the_token, the_api_on_a_unix_socket_wants_permissions,
           other_routes_and_methods_are_refused,
           a_rule_that_names_a_strange_stage_is_held_back_and_said,
           ready_says_no_while_the_daemon_ends)
