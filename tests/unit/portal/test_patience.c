#include "daemon/portal/patience.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/portal/portal.h"
#include "tests/support/check_main.h"

enum { NOW = 1800000000, PATIENCE = 15000 };

static struct {
    struct queue queue;
    struct budget budget;
    struct call calls[60];
    int count;
    struct call_list ended;
} w;

static void setup(void)
{
    memset(&w, 0, sizeof w);
    queue_init(&w.queue);
    budget_init(&w.budget, 2, 50, 1, NOW);
}

static void teardown(void)
{
    struct call *call;
    while ((call = queue_any(&w.queue)) != NULL) {
        queue_take(&w.queue, call);
        queue_finish(&w.queue, call);
    }
    for (int i = 0; i < w.count; i++)
        mem_free(w.calls[i].command.method);
    queue_done(&w.queue);
    budget_done(&w.budget);
}

static struct call *wait_for(const char *method, const char *lane, int64_t patience_ms)
{
    struct call *call = &w.calls[w.count++];
    call->command.method = mem_strdup(method);
    call->priority = PRIORITY_NORMAL;
    call->patience_ms = patience_ms;
    (void)snprintf(call->lane, sizeof call->lane, "%s", lane);
    queue_add(&w.queue, call);
    return call;
}

static int look(int64_t now_ms)
{
    int count = 0;
    w.ended = (struct call_list){0};
    patience_end(&w.queue, &w.budget, now_ms, &w.ended);
    for (const struct call *call = w.ended.first; call != NULL; call = call->next)
        count++;
    return count;
}

START_TEST(nobody_goes_while_the_method_is_open)
{
    for (int i = 0; i < 50; i++)
        (void)wait_for("crm.item.update", "", PATIENCE);
    ck_assert_int_eq(look(NOW), 0);
    ck_assert_int_eq(w.queue.waiting, 50);
}
END_TEST

START_TEST(of_a_closed_method_some_stay_and_the_rest_are_told_when_to_come)
{
    for (int i = 0; i < 50; i++)
        (void)wait_for("a", "", PATIENCE);
    const struct call *first = &w.calls[PATIENCE_KEPT];
    budget_method_refused(&w.budget, "a", NOW);
    int64_t wait_ms = budget_method_wait_ms(&w.budget, "a", NOW);
    ck_assert_int_gt(wait_ms, PATIENCE);
    ck_assert_int_eq(look(NOW), 50 - PATIENCE_KEPT);
    ck_assert_int_eq(w.queue.waiting, PATIENCE_KEPT);
    ck_assert_ptr_eq(w.ended.first, first);
    ck_assert_int_eq(first->answer.verdict, VERDICT_LIMITED);
    ck_assert_int_ge(first->answer.retry_after_ms, NOW + wait_ms);
    ck_assert_str_eq(first->answer.error, "OPERATION_TIME_LIMIT");
    ck_assert_str_eq(first->answer.text, "the portal's operating time for a is used up");
    ck_assert_int_eq(look(NOW), 0); /* and those that stay, stay */
}
END_TEST

START_TEST(other_methods_and_the_patient_stay)
{
    for (int i = 0; i < 20; i++) {
        (void)wait_for("a", "", 0);
        (void)wait_for("b", "", PATIENCE);
    }
    budget_method_refused(&w.budget, "a", NOW);
    ck_assert_int_eq(look(NOW), 0);
}
END_TEST

START_TEST(who_stands_behind_in_the_lane_goes_along)
{
    for (int i = 0; i < PATIENCE_KEPT; i++)
        (void)wait_for("a", "", PATIENCE);
    struct call *first = wait_for("a", "deal 1", PATIENCE);
    struct call *behind = wait_for("b", "deal 1", PATIENCE);
    budget_method_refused(&w.budget, "a", NOW);
    ck_assert_int_eq(look(NOW), 2);
    ck_assert_int_eq(behind->answer.verdict, VERDICT_LIMITED);
    ck_assert_int_eq(behind->answer.retry_after_ms, first->answer.retry_after_ms);
    ck_assert_int_eq(w.queue.waiting, PATIENCE_KEPT);
}
END_TEST

START_TEST(when_the_method_opens_again_nobody_goes)
{
    for (int i = 0; i < 40; i++)
        (void)wait_for("a", "", PATIENCE);
    budget_method_refused(&w.budget, "a", NOW);
    int64_t open_ms = NOW + budget_method_wait_ms(&w.budget, "a", NOW);
    ck_assert_int_eq(look(open_ms), 0);
}
END_TEST

CHECK_MAIN_FIXTURE("portal/patience", setup, teardown, nobody_goes_while_the_method_is_open,
                   of_a_closed_method_some_stay_and_the_rest_are_told_when_to_come,
                   other_methods_and_the_patient_stay, who_stands_behind_in_the_lane_goes_along,
                   when_the_method_opens_again_nobody_goes)
