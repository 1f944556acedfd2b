#include "daemon/portal/client.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/stub_http.h"

/* ---- calls that wait for their end ----------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int finished;

static void done(struct call *call)
{
    (void)call;
    pthread_mutex_lock(&lock);
    finished++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int count)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (finished < count)
        ck_assert_msg(pthread_cond_timedwait(&changed, &lock, &limit) == 0, "%d of %d calls ended",
                      finished, count);
    pthread_mutex_unlock(&lock);
}

static void make(struct call *call, const char *method, const char *params, bool write)
{
    struct err err = {0};
    *call = (struct call){
        .portal = 1,
        .priority = PRIORITY_NORMAL,
        .command = {.method = mem_strdup(method),
                    .params = jv_parse_new(params, strlen(params), &err),
                    .write = write},
        .done = done,
    };
    ck_assert_msg(call->command.params != NULL, "%s: %s", params, err.text);
}

static void release(struct call *call)
{
    command_done(&call->command);
    answer_done(&call->answer);
}

/* ---- a client for a server ------------------------------------------------------------------- */

static struct portal_client *start_for(int port, const char *const *allow)
{
    char url[96];
    struct err err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", port);
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {
        .portals = &portal, .portal_count = 1, .http_allow = allow};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    return client;
}

/* One call against a handler; the answer stays in `call`. */
static struct stub stub;
static struct call call;

static void ask(void (*handle)(struct stub_exchange *, void *), const char *method,
                const char *params, bool write)
{
    stub_start(&stub, handle, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, method, params, write);
    portal_client_submit(client, &call);
    wait_for(1);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
}

static void expect(enum verdict verdict, const char *error)
{
    ck_assert_msg(call.answer.verdict == verdict, "%s %s %s", verdict_word(call.answer.verdict),
                  call.answer.error, call.answer.text);
    ck_assert_str_eq(call.answer.error, error);
    release(&call);
}

static void answer_text(struct stub_exchange *exchange, int status, const char *text)
{
    exchange->status = status;
    (void)snprintf(exchange->text, sizeof exchange->text, "%s", text);
}

/* ---- one call -------------------------------------------------------------------------------- */

static void handle_single(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool good = strcmp(exchange->method, "POST") == 0 &&
                strcmp(exchange->path, "/rest/1/s3cretcode/crm.item.get") == 0 &&
                strcmp(exchange->body, "{\"entityTypeId\":2,\"id\":null}") == 0 &&
                strstr(exchange->head, "\r\nUser-Agent: b24bridge/") != NULL &&
                strstr(exchange->head, "\r\nContent-Type: application/json\r\n") != NULL &&
                strstr(exchange->head, "\r\nAccept: application/json\r\n") != NULL &&
                strstr(exchange->head, "Expect:") == NULL;
    answer_text(exchange, good ? 200 : 400, good ? "{\"result\":{\"item\":{\"id\":1}}}" : "bad");
}

START_TEST(a_call_is_posted_as_json)
{
    ask(handle_single, "crm.item.get", "{\"entityTypeId\":2,\"id\":null}", false);
    ck_assert_int_eq(jv_int(call.answer.result, "item.id", 0), 1);
    ck_assert_int_eq(call.answer.status, 200);
    ck_assert_int_gt(call.answer.sent_ms, 0);
    expect(VERDICT_DONE, "");
}
END_TEST

static void handle_refusal(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, 400, "{\"error\":\"NOT_FOUND\",\"error_description\":\"no s3cretcode\"}");
}

START_TEST(a_refusal_is_given_back_without_the_secret)
{
    ask(handle_refusal, "crm.item.get", "{}", false);
    ck_assert_str_eq(call.answer.text, "no ***");
    expect(VERDICT_REFUSED, "NOT_FOUND");
    ck_assert_int_eq(stub.requests, 1);
}
END_TEST

static void handle_html(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, 502, "<html>Bad Gateway</html>");
}

START_TEST(html_leaves_a_write_unsure)
{
    ask(handle_html, "crm.item.add", "{}", true);
    expect(VERDICT_UNSURE, "NOT_JSON");
    ck_assert_int_eq(stub.requests, 1);
}
END_TEST

static void handle_html_once(struct stub_exchange *exchange, void *arg)
{
    handle_html(exchange, arg);
    if (exchange->number > 0)
        answer_text(exchange, 200, "{\"result\":5}");
}

START_TEST(html_makes_a_read_ask_again)
{
    ask(handle_html_once, "crm.item.get", "{}", false);
    expect(VERDICT_DONE, "");
    ck_assert_int_eq(stub.requests, 2);
}
END_TEST

static void handle_truncated(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, 200, "{\"result\":{\"item\":{\"id\":1}}}");
    exchange->cut = 12;
}

START_TEST(a_connection_cut_within_the_answer_leaves_a_write_unsure)
{
    ask(handle_truncated, "crm.item.add", "{}", true);
    expect(VERDICT_UNSURE, "CONNECTION_LOST");
}
END_TEST

static void handle_half_json(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, 200, "{\"result\":{\"item\":{\"id\":1");
}

START_TEST(half_a_json_leaves_a_write_unsure)
{
    ask(handle_half_json, "crm.item.add", "{}", true);
    expect(VERDICT_UNSURE, "NOT_JSON");
}
END_TEST

static void handle_reset(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    exchange->reset = true;
}

START_TEST(a_reset_after_sending_leaves_a_write_unsure)
{
    ask(handle_reset, "crm.item.add", "{}", true);
    ck_assert_int_gt(call.answer.sent_ms, 0);
    expect(VERDICT_UNSURE, "CONNECTION_LOST");
    ck_assert_int_eq(stub.requests, 1);
}
END_TEST

static void handle_reset_second(struct stub_exchange *exchange, void *arg)
{
    answer_text(exchange, 200, "{\"result\":1}");
    if (exchange->number == 1)
        handle_reset(exchange, arg);
}

/* libcurl connects anew and would repeat the request by itself. */
START_TEST(a_kept_connection_that_dies_never_sends_a_write_twice)
{
    stub_start(&stub, handle_reset_second, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.add", "{\"fields\":{}}", true);
    portal_client_submit(client, &call);
    wait_for(1);
    expect(VERDICT_DONE, "");
    make(&call, "crm.item.add", "{\"fields\":{}}", true);
    portal_client_submit(client, &call);
    wait_for(2);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    expect(VERDICT_UNSURE, "CONNECTION_LOST");
    ck_assert_int_eq(stub.requests, 2);
}
END_TEST

static void handle_reset_and_leave(struct stub_exchange *exchange, void *arg)
{
    handle_reset_second(exchange, arg);
    if (exchange->number == 1)
        (void)shutdown(stub.fd, SHUT_RDWR); /* nobody listens any more */
}

/* The repetition that libcurl tries by itself fails at the door: what it says then is of the second
 * connection, and the write had gone out on the first. */
START_TEST(a_kept_connection_that_dies_with_its_portal_leaves_a_write_unsure)
{
    stub_start(&stub, handle_reset_and_leave, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    for (int i = 1; i <= 2; i++) {
        make(&call, "crm.item.add", "{\"fields\":{}}", true);
        portal_client_submit(client, &call);
        wait_for(i);
        if (i == 1)
            expect(VERDICT_DONE, "");
    }
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    ck_assert_int_gt(call.answer.sent_ms, 0);
    expect(VERDICT_UNSURE, "NO_CONNECTION");
    ck_assert_int_eq(stub.requests, 2);
}
END_TEST

/* Until the client has done something; bounded by the test's own time. */
static struct portal_health health;

static void wait_for_retried(struct portal_client *client)
{
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.retried == 0);
}

START_TEST(a_portal_that_cannot_be_reached_has_got_nothing)
{
    stub_start(&stub, handle_html, NULL);
    int port = stub.port;
    stub_stop(&stub); /* nobody listens there now */
    struct portal_client *client = start_for(port, NULL);
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    wait_for_retried(client);
    portal_client_stop(client, 0);
    ck_assert_int_eq(call.answer.sent_ms, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
}
END_TEST

START_TEST(a_failed_handshake_has_sent_nothing)
{
    struct err err = {0};
    char url[96];
    stub_start(&stub, handle_html, NULL);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/rest/1/s3cretcode/", stub.port);
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {.portals = &portal, .portal_count = 1};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    /* The stub waits for the end of the headers; hanging up is its answer to the handshake. */
    stub_stop(&stub);
    wait_for_retried(client);
    portal_client_stop(client, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
}
END_TEST

/* ---- batches --------------------------------------------------------------------------------- */

static void handle_batch(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool good = strcmp(exchange->path, "/rest/1/s3cretcode/batch") == 0 &&
                strcmp(exchange->body, "{\"halt\":0,\"cmd\":{\"c0\":\"a?x=1\",\"c1\":\"b?x=2\","
                                       "\"c2\":\"c?x=3\"}}") == 0;
    answer_text(exchange, good ? 200 : 400,
                "{\"result\":{\"result\":{\"c0\":10,\"c2\":30},\"result_error\":{\"c1\":"
                "{\"error\":\"\",\"error_description\":\"no\"}}}}");
}

START_TEST(calls_that_wait_together_travel_in_one_batch)
{
    struct call calls[3];
    static const char *const methods[] = {"a", "b", "c"};
    stub_start(&stub, handle_batch, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    portal_client_pause(client, 1, true);
    for (int i = 0; i < 3; i++) {
        char params[16];
        (void)snprintf(params, sizeof params, "{\"x\":%d}", i + 1);
        make(&calls[i], methods[i], params, true);
        portal_client_submit(client, &calls[i]);
    }
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.waiting < 3);
    portal_client_pause(client, 1, false);
    wait_for(3);
    ck_assert_int_eq(jv_int(calls[0].answer.result, "", 0), 10);
    ck_assert_int_eq(calls[1].answer.verdict, VERDICT_REFUSED);
    ck_assert_int_eq(jv_int(calls[2].answer.result, "", 0), 30);
    ck_assert(portal_client_health(client, 1, &health));
    ck_assert(health.ok);
    ck_assert_int_eq(health.batches, 1);
    ck_assert_int_eq(health.commands, 3);
    ck_assert_int_eq(health.requests, 1);
    ck_assert_int_eq(health.refused, 1);
    ck_assert_int_gt(health.last_good_ms, 0);
    ck_assert_double_gt(health.bucket_level, 0);
    ck_assert_double_eq(health.bucket_size, 45);
    JV_AUTO *counters = portal_client_counters(client);
    char *text = jv_dump_new(json_array_get(counters, 1));
    ck_assert_str_eq(text,
                     "{\"portal\":\"main\",\"method\":\"b\",\"verdict\":\"REFUSED\",\"count\":1}");
    mem_free(text);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    for (int i = 0; i < 3; i++)
        release(&calls[i]);
}
END_TEST

/* Order of arrival of the calls of a lane. */
static char seen[2048];

static void handle_lane(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    size_t used = strlen(seen);
    const char *method = strrchr(exchange->path, '/') + 1;
    (void)snprintf(seen + used, sizeof seen - used, "%s;",
                   strcmp(method, "batch") == 0 ? exchange->body : method);
    answer_text(exchange, 200, "{\"result\":{\"result\":[1,1,1,1,1,1]}}");
}

START_TEST(a_lane_keeps_its_order)
{
    struct call calls[6];
    seen[0] = '\0';
    stub_start(&stub, handle_lane, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    for (int i = 0; i < 6; i++) {
        char method[8];
        (void)snprintf(method, sizeof method, "task.%d", i);
        make(&calls[i], method, "{}", true);
        calls[i].priority = i % 2 == 0 ? PRIORITY_BULK : PRIORITY_URGENT;
        (void)snprintf(calls[i].lane, sizeof calls[i].lane, "deal 1");
        portal_client_submit(client, &calls[i]);
    }
    wait_for(6);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    ck_assert_str_eq(seen, "task.0;task.1;task.2;task.3;task.4;task.5;");
    for (int i = 0; i < 6; i++)
        release(&calls[i]);
}
END_TEST

/* ---- redirects ------------------------------------------------------------------------------- */

static void handle_moved(struct stub_exchange *exchange, void *arg)
{
    struct stub *to = arg;
    answer_text(exchange, 302, "");
    (void)snprintf(exchange->headers, sizeof exchange->headers,
                   "Location: http://127.0.0.1:%d/elsewhere\r\n", to->port);
}

static void handle_new_home(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool good = strcmp(exchange->method, "POST") == 0 &&
                strcmp(exchange->path, "/rest/1/s3cretcode/crm.item.add") == 0 &&
                strcmp(exchange->body, "{\"fields\":{\"title\":\"X\"}}") == 0;
    answer_text(exchange, good ? 200 : 400, good ? "{\"result\":7}" : "bad");
}

START_TEST(a_redirect_keeps_the_post_and_is_remembered)
{
    struct stub home;
    stub_start(&home, handle_new_home, NULL);
    stub_start(&stub, handle_moved, &home);
    struct portal_client *client = start_for(stub.port, NULL);
    for (int i = 1; i <= 2; i++) {
        make(&call, "crm.item.add", "{\"fields\":{\"title\":\"X\"}}", true);
        portal_client_submit(client, &call);
        wait_for(i);
        ck_assert_int_eq(jv_int(call.answer.result, "", 0), 7);
        expect(VERDICT_DONE, "");
    }
    char host[32];
    (void)snprintf(host, sizeof host, "127.0.0.1:%d", home.port);
    ck_assert(portal_client_health(client, 1, &health));
    ck_assert_str_eq(health.moved_to, host);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
    stub_stop(&home);
    ck_assert_int_eq(stub.requests, 1);
    ck_assert_int_eq(home.requests, 2);
}
END_TEST

/* ---- the end --------------------------------------------------------------------------------- */

static void handle_hold(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    exchange->hold = true;
}

START_TEST(a_stop_knows_what_was_under_way)
{
    struct call waiting;
    stub_start(&stub, handle_hold, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.add", "{}", true);
    (void)snprintf(call.lane, sizeof call.lane, "deal 1");
    make(&waiting, "crm.item.add", "{}", true);
    (void)snprintf(waiting.lane, sizeof waiting.lane, "deal 1");
    portal_client_submit(client, &call);
    portal_client_submit(client, &waiting);
    while (stub_requests(&stub) == 0)
        sched_yield();
    int64_t began = clock_mono_ms();
    portal_client_stop(client, 50);
    ck_assert_int_lt(clock_mono_ms() - began, 5000);
    ck_assert_int_eq(finished, 2);
    ck_assert_str_eq(call.answer.text, "the daemon stopped before the answer came");
    ck_assert_int_gt(call.answer.sent_ms, 0);
    stub_stop(&stub);
    bool batched = waiting.answer.verdict == VERDICT_UNSURE; /* both were in the inbox at once */
    ck_assert_str_eq(waiting.answer.error, batched ? "STOPPED" : "NOT_SENT");
    ck_assert_int_eq(waiting.answer.verdict, batched ? VERDICT_UNSURE : VERDICT_RETRY);
    release(&waiting);
    expect(VERDICT_UNSURE, "STOPPED");
}
END_TEST

START_TEST(an_answer_within_the_grace_still_counts)
{
    stub_start(&stub, handle_new_home, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.add", "{\"fields\":{\"title\":\"X\"}}", true);
    portal_client_submit(client, &call);
    while (stub_requests(&stub) == 0)
        sched_yield();
    portal_client_stop(client, 5000);
    stub_stop(&stub);
    expect(VERDICT_DONE, "");
}
END_TEST

START_TEST(a_halt_waits_for_answers_and_a_stop_cuts_the_wait_short)
{
    stub_start(&stub, handle_hold, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    while (stub_requests(&stub) == 0)
        sched_yield();
    int64_t began = clock_mono_ms();
    portal_client_halt(client, 60000);
    ck_assert(!portal_client_at_rest(client));
    portal_client_stop(client, 50);
    ck_assert_int_lt(clock_mono_ms() - began, 5000);
    stub_stop(&stub);
    expect(VERDICT_UNSURE, "STOPPED");
}
END_TEST

START_TEST(a_halted_client_without_calls_comes_to_rest)
{
    struct portal_client *client = start_for(1, NULL);
    portal_client_halt(client, 60000);
    while (!portal_client_at_rest(client))
        sched_yield();
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    wait_for(1);
    portal_client_stop(client, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
}
END_TEST

START_TEST(a_slow_portal_takes_nothing_from_another)
{
    struct stub slow;
    struct call held, quick;
    struct err err = {0};
    char urls[2][96];
    stub_start(&slow, handle_hold, NULL);
    stub_start(&stub, handle_html_once, NULL);
    stub.requests = 1; /* answers well from now on */
    (void)snprintf(urls[0], sizeof urls[0], "http://127.0.0.1:%d/rest/1/aaaa/", slow.port);
    (void)snprintf(urls[1], sizeof urls[1], "http://127.0.0.1:%d/rest/1/bbbb/", stub.port);
    const struct portal_settings portals[] = {
        {.id = 1, .name = "slow", .url = urls[0], .drain = 2, .size = 50, .share = 1},
        {.id = 2, .name = "quick", .url = urls[1], .drain = 2, .size = 50, .share = 1}};
    const struct portal_client_options options = {.portals = portals, .portal_count = 2};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    make(&held, "a", "{}", false);
    make(&quick, "b", "{}", false);
    quick.portal = 2;
    portal_client_submit(client, &held);
    portal_client_submit(client, &quick);
    wait_for(1);
    ck_assert_int_eq(quick.answer.verdict, VERDICT_DONE);
    portal_client_stop(client, 0);
    stub_stop(&slow);
    stub_stop(&stub);
    ck_assert_int_eq(finished, 2);
    release(&held);
    release(&quick);
}
END_TEST

START_TEST(an_unknown_portal_is_refused)
{
    stub_start(&stub, handle_html, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "a", "{}", false);
    call.portal = 99;
    portal_client_submit(client, &call);
    wait_for(1);
    ck_assert(!portal_client_health(client, 99, &health));
    ck_assert_ptr_null(portal_client_budget(client, 99));
    portal_client_pause(client, 99, true);
    portal_client_stop(client, 0);
    stub_stop(&stub);
    expect(VERDICT_REFUSED, "NO_PORTAL");
}
END_TEST

static json_t *give_frozen_budget(void *arg, int64_t portal)
{
    int64_t *asked = arg;
    *asked = portal;
    int64_t now = clock_wall_ms();
    return json_pack("{s:I, s:f, s:I, s:{}}", "at", (json_int_t)now, "level", 45.0, "frozen",
                     (json_int_t)(now + 20000), "methods");
}

START_TEST(a_budget_from_before_the_restart_is_obeyed)
{
    struct err err = {0};
    char url[96];
    int64_t asked = 0;
    stub_start(&stub, handle_new_home, NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", stub.port);
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {
        .portals = &portal, .portal_count = 1, .load_budget = give_frozen_budget, .arg = &asked};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    ck_assert_int_eq(asked, 1);
    make(&call, "crm.item.add", "{\"fields\":{\"title\":\"X\"}}", true);
    portal_client_submit(client, &call);
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.waiting == 0);
    JV_AUTO *budget = portal_client_budget(client, 1);
    ck_assert_double_gt(jv_real(budget, "level", 0), 20);
    ck_assert_int_gt(jv_int(budget, "frozen", 0), 0);
    portal_client_stop(client, 0);
    stub_stop(&stub);
    ck_assert_int_eq(stub.requests, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
}
END_TEST

START_TEST(an_address_that_cannot_be_a_portals_stops_the_start)
{
    struct err err = {0};
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = "ftp://x/", .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {.portals = &portal, .portal_count = 1};
    ck_assert_ptr_null(portal_client_start(&options, &err));
    ck_assert_str_eq(err.text, "portal main: the portal's address is not of the form "
                               "https://HOST/rest/USER/CODE/");
}
END_TEST

/* ---- other systems --------------------------------------------------------------------------- */

static const char *const allow_loopback[] = {"127.0.0.0/8", NULL};
static const char *const allow_name[] = {"localhost", NULL};

/* `extra` is put into the params behind the url. */
static void ask_http(void (*handle)(struct stub_exchange *, void *), const char *host,
                     const char *extra, const char *const *allow)
{
    char params[512];
    stub_start(&stub, handle, NULL);
    struct portal_client *client = start_for(stub.port, allow);
    (void)snprintf(params, sizeof params, "{\"url\":\"http://%s:%d/hook?a=1\"%s}", host, stub.port,
                   extra);
    make(&call, "http", params, true);
    call.command.kind = COMMAND_HTTP;
    portal_client_submit(client, &call);
    wait_for(1);
    portal_client_stop(client, 1000);
    stub_stop(&stub);
}

static void handle_other(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool good = strcmp(exchange->method, "POST") == 0 && strcmp(exchange->path, "/hook?a=1") == 0 &&
                strcmp(exchange->body, "{\"sum\":5}") == 0 &&
                strstr(exchange->head, "\r\nContent-Type: application/json\r\n") != NULL &&
                strstr(exchange->head, "\r\nX-Mark: yes\r\n") != NULL;
    answer_text(exchange, good ? 201 : 400, "{\"id\":9}");
}

START_TEST(another_system_is_asked)
{
    ask_http(handle_other, "127.0.0.1", ",\"headers\":{\"X-Mark\":\"yes\"},\"body\":{\"sum\":5}",
             allow_loopback);
    ck_assert_int_eq(jv_int(call.answer.result, "status", 0), 201);
    ck_assert_int_eq(jv_int(call.answer.result, "body.id", 0), 9);
    expect(VERDICT_DONE, "");
}
END_TEST

START_TEST(an_address_inside_is_refused_unless_allowed)
{
    char text[sizeof call.answer.text];
    ask_http(handle_other, "127.0.0.1", "", NULL);
    (void)snprintf(text, sizeof text, "%s", call.answer.text);
    ck_assert_int_eq(call.answer.sent_ms, 0);
    expect(VERDICT_REFUSED, "PRIVATE_ADDRESS");
    ck_assert_str_eq(text, "the address 127.0.0.1 is private and no http-allow in [server] lets "
                           "rules reach it");
    ck_assert_int_eq(stub.requests, 0);
    ask_http(handle_other, "localhost", "", allow_loopback + 1); /* a name leads there as well */
    expect(VERDICT_REFUSED, "PRIVATE_ADDRESS");
    ask_http(handle_other, "localhost", ",\"headers\":{\"X-Mark\":\"yes\"},\"body\":{\"sum\":5}",
             allow_name);
    expect(VERDICT_DONE, "");
}
END_TEST

static void handle_status(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, (int)strtol(exchange->body, NULL, 10), "plain words");
    if (exchange->status == 302)
        (void)snprintf(exchange->headers, sizeof exchange->headers, "Location: /other\r\n");
}

START_TEST(another_systems_status_is_a_verdict)
{
    static const struct {
        const char *extra;
        enum verdict verdict;
        const char *error;
    } samples[] = {
        {",\"body\":\"404\"", VERDICT_REFUSED, "HTTP_404"},
        {",\"body\":\"302\"", VERDICT_REFUSED, "HTTP_302"},
        {",\"body\":\"500\"", VERDICT_UNSURE, "HTTP_500"},
        {",\"body\":\"200\"", VERDICT_DONE, ""},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ask_http(handle_status, "127.0.0.1", samples[i].extra, allow_loopback);
        if (samples[i].verdict == VERDICT_DONE)
            ck_assert_str_eq(jv_text(call.answer.result, "body", ""), "plain words");
        expect(samples[i].verdict, samples[i].error);
        ck_assert_int_eq(stub.requests, 1);
    }
}
END_TEST

START_TEST(a_request_that_cannot_be_made_is_refused)
{
    static const struct {
        const char *extra, *text;
    } samples[] = {
        {",\"method\":\"BREW\"", "\"BREW\" is no method of HTTP that is known here"},
        {",\"headers\":{\"X-A\":\"a\\r\\nX-B: b\"}",
         "the header \"X-A\" has a control character in its value"},
        {",\"headers\":{\"X A\":\"a\"}", "\"X A\" is no name of a header"},
        {",\"headers\":{\"host\":\"a\"}", "the header \"Host\" cannot be set"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ask_http(handle_other, "127.0.0.1", samples[i].extra, allow_loopback);
        ck_assert_str_eq(call.answer.text, samples[i].text);
        expect(VERDICT_REFUSED, "NOT_SENT");
        ck_assert_int_eq(stub.requests, 0);
    }
    ask_http(handle_other, "[", "", allow_loopback);
    ck_assert_str_eq(call.answer.text, "the address cannot be read as a URL");
    expect(VERDICT_REFUSED, "NOT_SENT");
}
END_TEST

static void handle_secret(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool good = strstr(exchange->head, "\r\nX-Key: open sesame\r\n") != NULL &&
                strcmp(exchange->method, "GET") == 0;
    answer_text(exchange, good ? 200 : 400, "");
}

START_TEST(a_header_comes_from_its_file_when_it_is_sent)
{
    char path[] = "/tmp/b24bridge-test-XXXXXX", extra[128];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "open sesame\n", 12), 12);
    close(fd);
    (void)snprintf(extra, sizeof extra, ",\"method\":\"get\",\"header_files\":{\"X-Key\":\"%s\"}",
                   path);
    ask_http(handle_secret, "127.0.0.1", extra, allow_loopback);
    expect(VERDICT_DONE, "");
    ck_assert_int_eq(unlink(path), 0);
    ask_http(handle_secret, "127.0.0.1", extra, allow_loopback);
    ck_assert_ptr_nonnull(strstr(call.answer.text, "the header \"X-Key\": "));
    expect(VERDICT_REFUSED, "NOT_SENT");
}
END_TEST

CHECK_MAIN("client", a_call_is_posted_as_json, a_refusal_is_given_back_without_the_secret,
           html_leaves_a_write_unsure, html_makes_a_read_ask_again,
           a_connection_cut_within_the_answer_leaves_a_write_unsure,
           half_a_json_leaves_a_write_unsure, a_reset_after_sending_leaves_a_write_unsure,
           a_kept_connection_that_dies_never_sends_a_write_twice,
           a_kept_connection_that_dies_with_its_portal_leaves_a_write_unsure,
           a_portal_that_cannot_be_reached_has_got_nothing, a_failed_handshake_has_sent_nothing,
           calls_that_wait_together_travel_in_one_batch, a_lane_keeps_its_order,
           a_redirect_keeps_the_post_and_is_remembered, a_stop_knows_what_was_under_way,
           an_answer_within_the_grace_still_counts,
           a_halt_waits_for_answers_and_a_stop_cuts_the_wait_short,
           a_halted_client_without_calls_comes_to_rest, a_slow_portal_takes_nothing_from_another,
           an_unknown_portal_is_refused, a_budget_from_before_the_restart_is_obeyed,
           an_address_that_cannot_be_a_portals_stops_the_start, another_system_is_asked,
           an_address_inside_is_refused_unless_allowed, another_systems_status_is_a_verdict,
           a_request_that_cannot_be_made_is_refused, a_header_comes_from_its_file_when_it_is_sent)
