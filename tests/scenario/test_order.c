/* Promise 4: one thing at a time per entity, in order; and what happens between two looks. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

/* Texts of the comments on a deal, in the order in which they were written, joined by blanks. */
static char *comments_new(struct house *h, int64_t deal)
{
    JV_AUTO *journal = house_journal(h);
    char *all = mem_strdup("");
    size_t i;
    json_t *effect;
    json_array_foreach (journal, i, effect) {
        if (jv_int(effect, "params.fields.ENTITY_ID", 0) != deal)
            continue;
        char *more = mem_printf("%s%s%s", all, all[0] != '\0' ? " " : "",
                                jv_text(effect, "params.fields.COMMENT", ""));
        mem_free(all);
        all = more;
    }
    return all;
}

static struct house *slow_looking(const char *rules)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = rules, .debounce_ms = 400};
    return house_open(&options);
}

START_TEST(there_and_back_between_two_looks_fires_all_four_stage_triggers)
{
    struct house *h = slow_looking("[rule a]\non = deal leaves C1:NEW\n"
                                   "[then comment]\ntext = leaves-new\n"
                                   "[rule b]\non = deal enters C1:PREPARATION\n"
                                   "[then comment]\ntext = enters-prep\n"
                                   "[rule c]\non = deal leaves C1:PREPARATION\n"
                                   "[then comment]\ntext = leaves-prep\n"
                                   "[rule d]\non = deal enters C1:NEW\n"
                                   "[then comment]\ntext = enters-new\n");
    int64_t id =
        house_seen(h, IVANOV, DEAL,
                   json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", "C1:NEW"));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL); /* created in NEW is entering it */
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:PREPARATION"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:NEW"));
    house_settle(h);
    char *texts = comments_new(h, id);
    ck_assert_str_eq(texts, "enters-new leaves-new enters-prep leaves-prep enters-new");
    mem_free(texts);
    house_close(h);
}
END_TEST

START_TEST(many_quick_updates_are_one_change)
{
    struct house *h = slow_looking("[rule r]\non = deal.title changes\n"
                                   "[then comment]\ntext = {{old.title}}-{{deal.title}}\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "0"));
    char title[8];
    for (int i = 1; i <= 20; i++) {
        (void)snprintf(title, sizeof title, "%d", i);
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", title));
    }
    house_settle(h);
    char *texts = comments_new(h, id);
    ck_assert_str_eq(texts, "0-20");
    mem_free(texts);
    /* Added, all the updates, and our own comment; more when the machine was slow. */
    ck_assert_int_le((int)house_metric(h, "b24bridge_looks_total "), 6);
    house_close(h);
}
END_TEST

START_TEST(changes_that_are_undone_between_two_looks_are_none)
{
    struct house *h = slow_looking("[rule r]\non = deal.title changes\n[then comment]\ntext = x\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "a"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "b"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "a"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(runs_of_one_deal_do_not_mix)
{
    struct house *h = house_with("[rule first]\non = deal added\n"
                                 "[then comment]\ntext = 1a\n"
                                 "[then todo]\ntitle = x\n"
                                 "[then comment]\ntext = 1b\n"
                                 "[rule second]\non = deal added\n"
                                 "[then comment]\ntext = 2a\n"
                                 "[then todo]\ntitle = y\n"
                                 "[then comment]\ntext = 2b\n");
    enum { DEALS = 20 };
    int64_t ids[DEALS];
    for (int i = 0; i < DEALS; i++)
        ids[i] = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_settle(h);
    for (int i = 0; i < DEALS; i++) {
        char *texts = comments_new(h, ids[i]);
        ck_assert_str_eq(texts, "1a 1b 2a 2b");
        mem_free(texts);
    }
    house_close(h);
}
END_TEST

START_TEST(many_deals_travel_in_common_batches)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    enum { DEALS = 100 };
    /* While one answer is slow, what is wanted gathers. */
    house_fault(h,
                json_pack("{ss ss si si}", "kind", "slow", "method", "*", "ms", 100, "count", 0));
    for (int i = 0; i < DEALS; i++)
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == DEALS);
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    ck_assert_int_eq((int)jv_int(stats, "effects", 0), DEALS);
    ck_assert_int_le((int)jv_int(stats, "max_batch", 0), 50);
    ck_assert_int_lt((int)jv_int(stats, "requests", 0), DEALS);
    house_close(h);
}
END_TEST

START_TEST(a_queue_of_one_rule_keeps_its_order)
{
    struct house *h = house_with("[rule r]\non = deal.title changes\nmode = queue\n"
                                 "[then comment]\ntext = begin-{{deal.title}}\n"
                                 "[wait 1 second]\n"
                                 "[then comment]\ntext = end\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "0"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "1"));
    house_settle(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "2"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 2);
    house_settle(h);
    char *texts = comments_new(h, id);
    ck_assert_str_eq(texts, "begin-1 end begin-2 end");
    mem_free(texts);
    house_close(h);
}
END_TEST

START_TEST(single_drops_and_restart_begins_anew)
{
    struct house *h = house_with("[rule s]\non = deal.title changes\nmode = single\n"
                                 "[wait 1 second]\n"
                                 "[then comment]\ntext = s-{{deal.title}}\n"
                                 "[rule r]\non = deal.title changes\nmode = restart\n"
                                 "[wait 1 second]\n"
                                 "[then comment]\ntext = r-{{deal.title}}\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "0"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "1"));
    house_settle(h);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "2"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "s", ""), 1);
    ck_assert_int_eq(house_count_runs(h, "r", "cancelled"), 1);
    char *texts = comments_new(h, id);
    ck_assert_str_eq(texts, "s-2 r-2");
    mem_free(texts);
    house_close(h);
}
END_TEST

START_TEST(a_deleted_deal_ends_what_waits_for_it)
{
    struct house *h =
        house_with("[rule r]\non = deal added\n[wait 1 hour]\n[then comment]\ntext = x\n"
                   "[rule d]\non = deal deleted\n"
                   "[then notify]\nto = 7\ntext = Удалена {{deal.title}}\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    json_decref(house_person(h, IVANOV, "crm.item.delete",
                             json_pack("{si sI}", "entityTypeId", DEAL, "id", (json_int_t)id)));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "r", "cancelled"), 1);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{ss}", "MESSAGE", "Удалена Окна"));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

CHECK_MAIN("order", there_and_back_between_two_looks_fires_all_four_stage_triggers,
           many_quick_updates_are_one_change, changes_that_are_undone_between_two_looks_are_none,
           runs_of_one_deal_do_not_mix, many_deals_travel_in_common_batches,
           a_queue_of_one_rule_keeps_its_order, single_drops_and_restart_begins_anew,
           a_deleted_deal_ends_what_waits_for_it)
