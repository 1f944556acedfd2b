/* The control interface. */

#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

START_TEST(a_person_s_change_raises_events_and_costs_nothing)
{
    struct sandbox *sb = kit_new_limited(2, 1, 1);
    kit_do(sb, "{'do':'subscribe','url':'http://a/'}");
    for (int i = 0; i < 3; i++) {
        json_t *ret = kit_control(sb, "{'do':'call','user':7,'method':'crm.item.add',"
                                      "'params':{'entityTypeId':2,'fields':{}}}");
        ck_assert_int_eq(jv_int(ret, "result.item.createdBy", 0), 7);
        json_decref(ret);
    }
    json_t *events = sandbox_take_events(sb);
    ck_assert_uint_eq(json_array_size(events), 3);
    json_decref(events);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'crm.item.add'}"), 0);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'deal'}"), 3);
    json_decref(kit_result(sb, "server.time", "{}")); /* the bucket is still empty */
    sandbox_free(sb);
}
END_TEST

START_TEST(a_person_s_error_comes_back)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_control(sb, "{'do':'call','method':'crm.item.get',"
                                  "'params':{'entityTypeId':2,'id':9}}");
    ck_assert_str_eq(jv_text(ret, "error", ""), "NOT_FOUND");
    ck_assert_str_eq(jv_text(ret, "error_description", ""), "Element not found");
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(effects_are_the_writes_in_order)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "crm.item.add", "{'entityTypeId':2,'fields':{'title':'A'}}"));
    json_decref(kit_result(sb, "crm.item.get", "{'entityTypeId':2,'id':1}"));
    kit_fails(sb, "crm.item.add", "{'entityTypeId':4,'fields':{}}", 400, "CRM_FIELD_ERROR_REQUIRED",
              NULL);
    json_decref(kit_result(
        sb, "batch", "{'cmd':{'a':'tasks.task.add?fields[TITLE]=T&fields[RESPONSIBLE_ID]=5'}}"));
    json_t *ret = kit_control(sb, "{'do':'effects'}");
    ck_assert_uint_eq(json_array_size(jv_at(ret, "effects")), 2);
    ck_assert_int_eq(jv_int(ret, "effects.0.n", 0), 1);
    ck_assert_str_eq(jv_text(ret, "effects.0.method", ""), "crm.item.add");
    ck_assert_str_eq(jv_text(ret, "effects.0.params.fields.title", ""), "A");
    ck_assert_int_eq(jv_int(ret, "effects.0.result.item.id", 0), 1);
    ck_assert_str_eq(jv_text(ret, "effects.1.method", ""), "tasks.task.add");
    json_decref(ret);
    ret = kit_control(sb, "{'do':'effects','after':1,'method':'TASKS.task.add'}");
    ck_assert_uint_eq(json_array_size(jv_at(ret, "effects")), 1);
    json_decref(ret);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'tasks.task.add',"
                                   "'where':{'fields.RESPONSIBLE_ID':5}}"),
                     1);
    ck_assert_int_eq(kit_count(sb, "{'do':'count','method':'tasks.task.add',"
                                   "'where':{'fields.RESPONSIBLE_ID':6}}"),
                     0);
    sandbox_free(sb);
}
END_TEST

START_TEST(rows_are_got_listed_and_put)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_control(sb, "{'do':'list','what':'user','where':{'EMAIL':'ivanov@firm.ru'}}");
    ck_assert_str_eq(jv_text(ret, "rows.0.ID", ""), "5");
    json_decref(ret);
    ret = kit_control(sb, "{'do':'get','what':'deal','id':9}");
    ck_assert(json_is_null(jv_at(ret, "row")));
    json_decref(ret);
    json_decref(kit_result(sb, "crm.activity.todo.add",
                           "{'ownerTypeId':3,'ownerId':1,'deadline':'2026-01-20'}"));
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'todo','where':{'OWNER_ID':1}}"), 1);
    kit_do(sb, "{'do':'put','what':'user','id':5,'row':{'ACTIVE':false}}");
    json_t *users = kit_result(sb, "user.get", "{'FILTER':{'ACTIVE':true}}");
    ck_assert_uint_eq(json_array_size(users), 7);
    json_decref(users);
    sandbox_free(sb);
}
END_TEST

START_TEST(absent_people_are_put_and_seen)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'put','what':'absence','row':{'USER_ID':5,'ACCESSIBILITY':'absent',"
               "'DATE_FROM_TS_UTC':'1755770000','DATE_TO_TS_UTC':'1755790000'}}");
    kit_do(sb, "{'do':'put','what':'timeman','id':6,'row':{'STATUS':'CLOSED'}}");
    json_t *busy = kit_result(sb, "calendar.accessibility.get",
                              "{'from':'2025-08-21','to':'2025-08-21','users':[5,6]}");
    ck_assert_str_eq(jv_text(busy, "5.0.ACCESSIBILITY", ""), "absent");
    ck_assert_uint_eq(json_array_size(jv_at(busy, "6")), 0);
    json_decref(busy);
    json_t *day = kit_result(sb, "timeman.status", "{'USER_ID':6}");
    ck_assert_str_eq(jv_text(day, "STATUS", ""), "CLOSED");
    ck_assert(json_is_string(jv_at(day, "TIME_START")));
    json_decref(day);
    kit_do(sb, "{'do':'put','what':'timeman','id':6,'row':{'TIME_START':null}}");
    day = kit_result(sb, "timeman.status", "{'USER_ID':6}");
    ck_assert(json_is_null(jv_at(day, "TIME_START")));
    json_decref(day);
    kit_fails(sb, "timeman.status", "{'USER_ID':4711}", 400, "", NULL);
    kit_fails(sb, "calendar.accessibility.get", "{'from':'2025-08-21','users':[5]}", 400, "", NULL);
    json_t *people = kit_result(sb, "im.user.list.get", "{'ID':[5,6],'RESULT_TYPE':'array'}");
    ck_assert(json_is_string(jv_at(people, "0.absent")));
    ck_assert(json_is_false(jv_at(people, "1.absent")));
    json_decref(people);
    sandbox_free(sb);
}
END_TEST

START_TEST(stats_count_what_came)
{
    struct sandbox *sb = kit_new_limited(2, 3, 0);
    json_decref(kit_result(sb, "server.time", "{}"));
    json_decref(kit_result(sb, "batch", "{'cmd':['server.time','profile','no.such']}"));
    json_decref(kit_result(sb, "profile", "{}"));
    kit_fails(sb, "profile", "{}", 503, "QUERY_LIMIT_EXCEEDED", NULL);
    json_t *stats = kit_control(sb, "{'do':'stats'}");
    ck_assert_int_eq(jv_int(stats, "requests", 0), 4);
    ck_assert_int_eq(jv_int(stats, "commands", 0), 4);
    ck_assert_int_eq(jv_int(stats, "batches", 0), 1);
    ck_assert_int_eq(jv_int(stats, "max_batch", 0), 3);
    ck_assert_int_eq(jv_int(stats, "refusals.QUERY_LIMIT_EXCEEDED", 0), 1);
    ck_assert_int_eq(jv_int(stats, "refusals.ERROR_METHOD_NOT_FOUND", 0), 1);
    json_decref(stats);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_unknown_command_is_refused)
{
    struct sandbox *sb = kit_new();
    struct err err = {0};
    json_t *command = json_pack("{ss}", "do", "dance");
    ck_assert_ptr_null(sandbox_control(sb, command, KIT_NOW, &err));
    ck_assert_str_eq(err.text, "unknown command \"dance\"; `b24sandbox --help` lists them");
    json_decref(command);
    size_t count = 0;
    while (sandbox_control_help(count) != NULL)
        count++;
    ck_assert_uint_ge(count, 15);
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/control", a_person_s_change_raises_events_and_costs_nothing,
           a_person_s_error_comes_back, effects_are_the_writes_in_order,
           rows_are_got_listed_and_put, absent_people_are_put_and_seen, stats_count_what_came,
           an_unknown_command_is_refused)
