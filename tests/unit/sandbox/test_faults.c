/* Misfortunes on request, and whether the method ran. */

#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

#define ADD "{'entityTypeId':2,'fields':{'title':'X'}}"

static int64_t deals(struct sandbox *sb)
{
    return kit_count(sb, "{'do':'count','what':'deal'}");
}

START_TEST(html_and_nothing_come_instead_of_an_answer)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'html'}");
    kit_do(sb, "{'do':'fault','kind':'empty','status':504}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 502);
    ck_assert_ptr_null(reply.body);
    ck_assert_str_eq(reply.raw.content_type, "text/html; charset=utf-8");
    kit_reply_done(&reply);
    reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 504);
    ck_assert_uint_eq(reply.raw.size, 0);
    kit_reply_done(&reply);
    ck_assert_int_eq(deals(sb), 0);
    json_decref(kit_result(sb, "crm.item.add", ADD)); /* each strikes once */
    sandbox_free(sb);
}
END_TEST

START_TEST(a_truncated_answer_was_carried_out)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'truncated'}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_null(reply.body);
    ck_assert_uint_eq(reply.raw.size, strlen(reply.raw.body));
    kit_reply_done(&reply);
    ck_assert_int_eq(deals(sb), 1);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_dropped_connection_is_before_or_after)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'drop_before','method':'crm.item.add'}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert(reply.raw.drop);
    ck_assert_int_eq(deals(sb), 0);
    kit_reply_done(&reply);
    kit_do(sb, "{'do':'fault','kind':'drop_after','method':'crm.item.add'}");
    reply = kit_call(sb, "server.time", "{}");
    ck_assert(!reply.raw.drop);
    kit_reply_done(&reply);
    reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert(reply.raw.drop);
    ck_assert_int_eq(deals(sb), 1);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'crm.item.add'}"), 1);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_batch_is_struck_by_what_strikes_its_command)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'drop_after','method':'crm.item.add'}");
    struct kit_reply reply = kit_call(
        sb, "batch", "{'cmd':{'a':'profile','b':'crm.item.add?entityTypeId=2&fields[title]=X'}}");
    ck_assert(reply.raw.drop);
    ck_assert_int_eq(deals(sb), 1);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_error_strikes_one_command)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'error','method':'profile','status':400,'code':'ERROR_CORE',"
               "'text':'Nope'}");
    json_t *ret =
        kit_result(sb, "batch", "{'cmd':{'a':'server.time','b':'profile','c':'profile'}}");
    ck_assert_str_eq(jv_text(ret, "result_error.b.error", ""), "ERROR_CORE");
    ck_assert_str_eq(jv_text(ret, "result_error.b.error_description", ""), "Nope");
    ck_assert_ptr_nonnull(jv_at(ret, "result.c"));
    json_decref(ret);
    kit_do(sb, "{'do':'fault','kind':'error','method':'profile'}");
    kit_fails(sb, "profile", "{}", 500, "INTERNAL_SERVER_ERROR", "Internal server error");
    kit_do(sb, "{'do':'fault','kind':'operation','method':'prof*'}");
    kit_fails(sb, "profile", "{}", 429, "OPERATION_TIME_LIMIT",
              "Method is blocked due to operation time limit.");
    sandbox_free(sb);
}
END_TEST

START_TEST(a_cut_batch_is_half_done)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'cut_off'}");
    struct kit_reply reply =
        kit_call(sb, "batch",
                 "{'cmd':{'a':'crm.item.add?entityTypeId=2&fields[title]=A','b':'crm.item.add?"
                 "entityTypeId=2&fields[title]=B'}}");
    ck_assert_int_eq(reply.status, 504);
    ck_assert_int_eq(deals(sb), 1);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_error_may_come_after_the_deed)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'error','after':true}");
    kit_fails(sb, "crm.item.add", ADD, 500, "INTERNAL_SERVER_ERROR", "Internal server error");
    ck_assert_int_eq(deals(sb), 1);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'crm.item.add'}"), 1);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_slow_answer_says_how_slow)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'slow','ms':2500}");
    struct kit_reply reply = kit_call(sb, "server.time", "{}");
    ck_assert_int_eq(reply.raw.delay_ms, 2500);
    ck_assert_int_eq(reply.status, 200);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_renamed_portal_points_to_its_new_host)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'redirect','to':'https://new.bitrix24.ru'}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 302);
    ck_assert_str_eq(reply.raw.location,
                     "https://new.bitrix24.ru/rest/1/" KIT_CODE "/crm.item.add");
    ck_assert_int_eq(deals(sb), 0);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_dead_webhook_stays_dead_until_cleared)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'dead_webhook'}");
    for (int i = 0; i < 3; i++)
        kit_fails(sb, "server.time", "{}", 401, "NO_AUTH_FOUND", "Wrong authorization data");
    kit_do(sb, "{'do':'faults_clear'}");
    json_decref(kit_result(sb, "server.time", "{}"));
    sandbox_free(sb);
}
END_TEST

static int struck(struct sandbox *sb, int times, char out[64])
{
    int count = 0;
    for (int i = 0; i < times; i++) {
        struct kit_reply reply = kit_call(sb, "server.time", "{}");
        out[i] = reply.status == 503 ? 'x' : '.';
        count += reply.status == 503;
        kit_reply_done(&reply);
    }
    out[times] = '\0';
    return count;
}

START_TEST(a_request_is_refused_with_any_code)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'refuse','code':'OVERLOAD_LIMIT','status':503,'text':'no'}");
    kit_do(sb, "{'do':'fault','kind':'refuse','code':'PORTAL_DELETED'}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 503);
    ck_assert_str_eq(jv_text(reply.body, "error", ""), "OVERLOAD_LIMIT");
    ck_assert_str_eq(jv_text(reply.body, "error_description", ""), "no");
    kit_reply_done(&reply);
    reply = kit_call(sb, "batch", "{'cmd':{'a':'crm.item.add?entityTypeId=2'}}");
    ck_assert_int_eq(reply.status, 403);
    ck_assert_str_eq(jv_text(reply.body, "error", ""), "PORTAL_DELETED");
    kit_reply_done(&reply);
    ck_assert_int_eq(deals(sb), 0);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_request_that_is_cut_off_was_carried_out)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'fault','kind':'cut_off','ms':60000}");
    struct kit_reply reply = kit_call(sb, "crm.item.add", ADD);
    ck_assert_int_eq(reply.status, 504);
    ck_assert_ptr_null(reply.body);
    ck_assert_int_eq(reply.raw.delay_ms, 60000);
    kit_reply_done(&reply);
    ck_assert_int_eq(deals(sb), 1);
    sandbox_free(sb);
}
END_TEST

START_TEST(how_often_is_counted_or_every_nth_or_by_chance)
{
    struct sandbox *sb = kit_new();
    char seen[64], again[64];
    kit_do(sb, "{'do':'fault','kind':'limit','count':2}");
    (void)struck(sb, 4, seen);
    ck_assert_str_eq(seen, "xx..");
    kit_do(sb, "{'do':'fault','kind':'limit','every':3}");
    (void)struck(sb, 7, seen);
    ck_assert_str_eq(seen, "..x..x.");
    kit_do(sb, "{'do':'faults_clear'}");
    kit_do(sb, "{'do':'fault','kind':'limit','probability':0.5}");
    int count = struck(sb, 60, seen);
    ck_assert(count > 15 && count < 45);
    kit_do(sb, "{'do':'faults_clear'}");
    kit_do(sb, "{'do':'fault','kind':'limit','probability':0.5}");
    (void)struck(sb, 60, again);
    ck_assert_str_eq(seen, again); /* the same run, the same faults */
    sandbox_free(sb);
}
END_TEST

static void refused(struct sandbox *sb, const char *json, const char *text)
{
    struct err err = {0};
    json_t *command = json_loads(json, 0, NULL);
    ck_assert_ptr_null(sandbox_control(sb, command, KIT_NOW, &err));
    ck_assert_str_eq(err.text, text);
    json_decref(command);
}

START_TEST(a_wrong_wish_says_what_is_wrong)
{
    struct sandbox *sb = kit_new();
    refused(
        sb, "{\"do\":\"fault\",\"kind\":\"flood\"}",
        "unknown fault \"flood\"; html, empty, truncated, error, drop_before, drop_after, slow, "
        "redirect, dead_webhook, refuse, cut_off, limit and operation are known");
    refused(sb, "{\"do\":\"fault\",\"kind\":\"refuse\"}", "a refusal needs \"code\"");
    refused(sb, "{\"do\":\"fault\",\"kind\":\"redirect\"}",
            "a redirect needs \"to\": the address it leads to");
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/faults", html_and_nothing_come_instead_of_an_answer,
           a_truncated_answer_was_carried_out, a_dropped_connection_is_before_or_after,
           a_batch_is_struck_by_what_strikes_its_command, an_error_strikes_one_command,
           a_cut_batch_is_half_done, an_error_may_come_after_the_deed, a_slow_answer_says_how_slow,
           a_renamed_portal_points_to_its_new_host, a_dead_webhook_stays_dead_until_cleared,
           a_request_is_refused_with_any_code, a_request_that_is_cut_off_was_carried_out,
           how_often_is_counted_or_every_nth_or_by_chance, a_wrong_wish_says_what_is_wrong)
