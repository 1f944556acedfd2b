#include "daemon/admin/room.h"

#include <string.h>

#include "tests/support/check_main.h"

static const int64_t hour = 3600000, start = 1772000000000, gib = 1 << 30;

START_TEST(nothing_is_known_before_an_hour_has_passed)
{
    struct room room = {0};
    ck_assert_int_eq(room_judge(&room, gib, start).span_ms, 0);
    ck_assert(room_note(&room, gib, start));
    ck_assert(!room_note(&room, gib / 2, start + hour - 1));
    ck_assert_int_eq(room_judge(&room, gib / 2, start + hour - 1).span_ms, 0);
    ck_assert_int_eq(room_judge(&room, gib / 2, start + hour).span_ms, hour);
}
END_TEST

START_TEST(the_days_follow_from_what_went_since_the_oldest_sample)
{
    struct room room = {0};
    for (int i = 0; i < 13; i++)
        (void)room_note(&room, 100 * gib - i * gib, start + i * hour);
    struct room_verdict v = room_judge(&room, 88 * gib, start + 12 * hour);
    ck_assert_int_eq(v.span_ms, 12 * hour);
    ck_assert_double_eq_tol(v.days, 88.0 / 24, 0.001);
}
END_TEST

START_TEST(a_day_of_samples_is_kept)
{
    struct room room = {0};
    for (int i = 0; i < 100; i++)
        ck_assert(room_note(&room, gib, start + i * hour));
    ck_assert_int_le(room.count, ROOM_SAMPLES);
    ck_assert_int_eq(room_judge(&room, gib, start + 99 * hour).span_ms, 24 * hour);
}
END_TEST

START_TEST(a_disk_that_does_not_shrink_lasts)
{
    struct room room = {0};
    (void)room_note(&room, gib, start);
    ck_assert_double_ge(room_judge(&room, 2 * gib, start + 5 * hour).days, 10000);
    ck_assert_double_ge(room_judge(&room, gib - 1000, start + 5 * hour).days, 10000);
}
END_TEST

START_TEST(samples_from_the_future_are_forgotten)
{
    struct room room = {0};
    (void)room_note(&room, 50 * gib, start + 5 * hour);
    ck_assert(room_note(&room, gib, start));
    ck_assert_int_eq(room.count, 1);
    ck_assert_double_ge(room_judge(&room, gib, start + hour).days, 10000);
}
END_TEST

START_TEST(what_is_printed_is_read_again)
{
    struct room room = {0}, again;
    char text[ROOM_TEXT], second[ROOM_TEXT];
    for (int i = 0; i < ROOM_SAMPLES; i++)
        (void)room_note(&room, INT64_MAX / 1000 - i, start + i * hour);
    room_print(&room, text);
    room_parse(&again, text);
    ck_assert_int_eq(again.count, ROOM_SAMPLES);
    room_print(&again, second);
    ck_assert_str_eq(text, second);
}
END_TEST

START_TEST(nonsense_is_read_as_far_as_it_goes)
{
    struct room room;
    room_parse(&room, "");
    ck_assert_int_eq(room.count, 0);
    room_parse(&room, "5:100 3:100 6:-1 7:9 x");
    ck_assert_int_eq(room.count, 2);
    ck_assert_int_eq(room.samples[1].at_ms, 7);
    room_parse(&room, "hello");
    ck_assert_int_eq(room.count, 0);
}
END_TEST

CHECK_MAIN("room", nothing_is_known_before_an_hour_has_passed,
           the_days_follow_from_what_went_since_the_oldest_sample, a_day_of_samples_is_kept,
           a_disk_that_does_not_shrink_lasts, samples_from_the_future_are_forgotten,
           what_is_printed_is_read_again, nonsense_is_read_as_far_as_it_goes)
