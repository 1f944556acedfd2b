/* Promise 7: rules always end, whatever they do to one another, to a robot or to a person. */

#include <stdio.h>
#include <string.h>

#include "daemon/model/run.h"
#include "tests/support/house_check.h"

START_TEST(two_rules_that_undo_each_other_end)
{
    struct house *h = house_with("[rule up]\n"
                                 "on = deal.title changes\n"
                                 "if = deal.title = \"вниз\"\n"
                                 "[then update]\n"
                                 "title = вверх\n"
                                 "[rule down]\n"
                                 "on = deal.title changes\n"
                                 "if = deal.title = \"вверх\"\n"
                                 "[then update]\n"
                                 "title = вниз\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "вниз"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    ck_assert_int_eq(house_count_runs(h, "up", "done"), 1);
    ck_assert_int_eq(house_count_runs(h, "down", "done"), 1);
    house_close(h);
}
END_TEST

START_TEST(two_rules_that_move_a_deal_to_and_fro_end)
{
    struct house *h = house_with("[rule there]\n"
                                 "on = deal enters C1:PREPARATION\n"
                                 "[then move]\n"
                                 "to = C1:NEW\n"
                                 "[rule back]\n"
                                 "on = deal enters C1:NEW\n"
                                 "[then move]\n"
                                 "to = C1:PREPARATION\n");
    house_seen(h, IVANOV, DEAL,
               json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", "C1:NEW"));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_rule_does_not_hear_its_own_echo)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal updated\n"
                                 "[then update]\n"
                                 "comments = {{deal.title}} {{now}}\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(another_rule_hears_what_we_wrote_once)
{
    struct house *h = house_with("[rule first]\n"
                                 "on = deal added\n"
                                 "[then update]\n"
                                 "opportunity = 5000\n"
                                 "[rule second]\n"
                                 "on = deal.opportunity changes\n"
                                 "[then comment]\n"
                                 "text = сумма {{old.opportunity}} → {{deal.opportunity}}\n");
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "сумма 0 → 5000"));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_breeds_deals_ends)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then add deal]\n"
                                 "title = от {{deal.id}}\n");
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, RUN_CHAIN_MOST, "crm.item.add", NULL);
    HOUSE_EFFECTS_ARE(h, RUN_CHAIN_MOST, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_breeds_elements_of_a_smart_process_ends)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = item 147 added\n"
                                 "[then add item 147]\n"
                                 "title = от {{item.id}}\n");
    house_seen(h, IVANOV, SHIPPING, json_pack("{ss}", "title", "Отгрузка"));
    HOUSE_EFFECTS_ARE(h, RUN_CHAIN_MOST, "crm.item.add", NULL);
    house_close(h);
}
END_TEST

START_TEST(two_entities_that_set_each_other_off_end)
{
    struct house *h = house_with("[rule of-deal]\n"
                                 "on = deal.assigned changes\n"
                                 "[then update contacts]\n"
                                 "post = ответственный {{deal.assigned}}\n"
                                 "[rule of-contact]\n"
                                 "on = contact updated\n"
                                 "[then rest crm.item.update]\n"
                                 "entityTypeId = 2\n"
                                 "id = 1\n"
                                 "fields.assignedById = {{contact.assigned.head}}\n");
    int64_t id =
        house_seen(h, IVANOV, DEAL, json_pack("{ss s[i]}", "title", "Окна", "contactIds", 1));
    json_t *fields = json_pack("{ss}", "comments", "x");
    house_update(h, IVANOV, CONTACT, 1, fields);
    house_settle(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{si}", "assignedById", PETROVA));
    house_settle(h);
    ck_assert_int_lt(house_effects(h, NULL, NULL), 8);
    house_close(h);
}
END_TEST

START_TEST(a_rule_beyond_its_limit_is_frozen_and_says_so)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal.title changes\n"
                                 "limit = 3 per deal per hour\n"
                                 "[then comment]\n"
                                 "text = {{deal.title}}\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    char title[16], entity[32];
    for (int i = 0; i < 5; i++) {
        (void)snprintf(title, sizeof title, "Окна %d", i);
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", title));
        house_settle(h);
    }
    HOUSE_EFFECTS_ARE(h, 3, NULL, NULL);
    JV_AUTO *status = house_api(h, "/api/status");
    ck_assert_int_eq(jv_int(status, "queue.frozen", 0), 1);
    ck_assert_str_eq(jv_text(status, "errors.0.what", ""), "frozen");
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)id);
    JV_AUTO *story = house_story(h, entity);
    char *text = jv_dump_new(story);
    ck_assert_ptr_nonnull(strstr(text, "limit reached: 3 firings"));
    mem_free(text);
    /* Another deal is not concerned. */
    int64_t other = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Двери"));
    house_update(h, IVANOV, DEAL, other, json_pack("{ss}", "title", "Двери 2"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 4, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- against somebody who is not us ---------------------------------------------------------- */

/* How often the operator was told, in the log. */
static int told(struct house *h, const char *what)
{
    char *log = house_daemon_log(h);
    int count = 0;
    for (const char *at = strstr(log, what); at != NULL; at = strstr(at + 1, what))
        count++;
    mem_free(log);
    return count;
}

static void move(struct house *h, int user, int64_t deal, const char *stage)
{
    house_update(h, user, DEAL, deal, json_pack("{ss}", "stageId", stage));
    house_settle(h);
}

static const char keeper[] = "[rule keeper]\n"
                             "on = deal enters C1:UC_OFFER\n"
                             "limit = 3 per deal per hour\n"
                             "[then move]\n"
                             "to = C1:PREPARATION\n";

static int64_t deal_in_sales(struct house *h)
{
    return house_seen(
        h, IVANOV, DEAL,
        json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", "C1:PREPARATION"));
}

/* The robot of the stage moves on at once what the rule brings back; to us it comes from outside,
 * so no chain of causes ends it, but the budget does. */
START_TEST(a_rule_against_a_robot_of_the_portal_is_frozen_for_that_deal_and_said_once)
{
    struct house *h = house_with(keeper);
    int64_t id = deal_in_sales(h), other = deal_in_sales(h);
    for (int i = 0; i < 8; i++)
        move(h, ANNA, id, "C1:UC_OFFER"), move(h, ANNA, id, "C1:EXECUTING");
    HOUSE_EFFECTS_ARE(h, 3, "crm.item.update", NULL);
    ck_assert_int_eq(told(h, "rule frozen for an entity rule=keeper"), 1);
    int status = 0;
    char *health = house_get(h, "/health", &status);
    ck_assert_int_eq(status, 200);
    ck_assert_msg(strstr(health, "frozen for 1 entities, last \\\"keeper\\\"") != NULL, "%s",
                  health);
    mem_free(health);
    /* For others it goes on. */
    move(h, ANNA, other, "C1:UC_OFFER");
    HOUSE_VALUE_IS(h, DEAL, other, "stageId", "C1:PREPARATION");
    house_close(h);
}
END_TEST

START_TEST(a_rule_against_a_person_gives_way_after_twenty_times_an_hour)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal.assigned changes\n"
                                 "if = deal.assigned = 6\n"
                                 "[then assign]\n"
                                 "to = 5\n");
    int64_t id = deal_in_sales(h);
    for (int i = 0; i < 23; i++) {
        house_update(h, IVANOV, DEAL, id, json_pack("{si}", "assignedById", PETROVA));
        house_settle(h);
    }
    HOUSE_EFFECTS_ARE(h, 20, "crm.item.update", NULL);
    HOUSE_VALUE_IS(h, DEAL, id, "assignedById", "6");
    ck_assert_int_eq(told(h, "rule frozen for an entity rule=r"), 1);
    house_close(h);
}
END_TEST

START_TEST(a_frozen_rule_thaws_when_its_window_has_passed)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal.title changes\n"
                                 "limit = 1 per deal per 3s\n"
                                 "[then comment]\n"
                                 "text = {{deal.title}}\n");
    int64_t id = deal_in_sales(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "раз"));
    house_settle(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "два"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    int64_t thawed_ms = clock_mono_ms() + 3100;
    HOUSE_UNTIL(h, clock_mono_ms() > thawed_ms);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "три"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(why_shows_the_chain_of_causes)
{
    struct house *h = house_with("[rule there]\n"
                                 "on = deal enters C1:EXECUTING\n"
                                 "[then move]\n"
                                 "to = C1:UC_OFFER\n"
                                 "[rule back]\n"
                                 "on = deal enters C1:UC_OFFER\n"
                                 "[then move]\n"
                                 "to = C1:EXECUTING\n");
    int64_t id = deal_in_sales(h);
    char number[24], chain[200];
    move(h, IVANOV, id, "C1:EXECUTING");
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    (void)snprintf(chain, sizeof chain,
                   "the rule itself is among the causes of this change of deal %s: there (deal %s) "
                   "→ back (deal %s)",
                   number, number, number);
    const char *const why[] = {"why", "deal", number, NULL};
    struct house_said said = house_verb(h, why);
    ck_assert_int_eq(said.code, 0);
    ck_assert_msg(strstr(said.out, chain) != NULL, "%s", said.out);
    ck_assert_msg(strstr(said.out, "«back» starts: deal enters C1:UC_OFFER, because of run ") !=
                      NULL,
                  "%s", said.out);
    ck_assert_msg(strstr(said.out, "of \"there\"") != NULL, "%s", said.out);
    house_said_done(&said);
    house_close(h);
}
END_TEST

/* ---- once-per -------------------------------------------------------------------------------- */

static struct house *house_once(const char *once)
{
    char *rule = mem_printf("[rule r]\n"
                            "on = deal enters C1:UC_OFFER\n"
                            "on = deal.title changes\n"
                            "once-per = %s\n"
                            "cancel-on = deal leaves stage\n"
                            "[wait 1 hour]\n"
                            "[then comment]\n"
                            "text = x\n",
                            once);
    struct house *h = house_with(rule);
    mem_free(rule);
    return h;
}

static void rename_to(struct house *h, int64_t id, const char *title)
{
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", title));
    house_settle(h);
}

/* Firings that began a run, cancelled ones too. */
#define FIRED_IS(house, expected) ck_assert_int_eq(house_count_runs(house, "r", ""), expected)

START_TEST(once_per_event_fires_each_time)
{
    struct house *h = house_once("event");
    int64_t id = deal_in_sales(h);
    rename_to(h, id, "раз");
    rename_to(h, id, "два");
    FIRED_IS(h, 2);
    house_close(h);
}
END_TEST

START_TEST(once_per_entity_counts_cancelled_runs_too)
{
    struct house *h = house_once("entity");
    int64_t id = deal_in_sales(h);
    rename_to(h, id, "раз");
    move(h, IVANOV, id, "C1:EXECUTING");
    ck_assert_int_eq(house_count_runs(h, "r", "cancelled"), 1);
    rename_to(h, id, "два");
    FIRED_IS(h, 1);
    rename_to(h, deal_in_sales(h), "три"); /* another entity */
    FIRED_IS(h, 2);
    house_kill(h);
    house_start(h);
    rename_to(h, id, "четыре");
    FIRED_IS(h, 2);
    house_close(h);
}
END_TEST

START_TEST(once_per_stage_visit_begins_anew_when_the_deal_comes_back)
{
    struct house *h = house_once("stage visit");
    int64_t id = deal_in_sales(h);
    move(h, IVANOV, id, "C1:UC_OFFER");
    rename_to(h, id, "раз");
    FIRED_IS(h, 1);
    move(h, IVANOV, id, "C1:EXECUTING");
    rename_to(h, id, "два");
    FIRED_IS(h, 2);
    move(h, IVANOV, id, "C1:UC_OFFER");
    FIRED_IS(h, 3);
    house_close(h);
}
END_TEST

/* There and back and there again between two looks: the events wait while the portal is slow. */
START_TEST(each_visit_within_one_second_is_a_visit_of_its_own)
{
    struct house *h = house_once("stage visit");
    int64_t id = deal_in_sales(h);
    json_decref(
        house_control(h, json_pack("{ss ss si}", "do", "events", "state", "delay", "ms", 400)));
    for (int i = 0; i < 3; i++) {
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:EXECUTING"));
    }
    house_settle(h);
    FIRED_IS(h, 3);
    house_close(h);
}
END_TEST

START_TEST(once_per_window_counts_from_the_last_firing)
{
    struct house *h = house_once("entity per 3s");
    int64_t id = deal_in_sales(h);
    rename_to(h, id, "раз");
    int64_t over_ms = clock_mono_ms() + 3100;
    rename_to(h, id, "два");
    FIRED_IS(h, 1);
    HOUSE_UNTIL(h, clock_mono_ms() > over_ms);
    rename_to(h, id, "три");
    FIRED_IS(h, 2);
    house_close(h);
}
END_TEST

CHECK_MAIN("loops", two_rules_that_undo_each_other_end, two_rules_that_move_a_deal_to_and_fro_end,
           a_rule_does_not_hear_its_own_echo, another_rule_hears_what_we_wrote_once,
           a_rule_that_breeds_deals_ends, a_rule_that_breeds_elements_of_a_smart_process_ends,
           two_entities_that_set_each_other_off_end, a_rule_beyond_its_limit_is_frozen_and_says_so,
           a_rule_against_a_robot_of_the_portal_is_frozen_for_that_deal_and_said_once,
           a_rule_against_a_person_gives_way_after_twenty_times_an_hour,
           a_frozen_rule_thaws_when_its_window_has_passed, why_shows_the_chain_of_causes,
           once_per_event_fires_each_time, once_per_entity_counts_cancelled_runs_too,
           once_per_stage_visit_begins_anew_when_the_deal_comes_back,
           each_visit_within_one_second_is_a_visit_of_its_own,
           once_per_window_counts_from_the_last_firing)
