/* Who goes first. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/lanes.h"
#include "tests/support/check_main.h"

/* A change that is known by its weight. */
static void push(struct lanes *lanes, enum change_lane lane, int name)
{
    struct store_change *change = store_change_new();
    change->lane = lane;
    change->weight = name;
    lanes_push(lanes, change);
}

/* Pops all and frees them: their names in order. */
static const char *drain(struct lanes *lanes, enum change_lane lane)
{
    static char names[64];
    names[0] = '\0';
    for (struct store_change *change; (change = lanes_pop(lanes, lane)) != NULL;) {
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%d ", change->weight);
        store_change_free(change);
    }
    ck_assert(lanes_empty(lanes));
    return names;
}

START_TEST(arrivals_go_before_work_and_order_stays_in_a_lane)
{
    struct lanes lanes = {0};
    ck_assert(lanes_empty(&lanes));
    push(&lanes, CHANGE_WORK, 1);
    push(&lanes, CHANGE_ARRIVAL, 2);
    push(&lanes, CHANGE_WORK, 3);
    push(&lanes, CHANGE_ARRIVAL, 4);
    ck_assert(!lanes_empty(&lanes));
    ck_assert_str_eq(drain(&lanes, CHANGE_ARRIVAL), "2 4 1 3 ");
}
END_TEST

START_TEST(work_may_be_asked_for_first)
{
    struct lanes lanes = {0};
    push(&lanes, CHANGE_ARRIVAL, 1);
    push(&lanes, CHANGE_WORK, 2);
    ck_assert_str_eq(drain(&lanes, CHANGE_WORK), "2 1 ");
}
END_TEST

START_TEST(what_comes_later_stands_behind)
{
    struct lanes lanes = {0}, later = {0};
    push(&lanes, CHANGE_WORK, 1);
    push(&later, CHANGE_WORK, 2);
    push(&later, CHANGE_ARRIVAL, 3);
    lanes_append(&lanes, &later);
    ck_assert(lanes_empty(&later));
    ck_assert_str_eq(drain(&lanes, CHANGE_ARRIVAL), "3 1 2 ");
}
END_TEST

START_TEST(what_is_put_back_stands_where_it_stood)
{
    struct lanes lanes = {0};
    struct change_list group = {0};
    for (int name = 1; name <= 3; name++) {
        push(&lanes, CHANGE_ARRIVAL, name);
        push(&lanes, CHANGE_WORK, 10 + name);
    }
    change_push(&group, lanes_pop(&lanes, CHANGE_ARRIVAL));
    change_push(&group, lanes_pop(&lanes, CHANGE_ARRIVAL));
    change_push(&group, lanes_pop(&lanes, CHANGE_WORK));
    lanes_put_back(&lanes, &group);
    ck_assert_int_eq(group.length, 0);
    ck_assert_str_eq(drain(&lanes, CHANGE_ARRIVAL), "1 2 3 11 12 13 ");
}
END_TEST

CHECK_MAIN("lanes", arrivals_go_before_work_and_order_stays_in_a_lane, work_may_be_asked_for_first,
           what_comes_later_stands_behind, what_is_put_back_stands_where_it_stood)
