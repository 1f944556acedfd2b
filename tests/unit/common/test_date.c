#include "common/date.h"

#include "tests/support/check_main.h"

START_TEST(the_epoch_is_day_zero_and_a_thursday)
{
    ck_assert_int_eq(date_number(1970, 1, 1), 0);
    ck_assert_int_eq(date_weekday(0), 4);
    ck_assert_int_eq(date_weekday(-4), 7);
    ck_assert_int_eq(date_weekday(4), 1);
}
END_TEST

START_TEST(day_and_month_overflow_into_the_next)
{
    ck_assert_int_eq(date_number(2026, 1, 32), date_number(2026, 2, 1));
    ck_assert_int_eq(date_number(2026, 13, 1), date_number(2027, 1, 1));
    ck_assert_int_eq(date_number(2026, 0, 1), date_number(2025, 12, 1));
    ck_assert_int_eq(date_number(2026, -11, 1), date_number(2025, 1, 1));
    ck_assert_int_eq(date_number(2024, 3, 0), date_number(2024, 2, 29));
}
END_TEST

START_TEST(every_day_of_eight_centuries_follows_the_one_before)
{
    int64_t number = date_number(1600, 1, 1);
    ck_assert_int_eq(number, -135140);
    for (int year = 1600; year < 2400; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= date_month_days(year, month); day++, number++) {
                struct date d = date_of(number);
                if (d.year != year || d.month != month || d.day != day ||
                    date_number(year, month, day) != number)
                    ck_abort_msg("%04d-%02d-%02d", year, month, day);
            }
    ck_assert_int_eq(number, 157054); /* 2400-01-01 */
}
END_TEST

START_TEST(a_leap_day_is_valid_in_leap_years_only)
{
    ck_assert(date_valid((struct date){2024, 2, 29}));
    ck_assert(date_valid((struct date){2000, 2, 29}));
    ck_assert(!date_valid((struct date){1900, 2, 29}));
    ck_assert(!date_valid((struct date){2026, 2, 29}));
    ck_assert(!date_valid((struct date){2026, 4, 31}));
    ck_assert(!date_valid((struct date){2026, 13, 1}));
    ck_assert(!date_valid((struct date){2026, 0, 1}));
    ck_assert(!date_valid((struct date){2026, 1, 0}));
}
END_TEST

START_TEST(division_rounds_down_on_both_sides_of_zero)
{
    ck_assert_int_eq(date_floor_div(7, 3), 2);
    ck_assert_int_eq(date_floor_div(-7, 3), -3);
    ck_assert_int_eq(date_floor_div(-6, 3), -2);
    ck_assert_int_eq(date_floor_div(-1, 1000), -1);
}
END_TEST

CHECK_MAIN("date", the_epoch_is_day_zero_and_a_thursday, day_and_month_overflow_into_the_next,
           every_day_of_eight_centuries_follows_the_one_before,
           a_leap_day_is_valid_in_leap_years_only, division_rounds_down_on_both_sides_of_zero)
