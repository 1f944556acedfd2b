/* Promise 7: rules always end, whatever they do to one another. */

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

CHECK_MAIN("loops", two_rules_that_undo_each_other_end, two_rules_that_move_a_deal_to_and_fro_end,
           a_rule_does_not_hear_its_own_echo, another_rule_hears_what_we_wrote_once,
           a_rule_that_breeds_deals_ends, a_rule_that_breeds_elements_of_a_smart_process_ends,
           two_entities_that_set_each_other_off_end, a_rule_beyond_its_limit_is_frozen_and_says_so)
