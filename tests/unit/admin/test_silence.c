/* A portal's weeks on a clock of our own: a look a minute. */

#include "daemon/admin/silence.h"

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
static const int64_t week = 7 * (int64_t)DAY;

static struct zone *zone;
static struct silence s;
static int64_t monday; /* 00:00 of the first one */
static int64_t heard;  /* the last event */
static int64_t count;

/* Does the portal send in that minute? */
typedef bool life(struct civil);

static bool office(struct civil at)
{
    return at.weekday <= 5 && at.hour >= 9 && at.hour < 18 && at.minute % 5 == 0;
}

static bool noon(struct civil at)
{
    return at.hour == 12 && at.minute == 0;
}

static bool nothing(struct civil at)
{
    (void)at;
    return false;
}

static int64_t at(int weeks, int days, int hour, int minute)
{
    return monday + weeks * week + days * (int64_t)DAY + hour * (int64_t)HOUR +
           minute * (int64_t)MINUTE;
}

static struct silence_hour kept[SILENCE_SLOTS * SILENCE_LAPS * 2];
static int kept_count;

/* Lives from one moment to another; how many minutes of it were found unusual. */
static int live_days(life *sends, bool special, int64_t from, int64_t to)
{
    int unusual = 0;
    for (int64_t now = from; now < to; now += MINUTE) {
        struct silence_hour hour;
        if (sends(zone_local(zone, now))) {
            heard = now;
            count++;
        }
        if (silence_look(&s, zone, (struct silence_heard){heard, count}, special, now, &hour))
            kept[kept_count++] = hour;
        unusual += silence_judge(&s, zone, heard, special, now).unusual;
    }
    return unusual;
}

static int live(life *sends, int64_t from, int64_t to)
{
    return live_days(sends, false, from, to);
}

static void setup(void)
{
    zone = zones_moscow();
    monday = zone_moment(zone, (struct civil){.year = 2026, .month = 3, .day = 2});
    heard = count = 0;
    kept_count = 0;
    silence_init(&s, monday);
}

static void teardown(void)
{
    zone_free(zone);
}

static bool unusual_at(int64_t now)
{
    return silence_judge(&s, zone, heard, false, now).unusual;
}

/* ---------------------------------------------------------------------------------------------- */

/* What a silence is compared with at that moment. */
static struct silence_verdict verdict(int64_t now)
{
    return silence_judge(&s, zone, heard, false, now);
}

START_TEST(a_usual_life_is_never_unusual)
{
    ck_assert_int_eq(live(office, at(0, 0, 0, 0), at(10, 0, 0, 0)), 0);
    struct silence_verdict v = verdict(at(10, 0, 0, 0));
    ck_assert(v.heard);
    ck_assert_int_eq(v.weeks, 7);
    ck_assert_int_eq(v.expected, 0);
    /* Sunday night: since Friday 17:55. */
    ck_assert_int_eq(v.silent_ms, 2 * (int64_t)DAY + 6 * HOUR + 5 * MINUTE);
}
END_TEST

/* Half a year of four portals whose people come and go when they like, and write when they like. */
START_TEST(chance_alarms_nobody)
{
    static const int rates[] = {1, 6, 20, 100}; /* events an hour */
    for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) {
        struct random r = {7 + k};
        int unusual = 0, begin = 0, end = 0;
        struct silence_hour hour;
        silence_init(&s, monday);
        heard = count = 0;
        for (int64_t now = monday; now < monday + 26 * week; now += MINUTE) {
            struct civil local = zone_local(zone, now);
            int minute = local.hour * 60 + local.minute;
            if (minute == 0) {
                begin = 510 + (int)(random_next(&r) % 60); /* 8:30 to 9:30 */
                end = 1020 + (int)(random_next(&r) % 120); /* 17:00 to 19:00 */
            }
            bool open = local.weekday <= 5 && minute >= begin && minute < end;
            uint64_t odds = open ? (uint64_t)rates[k] * 1000 : 10; /* of 60 000 */
            if (random_next(&r) % 60000 < odds) {
                heard = now;
                count++;
            }
            (void)silence_look(&s, zone, (struct silence_heard){heard, count}, false, now, &hour);
            if (minute % 15 == 0)
                unusual += silence_judge(&s, zone, heard, false, now).unusual;
        }
        ck_assert_msg(unusual == 0, "%d an hour: %d", rates[k], unusual);
    }
}
END_TEST

START_TEST(events_that_stop_by_day_are_missed_after_two_whole_hours)
{
    ck_assert_int_eq(live(office, at(0, 0, 0, 0), at(4, 1, 10, 56)), 0);
    ck_assert_int_eq(live(nothing, at(4, 1, 10, 56), at(4, 1, 13, 0)), 0);
    ck_assert_int_eq(live(nothing, at(4, 1, 13, 0), at(4, 1, 13, 30)), 30);
    struct silence_verdict v = verdict(at(4, 1, 13, 0));
    ck_assert(v.unusual);
    ck_assert_int_eq(v.silent_ms, 2 * HOUR + 5 * MINUTE);
    ck_assert_int_eq(v.expected, 24);
    ck_assert_int_eq(v.weeks, 4);
}
END_TEST

START_TEST(an_event_counts_before_the_next_look)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 10, 56));
    (void)live(nothing, at(4, 1, 10, 56), at(4, 1, 13, 30));
    ck_assert(unusual_at(at(4, 1, 13, 30)));
    heard = at(4, 1, 13, 30) - 1000;
    ck_assert(!unusual_at(at(4, 1, 13, 30)));
    ck_assert_int_eq(verdict(at(4, 1, 13, 30)).silent_ms, 1000);
}
END_TEST

START_TEST(it_ends_with_the_first_event)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 10, 56));
    ck_assert_int_eq(live(nothing, at(4, 1, 10, 56), at(4, 1, 15, 0)), 120);
    ck_assert_int_eq(live(office, at(4, 1, 15, 0), at(4, 3, 0, 0)), 0);
}
END_TEST

START_TEST(a_monday_that_does_not_begin_is_noticed_after_it_should_have)
{
    (void)live(office, at(0, 0, 0, 0), at(3, 5, 0, 0));
    ck_assert_int_eq(live(nothing, at(3, 5, 0, 0), at(4, 0, 11, 0)), 0);
    ck_assert_int_eq(live(nothing, at(4, 0, 11, 0), at(4, 0, 12, 0)), 60);
}
END_TEST

START_TEST(nothing_is_said_before_three_weeks_are_known)
{
    (void)live(office, at(0, 0, 0, 0), at(2, 1, 10, 56));
    ck_assert_int_eq(live(nothing, at(2, 1, 10, 56), at(2, 6, 0, 0)), 0);
    ck_assert_int_eq(verdict(at(2, 6, 0, 0)).weeks, 2);
    ck_assert_int_eq(verdict(at(2, 6, 0, 0)).expected, 0);
}
END_TEST

START_TEST(a_holiday_alarms_nobody_and_teaches_nothing)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 2, 0, 0));
    ck_assert_int_eq(live_days(nothing, true, at(4, 2, 0, 0), at(4, 3, 0, 0)), 0);
    ck_assert_int_eq(live(office, at(4, 3, 0, 0), at(5, 2, 10, 56)), 0);
    ck_assert_int_eq(live(nothing, at(5, 2, 10, 56), at(5, 2, 13, 30)), 30);
    ck_assert_int_eq(verdict(at(5, 2, 13, 0)).weeks, 4); /* of five */
    ck_assert_int_eq(verdict(at(5, 2, 13, 0)).expected, 24);
}
END_TEST

START_TEST(the_morning_after_a_holiday_is_as_others)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 2, 0, 0));
    (void)live_days(nothing, true, at(4, 2, 0, 0), at(4, 3, 0, 0));
    ck_assert_int_eq(live(office, at(4, 3, 0, 0), at(4, 4, 0, 0)), 0);
}
END_TEST

START_TEST(a_silence_goes_on_behind_a_holiday)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 16, 56));
    (void)live(nothing, at(4, 1, 16, 56), at(4, 2, 0, 0));
    ck_assert_int_eq(live_days(nothing, true, at(4, 2, 0, 0), at(4, 3, 0, 0)), 0);
    ck_assert_int_eq(live(nothing, at(4, 3, 0, 0), at(4, 3, 10, 0)), 0);
    ck_assert_int_eq(live(nothing, at(4, 3, 10, 0), at(4, 3, 11, 0)), 60);
}
END_TEST

START_TEST(one_odd_week_of_five_is_forgiven)
{
    (void)live(office, at(0, 0, 0, 0), at(2, 1, 0, 0));
    (void)live(nothing, at(2, 1, 0, 0), at(2, 2, 0, 0)); /* a day on which all was broken */
    (void)live(office, at(2, 2, 0, 0), at(5, 1, 10, 56));
    ck_assert_int_eq(live(nothing, at(5, 1, 10, 56), at(5, 1, 13, 30)), 30);
    ck_assert_int_eq(verdict(at(5, 1, 13, 0)).weeks, 5);
}
END_TEST

START_TEST(who_sends_once_a_day_may_be_silent_for_days)
{
    ck_assert_int_eq(live(noon, at(0, 0, 0, 0), at(6, 2, 0, 0)), 0);
    ck_assert_int_eq(live(nothing, at(6, 2, 0, 0), at(7, 4, 13, 0)), 0);
    ck_assert_int_gt(live(nothing, at(7, 4, 13, 0), at(7, 5, 0, 0)), 600);
}
END_TEST

/* As a new process does; what was kept is learnt. */
static void restart(int64_t now, int64_t stopped)
{
    int64_t since = s.since_ms;
    silence_init(&s, now);
    for (int i = 0; i < kept_count; i++)
        silence_learn(&s, &kept[i]);
    silence_resume(&s, since, stopped);
    heard = count = 0;
}

START_TEST(a_short_restart_keeps_the_last_event_and_loses_one_hour)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 10, 56));
    (void)live(nothing, at(4, 1, 10, 56), at(4, 1, 11, 40));
    restart(at(4, 1, 11, 42), at(4, 1, 11, 40));
    ck_assert_int_eq(live(nothing, at(4, 1, 11, 42), at(4, 1, 14, 0)), 0);
    ck_assert(s.heard);
    ck_assert_int_eq(verdict(at(4, 1, 14, 0)).silent_ms, 3 * HOUR + 5 * MINUTE);
    ck_assert_int_eq(live(nothing, at(4, 1, 14, 0), at(4, 1, 15, 0)), 60);
}
END_TEST

START_TEST(what_was_missed_while_down_is_not_the_portals_silence)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 6, 0));
    restart(at(4, 1, 11, 2), at(4, 1, 6, 0));
    ck_assert_int_eq(live(nothing, at(4, 1, 11, 2), at(4, 1, 14, 0)), 0);
    ck_assert(!s.heard);
    ck_assert_int_eq(live(nothing, at(4, 1, 14, 0), at(4, 1, 15, 0)), 60);
}
END_TEST

START_TEST(after_a_pause_of_the_machine_silence_begins_anew)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 10, 1));
    ck_assert_int_eq(live(nothing, at(4, 1, 14, 10), at(4, 1, 14, 30)), 0);
    ck_assert(!s.heard);
    ck_assert_int_eq(verdict(at(4, 1, 14, 30)).silent_ms, 20 * MINUTE);
    ck_assert_int_eq(live(nothing, at(4, 1, 14, 30), at(4, 1, 17, 0)), 0);
    ck_assert_int_eq(live(nothing, at(4, 1, 17, 0), at(4, 1, 18, 0)), 60);
}
END_TEST

START_TEST(an_hour_that_was_not_watched_wholly_teaches_nothing)
{
    (void)live(office, at(0, 0, 0, 0), at(0, 1, 10, 20));
    int before = kept_count;
    (void)live(office, at(0, 1, 10, 40), at(0, 1, 11, 1)); /* twenty minutes are missing */
    ck_assert_int_eq(kept_count, before);
    (void)live(office, at(0, 1, 11, 1), at(0, 1, 12, 1));
    ck_assert_int_eq(kept_count, before + 1);
    ck_assert_int_eq(kept[before].slot, 24 + 11);
    ck_assert_int_eq(kept[before].at_ms, at(0, 1, 11, 0));
    ck_assert_int_eq(kept[before].events, 12);
}
END_TEST

START_TEST(a_listener_that_begins_to_count_anew_loses_nothing)
{
    struct silence_hour hour;
    (void)live(office, at(0, 1, 9, 0), at(0, 1, 9, 31)); /* seven events */
    count = 2;                                           /* a reload, and two since */
    heard = at(0, 1, 9, 31);
    (void)silence_look(&s, zone, (struct silence_heard){heard, count}, false, at(0, 1, 9, 31),
                       &hour);
    (void)live(nothing, at(0, 1, 9, 32), at(0, 1, 10, 1));
    ck_assert_int_eq(kept_count, 1);
    ck_assert_int_eq(kept[0].events, 9);
}
END_TEST

START_TEST(a_portal_that_never_sent_is_never_missed)
{
    ck_assert_int_eq(live(nothing, at(0, 0, 0, 0), at(6, 0, 0, 0)), 0);
    ck_assert(!verdict(at(6, 0, 0, 0)).heard);
}
END_TEST

START_TEST(a_clock_that_goes_back_harms_nothing)
{
    (void)live(office, at(0, 0, 0, 0), at(4, 1, 11, 1));
    struct silence_hour hour;
    (void)silence_look(&s, zone, (struct silence_heard){heard, count}, false, at(4, 1, 10, 0),
                       &hour);
    ck_assert(!unusual_at(at(4, 1, 10, 0)));
    ck_assert_int_ge(verdict(at(4, 1, 10, 0)).silent_ms, 0);
}
END_TEST

START_TEST(a_row_that_makes_no_sense_is_left_out)
{
    silence_learn(&s, &(struct silence_hour){.slot = SILENCE_SLOTS, .lap = 0, .at_ms = 1});
    silence_learn(&s, &(struct silence_hour){.slot = 0, .lap = -1, .at_ms = 1});
    ck_assert_int_eq(verdict(monday).weeks, 0);
}
END_TEST

START_TEST(the_hours_go_with_summer_time)
{
    zone_free(zone);
    zone = zones_berlin();
    monday = zone_moment(zone, (struct civil){.year = 2026, .month = 3, .day = 2});
    silence_init(&s, monday);
    /* The clocks change on the 29th of March and people go on as theirs say. */
    ck_assert_int_eq(live(office, at(0, 0, 0, 0), at(7, 0, 0, 0)), 0);
    ck_assert_int_eq(verdict(at(6, 2, 11, 0)).weeks, 6);
}
END_TEST

START_TEST(a_holiday_is_a_weekday_off_whose_neighbours_are_not)
{
    struct calendar *c = calendar_new_plain(zone);
    size_t offset;
    struct err err = {0};
    ck_assert(calendar_add_holiday(c, "2026-03-09", &offset, &err));
    ck_assert(silence_is_holiday(c, at(1, 0, 12, 0)));
    ck_assert(!silence_is_holiday(c, at(1, 1, 12, 0))); /* Tuesday */
    ck_assert(!silence_is_holiday(c, at(1, 5, 12, 0))); /* Saturdays are always off */
    ck_assert(!silence_is_holiday(c, at(0, 0, 12, 0)));
    calendar_free(c);
}
END_TEST

CHECK_MAIN_FIXTURE("silence", setup, teardown, a_usual_life_is_never_unusual, chance_alarms_nobody,
                   events_that_stop_by_day_are_missed_after_two_whole_hours,
                   an_event_counts_before_the_next_look, it_ends_with_the_first_event,
                   a_monday_that_does_not_begin_is_noticed_after_it_should_have,
                   nothing_is_said_before_three_weeks_are_known,
                   a_holiday_alarms_nobody_and_teaches_nothing,
                   the_morning_after_a_holiday_is_as_others, a_silence_goes_on_behind_a_holiday,
                   one_odd_week_of_five_is_forgiven, who_sends_once_a_day_may_be_silent_for_days,
                   a_short_restart_keeps_the_last_event_and_loses_one_hour,
                   what_was_missed_while_down_is_not_the_portals_silence,
                   after_a_pause_of_the_machine_silence_begins_anew,
                   an_hour_that_was_not_watched_wholly_teaches_nothing,
                   a_listener_that_begins_to_count_anew_loses_nothing,
                   a_portal_that_never_sent_is_never_missed, a_clock_that_goes_back_harms_nothing,
                   a_row_that_makes_no_sense_is_left_out, the_hours_go_with_summer_time,
                   a_holiday_is_a_weekday_off_whose_neighbours_are_not)
