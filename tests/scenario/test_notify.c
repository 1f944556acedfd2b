/* What systemd is told is true: ready when events are taken and not before, reloading until the new
 * configuration is in use or refused, stopping at once. The watchdog is fed in time; when it is
 * not, tests/crash/test_watchdog.c shows. */

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/support/notified.h"

enum { SOON_MS = 20000 };

#define COMMENT "crm.timeline.comment.add"

static const char event[] = "event=ONCRMDEALUPDATE&data%5BFIELDS%5D%5BID%5D=1&ts=1755780000"
                            "&auth%5Bapplication_token%5D=" HOUSE_TOKEN;
static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = первое\n";
static const char other_rule[] = "[rule r]\non = deal added\n[then comment]\ntext = второе\n";
static const char wrong_rule[] = "[rule r]\non = deal added\n[then coment]\ntext = третье\n";

/* The house with its daemon at rest, and ears. */
static struct house *quiet_house(struct notified *n, long watchdog_us)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(house_stop(h), 0);
    notified_open(n, h, watchdog_us);
    return h;
}

static void close_all(struct house *h, struct notified *n)
{
    house_close(h);
    notified_close(n);
}

START_TEST(ready_is_said_when_events_are_taken)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    int status;
    house_launch(h);
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    ck_assert_int_eq(house_post(h, "/hook/main", event), 200);
    mem_free(house_get(h, "/ready", &status));
    ck_assert_int_eq(status, 200);
    close_all(h, &n);
}
END_TEST

START_TEST(the_status_says_where_it_listens)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    house_launch(h);
    ck_assert(notified_until(&n, "STATUS=public=127.0.0.1:", SOON_MS));
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    close_all(h, &n);
}
END_TEST

START_TEST(who_cannot_start_never_says_ready)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    house_rules(h, wrong_rule);
    house_launch(h);
    int code = 0;
    ck_assert_int_eq(waitpid(house_daemon_pid(h), &code, 0), house_daemon_pid(h));
    ck_assert_int_eq(WEXITSTATUS(code), 1);
    ck_assert(!notified_until(&n, "READY=1", 0));
    house_rules(h, rule);
    house_start(h);
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    close_all(h, &n);
}
END_TEST

static bool commented(struct house *h, const char *text)
{
    return house_effects(h, COMMENT, json_pack("{ss}", "fields.COMMENT", text)) == 1;
}

/* SIGHUP, and all that is said until it is ready again. */
static void reload(struct house *h, struct notified *n)
{
    int64_t before_us = clock_mono_us();
    (void)kill(house_daemon_pid(h), SIGHUP);
    ck_assert(notified_until(n, "RELOADING=1", SOON_MS));
    const char *at = strstr(n->text, "MONOTONIC_USEC=");
    ck_assert_ptr_nonnull(at);
    int64_t since_us = strtoll(at + sizeof "MONOTONIC_USEC=" - 1, NULL, 10);
    ck_assert_int_ge(since_us, before_us);
    ck_assert_int_le(since_us, clock_mono_us());
    ck_assert(notified_until(n, "READY=1", SOON_MS));
}

START_TEST(a_reload_is_over_when_the_new_rules_act)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    house_start(h);
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    house_rules(h, other_rule);
    reload(h, &n);
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, commented(h, "второе"));
    close_all(h, &n);
}
END_TEST

START_TEST(a_reload_that_is_refused_is_over_too_and_the_old_rules_act)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    house_start(h);
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    house_rules(h, wrong_rule);
    reload(h, &n);
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, commented(h, "первое"));
    close_all(h, &n);
}
END_TEST

START_TEST(stopping_is_said_at_once_and_is_the_last_word)
{
    struct notified n;
    struct house *h = quiet_house(&n, 0);
    house_fault(
        h, json_pack("{ss ss si si}", "kind", "slow", "method", COMMENT, "ms", 60000, "count", 0));
    house_start(h);
    ck_assert(notified_until(&n, "READY=1", SOON_MS));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_effects(h, COMMENT, NULL) == 1);
    (void)kill(house_daemon_pid(h), SIGTERM);
    ck_assert(notified_until(&n, "STOPPING=1", 1000)); /* the call in flight has 3 s more */
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert(!notified_next(&n, 0));
    house_clear_faults(h);
    house_start(h);
    close_all(h, &n);
}
END_TEST

START_TEST(the_watchdog_is_fed_twice_as_often_as_it_wants)
{
    enum { FEEDS = 10, WATCH_MS = 1000 };
    struct notified n;
    struct house *h = quiet_house(&n, WATCH_MS * 1000);
    house_start(h);
    ck_assert(notified_until(&n, "WATCHDOG=1", SOON_MS));
    int64_t began_ms = clock_mono_ms();
    for (int i = 0; i < FEEDS; i++)
        ck_assert(notified_until(&n, "WATCHDOG=1", WATCH_MS));
    ck_assert_int_ge(clock_mono_ms() - began_ms, FEEDS / 2 * WATCH_MS / 2);
    close_all(h, &n);
}
END_TEST

CHECK_MAIN("notify", ready_is_said_when_events_are_taken, the_status_says_where_it_listens,
           who_cannot_start_never_says_ready, a_reload_is_over_when_the_new_rules_act,
           a_reload_that_is_refused_is_over_too_and_the_old_rules_act,
           stopping_is_said_at_once_and_is_the_last_word,
           the_watchdog_is_fed_twice_as_often_as_it_wants)
