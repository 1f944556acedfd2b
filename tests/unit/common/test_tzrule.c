#include "common/tzrule.h"

#include <string.h>

#include "common/date.h"
#include "tests/support/check_main.h"

static struct tzrule rule(const char *text)
{
    struct tzrule r;
    ck_assert_msg(tzrule_parse(text, strlen(text), &r), "%s", text);
    return r;
}

static int64_t utc(int year, int month, int day, int hour)
{
    return date_number(year, month, day) * DATE_DAY_SECONDS + hour * 3600;
}

START_TEST(a_rule_without_summer_never_ends)
{
    struct tzrule r = rule("<+0545>-5:45");
    struct tzspan span = tzrule_span(&r, 0);
    ck_assert_int_eq(span.offset, 5 * 3600 + 45 * 60);
    ck_assert(span.from == INT64_MIN && span.to == INT64_MAX);
}
END_TEST

START_TEST(a_span_holds_its_moment_and_ends_at_the_changes)
{
    struct tzrule r = rule("CET-1CEST,M3.5.0,M10.5.0/3");
    struct tzspan span = tzrule_span(&r, utc(2040, 7, 1, 0));
    ck_assert_int_eq(span.offset, 7200);
    ck_assert_int_eq(span.from, utc(2040, 3, 25, 1));
    ck_assert_int_eq(span.to, utc(2040, 10, 28, 1));
    span = tzrule_span(&r, utc(2040, 10, 28, 1));
    ck_assert_int_eq(span.offset, 3600);
    ck_assert_int_eq(span.from, utc(2040, 10, 28, 1));
    ck_assert_int_eq(span.to, utc(2041, 3, 31, 1));
}
END_TEST

START_TEST(in_the_south_summer_spans_the_new_year)
{
    struct tzrule r = rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
    ck_assert_int_eq(tzrule_span(&r, utc(2040, 1, 1, 0)).offset, 39600);
    ck_assert_int_eq(tzrule_span(&r, utc(2040, 7, 1, 0)).offset, 36000);
    ck_assert_int_eq(tzrule_span(&r, utc(2040, 12, 31, 23)).to, utc(2041, 4, 6, 16));
}
END_TEST

START_TEST(hours_may_be_negative_or_beyond_the_day)
{
    struct tzrule nuuk = rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
    ck_assert_int_eq(tzrule_span(&nuuk, utc(2040, 7, 1, 0)).from, utc(2040, 3, 25, 1));
    struct tzrule gaza = rule("EET-2EEST,M3.4.4/50,M10.4.4/50");
    ck_assert_int_eq(tzrule_span(&gaza, utc(2040, 7, 1, 0)).from, utc(2040, 3, 24, 0));
}
END_TEST

START_TEST(days_may_be_counted_with_or_without_the_leap_day)
{
    struct tzrule julian = rule("AAA0BBB,J60/0,J300");
    ck_assert_int_eq(tzrule_span(&julian, utc(2023, 7, 1, 0)).from, utc(2023, 3, 1, 0));
    ck_assert_int_eq(tzrule_span(&julian, utc(2024, 7, 1, 0)).from, utc(2024, 3, 1, 0));
    struct tzrule counted = rule("AAA0BBB,59/0,300");
    ck_assert_int_eq(tzrule_span(&counted, utc(2023, 7, 1, 0)).from, utc(2023, 3, 1, 0));
    ck_assert_int_eq(tzrule_span(&counted, utc(2024, 7, 1, 0)).from, utc(2024, 2, 29, 0));
}
END_TEST

START_TEST(summer_all_year_round_has_no_gap_at_new_year)
{
    struct tzrule r = rule("XXX3EDT4,0/0,J365/23");
    for (int64_t t = utc(2040, 12, 30, 0); t < utc(2041, 1, 3, 0); t += 1800) {
        struct tzspan span = tzrule_span(&r, t);
        ck_assert_int_eq(span.offset, -4 * 3600);
        ck_assert(span.from <= t && t < span.to);
    }
}
END_TEST

START_TEST(an_offset_of_summer_may_be_given)
{
    struct tzrule r = rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    ck_assert_int_eq(r.standard, 37800);
    ck_assert_int_eq(r.summer, 39600);
    struct tzrule dublin = rule("IST-1GMT0,M10.5.0,M3.5.0/1");
    ck_assert_int_eq(tzrule_span(&dublin, utc(2040, 1, 1, 0)).offset, 0);
    ck_assert_int_eq(tzrule_span(&dublin, utc(2040, 7, 1, 0)).offset, 3600);
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
    static const char *const refused[] = {
        "",
        "X",
        "XY-1",
        "MSK",
        "MSK-",
        "MSK-25",
        "MSK-3:60",
        "MSK-3:1",
        "<MSK-3",
        "MSK-3 ",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,J366,J365",
        "CET-1CEST,366,1",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>-3",
    };
    struct tzrule r;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        ck_assert_msg(!tzrule_parse(refused[i], strlen(refused[i]), &r), "%s", refused[i]);
    ck_assert(!tzrule_parse("MSK-3\0x", 7, &r));
}
END_TEST

CHECK_MAIN("tzrule", a_rule_without_summer_never_ends,
           a_span_holds_its_moment_and_ends_at_the_changes, in_the_south_summer_spans_the_new_year,
           hours_may_be_negative_or_beyond_the_day,
           days_may_be_counted_with_or_without_the_leap_day,
           summer_all_year_round_has_no_gap_at_new_year, an_offset_of_summer_may_be_given,
           what_is_no_rule_is_refused)
