#include "common/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

enum { HOUR_MS = 3600 * 1000 };

static struct zone *load(const char *name)
{
    struct err err = {0};
    struct zone *z = zone_load(name, &err);
    ck_assert_msg(z != NULL, "%s", err.text);
    return z;
}

/* The zone's clocks as "2026-01-20 10:00:00 +10800", to compare in one go. */
static const char *shown(const struct zone *z, int64_t wall_ms)
{
    static char text[80];
    struct civil c = zone_local(z, wall_ms);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d %+d", c.year, c.month, c.day,
                   c.hour, c.minute, c.second, c.offset);
    return text;
}

static int64_t moment(const struct zone *z, int year, int month, int day, int hour, int minute)
{
    return zone_moment(
        z,
        (struct civil){.year = year, .month = month, .day = day, .hour = hour, .minute = minute});
}

START_TEST(utc_is_known_without_a_file)
{
    ck_assert_int_eq(setenv("TZDIR", "/nonexistent", 1), 0);
    struct zone *z = load("UTC");
    ck_assert_str_eq(zone_name(z), "UTC");
    ck_assert_str_eq(shown(z, 1768903200000), "2026-01-20 10:00:00 +0");
    ck_assert_int_eq(moment(z, 2026, 1, 20, 10, 0), 1768903200000);
    zone_free(z);
    ck_assert_int_eq(unsetenv("TZDIR"), 0);
}
END_TEST

/* A folder of one file that TZDIR names. */
struct own_folder {
    char folder[32], path[64];
};

static struct own_folder open_own_folder(const char *zone, const void *bytes, size_t size)
{
    struct own_folder own = {.folder = "/tmp/b24bridge-zone-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(own.folder));
    (void)snprintf(own.path, sizeof own.path, "%s/%s", own.folder, zone);
    FILE *file = fopen(own.path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(setenv("TZDIR", own.folder, 1), 0);
    return own;
}

static void close_own_folder(const struct own_folder *own)
{
    ck_assert_int_eq(unsetenv("TZDIR"), 0);
    ck_assert_int_eq(unlink(own->path), 0);
    ck_assert_int_eq(rmdir(own->folder), 0);
}

START_TEST(a_zone_is_looked_for_in_the_own_folder_first)
{
    struct tzif_bytes f = tzif_build(&tzif_plan_berlin);
    struct own_folder own = open_own_folder("Here", f.bytes, f.size);
    struct zone *here = load("Here");
    ck_assert_str_eq(shown(here, 1774746000000), "2026-03-29 03:00:00 +7200");
    zone_free(here);
    struct zone *of_the_system = load("Europe/Moscow");
    zone_free(of_the_system);
    struct err err = {0};
    ck_assert_ptr_null(zone_load("Hree1", &err));
    ck_assert_str_eq(err.text, "unknown time zone \"Hree1\"; write it as \"Europe/Moscow\"");
    err = (struct err){0};
    ck_assert_ptr_null(zone_load("Hereo", &err));
    ck_assert_str_eq(err.text, "unknown time zone \"Hereo\"; did you mean \"Here\"?");
    close_own_folder(&own);
}
END_TEST

START_TEST(a_file_too_large_for_a_zone_is_not_read_whole)
{
    static const char huge[70000] = "TZif2";
    struct own_folder own = open_own_folder("Huge", huge, sizeof huge);
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "cannot read time zone \"Huge\" from \"%s\": File too large", own.path);
    struct err err = {0};
    ck_assert_ptr_null(zone_load("Huge", &err));
    ck_assert_str_eq(err.text, expected);
    close_own_folder(&own);
}
END_TEST

START_TEST(a_name_that_leads_out_of_the_database_is_refused)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"", "unknown time zone \"\"; write it as \"Europe/Moscow\""},
        {"/etc/passwd", "unknown time zone \"/etc/passwd\"; write it as \"Europe/Moscow\""},
        {"../../etc/passwd",
         "unknown time zone \"../../etc/passwd\"; write it as \"Europe/Moscow\""},
        {"Europe/../Asia/Tokyo",
         "unknown time zone \"Europe/../Asia/Tokyo\"; write it as \"Europe/Moscow\""},
        {"Europe/", "unknown time zone \"Europe/\"; write it as \"Europe/Moscow\""},
        {"Москва", "unknown time zone \"Москва\"; write it as \"Europe/Moscow\""},
        {"UTC+3 hours", "unknown time zone \"UTC+3 hours\"; write it as \"Europe/Moscow\""},
        {"Europe", "unknown time zone \"Europe\"; write it as \"Europe/Moscow\""},
        {"Atlantis/Nowhere",
         "unknown time zone \"Atlantis/Nowhere\"; write it as \"Europe/Moscow\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        ck_assert_ptr_null(zone_load(cases[i].name, &err));
        ck_assert_str_eq(err.text, cases[i].text);
    }
}
END_TEST

START_TEST(a_mistyped_zone_finds_its_neighbour)
{
    struct err err = {0};
    ck_assert_ptr_null(zone_load("Europe/Moskow", &err));
    ck_assert_str_eq(err.text,
                     "unknown time zone \"Europe/Moskow\"; did you mean \"Europe/Moscow\"?");
}
END_TEST

START_TEST(a_file_that_is_no_zone_names_the_zone)
{
    struct err err = {0};
    ck_assert_ptr_null(zone_parse("Europe/Moscow", "garbage", 7, &err));
    ck_assert_str_eq(err.text, "time zone \"Europe/Moscow\": not a TZif file");
}
END_TEST

START_TEST(moscow_has_stood_still_since_2014)
{
    struct zone *z = load("Europe/Moscow");
    ck_assert_str_eq(shown(z, 1414224000000), "2014-10-25 12:00:00 +14400");
    ck_assert_str_eq(shown(z, 1414314000000), "2014-10-26 12:00:00 +10800");
    ck_assert_str_eq(shown(z, 1768892400000), "2026-01-20 10:00:00 +10800");
    ck_assert_str_eq(shown(z, 2855854800000), "2060-07-01 00:00:00 +10800");
    ck_assert_int_eq(moment(z, 2026, 1, 20, 10, 0), 1768892400000);
    ck_assert_int_eq(zone_local(z, 1768892400000).weekday, 2);
    zone_free(z);
}
END_TEST

START_TEST(half_hour_offsets_are_kept)
{
    struct zone *kolkata = load("Asia/Kolkata");
    ck_assert_str_eq(shown(kolkata, 1768883400000), "2026-01-20 10:00:00 +19800");
    ck_assert_int_eq(moment(kolkata, 2026, 1, 20, 10, 0), 1768883400000);
    zone_free(kolkata);
    struct zone *howe = load("Australia/Lord_Howe"); /* half an hour of summer time */
    ck_assert_int_eq(moment(howe, 2050, 1, 1, 0, 0), 2524568400000);
    ck_assert_int_eq(moment(howe, 2050, 7, 1, 0, 0), 2540208600000);
    zone_free(howe);
}
END_TEST

static void spring_skips_an_hour(const struct zone *z)
{
    ck_assert_str_eq(shown(z, 1774745999000), "2026-03-29 01:59:59 +3600");
    ck_assert_str_eq(shown(z, 1774746000000), "2026-03-29 03:00:00 +7200");
    /* 02:30 does not exist and moves forward by the gap */
    ck_assert_int_eq(moment(z, 2026, 3, 29, 2, 30), 1774747800000);
    ck_assert_str_eq(shown(z, 1774747800000), "2026-03-29 03:30:00 +7200");
    ck_assert_int_eq(moment(z, 2026, 3, 29, 2, 0), 1774746000000);
    ck_assert_int_eq(moment(z, 2026, 3, 29, 3, 0), 1774746000000);
    ck_assert_int_eq(moment(z, 2026, 3, 29, 1, 59), 1774745940000);
}

static void autumn_doubles_an_hour(const struct zone *z)
{
    ck_assert_str_eq(shown(z, 1792888200000), "2026-10-25 02:30:00 +7200");
    ck_assert_str_eq(shown(z, 1792891800000), "2026-10-25 02:30:00 +3600");
    ck_assert_int_eq(moment(z, 2026, 10, 25, 2, 30), 1792888200000); /* the first of the two */
    ck_assert_int_eq(moment(z, 2026, 10, 25, 2, 0), 1792886400000);
    ck_assert_int_eq(moment(z, 2026, 10, 25, 3, 0), 1792893600000);
}

START_TEST(spring_skips_and_autumn_doubles_an_hour_by_the_table)
{
    struct zone *z = zones_berlin();
    spring_skips_an_hour(z);
    autumn_doubles_an_hour(z);
    zone_free(z);
}
END_TEST

START_TEST(spring_skips_and_autumn_doubles_an_hour_in_the_database)
{
    struct zone *z = load("Europe/Berlin");
    spring_skips_an_hour(z);
    autumn_doubles_an_hour(z);
    zone_free(z);
}
END_TEST

START_TEST(spring_skips_and_autumn_doubles_an_hour_by_the_rule)
{
    struct zone *z = zones_berlin();
    /* 2090-03-26 and 2090-10-29 */
    ck_assert_str_eq(shown(z, moment(z, 2090, 3, 26, 2, 30)), "2090-03-26 03:30:00 +7200");
    ck_assert_str_eq(shown(z, moment(z, 2090, 10, 29, 2, 30)), "2090-10-29 02:30:00 +7200");
    ck_assert_str_eq(shown(z, moment(z, 2090, 10, 29, 2, 30) + HOUR_MS),
                     "2090-10-29 02:30:00 +3600");
    zone_free(z);
}
END_TEST

START_TEST(dates_beyond_the_table_follow_the_rule)
{
    struct zone *berlin = load("Europe/Berlin");
    ck_assert_int_eq(moment(berlin, 2090, 7, 1, 12, 0), 3802586400000);
    ck_assert_int_eq(moment(berlin, 2090, 12, 1, 12, 0), 3815809200000);
    zone_free(berlin);
    struct zone *york = load("America/New_York");
    ck_assert_int_eq(moment(york, 2400, 7, 4, 9, 0), 13585496400000);
    zone_free(york);
    struct zone *sydney = load("Australia/Sydney");
    ck_assert_int_eq(moment(sydney, 2060, 12, 31, 23, 59), 2871723540000);
    zone_free(sydney);
}
END_TEST

START_TEST(times_before_the_table_have_the_first_offset)
{
    struct zone *z = zones_berlin();
    ck_assert_str_eq(shown(z, -2422054409000), "1893-03-31 23:59:59 +3208");
    ck_assert_str_eq(shown(z, -2422054408000), "1893-04-01 00:06:32 +3600");
    zone_free(z);
}
END_TEST

START_TEST(fields_that_overflow_count_on)
{
    struct zone *z = load("Europe/Moscow");
    int64_t noon = moment(z, 2026, 2, 1, 12, 0);
    ck_assert_int_eq(moment(z, 2026, 1, 32, 12, 0), noon);
    ck_assert_int_eq(moment(z, 2026, 1, 31, 36, 0), noon);
    ck_assert_int_eq(moment(z, 2025, 14, 1, 0, 720), noon);
    ck_assert_int_eq(moment(z, 2026, 3, 0, 12, 0), moment(z, 2026, 2, 28, 12, 0));
    struct civil c = {.year = 2026, .month = 2, .day = 1, .hour = 12, .second = -1, .ms = 1999};
    ck_assert_int_eq(zone_moment(z, c), noon + 999);
    c = (struct civil){.year = 2026, .month = 2, .day = 1, .hour = 12, .ms = -1};
    ck_assert_int_eq(zone_moment(z, c), noon - 1);
    zone_free(z);
}
END_TEST

START_TEST(milliseconds_before_1970_round_down)
{
    struct zone *z = load("UTC");
    struct civil c = zone_local(z, -1);
    ck_assert_int_eq(c.year, 1969);
    ck_assert_int_eq(c.second, 59);
    ck_assert_int_eq(c.ms, 999);
    ck_assert_int_eq(zone_moment(z, c), -1);
    zone_free(z);
}
END_TEST

START_TEST(times_beyond_all_reason_are_reckoned_without_overflow)
{
    struct zone *z = zones_berlin();
    ck_assert_int_eq(zone_local(z, INT64_MAX).year, 292278994);
    ck_assert_int_eq(zone_local(z, INT64_MIN).year, -292275055);
    struct civil late = {.year = INT32_MAX, .month = INT32_MAX, .day = INT32_MAX};
    struct civil early = {.year = INT32_MIN, .month = INT32_MIN, .day = INT32_MIN};
    ck_assert_int_gt(zone_moment(z, late), INT64_MAX / 1000 * 997);
    ck_assert_int_lt(zone_moment(z, early), INT64_MIN / 1000 * 997);
    zone_free(z);
}
END_TEST

/* There and back: only the second pass of a doubled hour comes back an hour early. */
START_TEST(local_time_leads_back_to_its_moment)
{
    struct random r = {.state = 99};
    struct zone *zones[] = {load("UTC"), load("Europe/Berlin"), zones_berlin(),
                            load("America/New_York")};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        int early = 0;
        for (int n = 0; n < 20000; n++) {
            int64_t at = random_between(&r, 0, 4102444800000); /* to 2100 */
            int64_t back = zone_moment(zones[i], zone_local(zones[i], at));
            if (back == at)
                continue;
            ck_assert_int_eq(back, at - HOUR_MS);
            early++;
        }
        ck_assert_int_le(early, 20); /* one hour of 8760 */
        zone_free(zones[i]);
    }
}
END_TEST

CHECK_MAIN("zone", utc_is_known_without_a_file, a_zone_is_looked_for_in_the_own_folder_first,
           a_file_too_large_for_a_zone_is_not_read_whole,
           a_name_that_leads_out_of_the_database_is_refused, a_mistyped_zone_finds_its_neighbour,
           a_file_that_is_no_zone_names_the_zone, moscow_has_stood_still_since_2014,
           half_hour_offsets_are_kept, spring_skips_and_autumn_doubles_an_hour_by_the_table,
           spring_skips_and_autumn_doubles_an_hour_in_the_database,
           spring_skips_and_autumn_doubles_an_hour_by_the_rule,
           dates_beyond_the_table_follow_the_rule, times_before_the_table_have_the_first_offset,
           fields_that_overflow_count_on, milliseconds_before_1970_round_down,
           times_beyond_all_reason_are_reckoned_without_overflow,
           local_time_leads_back_to_its_moment)
