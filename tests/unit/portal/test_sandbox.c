/* The client against the stand-in portal's core, over loopback: what fetch.c asks is understood
 * there, batches come apart again, and the limits hold. */

#include "daemon/portal/client.h"
#include "daemon/portal/ask.h"
#include "daemon/portal/fetch.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/core.h"
#include "tests/support/check_main.h"
#include "tests/support/stub_http.h"

static struct stub stub;
static struct sandbox *sandbox;
static struct portal_client *client;

static void handle(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    const struct sandbox_request request = {
        .method = exchange->method,
        .path = exchange->path,
        .query = "",
        .content_type = "application/json",
        .body = exchange->body,
        .size = strlen(exchange->body),
        .now_ms = clock_wall_ms(),
    };
    struct sandbox_answer answer = {0};
    sandbox_rest(sandbox, &request, &answer);
    exchange->status = answer.status;
    if (answer.size < sizeof exchange->text)
        memcpy(exchange->text, answer.body, answer.size);
    else
        exchange->long_text = strdup(answer.body);
    sandbox_answer_done(&answer);
}

static void begin(double drain, double size)
{
    const struct sandbox_options sandbox_options = {.rate_drain = drain,
                                                    .rate_size = size,
                                                    .operating_limit_s = 480,
                                                    .host = "127.0.0.1",
                                                    .hook_code = "s3cretcode",
                                                    .hook_user = 1,
                                                    .application_token = "t",
                                                    .member_id = "m"};
    char url[96];
    struct err err = {0};
    sandbox = sandbox_new(&sandbox_options);
    stub_start(&stub, handle, NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", stub.port);
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = drain, .size = size, .share = 1};
    const struct portal_client_options options = {.portals = &portal, .portal_count = 1};
    client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
}

static void end(void)
{
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    sandbox_free(sandbox);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int open_calls;

static void done(struct call *call)
{
    (void)call;
    pthread_mutex_lock(&lock);
    open_calls--;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void send_all(struct call *calls, size_t count)
{
    pthread_mutex_lock(&lock);
    open_calls = (int)count;
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < count; i++) {
        calls[i].portal = 1;
        calls[i].done = done;
        portal_client_submit(client, &calls[i]);
    }
    pthread_mutex_lock(&lock);
    while (open_calls > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* Reads a need as the engine would. */
static json_t *read_new(const char *need)
{
    struct command commands[FETCH_MOST], more;
    struct answer answers[64];
    json_t *value = NULL;
    struct err err = {0};
    size_t wanted = fetch_calls(need, commands), count = 0;
    enum fetched fetched = FETCH_MORE;
    ck_assert_msg(wanted > 0, "%s", need);
    while (fetched == FETCH_MORE) {
        struct call calls[FETCH_MOST] = {0};
        for (size_t i = 0; i < wanted; i++)
            calls[i].command = commands[i];
        send_all(calls, wanted);
        for (size_t i = 0; i < wanted; i++) {
            answers[count++] = calls[i].answer;
            command_done(&calls[i].command);
        }
        fetched = fetch_value(need, answers, count, &value, &more, &err);
        commands[0] = more;
        wanted = 1;
    }
    ck_assert_msg(fetched == FETCHED, "%s: %s", need, err.text);
    while (count > 0)
        answer_done(&answers[--count]);
    return value;
}

/* The need's value at a path, as text. mem_free. */
static char *at(const char *need, const char *path)
{
    JV_AUTO *value = read_new(need);
    return jv_print_new(jv_at(value, path));
}

static struct call call_of(const char *method, const char *params, bool write)
{
    struct err err = {0};
    struct call call = {.command = {.method = mem_strdup(method),
                                    .params = jv_parse_new(params, strlen(params), &err),
                                    .write = write}};
    ck_assert_msg(call.command.params != NULL, "%s", err.text);
    return call;
}

static void release(struct call *call)
{
    command_done(&call->command);
    answer_done(&call->answer);
}

START_TEST(every_kind_of_need_is_read)
{
    begin(0, 0);
    struct call add = call_of("crm.item.add",
                              "{\"entityTypeId\":2,\"fields\":{\"title\":\"Ёлка + 5% #1\","
                              "\"assignedById\":1}}",
                              true);
    send_all(&add, 1);
    ck_assert_msg(add.answer.verdict == VERDICT_DONE, "%s", add.answer.text);
    long long id = (long long)jv_int(add.answer.result, "item.id", 0);
    char need[64];
    (void)snprintf(need, sizeof need, "entity:2:%lld", id);
    char *title = at(need, "title");
    ck_assert_str_eq(title, "Ёлка + 5% #1");
    mem_free(title);
    (void)snprintf(need, sizeof need, "history:2:%lld:0", id);
    char *stage = at(need, "0.stage");
    ck_assert_str_ne(stage, "");
    mem_free(stage);
    release(&add);

    static const char *const missing[] = {"entity:2:999999", "user:999999", "department:999999",
                                          "entity:-1:999999", "user-email:nobody@nowhere"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        JV_AUTO *value = read_new(missing[i]);
        ck_assert_msg(json_is_null(value), "%s", missing[i]);
    }
    JV_AUTO *me = read_new("whoami:");
    ck_assert_int_eq(json_integer_value(me), 1);
    JV_AUTO *user = read_new("user:1");
    char email[128], name[200];
    (void)snprintf(email, sizeof email, "user-email:%s", jv_text(user, "EMAIL", "?"));
    (void)snprintf(name, sizeof name, "user-name:%s %s", jv_text(user, "LAST_NAME", "?"),
                   jv_text(user, "NAME", "?"));
    JV_AUTO *by_email = read_new(email);
    ck_assert_int_eq(jv_int(by_email, "ID", 0), 1);
    JV_AUTO *by_name = read_new(name);
    ck_assert_int_eq(jv_int(by_name, "0.ID", 0), 1);
    JV_AUTO *fields = read_new("fields:2");
    ck_assert_ptr_nonnull(json_object_get(fields, "title"));
    end();
}
END_TEST

START_TEST(lists_of_names_are_read)
{
    static const struct {
        const char *need, *value;
    } cases[] = {
        {"types:", "[{\"id\":147,\"title\":\"Отгрузка\"}]"},
        {"directory:SOURCE",
         "[{\"id\":\"CALL\",\"name\":\"Звонок\"},{\"id\":\"EMAIL\",\"name\":\"Электронная почта\"},"
         "{\"id\":\"WEB\",\"name\":\"Веб-сайт\"},{\"id\":\"ADVERTISING\",\"name\":\"Реклама\"}]"},
        {"directory:NO_SUCH", "[]"},
        {"templates:2",
         "[{\"id\":5,\"name\":\"Коммерческое предложение\"},{\"id\":6,\"name\":\"Акт\"}]"},
        {"templates:1", "[]"},
        {"method:crm.item.add", "{\"isExisting\":true,\"isAvailable\":true}"},
        {"method:crm.no.such", "{\"isExisting\":false,\"isAvailable\":false}"},
        {"admin:", "true"},
    };
    begin(0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JV_AUTO *value = read_new(cases[i].need);
        char *text = jv_dump_new(value);
        ck_assert_str_eq(text, cases[i].value);
        mem_free(text);
    }
    JV_AUTO *scopes = read_new("scope:");
    ck_assert_str_eq(jv_text(scopes, "0", ""), "crm");
    end();
}
END_TEST

START_TEST(who_waits_gets_all_needs_at_once)
{
    struct err err = {0};
    JV_AUTO *facts = json_object();
    JV_AUTO *refused = json_object();
    JV_AUTO *needs = json_pack("[s, s, s, s]", "stages:2", "user:999999", "fields:147", "types:");
    begin(0, 0);
    struct asking *asking = asking_new(client, 1, needs, PRIORITY_NORMAL);
    asking_send(asking);
    ck_assert_int_eq(asking_wait(asking, facts, refused, &err), ASKED);
    asking_free(asking);
    ck_assert_uint_eq(json_object_size(facts), 4);
    ck_assert_uint_eq(json_object_size(refused), 0);
    ck_assert(json_is_null(json_object_get(facts, "user:999999")));
    end();
}
END_TEST

START_TEST(stages_of_every_kind_are_read)
{
    static const char *const needs[] = {"stages:1", "stages:2", "stages:147"};
    begin(0, 0);
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        JV_AUTO *value = read_new(needs[i]);
        const json_t *stages = json_object_get(value, "stages");
        bool semantics[3] = {false};
        size_t k;
        const json_t *stage;
        ck_assert_msg(json_array_size(stages) >= 3, "%s", needs[i]);
        json_array_foreach (stages, k, stage) {
            const char *semantic = jv_text(stage, "semantic", "?");
            semantics[semantic[0] == 'S' ? 1 : semantic[0] == 'F' ? 2 : 0] = true;
            ck_assert_str_ne(jv_text(stage, "name", ""), "");
        }
        ck_assert_msg(semantics[0] && semantics[1] && semantics[2], "%s", needs[i]);
        ck_assert_int_eq(json_array_size(json_object_get(value, "funnels")) > 0, i > 0);
    }
    end();
}
END_TEST

START_TEST(two_hundred_calls_stay_within_the_limit_and_each_gets_its_answer)
{
    enum { COUNT = 200 };
    static struct call calls[COUNT];
    begin(2, 50);
    for (int i = 0; i < COUNT; i++) {
        char params[128];
        (void)snprintf(params, sizeof params,
                       "{\"entityTypeId\":3,\"fields\":{\"name\":\"& n+%d $result\"}}", i);
        calls[i] = call_of("crm.item.add", params, true);
        calls[i].priority = (enum priority)(i % 3);
    }
    send_all(calls, COUNT);
    struct portal_health health;
    ck_assert(portal_client_health(client, 1, &health));
    ck_assert_int_eq(health.limited, 0);
    ck_assert_int_lt(health.requests, 45);
    ck_assert_int_eq(health.commands, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "& n+%d $result", i);
        ck_assert_msg(calls[i].answer.verdict == VERDICT_DONE, "%d: %s", i, calls[i].answer.text);
        ck_assert_str_eq(jv_text(calls[i].answer.result, "item.name", ""), name);
        release(&calls[i]);
    }
    end();
}
END_TEST

START_TEST(a_wrong_hook_pauses_the_portal)
{
    struct portal_health health;
    begin(2, 50);
    portal_client_stop(client, 0);
    char url[96];
    struct err err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/wrongcode/", stub.port);
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {.portals = &portal, .portal_count = 1};
    client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    struct call call = call_of("crm.item.get", "{}", false);
    call.portal = 1;
    call.done = done;
    open_calls = 1;
    portal_client_submit(client, &call);
    do {
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.ok || stub_requests(&stub) < 2); /* the call, and one probe */
    ck_assert_ptr_nonnull(strstr(health.why, "make a new inbound webhook"));
    ck_assert_ptr_null(strstr(health.why, "wrongcode"));
    end();
    ck_assert_int_eq(stub.requests, 2);
    ck_assert_int_eq(call.answer.verdict, VERDICT_RETRY);
    release(&call);
}
END_TEST

CHECK_MAIN("sandbox", every_kind_of_need_is_read, lists_of_names_are_read,
           who_waits_gets_all_needs_at_once, stages_of_every_kind_are_read,
           two_hundred_calls_stay_within_the_limit_and_each_gets_its_answer,
           a_wrong_hook_pauses_the_portal)
