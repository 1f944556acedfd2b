/* Dates that come round every year: when, and how the records are found that nobody touches. */

#include "tests/support/timer_world.h"

/* With the world's clock at `now`; `base` NULL: no timer is set yet. */
static void comes_round(struct zone *zone, const char *on, const char *record, const char *now,
                        const char *base, const char *expected)
{
    struct world w;
    struct timer_moment moment;
    world_init(&w, zone, now, on);
    struct run set = {.vars = json_pack("{s{ss?}}", "timer", "base", base)};
    JV_AUTO *record_of = json_of(record);
    JV_AUTO *needs = json_array();
    struct scope scope = {
        .env = &w.env, .entity_type = ENTITY_DEAL, .facts = w.facts, .needs = needs};
    ck_assert_int_eq(timer_moment(rule_of(&w), &rule_of(&w)->triggers[0], &scope, record_of,
                                  base != NULL ? &set : NULL, &moment),
                     KNOWN);
    zones_same(zone, moment.due_ms, expected);
    run_done(&set);
    world_done(&w);
}

#define YEARLY "10h after deal.begindate every year"
static const char born[] = "{\"begindate\": \"1985-05-14T03:00:00+03:00\"}";

START_TEST(a_date_comes_round_every_year)
{
    comes_round(zones_moscow(), YEARLY, born, "2026-05-14 09:59", NULL,
                "2026-05-14T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, born, "2026-05-14 10:01", NULL,
                "2027-05-14T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, born, "2026-12-31 23:59", NULL,
                "2027-05-14T10:00:00+03:00");
    /* a day of the first days of the year, asked about at the end of the one before */
    comes_round(zones_moscow(), "3d before deal.begindate every year",
                "{\"begindate\": \"1990-01-02\"}", "2026-12-30 12:00", NULL,
                "2027-12-30T00:00:00+03:00");
    comes_round(zones_moscow(), "3d before deal.begindate every year",
                "{\"begindate\": \"1990-01-02\"}", "2026-12-29 12:00", NULL,
                "2026-12-30T00:00:00+03:00");
    comes_round(zones_moscow(), "3 workdays after deal.begindate every year" OFFICE,
                "{\"begindate\": \"1990-12-31\"}", "2027-01-01 12:00", NULL,
                "2027-01-05T00:00:00+03:00");
    /* not before it was for the first time */
    comes_round(zones_moscow(), YEARLY, "{\"begindate\": \"2030-06-01\"}", "2026-05-14 10:01", NULL,
                "2030-06-01T10:00:00+03:00");
}
END_TEST

START_TEST(the_29th_of_february_is_kept_on_the_28th_where_there_is_none)
{
    const char *leap = "{\"begindate\": \"2000-02-29\"}";
    comes_round(zones_moscow(), YEARLY, leap, "2027-01-01 00:00", NULL,
                "2027-02-28T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, leap, "2027-02-28 11:00", NULL,
                "2028-02-29T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, leap, "2099-03-01 00:00", NULL,
                "2100-02-28T10:00:00+03:00");
}
END_TEST

START_TEST(a_moment_keeps_its_time_of_day_over_the_years)
{
    /* in Berlin summer time begins on another day each year */
    const char *at = "{\"ufCrm_1\": \"2020-03-28T15:30:00+01:00\"}";
    comes_round(zones_berlin(), "2h before deal.ufCrm_1 every year", at, "2026-01-20 12:00", NULL,
                "2026-03-28T13:30:00+01:00");
    comes_round(zones_berlin(), "2h before deal.ufCrm_1 every year", at, "2027-03-28 13:31", NULL,
                "2028-03-28T13:30:00+02:00");
}
END_TEST

START_TEST(a_timer_that_is_set_stays_with_its_year)
{
    /* its time has come, or long gone by: it is still this year's that goes off */
    comes_round(zones_moscow(), YEARLY, born, "2026-05-14 10:00", "2026-05-14",
                "2026-05-14T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, born, "2027-08-01 10:00", "2026-05-14",
                "2026-05-14T10:00:00+03:00");
    comes_round(zones_moscow(), YEARLY, born, "2026-05-14 10:01", "2027-05-14",
                "2027-05-14T10:00:00+03:00");
    /* another date is another timer: the next to come */
    comes_round(zones_moscow(), YEARLY, born, "2026-05-20 10:00", "2026-05-21",
                "2027-05-14T10:00:00+03:00");
}
END_TEST

static void follows(const char *on, const char *base, const char *after, const char *expected,
                    const char *expected_base)
{
    struct world w;
    struct timer_moment moment;
    struct err err = {0};
    world_init(&w, zones_moscow(), "2026-01-20 12:00", on);
    const struct trigger *trigger = &rule_of(&w)->triggers[0];
    ck_assert(timer_comes_again(trigger));
    ck_assert(
        timer_next(rule_of(&w), trigger, &w.env, zones_at(w.zone, after), base, &moment, &err));
    zones_same(w.zone, moment.due_ms, expected);
    ck_assert_str_eq(moment.base, expected_base);
    world_done(&w);
}

START_TEST(what_has_gone_off_waits_for_the_next_year)
{
    follows(YEARLY, "2026-05-14", "2026-05-14 10:00", "2027-05-14T10:00:00+03:00", "2027-05-14");
    follows(YEARLY, "2028-02-29", "2028-02-29 10:00", "2029-02-28T10:00:00+03:00", "2029-02-28");
    /* slept through for two years */
    follows(YEARLY, "2024-05-14", "2026-05-14 10:00", "2027-05-14T10:00:00+03:00", "2027-05-14");
    follows("2h before deal.ufCrm_1 every year", "2026-03-28T15:30:00+03:00", "2026-03-28 13:30",
            "2027-03-28T13:30:00+03:00", "2027-03-28T15:30:00+03:00");
}
END_TEST

/* Is that day among those that are asked for? Days are compared as the list compares them. */
static bool is_asked_for(const struct zone *zone, int64_t least, int64_t most, const char *day)
{
    for (int back = 0; back < 40; back++) {
        char from[26], to[26];
        zone_iso(zone, timer_years_back(zone, least, back), from);
        zone_iso(zone, timer_years_back(zone, most, back), to);
        if (strncmp(day, from, 10) >= 0 && strncmp(day, to, 10) <= 0)
            return true;
    }
    return false;
}

START_TEST(a_search_misses_no_day_of_any_year)
{
    static const int years[] = {1999, 2000, 2001}; /* the 29th of February is in one of them */
    static const char *const ons[] = {"10h after deal.begindate every year",
                                      "3d before deal.begindate every year",
                                      "3 workdays before deal.begindate every year" OFFICE};
    static const char *const nows[] = {"2027-02-26 15:00", "2027-12-30 15:00", "2028-02-27 15:00"};
    int found = 0;
    for (size_t k = 0; k < sizeof ons / sizeof ons[0] * 3; k++) {
        struct world w;
        struct err err = {0};
        int64_t least, most;
        world_init(&w, zones_moscow(), nows[k % 3], ons[k / 3]);
        const struct trigger *trigger = &rule_of(&w)->triggers[0];
        int64_t from = w.env.now_ms, to = from + 2 * 86400000;
        ck_assert(timer_bounds(rule_of(&w), trigger, &w.env, from, to, &least, &most, &err));
        for (int day = 0; day < 366 * 3; day++) {
            char iso[26], record[64];
            struct timer_moment moment;
            const struct civil civil = {.year = years[day / 366], .month = 1, .day = 1 + day % 366};
            zone_iso(w.zone, zone_moment(w.zone, civil), iso);
            (void)snprintf(record, sizeof record, "{\"begindate\": \"%.10s\"}", iso);
            ck_assert_int_eq(moment_of(&w, record, &moment), KNOWN);
            if (moment.due_ms < from || moment.due_ms > to)
                continue;
            found++;
            ck_assert_msg(is_asked_for(w.zone, least, most, iso), "%s: %s", ons[k / 3], iso);
        }
        world_done(&w);
    }
    ck_assert_int_gt(found, 20);
}
END_TEST

CHECK_MAIN("timer_year", a_date_comes_round_every_year,
           the_29th_of_february_is_kept_on_the_28th_where_there_is_none,
           a_moment_keeps_its_time_of_day_over_the_years, a_timer_that_is_set_stays_with_its_year,
           what_has_gone_off_waits_for_the_next_year, a_search_misses_no_day_of_any_year)
