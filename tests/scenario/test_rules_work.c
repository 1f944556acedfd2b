/* Rules of config/rules.d about the work on a deal: what a stage wants, hand-over, tasks that
 * follow one another, approval, clean data. Each is tried in what it does and in what it must leave
 * alone. What all rules do together is the ten rules' test and the demo. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_rules.h"

enum { ORLOV = 2 };

static void complete(struct house *h, int user, int64_t task)
{
    json_decref(house_person(h, user, "tasks.task.complete",
                             json_pack("{sI}", "taskId", (json_int_t)task)));
    house_settle(h);
}

static json_t *task_where(const char *title, int user)
{
    return json_pack("{ss si}", "fields.TITLE", title, "fields.RESPONSIBLE_ID", user);
}

/* ---- 51 stage-fields ------------------------------------------------------------------------- */

/* Where the deal comes from and goes to, and what the stage wants. */
static const struct gate {
    int funnel;
    const char *from, *to;
    double sum; /* before */
    const char *field, *value;
} gates[] = {
    {0, "PREPARATION", "UC_MEETING", 1000, "ufCrmMeeting", "2030-01-21T12:00:00+03:00"},
    {1, "C1:PREPARATION", "C1:UC_OFFER", 0, "opportunity", "1500"},
};

START_TEST(a_stage_that_wants_a_field_sends_the_deal_back)
{
    const struct gate *gate = &gates[_i];
    struct house *h = open_with(EXAMPLES("51-stage-fields"));
    int64_t id = house_seen(h, IVANOV, DEAL, deal_fields(gate->funnel, gate->from, gate->sum));
    enter(h, PETROVA, id, gate->to);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", gate->from);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", PETROVA));
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_stage_that_has_its_field_is_entered)
{
    const struct gate *gate = &gates[_i];
    struct house *h = open_with(EXAMPLES("51-stage-fields"));
    int64_t id = house_seen(h, IVANOV, DEAL, deal_fields(gate->funnel, gate->from, gate->sum));
    house_update(h, PETROVA, DEAL, id,
                 json_pack("{ss ss}", "stageId", gate->to, gate->field, gate->value));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", gate->to);
    /* One that was made in the stage has nowhere to go back to. */
    house_seen(h, IVANOV, DEAL, deal_fields(gate->funnel, gate->to, gate->sum));
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 52 act ---------------------------------------------------------------------------------- */

START_TEST(an_order_that_is_ready_gets_its_act)
{
    struct house *h = open_with(EXAMPLES("52-act"));
    int64_t id = house_seen(
        h, IVANOV, DEAL, with(deal_fields(3, "C3:EXECUTING", 1000), "companyId", json_integer(1)));
    enter(h, VOLKOV, id, "C3:WON");
    HOUSE_EFFECTS_ARE(h, 1, "crm.documentgenerator.document.add",
                      json_pack("{si sI}", "templateId", 6, "entityId", (json_int_t)id));
    JV_AUTO *journal = house_journal(h);
    const char *text = jv_text(journal, "1.params.MESSAGE", "");
    ck_assert_msg(strstr(text, "Акт № 1 для «ООО «Ромашка»» готов: https://") != NULL, "%s", text);
    enter(h, VOLKOV, id, "C3:EXECUTING");
    enter(h, VOLKOV, id, "C3:WON");
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(a_private_person_gets_no_act_and_another_stage_makes_none)
{
    struct house *h = open_with(EXAMPLES("52-act"));
    int64_t person = house_seen(h, IVANOV, DEAL, deal_fields(3, "C3:EXECUTING", 1000));
    int64_t firm = house_seen(h, IVANOV, DEAL,
                              with(deal_fields(3, "C3:NEW", 1000), "companyId", json_integer(1)));
    enter(h, VOLKOV, person, "C3:WON");
    enter(h, VOLKOV, firm, "C3:EXECUTING");
    enter(h, VOLKOV, firm, "C3:LOSE");
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 61 to-sales ----------------------------------------------------------------------------- */

START_TEST(sales_gets_a_deal_of_the_call_centre_with_its_people)
{
    struct house *h = open_with(EXAMPLES("60-next-funnel", "61-to-sales"));
    json_t *fields = deal_fields(0, "NEW", 1000);
    (void)json_object_set_new(fields, "assignedById", json_integer(MOROZOVA));
    (void)json_object_set_new(fields, "contactIds", json_pack("[i]", 2));
    int64_t id = house_seen(h, MOROZOVA, DEAL, fields);
    /* Иванов has something to do already. */
    json_decref(house_person(
        h, IVANOV, "tasks.task.add",
        json_pack("{s{ss si}}", "fields", "TITLE", "Замер", "RESPONSIBLE_ID", IVANOV)));
    enter(h, MOROZOVA, id, "WON"); /* and the rule next-funnel moves it on */
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C1:NEW");
    HOUSE_VALUE_IS(h, DEAL, id, "assignedById", "6");
    HOUSE_VALUE_IS(h, CONTACT, 2, "assignedById", "6");
    HOUSE_EFFECTS_ARE(
        h, 1, "crm.activity.todo.add",
        json_pack("{ss si}", "title", "Познакомиться: Окна", "responsibleId", PETROVA));
    JV_AUTO *todos = house_control(h, json_pack("{ss ss}", "do", "list", "what", "todo"));
    const char *text = jv_text(todos, "rows.0.DESCRIPTION", "");
    ck_assert_msg(strstr(text, "Передал(а): Елена Морозова. Наталья Ильина, +79002223344") != NULL,
                  "%s", text);
    ALL_EFFECTS_ARE(h, 5); /* moved, a comment; the deal, the contact, the to-do */
    house_close(h);
}
END_TEST

START_TEST(a_deal_that_was_in_sales_before_stays_with_its_manager)
{
    struct house *h = open_with(EXAMPLES("61-to-sales"));
    int64_t born = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:NEW", 1000));
    int64_t back = house_seen(h, IVANOV, DEAL, deal_fields(3, "C3:NEW", 1000));
    enter(h, IVANOV, born, "C1:PREPARATION");
    house_update(h, VOLKOV, DEAL, back,
                 json_pack("{si ss}", "categoryId", 1, "stageId", "C1:EXECUTING"));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

/* ---- 62 task-chain --------------------------------------------------------------------------- */

START_TEST(closing_a_task_opens_the_next_and_the_last_makes_the_act)
{
    static const char *const titles[] = {"Раскрой: Окна", "Сборка: Окна", "Упаковка: Окна"};
    struct house *h = open_with(EXAMPLES("52-act", "62-task-chain"));
    json_t *fields = with(deal_fields(3, "C3:NEW", 1000), "companyId", json_integer(1));
    int64_t id = house_seen(h, VOLKOV, DEAL, fields);
    enter(h, VOLKOV, id, "C3:EXECUTING");
    for (int i = 0; i < 3; i++) {
        HOUSE_EFFECTS_ARE(h, i + 1, "tasks.task.add", NULL);
        json_t *where = task_where(titles[i], VOLKOV);
        HOUSE_EFFECTS_ARE(
            h, 1, "tasks.task.add",
            with(where, "fields.UF_CRM_TASK.0", json_sprintf("D_%lld", (long long)id)));
        HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C3:EXECUTING");
        complete(h, VOLKOV, i + 1);
    }
    HOUSE_VALUE_IS(h, DEAL, id, "stageId", "C3:WON");
    HOUSE_EFFECTS_ARE(h, 1, "crm.documentgenerator.document.add", NULL);
    ALL_EFFECTS_ARE(h, 6);
    house_close(h);
}
END_TEST

START_TEST(a_task_that_is_seen_for_the_first_time_when_it_is_closed_counts_once)
{
    struct house *h = open_with(EXAMPLES("62-task-chain"));
    int64_t id = house_seen(h, VOLKOV, DEAL, deal_fields(3, "C3:NEW", 1000));
    json_decref(house_control(h, json_pack("{ss}", "do", "unsubscribe"))); /* so no ONTASKADD */
    json_decref(
        house_control(h, json_pack("{ss ss so}", "do", "subscribe", "event", "ONCRMDEALUPDATE",
                                   "url", json_sprintf("%s/hook/main", house_public_url(h)))));
    enter(h, VOLKOV, id, "C3:EXECUTING");
    ALL_EFFECTS_ARE(h, 1);
    json_decref(
        house_control(h, json_pack("{ss ss so}", "do", "subscribe", "event", "ONTASKUPDATE", "url",
                                   json_sprintf("%s/hook/main", house_public_url(h)))));
    for (int i = 0; i < 2; i++) {
        complete(h, VOLKOV, 1);
        HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add", task_where("Сборка: Окна", VOLKOV));
        json_decref(house_person(h, VOLKOV, "tasks.task.renew", json_pack("{si}", "taskId", 1)));
        house_settle(h);
    }
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

static int64_t add_task(struct house *h, const char *title, const char *binding)
{
    JV_AUTO *made = house_person(h, VOLKOV, "tasks.task.add",
                                 json_pack("{s{ss si s[s]}}", "fields", "TITLE", title,
                                           "RESPONSIBLE_ID", VOLKOV, "UF_CRM_TASK", binding));
    house_settle(h);
    return jv_int(made, "task.id", 0);
}

START_TEST(a_chain_ends_with_its_deal_and_other_tasks_are_no_part_of_it)
{
    struct house *h = open_with(EXAMPLES("62-task-chain"));
    char binding[32];
    int64_t id = house_seen(h, VOLKOV, DEAL, deal_fields(3, "C3:EXECUTING", 1000));
    ALL_EFFECTS_ARE(h, 1);
    (void)snprintf(binding, sizeof binding, "D_%lld", (long long)id);
    complete(h, VOLKOV, add_task(h, "Позвонить", binding));
    complete(h, VOLKOV, add_task(h, "Раскрой: ничья", "C_1"));
    json_decref(house_person(h, VOLKOV, "tasks.task.start", json_pack("{si}", "taskId", 1)));
    house_settle(h);
    enter(h, VOLKOV, id, "C3:LOSE");
    complete(h, VOLKOV, 1);
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

/* ---- 71 approval ----------------------------------------------------------------------------- */

START_TEST(a_big_deal_goes_from_the_head_to_the_director_and_back)
{
    struct house *h = open_with(EXAMPLES("71-approval"));
    int64_t id = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:UC_OFFER", 1000000));
    enter(h, IVANOV, id, "C1:EXECUTING");
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add", task_where("Согласовать условия: Окна", KUZNETSOV));
    complete(h, KUZNETSOV, 1);
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add", task_where("Утвердить условия: Окна", ORLOV));
    JV_AUTO *journal = house_journal(h);
    const char *text = jv_text(journal, "1.params.fields.DESCRIPTION", "");
    ck_assert_msg(strstr(text,
                         "Сумма 1 000 000,00 ₽. Согласовал(а) Алексей "
                         "Кузнецов. "
                         "http") != NULL,
                  "%s", text);
    HOUSE_EFFECTS_ARE(h, 0, "im.notify.system.add", NULL);
    complete(h, ORLOV, 2);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", IVANOV));
    ALL_EFFECTS_ARE(h, 3);
    house_close(h);
}
END_TEST

START_TEST(a_small_deal_asks_nobody_and_one_that_was_sent_back_goes_no_further)
{
    struct house *h = open_with(EXAMPLES("71-approval"));
    int64_t small = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:UC_OFFER", 999999));
    int64_t big = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:UC_OFFER", 2000000));
    enter(h, IVANOV, small, "C1:EXECUTING");
    ALL_EFFECTS_ARE(h, 0);
    enter(h, IVANOV, big, "C1:EXECUTING");
    enter(h, KUZNETSOV, big, "C1:UC_OFFER");
    complete(h, KUZNETSOV, 1);
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

/* ---- 81 clean-phones ------------------------------------------------------------------------- */

static json_t *phone_new(const char *kind, const char *value)
{
    return json_pack("{ss ss ss}", "typeId", "PHONE", "valueType", kind, "value", value);
}

/* "MOBILE +79001112233, WORK …" of the record's phones. mem_free. */
static char *phones_new(struct house *h, int type, int64_t id)
{
    struct buf text BUF_AUTO;
    JV_AUTO *item = house_item(h, type, id);
    size_t i;
    json_t *row;
    buf_init(&text, 1024);
    json_array_foreach (json_object_get(item, "fm"), i, row)
        buf_printf(&text, "%s%s %s", i > 0 ? ", " : "", jv_text(row, "valueType", ""),
                   jv_text(row, "value", ""));
    return buf_take(&text);
}

static void phones_are(struct house *h, int type, int64_t id, const char *expected)
{
    char *text = phones_new(h, type, id);
    ck_assert_str_eq(text, expected);
    mem_free(text);
}

START_TEST(phones_get_one_form_each_once_and_keep_their_kind)
{
    struct house *h = open_with(EXAMPLES("81-clean-phones"));
    int64_t person = house_seen(
        h, IVANOV, CONTACT,
        json_pack("{ss s[ooo]}", "name", "Вера", "fm", phone_new("MOBILE", "8 (900) 555-44-33"),
                  phone_new("WORK", "+7 900 555 44 33"), phone_new("HOME", "8-495-765-43-21")));
    phones_are(h, CONTACT, person, "MOBILE +79005554433, HOME +74957654321");
    int64_t firm = house_seen(
        h, IVANOV, COMPANY,
        json_pack("{ss s[o]}", "title", "ООО «Тополь»", "fm", phone_new("WORK", "+74950000000")));
    ALL_EFFECTS_ARE(h, 1);
    house_update(h, IVANOV, COMPANY, firm,
                 json_pack("{s[o]}", "fm", phone_new("MOBILE", "89005554433")));
    house_settle(h);
    phones_are(h, COMPANY, firm, "WORK +74950000000, MOBILE +79005554433");
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

/* The same number stands in a row that is not ours to look at. */
START_TEST(phones_whose_cleaning_had_no_answer_are_cleaned_all_the_same)
{
    static const char *const kinds[] = {"drop_before", "drop_after"};
    struct house *h = open_with(EXAMPLES("81-clean-phones"));
    house_fault(
        h, json_pack("{ss ss si}", "kind", kinds[_i], "method", "crm.item.update", "count", 1));
    int64_t id =
        house_add(h, IVANOV, CONTACT,
                  json_pack("{ss s[oo]}", "name", "Вера", "fm", phone_new("MOBILE", "89005554433"),
                            phone_new("WORK", "+79005554433")));
    HOUSE_UNTIL(h, house_count_runs(h, "clean-contact-phones", "done") == 1);
    phones_are(h, CONTACT, id, "MOBILE +79005554433");
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
}
END_TEST

START_TEST(clean_phones_and_what_only_a_person_understands_are_left_alone)
{
    static const char *const phones[] = {"+79005554433", "8 495 765-43-21 доб. 5",
                                         "8 900 1112233, 8 900 1112244", "спросить у Веры", NULL};
    struct house *h = open_with(EXAMPLES("81-clean-phones"));
    for (size_t i = 0; phones[i] != NULL; i++) {
        char *expected = mem_printf("WORK %s", phones[i]);
        int64_t id =
            house_seen(h, IVANOV, CONTACT,
                       json_pack("{ss s[o]}", "name", "Вера", "fm", phone_new("WORK", phones[i])));
        phones_are(h, CONTACT, id, expected);
        mem_free(expected);
    }
    int64_t none = house_seen(h, IVANOV, CONTACT, json_pack("{ss}", "name", "Никто"));
    house_update(h, IVANOV, CONTACT, none, json_pack("{ss}", "name", "8 900 111-22-33"));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_work");
    TCase *tcase = tcase_create("rules_work");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_stage_that_wants_a_field_sends_the_deal_back, 0, 2);
    tcase_add_loop_test(tcase, a_stage_that_has_its_field_is_entered, 0, 2);
    tcase_add_test(tcase, an_order_that_is_ready_gets_its_act);
    tcase_add_test(tcase, a_private_person_gets_no_act_and_another_stage_makes_none);
    tcase_add_test(tcase, sales_gets_a_deal_of_the_call_centre_with_its_people);
    tcase_add_test(tcase, a_deal_that_was_in_sales_before_stays_with_its_manager);
    tcase_add_test(tcase, closing_a_task_opens_the_next_and_the_last_makes_the_act);
    tcase_add_test(tcase, a_task_that_is_seen_for_the_first_time_when_it_is_closed_counts_once);
    tcase_add_test(tcase, a_chain_ends_with_its_deal_and_other_tasks_are_no_part_of_it);
    tcase_add_test(tcase, a_big_deal_goes_from_the_head_to_the_director_and_back);
    tcase_add_test(tcase, a_small_deal_asks_nobody_and_one_that_was_sent_back_goes_no_further);
    tcase_add_test(tcase, phones_get_one_form_each_once_and_keep_their_kind);
    tcase_add_loop_test(tcase, phones_whose_cleaning_had_no_answer_are_cleaned_all_the_same, 0, 2);
    tcase_add_test(tcase, clean_phones_and_what_only_a_person_understands_are_left_alone);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
