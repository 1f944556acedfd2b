#include "common/backoff.h"

#include <limits.h>

#include "tests/support/check_main.h"

static const struct backoff plain = {.first_ms = 1000, .most_ms = 60000};

START_TEST(each_try_waits_about_twice_as_long)
{
    for (uint64_t seed = 0; seed < 1000; seed++)
        for (int attempt = 1; attempt <= 5; attempt++) {
            int64_t base = INT64_C(1000) << (attempt - 1);
            int64_t delay = backoff_delay(&plain, attempt, seed);
            ck_assert_int_ge(delay, base * 8 / 10);
            ck_assert_int_le(delay, base * 12 / 10);
        }
}
END_TEST

START_TEST(the_wait_never_passes_its_ceiling)
{
    static const int attempts[] = {7, 10, 63, 64, 65, 1000, INT_MAX};
    for (uint64_t seed = 0; seed < 1000; seed++)
        for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
            int64_t delay = backoff_delay(&plain, attempts[i], seed);
            ck_assert_int_ge(delay, 48000);
            ck_assert_int_le(delay, 60000);
        }
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
    for (int attempt = 1; attempt < 10; attempt++)
        ck_assert_int_eq(backoff_delay(&plain, attempt, 42), backoff_delay(&plain, attempt, 42));
}
END_TEST

START_TEST(neighbouring_runs_do_not_come_back_together)
{
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (uint64_t seed = 100; seed < 150; seed++) {
        int64_t delay = backoff_delay(&plain, 1, seed);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    ck_assert_int_gt(most - least, 300);
}
END_TEST

START_TEST(huge_ceilings_do_not_overflow)
{
    struct backoff wide = {.first_ms = 1, .most_ms = INT64_MAX / 2};
    ck_assert_int_gt(backoff_delay(&wide, INT_MAX, 1), wide.most_ms / 10 * 7);
    ck_assert_int_le(backoff_delay(&wide, INT_MAX, 1), wide.most_ms);
    struct backoff narrow = {.first_ms = 5000, .most_ms = 1000};
    ck_assert_int_le(backoff_delay(&narrow, 1, 1), 1000);
}
END_TEST

CHECK_MAIN("common/backoff", each_try_waits_about_twice_as_long, the_wait_never_passes_its_ceiling,
           the_same_question_has_the_same_answer, neighbouring_runs_do_not_come_back_together,
           huge_ceilings_do_not_overflow)
