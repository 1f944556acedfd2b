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
               "deal.opportunity > 1000", "[10 | 1000]", "crm.timeline.comment.add",
               "waiting until", "ends early when: deal leaves stage"));
    JV_AUTO *story = json_said(h, WORDS("why", "deal", number, "--json"));
    ck_assert_uint_gt(json_array_size(jv_at(story, "rows")), 4);
    says(h, WORDS("why", "deal", "999"), 1, WORDS("nothing is known of deal 999"));
    says(h, WORDS("why", "dael", "1"), 2, WORDS("deal"));
    says(h, WORDS("why"), 2, WORDS("b24bridge why"));
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

CHECK_MAIN("verbs", why_tells_the_story_of_a_deal, status_and_the_lists_of_runs,
           send_posts_an_event_that_is_stored, check_tells_every_mistake_with_its_place,
           serve_with_a_wrong_configuration_ends_with_1,
           a_second_daemon_on_the_same_database_is_refused,
           nobody_there_is_2_and_a_strange_verb_too, when_reckons_with_the_calendar,
           every_verb_helps)
