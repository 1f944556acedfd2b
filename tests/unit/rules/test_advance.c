#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/calendar.h"
#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "common/zone.h"
#include "daemon/rules/advance.h"
#include "daemon/rules/ruleset.h"
#include "tests/support/check_main.h"

/* One run of a one-rule set, moved by hand; whole dialogues are in test_cases.c. */
struct bench {
    struct zone *zone;
    struct calendar *calendar;
    struct rules_env env;
    struct ruleset *set;
    struct ini *ini;
    struct run run;
    json_t *facts, *answers;
    struct advance got;
};

static const int64_t morning_ms = INT64_C(1768892400000); /* Tue 2026-01-20 10:00 in Moscow */

static const struct calendar *find_calendar(const void *arg, const char *name)
{
    return strcmp(name, "office") == 0 ? arg : NULL;
}

static void bench_open(struct bench *b, const char *steps)
{
    static const char *const none[] = {NULL}, *const portals[] = {"main", NULL};
    static const char *const calendars[] = {"office", NULL};
    const struct ruleset_names names = {portals, calendars, none};
    struct diag diag;
    struct err err = {0};
    char *text = mem_printf("[rule r]\non = deal added\n%s\n", steps);
    diag_init(&diag);
    *b = (struct bench){.facts = json_object(), .answers = json_object()};
    b->set = ruleset_new();
    b->ini = ini_parse("r.ini", text, strlen(text), &diag);
    ruleset_load(b->set, b->ini, &names, &diag);
    ck_assert_msg(diag.count == 0, "%s", diag.count > 0 ? diag.entries[0].text : "");
    diag_done(&diag);
    mem_free(text);
    b->zone = zone_load("Europe/Moscow", &err);
    ck_assert_msg(b->zone != NULL, "%s", err.text);
    b->calendar = calendar_new_plain(b->zone);
    b->env = (struct rules_env){.now_ms = morning_ms,
                                .zone = b->zone,
                                .portal_url = "https://firm.bitrix24.ru",
                                .calendar = find_calendar,
                                .calendar_arg = b->calendar,
                                .default_calendar = b->calendar};
    b->run = (struct run){.id = 17, .entity = {.type = ENTITY_DEAL, .id = "351"}};
    (void)json_object_set_new(b->facts, "entity:2:351",
                              json_pack("{s:i, s:s, s:s, s:i, s:f}", "id", 351, "title", "Станки",
                                        "stageId", "C5:NEW", "assignedById", 6, "opportunity",
                                        1500.5));
}

static void bench_close(struct bench *b)
{
    advance_done(&b->got);
    ruleset_free(b->set);
    ini_free(b->ini);
    calendar_free(b->calendar);
    zone_free(b->zone);
    run_done(&b->run);
    json_decref(b->facts);
    json_decref(b->answers);
}

static void go(struct bench *b)
{
    advance_done(&b->got);
    rules_advance(b->set, b->set->rules, &b->run, b->facts, b->answers, &b->env, &b->got);
}

static void answer(struct bench *b, const char *key, const char *verdict, json_t *result)
{
    (void)json_object_set_new(b->answers, key,
                              json_pack("{s:s, s:o?, s:s, s:s}", "verdict", verdict, "result",
                                        result, "error", "", "text", ""));
}

START_TEST(a_trace_of_a_condition_holds_the_actual_values)
{
    struct bench b;
    bench_open(&b, "[then comment]\nif = deal.opportunity > 1000 and deal.title = \"Насос\"\n"
                   "text = x");
    go(&b);
    ck_assert_int_eq(ADVANCE_FINISH, b.got.kind);
    const json_t *entry = json_array_get(b.got.trace, 0);
    ck_assert_str_eq("if", jv_text(entry, "what", ""));
    ck_assert_str_eq("then comment", jv_text(entry, "text", ""));
    ck_assert(json_is_false(json_object_get(entry, "is")));
    ck_assert_uint_eq(2, json_array_size(json_object_get(entry, "values")));
    ck_assert(jv_real(entry, "values.0.left", 0) == 1500.5);
    ck_assert_str_eq("Станки", jv_text(entry, "values.1.left", ""));
    ck_assert_str_eq("skip", jv_text(b.got.trace, "1.what", ""));
    bench_close(&b);
}
END_TEST

START_TEST(of_a_long_value_the_trace_keeps_the_beginning)
{
    struct bench b;
    struct buf title BUF_AUTO;
    bench_open(&b, "[then comment]\nif = deal.title = \"x\"\ntext = x");
    buf_init(&title, 4096);
    for (int i = 0; i < 1000; i++)
        buf_text(&title, "Ж");
    (void)json_object_set_new(json_object_get(b.facts, "entity:2:351"), "title",
                              json_string(title.data));
    go(&b);
    const char *left = jv_text(b.got.trace, "0.values.0.left", "");
    ck_assert_uint_eq(201, utf8_length(left));
    ck_assert_str_eq("x", jv_text(b.got.trace, "0.values.0.right", ""));
    bench_close(&b);
}
END_TEST

START_TEST(a_need_leaves_no_trace_of_the_step_that_is_gone_through_again)
{
    struct bench b;
    bench_open(&b, "[then comment]\nif = deal.opportunity > 1000\ntext = {{deal.contact}}");
    (void)json_object_set_new(json_object_get(b.facts, "entity:2:351"), "contactId",
                              json_integer(4));
    go(&b);
    ck_assert_int_eq(ADVANCE_NEED, b.got.kind);
    ck_assert_uint_eq(0, json_array_size(b.got.trace));
    ck_assert_str_eq("entity:3:4", jv_text(b.got.needs, "0", ""));
    (void)json_object_set_new(b.facts, "entity:3:4", json_pack("{s:s}", "name", "Анна"));
    go(&b);
    ck_assert_int_eq(ADVANCE_CALL, b.got.kind);
    ck_assert_uint_eq(1, json_array_size(b.got.trace));
    ck_assert_uint_eq(0, json_array_size(b.got.needs));
    bench_close(&b);
}
END_TEST

START_TEST(an_answered_command_is_never_asked_for_again)
{
    struct bench b;
    bench_open(&b, "[then notify]\nto = 1, 2, 3\ntext = x");
    answer(&b, "0.2", "DONE", json_integer(5));
    go(&b);
    ck_assert_int_eq(ADVANCE_CALL, b.got.kind);
    ck_assert_uint_eq(2, b.got.count);
    ck_assert_str_eq("0.1", b.got.commands[0].key);
    ck_assert_str_eq("0.3", b.got.commands[1].key);
    bench_close(&b);
}
END_TEST

START_TEST(answers_of_other_steps_are_not_mistaken_for_this_one)
{
    struct bench b;
    bench_open(&b, "[then comment]\ntext = x\n\n[then comment]\ntext = y");
    b.run.step = 1;
    answer(&b, "0.0", "DONE", json_integer(5));
    answer(&b, "11.0", "DONE", json_integer(5));
    go(&b);
    ck_assert_int_eq(ADVANCE_CALL, b.got.kind);
    ck_assert_str_eq("1.0", b.got.commands[0].key);
    bench_close(&b);
}
END_TEST

START_TEST(a_step_makes_at_most_five_hundred_calls)
{
    struct bench b;
    json_t *ids = json_array();
    bench_open(&b, "[then update contacts]\nassigned = 6");
    for (int i = 1; i <= 501; i++) {
        char need[32];
        (void)snprintf(need, sizeof need, "entity:3:%d", i);
        (void)json_array_append_new(ids, json_integer(i));
        (void)json_object_set_new(b.facts, need, json_pack("{s:i}", "assignedById", 1));
    }
    (void)json_object_set_new(json_object_get(b.facts, "entity:2:351"), "contactIds", ids);
    go(&b);
    ck_assert_int_eq(ADVANCE_FINISH, b.got.kind);
    ck_assert_int_eq(RUN_DEAD, b.got.state);
    ck_assert_str_eq("step 1, then update contacts: more than 500 calls in one step", b.run.reason);
    (void)json_array_remove(ids, 0);
    b.run.reason[0] = '\0';
    go(&b);
    ck_assert_int_eq(ADVANCE_CALL, b.got.kind);
    ck_assert_uint_eq(500, b.got.count);
    bench_close(&b);
}
END_TEST

START_TEST(a_long_reason_is_cut_between_letters)
{
    struct bench b;
    struct buf title BUF_AUTO;
    bench_open(&b, "[then task]\ntitle = x\npriority = a{{deal.title}}");
    buf_init(&title, 4096);
    for (int i = 0; i < 400; i++)
        buf_text(&title, "Ж");
    (void)json_object_set_new(json_object_get(b.facts, "entity:2:351"), "title",
                              json_string(title.data));
    go(&b);
    ck_assert_int_eq(RUN_DEAD, b.got.state);
    ck_assert_uint_ge(strlen(b.run.reason), 318);
    ck_assert(utf8_valid(b.run.reason, strlen(b.run.reason)));
    char *trace = jv_dump_new(b.got.trace);
    ck_assert(utf8_valid(trace, strlen(trace)));
    mem_free(trace);
    bench_close(&b);
}
END_TEST

START_TEST(a_label_that_is_too_long_keeps_its_total)
{
    struct bench b;
    char *text = mem_alloc(100 * 1024);
    bench_open(&b, "[then rest crm.item.list as X]\nentityTypeId = 2\n\n[then stop]");
    memset(text, 'x', 100 * 1024 - 1);
    answer(&b, "0.0", "DONE", json_pack("{s[{ss}] si}", "items", "title", text, "total", 812));
    go(&b);
    ck_assert_int_eq(812, jv_int(b.run.vars, "labels.X.total", 0));
    ck_assert_ptr_null(jv_at(b.run.vars, "labels.X.items"));
    mem_free(text);
    bench_close(&b);
}
END_TEST

START_TEST(a_label_that_is_too_long_keeps_its_id)
{
    struct bench b;
    char *text = mem_alloc(100 * 1024);
    bench_open(&b, "[then rest crm.item.get as X]\nid = 1\n\n[then stop]");
    memset(text, 'x', 100 * 1024 - 1);
    answer(&b, "0.0", "DONE", json_pack("{s:i, s:s}", "id", 5, "big", text));
    go(&b);
    ck_assert_int_eq(5, jv_int(b.run.vars, "labels.X.id", 0));
    ck_assert_ptr_null(jv_at(b.run.vars, "labels.X.big"));
    mem_free(text);
    bench_close(&b);
}
END_TEST

START_TEST(a_wait_in_working_time_names_its_calendar_when_there_are_several)
{
    struct bench b;
    bench_open(&b, "[wait 2 workhours]\ncalendar = office");
    b.env.default_calendar = NULL;
    go(&b);
    ck_assert_int_eq(ADVANCE_WAIT, b.got.kind);
    ck_assert_int_eq(RUN_WAITING, b.got.wait_state);
    ck_assert_int_eq(morning_ms + 2 * 3600 * 1000, b.got.due_ms);
    ck_assert_int_eq(1, b.run.step);
    bench_close(&b);
    bench_open(&b, "[wait 2 workhours]");
    b.env.default_calendar = NULL;
    go(&b);
    ck_assert_int_eq(RUN_DEAD, b.got.state);
    ck_assert_str_eq(
        "step 1, wait 2 workhours: there are several calendars, the step must name one",
        b.run.reason);
    bench_close(&b);
}
END_TEST

START_TEST(a_rule_without_steps_is_done_at_once)
{
    struct bench b;
    bench_open(&b, "[then stop]");
    b.run.step = 1;
    go(&b);
    ck_assert_int_eq(ADVANCE_FINISH, b.got.kind);
    ck_assert_int_eq(RUN_DONE, b.got.state);
    ck_assert_str_eq("", b.run.reason);
    bench_close(&b);
}
END_TEST

START_TEST(commands_carry_what_the_step_says_about_doubt)
{
    struct bench b;
    bench_open(&b, "[then chat]\nunsure = repeat\nto = chat1\ntext = x");
    go(&b);
    ck_assert_int_eq(UNSURE_REPEAT, b.got.commands[0].unsure);
    ck_assert(b.got.commands[0].write);
    ck_assert_ptr_null(b.got.commands[0].look);
    bench_close(&b);
}
END_TEST

START_TEST(an_answer_becomes_data)
{
    struct answer a = {.verdict = VERDICT_REFUSED, .error = "ACCESS_DENIED", .text = "no"};
    JV_AUTO *refused = advance_answer_new(&a);
    ck_assert_str_eq("REFUSED", jv_text(refused, "verdict", ""));
    ck_assert(json_is_null(json_object_get(refused, "result")));
    ck_assert_str_eq("ACCESS_DENIED", jv_text(refused, "error", ""));
    ck_assert_str_eq("no", jv_text(refused, "text", ""));
    struct answer d = {.verdict = VERDICT_DONE, .result = json_integer(5)};
    JV_AUTO *done = advance_answer_new(&d);
    ck_assert_int_eq(5, jv_int(done, "result", 0));
    answer_done(&d);
}
END_TEST

CHECK_MAIN("rules/advance", a_trace_of_a_condition_holds_the_actual_values,
           of_a_long_value_the_trace_keeps_the_beginning,
           a_need_leaves_no_trace_of_the_step_that_is_gone_through_again,
           an_answered_command_is_never_asked_for_again,
           answers_of_other_steps_are_not_mistaken_for_this_one,
           a_step_makes_at_most_five_hundred_calls, a_long_reason_is_cut_between_letters,
           a_label_that_is_too_long_keeps_its_id, a_label_that_is_too_long_keeps_its_total,
           a_wait_in_working_time_names_its_calendar_when_there_are_several,
           a_rule_without_steps_is_done_at_once, commands_carry_what_the_step_says_about_doubt,
           an_answer_becomes_data)
