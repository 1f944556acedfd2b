#include "common/err.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(an_error_holds_what_was_said_and_returns_false)
{
    struct err err = {0};
    ck_assert(!err_set(&err, "unknown key \"%s\"", "onn"));
    ck_assert_str_eq(err.text, "unknown key \"onn\"");
}
END_TEST

START_TEST(the_first_error_wins)
{
    struct err err = {0};
    (void)err_set(&err, "disk full");
    ck_assert(!err_set(&err, "cannot roll back"));
    ck_assert_str_eq(err.text, "disk full");
}
END_TEST

START_TEST(a_prefix_goes_before_what_was_said)
{
    struct err err = {0};
    (void)err_set(&err, "permission denied");
    ck_assert(!err_prefix(&err, "cannot open %s: ", "x"));
    ck_assert_str_eq(err.text, "cannot open x: permission denied");
}
END_TEST

START_TEST(nobody_need_want_to_know)
{
    ck_assert(!err_set(NULL, "lost %d", 1));
    ck_assert(!err_prefix(NULL, "lost too: "));
}
END_TEST

START_TEST(long_texts_are_cut_and_ended)
{
    struct err err = {0};
    char text[2 * sizeof err.text];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)err_set(&err, "%s", text);
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    ck_assert(!err_prefix(&err, "cannot: "));
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    ck_assert_int_eq(strncmp(err.text, "cannot: aaa", 11), 0);
}
END_TEST

CHECK_MAIN("common/err", an_error_holds_what_was_said_and_returns_false, the_first_error_wins,
           a_prefix_goes_before_what_was_said, nobody_need_want_to_know,
           long_texts_are_cut_and_ended)
