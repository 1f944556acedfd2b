/* batch: bitrix24.md §4, §10 no. 11, 17, 18. */

#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

START_TEST(commands_run_in_order_and_refer_back)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(
        sb, "batch",
        "{'halt':0,'cmd':{'new':'crm.item.add?entityTypeId=2&fields[title]=Fish%20%26%20chips',"
        "'todo':'crm.activity.todo.add?ownerTypeId=2&ownerId=$result[new][item][id]&deadline="
        "2026-01-20T10%3A00%3A00%2B02%3A00&title=For $result[new][item][title]!',"
        "'get':'crm.activity.get?id=$result[todo][id]'}}");
    ck_assert_str_eq(jv_text(ret, "result.new.item.title", ""), "Fish & chips");
    ck_assert_str_eq(jv_text(ret, "result.get.SUBJECT", ""), "For Fish & chips!");
    ck_assert_str_eq(jv_text(ret, "result.get.DEADLINE", ""), "2026-01-20T11:00:00+03:00");
    ck_assert(json_is_array(json_object_get(ret, "result_error")));
    ck_assert_double_gt(jv_real(ret, "result_time.new.operating", 0), 0);
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_error_is_kept_apart_and_the_rest_goes_on)
{
    struct sandbox *sb = kit_new();
    struct kit_reply reply = kit_call(
        sb, "batch",
        "{'cmd':{'a':'crm.item.get?entityTypeId=2&id=9','b':'server.time','c':'no.such'}}");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(jv_text(reply.body, "result.result_error.a.error", ""), "NOT_FOUND");
    ck_assert_str_eq(jv_text(reply.body, "result.result_error.c.error", ""),
                     "ERROR_METHOD_NOT_FOUND");
    ck_assert_ptr_nonnull(jv_at(reply.body, "result.result.b"));
    ck_assert_ptr_null(jv_at(reply.body, "result.result.a"));
    kit_reply_done(&reply);
    sandbox_free(sb);
}
END_TEST

START_TEST(halt_leaves_later_keys_out_of_both)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(
        sb, "batch", "{'halt':1,'cmd':{'a':'server.time','b':'no.such','c':'server.time'}}");
    ck_assert_ptr_nonnull(jv_at(ret, "result.a"));
    ck_assert_ptr_nonnull(jv_at(ret, "result_error.b"));
    ck_assert_ptr_null(jv_at(ret, "result.c"));
    ck_assert_ptr_null(jv_at(ret, "result_error.c"));
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(numbered_commands_answer_with_lists)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(sb, "batch", "{'cmd':['server.time','no.such','profile']}");
    ck_assert(json_is_object(json_object_get(ret, "result"))); /* 0 and 2 */
    ck_assert_str_eq(jv_text(ret, "result.2.ID", ""), "1");
    json_decref(ret);
    ret = kit_result(sb, "batch", "{'CMD':['server.time',17,'profile'],'HALT':0}");
    ck_assert_ptr_nonnull(jv_at(ret, "result.2"));
    json_decref(ret);
    ret = kit_result(sb, "batch", "{'cmd':['server.time','profile']}");
    ck_assert(json_is_array(json_object_get(ret, "result")));
    json_decref(ret);
    ret = kit_result(sb, "batch", "{}");
    ck_assert(json_is_array(json_object_get(ret, "result")));
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_hash_cuts_and_a_plus_is_a_space)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(
        sb, "batch",
        "{'cmd':{'a':'crm.item.update?entityTypeId=3&id=1&fields[name]=A+B#&fields[lastName]=C',"
        "'b':'crm.item.update?entityTypeId=3&id=2&fields[name]=%2B7%23'}}");
    ck_assert_str_eq(jv_text(ret, "result.a.item.name", ""), "A B");
    ck_assert_str_eq(jv_text(ret, "result.a.item.lastName", ""), "Сидоров");
    ck_assert_str_eq(jv_text(ret, "result.b.item.name", ""), "+7#");
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(references_stand_in_any_text_and_what_leads_nowhere_stays)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(
        sb, "batch",
        "{'cmd':{'list':'crm.item.list?entityTypeId=3&select[]=id&order[id]=ASC',"
        "'a':'crm.item.update?entityTypeId=3&id=$result[list][items][2][id]&fields[name]="
        "$result[list][items][9][id] of $total[list], $result[none][x] $5'}}");
    ck_assert_int_eq(jv_int(ret, "result.a.item.id", 0), 3);
    ck_assert_str_eq(jv_text(ret, "result.a.item.name", ""),
                     "$result[list][items][9][id] of 3, $result[none][x] $5");
    ck_assert_int_eq(jv_int(ret, "result_total.list", 0), 3);
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(the_text_of_a_client_is_interpolated_too)
{
    /* §4: why untrusted text must not travel in a batch. */
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(sb, "batch",
                             "{'cmd':{'me':'profile','a':'im.notify.personal.add?USER_ID=5&MESSAGE="
                             "%24result%5Bme%5D%5BNAME%5D'}}");
    json_decref(ret);
    json_t *row = kit_control(sb, "{'do':'get','what':'notify','id':1}");
    ck_assert_str_eq(jv_text(row, "row.MESSAGE", ""), "Анна");
    json_decref(row);
    sandbox_free(sb);
}
END_TEST

START_TEST(more_than_fifty_fail_one_by_one)
{
    struct sandbox *sb = kit_new();
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 16);
    buf_text(&text, "{'cmd':{");
    for (int i = 0; i < 52; i++)
        buf_printf(&text, "%s'k%d':'server.time'", i > 0 ? "," : "", i);
    buf_text(&text, "}}");
    json_t *ret = kit_result(sb, "batch", text.data);
    ck_assert_uint_eq(json_object_size(json_object_get(ret, "result")), 50);
    ck_assert_uint_eq(json_object_size(json_object_get(ret, "result_error")), 2);
    ck_assert_str_eq(jv_text(ret, "result_error.k51.error", ""), "ERROR_BATCH_LENGTH_EXCEEDED");
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_batch_is_not_allowed_in_a_batch)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(sb, "batch", "{'cmd':{'a':'batch?cmd[x]=server.time'}}");
    ck_assert_str_eq(jv_text(ret, "result_error.a.error", ""), "ERROR_BATCH_METHOD_NOT_ALLOWED");
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(lists_of_a_query_are_lists)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(
        sb, "batch",
        "{'cmd':{'a':'crm.item.add?entityTypeId=2&fields[contactIds][0]=3&fields[contactIds][1]=1',"
        "'l':'crm.item.list?entityTypeId=3&select[0]=id&filter[@id][0]=1&filter[@id][1]=2',"
        "'o':'crm.item.list?entityTypeId=3&filter[0][logic]=OR&filter[0][0][id]=1&filter[0][1][id]="
        "3',"
        "'c':'calendar.accessibility.get?from=2026-01-20&to=2026-01-21&users[0]=5'}}");
    ck_assert_int_eq(jv_int(ret, "result.a.item.contactIds.1", 0), 1);
    ck_assert_int_eq(jv_int(ret, "result.a.item.contactId", 0), 3);
    ck_assert_int_eq(jv_int(ret, "result_total.l", 0), 2);
    ck_assert_int_eq(jv_int(ret, "result_total.o", 0), 2);
    ck_assert_ptr_nonnull(jv_at(ret, "result.c.5"));
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/batch", commands_run_in_order_and_refer_back,
           an_error_is_kept_apart_and_the_rest_goes_on, halt_leaves_later_keys_out_of_both,
           numbered_commands_answer_with_lists, a_hash_cuts_and_a_plus_is_a_space,
           references_stand_in_any_text_and_what_leads_nowhere_stays,
           the_text_of_a_client_is_interpolated_too, more_than_fifty_fail_one_by_one,
           a_batch_is_not_allowed_in_a_batch, lists_of_a_query_are_lists)
