/* Both limits: bitrix24.md §5. */

#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

static int status_at(struct sandbox *sb, int64_t now_ms, const char *method)
{
    struct kit_reply reply = kit_call_at(sb, now_ms, method, "{}");
    int status = reply.status;
    kit_reply_done(&reply);
    return status;
}

START_TEST(the_bucket_refuses_above_its_size_and_leaks)
{
    struct sandbox *sb = kit_new_limited(2, 5, 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(status_at(sb, KIT_NOW, "server.time"), 200);
    struct kit_reply reply = kit_call_at(sb, KIT_NOW, "server.time", "{}");
    ck_assert_int_eq(reply.status, 503);
    ck_assert_str_eq(jv_text(reply.body, "error", ""), "QUERY_LIMIT_EXCEEDED");
    ck_assert_str_eq(jv_text(reply.body, "error_description", ""), "Too many requests");
    kit_reply_done(&reply);
    /* by two once a second, not by one each half */
    ck_assert_int_eq(status_at(sb, KIT_NOW + 999, "server.time"), 503);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 1000, "server.time"), 200);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 1000, "server.time"), 200);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 1999, "server.time"), 503);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 2000, "server.time"), 200);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_batch_is_one_request)
{
    struct sandbox *sb = kit_new_limited(2, 1, 0);
    json_t *ret = kit_result(sb, "batch", "{'cmd':['server.time','server.time','server.time']}");
    ck_assert_uint_eq(json_array_size(json_object_get(ret, "result")), 3);
    ck_assert_int_eq(status_at(sb, KIT_NOW, "server.time"), 503);
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_refused_request_does_nothing)
{
    struct sandbox *sb = kit_new_limited(2, 1, 0);
    ck_assert_int_eq(status_at(sb, KIT_NOW, "server.time"), 200);
    kit_fails(sb, "crm.item.add", "{'entityTypeId':2,'fields':{}}", 503, "QUERY_LIMIT_EXCEEDED",
              NULL);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'deal'}"), 0);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'crm.item.add'}"), 0);
    sandbox_free(sb);
}
END_TEST

START_TEST(operating_time_adds_up_by_method_and_drops_out)
{
    struct sandbox *sb = kit_new_limited(0, 50, 480);
    kit_do(sb, "{'do':'cost','method':'server.*','seconds':200}");
    struct kit_reply reply = kit_call_at(sb, KIT_NOW, "server.time", "{}");
    ck_assert_double_eq(jv_real(reply.body, "time.operating", 0), 200);
    ck_assert_double_eq(jv_real(reply.body, "time.duration", 0), 200);
    ck_assert_int_eq(jv_int(reply.body, "time.operating_reset_at", 0), KIT_NOW / 1000 + 600);
    kit_reply_done(&reply);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 60000, "server.time"), 200);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 120000, "server.time"), 200); /* checked before */
    reply = kit_call_at(sb, KIT_NOW + 180000, "server.time", "{}");
    ck_assert_int_eq(reply.status, 429);
    ck_assert_str_eq(jv_text(reply.body, "error", ""), "OPERATION_TIME_LIMIT");
    kit_reply_done(&reply);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 180000, "profile"), 200); /* another method */
    ck_assert_int_eq(status_at(sb, KIT_NOW + 599000, "server.time"), 429);
    reply = kit_call_at(sb, KIT_NOW + 600000, "server.time", "{}"); /* the first is gone */
    ck_assert_int_eq(reply.status, 200);
    ck_assert_double_eq(jv_real(reply.body, "time.operating", 0), 600);
    ck_assert_int_eq(jv_int(reply.body, "time.operating_reset_at", 0), KIT_NOW / 1000 + 660);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_basket_lasts_ten_minutes_from_its_first_call)
{
    struct sandbox *sb = kit_new_limited(0, 50, 480);
    kit_do(sb, "{'do':'cost','method':'server.*','seconds':240}");
    ck_assert_int_eq(status_at(sb, KIT_NOW + 40000, "server.time"), 200);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 59000, "server.time"), 200); /* the same minute */
    ck_assert_int_eq(status_at(sb, KIT_NOW + 600000, "server.time"), 429);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 639999, "server.time"), 429);
    struct kit_reply reply = kit_call_at(sb, KIT_NOW + 640000, "server.time", "{}");
    ck_assert_double_eq(jv_real(reply.body, "time.operating", 0), 240);
    ck_assert_int_eq(jv_int(reply.body, "time.operating_reset_at", 0), KIT_NOW / 1000 + 1240);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_portal_that_works_answers_later_and_later_in_a_batch)
{
    struct sandbox *sb = kit_new_limited(0, 50, 480);
    kit_do(sb, "{'do':'cost','method':'profile','seconds':2}");
    kit_do(sb, "{'do':'limits','work':true}");
    struct kit_reply reply =
        kit_call_at(sb, KIT_NOW, "batch", "{'cmd':{'a':'profile','b':'profile'}}");
    ck_assert_int_eq(reply.raw.delay_ms, 4000);
    ck_assert_double_eq(jv_real(reply.body, "result.result_time.b.start", 0), KIT_NOW / 1000 + 2);
    ck_assert_double_eq(jv_real(reply.body, "result.result_time.b.finish", 0), KIT_NOW / 1000 + 4);
    ck_assert_double_eq(jv_real(reply.body, "time.start", 0), KIT_NOW / 1000);
    ck_assert_double_eq(jv_real(reply.body, "time.finish", 0), KIT_NOW / 1000 + 4);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(uneven_costs_have_the_mean_that_they_are_said_to_have)
{
    struct sandbox *sb = kit_new_limited(0, 50, 0);
    kit_do(sb, "{'do':'cost','method':'profile','seconds':2}");
    kit_do(sb, "{'do':'limits','uneven':true}");
    double sum = 0, most = 0;
    for (int i = 0; i < 2000; i++) {
        struct kit_reply reply = kit_call_at(sb, KIT_NOW, "profile", "{}");
        double seconds = jv_real(reply.body, "time.processing", 0);
        sum += seconds;
        most = seconds > most ? seconds : most;
        kit_reply_done(&reply);
    }
    ck_assert_double_eq_tol(sum / 2000, 2, 0.2);
    ck_assert_double_gt(most, 10);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_bucket_that_others_have_filled_refuses)
{
    struct sandbox *sb = kit_new_limited(2, 50, 0);
    kit_do(sb, "{'do':'limits','level':50}");
    ck_assert_int_eq(status_at(sb, KIT_NOW, "server.time"), 503);
    ck_assert_int_eq(status_at(sb, KIT_NOW + 1000, "server.time"), 200);
    sandbox_free(sb);
}
END_TEST

START_TEST(each_command_of_a_batch_pays_for_itself)
{
    struct sandbox *sb = kit_new_limited(0, 50, 480);
    kit_do(sb, "{'do':'cost','method':'profile','seconds':300}");
    json_t *ret = kit_result(sb, "batch", "{'cmd':{'a':'profile','b':'profile','c':'profile'}}");
    ck_assert_double_eq(jv_real(ret, "result_time.b.operating", 0), 600);
    ck_assert_str_eq(jv_text(ret, "result_error.c.error", ""), "OPERATION_TIME_LIMIT");
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(the_limits_can_be_set)
{
    struct sandbox *sb = kit_new_limited(2, 1, 0);
    kit_do(sb, "{'do':'limits','drain':0}");
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(status_at(sb, KIT_NOW, "server.time"), 200);
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/limits", the_bucket_refuses_above_its_size_and_leaks, a_batch_is_one_request,
           a_refused_request_does_nothing, operating_time_adds_up_by_method_and_drops_out,
           a_basket_lasts_ten_minutes_from_its_first_call,
           a_portal_that_works_answers_later_and_later_in_a_batch,
           uneven_costs_have_the_mean_that_they_are_said_to_have,
           a_bucket_that_others_have_filled_refuses, each_command_of_a_batch_pays_for_itself,
           the_limits_can_be_set)
