#include "common/jv.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"
#include "tests/support/check_main.h"

static json_t *parse(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

START_TEST(a_member_is_found_by_its_path)
{
    JV_AUTO *t = parse("{\"result\":{\"items\":[{\"id\":5},{\"id\":6}],\"0\":\"zero\"}}");
    ck_assert_int_eq(jv_int(t, "result.items.1.id", 0), 6);
    ck_assert_str_eq(jv_text(t, "result.0", ""), "zero");
    ck_assert_ptr_eq(jv_at(t, ""), t);
    ck_assert_ptr_null(jv_at(t, "result.items.2.id"));
    ck_assert_ptr_null(jv_at(t, "result.items.x"));
    ck_assert_ptr_null(jv_at(t, "result.items.-1"));
    ck_assert_ptr_null(jv_at(t, "result.items.0.id.deeper"));
    ck_assert_ptr_null(jv_at(t, "result..items"));
    ck_assert_ptr_null(jv_at(NULL, "result"));
}
END_TEST

START_TEST(text_is_a_string_only)
{
    JV_AUTO *t = parse("{\"a\":\"x\",\"b\":5,\"c\":null}");
    ck_assert_str_eq(jv_text(t, "a", "?"), "x");
    ck_assert_str_eq(jv_text(t, "b", "?"), "?");
    ck_assert_str_eq(jv_text(t, "c", "?"), "?");
    ck_assert_ptr_null(jv_text(t, "d", NULL));
}
END_TEST

START_TEST(an_id_is_an_integer_in_every_dress)
{
    JV_AUTO *t = parse("{\"a\":351,\"b\":\"351\",\"c\":351.0,\"d\":\"351x\",\"e\":1.5,\"f\":true,"
                       "\"g\":\"9007199254740993\",\"h\":1e300,\"i\":\"\"}");
    ck_assert_int_eq(jv_int(t, "a", -1), 351);
    ck_assert_int_eq(jv_int(t, "b", -1), 351);
    ck_assert_int_eq(jv_int(t, "c", -1), 351);
    ck_assert_int_eq(jv_int(t, "d", -1), -1);
    ck_assert_int_eq(jv_int(t, "e", -1), -1);
    ck_assert_int_eq(jv_int(t, "f", -1), -1);
    ck_assert_int_eq(jv_int(t, "g", -1), INT64_C(9007199254740993));
    ck_assert_int_eq(jv_int(t, "h", -1), -1);
    ck_assert_int_eq(jv_int(t, "i", -1), -1);
}
END_TEST

START_TEST(an_amount_is_a_real_in_every_dress)
{
    JV_AUTO *t = parse("{\"a\":1.5,\"b\":\"10000.00\",\"c\":2,\"d\":\"100|USD\"}");
    ck_assert_double_eq(jv_real(t, "a", -1), 1.5);
    ck_assert_double_eq(jv_real(t, "b", -1), 10000);
    ck_assert_double_eq(jv_real(t, "c", -1), 2);
    ck_assert_double_eq(jv_real(t, "d", -1), -1);
}
END_TEST

START_TEST(a_flag_is_on_in_every_dress)
{
    JV_AUTO *on = parse("[true,1,\"1\",\"Y\",\"y\",\"true\"]");
    JV_AUTO *off = parse("[false,0,2,\"N\",\"\",\"0\",\"yes\",null,[],{},1.0]");
    char path[24];
    for (size_t i = 0; i < json_array_size(on); i++) {
        (void)snprintf(path, sizeof path, "%zu", i);
        ck_assert_msg(jv_flag(on, path), "on no. %zu", i);
    }
    for (size_t i = 0; i <= json_array_size(off); i++) {
        (void)snprintf(path, sizeof path, "%zu", i);
        ck_assert_msg(!jv_flag(off, path), "off no. %zu", i);
    }
}
END_TEST

START_TEST(zero_is_not_empty)
{
    JV_AUTO *empty = parse("[null,\"\",[],{},false]");
    JV_AUTO *filled = parse("[0,\"0\",0.0,true,[null],{\"a\":null},\" \"]");
    size_t i;
    json_t *value;
    ck_assert(jv_is_empty(NULL));
    json_array_foreach (empty, i, value)
        ck_assert_msg(jv_is_empty(value), "no. %zu", i);
    json_array_foreach (filled, i, value)
        ck_assert_msg(!jv_is_empty(value), "no. %zu", i);
}
END_TEST

static void assert_printed(const char *json, const char *wanted)
{
    JV_AUTO *value = parse(json);
    char *text = jv_print_new(value);
    ck_assert_str_eq(text, wanted);
    mem_free(text);
}

START_TEST(values_are_printed_as_a_person_writes_them)
{
    assert_printed("\"Жук \\\"x\\\"\"", "Жук \"x\"");
    assert_printed("42", "42");
    assert_printed("10.50", "10.5");
    assert_printed("10.1", "10.1");
    assert_printed("true", "Y");
    assert_printed("false", "N");
    assert_printed("null", "");
    assert_printed("[1,\"b\",[2,3],null]", "1, b, 2, 3, ");
    assert_printed("[]", "");
    assert_printed("{\"b\":1,\"a\":[10.1,\"x\"]}", "{\"b\":1,\"a\":[10.1,\"x\"]}");
    char *text = jv_print_new(NULL);
    ck_assert_str_eq(text, "");
    mem_free(text);
}
END_TEST

static bool same(const char *a_json, const char *b_json)
{
    JV_AUTO *a = parse(a_json);
    JV_AUTO *b = parse(b_json);
    bool forth = jv_same(a, b);
    ck_assert_msg(forth == jv_same(b, a), "not symmetric: %s %s", a_json, b_json);
    return forth;
}

START_TEST(values_are_the_same_in_every_dress)
{
    ck_assert(same("5", "\"5\""));
    ck_assert(same("\"10.00\"", "10"));
    ck_assert(same("\"10.00\"", "\"10\""));
    ck_assert(same("10.0", "10"));
    ck_assert(same("10.10", "\"10.1\""));
    ck_assert(same("null", "\"\""));
    ck_assert(same("[]", "{}"));
    ck_assert(same("[]", "null"));
    ck_assert(same("true", "\"Y\""));
    ck_assert(same("true", "1"));
    ck_assert(same("false", "\"N\""));
    ck_assert(same("false", "0"));
    ck_assert(same("false", "\"\""));
    ck_assert(same("[\"1\",2]", "[1,\"2\"]"));
    ck_assert(same("{\"a\":1,\"b\":\"\"}", "{\"a\":\"1\"}"));
    ck_assert(same("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"));
    ck_assert(jv_same(NULL, NULL));
}
END_TEST

START_TEST(different_values_differ)
{
    ck_assert(!same("5", "6"));
    ck_assert(!same("\"007\"", "\"7\""));
    ck_assert(!same("\"1e1\"", "10"));
    ck_assert(!same("\"+7\"", "7"));
    ck_assert(!same("9007199254740993", "9007199254740992"));
    ck_assert(!same("\"99999999999999999998\"", "\"99999999999999999999\""));
    ck_assert(!same("0", "\"\""));
    ck_assert(!same("0", "null"));
    ck_assert(!same("true", "\"N\""));
    ck_assert(!same("true", "false"));
    ck_assert(!same("true", "null"));
    ck_assert(!same("\"Y\"", "\"1\""));
    ck_assert(!same("\"a\"", "\"A\""));
    ck_assert(!same("[1,2]", "[2,1]"));
    ck_assert(!same("[1]", "[1,2]"));
    ck_assert(!same("[1]", "1"));
    ck_assert(!same("[1]", "{\"0\":1}"));
    ck_assert(!same("{\"a\":1}", "{\"a\":1,\"b\":2}"));
    ck_assert(!same("{\"a\":1}", "{\"b\":1}"));
}
END_TEST

START_TEST(a_digest_does_not_know_the_order_of_members)
{
    JV_AUTO *a = parse("{\"id\":5,\"title\":\"x\",\"fm\":[{\"b\":1,\"a\":2}]}");
    JV_AUTO *b = parse("{\"fm\":[{\"a\":2,\"b\":1}],\"title\":\"x\",\"id\":5}");
    JV_AUTO *c = parse("{\"fm\":[{\"a\":2,\"b\":1}],\"title\":\"y\",\"id\":5}");
    ck_assert_uint_eq(jv_digest(a, NULL), jv_digest(b, NULL));
    ck_assert_uint_ne(jv_digest(a, NULL), jv_digest(c, NULL));
}
END_TEST

START_TEST(a_digest_leaves_out_what_it_is_told_to)
{
    static const char *const skip[] = {"updatedTime", "none", NULL};
    JV_AUTO *a = parse("{\"id\":5,\"updatedTime\":\"1\"}");
    JV_AUTO *b = parse("{\"id\":5,\"updatedTime\":\"2\"}");
    JV_AUTO *inner = parse("{\"id\":5,\"x\":{\"updatedTime\":\"2\"}}");
    JV_AUTO *other = parse("{\"id\":5,\"x\":{\"updatedTime\":\"3\"}}");
    ck_assert_uint_ne(jv_digest(a, NULL), jv_digest(b, NULL));
    ck_assert_uint_eq(jv_digest(a, skip), jv_digest(b, skip));
    ck_assert_uint_ne(jv_digest(inner, skip), jv_digest(other, skip));
    ck_assert_str_eq(jv_text(a, "updatedTime", ""), "1");
    ck_assert_uint_eq(jv_digest(NULL, skip), jv_digest(NULL, NULL));
}
END_TEST

START_TEST(a_digest_stays_the_same_between_versions)
{
    /* It is stored: FNV-1a of {"a":1}. */
    JV_AUTO *a = parse("{\"a\":1}");
    ck_assert_uint_eq(jv_digest(a, NULL), UINT64_C(0x9c3e82dd6fcae8b1));
}
END_TEST

static void assert_refused(const char *text, size_t size, const char *wanted)
{
    struct err err = {0};
    ck_assert_ptr_null(jv_parse_new(text, size, &err));
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(what_is_not_json_is_refused_without_quoting_it)
{
    assert_refused("", 0, "not JSON: empty");
    assert_refused("<html>", 6, "not JSON: line 1, column 1: invalid token");
    assert_refused("{\"token\":\"s3cret", 16,
                   "not JSON: line 1, column 16: premature end of input");
    assert_refused("{\"a\":s3cret}", 12, "not JSON: line 1, column 6: invalid token");
    assert_refused("[1] [2]", 7, "not JSON: line 1, column 5: end of file expected");
    assert_refused("\"\\u0000\"", 8,
                   "not JSON: line 1, column 8: \\u0000 is not allowed without JSON_ALLOW_NUL");
    assert_refused("\"\xff\"", 3, "not JSON: line 1, column 1: unable to decode byte 0xff");
}
END_TEST

START_TEST(every_type_of_json_is_accepted)
{
    static const char *const texts[] = {"null", "true", "5", "-1.5", "\"x\"", "[]", " {} \n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_decref(parse(texts[i]));
}
END_TEST

START_TEST(deep_nesting_is_refused_before_it_costs_anything)
{
    char text[2000];
    memset(text, '[', 65);
    assert_refused(text, 65, "not JSON: nested deeper than 64 levels");
    memset(text + 64, ']', 64);
    struct err err = {0};
    JV_AUTO *deep = jv_parse_new(text, 128, &err);
    ck_assert_msg(deep != NULL, "%s", err.text);
    memset(text, '[', sizeof text);
    text[0] = '"';
    text[sizeof text - 2] = '\\';
    text[sizeof text - 1] = '"';
    assert_refused(text, sizeof text, "not JSON: line 1, column 2000: premature end of input");
    text[sizeof text - 2] = '[';
    JV_AUTO *brackets = jv_parse_new(text, sizeof text, &err);
    ck_assert_msg(brackets != NULL, "%s", err.text);
}
END_TEST

static void assert_dumped(const char *json)
{
    JV_AUTO *value = parse(json);
    char *text = jv_dump_new(value);
    ck_assert_str_eq(text, json);
    mem_free(text);
}

START_TEST(a_dump_keeps_order_letters_and_numbers)
{
    assert_dumped("{\"b\":1,\"a\":\"Жук/\",\"c\":[null,true,\"\\n\\\"\"]}");
    assert_dumped("[10.1,0.5,9007199254740993]");
    assert_dumped("[0.30000000000000004]");
    assert_dumped("\"x\"");
}
END_TEST

START_TEST(any_bytes_make_a_string)
{
    JV_AUTO *good = jv_string_new("Жук");
    JV_AUTO *bad = jv_string_new("a\xff"
                                 "b");
    JV_AUTO *empty = jv_string_new("");
    ck_assert_str_eq(json_string_value(good), "Жук");
    ck_assert_str_eq(json_string_value(bad), "a\uFFFD"
                                             "b");
    ck_assert_str_eq(json_string_value(empty), "");
}
END_TEST

CHECK_MAIN("common/jv", a_member_is_found_by_its_path, text_is_a_string_only,
           an_id_is_an_integer_in_every_dress, an_amount_is_a_real_in_every_dress,
           a_flag_is_on_in_every_dress, zero_is_not_empty,
           values_are_printed_as_a_person_writes_them, values_are_the_same_in_every_dress,
           different_values_differ, a_digest_does_not_know_the_order_of_members,
           a_digest_leaves_out_what_it_is_told_to, a_digest_stays_the_same_between_versions,
           what_is_not_json_is_refused_without_quoting_it, every_type_of_json_is_accepted,
           deep_nesting_is_refused_before_it_costs_anything, a_dump_keeps_order_letters_and_numbers,
           any_bytes_make_a_string)
