#include <stdio.h>

#include "common/jv.h"
#include "daemon/engine/held.h"
#include "tests/support/check_main.h"

static struct held *held;

static void setup(void)
{
    held = held_new();
}

static void teardown(void)
{
    held_free(held);
}

static size_t count(void)
{
    JV_AUTO *list = held_list(held);
    return json_array_size(list);
}

START_TEST(what_is_held_is_said_once)
{
    ck_assert(held_begin(held, "main", "deal", "no stage \"X\""));
    ck_assert(!held_begin(held, "main", "deal", "no stage \"X\""));
    ck_assert_uint_eq(count(), 1);
    JV_AUTO *list = held_list(held);
    ck_assert_str_eq(jv_text(list, "0.portal", ""), "main");
    ck_assert_str_eq(jv_text(list, "0.kind", ""), "deal");
    ck_assert_str_eq(jv_text(list, "0.why", ""), "no stage \"X\"");
}
END_TEST

START_TEST(portals_kinds_and_reasons_are_told_apart)
{
    ck_assert(held_begin(held, "main", "deal", "a"));
    ck_assert(held_begin(held, "main", "deal", "b"));
    ck_assert(held_begin(held, "main", "lead", "a"));
    ck_assert(held_begin(held, "other", "deal", "a"));
    ck_assert_uint_eq(count(), 4);
}
END_TEST

START_TEST(the_end_is_that_of_one_kind_at_one_portal)
{
    (void)held_begin(held, "main", "deal", "a");
    (void)held_begin(held, "main", "deal", "b");
    (void)held_begin(held, "main", "lead", "a");
    (void)held_begin(held, "other", "deal", "a");
    held_end(held, "main", "deal");
    ck_assert_uint_eq(count(), 2);
    held_end(held, "main", "task");
    ck_assert_uint_eq(count(), 2);
    ck_assert(held_begin(held, "main", "deal", "a")); /* it begins anew */
}
END_TEST

START_TEST(the_list_is_a_copy)
{
    (void)held_begin(held, "main", "deal", "a");
    JV_AUTO *list = held_list(held);
    held_end(held, "main", "deal");
    ck_assert_uint_eq(json_array_size(list), 1);
}
END_TEST

START_TEST(there_is_a_ceiling)
{
    char why[32];
    for (int i = 0; i < 1100; i++) {
        (void)snprintf(why, sizeof why, "reason %d", i);
        (void)held_begin(held, "main", "deal", why);
    }
    ck_assert_uint_eq(count(), 1000);
    /* what has no place in the list would be said with every event: it is not said at all */
    ck_assert(!held_begin(held, "main", "deal", "one more"));
    ck_assert_uint_eq(count(), 1000);
}
END_TEST

START_TEST(a_reason_that_is_no_utf8_is_shown_all_the_same)
{
    ck_assert(held_begin(held, "main", "deal", "cut in a letter \xd0"));
    ck_assert_uint_eq(count(), 1);
    ck_assert(!held_begin(held, "main", "deal", "cut in a letter \xd0"));
}
END_TEST

CHECK_MAIN_FIXTURE("engine/held", setup, teardown, what_is_held_is_said_once,
                   portals_kinds_and_reasons_are_told_apart,
                   the_end_is_that_of_one_kind_at_one_portal, the_list_is_a_copy,
                   there_is_a_ceiling, a_reason_that_is_no_utf8_is_shown_all_the_same)
