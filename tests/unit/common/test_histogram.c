#include "common/histogram.h"
#include "tests/support/check_main.h"

static const int64_t bounds[] = {10, 20, 40};

static struct histogram make(void)
{
    struct histogram h;
    histogram_init(&h, bounds, 3);
    return h;
}

START_TEST(a_value_counts_under_each_bound_that_it_does_not_exceed)
{
    static const int64_t values[] = {-1, 0, 10, 11, 20, 40, 41, 1000};
    static const int64_t counts[] = {3, 5, 6, 8};
    struct histogram h = make();
    struct histogram_reading r;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        histogram_add(&h, values[i]);
    histogram_read(&h, &r);
    ck_assert_int_eq(r.bound_count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(r.bounds[i], bounds[i]);
    for (int i = 0; i <= 3; i++)
        ck_assert_msg(r.counts[i] == counts[i], "bucket %d: %lld", i, (long long)r.counts[i]);
    ck_assert_int_eq(r.sum, 1121);
}
END_TEST

START_TEST(an_empty_one_has_only_zeros)
{
    struct histogram h = make();
    struct histogram_reading r;
    histogram_read(&h, &r);
    for (int i = 0; i <= 3; i++)
        ck_assert_int_eq(r.counts[i], 0);
    ck_assert_int_eq(r.sum, 0);
}
END_TEST

START_TEST(more_bounds_than_there_is_room_for_are_left_out)
{
    int64_t many[HISTOGRAM_BOUNDS + 4];
    for (int i = 0; i < HISTOGRAM_BOUNDS + 4; i++)
        many[i] = i;
    struct histogram h;
    struct histogram_reading r;
    histogram_init(&h, many, HISTOGRAM_BOUNDS + 4);
    histogram_add(&h, HISTOGRAM_BOUNDS + 2);
    histogram_read(&h, &r);
    ck_assert_int_eq(r.bound_count, HISTOGRAM_BOUNDS);
    ck_assert_int_eq(r.counts[HISTOGRAM_BOUNDS - 1], 0);
    ck_assert_int_eq(r.counts[HISTOGRAM_BOUNDS], 1);
}
END_TEST

CHECK_MAIN("histogram", a_value_counts_under_each_bound_that_it_does_not_exceed,
           an_empty_one_has_only_zeros, more_bounds_than_there_is_room_for_are_left_out)
