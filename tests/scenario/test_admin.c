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

/* ---- docs/openapi.json ----------------------------------------------------------------------- */

static const json_t *resolved(const json_t *doc, const json_t *schema)
{
    const char *to = jv_text(schema, "$ref", "");
    const char *name = strrchr(to, '/');
    return name == NULL ? schema : json_object_get(jv_at(doc, "components.schemas"), name + 1);
}

static bool is_type(const json_t *value, const char *type)
{
    return strcmp(type, "object") == 0    ? json_is_object(value)
           : strcmp(type, "array") == 0   ? json_is_array(value)
           : strcmp(type, "string") == 0  ? json_is_string(value)
           : strcmp(type, "integer") == 0 ? json_is_integer(value)
           : strcmp(type, "number") == 0  ? json_is_number(value)
                                          : json_is_boolean(value);
}

static bool obeys(const json_t *doc, const json_t *schema, const json_t *value, char *why,
                  size_t size);

static bool obeys_members(const json_t *doc, const json_t *schema, const json_t *value, char *why,
                          size_t size)
{
    size_t i;
    const char *name;
    json_t *member, *own;
    json_array_foreach (json_object_get(schema, "required"), i, member)
        if (json_object_get(value, json_string_value(member)) == NULL)
            return (void)snprintf(why, size, "no member \"%s\"", json_string_value(member)), false;
    json_object_foreach (json_object_get(schema, "properties"), name, member) {
        char inner[200] = "";
        own = json_object_get(value, name);
        if (own != NULL && !obeys(doc, member, own, inner, sizeof inner))
            return (void)snprintf(why, size, "%.60s: %.120s", name, inner), false;
    }
    json_array_foreach (jv_loose(value), i, own)
        if (!obeys(doc, json_object_get(schema, "items"), own, why, size))
            return false;
    return true;
}

static bool obeys(const json_t *doc, const json_t *schema, const json_t *value, char *why,
                  size_t size)
{
    size_t i, fitting = 0;
    json_t *one;
    schema = resolved(doc, schema);
    const char *type = jv_text(schema, "type", NULL);
    const json_t *choice = json_object_get(schema, "oneOf"),
                 *words = json_object_get(schema, "enum");
    if (json_is_null(value))
        return jv_flag(schema, "nullable") || ((void)snprintf(why, size, "it is null"), false);
    json_array_foreach (jv_loose(choice), i, one)
        fitting += obeys(doc, one, value, why, size);
    if (choice != NULL)
        return fitting == 1;
    json_array_foreach (json_object_get(schema, "allOf"), i, one)
        if (!obeys(doc, one, value, why, size))
            return false;
    if (type != NULL && !is_type(value, type))
        return (void)snprintf(why, size, "it is no %s", type), false;
    bool named = words == NULL;
    json_array_foreach (jv_loose(words), i, one)
        named = named || json_equal(one, value);
    return named ? obeys_members(doc, schema, value, why, size)
                 : ((void)snprintf(why, size, "\"%.40s\" is none of its words",
                                   jv_text(value, "", "?")),
                    false);
}

/* What a path answers is as the document says. */
static void is_documented(struct house *h, const json_t *doc, const char *path, int expected)
{
    int status;
    char why[200] = "", code[8], *route = mem_strndup(path, strcspn(path, "?"));
    char *text = house_get(h, path, &status);
    struct err err = {0};
    JV_AUTO *answer = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(status == expected, "%s: %d %s", path, status, text);
    (void)snprintf(code, sizeof code, "%d", status);
    const json_t *entry = json_object_get(json_object_get(doc, "paths"), route);
    const json_t *response =
        json_object_get(json_object_get(json_object_get(entry, "get"), "responses"), code);
    const json_t *schema = json_object_get(
        json_object_get(json_object_get(response, "content"), "application/json"), "schema");
    ck_assert_msg(schema != NULL, "%s: %s is not documented", path, code);
    ck_assert_msg(answer != NULL && obeys(doc, schema, answer, why, sizeof why), "%s: %s in %s",
                  path, why, text);
    mem_free(route);
    mem_free(text);
}

START_TEST(answers_are_as_the_document_says)
{
    struct house *h = house_with("[rule r]\non = deal added\ncancel-on = deal leaves stage\n"
                                 "[then todo as T]\ntitle = x\n[wait 2 days]\n[then stop]\n"
                                 "[rule d]\non = deal added\nif = deal.opportunity < 5\n"
                                 "[then comment]\ntext = x\n"
                                 "[rule f]\non = deal.title changes\nlimit = 1 per deal per day\n"
                                 "[then comment]\ntext = {{deal.title}}\n");
    json_error_t failure;
    JV_AUTO *doc = json_load_file("docs/openapi.json", 0, &failure);
    ck_assert_msg(doc != NULL, "%s", failure.text);
    house_fault(h, json_pack("{ss ss si ss}", "kind", "error", "method", "crm.timeline.comment.add",
                             "status", 400, "code", "ERROR_CORE"));
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    static const char *const titles[] = {"А", "Б"};
    for (size_t i = 0; i < 2; i++) {
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", titles[i]));
        house_settle(h);
    }
    struct house_said said = house_verb(
        h, (const char *const[]){"queue", "pause", "--rule", "r", "--why", "night", NULL});
    ck_assert_int_eq(said.code, 0);
    house_said_done(&said);
    char entity[64], run[64];
    JV_AUTO *runs = house_runs(h, "d", "dead", "");
    (void)snprintf(entity, sizeof entity, "/api/story?entity=deal%%20%lld", (long long)id);
    (void)snprintf(run, sizeof run, "/api/run?run=%lld", (long long)jv_int(runs, "0.id", 0));
    is_documented(h, doc, "/health", 200);
    is_documented(h, doc, "/ready", 200);
    is_documented(h, doc, "/api/status", 200);
    is_documented(h, doc, entity, 200);
    is_documented(h, doc, "/api/story?entity=operator", 200);
    is_documented(h, doc, "/api/story?run=999999", 404);
    is_documented(h, doc, "/api/story", 400);
    is_documented(h, doc, "/api/runs", 200);
    is_documented(h, doc, "/api/runs?limit=1", 200);
    is_documented(h, doc, "/api/runs?state=waiting&rule=r", 200);
    is_documented(h, doc, run, 200);
    is_documented(h, doc, "/api/dead", 200);
    is_documented(h, doc, "/api/reload", 200);
    said = house_verb(h, (const char *const[]){"reload", NULL});
    ck_assert_int_eq(said.code, 0);
    house_said_done(&said);
    is_documented(h, doc, "/api/reload", 200);
    is_documented(h, doc, "/api/reload?numbre=1", 400);
    is_documented(h, doc, "/api/holds", 200);
    is_documented(h, doc, "/api/holds?entity=nobody%201", 400);
    JV_AUTO *holds = house_api(h, "/api/holds");
    ck_assert_uint_eq(json_array_size(jv_at(holds, "paused")), 1);
    ck_assert_uint_eq(json_array_size(jv_at(holds, "frozen")), 1);
    JV_AUTO *dead = house_api(h, "/api/dead");
    ck_assert_uint_eq(json_array_size(jv_at(dead, "dead")), 1);
    house_close(h);
}
END_TEST

/* The operator's address is not reachable through the public one, whatever is sent there. */
START_TEST(the_public_listener_knows_nothing_of_the_api)
{
    struct house *h = house_with(rule);
    static const char *const paths[] = {"/api/status",
                                        "/api/runs",
                                        "/health",
                                        "/metrics",
                                        "/ready",
                                        "/hook/../api/status",
                                        "/hook/main/../../api/runs",
                                        "//api/status",
                                        "/api/queue/drop?run=1"};
    static const char *const methods[] = {"GET", "POST"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            char *url = mem_printf("%s%s", house_public_url(h), paths[i]);
            struct wire_request request = {
                .method = methods[k], .url = url, .bearer = HOUSE_ADMIN_TOKEN, .timeout_ms = 10000};
            struct wire_answer answer;
            struct err err = {0};
            ck_assert_msg(wire_request(&request, &answer, &err), "%s", err.text);
            ck_assert_msg(answer.status == 404, "%s %s: %d", methods[k], paths[i], answer.status);
            wire_answer_done(&answer);
            mem_free(url);
        }
    house_close(h);
}
END_TEST

CHECK_MAIN("admin", health_names_its_checks_and_addresses, ready_and_metrics_need_no_token,
           the_api_on_tcp_wants_the_token, the_api_on_a_unix_socket_wants_permissions,
           other_routes_and_methods_are_refused,
           a_rule_that_names_a_strange_stage_is_held_back_and_said,
           ready_says_no_while_the_daemon_ends, answers_are_as_the_document_says,
           the_public_listener_knows_nothing_of_the_api)
