#include "common/calendar.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

static struct zone *zone;
static struct calendar *calendar;

static void open_calendar(void)
{
    zone = zones_moscow();
    calendar = calendar_new(zone);
}

static void close_calendar(void)
{
    calendar_free(calendar);
    zone_free(zone);
}

typedef bool add_function(struct calendar *, const char *, size_t *, struct err *);

static void accepts(add_function *add, const char *text)
{
    size_t offset = 999;
    struct err err = {0};
    ck_assert_msg(add(calendar, text, &offset, &err), "%s: %s", text, err.text);
}

static void refuses(add_function *add, const char *text, size_t at, const char *error)
{
    size_t offset = 999;
    struct err err = {0};
    ck_assert_msg(!add(calendar, text, &offset, &err), "%s", text);
    ck_assert_str_eq(err.text, error);
    ck_assert_msg(offset == at, "%s: at %zu", text, offset);
}

/* The days from Monday 2026-01-19 to Sunday that are worked: "Mon Tue". */
static void works_on(const char *expected)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char days[40] = "";
    for (int i = 0; i < 7; i++) {
        struct civil noon = {.year = 2026, .month = 1, .day = 19 + i, .hour = 12};
        if (!calendar_is_workday(calendar, zone_moment(zone, noon)))
            continue;
        size_t used = strlen(days);
        (void)snprintf(days + used, sizeof days - used, "%s%s", used > 0 ? " " : "", names[i]);
    }
    ck_assert_str_eq(days, expected);
}

START_TEST(weekdays_are_single_lists_or_ranges)
{
    static const struct {
        const char *text, *days;
    } cases[] = {
        {"Mon 09:00-18:00", "Mon"},
        {"Mon-Fri 09:00-18:00", "Mon Tue Wed Thu Fri"},
        {"mon - FRI 9:00-18:00", "Mon Tue Wed Thu Fri"},
        {"Mon,Wed 09:00-13:00 14:00-18:00", "Mon Wed"},
        {"Mon, Wed-Thu , Sun 09:00-13:00", "Mon Wed Thu Sun"},
        {"Sat-Mon 09:00-18:00", "Mon Sat Sun"},
        {"Monday-tuesday 09:00-18:00", "Mon Tue"},
        {"Tue-Tue 09:00-18:00", "Tue"},
        {"Tue-Mon 09:00-18:00", "Mon Tue Wed Thu Fri Sat Sun"},
        {"\tSun\t00:00-24:00 ", "Sun"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        accepts(calendar_add_hours, cases[i].text);
        works_on(cases[i].days);
        calendar_free(calendar);
        calendar = calendar_new(zone);
    }
}
END_TEST

START_TEST(a_wrong_hours_line_says_where_and_what_would_be_right)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0,
         "\"\" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a date as 2026-12-31"},
        {"Пн-Пт 09:00-18:00", 0,
         "\"Пн-Пт\" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a date as 2026-12-31"},
        {"Mon-Fir 09:00-18:00", 4,
         "\"Fir\" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a date as 2026-12-31"},
        {"Mon, 09:00-18:00", 5,
         "\"09:00-18:00\" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a date as "
         "2026-12-31"},
        {"Mon-Fri", 7, "opening hours are missing; write them as 09:00-18:00"},
        {"Mon-Fri 9-18", 8, "\"9-18\" is not a stretch of hours; write it as 09:00-18:00"},
        {"Mon-Fri 22:00-06:00", 8,
         "\"22:00-06:00\" ends before it begins; hours past midnight are two: until 24:00, and "
         "from 00:00 on the day after"},
        {"Sun off", 4, "\"off\" needs a date as 2026-12-31; a weekday without hours is off"},
        {"2026-02-30 off", 0, "\"2026-02-30\" is not a date; write it as 2026-12-31"},
        {"31.12.2026 off", 0, "\"31.12.2026\" is not a date; write it as 2026-12-31"},
        {"2026-12-31", 10, "what about that day is missing; write \"off\" or hours as 09:00-15:00"},
        {"2026-12-31 closed", 11, "\"closed\" is not a stretch of hours; write it as 09:00-18:00"},
        {"2026-12-31 off 09:00-10:00", 15, "unexpected \"09:00-10:00\" at the end of the line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuses(calendar_add_hours, cases[i].text, cases[i].at, cases[i].error);
    works_on("");
}
END_TEST

START_TEST(a_day_cannot_be_both_off_and_open)
{
    accepts(calendar_add_hours, "2026-12-31 off");
    accepts(calendar_add_hours, "2026-12-31 off");
    refuses(calendar_add_hours, "2026-12-31 09:00-12:00", 0, "2026-12-31 is already off");
    accepts(calendar_add_hours, "2026-12-30 09:00-12:00");
    refuses(calendar_add_hours, " 2026-12-30 off", 1, "2026-12-30 is already a working day");
    accepts(calendar_add_holiday, "2026-12-29");
    refuses(calendar_add_holiday, "2026-12-29 work 09:00-12:00", 0, "2026-12-29 is already off");
}
END_TEST

START_TEST(a_line_that_fails_changes_nothing)
{
    accepts(calendar_add_hours, "Fri 1:00-1:10 2:00-2:10 3:00-3:10 4:00-4:10 5:00-5:10 6:00-6:10 "
                                "7:00-7:10 8:00-8:10");
    refuses(calendar_add_hours, "Mon-Fri 20:00-21:00", 8, "a day has at most 8 stretches of hours");
    works_on("Fri");
}
END_TEST

START_TEST(the_holidays_file_has_holidays_moved_days_and_comments)
{
    accepts(calendar_add_hours, "Mon-Fri 09:00-18:00");
    accepts(calendar_add_holiday, "# 2026, постановление правительства");
    accepts(calendar_add_holiday, "; older form of a comment");
    accepts(calendar_add_holiday, "");
    accepts(calendar_add_holiday, "  ");
    ck_assert_int_eq(calendar_last_holiday(calendar), 0);
    accepts(calendar_add_holiday, "2026-01-24 work 09:00-13:00 14:00-17:00");
    accepts(calendar_add_holiday, " 2026-01-19 ");
    accepts(calendar_add_holiday, "2026-01-20\t");
    works_on("Wed Thu Fri Sat");
    ck_assert_int_eq(calendar_last_holiday(calendar), 20260124);
}
END_TEST

START_TEST(a_wrong_holiday_says_where_and_what_would_be_right)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"1 января", 0, "\"1\" is not a date; write it as 2026-12-31"},
        {"2026-02-29", 0, "\"2026-02-29\" is not a date; write it as 2026-12-31"},
        {"2026-01-01x", 0, "\"2026-01-01x\" is not a date; write it as 2026-12-31"},
        {"2026-01-01 off", 11,
         "unexpected \"off\" after the date; nothing stands there on a holiday, \"work "
         "09:00-18:00\" on a moved working day"},
        {"2026-01-01 # New Year", 11,
         "unexpected \"#\" after the date; nothing stands there on a holiday, \"work "
         "09:00-18:00\" on a moved working day"},
        {"2026-01-01 work", 15, "opening hours are missing; write them as 09:00-18:00"},
        {"2026-01-01 work 18:00-09:00", 16,
         "\"18:00-09:00\" ends before it begins; hours past midnight are two: until 24:00, and "
         "from 00:00 on the day after"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuses(calendar_add_holiday, cases[i].text, cases[i].at, cases[i].error);
    ck_assert_int_eq(calendar_last_holiday(calendar), 0);
}
END_TEST

START_TEST(a_calendar_holds_a_bounded_number_of_dates)
{
    char line[24];
    for (int i = 0; i < 4000; i++) { /* backwards, so that each is put in front */
        struct civil day = zone_local(
            zone, zone_moment(zone, (struct civil){.year = 2030, .month = 1, .day = -i}));
        (void)snprintf(line, sizeof line, "%04d-%02d-%02d", day.year, day.month, day.day);
        accepts(calendar_add_holiday, line);
    }
    refuses(calendar_add_holiday, "2031-01-01", 0, "a calendar has at most 4000 dates");
    ck_assert_int_eq(calendar_last_holiday(calendar), 20291231);
}
END_TEST

START_TEST(random_lines_are_taken_or_refused_in_peace)
{
    static const char *const words[] = {
        "Mon", "-",    "Fri",   ",",     " ",   "09:00", "18:00", "09:00-18:00", "2026-12-31",
        "off", "work", "24:00", "Sunda", "Sun", "#",     "9",     "00:00-24:00", "Ё"};
    struct random r = {.state = 31337};
    int taken = 0;
    for (int i = 0; i < 50000; i++) {
        char text[48];
        size_t offset = 999;
        struct err err = {0};
        random_text(&r, words, sizeof words / sizeof words[0], text, sizeof text);
        add_function *add = i % 2 == 0 ? calendar_add_hours : calendar_add_holiday;
        bool added = add(calendar, text, &offset, &err);
        ck_assert_msg(added == (err.text[0] == '\0'), "%s", text);
        ck_assert_uint_le(offset, strlen(text));
        taken += added;
    }
    ck_assert_int_gt(taken, 100);
}
END_TEST

CHECK_MAIN_FIXTURE("calendar_parse", open_calendar, close_calendar,
                   weekdays_are_single_lists_or_ranges,
                   a_wrong_hours_line_says_where_and_what_would_be_right,
                   a_day_cannot_be_both_off_and_open, a_line_that_fails_changes_nothing,
                   the_holidays_file_has_holidays_moved_days_and_comments,
                   a_wrong_holiday_says_where_and_what_would_be_right,
                   a_calendar_holds_a_bounded_number_of_dates,
                   random_lines_are_taken_or_refused_in_peace)
