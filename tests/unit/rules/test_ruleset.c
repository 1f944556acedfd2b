#include "daemon/rules/ruleset.h"

#include <stdio.h>

#include "common/buf.h"
#include "common/jv.h"
#include "daemon/rules/action.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

static const char call_back[] = "[rule call-back-after-offer]\n"
                                "title     = Перезвонить, если клиент молчит\n"
                                "on        = deal enters \"Продажи / КП отправлено\"\n"
                                "on        = deal enters C2:OFFER\n"
                                "if        = deal.opportunity > 1000\n"
                                "if        = deal.assigned is not empty\n"
                                "cancel-on = deal leaves stage\n"
                                "cancel-on = deal.closed = Y\n"
                                "portal    = main\n"
                                "once-per  = stage visit\n"
                                "mode      = restart\n"
                                "late      = run within 90m\n"
                                "limit     = 3 per deal per day\n"
                                "state     = shadow\n"
                                "priority  = urgent\n"
                                "\n"
                                "[wait 3 workdays]\n"
                                "calendar  = office\n"
                                "\n"
                                "[then todo as CALL]\n"
                                "if          = deal.closed = N\n"
                                "title       = Перезвонить: {{deal.title}}\n"
                                "deadline    = now + 4h\n"
                                "on-error    = retry\n"
                                "unsure      = park\n"
                                "\n"
                                "[else update company]\n"
                                "\"Причина отказа\" = {{CALL.id}}\n"
                                "title =\n";

START_TEST(all_keys_of_a_rule_are_read)
{
    struct rules_text t;
    rules_text_load(&t, call_back);
    const struct rule *rule = ruleset_find(t.set, "call-back-after-offer");
    ck_assert_ptr_nonnull(rule);
    ck_assert_str_eq(rule->title, "Перезвонить, если клиент молчит");
    ck_assert_int_eq(rule->entity_type, ENTITY_DEAL);
    ck_assert_uint_eq(rule->trigger_count, 2);
    ck_assert_uint_eq(rule->if_count, 2);
    ck_assert_uint_eq(rule->cancel_count, 1);
    ck_assert_uint_eq(rule->cancel_if_count, 1);
    ck_assert_uint_eq(rule->portal_count, 1);
    ck_assert_int_eq(rule->once, ONCE_STAGE_VISIT);
    ck_assert_int_eq(rule->mode, MODE_RESTART);
    ck_assert_int_eq(rule->late, LATE_WITHIN);
    ck_assert_int_eq(rule->late_ms, 90 * 60 * 1000);
    ck_assert_int_eq(rule->limit, 3);
    ck_assert_int_eq(rule->limit_window_ms, 24 * 3600 * 1000);
    ck_assert_int_eq(rule->state, RULE_SHADOW);
    ck_assert_int_eq(rule->priority, PRIORITY_URGENT);
    ck_assert_str_eq(rule->at.file, "rules.ini");
    ck_assert_int_eq(rule->at.line, 1);
    rules_text_done(&t);
}
END_TEST

START_TEST(steps_keep_their_order_keys_and_labels)
{
    struct rules_text t;
    rules_text_load(&t, call_back);
    const struct rule *rule = &t.set->rules[0];
    ck_assert_uint_eq(rule->step_count, 3);
    const struct step *wait = &rule->steps[0], *todo = &rule->steps[1], *update = &rule->steps[2];
    ck_assert_int_eq(wait->kind, STEP_WAIT);
    ck_assert_ptr_null(wait->action);
    ck_assert_int_eq(wait->wait.unit, DURATION_WORKDAYS);
    ck_assert_int_eq(wait->wait.amount, 3);
    ck_assert_str_eq(wait->calendar, "office");
    ck_assert_str_eq(wait->text, "wait 3 workdays");
    ck_assert_int_eq(todo->kind, STEP_THEN);
    ck_assert_str_eq(todo->action->name, "todo");
    ck_assert_str_eq(todo->label, "CALL");
    ck_assert_str_eq(todo->target, "");
    ck_assert_uint_eq(todo->if_count, 1);
    ck_assert_uint_eq(todo->key_count, 2);
    ck_assert_int_eq(todo->on_error, ON_ERROR_RETRY);
    ck_assert_int_eq(todo->unsure, UNSURE_PARK);
    ck_assert_int_eq(update->kind, STEP_ELSE);
    ck_assert_str_eq(update->target, "company");
    ck_assert_uint_eq(update->key_count, 2);
    ck_assert_str_eq(update->keys[0].name, "\"Причина отказа\"");
    ck_assert_str_eq(update->keys[0].path.parts[0].text, "Причина отказа");
    ck_assert(update->keys[0].path.parts[0].quoted);
    ck_assert_str_eq(template_text(update->keys[1].value), "");
    rules_text_done(&t);
}
END_TEST

START_TEST(what_is_not_said_has_its_default)
{
    struct rules_text t;
    rules_text_load(&t, "[rule plain]\non = lead added\n\n[then comment]\ntext = x\n");
    const struct rule *rule = &t.set->rules[0];
    ck_assert_str_eq(rule->title, "plain");
    ck_assert_int_eq(rule->once, ONCE_EVENT);
    ck_assert_int_eq(rule->mode, MODE_PARALLEL);
    ck_assert_int_eq(rule->late, LATE_RUN);
    ck_assert_int_eq(rule->limit, 20);
    ck_assert_int_eq(rule->limit_window_ms, 3600 * 1000);
    ck_assert_int_eq(rule->state, RULE_ON);
    ck_assert_int_eq(rule->priority, -1);
    ck_assert_int_eq(rule->steps[0].on_error, ON_ERROR_STOP);
    ck_assert_int_eq(rule->steps[0].unsure, UNSURE_CHECK);
    rules_text_done(&t);
}
END_TEST

START_TEST(once_per_counts_events_entities_visits_or_windows)
{
    static const struct {
        const char *text;
        enum once_per once;
        int64_t window_ms;
    } rows[] = {
        {"event", ONCE_EVENT, 0},
        {"entity", ONCE_ENTITY, 0},
        {"deal", ONCE_ENTITY, 0},
        {"stage visit", ONCE_STAGE_VISIT, 0},
        {"entity per 24h", ONCE_ENTITY_WINDOW, 24 * 3600 * 1000},
        {"deal per day", ONCE_ENTITY_WINDOW, 24 * 3600 * 1000},
        {"entity per 2 hours", ONCE_ENTITY_WINDOW, 2 * 3600 * 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rules_text t;
        char text[256];
        (void)snprintf(text, sizeof text,
                       "[rule r]\non = deal added\nonce-per = %s\n\n[then stop]\n", rows[i].text);
        rules_text_load(&t, text);
        ck_assert_int_eq(t.set->rules[0].once, rows[i].once);
        ck_assert_int_eq(t.set->rules[0].once_window_ms, rows[i].window_ms);
        rules_text_done(&t);
    }
}
END_TEST

START_TEST(a_robot_rule_speaks_of_what_its_texts_name)
{
    struct rules_text t;
    rules_text_load(&t,
                    "[rule a]\non = robot x\n\n[then comment]\ntext = {{ deal.title | upper }}\n"
                    "[rule b]\non = robot x\nif = \"lead.\" = event.query.x and "
                    "contact.lastName is empty\n\n[then stop]\n"
                    "[rule c]\non = robot x\n\n[then comment]\ntext = {{event.query.x}}\n"
                    "[rule d]\non = robot x\n\n[then comment]\ntext = {{item.title}}\n"
                    "[rule e]\non = event ONCRMLEADADD\n\n[then stop]\n");
    ck_assert_int_eq(t.set->rules[0].entity_type, ENTITY_DEAL);
    ck_assert_int_eq(t.set->rules[1].entity_type, ENTITY_CONTACT);
    ck_assert_int_eq(t.set->rules[2].entity_type, ENTITY_NONE);
    ck_assert_int_eq(t.set->rules[3].entity_type, ENTITY_ITEM);
    ck_assert_int_eq(t.set->rules[4].entity_type, ENTITY_LEAD);
    rules_text_done(&t);
}
END_TEST

START_TEST(other_sections_stay_for_others)
{
    struct rules_text t;
    rules_text_init(&t);
    rules_text_add(&t, "a.ini",
                   "[server]\nlisten = x\n\n[rule r]\non = deal added\n\n[then stop]\n\n"
                   "[portal main]\nplan = standard\n");
    ck_assert_uint_eq(t.diag.count, 0);
    ck_assert(!t.files[0]->sections[0].used);
    ck_assert(t.files[0]->sections[1].used);
    ck_assert(t.files[0]->sections[2].used);
    ck_assert(!t.files[0]->sections[3].used);
    rules_text_done(&t);
}
END_TEST

START_TEST(several_files_make_one_set)
{
    struct rules_text t;
    rules_text_init(&t);
    rules_text_add(&t, "10.ini", "[rule b]\non = deal added\n\n[then stop]\n");
    rules_text_add(&t, "20.ini", "[rule a]\non = lead added\n\n[then stop]\n");
    ck_assert_uint_eq(t.diag.count, 0);
    ck_assert_ptr_nonnull(ruleset_find(t.set, "a")); /* also before it is finished */
    ruleset_finish(t.set);
    ck_assert_uint_eq(t.set->count, 2);
    ck_assert_str_eq(ruleset_find(t.set, "b")->at.file, "10.ini");
    ck_assert_str_eq(ruleset_find(t.set, "a")->at.file, "20.ini");
    ck_assert_ptr_null(ruleset_find(t.set, "c"));
    rules_text_done(&t);
}
END_TEST

static uint64_t version_of(const char *text)
{
    struct rules_text t;
    rules_text_load(&t, text);
    uint64_t version = t.set->rules[0].version;
    rules_text_done(&t);
    return version;
}

START_TEST(a_version_follows_the_text_and_not_the_comments)
{
    const char text[] = "[rule r]\non = deal added\n\n[wait 1h]\n\n[then comment]\ntext = x\n";
    const char same[] = "# why\n[rule r]\non   =  deal added\n[wait 1h]\n[then comment]\n"
                        "; what\ntext = x\n\n[rule s]\non = lead added\n[then stop]\n";
    const char other[] = "[rule r]\non = deal added\n\n[wait 2h]\n\n[then comment]\ntext = x\n";
    const char shifted[] = "[rule r]\non = deal added\n\n[wait 1h]\n\n[then comment]\ntext = xy\n";
    ck_assert_uint_eq(version_of(text), version_of(same));
    ck_assert_uint_ne(version_of(text), version_of(other));
    ck_assert_uint_ne(version_of(text), version_of(shifted));
}
END_TEST

static bool has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            return true;
    return false;
}

START_TEST(old_values_that_rules_ask_for_are_watched)
{
    struct rules_text t;
    rules_text_load(&t, "[rule a]\non = deal.opportunity changes\non = deal.\"Дата\" changes\n"
                        "if = old.source = WEB\nif = deal.comments changed and deal.closed = N\n\n"
                        "[then comment]\ntext = {{old.UF_CRM_1}} {{deal.sourceDescription}}\n");
    const struct watched *deal = ruleset_watched(t.set, ENTITY_DEAL);
    ck_assert_ptr_nonnull(deal);
    ck_assert(has(deal->fields, "opportunity"));
    ck_assert(has(deal->fields, "sourceId"));
    ck_assert(has(deal->fields, "comments"));
    ck_assert(has(deal->fields, "stageId"));
    ck_assert(has(deal->fields, "assignedById"));
    ck_assert(!has(deal->fields, "sourceDescription"));
    ck_assert(has(deal->unsolved, "Дата"));
    ck_assert(has(deal->unsolved, "UF_CRM_1"));
    ck_assert(!deal->stages);
    ck_assert_ptr_null(ruleset_watched(t.set, ENTITY_LEAD));
    rules_text_done(&t);
}
END_TEST

START_TEST(what_a_deletion_rule_speaks_of_is_watched)
{
    struct rules_text t;
    rules_text_load(&t, "[rule a]\non = lead deleted\nif = lead.source = WEB\n\n"
                        "[then notify]\nto = 1\ntext = {{lead.comments}}\n");
    const struct watched *lead = ruleset_watched(t.set, ENTITY_LEAD);
    ck_assert(has(lead->fields, "sourceId"));
    ck_assert(has(lead->fields, "comments"));
    rules_text_done(&t);
}
END_TEST

START_TEST(stage_triggers_ask_for_history)
{
    static const char *const triggers[] = {"deal enters @won", "deal leaves C1:NEW",
                                           "deal enters funnel 1", "deal.stage changes",
                                           "deal.stageId changes to C1:WON"};
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++) {
        struct rules_text t;
        char text[256];
        (void)snprintf(text, sizeof text, "[rule r]\non = %s\n\n[then stop]\n", triggers[i]);
        rules_text_load(&t, text);
        ck_assert_msg(ruleset_watched(t.set, ENTITY_DEAL)->stages, "%s", triggers[i]);
        rules_text_done(&t);
    }
    struct rules_text t;
    rules_text_load(&t, "[rule r]\non = deal added\ncancel-on = deal leaves stage\n\n[wait 1h]\n\n"
                        "[then stop]\n");
    ck_assert(ruleset_watched(t.set, ENTITY_DEAL)->stages);
    rules_text_done(&t);
}
END_TEST

START_TEST(rules_that_are_off_watch_nothing_and_hear_nothing)
{
    struct rules_text t;
    rules_text_load(&t, "[rule r]\non = deal.opportunity changes\non = robot x\nstate = off\n\n"
                        "[then stop]\n");
    ck_assert_ptr_null(ruleset_watched(t.set, ENTITY_DEAL));
    ck_assert(!ruleset_has_robot(t.set, "main", "x"));
    ck_assert_ptr_nonnull(ruleset_find(t.set, "r"));
    rules_text_done(&t);
}
END_TEST

START_TEST(an_event_concerns_the_rules_of_its_kind_and_those_that_name_it)
{
    struct rules_text t;
    rules_text_load(&t, "[rule a]\non = deal updated\n\n[then stop]\n"
                        "[rule b]\non = event ONIMBOTMESSAGEADD\n\n[then stop]\n"
                        "[rule c]\non = lead updated\nstate = off\n\n[then stop]\n");
    ck_assert(ruleset_concerns(t.set, ENTITY_DEAL, "ONCRMDEALDELETE"));
    ck_assert(ruleset_concerns(t.set, ENTITY_NONE, "ONIMBOTMESSAGEADD"));
    ck_assert(ruleset_concerns(t.set, ENTITY_CONTACT, "ONIMBOTMESSAGEADD"));
    ck_assert(!ruleset_concerns(t.set, ENTITY_NONE, "ONIMBOTMESSAGEUPDATE"));
    ck_assert(!ruleset_concerns(t.set, ENTITY_LEAD, "ONCRMLEADUPDATE"));
    ck_assert(!ruleset_concerns(t.set, ENTITY_COMPANY, "ONCRMCOMPANYADD"));
    rules_text_done(&t);
}
END_TEST

START_TEST(a_robot_is_known_by_its_code_and_portal)
{
    struct rules_text t;
    rules_text_load(&t, "[rule r]\non = robot call-me\nportal = main\n\n[then stop]\n\n"
                        "[rule s]\non = deal added\ncancel-on = robot enough\nstate = shadow\n\n"
                        "[wait 1h]\n\n[then stop]\n");
    ck_assert(ruleset_has_robot(t.set, "main", "call-me"));
    ck_assert(!ruleset_has_robot(t.set, "branch", "call-me"));
    ck_assert(!ruleset_has_robot(t.set, "main", "Call-me"));
    ck_assert(ruleset_has_robot(t.set, "branch", "enough"));
    rules_text_done(&t);
}
END_TEST

CHECK_MAIN("ruleset", all_keys_of_a_rule_are_read, steps_keep_their_order_keys_and_labels,
           what_is_not_said_has_its_default, once_per_counts_events_entities_visits_or_windows,
           a_robot_rule_speaks_of_what_its_texts_name, other_sections_stay_for_others,
           several_files_make_one_set, a_version_follows_the_text_and_not_the_comments,
           old_values_that_rules_ask_for_are_watched, what_a_deletion_rule_speaks_of_is_watched,
           stage_triggers_ask_for_history, rules_that_are_off_watch_nothing_and_hear_nothing,
           an_event_concerns_the_rules_of_its_kind_and_those_that_name_it,
           a_robot_is_known_by_its_code_and_portal)
