/* A short one of what `./dev soak` does for ten minutes: promise 5 of product.md §1. */

#include "tests/crash/soak.h"
#include "tests/support/house_check.h"

START_TEST(in_bad_weather_each_effect_is_there_once)
{
    const struct soak_options options = {.effects = 160,
                                         .seconds = 4,
                                         .fault_rate = 0.1,
                                         .rate = 2,
                                         .kill_every = 1.5,
                                         .seed = 3,
                                         .fail = house_check_fail};
    struct soak_result result;
    soak_run(&options, &result);
    const struct tally_sums *sums = &result.sums;
    ck_assert_int_ge(sums->expected, options.effects);
    ck_assert_msg(soak_is_good(&result), "missing %d, doubled %d, wrongly given up %d: %s",
                  (int)sums->missing, (int)sums->doubled, (int)sums->wrongly, sums->first);
    ck_assert_int_eq(sums->there + sums->parked_not + sums->kept_back, sums->expected);
    ck_assert_int_gt(result.looked, 0);
    soak_result_done(&result);
}
END_TEST

CHECK_MAIN("soak", in_bad_weather_each_effect_is_there_once)
