/* Names of rules and the portal they live on (product.md §2.1, Values): what is renamed goes on
 * meaning what it meant, and is said; what was never there holds its rule back. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static const char offer[] = "[rule offer]\n"
                            "on = deal enters \"Продажи / КП отправлено\"\n"
                            "[then update]\n"
                            "source = Веб-сайт\n"
                            "\"Способ доставки\" = Курьер\n"
                            "[then notify]\n"
                            "to = petrova@firm.ru\n"
                            "text = КП ушло\n";

/* The row of that STATUS_ID gets another name. */
static void rename_stage(struct house *h, const char *stage, const char *name)
{
    JV_AUTO *found = house_control(
        h, json_pack("{ss ss s{ss}}", "do", "list", "what", "status", "where", "STATUS_ID", stage));
    int64_t id = jv_int(found, "rows.0.ID", 0);
    ck_assert_int_gt(id, 0);
    json_decref(house_control(h, json_pack("{ss ss sI s{ss}}", "do", "put", "what", "status", "id",
                                           (json_int_t)id, "row", "NAME", name)));
}

static void put_user(struct house *h, int id, json_t *row)
{
    json_decref(house_control(
        h, json_pack("{ss ss si so}", "do", "put", "what", "user", "id", id, "row", row)));
}

/* A check of /health as "ok say". mem_free. */
static char *health_new(struct house *h, const char *name)
{
    JV_AUTO *all = house_api(h, "/api/status");
    size_t i;
    json_t *check;
    json_array_foreach (jv_at(all, "health.checks"), i, check)
        if (strcmp(jv_text(check, "name", ""), name) == 0)
            return mem_printf("%s %s", jv_flag(check, "ok") ? "ok" : "bad",
                              jv_text(check, "say", ""));
    ck_abort_msg("no check %s", name);
    return NULL;
}

static bool health_says(struct house *h, const char *text)
{
    char *say = health_new(h, "names");
    bool said = strncmp(say, "ok ", 3) == 0 && strstr(say, text) != NULL;
    mem_free(say);
    return said;
}

static void restart(struct house *h)
{
    ck_assert_int_eq(house_stop(h), 0);
    house_start(h);
}

START_TEST(rules_that_wait_for_their_names_are_told)
{
    struct house *h = house_with("[rule free]\non = deal added\n[then comment]\ntext = x\n");
    ck_assert_int_eq(house_stop(h), 0);
    house_fault(h,
                json_pack("{ss ss si}", "kind", "html", "method", "crm.status.list", "count", 0));
    house_rules(h, offer);
    house_start(h);
    ck_assert(health_says(h, "rules held back 0, waiting for the portal 1, warnings 0; "));
    ck_assert(health_says(h, "10-test.ini:2: rule offer: its names are not known yet, the portal "
                             "has to be asked"));
    struct house_said said = house_verb(h, (const char *const[]){"status", NULL});
    ck_assert_msg(strstr(said.out, "10-test.ini:2: portal main, rule offer: its names are not "
                                   "known yet, the portal has to be asked") != NULL,
                  "%s", said.out);
    house_said_done(&said);
    house_clear_faults(h);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    house_close(h);
}
END_TEST

static void enter_offer(struct house *h)
{
    int64_t id =
        house_seen(h, IVANOV, DEAL,
                   json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", "C1:NEW"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "sourceId", "WEB");
    HOUSE_VALUE_IS(h, DEAL, id, "ufCrmDelivery", "46");
}

START_TEST(a_renamed_stage_is_said_and_the_rule_goes_on)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    enter_offer(h);
    rename_stage(h, "C1:UC_OFFER", "Оффер у клиента");
    restart(h);
    HOUSE_UNTIL(h, health_says(h, "warnings 1"));
    ck_assert(health_says(h, "rule offer: stage \"Продажи / КП отправлено\" is now called "
                             "\"Продажи / Оффер у клиента\"; the rule goes on by its id "
                             "C1:UC_OFFER"));
    enter_offer(h);
    HOUSE_EFFECTS_ARE(h, 2, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(a_dismissed_user_is_a_warning)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    put_user(h, PETROVA, json_pack("{sb}", "ACTIVE", 0));
    restart(h);
    HOUSE_UNTIL(h, health_says(h, "warnings 1"));
    ck_assert(health_says(h, "user \"petrova@firm.ru\" is dismissed (Мария Петрова, id 6)"));
    enter_offer(h);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(an_e_mail_that_changed_still_means_its_user)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    put_user(h, PETROVA, json_pack("{ss}", "EMAIL", "sidorova@firm.ru"));
    restart(h);
    HOUSE_UNTIL(h, health_says(h, "user \"petrova@firm.ru\" is now called \"Мария Петрова "
                                  "<sidorova@firm.ru>\"; the rule goes on by its id 6"));
    enter_offer(h);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(a_name_that_never_was_holds_its_rule_back)
{
    struct house *h = house_with("[rule held]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = не должно\n"
                                 "[then notify]\n"
                                 "to = petrov@firm.ru\n"
                                 "text = x\n"
                                 "[rule free]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = должно\n");
    HOUSE_UNTIL(h, health_says(h, "rules held back 1, warnings 0"));
    ck_assert(health_says(h, "10-test.ini:6: rule held: unknown user \"petrov@firm.ru\"; did "
                             "you mean \"petrova@firm.ru\"?"));
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    char entity[32];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)id);
    ck_assert_int_eq(house_count_runs(h, "held", ""), 0);
    ck_assert_int_eq(house_count_runs(h, "free", "done"), 1);
    JV_AUTO *story = house_story(h, entity);
    char *text = jv_dump_new(story);
    ck_assert_msg(strstr(text, "«held» does not start: unknown user") != NULL, "%s", text);
    mem_free(text);
    house_close(h);
}
END_TEST

START_TEST(a_user_name_that_two_bear_holds_the_rule_back)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then notify]\n"
                                 "to = \"Иван Иванов\"\n"
                                 "text = x\n");
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    put_user(h, 44,
             json_pack("{ss sb ss ss ss}", "ID", "44", "ACTIVE", 1, "NAME", "Иван", "LAST_NAME",
                       "Иванов", "EMAIL", "ivanov2@firm.ru"));
    restart(h);
    HOUSE_UNTIL(h, health_says(h, "warnings 1; "));
    ck_assert(health_says(h, "2 users are called \"Иван Иванов\" (5 ivanov@firm.ru, 44 "
                             "ivanov2@firm.ru); write an id or an e-mail; the rule goes on by the "
                             "id 5 it had"));
    house_rules(h, "[rule r]\n"
                   "on = deal added\n"
                   "[then notify]\n"
                   "to = \"Иванов Иван\"\n"
                   "text = x\n");
    restart(h);
    HOUSE_UNTIL(h, health_says(h, "2 users are called \"Иванов Иван\" (5 ivanov@firm.ru, 44 "
                                  "ivanov2@firm.ru); write an id or an e-mail"));
    house_close(h);
}
END_TEST

START_TEST(a_smart_process_is_known_by_its_title)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = item \"Отгрузка\" added\n"
                                 "[then add item \"Отгрузка\"]\n"
                                 "title = Возврат {{item.title}}\n"
                                 "[rule never]\n"
                                 "on = item \"Отгрузки\" added\n"
                                 "[then comment]\n"
                                 "text = x\n");
    HOUSE_UNTIL(h, health_says(h, "unknown smart process \"Отгрузки\"; did you mean "
                                  "\"Отгрузка\"?") &&
                       health_says(h, "rules held back 1"));
    int64_t id = house_seen(h, IVANOV, SHIPPING, json_pack("{ss}", "title", "Паллета"));
    ck_assert_int_gt(id, 0);
    HOUSE_EFFECTS_ARE(
        h, 1, "crm.item.add",
        json_pack("{si ss}", "entityTypeId", SHIPPING, "fields.title", "Возврат Паллета"));
    house_close(h);
}
END_TEST

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void checks(struct house *h, const char *const *words, int code, const char *out,
                   const char *err)
{
    struct house_said said = house_verb(h, words);
    ck_assert_msg(said.code == code, "%d\n%s%s", said.code, said.out, said.err);
    ck_assert_msg(strstr(said.out, out) != NULL, "out: %s", said.out);
    /* the places begin with the folder of the house, which is another each time */
    char *lines = mem_alloc(strlen(said.err) + 1), *end = lines;
    for (const char *line = said.err; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        const char *place = memmem(line, size, "10-test.ini:", strlen("10-test.ini:"));
        const char *from = place != NULL ? place : line;
        memcpy(end, from, (size_t)(line + size - from));
        end += line + size - from;
        *end++ = '\n';
        line += size + (line[size] == '\n');
    }
    *end = '\0';
    ck_assert_str_eq(lines, err);
    mem_free(lines);
    house_said_done(&said);
}

START_TEST(a_title_waits_for_the_portal_and_says_so)
{
    struct house *h = house_with(offer);
    ck_assert_int_eq(house_stop(h), 0);
    house_rules(h, "[rule r]\non = item \"Отгрузка\" added\n[then comment]\ntext = x\n");
    house_fault(h, json_pack("{ss ss si}", "kind", "html", "method", "crm.type.list", "count", 0));
    checks(
        h, WORDS("check"), 0, "is right",
        "10-test.ini:1:2: warning: smart process \"Отгрузка\" is not known yet, the portal has to "
        "be asked\n");
    house_start(h);
    ck_assert(health_says(h, "rules held back 1, warnings 0; "));
    ck_assert(health_says(h,
                          "rule r: smart process \"Отгрузка\" is not known yet, the portal has to "
                          "be asked"));
    /* what happens meanwhile waits for the rule */
    int64_t id = house_add(h, IVANOV, SHIPPING, json_pack("{ss}", "title", "Паллета"));
    ck_assert_int_gt(id, 0);
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_queue_depth ") >= 1);
    house_clear_faults(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    house_close(h);
}
END_TEST

START_TEST(names_that_were_known_serve_while_the_portal_is_silent_about_them)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    ck_assert_int_eq(house_stop(h), 0);
    house_fault(h, json_pack("{ss ss ss si}", "kind", "html", "method", "crm.status.list", "code",
                             "X", "count", 0));
    house_fault(h, json_pack("{ss ss si}", "kind", "html", "method", "user.get", "count", 0));
    house_start(h);
    enter_offer(h);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    house_clear_faults(h);
    house_close(h);
}
END_TEST

START_TEST(a_scope_that_is_gone_holds_nothing_back)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    ck_assert_int_eq(house_stop(h), 0);
    json_decref(house_control(h, json_pack("{ss s[ss]}", "do", "scopes", "list", "crm", "im")));
    house_start(h);
    HOUSE_UNTIL(h, health_says(h, "rules held back 0, warnings 1; "));
    ck_assert(health_says(h, "the portal does not show \"user-email:petrova@firm.ru\" to the "
                             "webhook"));
    enter_offer(h);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(check_knows_what_the_daemon_has_learnt)
{
    struct house *h = house_with(offer);
    HOUSE_UNTIL(h, health_says(h, "every name means what it did"));
    ck_assert_int_eq(house_stop(h), 0);
    house_rules(h, "[rule r]\n"
                   "on = deal enters \"Продажи / Нет такой\"\n"
                   "if = deal.contact.source = \"Сорока\"\n"
                   "[then update]\n"
                   "\"Способ доставки\" = Курер\n");
    checks(
        h, WORDS("check"), 1, "",
        "10-test.ini:2:6: unknown stage \"Нет такой\" in funnel \"Продажи\"\n"
        "10-test.ini:5:21: \"Способ доставки\" has no value \"Курер\"; did you mean \"Курьер\"?\n");
    house_rules(h, offer);
    house_start(h);
    house_close(h);
}
END_TEST

START_TEST(check_portal_without_a_portal_cannot)
{
    struct house *h = house_with(offer);
    house_settle(h);
    house_fault(h, json_pack("{ss ss si}", "kind", "html", "method", "*", "count", 0));
    checks(h, WORDS("check", "--portal"), 2, "",
           "b24bridge: portal main is out of reach: no answer from the portal: NOT_JSON: HTTP "
           "status 502 with a body that is no answer of REST\n");
    house_clear_faults(h);
    house_close(h);
}
END_TEST

START_TEST(a_webhook_that_is_refused_is_a_mistake)
{
    struct house *h = house_with(offer);
    house_settle(h);
    house_fault(h, json_pack("{ss ss si si}", "kind", "refuse", "code", "NO_AUTH_FOUND", "status",
                             401, "count", 0));
    struct house_said said = house_verb(h, WORDS("check", "--portal"));
    ck_assert_int_eq(said.code, 1);
    ck_assert_msg(strstr(said.err, "b24bridge.ini:") != NULL &&
                      strstr(said.err, ": the webhook was deleted or changed; make a new") != NULL,
                  "%s", said.err);
    house_said_done(&said);
    house_clear_faults(h);
    house_close(h);
}
END_TEST

START_TEST(check_portal_finds_what_only_the_portal_knows)
{
    struct house *h = house_with(offer);
    house_settle(h);
    checks(h, WORDS("check", "--portal"), 0, "event ONCRMDEALUPDATE has never come", "");
    enter_offer(h);
    checks(h, WORDS("check", "--portal"), 0, "event ONCRMDEALUPDATE last came 2", "");
    struct house_said said = house_verb(h, WORDS("check", "--portal", "--json"));
    struct err err = {0};
    JV_AUTO *tree = jv_parse_new(said.out, strlen(said.out), &err);
    ck_assert(jv_flag(tree, "ok"));
    ck_assert_str_eq(jv_text(tree, "live.0.name", ""), "main");
    ck_assert_str_eq(jv_text(tree, "live.0.scopes.0", ""), "crm");
    ck_assert_str_eq(jv_text(tree, "live.0.events.0.name", ""), "ONCRMDEALADD");
    house_said_done(&said);
    ck_assert_int_eq(house_stop(h), 0);
    house_rules(h, "[rule r]\n"
                   "on = deal enters \"Продажи / КП отправленно\"\n"
                   "if = deal.opportunity > \"abc\"\n"
                   "if = deal.\"Трек-номер\" is empty\n"
                   "if = deal.stage = C9:NEW\n"
                   "[then move]\n"
                   "to = \"Производство / Переговоры\"\n"
                   "[then update]\n"
                   "opportunity = 5 000,50\n"
                   "\"Способ доставки\" = Курер\n"
                   "[then notify]\n"
                   "to = 999\n"
                   "text = x\n"
                   "[then rest crm.no.such]\n"
                   "id = 1\n");
    checks(
        h, WORDS("check", "--portal"), 1, "portal main:",
        "10-test.ini:2:6: unknown stage \"КП отправленно\" in funnel \"Продажи\"; did you mean "
        "\"Продажи / КП отправлено\"?\n"
        "10-test.ini:3:6: \"deal.opportunity\" is a number, and \"abc\" is not\n"
        "10-test.ini:4:6: no field of deal is called \"Трек-номер\"\n"
        "10-test.ini:5:6: unknown stage \"C9:NEW\"; did you mean \"C1:NEW\"?\n"
        "10-test.ini:7:6: unknown stage \"Переговоры\" in funnel \"Производство\", it is one of "
        "\"Продажи\"\n"
        "10-test.ini:9:15: opportunity: \"5 000,50\" is not a number; a decimal point is wanted: "
        "1500.50\n"
        "10-test.ini:10:21: \"Способ доставки\" has no value \"Курер\"; did you mean \"Курьер\"?\n"
        "10-test.ini:12:6: there is no user 999\n"
        "10-test.ini:14:2: the portal has no method \"crm.no.such\"\n");
    house_rules(h, offer);
    house_start(h);
    house_close(h);
}
END_TEST

START_TEST(check_portal_tests_the_scopes)
{
    struct house *h = house_with(offer);
    json_decref(house_control(
        h, json_pack("{ss s[sss]}", "do", "scopes", "list", "crm", "user", "department")));
    checks(h, WORDS("check", "--portal"), 1, "its scopes: crm, user, department",
           "10-test.ini:6:2: the webhook may not call \"im.notify.system.add\": give it the scope "
           "\"im\"\n");
    house_close(h);
}
END_TEST

CHECK_MAIN("names", rules_that_wait_for_their_names_are_told,
           a_renamed_stage_is_said_and_the_rule_goes_on, a_dismissed_user_is_a_warning,
           an_e_mail_that_changed_still_means_its_user, a_name_that_never_was_holds_its_rule_back,
           a_user_name_that_two_bear_holds_the_rule_back, a_smart_process_is_known_by_its_title,
           a_title_waits_for_the_portal_and_says_so,
           names_that_were_known_serve_while_the_portal_is_silent_about_them,
           a_scope_that_is_gone_holds_nothing_back, check_knows_what_the_daemon_has_learnt,
           check_portal_without_a_portal_cannot, a_webhook_that_is_refused_is_a_mistake,
           check_portal_finds_what_only_the_portal_knows, check_portal_tests_the_scopes)
