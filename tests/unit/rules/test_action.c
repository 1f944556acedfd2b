#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"
#include "daemon/rules/ruleset.h"
#include "tests/support/check_main.h"

/* Loads a rule with one step; the complaints, joined by newlines. */
static char *complaints_new(const char *on, const char *step)
{
    static const char *const none[] = {NULL}, *const portals[] = {"main", NULL};
    const struct ruleset_names names = {portals, none, none};
    struct diag diag;
    struct buf all;
    char *text = mem_printf("[rule r]\non = %s\n%s\n", on, step);
    diag_init(&diag);
    buf_init(&all, 65536);
    struct ruleset *set = ruleset_new();
    struct ini *ini = ini_parse("r.ini", text, strlen(text), &diag);
    ruleset_load(set, ini, &names, &diag);
    for (size_t i = 0; i < diag.count; i++)
        buf_printf(&all, "%s%s", i > 0 ? "\n" : "", diag.entries[i].text);
    ruleset_free(set);
    ini_free(ini);
    diag_done(&diag);
    mem_free(text);
    return all.data;
}

static void check_complaint(const char *on, const char *step, const char *expected)
{
    char *actual = complaints_new(on, step);
    ck_assert_str_eq(expected, actual);
    mem_free(actual);
}

START_TEST(every_action_can_plan_and_is_found_by_its_name)
{
    size_t count = 0;
    const struct action *const *all = actions(&count);
    ck_assert_uint_ge(count, 15);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(all[i]->plan);
        ck_assert_ptr_eq(all[i], action_find(all[i]->name));
    }
    ck_assert_ptr_null(action_find("tod"));
}
END_TEST

START_TEST(the_actions_of_the_specification_are_there)
{
    static const char *const names[] = {"todo",   "task", "notify",  "comment",  "update",
                                        "move",   "add",  "rest",    "http",     "stop",
                                        "assign", "chat", "trigger", "workflow", "close-task"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(action_find(names[i]) != NULL, "%s", names[i]);
}
END_TEST

START_TEST(a_mark_is_the_same_for_every_attempt_and_no_other_databases)
{
    struct run run = {.id = 17, .step = 1, .created_ms = 1768892400000};
    const struct plan plan = {.run = &run};
    char first[64], second[64];
    plan_mark(&plan, 5, first);
    ck_assert_str_eq(first, "17.1.5.19bda340180");
    run.attempt = 2;
    plan_mark(&plan, 5, second);
    ck_assert_str_eq(first, second);
    run.created_ms++;
    plan_mark(&plan, 5, second);
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(a_key_that_ends_in_a_dot_needs_a_name_behind_it)
{
    const struct action *http = action_find("http");
    ck_assert_int_eq(KEY_TEXT, action_key_find(http, "header.X-Y")->type);
    ck_assert_int_eq(KEY_SECRET_FILE, action_key_find(http, "header-file.X-Y")->type);
    ck_assert_ptr_null(action_key_find(http, "header."));
    ck_assert_ptr_null(action_key_find(http, "headers.X"));
    ck_assert_int_eq(KEY_JSON, action_key_find(action_find("rest"), "body")->type);
    ck_assert_int_eq(KEY_ANY, action_key_find(action_find("rest"), "fields.TITLE")->type);
}
END_TEST

START_TEST(a_comment_wants_a_timeline)
{
    check_complaint("call added", "[then comment]\ntext = x",
                    "r.ini:3:2: a call has no timeline to comment on; records of the CRM have");
}
END_TEST

START_TEST(an_update_wants_something_to_write)
{
    check_complaint("deal added", "[then update]",
                    "r.ini:3:2: nothing to write; add lines FIELD = value");
}
END_TEST

START_TEST(a_contact_has_no_stage_to_move_to)
{
    check_complaint(
        "contact added", "[then move]\nto = NEW",
        "r.ini:3:2: a contact has no stages; leads, deals, quotes, invoices and items have");
}
END_TEST

START_TEST(a_task_gets_no_todo_and_no_owner)
{
    check_complaint(
        "task added", "[then todo]\ntitle = x",
        "r.ini:3:2: a task cannot have a to-do; records of the CRM can, and people have tasks");
    check_complaint(
        "task added", "[then assign]\nto = 1",
        "r.ini:3:2: a task cannot be assigned; leads, deals, contacts, companies and items can");
}
END_TEST

START_TEST(reminders_come_in_plain_time)
{
    check_complaint("deal added", "[then todo]\ntitle = x\nping = 15m, 1 workday",
                    "r.ini:5:8: working time is not known here; write hours or days");
}
END_TEST

START_TEST(a_cascade_goes_where_it_can)
{
    check_complaint("deal added", "[then assign]\nto = 1\ncascade = contact, activitys",
                    "r.ini:5:11: unknown cascade \"activitys\"; contact, contacts, company, "
                    "activities and tasks are known");
    check_complaint("deal added",
                    "[then assign]\nto = 1\ncascade = contacts, company, activities, tasks", "");
}
END_TEST

START_TEST(batch_is_not_for_rules)
{
    check_complaint("deal added", "[then rest batch]\nhalt = 0",
                    "r.ini:3:2: batch cannot be called; calls are packed by themselves");
}
END_TEST

START_TEST(a_body_stands_alone)
{
    check_complaint("deal added", "[then rest crm.deal.get]\nbody = {}\nid = 1",
                    "r.ini:4:1: body and other parameters exclude each other, keep one");
    check_complaint("deal added", "[then http]\nurl = https://a.example/\nform.a = 1\nbody = {}",
                    "r.ini:6:1: body and form.NAME exclude each other, keep one");
}
END_TEST

START_TEST(a_header_has_a_name)
{
    check_complaint("deal added", "[then http]\nurl = https://a.example/\nheader.A B = 1",
                    "r.ini:5:1: \"A B\" cannot be a header's name");
}
END_TEST

START_TEST(an_id_is_found_in_every_shape_of_result)
{
    static const char *const shapes[] = {
        "5",
        "\"5\"",
        "{\"id\":5}",
        "{\"ID\":\"5\"}",
        "{\"item\":{\"id\":5}}",
        "{\"task\":{\"id\":\"5\"}}",
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        JV_AUTO *result = jv_parse_new(shapes[i], strlen(shapes[i]), NULL);
        JV_AUTO *id = plan_id_of_new(result);
        ck_assert_msg(json_is_integer(json_object_get(id, "id")), "%s", shapes[i]);
        ck_assert_int_eq(5, jv_int(id, "id", 0));
    }
    JV_AUTO *text = json_string("66e81a641752f8.56521481");
    JV_AUTO *id = plan_id_of_new(text);
    ck_assert_str_eq("66e81a641752f8.56521481", jv_text(id, "id", ""));
    JV_AUTO *nothing = plan_id_of_new(NULL);
    ck_assert_uint_eq(0, json_object_size(nothing));
}
END_TEST

CHECK_MAIN("rules/action", every_action_can_plan_and_is_found_by_its_name,
           the_actions_of_the_specification_are_there,
           a_mark_is_the_same_for_every_attempt_and_no_other_databases,
           a_key_that_ends_in_a_dot_needs_a_name_behind_it, a_comment_wants_a_timeline,
           an_update_wants_something_to_write, a_contact_has_no_stage_to_move_to,
           a_task_gets_no_todo_and_no_owner, reminders_come_in_plain_time,
           a_cascade_goes_where_it_can, batch_is_not_for_rules, a_body_stands_alone,
           a_header_has_a_name, an_id_is_found_in_every_shape_of_result)
