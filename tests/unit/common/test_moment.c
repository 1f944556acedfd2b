#include "common/duration.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

static struct zone *zone;
static struct calendar *office;

static void open_office(void)
{
    zone = zones_moscow();
    office = calendar_new_plain(zone);
}

static void close_office(void)
{
    calendar_free(office);
    zone_free(zone);
}

START_TEST(moments_are_reckoned_from_now)
{
    static const struct {
        const char *text;
        const char *expected; /* now is Friday 2026-01-23 17:10:30 in Moscow */
        bool needs_calendar;
    } cases[] = {
        {"now", "2026-01-23T17:10:30+03:00", false},
        {"NOW", "2026-01-23T17:10:30+03:00", false},
        {"now + 2h", "2026-01-23T19:10:30+03:00", false},
        {"now - 2h", "2026-01-23T15:10:30+03:00", false},
        {"now+2h", "2026-01-23T19:10:30+03:00", false},
        {"now + 1 hour 30 minutes", "2026-01-23T18:40:30+03:00", false},
        {"now + 4 workhours", "2026-01-26T12:10:30+03:00", true},
        {"now - 9 workhours", "2026-01-22T17:10:30+03:00", true},
        {"now + 1 workday", "2026-01-26T17:10:30+03:00", true},
        {"today 18:00", "2026-01-23T18:00:00+03:00", false},
        {"today  9:00", "2026-01-23T09:00:00+03:00", false},
        {"today", "2026-01-23T17:10:30+03:00", false},
        {"today 18:00 - 15 min", "2026-01-23T17:45:00+03:00", false},
        {"today 18:00+15m", "2026-01-23T18:15:00+03:00", false},
        {"today 17:30 + 1 workhour", "2026-01-26T09:30:00+03:00", true},
        {"tomorrow 09:00", "2026-01-24T09:00:00+03:00", false},
        {"tomorrow", "2026-01-24T17:10:30+03:00", false},
        {"tomorrow 00:00 - 1s", "2026-01-23T23:59:59+03:00", false},
        {"next workday 09:00", "2026-01-26T09:00:00+03:00", true},
        {"Next  Workday", "2026-01-26T17:10:30+03:00", true},
        {"next workday 09:00 + 1 workday", "2026-01-27T09:00:00+03:00", true},
        {"2026-01-20", "2026-01-20T00:00:00+03:00", false},
        {"2026-01-20 10:00", "2026-01-20T10:00:00+03:00", false},
        {"2026-01-20T10:00:00+03:00", "2026-01-20T10:00:00+03:00", false},
        {"2026-01-20T10:00:00Z", "2026-01-20T13:00:00+03:00", false},
        {" 2026-01-20 ", "2026-01-20T00:00:00+03:00", false},
        {"2026-01-20 + 3d", "2026-01-23T00:00:00+03:00", false},
        {"2026-01-20T10:00:00-03:00 - 30m", "2026-01-20T15:30:00+03:00", false},
        {"2026-01-23 10:00 + 1 workday", "2026-01-26T10:00:00+03:00", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct moment m;
        size_t offset;
        int64_t at = 0;
        struct err err = {0};
        ck_assert_msg(moment_parse(cases[i].text, &m, &offset, &err), "%s: %s", cases[i].text,
                      err.text);
        ck_assert_msg(moment_needs_calendar(&m) == cases[i].needs_calendar, "%s", cases[i].text);
        ck_assert_msg(moment_reckon(&m, zones_at(zone, "2026-01-23 17:10:30"), zone,
                                    cases[i].needs_calendar ? office : NULL, &at, &err),
                      "%s: %s", cases[i].text, err.text);
        zones_same(zone, at, cases[i].expected);
    }
}
END_TEST

START_TEST(until_takes_a_bare_time_of_day)
{
    static const struct {
        const char *text;
        const char *expected; /* now is Friday 2026-01-23 17:10:30 in Moscow */
    } cases[] = {
        {"18:00", "2026-01-23T18:00:00+03:00"},
        {"10:00", "2026-01-24T10:00:00+03:00"},
        {"17:10", "2026-01-24T17:10:00+03:00"},
        {" 9:00 + 15m", "2026-01-24T09:15:00+03:00"},
        {"next workday 09:00", "2026-01-26T09:00:00+03:00"},
        {"tomorrow 10:00", "2026-01-24T10:00:00+03:00"},
        {"now + 4 workhours", "2026-01-26T12:10:30+03:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct moment m;
        size_t offset;
        int64_t at = 0;
        struct err err = {0};
        ck_assert_msg(moment_parse_until(cases[i].text, &m, &offset, &err), "%s: %s", cases[i].text,
                      err.text);
        ck_assert(
            moment_reckon(&m, zones_at(zone, "2026-01-23 17:10:30"), zone, office, &at, &err));
        zones_same(zone, at, cases[i].expected);
    }
}
END_TEST

START_TEST(a_wrong_moment_says_where_and_what_would_be_right)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0,
         "\"\" is not a moment; write for example \"now + 2h\", \"today 18:00\", \"next workday "
         "09:00\" or \"2026-01-20 10:00\""},
        {"nowhere", 0,
         "\"nowhere\" is not a moment; write for example \"now + 2h\", \"today 18:00\", \"next "
         "workday 09:00\" or \"2026-01-20 10:00\""},
        {"next week", 0,
         "\"next week\" is not a moment; write for example \"now + 2h\", \"today 18:00\", \"next "
         "workday 09:00\" or \"2026-01-20 10:00\""},
        {"2026-02-30", 0,
         "\"2026-02-30\" is not a moment; write for example \"now + 2h\", \"today 18:00\", \"next "
         "workday 09:00\" or \"2026-01-20 10:00\""},
        {"3 workdays", 0, "\"3 workdays\" is not a moment; write \"now + 3 workdays\""},
        {"today 25:00", 6, "\"25:00\" is not a time of day; write it as 18:00"},
        {"today 24:00", 6, "\"24:00\" is not a time of day; write it as 18:00"},
        {"tomorrow 9", 9, "\"9\" is not a time of day; write it as 18:00"},
        {"today at 18:00", 6, "unexpected \"at\"; only + or - and a duration can follow"},
        {"now 18:00", 4, "unexpected \"18:00\"; only + or - and a duration can follow"},
        {"now + ", 6,
         "\"\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"now + soon", 6,
         "\"soon\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"now + 2 ours", 8, "unknown unit of time \"ours\"; did you mean \"hours\"?"},
        {"2026-01-20 10:00 + x", 19,
         "\"x\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
        {"now + 2h + 2h", 9,
         "\"+\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 workdays\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct moment m = {.minute_of_day = 42};
        size_t offset = 999;
        struct err err = {0};
        ck_assert_msg(!moment_parse(cases[i].text, &m, &offset, &err), "%s", cases[i].text);
        ck_assert_str_eq(err.text, cases[i].error);
        ck_assert_msg(offset == cases[i].at, "%s: at %zu", cases[i].text, offset);
        ck_assert_int_eq(m.minute_of_day, 42);
    }
}
END_TEST

static struct moment parsed(const char *text)
{
    struct moment m;
    size_t offset;
    struct err err = {0};
    ck_assert_msg(moment_parse(text, &m, &offset, &err), "%s", err.text);
    return m;
}

START_TEST(a_moment_without_its_calendar_says_so)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"next workday 09:00", "\"next workday\" needs a calendar"},
        {"now + 1 workday", "working time needs a calendar"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct moment m = parsed(cases[i].text);
        int64_t at = 0;
        struct err err = {0};
        ck_assert(!moment_reckon(&m, 0, zone, NULL, &at, &err));
        ck_assert_str_eq(err.text, cases[i].error);
    }
    struct calendar *empty = calendar_new(zone);
    struct moment m = parsed("next workday");
    int64_t at = 0;
    struct err err = {0};
    ck_assert(!moment_reckon(&m, 0, zone, empty, &at, &err));
    ck_assert_str_eq(err.text, "the calendar has no working day within ten years");
    calendar_free(empty);
}
END_TEST

START_TEST(tomorrow_keeps_the_clock_over_a_change)
{
    struct zone *berlin = zones_berlin();
    struct moment m = parsed("tomorrow");
    int64_t at = 0;
    struct err err = {0};
    ck_assert(moment_reckon(&m, zones_at(berlin, "2026-03-28 12:00"), berlin, NULL, &at, &err));
    zones_same(berlin, at, "2026-03-29T12:00:00+02:00");
    m = parsed("tomorrow 02:30");
    ck_assert(moment_reckon(&m, zones_at(berlin, "2026-03-28 12:00"), berlin, NULL, &at, &err));
    zones_same(berlin, at, "2026-03-29T03:30:00+02:00");
    m = parsed("now + 1 day");
    ck_assert(moment_reckon(&m, zones_at(berlin, "2026-03-28 12:00"), berlin, NULL, &at, &err));
    zones_same(berlin, at, "2026-03-29T13:00:00+02:00");
    zone_free(berlin);
}
END_TEST

START_TEST(now_in_a_doubled_hour_stays_where_it_is)
{
    struct zone *berlin = zones_berlin();
    struct moment m = parsed("today");
    int64_t second_half_past_two = zones_at(berlin, "2026-10-25T02:30:00+01:00");
    int64_t at = 0;
    struct err err = {0};
    ck_assert(moment_reckon(&m, second_half_past_two, berlin, NULL, &at, &err));
    ck_assert_int_eq(at, second_half_past_two);
    zone_free(berlin);
}
END_TEST

START_TEST(random_texts_are_reckoned_or_refused_in_peace)
{
    static const char *const words[] = {
        "now",    "today", "tomorrow",   "next",       "workday", " ",
        " + ",    " - ",   "18:00",      "2026-01-20", "T",       "10:00:00",
        "+03:00", "2h",    "9999-12-31", "3 workdays", "Z",       "9999 workhours"};
    struct random r = {.state = 23};
    int reckoned = 0;
    for (int i = 0; i < 40000; i++) {
        char text[64];
        struct moment m;
        size_t offset = 999;
        int64_t at = 0;
        struct err err = {0};
        random_text(&r, words, sizeof words / sizeof words[0], text, sizeof text);
        bool taken = moment_parse(text, &m, &offset, &err);
        ck_assert_msg(taken == (err.text[0] == '\0'), "%s", text);
        ck_assert_uint_le(offset, strlen(text));
        int64_t now = i % 8 == 0 ? (int64_t)random_next(&r) : 1768892400000;
        reckoned += taken && moment_reckon(&m, now, zone, office, &at, &err);
    }
    ck_assert_int_gt(reckoned, 100);
}
END_TEST

CHECK_MAIN_FIXTURE("moment", open_office, close_office, moments_are_reckoned_from_now,
                   until_takes_a_bare_time_of_day,
                   a_wrong_moment_says_where_and_what_would_be_right,
                   a_moment_without_its_calendar_says_so, tomorrow_keeps_the_clock_over_a_change,
                   now_in_a_doubled_hour_stays_where_it_is,
                   random_texts_are_reckoned_or_refused_in_peace)
