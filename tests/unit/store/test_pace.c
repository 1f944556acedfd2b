/* How large a group may be. */

#include <check.h>

#include "daemon/store/pace.h"
#include "tests/support/check_main.h"

START_TEST(rows_that_share_pages_go_in_groups_of_512)
{
    struct pace pace = {0};
    ck_assert_int_eq(pace_rows(&pace), 512);
    pace_learn(&pace, 512, 70);
    ck_assert_int_eq(pace_rows(&pace), 512);
}
END_TEST

START_TEST(rows_of_a_page_each_go_in_groups_of_256)
{
    struct pace pace = {0};
    pace_learn(&pace, 512, 512);
    ck_assert_int_eq(pace_rows(&pace), 256);
    pace_learn(&pace, 256, 256);
    ck_assert_int_eq(pace_rows(&pace), 256);
}
END_TEST

START_TEST(rows_of_many_pages_still_go_in_groups)
{
    struct pace pace = {0};
    pace_learn(&pace, 100, 2000);
    ck_assert_int_eq(pace_rows(&pace), 64);
}
END_TEST

START_TEST(a_small_group_teaches_nothing)
{
    struct pace pace = {0};
    pace_learn(&pace, 1, 6);
    pace_learn(&pace, 63, 600);
    ck_assert_int_eq(pace_rows(&pace), 512);
}
END_TEST

START_TEST(a_group_of_many_pages_is_forgotten_little_by_little)
{
    struct pace pace = {0};
    pace_learn(&pace, 256, 512);
    ck_assert_int_eq(pace_rows(&pace), 128);
    pace_learn(&pace, 128, 16);
    ck_assert_int_gt(pace_rows(&pace), 128);
    ck_assert_int_lt(pace_rows(&pace), 256);
    for (int i = 0; i < 8; i++)
        pace_learn(&pace, 256, 32);
    ck_assert_int_eq(pace_rows(&pace), 512);
}
END_TEST

CHECK_MAIN("pace", rows_that_share_pages_go_in_groups_of_512,
           rows_of_a_page_each_go_in_groups_of_256, rows_of_many_pages_still_go_in_groups,
           a_small_group_teaches_nothing, a_group_of_many_pages_is_forgotten_little_by_little)
