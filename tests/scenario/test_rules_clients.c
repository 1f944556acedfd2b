/* The rules of config/rules.d that look after clients as they come: first contact, calls, an
 * answer, deputies. Each does its work and, in the other case, nothing; what takes days there takes
 * seconds here. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/house_check.h"
#include "tests/support/house_example.h"

enum { CALL = 2, IN = 1, OUT = 2 };
enum { ORLOV = 2, LONG_MS = 3600 * 1000 };

#define TODO "crm.activity.todo.add"
#define NOTIFY "im.notify.system.add"
#define SWAPS(...) ((const struct house_swap[]){__VA_ARGS__, {NULL, NULL}})

/* ---- what happens in the firm ---------------------------------------------------------------- */

static json_t *comms(const char *type, const char *value)
{
    return json_pack("[{ss ss ss}]", "typeId", type, "valueType", "WORK", "value", value);
}

/* A call with somebody of that card, as the portal keeps it. */
static int64_t call_with(struct house *h, int direction, int type, int64_t id)
{
    JV_AUTO *answer = house_person(
        h, IVANOV, "crm.activity.add",
        json_pack("{s{si sI si si ss ss si s[{ss si sI}]}}", "fields", "OWNER_TYPE_ID", type,
                  "OWNER_ID", (json_int_t)id, "TYPE_ID", CALL, "DIRECTION", direction, "COMPLETED",
                  direction == OUT ? "Y" : "N", "SUBJECT", "Разговор", "RESPONSIBLE_ID", IVANOV,
                  "COMMUNICATIONS", "VALUE", "+79001112233", "ENTITY_TYPE_ID", type, "ENTITY_ID",
                  (json_int_t)id));
    house_settle(h);
    return json_integer_value(answer);
}

/* The end of an incoming call: "304" was missed, "200" was taken. */
static void call_ends(struct house *h, const char *id, const char *code, int64_t activity)
{
    json_decref(
        house_control(h, json_pack("{ss ss s{ss ss ss ss ss ss so}}", "do", "event", "name",
                                   "ONVOXIMPLANTCALLEND", "data", "CALL_ID", id, "CALL_TYPE", "2",
                                   "PHONE_NUMBER", "+79001112233", "CALL_FAILED_CODE", code,
                                   "CALL_DURATION", "0", "PORTAL_USER_ID", "5", "CRM_ACTIVITY_ID",
                                   json_sprintf("%lld", (long long)activity))));
    house_settle(h);
}

static int64_t deal_at(struct house *h, const char *stage)
{
    return house_seen(h, PETROVA, DEAL,
                      json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", stage));
}

/* All the rules together, as an integrator has them. */
static struct house *open_all(void)
{
    const struct house_options options = {.fail = house_check_fail};
    return house_open(&options);
}

/* ---- 10 new-lead, 15 first-line -------------------------------------------------------------- */

static void is_given_once(struct house *h, const char *source, const char *to)
{
    int64_t id = house_seen(h, ANNA, LEAD,
                            json_pack("{ss ss so}", "title", "Заявка", "sourceId", source, "fm",
                                      comms("PHONE", "+79005554433")));
    HOUSE_VALUE_IS(h, LEAD, id, "assignedById", to);
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.update",
                      json_pack("{si sI}", "entityTypeId", LEAD, "id", (json_int_t)id));
    HOUSE_EFFECTS_ARE(h, 1, TODO,
                      json_pack("{si sI}", "ownerTypeId", LEAD, "ownerId", (json_int_t)id));
}

START_TEST(a_lead_has_one_owner_whichever_rule_gives_it_away)
{
    struct house *h = open_all();
    is_given_once(h, "WEB", "5");
    is_given_once(h, "WEB", "5");
    is_given_once(h, "ADVERTISING", "5"); /* whose turn it is */
    is_given_once(h, "ADVERTISING", "6");
    is_given_once(h, "ADVERTISING", "17");
    house_close(h);
}
END_TEST

/* ---- 11 first-contact ------------------------------------------------------------------------ */

static struct house *open_first_contact(void)
{
    return house_with_swaps("config/rules.d/11-first-contact.ini",
                            SWAPS({"15 workminutes", "1 second"}, {"1 workhour", "2 seconds"}));
}

static int64_t lead_of(struct house *h, int user)
{
    return house_add(h, MOROZOVA, LEAD,
                     json_pack("{ss si so}", "title", "Окна на дачу", "assignedById", user, "fm",
                               comms("PHONE", "+79005554433")));
}

static int64_t new_lead(struct house *h)
{
    return lead_of(h, PETROVA);
}

START_TEST(silence_on_a_lead_goes_up_step_by_step)
{
    struct house *h = open_first_contact();
    (void)new_lead(h);
    HOUSE_UNTIL(h, house_effects(h, NOTIFY, NULL) == 2);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", PETROVA));
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", KUZNETSOV));
    HOUSE_UNTIL(h, house_count_runs(h, "first-contact", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", ORLOV));
    HOUSE_EFFECTS_ARE(h, 3, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(above_the_director_there_is_nobody_to_be_told)
{
    struct house *h = open_first_contact();
    (void)lead_of(h, ORLOV);
    HOUSE_UNTIL(h, house_count_runs(h, "first-contact", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", ORLOV));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(our_call_or_a_lead_at_work_keeps_the_heads_out)
{
    struct house *h =
        house_with_swaps("config/rules.d/11-first-contact.ini", SWAPS({"1 workhour", "1 second"}));
    int64_t called = new_lead(h), taken = new_lead(h);
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "first-contact", "waiting"), 2);
    (void)call_with(h, OUT, LEAD, called);
    house_update(h, PETROVA, LEAD, taken, json_pack("{ss}", "stageId", "IN_PROCESS"));
    HOUSE_UNTIL(h, house_count_runs(h, "first-contact", "cancelled") == 2);
    /* nobody to be called, and one that is at work from the start */
    (void)house_seen(h, MOROZOVA, LEAD, json_pack("{ss}", "title", "asdf"));
    (void)house_seen(h, MOROZOVA, LEAD,
                     json_pack("{ss ss so}", "title", "Дверь", "stageId", "IN_PROCESS", "fm",
                               comms("EMAIL", "vera@example.com")));
    ck_assert_int_eq(house_count_runs(h, "first-contact", ""), 2);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 12 missed-call -------------------------------------------------------------------------- */

static const char missed_calls[] = "config/rules.d/12-missed-call.ini";

START_TEST(a_missed_call_is_a_to_do_and_then_the_heads_business)
{
    struct house *h = house_with_swaps(missed_calls, SWAPS({"30 workminutes", "3 seconds"}));
    int64_t deal = deal_at(h, "C1:NEW"), call = call_with(h, IN, DEAL, deal);
    call_ends(h, "first", "304", call);
    call_ends(h, "again", "304", call_with(h, IN, DEAL, deal));
    HOUSE_EFFECTS_ARE(h, 1, TODO,
                      json_pack("{sI si ss}", "ownerId", (json_int_t)deal, "responsibleId", PETROVA,
                                "title", "Перезвонить: +79001112233"));
    HOUSE_UNTIL(h, house_count_runs(h, "missed-call-deal", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", KUZNETSOV));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_missed_call_of_a_lead_is_the_leads)
{
    struct house *h = house_with_swaps(missed_calls, SWAPS({"30 workminutes", "1 second"}));
    int64_t lead = new_lead(h);
    call_ends(h, "first", "304", call_with(h, IN, LEAD, lead));
    HOUSE_UNTIL(h, house_count_runs(h, "missed-call-lead", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, TODO,
                      json_pack("{si sI}", "ownerTypeId", LEAD, "ownerId", (json_int_t)lead));
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", KUZNETSOV));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(who_calls_back_is_not_told_on_and_other_calls_are_nothing)
{
    struct house *h = house_with_swaps(missed_calls, SWAPS({"now + 15 workminutes", "now + 1h"}));
    int64_t deal = deal_at(h, "C1:NEW"), closed = deal_at(h, "C1:WON");
    call_ends(h, "taken", "200", call_with(h, IN, DEAL, deal));
    call_ends(h, "closed", "304", call_with(h, IN, DEAL, closed));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    call_ends(h, "missed", "304", call_with(h, IN, DEAL, deal));
    ck_assert_int_eq(house_count_runs(h, "missed-call-deal", "waiting"), 1);
    (void)call_with(h, OUT, DEAL, deal);
    ck_assert_int_eq(house_count_runs(h, "missed-call-deal", "cancelled"), 1);
    HOUSE_EFFECTS_ARE(h, 1, TODO, NULL);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 13 duplicates --------------------------------------------------------------------------- */

static int64_t new_contact(struct house *h, const char *type, const char *value)
{
    json_t *fields = json_pack("{ss ss}", "name", "Пётр", "lastName", "Сидоров");
    if (type != NULL)
        (void)json_object_set_new(fields, "fm", comms(type, value));
    return house_seen(h, MOROZOVA, CONTACT, fields);
}

START_TEST(who_enters_a_known_client_again_hears_of_it)
{
    struct house *h = house_with_file("config/rules.d/13-duplicates.ini");
    char text[300];
    int64_t id = new_contact(h, "PHONE", "+79001112233");
    (void)snprintf(text, sizeof text,
                   "Такой контакт уже есть. Номера: по телефону 1, %lld, по почте нет. Новый: Пётр "
                   "Сидоров. %s/crm/contact/details/%lld/",
                   (long long)id, house_portal_url(h), (long long)id);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si ss}", "USER_ID", MOROZOVA, "MESSAGE", text));
    (void)new_contact(h, "EMAIL", "ilina@romashka.ru");
    HOUSE_EFFECTS_ARE(h, 2, NOTIFY, json_pack("{si}", "USER_ID", MOROZOVA));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_client_who_is_new_is_no_duplicate)
{
    struct house *h = house_with_file("config/rules.d/13-duplicates.ini");
    int64_t id = new_contact(h, "PHONE", "+79995550011");
    (void)new_contact(h, "EMAIL", "new@example.com");
    (void)new_contact(h, NULL, NULL);
    house_update(h, MOROZOVA, CONTACT, id, json_pack("{so}", "fm", comms("PHONE", "+79001112233")));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "duplicates", "done"), 3);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 14 substitute --------------------------------------------------------------------------- */

static void send_away(struct house *h, int user, int64_t for_ms)
{
    int64_t now_ms = clock_wall_ms();
    json_decref(house_control(
        h, json_pack("{ss ss si s{si ss ss so so}}", "do", "put", "what", "absence", "id", user,
                     "row", "USER_ID", user, "ACCESSIBILITY", "absent", "DT_SKIP_TIME", "N",
                     "DATE_FROM_TS_UTC", json_sprintf("%lld", (long long)now_ms / 1000 - 3600),
                     "DATE_TO_TS_UTC", json_sprintf("%lld", (long long)(now_ms + for_ms) / 1000))));
}

static void deal_with_missed_call(struct house *h)
{
    int64_t deal =
        house_seen(h, PETROVA, DEAL,
                   json_pack("{ss si si}", "title", "Окна", "categoryId", 1, "ufCrmDelivery", 46));
    call_ends(h, "call-1", "304", call_with(h, IN, DEAL, deal));
    HOUSE_VALUE_IS(h, DEAL, deal, "assignedById", "6");
}

START_TEST(the_deputy_calls_back_for_who_is_on_holiday)
{
    struct house *h = open_all();
    send_away(h, PETROVA, LONG_MS);
    deal_with_missed_call(h);
    HOUSE_EFFECTS_ARE(h, 1, TODO, json_pack("{si}", "responsibleId", IVANOV));
    HOUSE_EFFECTS_ARE(h, 0, TODO, json_pack("{si}", "responsibleId", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(who_is_there_calls_back_himself)
{
    struct house *h = open_all();
    send_away(h, IVANOV, LONG_MS);
    deal_with_missed_call(h);
    HOUSE_EFFECTS_ARE(h, 1, TODO, json_pack("{si}", "responsibleId", PETROVA));
    HOUSE_EFFECTS_ARE(h, 0, TODO, json_pack("{si}", "responsibleId", IVANOV));
    house_close(h);
}
END_TEST

/* ---- 41 client-answered ---------------------------------------------------------------------- */

START_TEST(any_word_of_the_client_ends_the_stage_that_waits_for_it)
{
    struct house *h = house_with_file("config/rules.d/41-client-answered.ini");
    int64_t deal = deal_at(h, "C1:UC_OFFER");
    (void)call_with(h, IN, DEAL, deal);
    HOUSE_VALUE_IS(h, DEAL, deal, "stageId", "C1:EXECUTING");
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", PETROVA));
    (void)call_with(h, IN, DEAL, deal); /* it waits for nothing now */
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(our_own_words_and_other_stages_leave_the_deal_where_it_is)
{
    struct house *h = house_with_file("config/rules.d/41-client-answered.ini");
    int64_t waiting = deal_at(h, "C1:UC_OFFER"), other = deal_at(h, "C1:PREPARATION");
    (void)call_with(h, OUT, DEAL, waiting);
    (void)call_with(h, IN, DEAL, other);
    HOUSE_VALUE_IS(h, DEAL, waiting, "stageId", "C1:UC_OFFER");
    HOUSE_VALUE_IS(h, DEAL, other, "stageId", "C1:PREPARATION");
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

CHECK_MAIN("rules_clients", a_lead_has_one_owner_whichever_rule_gives_it_away,
           silence_on_a_lead_goes_up_step_by_step, above_the_director_there_is_nobody_to_be_told,
           our_call_or_a_lead_at_work_keeps_the_heads_out,
           a_missed_call_is_a_to_do_and_then_the_heads_business,
           a_missed_call_of_a_lead_is_the_leads,
           who_calls_back_is_not_told_on_and_other_calls_are_nothing,
           who_enters_a_known_client_again_hears_of_it, a_client_who_is_new_is_no_duplicate,
           the_deputy_calls_back_for_who_is_on_holiday, who_is_there_calls_back_himself,
           any_word_of_the_client_ends_the_stage_that_waits_for_it,
           our_own_words_and_other_stages_leave_the_deal_where_it_is)
