/* The envelope, the forms of requests, what is refused: bitrix24.md §3. */

#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

START_TEST(a_reply_has_result_and_time)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = kit_call(sb, "server.time", "{}");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(jv_text(reply.body, "result", ""), "2025-08-21T15:40:00+03:00");
    ck_assert_str_eq(jv_text(reply.body, "time.date_start", ""), "2025-08-21T15:40:00+03:00");
    ck_assert_double_gt(jv_real(reply.body, "time.operating", 0), 0);
    ck_assert_int_gt(jv_int(reply.body, "time.operating_reset_at", 0), KIT_NOW / 1000);
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_reply_is_escaped_as_php_does)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "crm.item.update",
                           "{'entityTypeId':3,'id':1,'fields':{'name':'Ж<a&b/c\\u0022 😀'}}"));
    struct kit_reply reply = kit_call(sb, "crm.item.get", "{'entityTypeId':3,'id':1}");
    ck_assert_ptr_nonnull(
        strstr(reply.raw.body, "\\u0416\\u003Ca\\u0026b\\/c\\u0022 \\ud83d\\ude00"));
    ck_assert_str_eq(jv_text(reply.body, "result.item.name", ""), "Ж<a&b/c\" 😀");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_empty_object_is_an_empty_list)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply =
        kit_call(sb, "crm.duplicate.findbycomm", "{'type':'PHONE','values':['+70000000000']}");
    ck_assert_ptr_nonnull(strstr(reply.raw.body, "{\"result\":[],"));
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_wrong_code_is_not_let_in)
{
    struct sandbox *sb = kit_new();
    static const char *const paths[] = {"/rest/1/wrong/server.time",
                                        "/rest/2/" KIT_CODE "/server.time"};
    for (size_t i = 0; i < 2; i++) {
        struct kit_reply reply = kit_send(
            sb, &(struct sandbox_request){.method = "GET", .path = paths[i], .now_ms = KIT_NOW});
        ck_assert_int_eq(reply.status, 401);
        ck_assert_str_eq(jv_text(reply.body, "error", ""), "NO_AUTH_FOUND");
        ck_assert_str_eq(jv_text(reply.body, "error_description", ""), "Wrong authorization data");
        kit_reply_done(&reply);
    }
    sandbox_free(sb);
}
END_TEST

START_TEST(other_paths_are_not_found)
{
    struct sandbox *sb = kit_new();
    static const char *const paths[] = {"/", "/rest/", "/rest/1/" KIT_CODE, "/rest/1/c/m/x",
                                        "/restless"};
    for (size_t i = 0; i < 5; i++) {
        struct kit_reply reply = kit_send(
            sb, &(struct sandbox_request){.method = "GET", .path = paths[i], .now_ms = KIT_NOW});
        ck_assert_int_eq(reply.status, 404);
        ck_assert_ptr_null(reply.body);
        kit_reply_done(&reply);
    }
    sandbox_free(sb);
}
END_TEST

START_TEST(an_unknown_method_is_named_so)
{
    struct sandbox *sb = kit_new();
    kit_fails(sb, "crm.deal.frobnicate", "{}", 404, "ERROR_METHOD_NOT_FOUND", "Method not found!");
    sandbox_free(sb);
}
END_TEST

START_TEST(a_method_wants_its_scope)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'scopes','list':['task']}");
    kit_fails(sb, "crm.item.get", "{'entityTypeId':3,'id':1}", 403, "insufficient_scope",
              "The request requires higher privileges than provided by the webhook token");
    json_decref(kit_result(sb, "server.time", "{}"));
    json_t *known = kit_result(sb, "method.get", "{'name':'crm.item.get'}");
    ck_assert(jv_flag(known, "isExisting") && !jv_flag(known, "isAvailable"));
    json_decref(known);
    sandbox_free(sb);
}
END_TEST

static struct kit_reply form(struct sandbox *sb, const char *query, const char *type,
                             const char *body)
{
    return kit_send(sb, &(struct sandbox_request){.method = "POST",
                                                  .path = "/rest/1/" KIT_CODE "/crm.item.get.json",
                                                  .query = query,
                                                  .content_type = type,
                                                  .body = body,
                                                  .size = strlen(body),
                                                  .now_ms = KIT_NOW});
}

START_TEST(a_form_and_the_query_are_merged_and_the_body_wins)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply =
        form(sb, "entityTypeId=4&id=2", "application/x-www-form-urlencoded; charset=utf-8",
             "entityTypeId=3");
    ck_assert_str_eq(jv_text(reply.body, "result.item.lastName", ""), "Ильина");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(malformed_json_is_no_parameters)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = form(sb, "", "application/json", "{\"entityTypeId\":3,");
    ck_assert_int_eq(reply.status, 400);
    ck_assert_str_eq(jv_text(reply.body, "error_description", ""),
                     "Could not find value for parameter {entityTypeId}");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(json_under_another_type_is_no_parameters)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = form(sb, "", "text/plain", "{\"entityTypeId\":3,\"id\":1}");
    ck_assert_str_eq(jv_text(reply.body, "error_description", ""),
                     "Could not find value for parameter {entityTypeId}");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_method_name_has_no_case)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "CRM.Item.Get", "{'entityTypeId':3,'id':1}"));
    sandbox_free(sb);
}
END_TEST

/* ---- REST 3.0, §3.7 -------------------------------------------------------------------------- */

static struct kit_reply v3(struct sandbox *sb, int64_t now_ms, const char *key, const char *body)
{
    return kit_send(sb, &(struct sandbox_request){.method = "POST",
                                                  .path = "/rest/api/1/" KIT_CODE "/tasks.task.add",
                                                  .content_type = "application/json",
                                                  .body = body,
                                                  .size = strlen(body),
                                                  .idempotency_key = key,
                                                  .now_ms = now_ms});
}

#define TASK                                                                                       \
    "{\"fields\":{\"title\":\"T\",\"creatorId\":1,\"responsibleId\":5,"                            \
    "\"crmItemIds\":[\"C_1\"]}}"

START_TEST(a_task_of_rest_3_has_its_own_shape)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = v3(sb, KIT_NOW, NULL, TASK);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_int_eq(jv_int(reply.body, "result.item.id", 0), 1);
    ck_assert_str_eq(jv_text(reply.body, "result.item.status", ""), "pending");
    ck_assert_str_eq(jv_text(reply.body, "result.item.crmItemIds.0", ""), "C_1");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_idempotency_key_replays_the_answer)
{
    struct sandbox *sb = kit_new();
    struct kit_reply first = v3(sb, KIT_NOW, "k1", TASK);
    struct kit_reply again = v3(sb, KIT_NOW + 1000, "k1", TASK);
    ck_assert(!first.raw.replayed && again.raw.replayed);
    ck_assert_str_eq(first.raw.body, again.raw.body);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'task'}"), 1);
    kit_reply_done(&again);
    again = v3(sb, KIT_NOW + 25 * 3600 * 1000, "k1", TASK);
    ck_assert(!again.raw.replayed);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'task'}"), 2);
    kit_reply_done(&first);
    kit_reply_done(&again);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_key_for_another_call_is_refused)
{
    struct sandbox *sb = kit_new();
    struct kit_reply first = v3(sb, KIT_NOW, "k1", TASK);
    struct kit_reply other =
        v3(sb, KIT_NOW, "k1", "{\"fields\":{\"title\":\"U\",\"creatorId\":1,\"responsibleId\":5}}");
    ck_assert_int_eq(other.status, 422);
    ck_assert_str_eq(jv_text(other.body, "error.code", ""),
                     "BITRIX_REST_V3_EXCEPTION_IDEMPOTENCYKEYREUSEDEXCEPTION");
    kit_reply_done(&first);
    kit_reply_done(&other);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_error_of_rest_3_is_not_stored_and_names_the_field)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = v3(sb, KIT_NOW, "k1", "{\"fields\":{\"title\":\"U\"}}");
    ck_assert_int_eq(reply.status, 400);
    ck_assert_str_eq(jv_text(reply.body, "error.validation.0.field", ""), "creatorId");
    ck_assert_str_eq(jv_text(reply.body, "error.validation.0.message", ""),
                     "Required field `creatorId` is missing");
    kit_reply_done(&reply);
    reply = v3(sb, KIT_NOW, "k1", TASK);
    ck_assert_int_eq(reply.status, 200);
    kit_reply_done(&reply);
    reply = v3(sb, KIT_NOW, "", TASK);
    ck_assert_int_eq(reply.status, 400);
    kit_reply_done(&reply);
    reply = v3(sb, KIT_NOW, NULL, "{");
    ck_assert_str_eq(jv_text(reply.body, "error.code", ""),
                     "BITRIX_REST_V3_EXCEPTION_INVALIDJSONEXCEPTION");
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/rest", a_reply_has_result_and_time, a_reply_is_escaped_as_php_does,
           an_empty_object_is_an_empty_list, a_wrong_code_is_not_let_in, other_paths_are_not_found,
           an_unknown_method_is_named_so, a_method_wants_its_scope,
           a_form_and_the_query_are_merged_and_the_body_wins, malformed_json_is_no_parameters,
           json_under_another_type_is_no_parameters, a_method_name_has_no_case,
           a_task_of_rest_3_has_its_own_shape, an_idempotency_key_replays_the_answer,
           a_key_for_another_call_is_refused, an_error_of_rest_3_is_not_stored_and_names_the_field)
