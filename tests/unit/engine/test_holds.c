/* What is paused, and what that holds. */

#include "common/mem.h"
#include "daemon/engine/holds.h"
#include "tests/support/check_main.h"

static void set(struct holds *h, int64_t portal, const char *rule, bool on)
{
    struct hold hold = {.portal = portal, .since_ms = 7};
    (void)snprintf(hold.rule, sizeof hold.rule, "%s", rule);
    (void)snprintf(hold.by, sizeof hold.by, "anna");
    holds_set(h, &hold, on);
}

START_TEST(a_paused_portal_holds_all_its_rules_and_no_others)
{
    struct holds *h = holds_new();
    struct hold hold;
    ck_assert(!holds_portal(h, 1));
    set(h, 1, "", true);
    ck_assert(holds_portal(h, 1));
    ck_assert(!holds_portal(h, 2));
    ck_assert(holds_rule(h, 1, "any", &hold));
    ck_assert_str_eq(hold.by, "anna");
    ck_assert_str_eq(hold.rule, "");
    ck_assert(!holds_rule(h, 2, "any", NULL));
    set(h, 1, "", false);
    ck_assert(!holds_rule(h, 1, "any", NULL));
    holds_free(h);
}
END_TEST

START_TEST(a_rule_is_paused_on_one_portal_or_on_all)
{
    struct holds *h = holds_new();
    set(h, 0, "a", true);
    set(h, 2, "b", true);
    ck_assert(holds_rule(h, 1, "a", NULL) && holds_rule(h, 2, "a", NULL));
    ck_assert(!holds_rule(h, 1, "b", NULL) && holds_rule(h, 2, "b", NULL));
    ck_assert(!holds_portal(h, 1) && !holds_portal(h, 2));
    set(h, 2, "a", false); /* another pause than that of all */
    ck_assert(holds_rule(h, 2, "a", NULL));
    set(h, 0, "a", false);
    ck_assert(!holds_rule(h, 2, "a", NULL));
    size_t count;
    struct hold *all = holds_list(h, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(all[0].rule, "b");
    mem_free(all);
    holds_free(h);
}
END_TEST

START_TEST(what_was_laid_down_is_looked_for_after_each_pause_and_after_a_start)
{
    struct holds *h = holds_new();
    ck_assert(holds_take_news(h));
    ck_assert(!holds_take_news(h));
    set(h, 1, "a", true);
    ck_assert(!holds_take_news(h));
    set(h, 1, "a", false);
    ck_assert(holds_take_news(h));
    ck_assert(!holds_take_news(h));
    holds_put_news(h);
    ck_assert(holds_take_news(h));
    holds_free(h);
}
END_TEST

CHECK_MAIN("engine/holds", a_paused_portal_holds_all_its_rules_and_no_others,
           a_rule_is_paused_on_one_portal_or_on_all,
           what_was_laid_down_is_looked_for_after_each_pause_and_after_a_start)
