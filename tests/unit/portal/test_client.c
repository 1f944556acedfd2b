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

/* ---- failures of transport ------------------------------------------------------------------- */

/* Accepts, reads until it has seen `until`, says `text`, hangs up; without a text it resets. */
static struct raw {
    int fd, port;
    const char *until, *text;
    pthread_t thread;
} raw;

static void *raw_serve(void *arg)
{
    (void)arg;
    for (int fd = accept(raw.fd, NULL, NULL); fd >= 0; fd = accept(raw.fd, NULL, NULL)) {
        char bytes[4096] = "";
        size_t have = 0;
        struct linger now = {.l_onoff = 1};
        for (ssize_t got = 1; got > 0 && strstr(bytes, raw.until) == NULL; have += (size_t)got)
            if ((got = recv(fd, bytes + have, sizeof bytes - 1 - have, 0)) <= 0)
                break;
        (void)send(fd, raw.text, strlen(raw.text), MSG_NOSIGNAL);
        if (raw.text[0] == '\0')
            (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        else
            (void)shutdown(fd, SHUT_WR);
        close(fd);
    }
    return NULL;
}

static void raw_start(const char *until, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t size = sizeof address;
    raw = (struct raw){.until = until, .text = text};
    raw.fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(raw.fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(raw.fd, 16), 0);
    ck_assert_int_eq(getsockname(raw.fd, (struct sockaddr *)&address, &size), 0);
    raw.port = ntohs(address.sin_port);
    pthread_create(&raw.thread, NULL, raw_serve, NULL);
}

static void raw_stop(void)
{
    (void)shutdown(raw.fd, SHUT_RDWR);
    pthread_join(raw.thread, NULL);
    close(raw.fd);
}

static struct portal_client *start_at(const char *url)
{
    struct err err = {0};
    const struct portal_settings portal = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    const struct portal_client_options options = {.portals = &portal, .portal_count = 1};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    return client;
}

/* Three writes that cannot share a batch fail at once: the circuit opens and says why, and none of
 * them has been sent. */
static void expect_unsent(const char *url, const char *error)
{
    struct call calls[3];
    char beginning[80];
    struct portal_client *client = start_at(url);
    for (int i = 0; i < 3; i++) {
        make(&calls[i], "crm.item.add", "{\"fields\":{\"title\":null}}", true);
        portal_client_submit(client, &calls[i]);
    }
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.circuit == CIRCUIT_CLOSED);
    (void)snprintf(beginning, sizeof beginning, "no answer from the portal: %s: ", error);
    ck_assert_msg(strncmp(health.why, beginning, strlen(beginning)) == 0, "%s", health.why);
    ck_assert(!health.ok);
    ck_assert_int_gt(health.probe_ms, 0);
    ck_assert_int_eq(health.unsure, 0);
    portal_client_stop(client, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(calls[i].answer.verdict, VERDICT_RETRY);
        ck_assert_int_eq(calls[i].answer.sent_ms, 0);
        release(&calls[i]);
    }
}

START_TEST(a_name_that_does_not_resolve_has_got_nothing)
{
    char url[160]; /* a label of 64 letters is no name: nobody is asked */
    (void)snprintf(url, sizeof url, "https://%064d.bitrix24.ru/rest/1/s3cretcode/", 0);
    expect_unsent(url, "NO_SUCH_HOST");
}
END_TEST

START_TEST(a_closed_door_has_got_nothing)
{
    char url[96];
    raw_start("", "");
    raw_stop();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", raw.port);
    expect_unsent(url, "NO_CONNECTION");
}
END_TEST

START_TEST(a_door_without_tls_has_got_nothing)
{
    char url[96];
    raw_start("", "HTTP/1.1 400 Bad Request\r\n\r\n");
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/rest/1/s3cretcode/", raw.port);
    expect_unsent(url, "TLS");
    raw_stop();
}
END_TEST

START_TEST(a_reset_in_the_middle_of_the_body_has_got_nothing)
{
    char url[96];
    char *params = mem_printf("{\"x\":\"%024000000d\"}", 0); /* more than sockets take in */
    raw_start("POST", "");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", raw.port);
    struct portal_client *client = start_at(url);
    make(&call, "disk.folder.uploadFile", params, true);
    portal_client_submit(client, &call);
    wait_for_retried(client);
    portal_client_stop(client, 0);
    raw_stop();
    mem_free(params);
    ck_assert_int_eq(call.answer.sent_ms, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
}
END_TEST

START_TEST(an_answer_that_is_no_http_leaves_a_write_unsure)
{
    char url[96];
    raw_start("\r\n\r\n{}", "220 smtp.firm.ru ESMTP\r\n");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/", raw.port);
    struct portal_client *client = start_at(url);
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    wait_for(1);
    portal_client_stop(client, 0);
    raw_stop();
    expect(VERDICT_UNSURE, "NOT_HTTP");
}
END_TEST

/* ---- the secret ------------------------------------------------------------------------------ */

static void handle_echo(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool fails = strstr(exchange->body, "fail") != NULL;
    exchange->status = fails ? 400 : 200;
    (void)snprintf(exchange->text, sizeof exchange->text,
                   fails ? "{\"error\":\"AT_%s\",\"error_description\":\"%s\"}"
                         : "{\"result\":{\"urlMachine\":\"https:\\/\\/x%s\",\"path\":\"%s\"}}",
                   exchange->path, exchange->path);
}

START_TEST(the_webhooks_code_is_cut_out_of_whatever_the_portal_says)
{
    ask(handle_echo, "crm.item.get", "{}", false);
    ck_assert_str_eq(jv_text(call.answer.result, "urlMachine", ""),
                     "https://x/rest/1/***/crm.item.get");
    ck_assert_str_eq(jv_text(call.answer.result, "path", ""), "/rest/1/***/crm.item.get");
    expect(VERDICT_DONE, "");
    ask(handle_echo, "crm.item.get", "{\"fail\":1}", false);
    ck_assert_str_eq(call.answer.text, "/rest/1/***/crm.item.get");
    expect(VERDICT_REFUSED, "AT_/REST/1/***/CRM.ITEM.GET");
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
    ck_assert_double_eq(health.bucket_size, 49);
    JV_AUTO *counters = portal_client_counters(client);
    char *text = jv_dump_new(json_array_get(counters, 1));
    ck_assert_str_eq(
        text, "{\"portal\":\"main\",\"method\":\"other\",\"verdict\":\"REFUSED\",\"count\":1}");
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

static void handle_stranger(struct stub_exchange *exchange, void *arg)
{
    const struct stub *to = arg;
    answer_text(exchange, 302, "");
    (void)snprintf(exchange->headers, sizeof exchange->headers,
                   "Location: https://s3cretcode.example.ru:%d%.200s\r\n", to->port,
                   exchange->path);
}

START_TEST(strangers_are_not_told_the_secret)
{
    struct stub stranger;
    stub_start(&stranger, handle_new_home, NULL);
    stub_start(&stub, handle_stranger, &stranger);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.add", "{}", true);
    portal_client_submit(client, &call);
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 1, &health));
    } while (health.circuit != CIRCUIT_PAUSED || stub_requests(&stub) < 2);
    char why[320];
    (void)snprintf(why, sizeof why,
                   "the portal sends us elsewhere; if it has moved there, put its new address into "
                   "the url-file (REDIRECT: the portal redirects to \"https://***.example.ru:%d\", "
                   "which is not of its domain)",
                   stranger.port);
    ck_assert_str_eq(health.why, why);
    ck_assert_str_eq(health.moved_to, "");
    ck_assert_int_eq(health.waiting, 1);
    portal_client_stop(client, 0);
    stub_stop(&stub);
    stub_stop(&stranger);
    ck_assert_int_eq(stranger.connections, 0);
    expect(VERDICT_RETRY, "NOT_SENT");
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

START_TEST(a_read_that_a_stop_cuts_short_may_be_asked_again)
{
    stub_start(&stub, handle_hold, NULL);
    struct portal_client *client = start_for(stub.port, NULL);
    make(&call, "crm.item.get", "{}", false);
    portal_client_submit(client, &call);
    while (stub_requests(&stub) == 0)
        sched_yield();
    portal_client_stop(client, 0);
    stub_stop(&stub);
    expect(VERDICT_RETRY, "STOPPED");
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

/* ---- many portals ---------------------------------------------------------------------------- */

enum { CROWD = 60 };
static atomic_int ended_of[5]; /* by portal */

static void count_ended(struct call *ended)
{
    atomic_fetch_add(&ended_of[ended->portal], 1);
    done(ended);
}

static void handle_well(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    answer_text(exchange, 200, "{\"result\":1}");
}

/* Answers nothing before the healthy portal has answered everything. */
static void handle_slow(struct stub_exchange *exchange, void *arg)
{
    while (atomic_load(&ended_of[4]) < CROWD)
        sched_yield();
    handle_well(exchange, arg);
}

static void crowd_submit(struct portal_client *client, struct call *calls, int64_t portal)
{
    for (int i = 0; i < CROWD; i++) {
        make(&calls[i], "crm.item.get", "{\"id\":null}", false); /* null: each by itself */
        calls[i].portal = portal;
        calls[i].done = count_ended;
        portal_client_submit(client, &calls[i]);
    }
}

/* Nothing here measures time: the healthy portal's calls have all ended while not one of the
 * others has, which could not end before. */
START_TEST(dead_and_slow_portals_take_nothing_from_a_healthy_one)
{
    static struct call calls[5][CROWD];
    struct stub hanging, slow, healthy;
    char urls[5][96];
    struct portal_settings portals[4];
    struct err err = {0};
    stub_start(&hanging, handle_hold, NULL);
    stub_start(&slow, handle_slow, NULL);
    stub_start(&healthy, handle_well, NULL);
    raw_start("", "");
    raw_stop();
    const int ports[] = {0, hanging.port, raw.port, slow.port, healthy.port};
    for (int i = 1; i <= 4; i++) {
        (void)snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%d/rest/1/s3cretcode/", ports[i]);
        portals[i - 1] = (struct portal_settings){
            .id = i, .name = "p", .url = urls[i], .drain = 0, .size = 50, .share = 1};
        atomic_store(&ended_of[i], 0);
    }
    const struct portal_client_options options = {.portals = portals, .portal_count = 4};
    finished = 0;
    struct portal_client *client = portal_client_start(&options, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    for (int i = 1; i <= 4; i++)
        crowd_submit(client, calls[i], i);
    wait_for(CROWD);
    ck_assert_int_eq(atomic_load(&ended_of[1]), 0);
    ck_assert_int_eq(atomic_load(&ended_of[2]), 0);
    ck_assert_int_eq(atomic_load(&ended_of[4]), CROWD);
    wait_for(2 * CROWD); /* the slow one's too, in its time */
    ck_assert_int_eq(atomic_load(&ended_of[3]), CROWD);
    /* The dead ones cost a few requests and then a probe a while, not one for each call. */
    ck_assert_int_le(stub_requests(&hanging), 4);
    do {
        sched_yield();
        ck_assert(portal_client_health(client, 2, &health));
    } while (health.circuit == CIRCUIT_CLOSED);
    ck_assert_int_le(health.requests, 8);
    ck_assert_int_eq(health.waiting, CROWD);
    portal_client_stop(client, 0);
    stub_stop(&hanging);
    stub_stop(&slow);
    stub_stop(&healthy);
    for (int i = 1; i <= 4; i++)
        for (int k = 0; k < CROWD; k++) {
            bool well = i >= 3;
            ck_assert_int_eq(calls[i][k].answer.verdict, well ? VERDICT_DONE : VERDICT_RETRY);
            release(&calls[i][k]);
        }
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
           a_name_that_does_not_resolve_has_got_nothing, a_closed_door_has_got_nothing,
           a_door_without_tls_has_got_nothing, a_reset_in_the_middle_of_the_body_has_got_nothing,
           an_answer_that_is_no_http_leaves_a_write_unsure,
           the_webhooks_code_is_cut_out_of_whatever_the_portal_says,
           strangers_are_not_told_the_secret, dead_and_slow_portals_take_nothing_from_a_healthy_one,
           calls_that_wait_together_travel_in_one_batch, a_lane_keeps_its_order,
           a_redirect_keeps_the_post_and_is_remembered, a_stop_knows_what_was_under_way,
           a_read_that_a_stop_cuts_short_may_be_asked_again,
           an_answer_within_the_grace_still_counts,
           a_halt_waits_for_answers_and_a_stop_cuts_the_wait_short,
           a_halted_client_without_calls_comes_to_rest, a_slow_portal_takes_nothing_from_another,
           an_unknown_portal_is_refused, a_budget_from_before_the_restart_is_obeyed,
           an_address_that_cannot_be_a_portals_stops_the_start, another_system_is_asked,
           an_address_inside_is_refused_unless_allowed, another_systems_status_is_a_verdict,
           a_request_that_cannot_be_made_is_refused, a_header_comes_from_its_file_when_it_is_sent)
