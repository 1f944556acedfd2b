#include "daemon/portal/verdict.h"

#include <curl/curl.h>

#include "tests/support/check_main.h"

#define V3 "BITRIX_REST_V3_EXCEPTION_"

/* Every row of bitrix24.md §3.3, as a write and as a read sees it. */
static const struct {
    const char *code, *text;
    int status;
    enum verdict write, read;
    enum aftermath after;
} rows[] = {
    {"INTERNAL_SERVER_ERROR", "", 500, VERDICT_UNSURE, VERDICT_RETRY, AFTER_NOTHING},
    {"ERROR_UNEXPECTED_ANSWER", "", 500, VERDICT_UNSURE, VERDICT_RETRY, AFTER_NOTHING},
    {"QUERY_LIMIT_EXCEEDED", "Too many requests", 503, VERDICT_LIMITED, VERDICT_LIMITED,
     AFTER_RATE},
    {"OPERATION_TIME_LIMIT", "", 429, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_METHOD},
    {"OVERLOAD_LIMIT", "", 503, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"ERROR_BATCH_METHOD_NOT_ALLOWED", "", 405, VERDICT_RETRY, VERDICT_RETRY, AFTER_ALONE},
    {"ERROR_BATCH_LENGTH_EXCEEDED", "", 400, VERDICT_RETRY, VERDICT_RETRY, AFTER_ALONE},
    {"NO_AUTH_FOUND", "", 401, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"expired_token", "", 401, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"invalid_token", "", 401, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"insufficient_scope", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"INVALID_CREDENTIALS", "", 403, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_DOUBT},
    {"user_access_error", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ACCESS_DENIED", "REST API is available only on commercial plans", 403, VERDICT_LIMITED,
     VERDICT_LIMITED, AFTER_PAUSE},
    {"ACCESS_DENIED", "Access denied", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"allowed_only_intranet_user", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"INVALID_REQUEST", "Https required", 400, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_DOUBT},
    {"INVALID_REQUEST", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ERROR_METHOD_NOT_FOUND", "", 404, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ERROR_MANIFEST_IS_NOT_AVAILABLE", "", 404, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"METHOD_CONFIRM_WAITING", "", 401, VERDICT_RETRY, VERDICT_RETRY, AFTER_NOTHING},
    {"METHOD_CONFIRM_DENIED", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"PORTAL_DELETED", "", 500, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"PAYMENT_REQUIRED", "", 402, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_PAUSE},
    {"WRONG_AUTH_TYPE", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"APPLICATION_NOT_FOUND", "", 500, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"authorization_error", "", 401, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ERROR_OAUTH", "", 401, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"CONNECTION_ERROR", "", 500, VERDICT_RETRY, VERDICT_RETRY, AFTER_NOTHING},
    {"ERROR_CORE", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ERROR_ARGUMENT", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"INVALID_ARG_VALUE", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"ERROR_NOT_FOUND", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"NOT_FOUND", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"WRONG_ENCODING", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"100", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"CRM_FIELD_ERROR_REQUIRED", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {"CRM_FIELD_ERROR_VALUE_NOT_VALID", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "ACCESSDENIEDEXCEPTION", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "ENTITYNOTFOUNDEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "IDEMPOTENCYKEYREUSEDEXCEPTION", "", 422, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INSUFFICIENTSCOPEEXCEPTION", "", 403, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDFILTEREXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDIDEMPOTENCYKEYEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDJSONEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDORDEREXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDPAGINATIONEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "INVALIDSELECTEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "UNKNOWNDTOPROPERTYEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "UNKNOWNFILTEROPERATOREXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
    {V3 "VALIDATION_DTOVALIDATIONEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED,
     AFTER_NOTHING},
    {V3 "VALIDATION_REQUESTFILTERVALIDATIONEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED,
     AFTER_NOTHING},
    {V3 "VALIDATION_REQUESTVALIDATIONEXCEPTION", "", 400, VERDICT_REFUSED, VERDICT_REFUSED,
     AFTER_NOTHING},
};

START_TEST(every_known_code_has_its_verdict)
{
    struct ruling write = verdict_of_error(rows[_i].code, rows[_i].text, rows[_i].status, true);
    struct ruling read = verdict_of_error(rows[_i].code, rows[_i].text, rows[_i].status, false);
    ck_assert_msg(write.verdict == rows[_i].write, "%s: a write is %s", rows[_i].code,
                  verdict_word(write.verdict));
    ck_assert_msg(read.verdict == rows[_i].read, "%s: a read is %s", rows[_i].code,
                  verdict_word(read.verdict));
    ck_assert_msg(write.after == rows[_i].after, "%s", rows[_i].code);
    ck_assert_msg(read.after == rows[_i].after, "%s", rows[_i].code);
    ck_assert_msg((write.advice != NULL) == verdict_pauses(write.after), "%s", rows[_i].code);
}
END_TEST

START_TEST(the_code_decides_and_not_the_status)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const int statuses[] = {0, 200, 400, 401, 403, 404, 429, 500, 503};
        for (size_t s = 0; s < sizeof statuses / sizeof statuses[0]; s++) {
            struct ruling ruling = verdict_of_error(rows[i].code, rows[i].text, statuses[s], true);
            ck_assert_msg(ruling.verdict == rows[i].write, "%s with %d", rows[i].code, statuses[s]);
        }
    }
}
END_TEST

START_TEST(codes_are_compared_without_case)
{
    ck_assert_int_eq(verdict_of_error("query_limit_exceeded", "", 0, true).after, AFTER_RATE);
    ck_assert_int_eq(verdict_of_error("EXPIRED_TOKEN", "", 0, true).after, AFTER_PAUSE);
    ck_assert_int_eq(verdict_of_error("Crm_Field_Error_X", "", 500, true).verdict, VERDICT_REFUSED);
}
END_TEST

START_TEST(an_unknown_code_is_judged_by_its_status)
{
    static const struct {
        const char *code;
        int status;
        enum verdict write, read;
        enum aftermath after;
    } samples[] = {
        {"", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {"", 0, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING}, /* inside a batch */
        {"0", 200, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {"200040300010", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {"SOMETHING", 401, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {"SOMETHING", 429, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_RATE},
        {"SOMETHING", 451, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {"SOMETHING", 500, VERDICT_UNSURE, VERDICT_RETRY, AFTER_NOTHING},
        {"invalid_grant", 400, VERDICT_REFUSED, VERDICT_REFUSED, AFTER_NOTHING},
        {V3 "OF_A_LIMIT", 429, VERDICT_LIMITED, VERDICT_LIMITED, AFTER_RATE},
        {V3 "OF_THE_SERVER", 500, VERDICT_UNSURE, VERDICT_RETRY, AFTER_NOTHING},
        {"", 502, VERDICT_UNSURE, VERDICT_RETRY, AFTER_NOTHING},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct ruling write = verdict_of_error(samples[i].code, "", samples[i].status, true);
        struct ruling read = verdict_of_error(samples[i].code, "", samples[i].status, false);
        ck_assert_msg(write.verdict == samples[i].write, "%s %d", samples[i].code,
                      samples[i].status);
        ck_assert_msg(read.verdict == samples[i].read, "%s %d", samples[i].code, samples[i].status);
        ck_assert_int_eq(write.after, samples[i].after);
    }
}
END_TEST

START_TEST(what_is_no_rest_is_unsure_for_a_write_and_asked_again_for_a_read)
{
    static const int statuses[] = {200, 302, 403, 502, 504};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        ck_assert_int_eq(verdict_of_nonsense(statuses[i], true).verdict, VERDICT_UNSURE);
        ck_assert_int_eq(verdict_of_nonsense(statuses[i], false).verdict, VERDICT_RETRY);
    }
}
END_TEST

/* Every way in which libcurl gives up, by what has left: a write that has is unsure, whatever was
 * the matter; one that has not is known not to be executed. */
static const struct {
    CURLcode code;
    const char *error;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, "NO_SUCH_HOST"}, {CURLE_COULDNT_RESOLVE_HOST, "NO_SUCH_HOST"},
    {CURLE_COULDNT_CONNECT, "NO_CONNECTION"},      {CURLE_URL_MALFORMAT, "BAD_ADDRESS"},
    {CURLE_UNSUPPORTED_PROTOCOL, "NOT_HTTP"},      {CURLE_SSL_CONNECT_ERROR, "TLS"},
    {CURLE_PEER_FAILED_VERIFICATION, "TLS"},       {CURLE_SSL_CACERT_BADFILE, "TLS"},
    {CURLE_OPERATION_TIMEDOUT, "TIMEOUT"},         {CURLE_SEND_ERROR, "CONNECTION_LOST"},
    {CURLE_RECV_ERROR, "CONNECTION_LOST"},         {CURLE_GOT_NOTHING, "CONNECTION_LOST"},
    {CURLE_PARTIAL_FILE, "CONNECTION_LOST"},       {CURLE_SEND_FAIL_REWIND, "CONNECTION_LOST"},
    {CURLE_WEIRD_SERVER_REPLY, "NOT_HTTP"},        {CURLE_HTTP2, "NOT_HTTP"},
    {CURLE_WRITE_ERROR, "REPLY_TOO_LARGE"},        {CURLE_FTP_WEIRD_PASS_REPLY, "TRANSPORT"},
};

START_TEST(what_has_left_decides_when_no_answer_came)
{
    int code = (int)failures[_i].code;
    for (int sent = 0; sent <= 1; sent++) {
        const char *error;
        struct ruling write = verdict_of_transport(code, sent, true, &error);
        ck_assert_str_eq(error, failures[_i].error);
        ck_assert_msg(write.verdict == (sent ? VERDICT_UNSURE : VERDICT_RETRY), "%s sent=%d: %s",
                      error, sent, verdict_word(write.verdict));
        ck_assert_int_eq(write.after, AFTER_NOTHING);
        enum verdict read = verdict_of_transport(code, sent, false, &error).verdict;
        bool too_large = code == CURLE_WRITE_ERROR; /* and would be again */
        ck_assert_msg(read == (too_large ? VERDICT_REFUSED : VERDICT_RETRY), "%s: a read is %s",
                      error, verdict_word(read));
    }
}
END_TEST

START_TEST(a_redirect_that_is_not_followed_leaves_the_call_unexecuted_and_asks_a_person)
{
    struct ruling ruling = verdict_of_redirect();
    ck_assert_int_eq(ruling.verdict, VERDICT_LIMITED);
    ck_assert_int_eq(ruling.after, AFTER_DOUBT);
    ck_assert_str_eq(ruling.advice,
                     "the portal sends us elsewhere; if it has moved there, put its new address "
                     "into the url-file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tcase = tcase_create("verdict");
    tcase_add_loop_test(tcase, every_known_code_has_its_verdict, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tcase, the_code_decides_and_not_the_status);
    tcase_add_test(tcase, codes_are_compared_without_case);
    tcase_add_test(tcase, an_unknown_code_is_judged_by_its_status);
    tcase_add_test(tcase, what_is_no_rest_is_unsure_for_a_write_and_asked_again_for_a_read);
    tcase_add_loop_test(tcase, what_has_left_decides_when_no_answer_came, 0,
                        (int)(sizeof failures / sizeof failures[0]));
    tcase_add_test(tcase,
                   a_redirect_that_is_not_followed_leaves_the_call_unexecuted_and_asks_a_person);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
