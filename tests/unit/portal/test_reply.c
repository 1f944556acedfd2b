#include "daemon/portal/reply.h"

#include <curl/curl.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/envelope.h"
#include "tests/support/check_main.h"

static struct call calls[4], *pointers[4];
static struct budget budget;
static struct reply_effect effect;

/* Four calls, the last two write. */
static void begin(void)
{
    memset(calls, 0, sizeof calls);
    for (size_t i = 0; i < 4; i++) {
        pointers[i] = &calls[i];
        calls[i].command =
            (struct command){.method = mem_strdup("m"), .params = json_object(), .write = i >= 2};
        calls[i].encoded = mem_strdup("m");
        calls[i].encoded_known = true;
    }
    budget_init(&budget, 2, 50, 1, 0);
}

static void end(void)
{
    for (size_t i = 0; i < 4; i++) {
        command_done(&calls[i].command);
        answer_done(&calls[i].answer);
        mem_free(calls[i].encoded);
    }
    budget_done(&budget);
}

static void read_reply(int status, const char *body, size_t from, size_t count)
{
    const struct reply reply = {.sent = true,
                                .detail = "",
                                .status = status,
                                .body = body,
                                .size = strlen(body),
                                .sent_ms = 77,
                                .took_ms = 5,
                                .now_ms = 1000000,
                                .secret = "s3cretcode"};
    reply_read(&reply, pointers + from, count, count > 1, &budget, &effect);
}

static void expect(size_t i, enum verdict verdict, const char *error, const char *text)
{
    const struct answer *answer = &calls[i].answer;
    ck_assert_msg(answer->verdict == verdict, "call %zu: %s", i, verdict_word(answer->verdict));
    ck_assert_str_eq(answer->error, error);
    ck_assert_str_eq(answer->text, text);
}

START_TEST(a_result_of_any_type_is_done)
{
    static const char *const results[] = {
        "{\"item\":{\"id\":1}}", "[]", "5", "\"text\"", "true", "false", "null"};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        begin();
        char *body = mem_printf("{\"result\":%s,\"next\":50,\"total\":812}", results[i]);
        read_reply(200, body, 2, 1);
        expect(2, VERDICT_DONE, "", "");
        char *result = jv_dump_new(calls[2].answer.result);
        ck_assert_str_eq(result, results[i]);
        ck_assert_int_eq(jv_int(calls[2].answer.next, "", 0), 50);
        ck_assert_int_eq(calls[2].answer.total, 812);
        ck_assert_int_eq(calls[2].answer.sent_ms, 77);
        ck_assert_int_eq(calls[2].answer.status, 200);
        ck_assert(effect.answered);
        mem_free(result);
        mem_free(body);
        end();
    }
}
END_TEST

START_TEST(an_error_of_any_type_is_an_error)
{
    static const struct {
        const char *body, *code, *text;
    } samples[] = {
        {"{\"error\":\"\",\"error_description\":\"Not found.\"}", "", "Not found."},
        {"{\"error\":0,\"error_description\":\"x\"}", "0", "x"},
        {"{\"error\":200040300010}", "200040300010", ""},
        {"{\"error\":\"Crm_x\",\"error_description\":\"a<br>b<br />\\nc\"}", "CRM_X", "a b c"},
        {"{\"error\":{\"code\":\"BITRIX_REST_V3_EXCEPTION_X\",\"message\":\"bad\",\"validation\":"
         "[{\"field\":\"title\",\"message\":\"empty\"}]}}",
         "BITRIX_REST_V3_EXCEPTION_X", "bad; title: empty"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        begin();
        read_reply(400, samples[i].body, 2, 1);
        expect(2, VERDICT_REFUSED, samples[i].code, samples[i].text);
        ck_assert_ptr_null(calls[2].answer.result);
        end();
    }
}
END_TEST

START_TEST(what_is_no_envelope_is_told_by_write_and_read)
{
    static const char *const bodies[] = {"<html>503 Service Unavailable</html>",
                                         "{\"result\":{\"item\":{\"id\":1",
                                         "{}",
                                         "[]",
                                         "\"ok\"",
                                         "{\"time\":{}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        begin();
        read_reply(502, bodies[i], 1, 1);
        expect(1, VERDICT_RETRY, "NOT_JSON",
               "HTTP status 502 with a body that is no answer of REST");
        read_reply(502, bodies[i], 2, 1);
        expect(2, VERDICT_UNSURE, "NOT_JSON",
               "HTTP status 502 with a body that is no answer of REST");
        ck_assert(!effect.answered);
        end();
    }
    begin();
    read_reply(504, "", 2, 1);
    expect(2, VERDICT_UNSURE, "EMPTY_ANSWER", "HTTP status 504 with an empty body");
    end();
}
END_TEST

START_TEST(a_batch_is_taken_apart)
{
    begin();
    read_reply(200,
               "{\"result\":{\"result\":{\"c0\":{\"item\":{\"id\":250}},\"c3\":null},"
               "\"result_error\":{\"c1\":{\"error\":\"\",\"error_description\":\"Not found\"},"
               "\"c2\":{\"error\":\"ACCESS_DENIED\",\"error_description\":\"Access denied\"}},"
               "\"result_total\":{\"c0\":\"61\"},\"result_next\":{\"c0\":50},"
               "\"result_time\":{\"c0\":{\"operating\":3.5,\"processing\":3.5}}}}",
               0, 4);
    expect(0, VERDICT_DONE, "", "");
    ck_assert_int_eq(jv_int(calls[0].answer.result, "item.id", 0), 250);
    ck_assert_int_eq(jv_int(calls[0].answer.next, "", 0), 50);
    ck_assert_int_eq(calls[0].answer.total, 61);
    expect(1, VERDICT_REFUSED, "", "Not found");
    expect(2, VERDICT_REFUSED, "ACCESS_DENIED", "Access denied");
    expect(3, VERDICT_DONE, "", "");
    ck_assert(json_is_null(calls[3].answer.result));
    ck_assert_ptr_null(calls[3].answer.next);
    ck_assert_int_eq(calls[3].answer.total, -1);
    ck_assert_double_eq_tol(budget_operating(&budget, "m", 1000000), 3.5, 1e-9);
    end();
}
END_TEST

START_TEST(maps_of_a_batch_may_be_lists)
{
    begin();
    read_reply(200, "{\"result\":{\"result\":[11,22],\"result_error\":[],\"result_time\":[]}}", 0,
               2);
    expect(0, VERDICT_DONE, "", "");
    expect(1, VERDICT_DONE, "", "");
    ck_assert_int_eq(jv_int(calls[1].answer.result, "", 0), 22);
    end();
}
END_TEST

START_TEST(a_command_of_which_the_batch_says_nothing_is_unsure)
{
    begin();
    read_reply(200, "{\"result\":{\"result\":[],\"result_error\":[]}}", 1, 2);
    expect(1, VERDICT_RETRY, "MISSING", "the answer of the batch says nothing of this command");
    expect(2, VERDICT_UNSURE, "MISSING", "the answer of the batch says nothing of this command");
    end();
}
END_TEST

START_TEST(a_refused_batch_sends_each_call_by_itself)
{
    begin();
    read_reply(400, "{\"error\":\"WRONG_ENCODING\",\"error_description\":\"x\"}", 0, 4);
    for (size_t i = 0; i < 4; i++) {
        expect(i, VERDICT_RETRY, "WRONG_ENCODING", "x");
        ck_assert_ptr_null(calls[i].encoded);
        ck_assert(calls[i].encoded_known);
    }
    end();
}
END_TEST

START_TEST(a_method_barred_from_batches_goes_by_itself)
{
    begin();
    read_reply(200,
               "{\"result\":{\"result\":{\"c0\":1},\"result_error\":{\"c1\":{\"error\":"
               "\"ERROR_BATCH_METHOD_NOT_ALLOWED\",\"error_description\":\"no\"}}}}",
               0, 2);
    expect(1, VERDICT_RETRY, "ERROR_BATCH_METHOD_NOT_ALLOWED", "no");
    ck_assert_ptr_null(calls[1].encoded);
    ck_assert_ptr_nonnull(calls[0].encoded);
    end();
}
END_TEST

START_TEST(one_commands_bad_credentials_do_not_pause_the_portal)
{
    begin();
    read_reply(200,
               "{\"result\":{\"result\":{\"c0\":1},\"result_error\":{\"c1\":{\"error\":"
               "\"INVALID_CREDENTIALS\",\"error_description\":\"no\"}}}}",
               0, 2);
    ck_assert_int_eq(effect.after, AFTER_NOTHING);
    expect(1, VERDICT_RETRY, "INVALID_CREDENTIALS", "no"); /* alone it will be known */
    ck_assert_ptr_null(calls[1].encoded);
    end();
}
END_TEST

START_TEST(a_method_limit_blocks_that_method)
{
    begin();
    read_reply(429, "{\"error\":\"OPERATION_TIME_LIMIT\",\"error_description\":\"x\"}", 2, 1);
    expect(2, VERDICT_LIMITED, "OPERATION_TIME_LIMIT", "x");
    ck_assert_int_gt(budget_method_wait_ms(&budget, "m", 1000000), 0);
    end();
}
END_TEST

START_TEST(a_refused_webhook_says_what_to_do)
{
    begin();
    read_reply(401, "{\"error\":\"NO_AUTH_FOUND\",\"error_description\":\"Wrong s3cretcode\"}", 2,
               1);
    expect(2, VERDICT_LIMITED, "NO_AUTH_FOUND", "Wrong ***");
    ck_assert_int_eq(effect.after, AFTER_PAUSE);
    ck_assert_str_eq(effect.why, "NO_AUTH_FOUND: Wrong ***");
    ck_assert_str_eq(effect.advice, "the webhook was deleted or changed; make a new inbound "
                                    "webhook in Bitrix24 and put its address into the url-file");
    end();
}
END_TEST

START_TEST(a_transport_failure_knows_whether_it_was_sent)
{
    begin();
    struct reply reply = {.curl_code = CURLE_OPERATION_TIMEDOUT,
                          .sent = true,
                          .detail = "timed out at s3cretcode",
                          .sent_ms = 77,
                          .secret = "s3cretcode"};
    reply_read(&reply, pointers, 4, true, &budget, &effect);
    expect(0, VERDICT_RETRY, "TIMEOUT", "timed out at ***");
    expect(3, VERDICT_UNSURE, "TIMEOUT", "timed out at ***");
    ck_assert_int_eq(calls[3].answer.sent_ms, 77);
    reply.curl_code = CURLE_COULDNT_CONNECT;
    reply.sent = false;
    reply_read(&reply, pointers, 4, true, &budget, &effect);
    expect(3, VERDICT_RETRY, "NO_CONNECTION", "timed out at ***");
    ck_assert_int_eq(calls[3].answer.sent_ms, 0);
    end();
}
END_TEST

START_TEST(a_text_is_one_line_cut_between_letters)
{
    char out[8];
    envelope_line(out, sizeof out, "  a\r\n\tb  <br>c ");
    ck_assert_str_eq(out, "a b c");
    envelope_line(out, sizeof out, "aяяяя"); /* 1 + 2·3 = 7 bytes fit */
    ck_assert_str_eq(out, "aяяя");
    envelope_line(out, sizeof out, "яяяя");
    ck_assert_str_eq(out, "яяя");
    envelope_line(out, sizeof out, "");
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(every_occurrence_of_the_secret_is_cut)
{
    static const struct {
        const char *text, *secret, *left;
    } samples[] = {
        {"https://x/rest/1/abcd1234/m abcd1234", "abcd1234", "https://x/rest/1/***/m ***"},
        {"abcd1234", "abcd1234", "***"},
        {"abcd1234abcd1234 z", "abcd1234", "****** z"},
        {"nothing of it", "abcd1234", "nothing of it"},
        {"abcd123", "abcd1234", "abcd123"},
        {"", "abcd1234", ""},
        {"a b c", "b", "a b c"},
        {"a b c", "", "a b c"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s", samples[i].text);
        size_t size = reply_scrub(text, strlen(text), samples[i].secret);
        ck_assert_str_eq(text, samples[i].left);
        ck_assert_uint_eq(size, strlen(text));
    }
}
END_TEST

START_TEST(a_redirect_that_is_not_followed_is_an_answer)
{
    begin();
    struct reply reply = {.astray = true,
                          .sent = true,
                          .status = 302,
                          .detail = "to \"https://s3cretcode.ru\"",
                          .body = "",
                          .sent_ms = 77,
                          .secret = "s3cretcode"};
    reply_read(&reply, pointers, 4, true, &budget, &effect);
    expect(0, VERDICT_LIMITED, "REDIRECT", "to \"https://***.ru\"");
    expect(3, VERDICT_LIMITED, "REDIRECT", "to \"https://***.ru\"");
    ck_assert(effect.answered);
    ck_assert_int_eq(effect.after, AFTER_DOUBT);
    ck_assert_str_eq(effect.why, "REDIRECT: to \"https://***.ru\"");
    ck_assert_ptr_null(calls[3].encoded); /* is it the batch that is sent astray? */
    end();
}
END_TEST

CHECK_MAIN("reply", a_result_of_any_type_is_done, an_error_of_any_type_is_an_error,
           what_is_no_envelope_is_told_by_write_and_read, a_batch_is_taken_apart,
           maps_of_a_batch_may_be_lists, a_command_of_which_the_batch_says_nothing_is_unsure,
           a_refused_batch_sends_each_call_by_itself, a_method_barred_from_batches_goes_by_itself,
           one_commands_bad_credentials_do_not_pause_the_portal, a_method_limit_blocks_that_method,
           a_refused_webhook_says_what_to_do, a_transport_failure_knows_whether_it_was_sent,
           a_text_is_one_line_cut_between_letters, every_occurrence_of_the_secret_is_cut,
           a_redirect_that_is_not_followed_is_an_answer)
