#include "daemon/portal/circuit.h"

#include "tests/support/check_main.h"

static struct circuit circuit;

static void begin(void)
{
    circuit_init(&circuit, 1);
}

static void fail_three_times(int64_t now_ms)
{
    for (int i = 0; i < 3; i++)
        circuit_failed(&circuit, false, "no answer", now_ms);
}

START_TEST(two_failures_are_no_reason_to_stop)
{
    begin();
    circuit_failed(&circuit, false, "x", 0);
    circuit_failed(&circuit, false, "x", 0);
    ck_assert_int_eq(circuit_may(&circuit, 0), CIRCUIT_SEND);
    circuit_good(&circuit, false);
    circuit_failed(&circuit, false, "x", 0);
    circuit_failed(&circuit, false, "x", 0);
    ck_assert_int_eq(circuit_may(&circuit, 0), CIRCUIT_SEND);
}
END_TEST

START_TEST(three_failures_in_a_row_open_it)
{
    begin();
    fail_three_times(100);
    ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_OPEN);
    ck_assert_int_eq(circuit_may(&circuit, 100), CIRCUIT_WAIT);
    ck_assert_str_eq(circuit.why, "no answer");
    int64_t wait = circuit_wait_ms(&circuit, 100);
    ck_assert_int_ge(wait, 800);
    ck_assert_int_le(wait, 1200);
    ck_assert_int_eq(circuit_may(&circuit, 100 + wait), CIRCUIT_PROBE);
}
END_TEST

START_TEST(one_probe_at_a_time_with_growing_pauses_up_to_a_minute)
{
    begin();
    int64_t now = 0, wait = 0;
    fail_three_times(now);
    for (int i = 0; i < 12; i++) {
        wait = circuit_wait_ms(&circuit, now);
        ck_assert_int_ge(wait, i == 0 ? 800 : 1000);
        ck_assert_int_le(wait, 60000);
        now += wait;
        ck_assert_int_eq(circuit_may(&circuit, now), CIRCUIT_PROBE);
        circuit_probe_sent(&circuit);
        ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_PROBING);
        ck_assert_int_eq(circuit_may(&circuit, now), CIRCUIT_WAIT);
        ck_assert_int_eq(circuit_wait_ms(&circuit, now), -1);
        circuit_failed(&circuit, true, "still no answer", now);
    }
    ck_assert_int_ge(wait, 48000);
    ck_assert_str_eq(circuit.why, "still no answer");
}
END_TEST

START_TEST(a_good_probe_closes_it)
{
    begin();
    fail_three_times(0);
    circuit_probe_sent(&circuit);
    circuit_good(&circuit, true);
    ck_assert_int_eq(circuit_may(&circuit, 5), CIRCUIT_SEND);
    ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_CLOSED);
    ck_assert_str_eq(circuit.why, "");
}
END_TEST

START_TEST(late_answers_of_other_requests_are_not_the_probes)
{
    begin();
    fail_three_times(0);
    int64_t due = circuit_wait_ms(&circuit, 0);
    circuit_failed(&circuit, false, "late", 10);
    ck_assert_int_eq(circuit_wait_ms(&circuit, 0), due);
    circuit_probe_sent(&circuit);
    circuit_failed(&circuit, false, "late", 20);
    ck_assert(circuit.probing);
    circuit_good(&circuit, false); /* a late one that went well */
    ck_assert_int_eq(circuit_may(&circuit, 30), CIRCUIT_SEND);
    circuit_good(&circuit, true);
    ck_assert(!circuit.probing);
}
END_TEST

START_TEST(a_refused_webhook_pauses_and_is_probed_at_once_and_then_ever_more_rarely)
{
    begin();
    circuit_refused(&circuit, false, "make a new webhook", 1000);
    ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_PAUSED);
    ck_assert_int_eq(circuit_may(&circuit, 1000), CIRCUIT_PROBE);
    circuit_probe_sent(&circuit);
    circuit_refused(&circuit, false, "make a new webhook", 1001); /* was under way */
    ck_assert(circuit.probing);
    circuit_refused(&circuit, true, "make a new webhook", 1002);
    int64_t first = circuit_wait_ms(&circuit, 1002), wait = first;
    ck_assert_int_ge(first, 4000);
    ck_assert_int_le(first, 6000);
    ck_assert_int_eq(circuit_may(&circuit, 1002 + first - 1), CIRCUIT_WAIT);
    ck_assert_int_eq(circuit_may(&circuit, 1002 + first), CIRCUIT_PROBE);
    ck_assert_str_eq(circuit.why, "make a new webhook");
    for (int i = 0; i < 10; i++) {
        circuit_probe_sent(&circuit);
        circuit_refused(&circuit, true, "make a new webhook", 2000);
        ck_assert_int_ge(circuit_wait_ms(&circuit, 2000), wait * 2 / 3);
        wait = circuit_wait_ms(&circuit, 2000);
    }
    ck_assert_int_gt(wait, 120000);
    ck_assert_int_le(wait, 180000);
}
END_TEST

START_TEST(a_probe_without_answer_keeps_the_reason_of_the_pause)
{
    begin();
    circuit_refused(&circuit, false, "make a new webhook", 0);
    circuit_probe_sent(&circuit);
    circuit_failed(&circuit, true, "no answer", 5);
    ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_PAUSED);
    ck_assert_str_eq(circuit.why, "make a new webhook");
    ck_assert_int_ge(circuit_wait_ms(&circuit, 5), 4000);
}
END_TEST

START_TEST(an_operators_pause_ends_by_his_hand_only)
{
    begin();
    circuit_hold(&circuit, true, 0);
    ck_assert_int_eq(circuit_may(&circuit, 1000000), CIRCUIT_WAIT);
    ck_assert_int_eq(circuit_wait_ms(&circuit, 1000000), -1);
    ck_assert_int_eq(circuit_shown(&circuit), CIRCUIT_PAUSED);
    circuit_good(&circuit, false);
    ck_assert_int_eq(circuit_may(&circuit, 1000000), CIRCUIT_WAIT);
    circuit_hold(&circuit, false, 1000000);
    ck_assert_int_eq(circuit_may(&circuit, 1000000), CIRCUIT_SEND);
}
END_TEST

START_TEST(his_resume_makes_a_probe_due)
{
    begin();
    circuit_refused(&circuit, false, "x", 0);
    circuit_probe_sent(&circuit);
    circuit_refused(&circuit, true, "x", 0);
    ck_assert_int_eq(circuit_may(&circuit, 10), CIRCUIT_WAIT);
    circuit_hold(&circuit, false, 10);
    ck_assert_int_eq(circuit_may(&circuit, 10), CIRCUIT_PROBE);
}
END_TEST

CHECK_MAIN("circuit", two_failures_are_no_reason_to_stop, three_failures_in_a_row_open_it,
           one_probe_at_a_time_with_growing_pauses_up_to_a_minute, a_good_probe_closes_it,
           late_answers_of_other_requests_are_not_the_probes,
           a_refused_webhook_pauses_and_is_probed_at_once_and_then_ever_more_rarely,
           a_probe_without_answer_keeps_the_reason_of_the_pause,
           an_operators_pause_ends_by_his_hand_only, his_resume_makes_a_probe_due)
