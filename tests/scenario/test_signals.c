/* Contact signals: a client's call, letter or chat, and ours, reach the rules of those whom they
 * concern, once. */

#include <stdio.h>
#include <string.h>

#include "common/zone.h"
#include "tests/support/house_check.h"

enum { CALL = 2, LETTER = 4, PROVIDED = 6, IN = 1, OUT = 2 };

/* An activity as the portal makes it when somebody calls or writes. */
static int64_t activity(struct house *h, int type, int direction, bool done, int owner_type,
                        int64_t owner, int64_t contact)
{
    json_t *fields = json_pack("{si sI si si ss ss si s[]}", "OWNER_TYPE_ID", owner_type,
                               "OWNER_ID", (json_int_t)owner, "TYPE_ID", type, "DIRECTION",
                               direction, "COMPLETED", done ? "Y" : "N", "SUBJECT",
                               "Разговор о двери", "RESPONSIBLE_ID", IVANOV, "COMMUNICATIONS");
    json_array_append_new(json_object_get(fields, "COMMUNICATIONS"),
                          json_pack("{ss si sI}", "VALUE",
                                    type == LETTER ? "pavel@example.com" : "+79001112233",
                                    "ENTITY_TYPE_ID", contact > 0 ? CONTACT : owner_type,
                                    "ENTITY_ID", (json_int_t)(contact > 0 ? contact : owner)));
    JV_AUTO *id = house_person(h, IVANOV, "crm.activity.add", json_pack("{so}", "fields", fields));
    return json_integer_value(id);
}

static void call_ends(struct house *h, const char *id, int type, const char *code,
                      int64_t activity_id)
{
    json_decref(house_control(
        h,
        json_pack("{ss ss s{ss ss ss ss ss ss so}}", "do", "event", "name", "ONVOXIMPLANTCALLEND",
                  "data", "CALL_ID", id, "CALL_TYPE", type == IN ? "2" : "1", "PHONE_NUMBER",
                  "+79001112233", "CALL_FAILED_CODE", code, "CALL_DURATION", "0", "PORTAL_USER_ID",
                  "5", "CRM_ACTIVITY_ID", json_sprintf("%lld", (long long)activity_id))));
    house_settle(h);
}

static int64_t deal_of(struct house *h, int64_t contact, const char *stage)
{
    return house_seen(h, IVANOV, DEAL,
                      json_pack("{ss si ss sI s[I]}", "title", "Окна", "categoryId", 1, "stageId",
                                stage, "contactId", (json_int_t)contact, "contactIds",
                                (json_int_t)contact));
}

static int64_t contact_new(struct house *h)
{
    return house_seen(h, IVANOV, CONTACT, json_pack("{ss}", "name", "Павел"));
}

static const char silent_client[] = "[rule silent]\n"
                                    "on = deal enters C1:PREPARATION\n"
                                    "cancel-on = client contacts\n"
                                    "[wait 1 day]\n"
                                    "[then todo]\n"
                                    "title = Перезвонить\n";

static int64_t waiting_deal(struct house *h, int64_t contact)
{
    int64_t id = deal_of(h, contact, "C1:NEW");
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:PREPARATION"));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "waiting"), 1);
    return id;
}

START_TEST(any_word_of_the_client_ends_the_wait)
{
    static const struct {
        int type;
        bool to_deal;
    } words[] = {{CALL, true}, {LETTER, true}, {LETTER, false}, {CALL, false}};
    struct house *h = house_with(silent_client);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        int64_t contact = contact_new(h), deal = waiting_deal(h, contact);
        activity(h, words[i].type, IN, false, words[i].to_deal ? DEAL : CONTACT,
                 words[i].to_deal ? deal : contact, contact);
        house_settle(h);
        ck_assert_int_eq(house_count_runs(h, "silent", "waiting"), 0);
        ck_assert_int_eq(house_count_runs(h, "silent", "cancelled"), (int)i + 1);
    }
    JV_AUTO *runs = house_runs(h, "silent", "cancelled", "");
    ck_assert_str_eq(jv_text(runs, "0.reason", ""), "cancel-on: client contacts");
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

enum { CLIENT_USER = 9001 };

/* A message in the open-line chat, of which no webhook is told. */
static void write_in_chat(struct house *h, int64_t chat, int64_t id, int user)
{
    struct err err = {0};
    char iso[26];
    struct zone *utc = zone_load("UTC", &err);
    ck_assert_ptr_nonnull(utc);
    zone_iso(utc, clock_wall_ms() + 1000, iso);
    zone_free(utc);
    json_decref(house_control(h, json_pack("{ss ss s{sI sI si ss ss}}", "do", "put", "what",
                                           "openline_message", "row", "ID", (json_int_t)id,
                                           "CHAT_ID", (json_int_t)chat, "USER_ID", user, "MESSAGE",
                                           "Добрый день", "DATE", iso)));
}

START_TEST(a_word_in_a_chat_that_goes_on_is_found_when_the_wait_is_over)
{
    struct house *h = house_with("[rule silent]\n"
                                 "on = deal enters C1:PREPARATION\n"
                                 "cancel-on = client contacts\n"
                                 "[wait 2s]\n"
                                 "[then todo]\n"
                                 "title = Перезвонить\n");
    int64_t deals[3], chats[3];
    for (int i = 0; i < 3; i++) {
        deals[i] = deal_of(h, contact_new(h), "C1:NEW");
        JV_AUTO *seeded =
            house_control(h, json_pack("{ss ss sI si}", "do", "seed", "openline", "deal", "id",
                                       (json_int_t)deals[i], "user", 5));
        chats[i] = jv_int(seeded, "chat", 0);
        house_update(h, IVANOV, DEAL, deals[i], json_pack("{ss}", "stageId", "C1:PREPARATION"));
    }
    HOUSE_UNTIL(h, house_count_runs(h, "silent", "waiting") == 3);
    write_in_chat(h, chats[0], 1, CLIENT_USER);
    write_in_chat(h, chats[1], 2, IVANOV); /* one of us: the client is still silent */
    HOUSE_UNTIL(h, house_count_runs(h, "silent", "waiting") == 0);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "cancelled"), 1);
    HOUSE_EFFECTS_ARE(h, 2, "crm.activity.todo.add", NULL);
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.todo.add", json_pack("{sI}", "ownerId", deals[0]));
    house_close(h);
}
END_TEST

START_TEST(a_call_to_the_company_ends_the_wait_of_its_deals)
{
    struct house *h = house_with(silent_client);
    int64_t deal = waiting_deal(h, contact_new(h));
    house_update(h, IVANOV, DEAL, deal, json_pack("{si}", "companyId", 1));
    activity(h, CALL, IN, false, COMPANY, 1, 0);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "cancelled"), 1);
    house_close(h);
}
END_TEST

START_TEST(what_we_do_or_plan_and_what_others_say_does_not_end_it)
{
    struct house *h = house_with(silent_client);
    int64_t contact = contact_new(h), other = contact_new(h), deal = waiting_deal(h, contact);
    activity(h, CALL, OUT, true, DEAL, deal, contact);
    activity(h, CALL, OUT, false, DEAL, deal, contact);
    activity(h, LETTER, OUT, true, CONTACT, contact, contact);
    activity(h, CALL, IN, false, CONTACT, other, other);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "waiting"), 1);
    house_close(h);
}
END_TEST

START_TEST(what_a_channel_brought_is_the_clients_word)
{
    struct house *h = house_with(silent_client);
    int64_t contact = contact_new(h), deal = waiting_deal(h, contact);
    json_decref(house_person(h, IVANOV, "crm.activity.add",
                             json_pack("{s{si sI si ss ss ss si}}", "fields", "OWNER_TYPE_ID", DEAL,
                                       "OWNER_ID", (json_int_t)deal, "TYPE_ID", PROVIDED,
                                       "PROVIDER_ID", "CHANNEL", "SUBJECT", "Чат",
                                       "IS_INCOMING_CHANNEL", "Y", "RESPONSIBLE_ID", IVANOV)));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "cancelled"), 1);
    house_close(h);
}
END_TEST

START_TEST(a_saved_activity_is_no_second_contact)
{
    struct house *h = house_with(silent_client);
    int64_t contact = contact_new(h), deal = waiting_deal(h, contact);
    int64_t id = activity(h, CALL, IN, false, DEAL, deal, contact);
    house_settle(h);
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:NEW"));
    house_settle(h);
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:PREPARATION"));
    house_settle(h);
    json_decref(
        house_person(h, IVANOV, "crm.activity.update",
                     json_pack("{sI s{ss}}", "id", (json_int_t)id, "fields", "COMPLETED", "Y")));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "silent", "cancelled"), 1);
    ck_assert_int_eq(house_count_runs(h, "silent", "waiting"), 1);
    house_close(h);
}
END_TEST

START_TEST(our_reaction_ends_the_wait_of_a_lead)
{
    struct house *h = house_with("[rule lead-first-response]\n"
                                 "on = lead added\n"
                                 "cancel-on = we contact client\n"
                                 "[wait 1 day]\n"
                                 "[then notify]\n"
                                 "to = {{lead.assigned}}\n"
                                 "text = Нет реакции: {{lead.title}}\n");
    int64_t lead = house_seen(h, IVANOV, LEAD, json_pack("{ss}", "title", "Окна"));
    int64_t id = activity(h, CALL, OUT, false, LEAD, lead, 0);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "lead-first-response", "waiting"), 1);
    json_decref(
        house_person(h, IVANOV, "crm.activity.update",
                     json_pack("{sI s{ss}}", "id", (json_int_t)id, "fields", "COMPLETED", "Y")));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "lead-first-response", "cancelled"), 1);
    house_close(h);
}
END_TEST

static const char missed_call[] = "[rule missed]\n"
                                  "on = call missed\n"
                                  "if = deal.stage = @open\n"
                                  "[then todo]\n"
                                  "title = Пропущен {{event.data.PHONE_NUMBER}}\n";

START_TEST(a_missed_call_concerns_the_open_deals_of_the_contact)
{
    struct house *h = house_with(missed_call);
    int64_t contact = contact_new(h);
    int64_t first = deal_of(h, contact, "C1:NEW"), second = deal_of(h, contact, "C1:PREPARATION");
    deal_of(h, contact, "C1:WON");
    int64_t id = activity(h, CALL, IN, false, CONTACT, contact, contact);
    call_ends(h, "call-1", IN, "304", id);
    HOUSE_EFFECTS_ARE(
        h, 1, "crm.activity.todo.add",
        json_pack("{sI ss}", "ownerId", (json_int_t)first, "title", "Пропущен +79001112233"));
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                      json_pack("{sI}", "ownerId", (json_int_t)second));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    call_ends(h, "call-1", IN, "304", id); /* sent twice */
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_call_that_was_taken_or_made_is_not_missed)
{
    struct house *h = house_with(missed_call);
    int64_t contact = contact_new(h), deal = deal_of(h, contact, "C1:NEW");
    call_ends(h, "taken", IN, "200", activity(h, CALL, IN, true, DEAL, deal, contact));
    call_ends(h, "made", OUT, "304", activity(h, CALL, OUT, true, DEAL, deal, contact));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_call_without_an_activity_is_known_by_its_phone)
{
    struct house *h = house_with("[rule missed]\n"
                                 "on = call missed\n"
                                 "[then notify]\n"
                                 "to = {{contact.assigned}}\n"
                                 "text = Пропущен звонок: {{contact.name}}, {{actor | user}}\n");
    house_seen(h, IVANOV, CONTACT,
               json_pack("{ss si s[{ss ss ss}]}", "name", "Павел", "assignedById", PETROVA, "fm",
                         "typeId", "PHONE", "valueType", "WORK", "value", "+79001112233"));
    call_ends(h, "call-9", IN, "304", 0);
    HOUSE_EFFECTS_ARE(
        h, 1, NULL,
        json_pack("{si ss}", "USER_ID", PETROVA, "MESSAGE", "Пропущен звонок: Павел, Иван Иванов"));
    house_close(h);
}
END_TEST

START_TEST(a_call_and_its_activity_are_one_contact)
{
    struct house *h = house_with("[rule word]\n"
                                 "on = client contacts\n"
                                 "[then comment]\n"
                                 "text = Клиент на связи: {{deal.title}}, {{event.name}}, "
                                 "{{event.data.ACTIVITY.SUBJECT}}\n"
                                 "[rule end]\n"
                                 "on = call ended\n"
                                 "if = deal.id is not empty\n"
                                 "[then update]\n"
                                 "comments = поговорили\n");
    int64_t contact = contact_new(h), deal = deal_of(h, contact, "C1:NEW");
    int64_t id = activity(h, CALL, IN, true, DEAL, deal, contact);
    house_settle(h);
    call_ends(h, "call-1", IN, "200", id);
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT",
                                "Клиент на связи: Окна, client contacts, Разговор о двери"));
    HOUSE_VALUE_IS(h, DEAL, deal, "comments", "поговорили");
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    JV_AUTO *runs = house_runs(h, "word", "", "");
    ck_assert_int_eq(house_count_runs(h, "word", "done"), 1);
    house_close(h);
}
END_TEST

START_TEST(a_call_about_a_deal_is_told_to_its_contact_and_company)
{
    struct house *h = house_with("[rule c]\n"
                                 "on = client contacts\n"
                                 "[then update]\n"
                                 "comments = на связи, {{contact.name}}\n"
                                 "[rule k]\n"
                                 "on = client contacts\n"
                                 "if = company.id is not empty\n"
                                 "[then update]\n"
                                 "comments = на связи\n");
    int64_t contact = contact_new(h), deal = deal_of(h, contact, "C1:NEW");
    house_update(h, IVANOV, DEAL, deal, json_pack("{si}", "companyId", 1));
    activity(h, CALL, IN, true, DEAL, deal, 0);
    house_settle(h);
    HOUSE_VALUE_IS(h, CONTACT, contact, "comments", "на связи, Павел");
    HOUSE_VALUE_IS(h, COMPANY, 1, "comments", "на связи");
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_rule_that_hears_several_signals_of_a_call_fires_once)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = client contacts\n"
                                 "on = call missed\n"
                                 "on = call ended\n"
                                 "[then comment]\n"
                                 "text = {{deal.title}}\n");
    int64_t contact = contact_new(h), deal = deal_of(h, contact, "C1:NEW");
    call_ends(h, "call-1", IN, "304", activity(h, CALL, IN, false, DEAL, deal, contact));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    call_ends(h, "call-2", IN, "304", activity(h, CALL, IN, false, DEAL, deal, contact));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_signal_stands_in_the_story_of_whoever_heard_it)
{
    struct house *h = house_with(silent_client);
    int64_t contact = contact_new(h), deal = waiting_deal(h, contact);
    int64_t id = activity(h, CALL, IN, false, CONTACT, contact, contact);
    char entity[40], told[80];
    house_settle(h);
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)deal);
    JV_AUTO *of_deal = house_story(h, entity);
    char *text = jv_dump_new(of_deal);
    ck_assert_ptr_nonnull(strstr(text, "\"client contacts\""));
    ck_assert_ptr_nonnull(strstr(text, "cancelled: cancel-on: client contacts"));
    mem_free(text);
    (void)snprintf(entity, sizeof entity, "activity %lld", (long long)id);
    (void)snprintf(told, sizeof told, "client contacts: told to deal %lld", (long long)deal);
    JV_AUTO *of_activity = house_story(h, entity);
    text = jv_dump_new(of_activity);
    ck_assert_msg(strstr(text, told) != NULL, "%s", text);
    mem_free(text);
    house_close(h);
}
END_TEST

START_TEST(a_signal_outlives_a_kill_and_is_told_once)
{
    struct house *h = house_with(missed_call);
    int64_t contact = contact_new(h), deal = deal_of(h, contact, "C1:NEW");
    int64_t id = activity(h, CALL, IN, false, CONTACT, contact, contact);
    house_fault(h, json_pack("{ss ss si si}", "kind", "slow", "method", "crm.activity.list", "ms",
                             400, "count", 1));
    json_decref(
        house_control(h, json_pack("{ss ss s{ss ss ss ss so}}", "do", "event", "name",
                                   "ONVOXIMPLANTCALLEND", "data", "CALL_ID", "c", "CALL_TYPE", "2",
                                   "PHONE_NUMBER", "+79001112233", "CALL_FAILED_CODE", "304",
                                   "CRM_ACTIVITY_ID", json_sprintf("%lld", (long long)id))));
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_tasks ") > 0);
    house_kill(h);
    house_start(h);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                      json_pack("{sI}", "ownerId", (json_int_t)deal));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(nothing_is_read_when_no_rule_listens)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = х\n");
    int64_t contact = contact_new(h);
    double before = house_metric(h, "b24bridge_looks_total");
    call_ends(h, "call-1", IN, "304", activity(h, CALL, IN, true, CONTACT, contact, contact));
    ck_assert(house_metric(h, "b24bridge_looks_total") == before);
    house_close(h);
}
END_TEST

CHECK_MAIN("signals", any_word_of_the_client_ends_the_wait,
           a_word_in_a_chat_that_goes_on_is_found_when_the_wait_is_over,
           a_call_to_the_company_ends_the_wait_of_its_deals,
           what_we_do_or_plan_and_what_others_say_does_not_end_it,
           what_a_channel_brought_is_the_clients_word, a_saved_activity_is_no_second_contact,
           our_reaction_ends_the_wait_of_a_lead,
           a_missed_call_concerns_the_open_deals_of_the_contact,
           a_call_that_was_taken_or_made_is_not_missed,
           a_call_without_an_activity_is_known_by_its_phone,
           a_call_and_its_activity_are_one_contact,
           a_call_about_a_deal_is_told_to_its_contact_and_company,
           a_rule_that_hears_several_signals_of_a_call_fires_once,
           a_signal_stands_in_the_story_of_whoever_heard_it,
           a_signal_outlives_a_kill_and_is_told_once, nothing_is_read_when_no_rule_listens)
