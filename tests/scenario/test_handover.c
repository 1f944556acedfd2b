/* Promise 2 of product.md §1: a restart or upgrade under load refuses nobody. The listening socket
 * is the parent's, as systemd has it; or without one, the next daemon listens beside the last. */

#include <signal.h>

#include "tests/support/house_check.h"
#include "tests/support/stream.h"

enum { RESTARTS = 4, SENDERS = 4, BETWEEN = 200 };

static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = x\n";

static void nobody_was_refused(struct stream *stream)
{
    struct stream_count count = stream_stop(stream);
    ck_assert_int_ge(count.accepted, RESTARTS * BETWEEN);
    ck_assert_int_eq(count.refused, 0);
    ck_assert_int_eq(count.broken, 0);
    ck_assert_int_eq(count.other, 0);
    ck_assert_int_eq(count.accepted, count.sent);
    ck_assert_int_eq(count.missing, 0);
    ck_assert_int_eq(count.twice, 0);
}

static void let_some_through(struct house *h, struct stream *stream)
{
    int64_t then = stream_accepted(stream) + BETWEEN;
    HOUSE_UNTIL_WITHIN(h, 60, stream_accepted(stream) >= then);
}

START_TEST(restarts_on_a_socket_of_the_parent_refuse_and_lose_nothing)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = rule, .handed_over = true};
    struct house *h = house_open(&options);
    struct stream *stream = stream_start(h, SENDERS);
    for (int i = 0; i < RESTARTS; i++) {
        let_some_through(h, stream);
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h);
    }
    let_some_through(h, stream);
    nobody_was_refused(stream);
    house_close(h);
}
END_TEST

START_TEST(who_takes_over_refuses_and_loses_nothing)
{
    struct house *h = house_with(rule);
    struct stream *stream = stream_start(h, SENDERS);
    for (int i = 0; i < RESTARTS; i++) {
        let_some_through(h, stream);
        ck_assert_int_eq(house_take_over(h), 0);
    }
    let_some_through(h, stream);
    nobody_was_refused(stream);
    house_close(h);
}
END_TEST

START_TEST(a_reload_and_a_restart_can_follow_each_other_on_one_socket)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = rule, .handed_over = true};
    struct house *h = house_open(&options);
    struct stream *stream = stream_start(h, SENDERS);
    for (int i = 0; i < RESTARTS; i++) {
        let_some_through(h, stream);
        (void)kill(house_daemon_pid(h), SIGHUP);
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h);
    }
    nobody_was_refused(stream);
    house_close(h);
}
END_TEST

CHECK_MAIN("handover", restarts_on_a_socket_of_the_parent_refuse_and_lose_nothing,
           who_takes_over_refuses_and_loses_nothing,
           a_reload_and_a_restart_can_follow_each_other_on_one_socket)
