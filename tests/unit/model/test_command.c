#include "daemon/model/command.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/event.h"
#include "daemon/model/run.h"
#include "tests/support/check_main.h"

static json_t *json(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

/* What stands for the result, as text; NULL: it did not happen. mem_free. */
static char *look(const char *look_text, const char *result_text)
{
    JV_AUTO *asked = json(look_text);
    JV_AUTO *result = json(result_text);
    JV_AUTO *found = NULL;
    if (!command_look_found(asked, result, NULL, &found))
        return NULL;
    return jv_dump_new(found);
}

#define FOUND(look_text, result_text, expected)                                                    \
    do {                                                                                           \
        char *found = look(look_text, result_text);                                                \
        ck_assert_ptr_nonnull(found);                                                              \
        ck_assert_str_eq(found, expected);                                                         \
        mem_free(found);                                                                           \
    } while (0)
#define MISSING(look_text, result_text) ck_assert_ptr_null(look(look_text, result_text))

START_TEST(an_entry_of_a_list_stands_for_the_lost_answer)
{
    FOUND("{\"list\":\"items\",\"where\":{\"originId\":\"run-7\"}}",
          "{\"items\":[{\"id\":1,\"originId\":\"x\"},{\"id\":342,\"originId\":\"run-7\"}]}",
          "{\"id\":342}");
    MISSING("{\"list\":\"items\",\"where\":{\"originId\":\"run-7\"}}",
            "{\"items\":[{\"id\":1,\"originId\":\"x\"}]}");
    MISSING("{\"list\":\"items\",\"where\":{\"originId\":\"run-7\"}}", "{\"items\":[]}");
    MISSING("{\"list\":\"items\",\"where\":{\"originId\":\"run-7\"}}", "null");
}
END_TEST

START_TEST(the_result_itself_may_be_the_list)
{
    FOUND("{\"list\":\"\",\"where\":{\"SUBJECT\":\"Call\"}}",
          "[{\"ID\":\"9\",\"SUBJECT\":\"Call\"}]", "{\"id\":\"9\"}");
    FOUND("{\"where\":{\"SUBJECT\":\"Call\"}}", "[{\"ID\":\"9\",\"SUBJECT\":\"Call\"}]",
          "{\"id\":\"9\"}");
}
END_TEST

START_TEST(a_list_that_php_sent_as_an_object_is_searched_too)
{
    FOUND("{\"list\":\"\",\"where\":{\"A\":1}}", "{\"5\":{\"ID\":5,\"A\":\"1\"}}", "{\"id\":5}");
}
END_TEST

START_TEST(every_member_must_be_the_same_by_content)
{
    FOUND("{\"list\":\"t\",\"where\":{\"a\":5,\"b\":\"10.00\",\"c\":true,\"d\":\"\"}}",
          "{\"t\":[{\"id\":\"3\",\"a\":\"5\",\"b\":10,\"c\":\"Y\"}]}", "{\"id\":\"3\"}");
    MISSING("{\"list\":\"t\",\"where\":{\"a\":5,\"b\":2}}",
            "{\"t\":[{\"id\":\"3\",\"a\":\"5\",\"b\":10}]}");
}
END_TEST

START_TEST(dotted_names_reach_inwards)
{
    FOUND("{\"list\":\"t\",\"where\":{\"creator.id\":5},\"take\":\"task.id\"}",
          "{\"t\":[{\"creator\":{\"id\":\"5\"},\"task\":{\"id\":77}}]}", "{\"id\":77}");
}
END_TEST

START_TEST(text_may_be_contained_and_a_list_may_hold_it)
{
    FOUND("{\"list\":\"\",\"where\":{\"COMMENT\":{\"contains\":\"ref 7\"}}}",
          "[{\"ID\":\"1\",\"COMMENT\":\"see ref 7.\"}]", "{\"id\":\"1\"}");
    FOUND("{\"list\":\"\",\"where\":{\"crm\":{\"contains\":\"D_35\"}}}",
          "[{\"ID\":\"1\",\"crm\":[\"D_351\"]},{\"ID\":\"2\",\"crm\":[\"C_1\",\"D_35\"]}]",
          "{\"id\":\"2\"}");
    MISSING("{\"list\":\"\",\"where\":{\"crm\":{\"contains\":\"D_35\"}}}",
            "[{\"ID\":\"1\",\"crm\":[\"D_351\"]}]");
}
END_TEST

START_TEST(the_whole_entry_stands_under_a_name)
{
    FOUND("{\"list\":\"tasks\",\"where\":{\"xmlId\":\"k\"},\"as\":\"task\"}",
          "{\"tasks\":[{\"id\":\"9\",\"xmlId\":\"k\"}]}",
          "{\"task\":{\"id\":\"9\",\"xmlId\":\"k\"}}");
}
END_TEST

START_TEST(an_entry_without_an_id_is_found_all_the_same)
{
    FOUND("{\"list\":\"\",\"where\":{\"a\":1}}", "[{\"a\":1}]", "{\"id\":null}");
}
END_TEST

START_TEST(an_equal_object_gives_its_whole_result)
{
    FOUND("{\"equal\":{\"stageId\":\"C9:WON\",\"opportunity\":\"10\"},\"at\":\"item\"}",
          "{\"item\":{\"id\":1,\"stageId\":\"C9:WON\",\"opportunity\":10}}",
          "{\"item\":{\"id\":1,\"stageId\":\"C9:WON\",\"opportunity\":10}}");
    FOUND("{\"equal\":{\"A\":\"\"}}", "{\"ID\":1,\"A\":null}", "{\"ID\":1,\"A\":null}");
    MISSING("{\"equal\":{\"stageId\":\"C9:WON\"},\"at\":\"item\"}",
            "{\"item\":{\"id\":1,\"stageId\":\"C9:NEW\"}}");
    MISSING("{\"equal\":{\"stageId\":\"\"},\"at\":\"item\"}", "[]");
}
END_TEST

START_TEST(what_another_call_has_made_is_not_found_again)
{
    JV_AUTO *asked = json("{\"list\":\"\",\"where\":{\"COMMENT\":\"a\"}}");
    JV_AUTO *rows = json("[{\"ID\":\"9\",\"COMMENT\":\"a\"},{\"ID\":\"8\",\"COMMENT\":\"a\"}]");
    JV_AUTO *one = json("[9]");
    JV_AUTO *both = json("[9, {\"id\":\"8\"}]");
    JV_AUTO *found = NULL;
    ck_assert(command_look_found(asked, rows, one, &found));
    ck_assert_int_eq(jv_int(found, "id", 0), 8);
    json_t *none = NULL;
    ck_assert(!command_look_found(asked, rows, both, &none));
    /* a phone of a record that was written is no thing of its own */
    JV_AUTO *part = json("{\"list\":\"\",\"where\":{\"COMMENT\":\"a\"},\"part\":true}");
    JV_AUTO *again = NULL;
    ck_assert(command_look_found(part, rows, both, &again));
}
END_TEST

START_TEST(one_of_several_values_will_do)
{
    static const char asked[] = "{\"at\":\"task\",\"equal\":{\"status\":{\"any\":[\"5\",\"4\"]}}}";
    FOUND(asked, "{\"task\":{\"status\":\"4\"}}", "{\"task\":{\"status\":\"4\"}}");
    MISSING(asked, "{\"task\":{\"status\":\"3\"}}");
}
END_TEST

START_TEST(an_entry_from_before_is_not_the_one)
{
    static const char asked[] = "{\"where\":{\"t\":\"a\"},\"since\":{\"made\":"
                                "\"2026-01-20T10:00:00+03:00\"}}";
    MISSING(asked, "[{\"id\":1,\"t\":\"a\",\"made\":\"2026-01-20T06:59:59+00:00\"}]");
    FOUND(asked, "[{\"id\":1,\"t\":\"a\",\"made\":\"2026-01-20T07:00:00+00:00\"}]", "{\"id\":1}");
    FOUND(asked, "[{\"id\":1,\"t\":\"a\",\"made\":\"soon\"}]", "{\"id\":1}");
    FOUND(asked, "[{\"id\":1,\"t\":\"a\"}]", "{\"id\":1}");
}
END_TEST

START_TEST(a_look_becomes_a_reading_command)
{
    JV_AUTO *asked = json("{\"method\":\"crm.item.get\",\"params\":{\"id\":1},\"equal\":{}}");
    struct command command;
    ck_assert(command_look_call(asked, &command));
    ck_assert_str_eq(command.key, "look");
    ck_assert_str_eq(command.method, "crm.item.get");
    ck_assert_int_eq(jv_int(command.params, "id", 0), 1);
    ck_assert(!command.write);
    ck_assert_int_eq(command.kind, COMMAND_REST);
    command_done(&command);
}
END_TEST

START_TEST(a_look_without_parameters_sends_none)
{
    JV_AUTO *asked = json("{\"method\":\"profile\"}");
    struct command command;
    ck_assert(command_look_call(asked, &command));
    ck_assert(json_is_object(command.params));
    ck_assert_uint_eq(json_object_size(command.params), 0);
    command_done(&command);
}
END_TEST

START_TEST(nothing_to_look_at_makes_no_call)
{
    JV_AUTO *repeat = json("{\"repeat\":true}");
    struct command command;
    ck_assert(!command_look_call(NULL, &command));
    ck_assert(!command_look_call(repeat, &command));
}
END_TEST

START_TEST(copies_share_nothing)
{
    struct command command = {.key = "1.0",
                              .method = mem_strdup("m"),
                              .params = json("{\"a\":{\"b\":1}}"),
                              .look = json("{\"repeat\":true}"),
                              .write = true};
    struct command copy;
    command_copy(&copy, &command);
    json_object_set_new(json_object_get(copy.params, "a"), "b", json_integer(2));
    ck_assert_int_eq(jv_int(command.params, "a.b", 0), 1);
    ck_assert_str_eq(copy.key, "1.0");
    ck_assert(copy.write);
    command_done(&command);
    command_done(&copy);

    struct answer answer = {.verdict = VERDICT_DONE, .result = json("[1]"), .status = 200};
    struct answer other;
    answer_copy(&other, &answer);
    json_array_append_new(other.result, json_integer(2));
    ck_assert_uint_eq(json_array_size(answer.result), 1);
    answer_done(&answer);
    answer_done(&other);
    ck_assert_ptr_null(answer.result);
}
END_TEST

START_TEST(words_of_verdicts_and_states_read_back)
{
    for (int i = VERDICT_NONE; i <= VERDICT_SHADOW; i++) {
        enum verdict verdict;
        ck_assert(verdict_parse(verdict_word((enum verdict)i), &verdict));
        ck_assert_int_eq(verdict, i);
    }
    for (int i = RUN_READY; i <= RUN_PARKED; i++) {
        enum run_state state;
        ck_assert(run_state_parse(run_state_word((enum run_state)i), &state));
        ck_assert_int_eq(state, i);
    }
    enum verdict verdict;
    enum run_state state;
    ck_assert(!verdict_parse("done", &verdict));
    ck_assert(!run_state_parse("DONE", &state));
    ck_assert_str_eq(event_source_word(EVENT_ROBOT), "robot");
}
END_TEST

START_TEST(a_run_is_copied_whole)
{
    struct run run = {.id = 7,
                      .rule = "r",
                      .state = RUN_WAITING,
                      .chain = json("[\"r|2|1\"]"),
                      .vars = json("{\"old\":{\"stageId\":\"NEW\"}}")};
    struct run copy;
    run_copy(&copy, &run);
    json_array_clear(copy.chain);
    ck_assert_uint_eq(json_array_size(run.chain), 1);
    ck_assert_str_eq(jv_text(copy.vars, "old.stageId", ""), "NEW");
    ck_assert_int_eq(copy.id, 7);
    run_done(&run);
    run_done(&copy);
    ck_assert_ptr_null(run.vars);
}
END_TEST

CHECK_MAIN("command", an_entry_of_a_list_stands_for_the_lost_answer,
           the_result_itself_may_be_the_list, a_list_that_php_sent_as_an_object_is_searched_too,
           every_member_must_be_the_same_by_content, dotted_names_reach_inwards,
           text_may_be_contained_and_a_list_may_hold_it, the_whole_entry_stands_under_a_name,
           an_entry_without_an_id_is_found_all_the_same, an_equal_object_gives_its_whole_result,
           what_another_call_has_made_is_not_found_again, one_of_several_values_will_do,
           an_entry_from_before_is_not_the_one, a_look_becomes_a_reading_command,
           a_look_without_parameters_sends_none, nothing_to_look_at_makes_no_call,
           copies_share_nothing, words_of_verdicts_and_states_read_back, a_run_is_copied_whole)
