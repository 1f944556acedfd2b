#include "daemon/store/meter.h"

#include "tests/support/check_main.h"

START_TEST(the_greatest_of_the_last_minute_is_kept)
{
    struct meter meter = {0};
    ck_assert_int_eq(meter_most(&meter, 1000000), 0);
    meter_add(&meter, 1000000, 50);
    meter_add(&meter, 1000001, 20);
    ck_assert_int_eq(meter_most(&meter, 1000002), 50);
    meter_add(&meter, 1030000, 30);
    ck_assert_int_eq(meter_most(&meter, 1059999), 50);
}
END_TEST

START_TEST(what_is_older_than_a_minute_is_forgotten)
{
    struct meter meter = {0};
    meter_add(&meter, 1000000, 50);
    meter_add(&meter, 1030000, 30);
    ck_assert_int_eq(meter_most(&meter, 1070000), 30);
    ck_assert_int_eq(meter_most(&meter, 1200000), 0);
    meter_add(&meter, 1210000, 1); /* the slots are used again */
    ck_assert_int_eq(meter_most(&meter, 1210000), 1);
}
END_TEST

CHECK_MAIN("meter", the_greatest_of_the_last_minute_is_kept,
           what_is_older_than_a_minute_is_forgotten)
