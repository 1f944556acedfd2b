#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/engine/compare.h"
#include "tests/support/check_main.h"

static json_t *json(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

static void is(json_t *value, const char *expected)
{
    char *text = jv_dump_new(value);
    ck_assert_str_eq(text, expected);
    mem_free(text);
    json_decref(value);
}

/* ---- fields ---------------------------------------------------------------------------------- */

START_TEST(only_watched_fields_are_kept)
{
    JV_AUTO *record = json("{\"id\":5,\"stageId\":\"NEW\",\"title\":\"x\",\"gone\":null}");
    JV_AUTO *fields = json("[\"stageId\",\"opportunity\",\"gone\"]");
    struct watched watched = {.fields = fields};
    is(compare_keep(record, &watched), "{\"stageId\":\"NEW\",\"gone\":null}");
    is(compare_keep(record, NULL), "{}");
    is(compare_keep(NULL, &watched), "{}");
}
END_TEST

START_TEST(all_fields_are_kept_when_labels_stand_for_some)
{
    JV_AUTO *record = json("{\"id\":5,\"ufCrm_1\":\"a\"}");
    JV_AUTO *fields = json("[\"stageId\"]");
    JV_AUTO *unsolved = json("[\"Причина отказа\"]");
    struct watched watched = {.fields = fields, .unsolved = unsolved};
    is(compare_keep(record, &watched), "{\"id\":5,\"ufCrm_1\":\"a\"}");
}
END_TEST

START_TEST(a_long_value_is_not_kept)
{
    char text[1200];
    memset(text, 'x', sizeof text - 1);
    text[1022] = '\0'; /* and two quotes: 1 KiB */
    JV_AUTO *record = json("{}");
    json_object_set_new(record, "fits", json_string(text));
    text[1022] = 'x';
    text[1023] = '\0';
    json_object_set_new(record, "long", json_string(text));
    JV_AUTO *fields = json("[\"fits\",\"long\"]");
    struct watched watched = {.fields = fields};
    JV_AUTO *kept = compare_keep(record, &watched);
    ck_assert_uint_eq(json_object_size(kept), 1);
    ck_assert_ptr_nonnull(json_object_get(kept, "fits"));
}
END_TEST

START_TEST(differences_name_old_and_new)
{
    JV_AUTO *old = json("{\"a\":1,\"b\":\"x\",\"c\":\"5\",\"d\":null,\"e\":\"gone\"}");
    JV_AUTO *now = json("{\"a\":2,\"b\":\"x\",\"c\":5,\"d\":\"\",\"f\":\"new\"}");
    is(compare_fields(old, now), "{\"a\":[1,2]}");
    is(compare_fields(NULL, now), "{}");
    is(compare_fields(old, NULL), "{}");
}
END_TEST

static void said(const char *differences, size_t size, const char *expected)
{
    JV_AUTO *value = json(differences);
    char out[512];
    compare_say(value, out, size);
    ck_assert_str_eq(out, expected);
}

START_TEST(differences_are_said_in_one_line)
{
    said("{}", 512, "");
    said("{\"stageId\":[\"NEW\",\"C1:WON\"],\"opportunity\":[100,200]}", 512,
         "stageId: NEW → C1:WON, opportunity: 100 → 200");
    said("{\"a\":[null,\"x\"],\"b\":[\"x\",\"\"]}", 512, "a: (empty) → x, b: x → (empty)");
    said("{\"a\":[\"x\",\"ёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёё\"]}", 512,
         "a: x → ёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёёё…");
    said("{\"a\":[\"яблоко\",\"груша\"]}", 18, "a: яблоко"); /* whole words, whole letters */
}
END_TEST

/* ---- stages ---------------------------------------------------------------------------------- */

enum { NOW = 9000 };

/* Passages as "A>B@1000 B>C@2000". */
static void passed(const char *history, const char *old_stage, const char *now_stage, bool added,
                   int64_t since_ms, const char *expected)
{
    JV_AUTO *rows = history != NULL ? json(history) : NULL;
    struct passage passages[4];
    size_t count = compare_passages(rows, old_stage, now_stage, added, since_ms, NOW, passages, 4);
    char text[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s>%s@%lld", i > 0 ? " " : "",
                                 passages[i].from, passages[i].to, (long long)passages[i].at_ms);
    ck_assert_str_eq(text, expected);
}

#define ROW(stage, time) "{\"stage\":\"" stage "\",\"time_ms\":" #time "}"

START_TEST(without_a_history_the_stages_before_and_now_count)
{
    passed(NULL, "A", "B", false, 0, "A>B@9000");
    passed("[]", "A", "B", false, 0, "A>B@9000");
    passed(NULL, "A", "A", false, 0, "");
    passed(NULL, "A", "", false, 0, "");
    passed(NULL, "A", NULL, false, 0, "");
}
END_TEST

START_TEST(the_history_tells_what_was_passed_between)
{
    passed("[" ROW("B", 1000) "," ROW("C", 2000) "]", "A", "C", false, 0, "A>B@1000 B>C@2000");
    passed("[" ROW("B", 1000) "," ROW("A", 2000) "]", "A", "A", false, 0, "A>B@1000 B>A@2000");
}
END_TEST

START_TEST(a_row_that_is_known_already_is_not_passed_again)
{
    passed("[" ROW("A", 500) "," ROW("B", 1000) "]", "A", "B", false, 0, "A>B@1000");
    passed("[" ROW("A", 500) "]", "A", "A", false, 0, "");
}
END_TEST

START_TEST(what_the_history_does_not_show_is_one_passage)
{
    passed("[" ROW("B", 1000) "]", "A", "D", false, 0, "A>B@1000 B>D@9000");
}
END_TEST

START_TEST(a_new_entity_enters_from_nowhere)
{
    passed(NULL, NULL, "NEW", true, 0, ">NEW@9000");
    passed("[" ROW("NEW", 1000) "," ROW("B", 2000) "]", NULL, "B", true, 0, ">NEW@1000 NEW>B@2000");
    passed("[" ROW("NEW", 1000) "]", NULL, "NEW", true, 0, ">NEW@1000");
}
END_TEST

START_TEST(of_an_entity_never_seen_only_what_is_fresh_counts)
{
    passed(NULL, NULL, "B", false, 0, "");
    passed("[" ROW("NEW", 1000) "," ROW("B", 2000) "," ROW("C", 3000) "]", NULL, "C", false, 2500,
           "B>C@3000");
    passed("[" ROW("NEW", 1000) "," ROW("B", 2000) "]", NULL, "B", false, 2500, "");
    passed("[" ROW("NEW", 3000) "]", NULL, "NEW", false, 2500, ">NEW@3000");
    passed("[" ROW("NEW", 1000) "," ROW("B", 3000) "]", NULL, "D", false, 2500,
           "NEW>B@3000 B>D@9000");
}
END_TEST

START_TEST(there_are_at_most_as_many_passages_as_there_is_room)
{
    passed("[" ROW("B", 1) "," ROW("C", 2) "," ROW("D", 3) "," ROW("E", 4) "," ROW("F", 5) "]", "A",
           "F", false, 0, "A>B@1 B>C@2 C>D@3 D>F@5");
}
END_TEST

START_TEST(a_stage_with_an_absurd_name_is_cut)
{
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct passage passages[1];
    ck_assert_uint_eq(compare_passages(NULL, "A", name, false, 0, NOW, passages, 1), 1);
    ck_assert_uint_eq(strlen(passages[0].to), sizeof passages[0].to - 1);
}
END_TEST

/* ---- who ------------------------------------------------------------------------------------- */

START_TEST(the_actor_is_who_created_moved_or_updated_it)
{
    JV_AUTO *record = json("{\"createdBy\":1,\"movedBy\":\"2\",\"updatedBy\":3}");
    ck_assert_int_eq(compare_actor(record, true, true), 1);
    ck_assert_int_eq(compare_actor(record, false, true), 2);
    ck_assert_int_eq(compare_actor(record, false, false), 3);
    JV_AUTO *poor = json("{\"updatedBy\":3}");
    ck_assert_int_eq(compare_actor(poor, true, false), 3);
    ck_assert_int_eq(compare_actor(poor, false, true), 3);
    ck_assert_int_eq(compare_actor(NULL, true, false), 0);
}
END_TEST

CHECK_MAIN("engine/compare", only_watched_fields_are_kept,
           all_fields_are_kept_when_labels_stand_for_some, a_long_value_is_not_kept,
           differences_name_old_and_new, differences_are_said_in_one_line,
           without_a_history_the_stages_before_and_now_count,
           the_history_tells_what_was_passed_between,
           a_row_that_is_known_already_is_not_passed_again,
           what_the_history_does_not_show_is_one_passage, a_new_entity_enters_from_nowhere,
           of_an_entity_never_seen_only_what_is_fresh_counts,
           there_are_at_most_as_many_passages_as_there_is_room, a_stage_with_an_absurd_name_is_cut,
           the_actor_is_who_created_moved_or_updated_it)
