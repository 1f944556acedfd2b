/* The ten rules of config/rules.d, each against the stand-in portal: what it does, and when it must
 * do nothing. All ten are loaded in every test, as an integrator has them, so a test counts all the
 * effects and not only those of its own rule. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static struct house *open_ten(void)
{
    const struct house_options options = {.fail = house_check_fail,
                                          .swap = {"[wait 3 days]", "[wait 1 second]"}};
    return house_open(&options);
}

/* Three days that no test waits for. */
static struct house *open_ten_patient(void)
{
    const struct house_options options = {.fail = house_check_fail};
    return house_open(&options);
}

static json_t *phone(void)
{
    return json_pack("[{ss ss ss}]", "typeId", "PHONE", "valueType", "WORK", "value",
                     "8 900 111-22-33");
}

static json_t *item_where(int type, int64_t id)
{
    return json_pack("{si sI}", "entityTypeId", type, "id", (json_int_t)id);
}

#define ALL_EFFECTS_ARE(house, expected) HOUSE_EFFECTS_ARE(house, expected, NULL, NULL)

/* A deal in which fill-fields has nothing to fill. */
static json_t *deal_fields(int funnel, const char *stage)
{
    return json_pack("{ss si ss si si}", "title", "Окна", "categoryId", funnel, "stageId", stage,
                     "ufCrmDelivery", 46, "opportunity", 1000);
}

static int64_t quiet_deal(struct house *h, int user, json_t *fields)
{
    int64_t id = house_seen(h, user, DEAL, fields);
    ALL_EFFECTS_ARE(h, 0);
    return id;
}

/* ---- 10 new-lead ----------------------------------------------------------------------------- */

START_TEST(a_new_lead_gets_an_owner_and_a_call)
{
    struct house *h = open_ten();
    int64_t id = house_seen(h, MOROZOVA, LEAD,
                            json_pack("{ss ss ss so}", "title", "Окна на дачу", "name", "Павел",
                                      "sourceId", "WEB", "fm", phone()));
    HOUSE_VALUE_IS(h, LEAD, id, "assignedById", "5");
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                      json_pack("{ss si sI}", "title", "Позвонить: Окна на дачу", "responsibleId",
                                IVANOV, "ownerId", (json_int_t)id));
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(an_e_mail_is_enough_to_reach_a_client)
{
    struct house *h = open_ten();
    int64_t id = house_seen(h, MOROZOVA, LEAD,
                            json_pack("{ss s[{ss ss ss}]}", "title", "Дверь", "fm", "typeId",
                                      "EMAIL", "valueType", "WORK", "value", "vera@example.com"));
    HOUSE_VALUE_IS(h, LEAD, id, "stageId", "NEW");
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add", NULL);
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_lead_that_is_saved_again_is_not_called_again)
{
    struct house *h = open_ten();
    int64_t id =
        house_seen(h, MOROZOVA, LEAD, json_pack("{ss so}", "title", "Окна", "fm", phone()));
    house_update(h, IVANOV, LEAD, id, json_pack("{ss}", "comments", "ещё раз"));
    json_decref(
        house_control(h, json_pack("{ss ss s{s{sI}}}", "do", "event", "name", "ONCRMLEADADD",
                                   "data", "FIELDS", "ID", (json_int_t)id)));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

/* ---- 20 junk-lead ---------------------------------------------------------------------------- */

START_TEST(a_lead_without_phone_and_mail_is_closed_with_a_reason)
{
    struct house *h = open_ten();
    int64_t id =
        house_seen(h, MOROZOVA, LEAD, json_pack("{ss ss}", "title", "asdf", "sourceId", "WEB"));
    HOUSE_VALUE_IS(h, LEAD, id, "stageId", "JUNK");
    HOUSE_VALUE_IS(h, LEAD, id, "ufCrmReason", "Нет ни телефона, ни почты");
    HOUSE_EFFECTS_ARE(
        h, 1, "crm.timeline.comment.add",
        json_pack("{sI ss}", "fields.ENTITY_ID", (json_int_t)id, "fields.ENTITY_TYPE", "lead"));
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.todo.add", NULL);
    ALL_EFFECTS_ARE(h, 3);
    house_close(h);
}
END_TEST

START_TEST(a_lead_that_is_at_work_already_is_not_closed)
{
    struct house *h = open_ten();
    int64_t id = house_seen(h, MOROZOVA, LEAD,
                            json_pack("{ss ss}", "title", "asdf", "stageId", "IN_PROCESS"));
    HOUSE_VALUE_IS(h, LEAD, id, "stageId", "IN_PROCESS");
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 30 inherit-responsible ------------------------------------------------------------------ */

START_TEST(the_responsible_of_a_deal_goes_to_its_company_and_contacts)
{
    struct house *h = open_ten();
    json_t *fields = deal_fields(1, "C1:NEW");
    (void)json_object_set_new(fields, "companyId", json_integer(1));
    (void)json_object_set_new(fields, "contactIds", json_pack("[ii]", 1, 2));
    int64_t id = quiet_deal(h, MOROZOVA, fields);
    house_update(h, MOROZOVA, DEAL, id, json_pack("{si}", "assignedById", PETROVA));
    house_settle(h);
    HOUSE_VALUE_IS(h, COMPANY, 1, "assignedById", "6");
    HOUSE_VALUE_IS(h, CONTACT, 1, "assignedById", "6");
    HOUSE_VALUE_IS(h, CONTACT, 2, "assignedById", "6");
    HOUSE_VALUE_IS(h, CONTACT, 3, "assignedById", "5");
    ALL_EFFECTS_ARE(h, 3);
    house_close(h);
}
END_TEST

START_TEST(a_contact_of_two_deals_is_written_once)
{
    struct house *h = open_ten();
    int64_t ids[2];
    for (int i = 0; i < 2; i++) {
        json_t *fields = deal_fields(1, "C1:NEW");
        (void)json_object_set_new(fields, "contactIds", json_pack("[i]", 3));
        ids[i] = quiet_deal(h, MOROZOVA, fields);
    }
    for (int i = 0; i < 2; i++) {
        house_update(h, MOROZOVA, DEAL, ids[i], json_pack("{si}", "assignedById", PETROVA));
        house_settle(h);
    }
    HOUSE_VALUE_IS(h, CONTACT, 3, "assignedById", "6");
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.update", item_where(CONTACT, 3));
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

START_TEST(another_change_of_the_deal_leaves_its_people_alone)
{
    struct house *h = open_ten();
    json_t *fields = deal_fields(1, "C1:NEW");
    (void)json_object_set_new(fields, "companyId", json_integer(1));
    int64_t id = quiet_deal(h, MOROZOVA, fields);
    house_update(h, MOROZOVA, DEAL, id, json_pack("{ss}", "comments", "Перезвонить утром"));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 40 offer-sent --------------------------------------------------------------------------- */

START_TEST(three_days_after_an_offer_somebody_calls_back)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:PREPARATION"));
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                      json_pack("{ss si sI}", "title", "Перезвонить по КП: Окна", "responsibleId",
                                PETROVA, "ownerId", (json_int_t)id));
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

START_TEST(nobody_calls_back_when_the_deal_has_left_the_stage)
{
    struct house *h = open_ten_patient();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:PREPARATION"));
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "waiting") == 1);
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:EXECUTING"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "cancelled") == 1);
    JV_AUTO *runs = house_runs(h, "offer-sent", "", "");
    ck_assert_str_eq(jv_text(runs, "0.reason", ""), "cancel-on: deal leaves stage");
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

START_TEST(nobody_calls_back_when_a_meeting_was_fixed)
{
    struct house *h = open_ten_patient();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:PREPARATION"));
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "waiting") == 1);
    house_update(h, PETROVA, DEAL, id,
                 json_pack("{ss}", "ufCrmMeeting", "2030-01-21T12:00:00+03:00"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "cancelled") == 1);
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

START_TEST(nobody_calls_back_when_the_client_has_called)
{
    struct house *h = open_ten_patient();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:PREPARATION"));
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "waiting") == 1);
    json_decref(house_person(h, PETROVA, "crm.activity.add",
                             json_pack("{s{si sI si si ss si s[{ss si sI}]}}", "fields",
                                       "OWNER_TYPE_ID", DEAL, "OWNER_ID", (json_int_t)id, "TYPE_ID",
                                       2, "DIRECTION", 1, "SUBJECT", "Звонок", "RESPONSIBLE_ID",
                                       PETROVA, "COMMUNICATIONS", "VALUE", "+79001112233",
                                       "ENTITY_TYPE_ID", DEAL, "ENTITY_ID", (json_int_t)id)));
    HOUSE_UNTIL(h, house_count_runs(h, "offer-sent", "cancelled") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.todo.add", NULL);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:EXECUTING"); /* by client-answered, which says so */
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_deal_saved_twice_on_the_offer_stage_waits_once)
{
    struct house *h = open_ten_patient();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:PREPARATION"));
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "comments", "ждём"));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "offer-sent", ""), 1);
    house_close(h);
}
END_TEST

/* ---- 50 refusal-reason ----------------------------------------------------------------------- */

START_TEST(a_deal_lost_without_a_reason_goes_back)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, IVANOV, deal_fields(1, "C1:EXECUTING"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:LOSE"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:EXECUTING");
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", IVANOV));
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_deal_lost_with_a_reason_stays_lost)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, IVANOV, deal_fields(1, "C1:EXECUTING"));
    house_update(h, IVANOV, DEAL, id,
                 json_pack("{ss ss}", "stageId", "C1:LOSE", "ufCrmReason", "Дорого"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:LOSE");
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

START_TEST(a_person_who_insists_is_let_through_after_three_times)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, IVANOV, deal_fields(1, "C1:EXECUTING"));
    for (int i = 0; i < 4; i++) {
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:LOSE"));
        house_settle(h);
    }
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:LOSE");
    ck_assert_int_eq(house_count_runs(h, "refusal-reason", "done"), 3);
    ALL_EFFECTS_ARE(h, 6);
    house_close(h);
}
END_TEST

/* ---- 60 next-funnel -------------------------------------------------------------------------- */

START_TEST(a_deal_won_in_the_call_centre_goes_to_sales)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, MOROZOVA, deal_fields(0, "NEW"));
    house_update(h, MOROZOVA, DEAL, id, json_pack("{ss}", "stageId", "WON"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:NEW");
    HOUSE_VALUE_IS(h, DEAL, id, "categoryId", "1");
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{sI}", "fields.ENTITY_ID", (json_int_t)id));
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_deal_won_in_the_last_funnel_stays_there)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, VOLKOV, deal_fields(3, "C3:NEW"));
    house_update(h, VOLKOV, DEAL, id, json_pack("{ss}", "stageId", "C3:WON"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C3:WON");
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 70 big-deal ----------------------------------------------------------------------------- */

START_TEST(the_head_hears_of_a_big_deal_once)
{
    struct house *h = open_ten();
    json_t *fields = deal_fields(1, "C1:NEW");
    (void)json_object_set_new(fields, "opportunity", json_integer(499999));
    int64_t id = quiet_deal(h, PETROVA, fields);
    house_update(h, PETROVA, DEAL, id, json_pack("{si}", "opportunity", 500000));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", KUZNETSOV));
    house_update(h, PETROVA, DEAL, id, json_pack("{si}", "opportunity", 600000));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

START_TEST(a_deal_born_big_is_told_of_too)
{
    struct house *h = open_ten();
    json_t *fields = deal_fields(1, "C1:NEW");
    (void)json_object_set_new(fields, "opportunity", json_integer(900000));
    house_seen(h, PETROVA, DEAL, fields);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", KUZNETSOV));
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

/* ---- 80 fill-fields -------------------------------------------------------------------------- */

START_TEST(empty_fields_of_a_new_deal_are_filled)
{
    struct house *h = open_ten();
    int64_t id =
        house_seen(h, PETROVA, DEAL,
                   json_pack("{si si si}", "categoryId", 1, "companyId", 1, "opportunity", 1500));
    HOUSE_VALUE_IS(h, DEAL, id, "ufCrmDelivery", "45");
    HOUSE_VALUE_IS(h, DEAL, id, "title", "ООО «Ромашка», 1 500,00 ₽");
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(what_a_person_has_filled_stays)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:NEW"));
    HOUSE_VALUE_IS(h, DEAL, id, "ufCrmDelivery", "46");
    HOUSE_VALUE_IS(h, DEAL, id, "title", "Окна");
    house_close(h);
}
END_TEST

/* ---- 90 robot-call --------------------------------------------------------------------------- */

START_TEST(a_robot_gets_its_task)
{
    struct house *h = open_ten();
    char document[32];
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:NEW"));
    (void)snprintf(document, sizeof document, "DEAL_%lld", (long long)id);
    house_robot(h, "call-client", "why=adres+dostavki", document);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add",
                      json_pack("{ss si so}", "fields.TITLE", "Связаться с клиентом: Окна",
                                "fields.RESPONSIBLE_ID", PETROVA, "fields.UF_CRM_TASK.0",
                                json_sprintf("D_%lld", (long long)id)));
    HOUSE_EFFECTS_ARE(h, 2, "task.checklistitem.add", NULL);
    ALL_EFFECTS_ARE(h, 3);
    JV_AUTO *journal = house_journal(h);
    const char *text = jv_text(journal, "0.params.fields.DESCRIPTION", "");
    ck_assert_msg(strstr(text, "adres dostavki\nКлиент: не указан") != NULL, "%s", text);
    house_close(h);
}
END_TEST

START_TEST(a_robot_with_a_wrong_key_gets_nothing)
{
    struct house *h = open_ten();
    char body[200];
    int64_t id = quiet_deal(h, PETROVA, deal_fields(1, "C1:NEW"));
    (void)snprintf(body, sizeof body,
                   "document_id%%5B0%%5D=crm&document_id%%5B1%%5D=CCrmDocumentDeal&"
                   "document_id%%5B2%%5D=DEAL_%lld&auth%%5Bmember_id%%5D=" HOUSE_MEMBER,
                   (long long)id);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/call-client?key=wrong", body), 403);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/call-clients?key=" HOUSE_ROBOT_KEY, body),
                     404);
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 95 shipping ----------------------------------------------------------------------------- */

START_TEST(a_won_deal_gets_a_shipping_and_goes_on)
{
    struct house *h = open_ten();
    json_t *fields = deal_fields(1, "C1:EXECUTING");
    (void)json_object_set_new(fields, "companyId", json_integer(2));
    (void)json_object_set_new(fields, "contactIds", json_pack("[i]", 3));
    int64_t id = quiet_deal(h, IVANOV, fields);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "stageId", "C1:WON"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.add", json_pack("{si}", "entityTypeId", SHIPPING));
    HOUSE_VALUE_IS(h, SHIPPING, 1, "title", "Отгрузка: Окна");
    HOUSE_VALUE_IS(h, SHIPPING, 1, "assignedById", "9");
    HOUSE_VALUE_IS(h, SHIPPING, 1, "companyId", "2");
    HOUSE_VALUE_IS(h, SHIPPING, 1, "contactIds", "3");
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C3:NEW");
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "Создана отгрузка №1."));
    ALL_EFFECTS_ARE(h, 4);
    house_close(h);
}
END_TEST

START_TEST(a_deal_won_twice_is_shipped_once)
{
    struct house *h = open_ten();
    int64_t id = quiet_deal(h, IVANOV, deal_fields(1, "C1:EXECUTING"));
    for (int i = 0; i < 2; i++) {
        house_update(h, IVANOV, DEAL, id,
                     json_pack("{si ss}", "categoryId", 1, "stageId", "C1:WON"));
        house_settle(h);
    }
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.add", NULL);
    ck_assert_int_eq(house_count_runs(h, "shipping", ""), 1);
    house_close(h);
}
END_TEST

CHECK_MAIN("ten_rules", a_new_lead_gets_an_owner_and_a_call, an_e_mail_is_enough_to_reach_a_client,
           a_lead_that_is_saved_again_is_not_called_again,
           a_lead_without_phone_and_mail_is_closed_with_a_reason,
           a_lead_that_is_at_work_already_is_not_closed,
           the_responsible_of_a_deal_goes_to_its_company_and_contacts,
           a_contact_of_two_deals_is_written_once,
           another_change_of_the_deal_leaves_its_people_alone,
           three_days_after_an_offer_somebody_calls_back,
           nobody_calls_back_when_the_deal_has_left_the_stage,
           nobody_calls_back_when_a_meeting_was_fixed, nobody_calls_back_when_the_client_has_called,
           a_deal_saved_twice_on_the_offer_stage_waits_once, a_deal_lost_without_a_reason_goes_back,
           a_deal_lost_with_a_reason_stays_lost,
           a_person_who_insists_is_let_through_after_three_times,
           a_deal_won_in_the_call_centre_goes_to_sales, a_deal_won_in_the_last_funnel_stays_there,
           the_head_hears_of_a_big_deal_once, a_deal_born_big_is_told_of_too,
           empty_fields_of_a_new_deal_are_filled, what_a_person_has_filled_stays,
           a_robot_gets_its_task, a_robot_with_a_wrong_key_gets_nothing,
           a_won_deal_gets_a_shipping_and_goes_on, a_deal_won_twice_is_shipped_once)
