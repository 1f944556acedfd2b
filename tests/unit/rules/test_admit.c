#include <stdio.h>

#include "common/mem.h"
#include "daemon/rules/change.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

enum { HOUR = 3600 * 1000 };
static const int64_t now_ms = 1768900000000;

/* A firing of the one rule that `keys` make, and what is known of earlier ones. */
struct asked {
    struct rules_text rules;
    struct firing firing;
    struct change change;
    struct event event;
    json_t *chain;
    struct run live[2];
    size_t live_count;
    struct fired fired;
    char reason[320];
};

static void asked_init(struct asked *a, const char *keys)
{
    char text[512];
    *a = (struct asked){0};
    (void)snprintf(text, sizeof text, "[rule r]\non = deal added\n%s\n\n[then stop]\n", keys);
    rules_text_load(&a->rules, text);
    a->firing = (struct firing){.rule = &a->rules.set->rules[0],
                                .trigger = &a->rules.set->rules[0].triggers[0],
                                .passed = true};
    a->change = (struct change){.portal = "main", .entity = {.type = ENTITY_DEAL, .id = "123"}};
}

static void lives(struct asked *a, const char *rule)
{
    struct run *run = &a->live[a->live_count++];
    *run = (struct run){.id = 70 + (int64_t)a->live_count, .state = RUN_WAITING};
    (void)snprintf(run->rule, sizeof run->rule, "%s", rule);
}

static void caused_by(struct asked *a, const char *cause)
{
    if (a->chain == NULL)
        a->chain = json_array();
    (void)json_array_append_new(a->chain, json_string(cause));
    a->change.chain = a->chain;
}

static void admit_is(struct asked *a, enum admit expected, const char *reason)
{
    enum admit admit =
        change_admit(&a->firing, &a->change, a->live, a->live_count, &a->fired, now_ms, a->reason);
    ck_assert_str_eq(a->reason, reason);
    ck_assert_int_eq(admit, expected);
}

static void asked_done(struct asked *a)
{
    json_decref(a->chain);
    rules_text_done(&a->rules);
}

START_TEST(nothing_against_it_starts)
{
    struct asked a;
    asked_init(&a, "");
    admit_is(&a, ADMIT_START, "");
    a.fired = (struct fired){.total = 500, .last_ms = now_ms - 1, .recent = 19};
    lives(&a, "r");
    caused_by(&a, "r|2|124");
    caused_by(&a, "r|3|123");
    admit_is(&a, ADMIT_START, "");
    asked_done(&a);
}
END_TEST

START_TEST(a_rule_does_not_cause_itself)
{
    struct asked a;
    asked_init(&a, "");
    caused_by(&a, "r|2|123");
    caused_by(&a, "other|3|7");
    admit_is(&a, ADMIT_SKIP,
             "the rule itself is among the causes of this change of deal 123: r (deal 123) → "
             "other (contact 7)");
    asked_done(&a);
}
END_TEST

START_TEST(a_chain_of_causes_has_a_most)
{
    struct asked a;
    asked_init(&a, "");
    for (int i = 0; i < RUN_CHAIN_MOST; i++) {
        char cause[32];
        admit_is(&a, ADMIT_START, "");
        (void)snprintf(cause, sizeof cause, "rule%d|2|123", i);
        caused_by(&a, cause);
    }
    admit_is(&a, ADMIT_SKIP,
             "rules set off one another 12 times in a row, which is the most allowed: "
             "rule0 (deal 123) → rule1 (deal 123) → rule2 (deal 123) → rule3 (deal 123) → "
             "rule4 (deal 123) → rule5 (deal 123…");
    asked_done(&a);
}
END_TEST

START_TEST(a_frozen_rule_waits_for_its_thaw)
{
    struct asked a;
    asked_init(&a, "");
    a.fired.frozen_ms = now_ms + HOUR;
    admit_is(&a, ADMIT_SKIP, "frozen for deal 123 for another 1 h: the limit was reached");
    a.fired.frozen_ms = now_ms;
    admit_is(&a, ADMIT_START, "");
    asked_done(&a);
}
END_TEST

START_TEST(an_event_with_an_id_of_its_own_counts_once)
{
    struct asked a;
    asked_init(&a, "");
    a.firing.event = &a.event;
    a.event = (struct event){.name = "ONVOXIMPLANTCALLEND", .own_id = "5C1.A"};
    admit_is(&a, ADMIT_START, "");
    a.fired.own_id_seen = true;
    admit_is(&a, ADMIT_SKIP, "it has fired for ONVOXIMPLANTCALLEND of \"5C1.A\" before");
    asked_done(&a);
}
END_TEST

START_TEST(once_per_entity_is_once_in_its_life)
{
    struct asked a;
    asked_init(&a, "once-per = entity");
    admit_is(&a, ADMIT_START, "");
    a.fired = (struct fired){.total = 1, .last_ms = now_ms - 900 * (int64_t)HOUR};
    admit_is(&a, ADMIT_SKIP, "once-per entity: it has fired for deal 123 before");
    asked_done(&a);
}
END_TEST

START_TEST(once_per_stage_visit_begins_anew_with_each_visit)
{
    struct asked a;
    asked_init(&a, "once-per = stage visit");
    a.fired.stage_since_ms = now_ms - HOUR;
    admit_is(&a, ADMIT_START, "");
    a.fired.total = 1;
    a.fired.visit_ms = now_ms - HOUR;
    admit_is(&a, ADMIT_SKIP, "once-per stage visit: it has fired since deal 123 entered its stage");
    a.fired.stage_since_ms = now_ms - 1;
    admit_is(&a, ADMIT_START, "");
    asked_done(&a);
}
END_TEST

START_TEST(once_per_window_counts_from_the_last_firing)
{
    struct asked a;
    asked_init(&a, "once-per = entity per 24h");
    admit_is(&a, ADMIT_START, "");
    a.fired = (struct fired){.total = 1, .last_ms = now_ms - 24 * (int64_t)HOUR + 1};
    admit_is(&a, ADMIT_SKIP,
             "once-per entity per 1 day: it has fired for deal 123 within that time");
    a.fired.last_ms--;
    admit_is(&a, ADMIT_START, "");
    asked_done(&a);
}
END_TEST

START_TEST(the_firing_beyond_the_limit_freezes)
{
    struct asked a;
    asked_init(&a, "limit = 3 per deal per day");
    a.fired.recent = 2;
    admit_is(&a, ADMIT_START, "");
    a.fired.recent = 3;
    admit_is(&a, ADMIT_FREEZE, "limit reached: 3 firings for deal 123 in 1 day");
    asked_done(&a);
}
END_TEST

START_TEST(modes_are_about_runs_of_the_same_rule)
{
    static const struct {
        const char *keys;
        enum admit admit;
        const char *reason;
    } rows[] = {
        {"mode = parallel", ADMIT_START, ""},
        {"mode = single", ADMIT_SKIP, "mode single: run 72 of this rule has not ended"},
        {"mode = restart", ADMIT_RESTART, "mode restart: it takes the place of run 72"},
        {"mode = queue", ADMIT_START, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct asked a;
        asked_init(&a, rows[i].keys);
        lives(&a, "other");
        admit_is(&a, ADMIT_START, "");
        lives(&a, "r");
        admit_is(&a, rows[i].admit, rows[i].reason);
        asked_done(&a);
    }
}
END_TEST

START_TEST(the_chain_speaks_before_frozen_once_per_limit_and_mode)
{
    struct asked a;
    asked_init(&a, "once-per = entity\nlimit = 1 per deal per day\nmode = single");
    lives(&a, "r");
    admit_is(&a, ADMIT_SKIP, "mode single: run 71 of this rule has not ended");
    a.fired.recent = 1;
    admit_is(&a, ADMIT_FREEZE, "limit reached: 1 firings for deal 123 in 1 day");
    a.fired.total = 1;
    admit_is(&a, ADMIT_SKIP, "once-per entity: it has fired for deal 123 before");
    a.fired.frozen_ms = now_ms + 60000;
    admit_is(&a, ADMIT_SKIP, "frozen for deal 123 for another 1 min: the limit was reached");
    caused_by(&a, "r|2|123");
    admit_is(&a, ADMIT_SKIP,
             "the rule itself is among the causes of this change of deal 123: r (deal 123)");
    asked_done(&a);
}
END_TEST

CHECK_MAIN("admit", nothing_against_it_starts, a_rule_does_not_cause_itself,
           a_chain_of_causes_has_a_most, a_frozen_rule_waits_for_its_thaw,
           an_event_with_an_id_of_its_own_counts_once, once_per_entity_is_once_in_its_life,
           once_per_stage_visit_begins_anew_with_each_visit,
           once_per_window_counts_from_the_last_firing, the_firing_beyond_the_limit_freezes,
           modes_are_about_runs_of_the_same_rule,
           the_chain_speaks_before_frozen_once_per_limit_and_mode)
