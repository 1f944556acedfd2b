#include <check.h>
#include <string.h>

#include "daemon/rules/body.h"
#include "tests/support/check_main.h"

static void check_good(const char *source)
{
    struct err err = {0};
    ck_assert_msg(body_check(source, &err), "%s: %s", source, err.text);
}

static void check_bad(const char *source, const char *text)
{
    struct err err = {0};
    ck_assert_msg(!body_check(source, &err), "%s", source);
    ck_assert_str_eq(text, err.text);
}

START_TEST(templates_may_stand_in_strings_and_names)
{
    check_good("{}");
    check_good("{\"a\":\"{{deal.id}}\",\"b\":[1,\"x {{deal.title | upper}} y {{actor}}\"]}");
    check_good("{\"{{deal.id}}\":{\"b\":{\"c\":1}}}");
}
END_TEST

START_TEST(quotes_in_a_template_do_not_end_the_string)
{
    check_good("{\"a\":\"{{deal.\"Дата встречи\" | date \"%d}}\"}}\"}");
}
END_TEST

START_TEST(a_template_outside_a_string_is_refused)
{
    check_bad("{\"a\":{{deal.id}}}", "a template may stand only inside a string: \"{{…}}\"");
}
END_TEST

START_TEST(an_open_template_is_refused)
{
    check_bad("{\"a\":\"{{deal.id\"}", "\"{{\" is not closed by \"}}\"");
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
    struct err err = {0};
    ck_assert(!body_check("{\"a\":}", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "not JSON"));
    err.text[0] = '\0';
    ck_assert(!body_check("", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "not JSON"));
}
END_TEST

START_TEST(the_markers_used_inside_cannot_be_smuggled_in)
{
    check_bad("{\"a\":\"\xee\x80\x80"
              "0\xee\x80\x81\"}",
              "the character U+E000 may not stand here");
}
END_TEST

START_TEST(too_many_templates_are_refused)
{
    char source[8192];
    size_t size = 0;
    for (int i = 0; i < 300; i++)
        size += (size_t)snprintf(source + size, sizeof source - size, "%s\"{{deal.id}}\"",
                                 i == 0 ? "[" : ",");
    (void)snprintf(source + size, sizeof source - size, "]");
    check_bad(source, "more than 256 templates");
}
END_TEST

CHECK_MAIN("rules/body", templates_may_stand_in_strings_and_names,
           quotes_in_a_template_do_not_end_the_string, a_template_outside_a_string_is_refused,
           an_open_template_is_refused, what_is_not_json_is_refused,
           the_markers_used_inside_cannot_be_smuggled_in, too_many_templates_are_refused)
