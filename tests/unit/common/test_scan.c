#include "common/scan.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(what_is_not_taken_leaves_the_cursor)
{
    struct scan s = {.text = "x", .at = 0};
    int64_t number;
    int value;
    struct date d;
    ck_assert(!scan_char(&s, 'y'));
    ck_assert(!scan_char(&s, '\0'));
    ck_assert(!scan_number(&s, &number));
    ck_assert(!scan_digits(&s, 1, &value));
    ck_assert(!scan_clock(&s, &value));
    ck_assert(!scan_date(&s, &d));
    ck_assert(!scan_word(&s, "xy"));
    ck_assert_uint_eq(s.at, 0);
}
END_TEST

START_TEST(a_word_is_taken_whole_and_in_any_case)
{
    struct scan s = {.text = "WorkDays2"};
    ck_assert_uint_eq(scan_letters(&s), 8);
    ck_assert(!scan_word(&s, "work"));
    ck_assert(!scan_word(&s, ""));
    ck_assert(scan_word(&s, "workdays"));
    ck_assert_uint_eq(s.at, 8);
}
END_TEST

START_TEST(a_number_has_a_ceiling)
{
    struct scan fits = {.text = "123456789012345678"};
    struct scan beyond = {.text = "1234567890123456789"};
    int64_t number = 0;
    ck_assert(scan_number(&fits, &number));
    ck_assert_int_eq(number, 123456789012345678);
    ck_assert(!scan_number(&beyond, &number));
    ck_assert_uint_eq(beyond.at, 0);
}
END_TEST

START_TEST(times_of_day_run_from_midnight_to_midnight)
{
    static const struct {
        const char *text;
        int minute; /* -1: not a time */
    } cases[] = {
        {"00:00", 0},  {"9:05", 545},  {"09:05", 545}, {"23:59", 1439}, {"24:00", 1440},
        {"24:01", -1}, {"25:00", -1},  {"09:60", -1},  {"09:5", -1},    {"009:05", -1},
        {"0900", -1},  {"09:000", -1}, {"", -1},       {":30", -1},     {"-1:00", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scan s = {.text = cases[i].text};
        int minute = -1;
        bool taken = scan_clock(&s, &minute);
        ck_assert_msg(taken == (cases[i].minute >= 0), "%s", cases[i].text);
        ck_assert_msg(!taken || minute == cases[i].minute, "%s", cases[i].text);
        ck_assert_uint_eq(s.at, taken ? strlen(cases[i].text) : 0);
    }
}
END_TEST

START_TEST(a_date_must_exist)
{
    static const char *const refused[] = {"2026-02-29",  "2026-13-01", "2026-1-1",   "20260101",
                                          "2026-01-011", "26-01-01",   "2026/01/01", ""};
    struct date d;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct scan s = {.text = refused[i]};
        ck_assert_msg(!scan_date(&s, &d), "%s", refused[i]);
        ck_assert_uint_eq(s.at, 0);
    }
    struct scan s = {.text = "2024-02-29T"};
    ck_assert(scan_date(&s, &d));
    ck_assert(d.year == 2024 && d.month == 2 && d.day == 29);
    ck_assert_uint_eq(s.at, 10);
}
END_TEST

START_TEST(a_quote_ends_at_a_blank_and_never_inside_a_letter)
{
    struct scan s = {.text = "next workday", .at = 5};
    ck_assert_str_eq(scan_quote(&s).text, "workday");
    ck_assert_str_eq(scan_quote_text("next workday").text, "next workday");
    ck_assert_str_eq(scan_quote_text("a234567890123456789012345678901234567890").text,
                     "a234567890123456789012345678901234567890");
    ck_assert_str_eq(scan_quote_text("a2345678901234567890123456789012345678901").text,
                     "a234567890123456789012345678901234567890…");
    ck_assert_str_eq(scan_quote_text("aпонедельникпонедельник").text, "aпонедельникпонедель…");
}
END_TEST

START_TEST(a_word_breaks_at_blanks_and_the_end)
{
    ck_assert(scan_break(&(struct scan){.text = ""}));
    ck_assert(scan_break(&(struct scan){.text = " x"}));
    ck_assert(scan_break(&(struct scan){.text = "\t"}));
    ck_assert(!scan_break(&(struct scan){.text = "x"}));
    ck_assert(scan_end(&(struct scan){.text = " \t "}));
    ck_assert(!scan_end(&(struct scan){.text = " \t x"}));
}
END_TEST

CHECK_MAIN("scan", what_is_not_taken_leaves_the_cursor, a_word_is_taken_whole_and_in_any_case,
           a_number_has_a_ceiling, times_of_day_run_from_midnight_to_midnight, a_date_must_exist,
           a_quote_ends_at_a_blank_and_never_inside_a_letter, a_word_breaks_at_blanks_and_the_end)
