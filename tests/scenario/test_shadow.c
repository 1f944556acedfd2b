/* state = shadow: the rule decides and records, and calls nothing that changes anything. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\n"
                           "title = Тень\n"
                           "on = deal added\n"
                           "state = shadow\n"
                           "[then add deal as NEXT]\n"
                           "title = Вторая {{deal.title}}\n"
                           "[then notify]\n"
                           "to = head of {{deal.assigned}}\n"
                           "text = Сделка {{NEXT.id}}: {{deal.title}}\n"
                           "[then update contacts]\n"
                           "assigned = 6\n"
                           "[then comment]\n"
                           "if = deal.opportunity > 1000\n"
                           "text = крупная\n"
                           "[else comment]\n"
                           "text = мелкая\n";

START_TEST(a_shadow_writes_nothing_and_tells_all)
{
    struct house *h = house_with(rule);
    int64_t id =
        house_seen(h, PETROVA, DEAL,
                   json_pack("{ss si s[i]}", "title", "Окна", "opportunity", 500, "contactIds", 1));
    ck_assert_int_eq(house_count_runs(h, "r", "done"), 1);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    char entity[32];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)id);
    JV_AUTO *story = house_story(h, entity);
    char *text = jv_dump_new(story);
    static const char *const told[] = {"«Тень» starts",
                                       "shadow",
                                       "crm.item.add",
                                       "Вторая Окна",
                                       "мелкая",
                                       "im.notify.system.add",
                                       "crm.timeline.comment.add",
                                       "crm.item.update"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        ck_assert_msg(strstr(text, told[i]) != NULL, "%s is not in %s", told[i], text);
    ck_assert_msg(strstr(text, "крупная") == NULL, "%s", text);
    mem_free(text);
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_is_off_does_not_even_look)
{
    struct house *h =
        house_with("[rule r]\non = deal added\nstate = off\n[then comment]\ntext = x\n");
    house_seen(h, PETROVA, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    ck_assert_int_eq(house_count_runs(h, "r", ""), 0);
    house_close(h);
}
END_TEST

START_TEST(a_shadow_that_is_lit_begins_to_work)
{
    struct house *h =
        house_with("[rule r]\non = deal added\nstate = shadow\n[then comment]\ntext = x\n");
    house_seen(h, PETROVA, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    ck_assert_int_eq(house_stop(h), 0);
    house_rules(h, "[rule r]\non = deal added\n[then comment]\ntext = x\n");
    house_start(h);
    house_seen(h, PETROVA, DEAL, json_pack("{ss}", "title", "Двери"));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

CHECK_MAIN("shadow", a_shadow_writes_nothing_and_tells_all, a_rule_that_is_off_does_not_even_look,
           a_shadow_that_is_lit_begins_to_work)
