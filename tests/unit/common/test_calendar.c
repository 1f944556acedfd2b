#include "common/calendar.h"

#include <stdio.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static struct zone *moscow;
static struct zone *berlin;

static void open_zones(void)
{
    moscow = zones_moscow();
    berlin = zones_berlin();
}

static void close_zones(void)
{
    zone_free(moscow);
    zone_free(berlin);
}

static void hours(struct calendar *c, const char *text)
{
    size_t offset;
    struct err err = {0};
    ck_assert_msg(calendar_add_hours(c, text, &offset, &err), "%s: %s", text, err.text);
}

static void holiday(struct calendar *c, const char *text)
{
    size_t offset;
    struct err err = {0};
    ck_assert_msg(calendar_add_holiday(c, text, &offset, &err), "%s: %s", text, err.text);
}

static struct calendar *with_hours(const struct zone *z, const char *text)
{
    struct calendar *c = calendar_new(z);
    hours(c, text);
    return c;
}

static void workdays(const struct zone *z, const struct calendar *c, const char *from, int n,
                     const char *expected)
{
    int64_t to = 0;
    ck_assert(calendar_add_workdays(c, zones_at(z, from), n, &to));
    zones_same(z, to, expected);
}

static void worktime(const struct zone *z, const struct calendar *c, const char *from,
                     int64_t work_ms, const char *expected)
{
    int64_t to = 0;
    ck_assert(calendar_add_worktime(c, zones_at(z, from), work_ms, &to));
    zones_same(z, to, expected);
}

/* 2026-01-19 is a Monday. */

START_TEST(the_plain_calendar_is_open_in_office_hours)
{
    struct calendar *c = calendar_new_plain(moscow);
    ck_assert(!calendar_is_open(c, zones_at(moscow, "2026-01-19 09:00") - 1));
    ck_assert(calendar_is_open(c, zones_at(moscow, "2026-01-19 09:00")));
    ck_assert(calendar_is_open(c, zones_at(moscow, "2026-01-19 18:00") - 1));
    ck_assert(!calendar_is_open(c, zones_at(moscow, "2026-01-19 18:00")));
    ck_assert(!calendar_is_open(c, zones_at(moscow, "2026-01-24 12:00")));
    ck_assert(calendar_is_workday(c, zones_at(moscow, "2026-01-23 23:59")));
    ck_assert(!calendar_is_workday(c, zones_at(moscow, "2026-01-24 00:00")));
    calendar_free(c);
}
END_TEST

START_TEST(an_empty_calendar_has_no_working_time)
{
    struct calendar *c = calendar_new(moscow);
    int64_t at = zones_at(moscow, "2026-01-19 10:00");
    int64_t to = 42;
    ck_assert(!calendar_is_open(c, at));
    ck_assert(!calendar_is_workday(c, at));
    ck_assert(!calendar_add_workdays(c, at, 1, &to));
    ck_assert(!calendar_add_workdays(c, at, -1, &to));
    ck_assert(!calendar_add_worktime(c, at, 1, &to));
    ck_assert(!calendar_add_worktime(c, at, -1, &to));
    ck_assert(!calendar_next_workday_at(c, at, 540, &to));
    ck_assert_int_eq(to, 42);
    calendar_free(c);
}
END_TEST

START_TEST(workdays_end_at_the_same_time_of_day)
{
    struct calendar *c = calendar_new_plain(moscow);
    workdays(moscow, c, "2026-01-19 10:15:30", 1, "2026-01-20T10:15:30+03:00");
    workdays(moscow, c, "2026-01-20 10:00", 3, "2026-01-23T10:00:00+03:00");
    workdays(moscow, c, "2026-01-20 10:00", 4, "2026-01-26T10:00:00+03:00");
    workdays(moscow, c, "2026-01-23 22:00", 1, "2026-01-26T22:00:00+03:00");
    workdays(moscow, c, "2026-01-24 03:00", 1, "2026-01-26T03:00:00+03:00");
    workdays(moscow, c, "2026-01-25 12:00", 5, "2026-01-30T12:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(milliseconds_survive_workdays)
{
    struct calendar *c = calendar_new_plain(moscow);
    int64_t from = zones_at(moscow, "2026-01-19 10:00") + 123;
    int64_t to = 0;
    ck_assert(calendar_add_workdays(c, from, 1, &to));
    ck_assert_int_eq(to - from, 24 * HOUR);
    calendar_free(c);
}
END_TEST

START_TEST(negative_workdays_count_back)
{
    struct calendar *c = calendar_new_plain(moscow);
    workdays(moscow, c, "2026-01-20 10:00", -1, "2026-01-19T10:00:00+03:00");
    workdays(moscow, c, "2026-01-19 10:00", -1, "2026-01-16T10:00:00+03:00");
    workdays(moscow, c, "2026-01-25 10:00", -1, "2026-01-23T10:00:00+03:00");
    workdays(moscow, c, "2026-01-25 10:00", -6, "2026-01-16T10:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(nothing_added_stays_even_when_it_is_closed)
{
    struct calendar *c = calendar_new_plain(moscow);
    workdays(moscow, c, "2026-01-25 03:00", 0, "2026-01-25T03:00:00+03:00");
    worktime(moscow, c, "2026-01-25 03:00", 0, "2026-01-25T03:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(worktime_passes_in_open_hours_only)
{
    struct calendar *c = calendar_new_plain(moscow);
    worktime(moscow, c, "2026-01-19 10:00", 4 * HOUR, "2026-01-19T14:00:00+03:00");
    worktime(moscow, c, "2026-01-19 16:00", 4 * HOUR, "2026-01-20T11:00:00+03:00");
    worktime(moscow, c, "2026-01-19 07:00", 15 * MINUTE, "2026-01-19T09:15:00+03:00");
    worktime(moscow, c, "2026-01-23 17:50", 15 * MINUTE, "2026-01-26T09:05:00+03:00");
    worktime(moscow, c, "2026-01-24 12:00", 45 * HOUR, "2026-01-30T18:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(worktime_ends_at_closing_time_and_not_next_morning)
{
    struct calendar *c = calendar_new_plain(moscow);
    worktime(moscow, c, "2026-01-23 17:00", 1 * HOUR, "2026-01-23T18:00:00+03:00");
    worktime(moscow, c, "2026-01-23 17:00", 1 * HOUR + 1000, "2026-01-26T09:00:01+03:00");
    worktime(moscow, c, "2026-01-26 10:00", -1 * HOUR, "2026-01-26T09:00:00+03:00");
    worktime(moscow, c, "2026-01-26 10:00", -1 * HOUR - 1000, "2026-01-23T17:59:59+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(negative_worktime_is_what_remains_until)
{
    struct calendar *c = calendar_new_plain(moscow);
    worktime(moscow, c, "2026-01-20 10:00", -2 * HOUR, "2026-01-19T17:00:00+03:00");
    worktime(moscow, c, "2026-01-25 10:00", -30 * MINUTE, "2026-01-23T17:30:00+03:00");
    worktime(moscow, c, "2026-01-19 08:00", -10 * HOUR, "2026-01-15T17:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(a_lunch_break_is_not_working_time)
{
    struct calendar *c = with_hours(moscow, "Mon-Fri 09:00-13:00 14:00-18:00");
    worktime(moscow, c, "2026-01-19 12:30", 1 * HOUR, "2026-01-19T14:30:00+03:00");
    worktime(moscow, c, "2026-01-19 13:30", 1 * HOUR, "2026-01-19T15:00:00+03:00");
    worktime(moscow, c, "2026-01-19 12:00", 1 * HOUR, "2026-01-19T13:00:00+03:00");
    worktime(moscow, c, "2026-01-19 14:30", -1 * HOUR, "2026-01-19T12:30:00+03:00");
    ck_assert(!calendar_is_open(c, zones_at(moscow, "2026-01-19 13:00")));
    ck_assert(calendar_is_open(c, zones_at(moscow, "2026-01-19 14:00")));
    calendar_free(c);
}
END_TEST

START_TEST(hours_of_several_lines_add_up)
{
    struct calendar *c = with_hours(moscow, "Mon-Fri 09:00-13:00");
    hours(c, "Wed,Fri 14:00-18:00");
    hours(c, "Sat 10:00-12:00");
    worktime(moscow, c, "2026-01-19 12:00", 2 * HOUR, "2026-01-20T10:00:00+03:00");
    worktime(moscow, c, "2026-01-21 12:00", 2 * HOUR, "2026-01-21T15:00:00+03:00");
    workdays(moscow, c, "2026-01-23 11:00", 1, "2026-01-24T11:00:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(a_dated_line_overrides_its_day)
{
    struct calendar *c = calendar_new_plain(moscow);
    hours(c, "2026-01-20 off");
    hours(c, "2026-01-21 09:00-11:00");
    hours(c, "2026-01-21 12:00-13:00");
    hours(c, "2026-01-24 10:00-12:00");
    worktime(moscow, c, "2026-01-19 17:00", 3 * HOUR, "2026-01-21T11:00:00+03:00");
    worktime(moscow, c, "2026-01-19 17:00", 5 * HOUR, "2026-01-22T10:00:00+03:00");
    workdays(moscow, c, "2026-01-19 12:00", 1, "2026-01-21T12:00:00+03:00");
    ck_assert(calendar_is_workday(c, zones_at(moscow, "2026-01-24 00:00")));
    ck_assert(!calendar_is_workday(c, zones_at(moscow, "2026-01-20 12:00")));
    calendar_free(c);
}
END_TEST

START_TEST(holidays_close_and_moved_working_days_open)
{
    struct calendar *c = calendar_new_plain(moscow);
    for (int day = 1; day <= 8; day++) {
        char line[16];
        (void)snprintf(line, sizeof line, "2027-01-%02d", day % 100);
        holiday(c, line);
    }
    holiday(c, "2026-12-31");
    holiday(c, "2027-02-20 work 09:00-17:00"); /* a Saturday */
    workdays(moscow, c, "2026-12-30 10:00", 1, "2027-01-11T10:00:00+03:00");
    workdays(moscow, c, "2027-01-11 10:00", -1, "2026-12-30T10:00:00+03:00");
    worktime(moscow, c, "2026-12-30 17:30", 1 * HOUR, "2027-01-11T09:30:00+03:00");
    worktime(moscow, c, "2027-02-19 17:00", 3 * HOUR, "2027-02-20T11:00:00+03:00");
    worktime(moscow, c, "2027-02-20 16:00", 2 * HOUR, "2027-02-22T10:00:00+03:00");
    ck_assert_int_eq(calendar_last_holiday(c), 20270220);
    calendar_free(c);
}
END_TEST

START_TEST(an_own_date_goes_before_a_holiday_in_either_order)
{
    struct calendar *first = calendar_new_plain(moscow);
    hours(first, "2026-05-01 10:00-14:00");
    holiday(first, "2026-05-01");
    workdays(moscow, first, "2026-04-30 10:00", 1, "2026-05-01T10:00:00+03:00");
    calendar_free(first);
    struct calendar *last = calendar_new_plain(moscow);
    holiday(last, "2026-05-01");
    hours(last, "2026-05-01 10:00-14:00");
    workdays(moscow, last, "2026-04-30 10:00", 1, "2026-05-01T10:00:00+03:00");
    calendar_free(last);
}
END_TEST

START_TEST(without_holidays_there_is_no_last_one)
{
    struct calendar *c = calendar_new_plain(moscow);
    hours(c, "2026-12-31 off");
    ck_assert_int_eq(calendar_last_holiday(c), 0);
    calendar_free(c);
}
END_TEST

START_TEST(the_next_working_day_begins_after_today)
{
    struct calendar *c = calendar_new_plain(moscow);
    int64_t to = 0;
    ck_assert(calendar_next_workday_at(c, zones_at(moscow, "2026-01-19 03:00"), 9 * 60, &to));
    zones_same(moscow, to, "2026-01-20T09:00:00+03:00");
    ck_assert(calendar_next_workday_at(c, zones_at(moscow, "2026-01-23 23:59"), 9 * 60 + 30, &to));
    zones_same(moscow, to, "2026-01-26T09:30:00+03:00");
    calendar_free(c);
}
END_TEST

START_TEST(days_are_those_of_the_zone)
{
    struct calendar *c = calendar_new_plain(moscow);
    /* Friday 22:30 UTC is Saturday in Moscow. */
    ck_assert(!calendar_is_workday(c, zones_at(moscow, "2026-01-23T22:30:00Z")));
    ck_assert(calendar_is_workday(c, zones_at(moscow, "2026-01-18T21:00:00Z")));
    calendar_free(c);
}
END_TEST

START_TEST(workdays_keep_the_time_of_day_over_a_change_of_clocks)
{
    struct calendar *office = calendar_new_plain(berlin);
    workdays(berlin, office, "2026-03-27 10:00", 1, "2026-03-30T10:00:00+02:00");
    workdays(berlin, office, "2026-10-23 10:00", 1, "2026-10-26T10:00:00+01:00");
    calendar_free(office);
    struct calendar *daily = with_hours(berlin, "Mon-Sun 00:00-24:00");
    workdays(berlin, daily, "2026-03-28 02:30", 1, "2026-03-29T03:30:00+02:00");
    workdays(berlin, daily, "2026-10-24 02:30", 1, "2026-10-25T02:30:00+02:00");
    calendar_free(daily);
}
END_TEST

START_TEST(worktime_is_true_time_on_the_day_the_clocks_change)
{
    struct calendar *round = with_hours(berlin, "Mon-Sun 00:00-24:00");
    worktime(berlin, round, "2026-03-29 00:00", 23 * HOUR, "2026-03-30T00:00:00+02:00");
    worktime(berlin, round, "2026-10-25 00:00", 25 * HOUR, "2026-10-26T00:00:00+01:00");
    worktime(berlin, round, "2026-03-30 00:00", -23 * HOUR, "2026-03-29T00:00:00+01:00");
    calendar_free(round);
    struct calendar *night = with_hours(berlin, "Sun 01:00-04:00");
    worktime(berlin, night, "2026-03-29 00:00", 2 * HOUR, "2026-03-29T04:00:00+02:00");
    worktime(berlin, night, "2026-10-25 00:00", 4 * HOUR, "2026-10-25T04:00:00+01:00");
    calendar_free(night);
}
END_TEST

START_TEST(stretches_pushed_together_by_the_spring_change_count_once)
{
    /* 02:00-02:30 does not exist that day and moves onto 03:00-03:30 */
    struct calendar *c = with_hours(berlin, "Sun 02:00-02:30 03:00-04:00");
    worktime(berlin, c, "2026-03-29 00:00", 1 * HOUR, "2026-03-29T04:00:00+02:00");
    worktime(berlin, c, "2026-03-29 05:00", -1 * HOUR, "2026-03-29T03:00:00+02:00");
    calendar_free(c);
}
END_TEST

START_TEST(the_reckoning_looks_ten_years_ahead_and_no_further)
{
    struct calendar *c = calendar_new(moscow);
    hours(c, "2035-12-31 09:00-10:00");
    int64_t to = 0;
    workdays(moscow, c, "2026-01-01 12:00", 1, "2035-12-31T12:00:00+03:00");
    worktime(moscow, c, "2026-01-01 12:00", HOUR, "2035-12-31T10:00:00+03:00");
    ck_assert(!calendar_add_workdays(c, zones_at(moscow, "2025-12-01 12:00"), 1, &to));
    ck_assert(!calendar_add_worktime(c, zones_at(moscow, "2025-12-01 12:00"), HOUR, &to));
    ck_assert(!calendar_add_worktime(c, zones_at(moscow, "2026-01-01 12:00"), HOUR + 1, &to));
    calendar_free(c);
}
END_TEST

START_TEST(ten_years_of_working_time_are_reckoned_by_days)
{
    struct calendar *c = with_hours(berlin, "Mon-Fri 09:00-13:00 14:00-18:00");
    int64_t to = 0;
    for (int i = 0; i < 20; i++) { /* by minutes this would take the whole timeout */
        ck_assert(calendar_add_worktime(c, zones_at(berlin, "2040-01-02 09:00"),
                                        (int64_t)2500 * 8 * HOUR, &to));
        ck_assert(!calendar_add_worktime(c, zones_at(berlin, "2040-01-02 09:00"),
                                         (int64_t)2700 * 8 * HOUR, &to));
    }
    zones_same(berlin, to, "2049-07-30T18:00:00+02:00");
    calendar_free(c);
}
END_TEST

START_TEST(moments_beyond_all_reason_do_no_harm)
{
    static const int64_t moments[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
    static const int64_t works[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    struct calendar *c = calendar_new_plain(berlin);
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t to = 0;
        (void)calendar_is_open(c, moments[i]);
        (void)calendar_is_workday(c, moments[i]);
        for (size_t k = 0; k < sizeof works / sizeof works[0]; k++)
            (void)!calendar_add_worktime(c, moments[i], works[k], &to);
        (void)!calendar_add_workdays(c, moments[i], INT32_MIN, &to);
        (void)!calendar_add_workdays(c, moments[i], INT32_MAX, &to);
        (void)!calendar_next_workday_at(c, moments[i], 540, &to);
    }
    calendar_free(c);
}
END_TEST

/* A calendar of random hours around the two changes of 2026. */
static struct calendar *random_calendar(struct random *r)
{
    static const char *const days[] = {"Mon-Fri", "Sat",        "Sun",        "Tue,Thu",
                                       "Mon-Sun", "2026-03-29", "2026-10-25", "2026-03-30"};
    struct calendar *c = calendar_new(random_next(r) % 4 == 0 ? moscow : berlin);
    hours(c, "Wed 10:00-10:30"); /* never wholly empty */
    for (int64_t n = random_between(r, 1, 4); n > 0; n--) {
        char line[64];
        unsigned from = (unsigned)random_between(r, 0, 1439);
        unsigned to = (unsigned)random_between(r, from + 1, 1440);
        (void)snprintf(line, sizeof line, "%s %02u:%02u-%02u:%02u", days[random_next(r) % 8],
                       from / 60, from % 60, to / 60, to % 60);
        hours(c, line);
    }
    return c;
}

static int64_t added(const struct calendar *c, int64_t from, int64_t work_ms)
{
    int64_t to = 0;
    ck_assert(calendar_add_worktime(c, from, work_ms, &to));
    return to;
}

/* A moment in the week of a change. */
static int64_t random_moment(struct random *r)
{
    int64_t change = random_next(r) % 2 == 0 ? 1774746000000 : 1792890000000;
    return change + random_between(r, -5 * 24 * HOUR, 5 * 24 * HOUR);
}

START_TEST(worktime_is_monotone_and_adds_up)
{
    struct random r = {.state = 2026};
    for (int i = 0; i < 3000; i++) {
        struct calendar *c = random_calendar(&r);
        int64_t from = random_moment(&r);
        int64_t a = random_between(&r, 0, 40 * HOUR);
        int64_t b = random_between(&r, 0, 40 * HOUR);
        int64_t later = from + random_between(&r, 0, 48 * HOUR);
        int64_t to = added(c, from, a);
        ck_assert_int_ge(to, from);
        ck_assert_int_le(to, added(c, later, a));
        ck_assert_int_le(to, added(c, from, a + b));
        ck_assert_int_eq(added(c, to, b), added(c, from, a + b));
        int64_t back = added(c, from, -a);
        ck_assert_int_le(back, from);
        ck_assert_int_eq(added(c, back, -b), added(c, from, -a - b));
        /* there and back: the latest moment from which `a` of open time lead to `to` */
        ck_assert_int_ge(added(c, to, -a), from);
        calendar_free(c);
    }
}
END_TEST

START_TEST(worktime_is_the_number_of_open_minutes_between)
{
    struct random r = {.state = 77};
    for (int i = 0; i < 60; i++) {
        struct calendar *c = random_calendar(&r);
        int64_t from = random_moment(&r) / MINUTE * MINUTE;
        int64_t minutes = random_between(&r, 1, 20 * 60);
        int64_t to = added(c, from, minutes * MINUTE);
        int64_t open = 0;
        for (int64_t at = from; at < to; at += MINUTE)
            open += calendar_is_open(c, at);
        ck_assert_int_eq(open, minutes);
        ck_assert(calendar_is_open(c, to - MINUTE));
        calendar_free(c);
    }
}
END_TEST

CHECK_MAIN_FIXTURE("calendar", open_zones, close_zones, the_plain_calendar_is_open_in_office_hours,
                   an_empty_calendar_has_no_working_time, workdays_end_at_the_same_time_of_day,
                   milliseconds_survive_workdays, negative_workdays_count_back,
                   nothing_added_stays_even_when_it_is_closed, worktime_passes_in_open_hours_only,
                   worktime_ends_at_closing_time_and_not_next_morning,
                   negative_worktime_is_what_remains_until, a_lunch_break_is_not_working_time,
                   hours_of_several_lines_add_up, a_dated_line_overrides_its_day,
                   holidays_close_and_moved_working_days_open,
                   an_own_date_goes_before_a_holiday_in_either_order,
                   without_holidays_there_is_no_last_one, the_next_working_day_begins_after_today,
                   days_are_those_of_the_zone,
                   workdays_keep_the_time_of_day_over_a_change_of_clocks,
                   worktime_is_true_time_on_the_day_the_clocks_change,
                   stretches_pushed_together_by_the_spring_change_count_once,
                   the_reckoning_looks_ten_years_ahead_and_no_further,
                   ten_years_of_working_time_are_reckoned_by_days,
                   moments_beyond_all_reason_do_no_harm, worktime_is_monotone_and_adds_up,
                   worktime_is_the_number_of_open_minutes_between)
