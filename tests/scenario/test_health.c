/* What an operator is told to do, and the member_id that he may have forgotten. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = x\n";

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OTHER "0123456789abcdef0123456789abcdef"

/* The verb ends with that code and says that. */
static void says(struct house *h, const char *const *words, int code, const char *text)
{
    struct house_said said = house_verb(h, words);
    ck_assert_msg(said.code == code, "%s: %d\n%s%s", words[0], said.code, said.out, said.err);
    ck_assert_msg(strstr(code == 0 ? said.out : said.err, text) != NULL, "not \"%s\":\n%s%s", text,
                  said.out, said.err);
    house_said_done(&said);
}

static int post(struct house *h, const char *member)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "event=ONCRMDEALUPDATE&data[FIELDS][ID]=351&ts=1755780000&"
                   "auth[application_token]=" HOUSE_TOKEN "&auth[member_id]=%s",
                   member);
    return house_post(h, "/hook/main", body);
}

static bool health_says(struct house *h, const char *text)
{
    int status;
    char *health = house_get(h, "/health", &status);
    ck_assert_int_eq(status, 200);
    bool found = strstr(health, text) != NULL;
    mem_free(health);
    return found;
}

START_TEST(a_member_is_forgotten_on_order_and_the_next_event_pins_its_own)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 200);
    HOUSE_UNTIL(h, health_says(h, "last event "));
    ck_assert_int_eq(post(h, OTHER), 403);
    ck_assert(health_says(h, "`b24bridge portal forget-member main`"));
    says(h, WORDS("status"), 0, "warning");
    says(h, WORDS("portal", "forget-member", "main"), 0,
         "un-pinned the member_id \"" HOUSE_MEMBER "\" of portal main: its next event pins a new "
         "one");
    ck_assert(!health_says(h, "forget-member"));
    ck_assert_int_eq(post(h, OTHER), 200);
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 403);
    house_kill(h);
    house_start(h);
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 403);
    ck_assert_int_eq(post(h, OTHER), 200);
    house_close(h);
}
END_TEST

/* A kill between the order and the next event: nothing is pinned then. */
START_TEST(what_was_forgotten_stays_so_over_kill_9)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 200);
    says(h, WORDS("portal", "forget-member", "main"), 0, "un-pinned");
    house_kill(h);
    house_start(h);
    says(h, WORDS("portal", "forget-member", "main"), 0,
         "no member_id of portal main was pinned: its next event pins one");
    ck_assert_int_eq(post(h, OTHER), 200);
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 403);
    house_close(h);
}
END_TEST

START_TEST(who_ordered_it_is_in_the_log_and_the_answer)
{
    struct house *h = house_with(rule);
    char who[40];
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 200);
    (void)snprintf(who, sizeof who, "(uid %u) un-pinned", (unsigned)geteuid());
    struct house_said said = house_verb(h, WORDS("portal", "forget-member", "main", "--json"));
    struct err err = {0};
    JV_AUTO *answer = jv_parse_new(said.out, strlen(said.out), &err);
    ck_assert_int_eq(said.code, 0);
    ck_assert(jv_flag(answer, "ok"));
    ck_assert_str_eq(jv_text(answer, "portal", ""), "main");
    ck_assert_msg(strstr(jv_text(answer, "say", ""), who) != NULL, "%s", said.out);
    house_said_done(&said);
    char *log = house_daemon_log(h);
    ck_assert_ptr_nonnull(strstr(log, "operator portal=main say="));
    ck_assert_ptr_nonnull(strstr(log, who));
    mem_free(log);
    house_close(h);
}
END_TEST

START_TEST(what_cannot_be_forgotten_is_said)
{
    struct house *h = house_with(rule);
    says(h, WORDS("portal", "forget-member", "mian"), 1,
         "no portal \"mian\" in the configuration; did you mean \"main\"?");
    says(h, WORDS("portal", "forget-member"), 2, "which portal? \"portal forget-member main\"");
    says(h, WORDS("portal", "remember"), 2, "unknown word \"remember\" behind portal");
    says(h, WORDS("portal"), 2, "something is missing");
    int status;
    mem_free(house_get(h, "/api/portal/forget-member?portal=main", &status));
    ck_assert_int_eq(status, 405);
    ck_assert_int_eq(house_stop(h), 0);
    says(h, WORDS("portal", "forget-member", "main"), 2, "no daemon answers at");
    says(h, WORDS("portal", "forget-member", "main"), 2,
         "the running daemon forgets it: start it, then once more");
    house_start(h);
    house_close(h);
}
END_TEST

START_TEST(a_frozen_rule_is_a_warning_that_says_how_to_thaw_it)
{
    struct house *h = house_with("[rule r]\non = deal updated\nlimit = 1 per deal per day\n"
                                 "[then stop]\n");
    int64_t deal = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    for (int i = 0; i < 3; i++) {
        char title[16];
        (void)snprintf(title, sizeof title, "Окна %d", i);
        house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "title", title));
        house_settle(h);
    }
    ck_assert(health_says(h, "`b24bridge queue resume --rule r`"));
    says(h, WORDS("status"), 0, "warning");
    ck_assert_double_eq(house_metric(h, "b24bridge_rules_frozen "), 1);
    ck_assert_double_eq(house_metric(h, "b24bridge_check{check=\"rules\"} "), 1);
    ck_assert_double_eq(house_metric(h, "b24bridge_health "), 1);
    ck_assert_double_ge(
        house_metric(h, "b24bridge_rule_outcomes_total{rule=\"r\",outcome=\"skipped\"} "), 1);
    house_close(h);
}
END_TEST

START_TEST(a_method_that_has_used_up_its_time_is_a_warning)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si si ss}", "kind", "refuse", "code",
                             "OPERATION_TIME_LIMIT", "text", "", "status", 429, "count", 0,
                             "method", "crm.timeline.comment.add"));
    (void)house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, health_says(h, "; crm.timeline.comment.add has used "));
    ck_assert(health_says(h, " s of its operating time and may be called again in "));
    ck_assert(health_says(h, "its calls wait, make fewer or cheaper ones"));
    ck_assert_double_eq(house_metric(h, "b24bridge_check{check=\"portal main\"} "), 1);
    ck_assert_double_eq(house_metric(h, "b24bridge_portal_up{portal=\"main\"} "), 1);
    ck_assert_double_gt(house_metric(h, "b24bridge_portal_operating_limit_seconds{portal=\"main\","
                                        "method=\"crm.timeline.comment.add\"} "),
                        0);
    house_clear_faults(h);
    house_close(h);
}
END_TEST

static bool is_reloaded(struct house *h)
{
    char *log = house_daemon_log(h);
    bool found = strstr(log, "reloaded portals=1") != NULL;
    mem_free(log);
    return found;
}

START_TEST(when_a_portal_was_heard_outlives_a_reload_and_a_short_restart)
{
    struct house *h = house_with(rule);
    HOUSE_UNTIL(h, health_says(h, "no event since the start"));
    ck_assert_int_eq(post(h, HOUSE_MEMBER), 200);
    HOUSE_UNTIL(h, health_says(h, "last event "));
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL(h, is_reloaded(h));
    HOUSE_UNTIL(h, health_says(h, "last event "));
    ck_assert_int_eq(house_stop(h), 0);
    house_start(h);
    HOUSE_UNTIL(h, health_says(h, "last event "));
    house_close(h);
}
END_TEST

CHECK_MAIN("health", a_method_that_has_used_up_its_time_is_a_warning,
           a_member_is_forgotten_on_order_and_the_next_event_pins_its_own,
           what_was_forgotten_stays_so_over_kill_9, who_ordered_it_is_in_the_log_and_the_answer,
           what_cannot_be_forgotten_is_said, a_frozen_rule_is_a_warning_that_says_how_to_thaw_it,
           when_a_portal_was_heard_outlives_a_reload_and_a_short_restart)
