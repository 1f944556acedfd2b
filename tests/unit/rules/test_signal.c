#include "daemon/rules/signal.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

/* 2026-01-20 09:00 UTC. */
static const int64_t now_ms = 1768899600000;

/* One activity or call, heard by these rules. */
struct world {
    struct rules_text rules;
    struct zone *zone;
    struct rules_env env;
    struct event event;
    json_t *data;
    const json_t *event_data[1];
    struct change change;
    json_t *facts;
    struct signal_found out;
};

static json_t *json_of(const char *text)
{
    struct err err = {0};
    json_t *ret = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(ret != NULL, "%s: %s", err.text, text);
    return ret;
}

static void world_init(struct world *w, const char *rules, const char *event, const char *data)
{
    struct err err = {0};
    *w = (struct world){.zone = zone_load("UTC", &err), .facts = json_object()};
    w->env = (struct rules_env){.now_ms = now_ms, .zone = w->zone};
    rules_text_load(&w->rules, rules);
    bool call = strcmp(event, "ONVOXIMPLANTCALLEND") == 0;
    (void)snprintf(w->event.name, sizeof w->event.name, "%s", event);
    w->event.source = EVENT_WEBHOOK;
    w->data = json_pack("{s:o}", "data", json_of(data));
    w->event_data[0] = w->data;
    w->change = (struct change){.portal = "main",
                                .entity = {.type = call ? ENTITY_CALL : ENTITY_ACTIVITY},
                                .events = &w->event,
                                .event_data = w->event_data,
                                .event_count = 1};
    (void)snprintf(w->change.entity.id, sizeof w->change.entity.id, "%s", call ? "c.1" : "9");
}

static void know(struct world *w, const char *need, const char *fact)
{
    json_object_set_new(w->facts, need, json_of(fact));
}

/* "NEED …" while something is missing, else "client contacts: deal 5; …". */
static void hears(struct world *w, const char *expected)
{
    char name[ENTITY_ID_SIZE + 32];
    struct buf out BUF_AUTO;
    buf_init(&out, 8192);
    signal_found_done(&w->out);
    signal_judge(w->rules.set->ears, &w->change, w->facts, &w->env, &w->out);
    for (size_t i = 0; i < json_array_size(w->out.needs); i++)
        buf_printf(&out, "%sNEED %s", i > 0 ? " " : "",
                   json_string_value(json_array_get(w->out.needs, i)));
    for (size_t i = 0; i < w->out.count && json_array_size(w->out.needs) == 0; i++) {
        entity_print(&w->out.hearers[i].entity, name);
        buf_printf(&out, "%s%s: %s", i > 0 ? "; " : "", signal_word(w->out.hearers[i].signal),
                   name);
    }
    ck_assert_str_eq(out.data, expected);
}

static void world_done(struct world *w)
{
    signal_found_done(&w->out);
    json_decref(w->facts);
    json_decref(w->data);
    rules_text_done(&w->rules);
    zone_free(w->zone);
}

static const char deals[] =
    "[rule d]\non = client contacts\n[then comment]\ntext = {{deal.title}}\n";
static const char everybody[] = "[rule d]\non = client contacts\n[then comment]\n"
                                "text = {{deal.title}}\n"
                                "[rule l]\non = client contacts\n[then comment]\n"
                                "text = {{lead.title}}\n"
                                "[rule c]\non = client contacts\n[then comment]\n"
                                "text = {{contact.name}}\n"
                                "[rule k]\non = client contacts\n[then comment]\n"
                                "text = {{company.title}}\n";

/* An activity with only what the case says. */
static void activity_says(const char *members, const char *expected)
{
    struct world w;
    char fact[512];
    world_init(&w,
               "[rule d]\non = deal added\ncancel-on = client contacts\n"
               "cancel-on = we contact client\n[then comment]\ntext = х\n",
               "ONCRMACTIVITYADD", "{}");
    (void)snprintf(
        fact, sizeof fact,
        "{\"record\": {\"ID\": \"9\", \"OWNER_TYPE_ID\": \"2\", \"OWNER_ID\": \"5\", %s}}",
        members);
    know(&w, "activity:9", fact);
    hears(&w, expected);
    world_done(&w);
}

START_TEST(direction_and_completion_tell_who_contacted_whom)
{
    activity_says("\"TYPE_ID\": \"2\", \"DIRECTION\": \"1\", \"COMPLETED\": \"N\"",
                  "client contacts: deal 5");
    activity_says("\"TYPE_ID\": \"4\", \"DIRECTION\": \"1\", \"COMPLETED\": \"Y\"",
                  "client contacts: deal 5");
    activity_says("\"TYPE_ID\": \"2\", \"DIRECTION\": \"2\", \"COMPLETED\": \"Y\"",
                  "we contact client: deal 5");
    activity_says("\"TYPE_ID\": \"4\", \"DIRECTION\": \"2\", \"COMPLETED\": \"Y\"",
                  "we contact client: deal 5");
    activity_says("\"TYPE_ID\": \"2\", \"DIRECTION\": \"2\", \"COMPLETED\": \"N\"", "");
    activity_says("\"TYPE_ID\": \"6\", \"IS_INCOMING_CHANNEL\": \"Y\", \"COMPLETED\": \"N\"",
                  "client contacts: deal 5");
    activity_says("\"TYPE_ID\": \"6\", \"DIRECTION\": \"0\", \"COMPLETED\": \"Y\"", "");
    activity_says("\"TYPE_ID\": \"1\", \"DIRECTION\": \"1\", \"COMPLETED\": \"Y\"", "");
    activity_says("\"TYPE_ID\": \"3\", \"DIRECTION\": \"2\", \"COMPLETED\": \"Y\"", "");
}
END_TEST

START_TEST(an_old_activity_that_is_saved_again_tells_nothing)
{
    activity_says("\"TYPE_ID\": \"2\", \"DIRECTION\": \"1\", \"CREATED\": "
                  "\"2026-01-10T09:00:00+00:00\", \"END_TIME\": \"2026-01-10T09:05:00+00:00\"",
                  "");
    activity_says("\"TYPE_ID\": \"2\", \"DIRECTION\": \"1\", \"CREATED\": "
                  "\"2026-01-10T09:00:00+00:00\", \"END_TIME\": \"2026-01-19T09:05:00+00:00\"",
                  "client contacts: deal 5");
}
END_TEST

START_TEST(the_contact_of_an_activity_lets_its_open_deals_hear)
{
    struct world w;
    world_init(&w, deals, "ONCRMACTIVITYADD", "{}");
    hears(&w, "NEED activity:9");
    know(&w, "activity:9",
         "{\"record\": {\"OWNER_TYPE_ID\": 2, \"OWNER_ID\": 5, \"TYPE_ID\": 2, \"DIRECTION\": 1, "
         "\"COMMUNICATIONS\": [{\"ENTITY_TYPE_ID\": 3, \"ENTITY_ID\": 7}]}, "
         "\"bindings\": [{\"entityTypeId\": 2, \"entityId\": 6}, {\"entityTypeId\": 4, "
         "\"entityId\": 8}]}");
    hears(&w, "NEED open:2:3:7 NEED open:2:4:8");
    know(&w, "open:2:3:7", "[5, 11]");
    know(&w, "open:2:4:8", "[11, 12]");
    hears(&w, "client contacts: deal 5; client contacts: deal 11; client contacts: deal 6; "
              "client contacts: deal 12");
    ck_assert_str_eq(w.out.own_id, "activity 9");
    ck_assert_str_eq(jv_text(w.out.data, "FIELDS.ID", ""), "9");
    world_done(&w);
}
END_TEST

START_TEST(whatever_the_rules_speak_of_hears_it)
{
    struct world w;
    world_init(&w, everybody, "ONCRMACTIVITYADD", "{}");
    know(&w, "activity:9",
         "{\"record\": {\"OWNER_TYPE_ID\": 2, \"OWNER_ID\": 5, \"TYPE_ID\": 4, \"DIRECTION\": 1}}");
    hears(&w, "NEED entity:2:5");
    know(&w, "entity:2:5", "{\"contactId\": 7, \"contactIds\": [7, 8], \"companyId\": 0}");
    hears(&w, "client contacts: deal 5; client contacts: contact 7; client contacts: contact 8");
    world_done(&w);
}
END_TEST

START_TEST(what_is_gone_or_may_not_be_read_is_told_to_nobody)
{
    struct world w;
    world_init(&w, deals, "ONCRMACTIVITYADD", "{}");
    know(&w, "activity:9", "null");
    hears(&w, "");
    ck_assert_str_eq(w.out.say, "");
    ck_assert(w.out.blind);
    world_done(&w);
}
END_TEST

START_TEST(our_own_letter_names_the_run_that_wrote_it)
{
    struct world w;
    world_init(&w, "[rule d]\non = we contact client\n[then comment]\ntext = {{deal.title}}\n",
               "ONCRMACTIVITYADD", "{}");
    know(&w, "activity:9",
         "{\"record\": {\"OWNER_TYPE_ID\": 2, \"OWNER_ID\": 5, \"TYPE_ID\": 4, \"DIRECTION\": 2, "
         "\"COMPLETED\": \"Y\", \"ORIGINATOR_ID\": \"b24bridge\", \"ORIGIN_ID\": \"41.0.0\"}}");
    hears(&w, "we contact client: deal 5");
    ck_assert_int_eq(w.out.cause_run, 41);
    world_done(&w);
}
END_TEST

static void call_says(const char *data, const char *expected)
{
    struct world w;
    world_init(&w,
               "[rule d]\non = call missed\non = call ended\non = client contacts\n"
               "on = we contact client\n[then comment]\ntext = {{deal.title}}\n",
               "ONVOXIMPLANTCALLEND", data);
    know(&w, "activity:9", "{\"record\": {\"OWNER_TYPE_ID\": 2, \"OWNER_ID\": 5}}");
    hears(&w, expected);
    world_done(&w);
}

START_TEST(type_and_code_tell_what_became_of_a_call)
{
    call_says("{\"CALL_TYPE\": \"2\", \"CALL_FAILED_CODE\": \"304\", \"CRM_ACTIVITY_ID\": \"9\"}",
              "client contacts: deal 5; call missed: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"3\", \"CALL_FAILED_CODE\": \"603-S\", \"CRM_ACTIVITY_ID\": 9}",
              "client contacts: deal 5; call missed: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"2\", \"CALL_FAILED_CODE\": \"200\", \"CRM_ACTIVITY_ID\": 9}",
              "client contacts: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"2\", \"CALL_DURATION\": \"0\", \"CRM_ACTIVITY_ID\": 9}",
              "client contacts: deal 5; call missed: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"1\", \"CALL_FAILED_CODE\": \"304\", \"CRM_ACTIVITY_ID\": 9}",
              "we contact client: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"4\", \"CALL_FAILED_CODE\": \"200\", \"CRM_ACTIVITY_ID\": 9}",
              "we contact client: deal 5; call ended: deal 5");
    call_says("{\"CALL_TYPE\": \"5\", \"CALL_FAILED_CODE\": \"200\", \"CRM_ACTIVITY_ID\": 9}",
              "call ended: deal 5");
}
END_TEST

/* Nobody's call too: whoever waits for it wants to call back. */
START_TEST(a_rule_that_names_nobody_speaks_of_the_call_itself)
{
    struct world w;
    world_init(&w, "[rule c]\non = call missed\n[then notify]\nto = 5\ntext = пропущен\n",
               "ONVOXIMPLANTCALLEND",
               "{\"CALL_TYPE\": \"2\", \"CALL_FAILED_CODE\": \"304\", \"PHONE_NUMBER\": \"\"}");
    hears(&w, "call missed: call c.1");
    world_done(&w);
    world_init(&w, "[rule c]\non = call missed\n[then notify]\nto = 5\ntext = пропущен\n",
               "ONVOXIMPLANTCALLEND",
               "{\"CALL_TYPE\": \"2\", \"CALL_FAILED_CODE\": \"200\", \"PHONE_NUMBER\": \"\"}");
    hears(&w, "");
    world_done(&w);
}
END_TEST

START_TEST(a_call_without_an_activity_asks_whose_the_phone_is)
{
    struct world w;
    world_init(&w, "[rule c]\non = call missed\n[then comment]\ntext = {{contact.name}}\n",
               "ONVOXIMPLANTCALLEND",
               "{\"CALL_TYPE\": \"2\", \"CALL_FAILED_CODE\": \"304\", \"CRM_ACTIVITY_ID\": \"\", "
               "\"PHONE_NUMBER\": \"+79001112233\"}");
    hears(&w, "NEED owners:+79001112233");
    know(&w, "owners:+79001112233", "[{\"type\": 3, \"id\": 7}, {\"type\": 1, \"id\": 2}]");
    hears(&w, "NEED entity:1:2");
    know(&w, "entity:1:2", "null");
    hears(&w, "call missed: contact 7");
    ck_assert_str_eq(w.out.own_id, "c.1");
    ck_assert_str_eq(jv_text(w.out.data, "PHONE_NUMBER", ""), "+79001112233");
    world_done(&w);
}
END_TEST

START_TEST(only_five_hundred_hear_one_signal)
{
    struct world w;
    world_init(&w, deals, "ONCRMACTIVITYADD", "{}");
    know(&w, "activity:9",
         "{\"record\": {\"OWNER_TYPE_ID\": 3, \"OWNER_ID\": 7, \"TYPE_ID\": 2, \"DIRECTION\": 1}}");
    json_t *many = json_array();
    for (int i = 1; i <= 600; i++)
        json_array_append_new(many, json_integer(i));
    json_object_set_new(w.facts, "open:2:3:7", many);
    signal_judge(w.rules.set->ears, &w.change, w.facts, &w.env, &w.out);
    ck_assert_uint_eq(w.out.count, SIGNAL_MOST_HEARERS);
    world_done(&w);
}
END_TEST

START_TEST(events_concern_signals_only_where_a_rule_listens)
{
    struct rules_text calls, off;
    rules_text_load(&calls, "[rule c]\non = call missed\n[then comment]\ntext = {{deal.title}}\n");
    ck_assert(ruleset_concerns(calls.set, ENTITY_CALL, "ONVOXIMPLANTCALLEND"));
    ck_assert(!ruleset_concerns(calls.set, ENTITY_CALL, "ONVOXIMPLANTCALLSTART"));
    ck_assert(!ruleset_concerns(calls.set, ENTITY_ACTIVITY, "ONCRMACTIVITYADD"));
    rules_text_done(&calls);
    rules_text_load(&off, "[rule d]\non = client contacts\nstate = off\n[then comment]\n"
                          "text = {{deal.title}}\n");
    ck_assert(!ruleset_concerns(off.set, ENTITY_ACTIVITY, "ONCRMACTIVITYADD"));
    rules_text_done(&off);
}
END_TEST

START_TEST(the_rest_of_the_rule_says_whom_it_speaks_of)
{
    static const struct {
        const char *text;
        int type;
    } samples[] = {
        {"on = client contacts\nif = deal.stage = @open\n[then notify]\nto = 5\ntext = х\n",
         ENTITY_DEAL},
        {"on = client contacts\non = deal enters C1:NEW\n[then notify]\nto = 5\ntext = х\n",
         ENTITY_DEAL},
        {"on = client contacts\ncancel-on = deal leaves stage\n[then notify]\nto = 5\ntext = х\n",
         ENTITY_DEAL},
        {"on = client contacts\nlimit = 3 per lead per day\n[then notify]\nto = 5\ntext = х\n",
         ENTITY_LEAD},
        {"on = call missed\n[then notify]\nto = {{contact.assigned}}\ntext = х\n", ENTITY_CONTACT},
        {"on = call ended\n[then comment]\ntext = {{item.title}}\n", ENTITY_ITEM},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[256];
        struct rules_text rules;
        (void)snprintf(text, sizeof text, "[rule r]\n%s", samples[i].text);
        rules_text_load(&rules, text);
        ck_assert_int_eq(rules.set->rules[0].entity_type, samples[i].type);
        ck_assert_int_eq(rules.set->rules[0].triggers[0].entity_type, samples[i].type);
        rules_text_done(&rules);
    }
}
END_TEST

CHECK_MAIN("signal", direction_and_completion_tell_who_contacted_whom,
           an_old_activity_that_is_saved_again_tells_nothing,
           the_contact_of_an_activity_lets_its_open_deals_hear,
           whatever_the_rules_speak_of_hears_it, what_is_gone_or_may_not_be_read_is_told_to_nobody,
           our_own_letter_names_the_run_that_wrote_it, type_and_code_tell_what_became_of_a_call,
           a_rule_that_names_nobody_speaks_of_the_call_itself,
           a_call_without_an_activity_asks_whose_the_phone_is, only_five_hundred_hear_one_signal,
           events_concern_signals_only_where_a_rule_listens,
           the_rest_of_the_rule_says_whom_it_speaks_of)
