/* A few of the rounds that `./dev crash` runs by the hundred: promises 1 and 5 of product.md §1. */

#include "tests/crash/rounds.h"
#include "tests/support/house_check.h"

enum { ROUNDS = 6, OLD_ROWS = 5000 };

static void nothing_is_lost(const struct ledger_sums *sums)
{
    ck_assert_int_gt(sums->answered, 0);
    ck_assert_int_ge(sums->stored, sums->answered);
    ck_assert_int_eq(sums->missing, 0);
    ck_assert_int_eq(sums->doubled, 0);
}

static void each_deal_has_its_comment(const struct ledger_sums *sums)
{
    ck_assert_int_gt(sums->deals, 0);
    ck_assert_int_eq(sums->effects_missing, 0);
    ck_assert_int_eq(sums->effects_doubled, 0);
    ck_assert_int_eq(sums->stopped, 0); /* a comment can be looked for: nobody needs to be asked */
}

static void survive(bool power, uint64_t seed)
{
    const struct rounds_options options = {.rounds = ROUNDS,
                                           .seed = seed,
                                           .old_rows = OLD_ROWS,
                                           .power = power,
                                           .fail = house_check_fail};
    struct rounds_result result;
    rounds_run(&options, &result);
    ck_assert_int_gt(result.pruned, 0);
    nothing_is_lost(&result.sums);
    each_deal_has_its_comment(&result.sums);
}

START_TEST(kill_9_loses_nothing_and_doubles_nothing)
{
    survive(false, 5);
}
END_TEST

START_TEST(a_power_cut_loses_nothing_and_doubles_nothing)
{
    survive(true, 7);
}
END_TEST

CHECK_MAIN("kills", kill_9_loses_nothing_and_doubles_nothing,
           a_power_cut_loses_nothing_and_doubles_nothing)
