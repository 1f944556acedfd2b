/* What people type (product.md §3): exit codes, the two forms of output, and where it goes. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static const char rule[] = "[rule greet]\n"
                           "title = Поздороваться\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "if = deal.opportunity > 1000\n"
                           "text = Здравствуйте\n"
                           "[else comment]\n"
                           "text = Привет\n"
                           "[rule wait]\n"
                           "on = deal added\n"
                           "cancel-on = deal leaves stage\n"
                           "[wait 2 hours]\n"
                           "[then stop]\n";

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The verb ends with that code and prints these texts (NULL-ended) to stdout, or to stderr when it
 * is 2. */
static void says(struct house *h, const char *const *words, int code, const char *const *texts)
{
    struct house_said said = house_verb(h, words);
    ck_assert_msg(said.code == code, "%s: %d\n%s%s", words[0], said.code, said.out, said.err);
    for (size_t i = 0; texts[i] != NULL; i++)
        ck_assert_msg(strstr(said.out, texts[i]) != NULL || strstr(said.err, texts[i]) != NULL,
                      "%s does not say \"%s\":\n%s%s", words[0], texts[i], said.out, said.err);
    ck_assert_msg(code == 0 ? said.err[0] == '\0' : true, "%s complains: %s", words[0], said.err);
    house_said_done(&said);
}

static json_t *json_said(struct house *h, const char *const *words)
{
    struct house_said said = house_verb(h, words);
    struct err err = {0};
    ck_assert_msg(said.code == 0, "%s: %d\n%s", words[0], said.code, said.err);
    json_t *tree = jv_parse_new(said.out, strlen(said.out), &err);
    ck_assert_msg(tree != NULL, "%s: %s\n%s", words[0], err.text, said.out);
    house_said_done(&said);
    return tree;
}

START_TEST(why_tells_the_story_of_a_deal)
{
    struct house *h = house_with(rule);
    int64_t id =
        house_seen(h, IVANOV, DEAL, json_pack("{ss si}", "title", "Окна", "opportunity", 10));
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    says(h, WORDS("why", "deal", number), 0,
         WORDS("ONCRMDEALADD came in", "«Поздороваться» starts: deal added",
               "no:  deal.opportunity > 1000; it is 10", "crm.timeline.comment.add", "→ DONE after",
               "waiting until", "ends early when: deal leaves stage"));
    JV_AUTO *story = json_said(h, WORDS("why", "deal", number, "--json"));
    ck_assert_uint_gt(json_array_size(jv_at(story, "rows")), 4);
    says(h, WORDS("why", "deal", "999"), 1, WORDS("nothing is known of deal 999"));
    says(h, WORDS("why", "dael", "1"), 2, WORDS("deal"));
    says(h, WORDS("why"), 2, WORDS("b24bridge why"));
    house_close(h);
}
END_TEST

/* Does `first` stand before `then` in what the verb prints? */
static void says_in_order(struct house *h, const char *const *words, const char *const *texts)
{
    struct house_said said = house_verb(h, words);
    ck_assert_msg(said.code == 0, "%s: %d\n%s", words[0], said.code, said.err);
    const char *at = said.out;
    for (size_t i = 0; texts[i] != NULL; i++) {
        const char *found = strstr(at, texts[i]);
        ck_assert_msg(found != NULL, "no \"%s\" behind what came before in:\n%s", texts[i],
                      said.out);
        at = found;
    }
    house_said_done(&said);
}

/* Events, what they changed, what rules asked and saw, what was called and answered, what waits. */
static const char *const whole_story[] = {"ONCRMDEALADD came in",
                                          "it was added, from outside",
                                          "«Поздороваться» starts: deal added",
                                          "[then comment] only if deal.opportunity > 1000",
                                          "no:  deal.opportunity > 1000; it is 10",
                                          "step 2 calls crm.timeline.comment.add {",
                                          "Привет",
                                          "→ DONE after ",
                                          "[else comment] done: crm.timeline.comment.add",
                                          "ended done",
                                          "of \"wait\" is waiting until ",
                                          "ends early when: deal leaves stage",
                                          NULL};

START_TEST(a_story_is_in_order_and_the_same_after_kill_9)
{
    struct house *h = house_with(rule);
    int64_t id =
        house_seen(h, IVANOV, DEAL, json_pack("{ss si}", "title", "Окна", "opportunity", 10));
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    says_in_order(h, WORDS("why", "deal", number), whole_story);
    says(h, WORDS("why", "deal", number, "--limit", "3"), 0, WORDS("(older lines are left out"));
    says(h, WORDS("why", "deal", number, "--limit", "x"), 2, WORDS("is no number of a limit"));
    JV_AUTO *before = json_said(h, WORDS("why", "deal", number, "--json"));
    house_kill(h);
    house_start(h);
    JV_AUTO *after = json_said(h, WORDS("why", "deal", number, "--json"));
    ck_assert(json_equal(before, after));
    says_in_order(h, WORDS("why", "deal", number), whole_story);
    house_close(h);
}
END_TEST

START_TEST(why_tells_of_one_run_and_of_one_event)
{
    struct house *h = house_with(rule);
    (void)house_seen(h, IVANOV, DEAL, json_pack("{ss si}", "title", "Окна", "opportunity", 10));
    JV_AUTO *runs = house_runs(h, "greet", "done", "");
    char run[24], event[24];
    (void)snprintf(run, sizeof run, "%lld", (long long)jv_int(runs, "0.id", 0));
    (void)snprintf(event, sizeof event, "%lld", (long long)jv_int(runs, "0.cause_event", 0));
    says_in_order(h, WORDS("why", "run", run),
                  WORDS("ONCRMDEALADD came in", "it was added", "«Поздороваться» starts",
                        "crm.timeline.comment.add", "ended done"));
    struct house_said said = house_verb(h, WORDS("why", "run", run));
    ck_assert_ptr_null(strstr(said.out, "\"wait\"")); /* another run's */
    house_said_done(&said);
    says_in_order(h, WORDS("why", "event", event),
                  WORDS("ONCRMDEALADD came in", "«Поздороваться» starts", "ended done",
                        "of \"wait\" is waiting until "));
    JV_AUTO *story = json_said(h, WORDS("why", "run", run, "--json"));
    ck_assert_str_eq(jv_text(story, "rows.0.kind", ""), "event");
    says(h, WORDS("why", "run", "999999"), 1, WORDS("there is no run 999999", "is kept for"));
    says(h, WORDS("why", "event", "999999"), 1, WORDS("there is no event 999999"));
    says(h, WORDS("why", "run"), 2, WORDS("\"why run 17\" would be right"));
    says(h, WORDS("why", "run", "x"), 2, WORDS("\"why run 17\" would be right"));
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_did_not_start_says_why_with_the_values)
{
    struct house *h = house_with("[rule big]\n"
                                 "title = Крупная\n"
                                 "on = deal added\n"
                                 "if = deal.opportunity > 1000\n"
                                 "if = deal.funnel = \"Продажи\"\n"
                                 "[then comment]\n"
                                 "text = x\n");
    int64_t id =
        house_seen(h, IVANOV, DEAL, json_pack("{ss si}", "title", "Окна", "opportunity", 10));
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    says_in_order(h, WORDS("why", "deal", number),
                  WORDS("ONCRMDEALADD came in",
                        "«Крупная» does not start: ", "no:  deal.opportunity > 1000; it is 10"));
    JV_AUTO *story = json_said(h, WORDS("why", "deal", number, "--json"));
    char event[24];
    (void)snprintf(event, sizeof event, "%lld", (long long)jv_int(story, "rows.0.id", 0));
    says_in_order(h, WORDS("why", "event", event), WORDS("«Крупная» does not start: "));
    house_close(h);
}
END_TEST

static bool health_says(struct house *h, const char *text)
{
    int status;
    char *health = house_get(h, "/health", &status);
    bool says = strstr(health, text) != NULL;
    mem_free(health);
    return says;
}

START_TEST(a_smart_process_is_named_by_its_title)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = item \"Отгрузка\" added\n"
                                 "[then comment]\n"
                                 "text = x\n");
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    int64_t id = house_add(h, IVANOV, SHIPPING, json_pack("{ss}", "title", "Окна"));
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    says_in_order(h, WORDS("why", "item", "Отгрузка", number), WORDS("it was added", "ended done"));
    says_in_order(h, WORDS("why", "item", "147", number), WORDS("it was added", "ended done"));
    says(h, WORDS("queue", "list", "item", "Отгрузка", number, "--state", "done"), 0,
         WORDS("item 147"));
    says(h, WORDS("why", "item", "Погрузка", number), 2, WORDS("no smart process \"Погрузка\""));
    house_close(h);
}
END_TEST

START_TEST(status_and_the_lists_of_runs)
{
    struct house *h = house_with(rule);
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    says(h, WORDS("status"), 0, WORDS("database", "portal main", "waiting 1", "listening on 127"));
    JV_AUTO *status = json_said(h, WORDS("status", "--json"));
    ck_assert_int_eq(jv_int(status, "queue.runs.waiting", 0), 1);
    says(h, WORDS("timers"), 0, WORDS("wait", "deal leaves stage"));
    says(h, WORDS("timers", "deal", number), 0, WORDS("wait"));
    JV_AUTO *timers = json_said(h, WORDS("timers", "--json"));
    ck_assert_uint_eq(json_array_size(timers), 1);
    static const char *const members[] = {"id",   "rule", "portal",  "entity", "state",
                                          "step", "due",  "cancels", "reason"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        ck_assert_msg(json_object_get(json_array_get(timers, 0), members[i]) != NULL,
                      "a run has no \"%s\"", members[i]);
    says(h, WORDS("queue", "list"), 0, WORDS("wait"));
    says(h, WORDS("queue", "list", "--state", "done"), 0, WORDS("greet"));
    house_close(h);
}
END_TEST

START_TEST(send_posts_an_event_that_is_stored)
{
    struct house *h = house_with(rule);
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_settle(h);
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    says(h, WORDS("send", "ONCRMDEALUPDATE", number), 0, WORDS("ONCRMDEALUPDATE", "stored"));
    says(h, WORDS("send", "oncrmdealupdate", number, "--portal", "main"), 0, WORDS("stored"));
    says(h, WORDS("send", "ONCRMDEALUPDATE", number, "--portal", "other"), 2,
         WORDS("no portal \"other\""));
    says(h, WORDS("send", "ONCRMDEALUPDATE", number, "--member", "stranger"), 1, WORDS("403"));
    house_close(h);
}
END_TEST

START_TEST(check_tells_every_mistake_with_its_place)
{
    struct house *h = house_with(rule);
    says(h, WORDS("check"), 0, WORDS("is right", "rules 2"));
    house_rules(h, "[rule a]\n"
                   "on = dael added\n"
                   "[then coment]\n"
                   "text = x\n"
                   "[rule b]\n"
                   "on = deal added\n"
                   "[then comment]\n"
                   "text = {{deal.titel}}\n");
    says(h, WORDS("check"), 1,
         WORDS("10-test.ini:2:6: ", "did you mean \"deal\"?", "10-test.ini:3:7: ",
               "did you mean \"comment\"?", "10-test.ini:8:", "did you mean \"title\"?"));
    says(h, WORDS("check", "--json"), 1, WORDS("\"ok\": false", "\"errors\""));
    house_close(h);
}
END_TEST

START_TEST(serve_with_a_wrong_configuration_ends_with_1)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(house_stop(h), 0);
    house_rules(h, "[rule a]\non = nothing\n");
    says(h, WORDS("serve"), 1, WORDS("10-test.ini:2:6"));
    house_close(h);
}
END_TEST

START_TEST(a_second_daemon_on_the_same_database_is_refused)
{
    struct house *h = house_with(rule);
    struct house_said said = house_verb(h, WORDS("serve"));
    ck_assert_int_eq(said.code, 2);
    ck_assert_msg(strstr(said.err, "b24bridge.db") != NULL, "%s", said.err);
    house_said_done(&said);
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_close(h);
}
END_TEST

START_TEST(nobody_there_is_2_and_a_strange_verb_too)
{
    struct house *h = house_with(rule);
    ck_assert_int_eq(house_stop(h), 0);
    says(h, WORDS("status"), 2, WORDS("no daemon answers at"));
    says(h, WORDS("why", "deal", "1"), 2, WORDS("no daemon answers at"));
    says(h, WORDS("send", "ONCRMDEALUPDATE", "1"), 2, WORDS("no daemon answers at"));
    says(h, WORDS("sattus"), 2, WORDS("unknown verb \"sattus\"; did you mean \"status\"?"));
    says(h, WORDS("status", "--jsno"), 2, WORDS("did you mean \"--json\"?"));
    house_close(h);
}
END_TEST

START_TEST(when_reckons_with_the_calendar)
{
    struct house *h = house_with(rule);
    says(h, WORDS("when", "3 workdays", "--from", "2026-01-22 10:00"), 0,
         WORDS("2026-01-27 10:00"));
    says(h, WORDS("when", "15 workminutes", "--from", "2026-01-23 17:50"), 0,
         WORDS("2026-01-26 09:05"));
    says(h, WORDS("when", "next workday 09:00", "--from", "2026-01-23 17:50"), 0,
         WORDS("2026-01-26 09:00"));
    says(h, WORDS("when", "every workday 09:00", "--from", "2026-01-23 17:50"), 0,
         WORDS("2026-01-26 09:00:00"));
    says(h, WORDS("when", "every wekday 09:00"), 2,
         WORDS("b24bridge: unknown day \"wekday\"; did you mean \"weekday\"?"));
    says(h, WORDS("when", "3 wrokdays"), 2, WORDS("unknown unit"));
    house_close(h);
}
END_TEST

START_TEST(every_verb_helps)
{
    struct house *h = house_with(rule);
    static const char *const verbs[] = {"serve", "check", "status", "why",   "timers",
                                        "send",  "queue", "when",   "portal"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        says(h, WORDS(verbs[i], "--help"), 0, WORDS("usage: b24bridge", verbs[i]));
    house_close(h);
}
END_TEST

CHECK_MAIN("verbs", why_tells_the_story_of_a_deal, a_story_is_in_order_and_the_same_after_kill_9,
           why_tells_of_one_run_and_of_one_event,
           a_rule_that_did_not_start_says_why_with_the_values,
           a_smart_process_is_named_by_its_title, status_and_the_lists_of_runs,
           send_posts_an_event_that_is_stored, check_tells_every_mistake_with_its_place,
           serve_with_a_wrong_configuration_ends_with_1,
           a_second_daemon_on_the_same_database_is_refused,
           nobody_there_is_2_and_a_strange_verb_too, when_reckons_with_the_calendar,
           every_verb_helps)
