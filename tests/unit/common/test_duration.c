#include "common/duration.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

static const int64_t second = 1000;
static const int64_t minute = 60000;
static const int64_t hour = 3600000;
static const int64_t day = 86400000;

START_TEST(durations_are_read_as_people_write_them)
{
    const struct {
        const char *text;
        enum duration_unit unit;
        int64_t amount;
    } cases[] = {
        {"90s", DURATION_PLAIN, 90 * second},
        {"15m", DURATION_PLAIN, 15 * minute},
        {"2h", DURATION_PLAIN, 2 * hour},
        {"3d", DURATION_PLAIN, 3 * day},
        {"2w", DURATION_PLAIN, 14 * day},
        {"30 days", DURATION_PLAIN, 30 * day},
        {"1 day", DURATION_PLAIN, day},
        {"15 min", DURATION_PLAIN, 15 * minute},
        {"15 Minutes", DURATION_PLAIN, 15 * minute},
        {"1 week", DURATION_PLAIN, 7 * day},
        {"2 hours 30 minutes", DURATION_PLAIN, 2 * hour + 30 * minute},
        {"1h 30m", DURATION_PLAIN, hour + 30 * minute},
        {"1h30m", DURATION_PLAIN, hour + 30 * minute},
        {"1d 2h 3m 4s", DURATION_PLAIN, day + 2 * hour + 3 * minute + 4 * second},
        {"1 hr 5 sec", DURATION_PLAIN, hour + 5 * second},
        {" \t2 HOURS ", DURATION_PLAIN, 2 * hour},
        {"0s", DURATION_PLAIN, 0},
        {"3653 days", DURATION_PLAIN, 3653 * day},
        {"3 workdays", DURATION_WORKDAYS, 3},
        {"1 workday", DURATION_WORKDAYS, 1},
        {"3workdays", DURATION_WORKDAYS, 3},
        {"15 workminutes", DURATION_WORKTIME, 15 * minute},
        {"4 workhours", DURATION_WORKTIME, 4 * hour},
        {"1 WorkHour", DURATION_WORKTIME, hour},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d;
        size_t offset;
        struct err err = {0};
        ck_assert_msg(duration_parse(cases[i].text, &d, &offset, &err), "%s: %s", cases[i].text,
                      err.text);
        ck_assert_int_eq(d.unit, cases[i].unit);
        ck_assert_msg(d.amount == cases[i].amount, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(a_wrong_duration_says_where_and_what_would_be_right)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0, "\"\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"soon", 0,
         "\"soon\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"-2h", 0,
         "\"-2h\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"15", 2,
         "the unit of time is missing; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"15 ", 3,
         "the unit of time is missing; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"1.5h", 0, "\"1.5h\" is not a whole number; write \"1h 30m\" for one and a half hours"},
        {"1,5 hours", 0,
         "\"1,5\" is not a whole number; write \"1h 30m\" for one and a half hours"},
        {"3 workdayz", 2, "unknown unit of time \"workdayz\"; did you mean \"workdays\"?"},
        {"3 рабочих дня", 2,
         "unknown unit of time \"рабочих\"; there are s, m, h, d, w, workdays, workhours and "
         "workminutes"},
        {"2 hours and 5 minutes", 8,
         "\"and\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"30m 1h", 4, "\"h\" follows \"m\"; write the larger unit first, each once"},
        {"1h 2 hours", 3, "\"hours\" follows \"h\"; write the larger unit first, each once"},
        {"4 workhours 30 workminutes", 12,
         "working time is one number with one unit, nothing is added to it"},
        {"1 day 4 workhours", 6,
         "working time is one number with one unit, nothing is added to it"},
        {"3654 days", 0, "\"3654 days\" is longer than ten years"},
        {"3653d 1s", 6, "\"3653d 1s\" is longer than ten years"},
        {"3654 workdays", 0, "\"3654 workdays\" is longer than ten years"},
        {"90000 workhours", 0, "\"90000 workhours\" is longer than ten years"},
        {"999999999999999999w", 0, "\"999999999999999999w\" is longer than ten years"},
        {"9999999999999999999w", 0,
         "\"9999999999999999999w\" is not a duration; write for example \"15m\", \"2 hours\" or "
         "\"3 workdays\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d = {.amount = 42};
        size_t offset = 999;
        struct err err = {0};
        ck_assert_msg(!duration_parse(cases[i].text, &d, &offset, &err), "%s", cases[i].text);
        ck_assert_str_eq(err.text, cases[i].error);
        ck_assert_msg(offset == cases[i].at, "%s: at %zu", cases[i].text, offset);
        ck_assert_int_eq(d.amount, 42);
    }
}
END_TEST

START_TEST(a_duration_is_printed_for_people)
{
    const struct {
        struct duration duration;
        const char *text;
    } cases[] = {
        {{DURATION_PLAIN, 0}, "0 s"},
        {{DURATION_PLAIN, 250}, "250 ms"},
        {{DURATION_PLAIN, 90 * second}, "1 min 30 s"},
        {{DURATION_PLAIN, 2 * hour + 30 * minute}, "2 h 30 min"},
        {{DURATION_PLAIN, day}, "1 day"},
        {{DURATION_PLAIN, 30 * day}, "30 days"},
        {{DURATION_PLAIN, day + 1}, "1 day 1 ms"},
        {{DURATION_PLAIN, INT64_MAX}, "106751991167 days 7 h 12 min 55 s 807 ms"},
        {{DURATION_PLAIN, INT64_MIN}, "-106751991167 days -7 h -12 min -55 s -808 ms"},
        {{DURATION_WORKDAYS, 1}, "1 workday"},
        {{DURATION_WORKDAYS, 3}, "3 workdays"},
        {{DURATION_WORKTIME, 15 * minute}, "15 workminutes"},
        {{DURATION_WORKTIME, minute}, "1 workminute"},
        {{DURATION_WORKTIME, 90 * minute}, "90 workminutes"},
        {{DURATION_WORKTIME, 4 * hour}, "4 workhours"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[48];
        duration_print(&cases[i].duration, out);
        ck_assert_str_eq(out, cases[i].text);
    }
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
    struct random r = {.state = 3};
    for (int i = 0; i < 20000; i++) {
        struct duration d = {.unit = (enum duration_unit)(i % 3)};
        d.amount = d.unit == DURATION_PLAIN      ? random_between(&r, 0, 3653 * 86400) * second
                   : d.unit == DURATION_WORKDAYS ? random_between(&r, 0, 3653)
                                                 : random_between(&r, 0, 3653 * 1440) * minute;
        char out[48];
        struct duration back;
        size_t offset;
        struct err err = {0};
        duration_print(&d, out);
        ck_assert_msg(duration_parse(out, &back, &offset, &err), "%s: %s", out, err.text);
        ck_assert(back.amount == d.amount);
        ck_assert(back.unit == d.unit || d.amount == 0);
    }
}
END_TEST

START_TEST(a_duration_is_added_and_taken_away)
{
    struct zone *z = zones_moscow();
    struct calendar *c = calendar_new_plain(z);
    static const struct {
        const char *text;
        int sign;
        const char *expected; /* from Friday 2026-01-23 17:00 */
    } cases[] = {
        {"2h", 1, "2026-01-23T19:00:00+03:00"},
        {"2h", -1, "2026-01-23T15:00:00+03:00"},
        {"3d", 1, "2026-01-26T17:00:00+03:00"},
        {"2 workdays", 1, "2026-01-27T17:00:00+03:00"},
        {"2 workdays", -1, "2026-01-21T17:00:00+03:00"},
        {"4 workhours", 1, "2026-01-26T12:00:00+03:00"},
        {"9 workhours", -1, "2026-01-22T17:00:00+03:00"},
        {"0 workdays", 1, "2026-01-23T17:00:00+03:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d;
        size_t offset;
        int64_t to = 0;
        struct err err = {0};
        ck_assert(duration_parse(cases[i].text, &d, &offset, &err));
        ck_assert(duration_apply(&d, cases[i].sign, zones_at(z, "2026-01-23 17:00"), c, &to, &err));
        zones_same(z, to, cases[i].expected);
    }
    calendar_free(c);
    zone_free(z);
}
END_TEST

static void cannot_apply(struct duration d, int64_t from_ms, const struct calendar *c,
                         const char *error)
{
    int64_t to = 42;
    struct err err = {0};
    ck_assert(!duration_apply(&d, 1, from_ms, c, &to, &err));
    ck_assert_str_eq(err.text, error);
}

START_TEST(a_duration_that_leads_nowhere_says_why)
{
    struct zone *z = zones_moscow();
    struct calendar *empty = calendar_new(z);
    struct calendar *plain = calendar_new_plain(z);
    static const char too_little[] = "the calendar has too little working time within ten years";
    cannot_apply((struct duration){DURATION_WORKDAYS, 1}, 0, NULL, "working time needs a calendar");
    cannot_apply((struct duration){DURATION_WORKTIME, 1}, 0, NULL, "working time needs a calendar");
    cannot_apply((struct duration){DURATION_WORKDAYS, 1}, 0, empty, too_little);
    cannot_apply((struct duration){DURATION_WORKTIME, 1}, 0, empty, too_little);
    cannot_apply((struct duration){DURATION_WORKDAYS, 3000}, 0, plain, too_little);
    cannot_apply((struct duration){DURATION_WORKDAYS, INT64_MAX}, 0, plain, too_little);
    cannot_apply((struct duration){DURATION_PLAIN, 1}, INT64_MAX, NULL, "there is no such moment");
    calendar_free(empty);
    calendar_free(plain);
    zone_free(z);
}
END_TEST

START_TEST(random_texts_are_read_or_refused_in_peace)
{
    static const char *const words[] = {"1",        "30",        "3654", "s",        "m",   "h",
                                        "days",     "workdays",  " ",    "workhour", "-",   ".",
                                        "99999999", "999999999", "min",  "weeks",    "час", "\t"};
    struct random r = {.state = 17};
    int read = 0;
    for (int i = 0; i < 40000; i++) {
        char text[32];
        struct duration d;
        size_t offset = 999;
        struct err err = {0};
        random_text(&r, words, sizeof words / sizeof words[0], text, sizeof text);
        bool parsed = duration_parse(text, &d, &offset, &err);
        ck_assert_msg(parsed == (err.text[0] == '\0'), "%s", text);
        ck_assert_uint_le(offset, strlen(text));
        if (!parsed)
            continue;
        read++;
        ck_assert(d.amount >= 0 && d.amount <= 3653 * day);
    }
    ck_assert_int_gt(read, 50);
}
END_TEST

CHECK_MAIN("duration", durations_are_read_as_people_write_them,
           a_wrong_duration_says_where_and_what_would_be_right, a_duration_is_printed_for_people,
           what_is_printed_is_read_back, a_duration_is_added_and_taken_away,
           a_duration_that_leads_nowhere_says_why, random_texts_are_read_or_refused_in_peace)
