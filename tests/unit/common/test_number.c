#include "common/number.h"

#include <stdio.h>

#include "tests/support/check_main.h"

START_TEST(a_whole_number_is_read_strictly)
{
    int64_t n = 0;
    ck_assert(number_int("351", &n) && n == 351);
    ck_assert(number_int("-5", &n) && n == -5);
    ck_assert(number_int("007", &n) && n == 7);
    ck_assert(number_int("9223372036854775807", &n) && n == INT64_MAX);
    ck_assert(number_int("-9223372036854775808", &n) && n == INT64_MIN);
}
END_TEST

START_TEST(what_is_not_wholly_a_number_is_none)
{
    static const char *const bad[] = {"",    "-",  "+5",  " 5",    "5 ",
                                      "5.0", "5x", "0x5", "603-S", "9223372036854775808"};
    int64_t n = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!number_int(bad[i], &n), "%s", bad[i]);
    ck_assert_int_eq(n, 77);
}
END_TEST

START_TEST(a_decimal_is_read_strictly)
{
    static const char *const bad[] = {"",      "-",  ".5",  "5.",    "1,5",    "nan", "inf",
                                      "0x1p3", "1e", "1e+", "1e999", "10|USD", " 1",  "1 "};
    double d = 0;
    ck_assert(number_real("10000.00", &d) && d == 10000);
    ck_assert(number_real("-0.5", &d) && d == -0.5);
    ck_assert(number_real("1.5E+3", &d) && d == 1500);
    d = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!number_real(bad[i], &d), "%s", bad[i]);
    ck_assert_double_eq(d, 77);
}
END_TEST

static void assert_printed(double value, const char *wanted)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 100);
    number_print(&b, value);
    ck_assert_str_eq(b.data, wanted);
}

START_TEST(a_real_is_printed_with_the_fewest_decimals)
{
    assert_printed(0, "0");
    assert_printed(-0.0, "0");
    assert_printed(10, "10");
    assert_printed(10.1, "10.1");
    assert_printed(-1500.5, "-1500.5");
    assert_printed(0.1 + 0.2, "0.30000000000000004");
    assert_printed(0.00001, "0.00001");
    assert_printed(999999999999999, "999999999999999");
    assert_printed(1e20, "1e+20");
    assert_printed(1e-300, "1e-300");
}
END_TEST

static void assert_trimmed(const char *text, const char *wanted)
{
    char copy[50];
    (void)snprintf(copy, sizeof copy, "%s", text);
    number_trim(copy);
    ck_assert_str_eq(copy, wanted);
}

START_TEST(superfluous_zeros_are_trimmed)
{
    assert_trimmed("10.00", "10");
    assert_trimmed("10.50", "10.5");
    assert_trimmed("100", "100");
    assert_trimmed("0.0000", "0");
    assert_trimmed("-0.0", "0");
    assert_trimmed("-0", "0");
    assert_trimmed("-10.0", "-10");
    assert_trimmed("0.05", "0.05");
}
END_TEST

START_TEST(what_only_resembles_a_number_stays)
{
    static const char *const same[] = {"",          "007.00", "+7.0", "1e5.0", "1.0e5",
                                       "10.00|USD", "10.",    ".00",  "-",     "2026.01.10.00"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_trimmed(same[i], same[i]);
}
END_TEST

CHECK_MAIN("common/number", a_whole_number_is_read_strictly, what_is_not_wholly_a_number_is_none,
           a_decimal_is_read_strictly, a_real_is_printed_with_the_fewest_decimals,
           superfluous_zeros_are_trimmed, what_only_resembles_a_number_stays)
