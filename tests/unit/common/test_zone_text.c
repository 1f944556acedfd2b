#include "common/zone.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/zones.h"

START_TEST(iso_text_has_the_offset_of_its_moment)
{
    struct zone *m = zones_moscow();
    struct zone *b = zones_berlin();
    zones_same(m, 1768892400000, "2026-01-20T10:00:00+03:00");
    zones_same(m, 1768892400999, "2026-01-20T10:00:00+03:00");
    zones_same(b, 1774745999000, "2026-03-29T01:59:59+01:00");
    zones_same(b, 1774746000000, "2026-03-29T03:00:00+02:00");
    zones_same(m, -1, "1970-01-01T02:59:59+03:00");
    zone_free(m);
    zone_free(b);
}
END_TEST

START_TEST(an_offset_with_seconds_is_written_so_that_the_moment_stays)
{
    struct zone *b = zones_berlin(); /* +00:53:28 before 1893 */
    int64_t read = 0;
    zones_same(b, -2422054409000, "1893-03-31T23:59:31+00:53");
    ck_assert(zone_parse_iso(b, "1893-03-31T23:59:31+00:53", &read));
    ck_assert_int_eq(read, -2422054409000);
    zone_free(b);
}
END_TEST

START_TEST(years_that_iso_cannot_write_become_the_nearest)
{
    struct zone *m = zones_moscow();
    zones_same(m, INT64_MAX, "9999-12-31T23:59:59+03:00");
    zones_same(m, INT64_MIN, "0000-01-01T00:00:00+03:00");
    zone_free(m);
}
END_TEST

START_TEST(iso_texts_are_read_with_and_without_an_offset)
{
    static const struct {
        const char *text;
        int64_t wall_ms;
    } cases[] = {
        {"2026-01-20", 1768856400000},
        {"2026-01-20 10:00", 1768892400000},
        {"2026-01-20T10:00", 1768892400000},
        {"2026-01-20T10:00:00", 1768892400000},
        {"2026-01-20T10:00:00+03:00", 1768892400000},
        {"2026-01-20T10:00:00+0300", 1768892400000},
        {"2026-01-20T10:00:00Z", 1768903200000},
        {"2026-01-20T10:00Z", 1768903200000},
        {"2026-01-20 10:00:00-05:30", 1768923000000},
        {"2026-01-20T10:00:00.5", 1768892400500},
        {"2026-01-20T10:00:00.123456789Z", 1768903200123},
        {"2026-01-20T23:59:59.999+03:00", 1768942799999},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29", 1709154000000},
    };
    struct zone *m = zones_moscow();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t wall_ms = 0;
        ck_assert_msg(zone_parse_iso(m, cases[i].text, &wall_ms), "%s", cases[i].text);
        ck_assert_msg(wall_ms == cases[i].wall_ms, "%s", cases[i].text);
        ck_assert(zone_is_iso(cases[i].text));
    }
    zone_free(m);
}
END_TEST

START_TEST(a_local_text_of_the_skipped_hour_moves_forward)
{
    struct zone *b = zones_berlin();
    int64_t wall_ms = 0;
    ck_assert(zone_parse_iso(b, "2026-03-29 02:30", &wall_ms));
    zones_same(b, wall_ms, "2026-03-29T03:30:00+02:00");
    ck_assert(zone_parse_iso(b, "2026-10-25 02:30", &wall_ms));
    zones_same(b, wall_ms, "2026-10-25T02:30:00+02:00");
    zone_free(b);
}
END_TEST

START_TEST(what_is_not_wholly_iso_is_refused)
{
    static const char *const refused[] = {
        "",
        "now",
        "2026",
        "2026-01",
        "2026-1-2",
        "2026-02-29",
        "2026-13-01",
        "20.01.2026",
        "2026-01-20T",
        "2026-01-20 ",
        " 2026-01-20",
        "2026-01-20 10",
        "2026-01-20 10:0",
        "2026-01-20 24:00",
        "2026-01-20 10:60",
        "2026-01-20 10:00:60",
        "2026-01-20 10:00:",
        "2026-01-20 10:00:00.",
        "2026-01-20 10:00:00.1234567890",
        "2026-01-20 10:00:00+",
        "2026-01-20 10:00:00+3",
        "2026-01-20 10:00:00+03",
        "2026-01-20 10:00:00+03:0",
        "2026-01-20 10:00:00+24:00",
        "2026-01-20 10:00:00+03:60",
        "2026-01-20 10:00:00 +03:00",
        "2026-01-20T10:00:00Zulu",
        "2026-01-20T10:00:00+03:00 ",
        "2026-01-20Z",
        "2026-01-20+03:00",
        "-2026-01-20",
    };
    struct zone *m = zones_moscow();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int64_t wall_ms = 42;
        ck_assert_msg(!zone_parse_iso(m, refused[i], &wall_ms), "%s", refused[i]);
        ck_assert_int_eq(wall_ms, 42);
        ck_assert(!zone_is_iso(refused[i]));
    }
    zone_free(m);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct zone *zones[] = {zones_moscow(), zones_berlin()};
    struct random r = {.state = 11};
    for (int i = 0; i < 20000; i++) {
        const struct zone *z = zones[i % 2];
        int64_t at = random_between(&r, -62000000000, 253000000000) * 1000;
        char out[26];
        int64_t back = 0;
        zone_iso(z, at, out);
        ck_assert_uint_eq(strlen(out), 25);
        ck_assert_msg(zone_parse_iso(z, out, &back), "%s", out);
        ck_assert_int_eq(back, at);
    }
    zone_free(zones[0]);
    zone_free(zones[1]);
}
END_TEST

static void formats(const struct zone *z, const char *format, const char *expected)
{
    char out[200];
    ck_assert_msg(zone_format(z, 1768892405000, format, out, sizeof out), "%s", format);
    ck_assert_str_eq(out, expected);
}

START_TEST(a_format_writes_numbers_and_russian_names)
{
    struct zone *m = zones_moscow(); /* Tuesday 2026-01-20 10:00:05 */
    formats(m, "%d.%m %H:%M", "20.01 10:00");
    formats(m, "%d.%m.%Y, %H:%M:%S", "20.01.2026, 10:00:05");
    formats(m, "%d %B %Y", "20 января 2026");
    formats(m, "%A", "вторник");
    formats(m, "%y %j", "26 020");
    formats(m, "100%% в %H", "100% в 10");
    formats(m, "", "");
    formats(m, "без букв", "без букв");
    zone_free(m);
}
END_TEST

START_TEST(every_month_and_weekday_has_its_name)
{
    static const char *const months[] = {"января",   "февраля", "марта",  "апреля",
                                         "мая",      "июня",    "июля",   "августа",
                                         "сентября", "октября", "ноября", "декабря"};
    static const char *const days[] = {"понедельник", "вторник", "среда",      "четверг",
                                       "пятница",     "суббота", "воскресенье"};
    struct zone *m = zones_moscow();
    char out[64];
    for (int i = 0; i < 12; i++) {
        int64_t at = zone_moment(m, (struct civil){.year = 2026, .month = i + 1, .day = 15});
        ck_assert(zone_format(m, at, "%B", out, sizeof out));
        ck_assert_str_eq(out, months[i]);
    }
    for (int i = 0; i < 7; i++) { /* 2026-01-05 is a Monday */
        int64_t at = zone_moment(m, (struct civil){.year = 2026, .month = 1, .day = 5 + i});
        ck_assert(zone_format(m, at, "%A", out, sizeof out));
        ck_assert_str_eq(out, days[i]);
    }
    zone_free(m);
}
END_TEST

START_TEST(an_unknown_letter_leaves_the_output_alone)
{
    static const char *const refused[] = {"%Q", "%d.%m.%", "%", "%%%", "%-d", "%ж"};
    struct zone *m = zones_moscow();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char out[16] = "as it was";
        ck_assert_msg(!zone_format(m, 0, refused[i], out, sizeof out), "%s", refused[i]);
        ck_assert_str_eq(out, "as it was");
    }
    zone_free(m);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut_between_letters)
{
    struct zone *m = zones_moscow();
    char out[16];
    ck_assert(zone_format(m, 1768892405000, "%d %B %Y", out, 8));
    ck_assert_str_eq(out, "20 ян");
    ck_assert(zone_format(m, 1768892405000, "%d.%m.%Y", out, 6));
    ck_assert_str_eq(out, "20.01");
    ck_assert(zone_format(m, 1768892405000, "яблоко", out, 4));
    ck_assert_str_eq(out, "я");
    ck_assert(zone_format(m, 1768892405000, "%d", out, 1));
    ck_assert_str_eq(out, "");
    memcpy(out, "same", 5);
    ck_assert(zone_format(m, 1768892405000, "%d", out, 0));
    ck_assert_str_eq(out, "same");
    zone_free(m);
}
END_TEST

START_TEST(random_texts_are_read_or_refused_in_peace)
{
    static const char *const words[] = {"2026", "-01", "-20",    "T", " ",
                                        "10",   ":00", "+03:00", "Z", ".123",
                                        "%d",   "%B",  "%",      "я", "9999-12-31"};
    struct zone *m = zones_moscow();
    struct random r = {.state = 5};
    int read = 0;
    for (int i = 0; i < 50000; i++) {
        char text[40];
        char out[20];
        int64_t at = 0;
        random_text(&r, words, sizeof words / sizeof words[0], text, sizeof text);
        read += zone_parse_iso(m, text, &at);
        size_t size = (size_t)random_between(&r, 1, sizeof out);
        if (zone_format(m, (int64_t)random_next(&r), text, out, size))
            ck_assert_uint_lt(strnlen(out, sizeof out), size);
    }
    ck_assert_int_gt(read, 10);
    zone_free(m);
}
END_TEST

CHECK_MAIN("zone_text", iso_text_has_the_offset_of_its_moment,
           an_offset_with_seconds_is_written_so_that_the_moment_stays,
           years_that_iso_cannot_write_become_the_nearest,
           iso_texts_are_read_with_and_without_an_offset,
           a_local_text_of_the_skipped_hour_moves_forward, what_is_not_wholly_iso_is_refused,
           what_is_written_is_read_back, a_format_writes_numbers_and_russian_names,
           every_month_and_weekday_has_its_name, an_unknown_letter_leaves_the_output_alone,
           a_text_that_does_not_fit_is_cut_between_letters,
           random_texts_are_read_or_refused_in_peace)
