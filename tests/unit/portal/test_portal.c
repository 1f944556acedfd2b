#include "daemon/portal/portal.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static struct portal portal;
static struct call calls[120];
static size_t call_count;
static struct call_list ended;
static int64_t now = 1000; /* both clocks */

static void begin_with(const char *url)
{
    const struct portal_settings settings = {
        .id = 1, .name = "main", .url = url, .drain = 2, .size = 50, .share = 1};
    struct err err = {0};
    call_count = 0;
    now = 1000;
    ended = (struct call_list){0};
    ck_assert_msg(portal_init(&portal, &settings, now, &err), "%s", err.text);
}

static void begin(void)
{
    begin_with("https://firm.bitrix24.ru/rest/1/s3cretcode/");
}

static void end(void)
{
    for (struct call *call = portal_drop_waiting(&portal); call != NULL;
         call = portal_drop_waiting(&portal))
        call_end(call, &ended);
    for (size_t i = 0; i < call_count; i++) {
        command_done(&calls[i].command);
        answer_done(&calls[i].answer);
    }
    portal_done(&portal);
}

static struct call *submit(const char *method, bool write)
{
    struct call *call = &calls[call_count++];
    *call = (struct call){
        .portal = 1,
        .priority = PRIORITY_NORMAL,
        .command = {.method = mem_strdup(method), .params = json_object(), .write = write}};
    if (!portal_submit(&portal, call, now))
        call_end(call, &ended);
    return call;
}

static struct request request;

static bool next(void)
{
    int64_t wait;
    return portal_next(&portal, now, now, &request, &wait);
}

static int64_t wait_ms(void)
{
    int64_t wait;
    struct request none;
    ck_assert(!portal_next(&portal, now, now, &none, &wait));
    return wait;
}

static int64_t certificate_ms; /* that the next reply's handshake shows */

static void settle(int curl_code, int status, const char *body)
{
    const struct reply reply = {.curl_code = curl_code,
                                .sent = curl_code != CURLE_COULDNT_CONNECT,
                                .detail = "no luck",
                                .status = status,
                                .body = body,
                                .size = strlen(body),
                                .sent_ms = now,
                                .took_ms = 10,
                                .now_ms = now,
                                .certificate_ms = certificate_ms,
                                .secret = portal.code};
    portal_settle(&portal, &request, &reply, now, &ended);
    portal_request_done(&request);
}

static const char refusal[] = "{\"error\":\"INVALID_CREDENTIALS\",\"error_description\":\"no\"}";
static const char good[] = "{\"result\":1}";

START_TEST(the_address_is_taken_apart)
{
    begin();
    (void)submit("crm.item.get", false);
    ck_assert(next());
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/1/s3cretcode/crm.item.get");
    ck_assert_str_eq(request.body, "{}");
    settle(0, 200, good);
    (void)submit("api/tasks.task.add", false);
    ck_assert(next());
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/api/1/s3cretcode/tasks.task.add");
    settle(0, 200, good);
    end();
    begin_with("http://127.0.0.1:8080/rest/7/c0de");
    (void)submit("profile", false);
    ck_assert(next());
    ck_assert_str_eq(request.url, "http://127.0.0.1:8080/rest/7/c0de/profile");
    settle(0, 200, good);
    end();
}
END_TEST

START_TEST(an_address_that_is_no_hooks_is_refused)
{
    static const struct {
        const char *url, *text;
    } samples[] = {
        {"https://firm.bitrix24.ru/", "the portal's address is not of the form "
                                      "https://HOST/rest/USER/CODE/"},
        {"firm.bitrix24.ru/rest/1/x/", "the portal's address is not of the form "
                                       "https://HOST/rest/USER/CODE/"},
        {"https://user@firm.ru/rest/1/x/", "the portal's address is not of the form "
                                           "https://HOST/rest/USER/CODE/"},
        {"http://firm.bitrix24.ru/rest/1/x/", "the portal's address has to begin with https://"},
        {"http://127.0.0.1.evil.ru/rest/1/x/", "the portal's address has to begin with https://"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct portal_settings settings = {
            .id = 1, .name = "main", .url = samples[i].url, .drain = 2, .size = 50, .share = 1};
        struct err err = {0};
        ck_assert(!portal_init(&portal, &settings, 0, &err));
        ck_assert_str_eq(err.text, samples[i].text);
    }
}
END_TEST

START_TEST(a_name_that_is_no_method_is_refused_at_once)
{
    begin();
    struct call *call = submit("crm.item.get?auth=x", false);
    ck_assert_ptr_eq(ended.first, call);
    ck_assert_int_eq(call->answer.verdict, VERDICT_REFUSED);
    ck_assert_str_eq(call->answer.text, "\"crm.item.get?auth=x\" is no name of a method");
    end();
}
END_TEST

START_TEST(one_call_goes_as_itself_and_two_as_a_batch)
{
    begin();
    (void)submit("a", false);
    ck_assert(next());
    ck_assert(!request.batch);
    settle(0, 200, good);
    (void)submit("a", false);
    (void)submit("b", true);
    ck_assert(next());
    ck_assert(request.batch);
    ck_assert(request.write);
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/1/s3cretcode/batch");
    ck_assert_str_eq(request.body, "{\"halt\":0,\"cmd\":{\"c0\":\"a\",\"c1\":\"b\"}}");
    settle(0, 200, "{\"result\":{\"result\":{\"c0\":1,\"c1\":2},\"result_error\":[]}}");
    ck_assert_int_eq(calls[2].answer.verdict, VERDICT_DONE);
    ck_assert_ptr_eq(ended.last, &calls[2]);
    end();
}
END_TEST

START_TEST(a_read_that_failed_is_asked_again_three_times)
{
    begin();
    struct call *call = submit("a", false);
    for (int i = 0; i < 3; i++) {
        ck_assert(next());
        settle(CURLE_OPERATION_TIMEDOUT, 0, "");
        circuit_good(&portal.circuit, false);
        ck_assert_ptr_null(ended.first);
        ck_assert_int_gt(wait_ms(), 0);
        now += 20000;
    }
    ck_assert(next());
    settle(CURLE_OPERATION_TIMEDOUT, 0, "");
    ck_assert_ptr_eq(ended.first, call);
    ck_assert_int_eq(call->answer.verdict, VERDICT_RETRY);
    ck_assert_str_eq(call->answer.error, "TIMEOUT");
    end();
}
END_TEST

START_TEST(a_write_without_an_answer_is_never_repeated)
{
    begin();
    struct call *call = submit("a", true);
    ck_assert(next());
    settle(CURLE_RECV_ERROR, 0, "");
    ck_assert_ptr_eq(ended.first, call);
    ck_assert_int_eq(call->answer.verdict, VERDICT_UNSURE);
    ck_assert_int_eq(portal.totals.unsure, 1);
    end();
}
END_TEST

START_TEST(a_write_that_was_not_sent_is_repeated)
{
    begin();
    (void)submit("a", true);
    ck_assert(next());
    settle(CURLE_COULDNT_CONNECT, 0, "");
    ck_assert_ptr_null(ended.first);
    now += 5000;
    ck_assert(next());
    settle(0, 200, good);
    ck_assert_int_eq(calls[0].answer.verdict, VERDICT_DONE);
    end();
}
END_TEST

START_TEST(a_rate_limit_sends_nobody_back_but_waits)
{
    begin();
    (void)submit("a", true);
    ck_assert(next());
    settle(0, 503, "{\"error\":\"QUERY_LIMIT_EXCEEDED\"}");
    ck_assert_ptr_null(ended.first);
    ck_assert_int_ge(wait_ms(), 1000);
    now += 60000;
    ck_assert(next());
    settle(0, 200, good);
    ck_assert_int_eq(calls[0].answer.verdict, VERDICT_DONE);
    ck_assert_int_eq(portal.totals.limited, 1);
    end();
}
END_TEST

START_TEST(a_dead_portal_gets_a_probe_and_not_the_queue)
{
    begin();
    for (int i = 0; i < 3; i++) {
        (void)submit("a", true);
        ck_assert(next());
        settle(CURLE_RECV_ERROR, 0, "");
    }
    (void)submit("waits", true);
    int64_t wait = wait_ms();
    ck_assert_int_gt(wait, 0);
    struct portal_health health;
    portal_health_of(&portal, now, now, &health);
    ck_assert(!health.ok);
    ck_assert_int_eq(health.circuit, CIRCUIT_OPEN);
    ck_assert_str_eq(health.why, "no answer from the portal: CONNECTION_LOST: no luck");
    ck_assert_int_eq(health.waiting, 1);
    now += wait;
    ck_assert(next());
    ck_assert(request.probe);
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/1/s3cretcode/profile");
    settle(0, 200, "{\"result\":{\"ID\":\"1\"}}");
    ck_assert(next());
    ck_assert_uint_eq(request.count, 1);
    settle(0, 200, good);
    end();
}
END_TEST

START_TEST(a_refused_webhook_keeps_the_calls_and_says_what_to_do)
{
    begin();
    (void)submit("a", true);
    ck_assert(next());
    settle(0, 401, refusal);
    ck_assert_ptr_null(ended.first);
    ck_assert(next());
    ck_assert(request.probe);
    settle(0, 401, refusal);
    ck_assert_int_ge(wait_ms(), 4000);
    ck_assert_int_le(wait_ms(), 6000);
    struct portal_health health;
    portal_health_of(&portal, now, now, &health);
    ck_assert(!health.ok);
    ck_assert_int_eq(health.circuit, CIRCUIT_PAUSED);
    ck_assert_str_eq(health.why, "the webhook's owner lost his rights or was dismissed; make a new "
                                 "inbound webhook in Bitrix24 and put its address into the "
                                 "url-file (INVALID_CREDENTIALS: no)");
    end();
}
END_TEST

static void let_probe_pass(void)
{
    ck_assert(next()); /* is it the webhook, or only this call? */
    ck_assert(request.probe);
    settle(0, 200, "{\"result\":{\"ID\":\"1\"}}");
}

/* Twice it is given the benefit of the doubt: a portal may waver. */
START_TEST(one_method_without_rights_does_not_stop_the_portal)
{
    begin();
    struct portal_health health;
    struct call *call = submit("admin.only", true);
    ck_assert(next());
    settle(0, 403, refusal);
    let_probe_pass();
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(ended.first);
        now += 10000;
        ck_assert(next());
        settle(0, 403, refusal);
        portal_health_of(&portal, now, now, &health);
        ck_assert(health.ok);
    }
    ck_assert_ptr_eq(ended.first, call);
    ck_assert_int_eq(call->answer.verdict, VERDICT_REFUSED);
    ck_assert_str_eq(call->answer.error, "INVALID_CREDENTIALS");
    end();
}
END_TEST

/* What is said of the portal as a whole never ends a call, however often it comes and goes. */
START_TEST(a_portal_that_wavers_loses_no_call)
{
    static const char *const whole[] = {
        "{\"error\":\"OVERLOAD_LIMIT\"}",
        "{\"error\":\"PORTAL_DELETED\"}",
        "{\"error\":\"PAYMENT_REQUIRED\"}",
        "{\"error\":\"NO_AUTH_FOUND\"}",
        "{\"error\":\"ACCESS_DENIED\",\"error_description\":"
        "\"REST API is available only on commercial plans\"}",
    };
    begin();
    struct call *call = submit("a", true);
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        struct portal_health health;
        now += 300000;
        ck_assert(next());
        ck_assert(!request.probe);
        settle(0, 403, whole[i]);
        ck_assert_ptr_null(ended.first);
        portal_health_of(&portal, now, now, &health);
        ck_assert_msg(!health.ok && health.circuit == CIRCUIT_PAUSED, "%s", whole[i]);
        ck_assert_int_gt(health.probe_ms, 0);
        let_probe_pass();
    }
    ck_assert_int_gt(wait_ms(), 0); /* it is not at once again that this call goes */
    now += 300000;
    ck_assert(next());
    settle(0, 200, good);
    ck_assert_ptr_eq(ended.first, call);
    ck_assert_int_eq(call->answer.verdict, VERDICT_DONE);
    end();
}
END_TEST

START_TEST(health_keeps_the_certificate_that_was_shown_last)
{
    static const int64_t shown[] = {0, 5000, 0, 7000}, known[] = {0, 5000, 5000, 7000};
    begin();
    for (size_t i = 0; i < 4; i++) {
        struct portal_health health;
        (void)submit("a", false);
        ck_assert(next());
        certificate_ms = shown[i];
        settle(0, 200, "{\"result\":1}");
        portal_health_of(&portal, now, now, &health);
        ck_assert_int_eq(health.certificate_ms, known[i]);
    }
    end();
}
END_TEST

START_TEST(health_knows_since_when_there_is_no_answer)
{
    begin();
    struct portal_health health;
    for (int i = 0; i < 2; i++)
        (void)submit("task.x", false);
    ck_assert(next());
    settle(0, 200, "{\"result\":{\"result\":{\"c0\":1,\"c1\":2}}}");
    portal_health_of(&portal, now, now, &health);
    ck_assert_int_eq(health.silent_since_ms, 0);
    ck_assert_int_eq(health.last_good_ms, now);
    (void)submit("task.x", false);
    ck_assert(next());
    struct request first = request;
    int64_t sent_ms = now;
    now += 500;
    (void)submit("task.x", false);
    ck_assert(next());
    now += 500;
    portal_health_of(&portal, now, now, &health);
    ck_assert_int_eq(health.silent_since_ms, sent_ms);
    settle(0, 200, good); /* an answer to one of the two */
    portal_health_of(&portal, now, now, &health);
    ck_assert_int_eq(health.silent_since_ms, now);
    request = first;
    settle(0, 200, good);
    portal_health_of(&portal, now, now, &health);
    ck_assert_int_eq(health.silent_since_ms, 0);
    end();
}
END_TEST

START_TEST(an_operators_pause_holds_everything)
{
    begin();
    (void)submit("a", true);
    circuit_hold(&portal.circuit, true, now);
    ck_assert_int_eq(wait_ms(), -1);
    struct portal_health health;
    portal_health_of(&portal, now, now, &health);
    ck_assert(health.ok);
    ck_assert_str_eq(health.why, "paused by the operator; b24bridge queue resume ends it");
    end();
}
END_TEST

START_TEST(no_more_than_four_requests_are_under_way_and_one_place_is_for_urgent_calls)
{
    begin();
    struct request under_way[4];
    for (int i = 0; i < 3; i++) {
        (void)submit("task.x", false);
        ck_assert(next());
        under_way[i] = request;
    }
    (void)submit("task.x", false);
    ck_assert_int_eq(wait_ms(), -1);
    struct call *urgent = &calls[call_count++];
    *urgent = (struct call){.portal = 1,
                            .priority = PRIORITY_URGENT,
                            .command = {.method = mem_strdup("task.x"), .params = json_object()}};
    ck_assert(portal_submit(&portal, urgent, now));
    ck_assert(next());
    ck_assert_ptr_eq(request.calls[0], urgent);
    under_way[3] = request;
    ck_assert_int_eq(wait_ms(), -1);
    for (int i = 0; i < 4; i++) {
        request = under_way[i];
        settle(0, 200, good);
    }
    end();
}
END_TEST

START_TEST(a_redirect_is_followed_with_path_and_body)
{
    begin();
    struct err err = {0};
    (void)submit("crm.item.add", true);
    ck_assert(next());
    ck_assert(portal_follow(&portal, &request, "https://new.bitrix24.ru/somewhere?x=1", &err));
    ck_assert_str_eq(request.url, "https://new.bitrix24.ru/rest/1/s3cretcode/crm.item.add");
    settle(0, 200, good);
    (void)submit("profile", false);
    ck_assert(next()); /* remembered */
    ck_assert_str_eq(request.url, "https://new.bitrix24.ru/rest/1/s3cretcode/profile");
    settle(0, 200, good);
    struct portal_health health;
    portal_health_of(&portal, now, now, &health);
    ck_assert_str_eq(health.moved_to, "new.bitrix24.ru");
    JV_AUTO *saved = portal_save_new(&portal, now);
    mem_free(portal.host); /* as after a restart */
    portal.host = mem_strdup(portal.home);
    portal_load(&portal, saved, now);
    portal_health_of(&portal, now, now, &health);
    ck_assert_str_eq(health.moved_to, "new.bitrix24.ru");
    (void)json_object_set_new(saved, "home", json_string("https://other.bitrix24.ru"));
    mem_free(portal.host);
    portal.host = mem_strdup(portal.home);
    portal_load(&portal, saved, now); /* of another address: the url-file was changed */
    portal_health_of(&portal, now, now, &health);
    ck_assert_str_eq(health.moved_to, "");
    end();
}
END_TEST

START_TEST(a_redirect_to_the_same_place_is_not_followed)
{
    begin();
    struct err err = {0};
    (void)submit("a", true);
    ck_assert(next());
    ck_assert(!portal_follow(&portal, &request, "https://firm.bitrix24.ru/login", &err));
    ck_assert_str_eq(err.text, "the portal redirects to itself");
    settle(0, 200, good);
    end();
}
END_TEST

/* The webhook's address is its secret: strangers are not told it, and the portal is not asked over
 * and over. */
START_TEST(a_redirect_to_strangers_pauses_the_portal)
{
    begin();
    struct err err = {0};
    struct portal_health health;
    struct call *call = submit("a", true);
    ck_assert(next());
    ck_assert(!portal_follow(&portal, &request, "https://evil.ru/rest/1/s3cretcode/a", &err));
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/1/s3cretcode/a");
    struct reply reply = {.astray = true,
                          .sent = true,
                          .detail = err.text,
                          .status = 302,
                          .body = "",
                          .now_ms = now,
                          .secret = portal.code};
    portal_settle(&portal, &request, &reply, now, &ended);
    portal_request_done(&request);
    ck_assert(next());
    ck_assert(request.probe);
    portal_settle(&portal, &request, &reply, now, &ended);
    portal_request_done(&request);
    ck_assert_int_ge(wait_ms(), 4000);
    ck_assert_ptr_null(ended.first);
    portal_health_of(&portal, now, now, &health);
    ck_assert_int_eq(health.circuit, CIRCUIT_PAUSED);
    ck_assert_str_eq(health.moved_to, "");
    ck_assert_str_eq(health.why,
                     "the portal sends us elsewhere; if it has moved there, put its new address "
                     "into the url-file (REDIRECT: the portal redirects to \"https://evil.ru\", "
                     "which is not of its domain)");
    now += 10000; /* it thinks better of it */
    ck_assert(next());
    settle(0, 200, good);
    ck_assert(next());
    settle(0, 200, good);
    ck_assert_ptr_eq(ended.first, call);
    end();
}
END_TEST

START_TEST(a_stored_move_to_strangers_is_forgotten)
{
    begin();
    struct portal_health health;
    JV_AUTO *saved = portal_save_new(&portal, now);
    (void)json_object_set_new(saved, "home", json_string("https://firm.bitrix24.ru"));
    (void)json_object_set_new(saved, "host", json_string("https://evil.ru"));
    portal_load(&portal, saved, now);
    portal_health_of(&portal, now, now, &health);
    ck_assert_str_eq(health.moved_to, "");
    end();
}
END_TEST

START_TEST(two_hops_are_the_most)
{
    begin();
    struct err err = {0};
    (void)submit("a", true);
    ck_assert(next());
    ck_assert(portal_follow(&portal, &request, "https://b.bitrix24.ru/", &err));
    ck_assert(portal_follow(&portal, &request, "https://c.bitrix24.ru/", &err));
    ck_assert(!portal_follow(&portal, &request, "https://d.bitrix24.ru/", &err));
    ck_assert_str_eq(err.text, "the portal redirects more than 2 times");
    settle(0, 200, good);
    end();
}
END_TEST

START_TEST(a_move_is_forgotten_when_nobody_answers_there)
{
    begin();
    struct err err = {0};
    (void)submit("a", true);
    ck_assert(next());
    ck_assert(portal_follow(&portal, &request, "https://gone.bitrix24.ru/", &err));
    settle(CURLE_RECV_ERROR, 0, "");
    for (int i = 0; i < 2; i++) {
        (void)submit("a", true);
        ck_assert(next());
        ck_assert_str_eq(request.url, "https://gone.bitrix24.ru/rest/1/s3cretcode/a");
        settle(CURLE_RECV_ERROR, 0, "");
    }
    now += 2000;
    ck_assert(next());
    ck_assert_str_eq(request.url, "https://firm.bitrix24.ru/rest/1/s3cretcode/profile");
    settle(0, 200, good);
    end();
}
END_TEST

START_TEST(a_scarce_bucket_gathers_calls_while_a_request_is_under_way)
{
    begin();
    while (budget_free(&portal.budget, now) > 10)
        ck_assert(budget_take(&portal.budget, now));
    (void)submit("a", false);
    ck_assert(next());
    struct request first = request;
    (void)submit("b", false);
    (void)submit("c", false);
    ck_assert_int_eq(wait_ms(), -1);
    request = first;
    settle(0, 200, good);
    ck_assert(next());
    ck_assert_uint_eq(request.count, 2);
    settle(0, 200, "{\"result\":{\"result\":{\"c0\":1,\"c1\":2}}}");
    end();
}
END_TEST

static struct call *submit_as(enum priority priority)
{
    struct call *call = &calls[call_count++];
    *call = (struct call){.portal = 1,
                          .priority = priority,
                          .command = {.method = mem_strdup("task.x"), .params = json_object()}};
    ck_assert(portal_submit(&portal, call, now));
    return call;
}

START_TEST(bulk_moves_however_many_urgent_calls_come)
{
    begin();
    struct call *bulk = submit_as(PRIORITY_BULK);
    int requests = 0;
    for (bool gone = false; !gone; requests++) {
        (void)submit_as(PRIORITY_URGENT);
        ck_assert(next());
        gone = request.calls[0] == bulk;
        settle(0, 200, good);
        now += 1000;
    }
    ck_assert_int_eq(requests, PACK_OLDEST_EVERY);
    end();
}
END_TEST

START_TEST(what_waits_is_spread_over_the_requests_that_may_be_in_flight)
{
    begin();
    (void)submit("m", false);
    ck_assert(next());
    settle(0, 200, "{\"result\":1,\"time\":{\"processing\":0.5}}");
    for (int i = 0; i < 60; i++)
        (void)submit("m", false);
    struct request spread[3];
    size_t counts[3];
    for (int i = 0; i < 3; i++) {
        ck_assert(next());
        spread[i] = request;
        counts[i] = request.count;
    }
    ck_assert_uint_eq(counts[0], 20);
    ck_assert_uint_gt(counts[1], 10);
    ck_assert_uint_gt(counts[2], 5);
    for (int i = 0; i < 3; i++) {
        request = spread[i];
        settle(CURLE_COULDNT_CONNECT, 0, "");
    }
    end();
}
END_TEST

START_TEST(a_refused_call_frees_its_place_in_the_budgets)
{
    begin();
    (void)submit("task.x", true);
    ck_assert(next());
    ck_assert_int_eq(portal.budget.flying, 1);
    settle(CURLE_COULDNT_CONNECT, 0, "");
    ck_assert_int_eq(portal.budget.flying, 0);
    ck_assert_int_eq(portal.budget.methods[0].flying, 0);
    end();
}
END_TEST

CHECK_MAIN("portal", the_address_is_taken_apart, an_address_that_is_no_hooks_is_refused,
           a_name_that_is_no_method_is_refused_at_once, one_call_goes_as_itself_and_two_as_a_batch,
           a_read_that_failed_is_asked_again_three_times,
           a_write_without_an_answer_is_never_repeated, a_write_that_was_not_sent_is_repeated,
           a_rate_limit_sends_nobody_back_but_waits, a_dead_portal_gets_a_probe_and_not_the_queue,
           a_refused_webhook_keeps_the_calls_and_says_what_to_do,
           one_method_without_rights_does_not_stop_the_portal, a_portal_that_wavers_loses_no_call,
           health_knows_since_when_there_is_no_answer, an_operators_pause_holds_everything,
           no_more_than_four_requests_are_under_way_and_one_place_is_for_urgent_calls,
           a_redirect_is_followed_with_path_and_body, a_redirect_to_the_same_place_is_not_followed,
           a_redirect_to_strangers_pauses_the_portal, a_stored_move_to_strangers_is_forgotten,
           two_hops_are_the_most, a_move_is_forgotten_when_nobody_answers_there,
           a_scarce_bucket_gathers_calls_while_a_request_is_under_way,
           bulk_moves_however_many_urgent_calls_come,
           what_waits_is_spread_over_the_requests_that_may_be_in_flight,
           a_refused_call_frees_its_place_in_the_budgets,
           health_keeps_the_certificate_that_was_shown_last)
