#include "daemon/portal/wire.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/stub_http.h"

static struct stub stub;

static void handle(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    bool token = strstr(exchange->head, "\r\nAuthorization: Bearer t0ken\r\n") != NULL;
    bool typed = strstr(exchange->head, "\r\nContent-Type: ") != NULL;
    exchange->status = strcmp(exchange->path, "/missing") == 0 ? 404 : 200;
    (void)snprintf(exchange->text, sizeof exchange->text, "%s %s %s token=%d type=%d",
                   exchange->method, exchange->path, exchange->body, token, typed);
}

static bool ask(const struct wire_request *request, struct wire_answer *ret, struct err *err)
{
    char url[96];
    struct wire_request whole = *request;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", stub.port, request->url);
    whole.url = url;
    whole.timeout_ms = 5000;
    return wire_request(&whole, ret, err);
}

static void expect(const struct wire_request *request, int status, const char *text)
{
    struct wire_answer answer;
    struct err err = {0};
    ck_assert_msg(ask(request, &answer, &err), "%s", err.text);
    ck_assert_int_eq(answer.status, status);
    ck_assert_str_eq(answer.body, text);
    ck_assert_uint_eq(answer.size, strlen(text));
    wire_answer_done(&answer);
}

START_TEST(a_request_is_answered)
{
    struct err err = {0};
    ck_assert(wire_init(&err));
    stub_start(&stub, handle, NULL);
    expect(&(struct wire_request){.method = "GET", .url = "/health"}, 200,
           "GET /health  token=0 type=0");
    expect(&(struct wire_request){.method = "GET", .url = "/missing"}, 404,
           "GET /missing  token=0 type=0");
    expect(&(struct wire_request){.method = "POST",
                                  .url = "/hook/main",
                                  .bearer = "t0ken",
                                  .content_type = "application/json",
                                  .body = "{}",
                                  .body_size = 2},
           200, "POST /hook/main {} token=1 type=1");
    expect(&(struct wire_request){.method = "POST", .url = "/empty"}, 200,
           "POST /empty  token=0 type=0");
    stub_stop(&stub);
    wire_done();
}
END_TEST

START_TEST(nobody_at_the_address_is_told)
{
    struct err err = {0};
    struct wire_answer answer;
    ck_assert(wire_init(&err));
    stub_start(&stub, handle, NULL);
    stub_stop(&stub);
    ck_assert(!ask(&(struct wire_request){.method = "GET", .url = "/"}, &answer, &err));
    ck_assert_msg(strstr(err.text, "Failed to connect to 127.0.0.1") != NULL, "%s", err.text);
    wire_answer_done(&answer);
    wire_done();
}
END_TEST

CHECK_MAIN("wire", a_request_is_answered, nobody_at_the_address_is_told)
