#include "common/bucket.h"

#include "tests/support/check_main.h"

static int take_all(struct bucket *b, int64_t now_ms)
{
    int taken = 0;
    while (taken < 1000 && bucket_take(b, now_ms))
        taken++;
    return taken;
}

START_TEST(a_burst_fits_until_the_bucket_is_full)
{
    struct bucket b = {.size = 50, .drain = 2, .at_ms = 1000};
    ck_assert_int_eq(take_all(&b, 1000), 50);
    ck_assert(!bucket_take(&b, 1000));
    ck_assert_double_eq_tol(b.level, 50, 1e-9);
}
END_TEST

START_TEST(two_leak_out_a_second)
{
    struct bucket b = {.size = 50, .drain = 2, .level = 50, .at_ms = 0};
    ck_assert(!bucket_take(&b, 499));
    ck_assert(bucket_take(&b, 500));
    ck_assert(!bucket_take(&b, 999));
    ck_assert_int_eq(take_all(&b, 3000), 5);
}
END_TEST

START_TEST(it_never_holds_less_than_nothing)
{
    struct bucket b = {.size = 5, .drain = 2, .level = 3, .at_ms = 0};
    bucket_leak(&b, 1000000);
    ck_assert_double_eq(b.level, 0);
    ck_assert_int_eq(take_all(&b, 1000000), 5);
}
END_TEST

START_TEST(many_small_leaks_are_one_large_one)
{
    struct bucket b = {.size = 10, .drain = 2, .level = 10, .at_ms = 0};
    for (int64_t ms = 1; ms <= 500; ms++)
        bucket_leak(&b, ms);
    ck_assert_int_eq(bucket_wait_ms(&b, 500), 0);
    ck_assert(bucket_take(&b, 500));
}
END_TEST

START_TEST(the_wait_is_exactly_what_is_needed)
{
    struct bucket b = {.size = 50, .drain = 2, .level = 50, .at_ms = 0};
    ck_assert_int_eq(bucket_wait_ms(&b, 0), 500);
    ck_assert_int_eq(bucket_wait_ms(&b, 200), 300);
    ck_assert_int_eq(bucket_wait_ms(&b, 500), 0);
    ck_assert(bucket_take(&b, bucket_wait_ms(&b, 0)));
    struct bucket third = {.size = 1, .drain = 3, .level = 1, .at_ms = 0};
    ck_assert_int_eq(bucket_wait_ms(&third, 0), 334);
    ck_assert(!bucket_take(&third, 333));
    ck_assert(bucket_take(&third, 334));
}
END_TEST

START_TEST(asking_for_the_wait_changes_nothing)
{
    struct bucket b = {.size = 5, .drain = 2, .level = 5, .at_ms = 100};
    (void)bucket_wait_ms(&b, 300);
    ck_assert_double_eq(b.level, 5);
    ck_assert_int_eq(b.at_ms, 100);
}
END_TEST

START_TEST(a_clock_that_went_back_lets_nothing_leak_and_blocks_nobody)
{
    struct bucket b = {.size = 5, .drain = 2, .level = 5, .at_ms = 3600000};
    ck_assert(!bucket_take(&b, 0));
    ck_assert_double_eq(b.level, 5);
    ck_assert_int_eq(bucket_wait_ms(&b, 0), 500);
    ck_assert(bucket_take(&b, 500));
}
END_TEST

START_TEST(without_a_drain_it_is_never_full)
{
    struct bucket b = {.size = 0, .drain = 0};
    ck_assert_int_eq(take_all(&b, 0), 1000);
    ck_assert_int_eq(bucket_wait_ms(&b, 0), 0);
}
END_TEST

CHECK_MAIN("common/bucket", a_burst_fits_until_the_bucket_is_full, two_leak_out_a_second,
           it_never_holds_less_than_nothing, many_small_leaks_are_one_large_one,
           the_wait_is_exactly_what_is_needed, asking_for_the_wait_changes_nothing,
           a_clock_that_went_back_lets_nothing_leak_and_blocks_nobody,
           without_a_drain_it_is_never_full)
