/* `cascade` of `assign`: what hangs on an entity gets its responsible, each once. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"
#include "tests/support/house_example.h"

#define CASCADE                                                                                    \
    "[rule r]\n"                                                                                   \
    "on = deal enters C1:PREPARATION\n"                                                            \
    "[then assign]\n"                                                                              \
    "to = petrova@firm.ru\n"                                                                       \
    "cascade = contact, company, activities, tasks\n"

static void add_todo(struct house *h, int64_t deal, const char *title, int user)
{
    json_decref(house_person(h, ANNA, "crm.activity.todo.add",
                             json_pack("{si sI ss ss si}", "ownerTypeId", DEAL, "ownerId",
                                       (json_int_t)deal, "deadline", "2030-01-01T10:00:00+03:00",
                                       "title", title, "responsibleId", user)));
}

static void add_task(struct house *h, int64_t deal, const char *title, int user)
{
    json_decref(
        house_person(h, ANNA, "tasks.task.add",
                     json_pack("{s{ss si s[o]}}", "fields", "TITLE", title, "RESPONSIBLE_ID", user,
                               "UF_CRM_TASK", json_sprintf("D_%lld", (long long)deal))));
}

static int64_t deal_to_hand_over(struct house *h)
{
    return house_seen(h, ANNA, DEAL,
                      json_pack("{ss si ss si s[i] si}", "title", "Окна", "categoryId", 1,
                                "stageId", "C1:NEW", "assignedById", IVANOV, "contactIds", 1,
                                "companyId", 1));
}

static void hand_over(struct house *h, int64_t deal)
{
    house_update(h, ANNA, DEAL, deal, json_pack("{ss}", "stageId", "C1:PREPARATION"));
}

START_TEST(open_activities_and_tasks_follow_the_deal)
{
    struct house *h = house_with(CASCADE);
    int64_t deal = deal_to_hand_over(h), other = deal_to_hand_over(h);
    add_todo(h, deal, "Позвонить", IVANOV);
    add_todo(h, deal, "Сделано", IVANOV);
    add_todo(h, deal, "Её и так", PETROVA);
    add_todo(h, other, "Чужое", IVANOV);
    json_decref(house_person(h, ANNA, "crm.activity.update",
                             json_pack("{si s{ss}}", "id", 2, "fields", "COMPLETED", "Y")));
    add_task(h, deal, "Замер", IVANOV);
    add_task(h, deal, "Закрыта", IVANOV);
    add_task(h, other, "Чужая", IVANOV);
    json_decref(house_person(h, ANNA, "tasks.task.complete", json_pack("{si}", "taskId", 2)));
    house_settle(h);
    hand_over(h, deal);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 3, "crm.item.update", json_pack("{si}", "fields.assignedById", PETROVA));
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.update",
                      json_pack("{si si}", "id", 1, "fields.RESPONSIBLE_ID", PETROVA));
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.update",
                      json_pack("{si si}", "taskId", 1, "fields.RESPONSIBLE_ID", PETROVA));
    HOUSE_EFFECTS_ARE(h, 5, NULL, NULL);
    house_close(h);
}
END_TEST

enum { MANY = 120 };

START_TEST(a_cascade_of_many_pages_survives_kill_9)
{
    struct house *h = house_with(CASCADE);
    int64_t deal = deal_to_hand_over(h);
    for (int i = 0; i < MANY; i++) {
        add_todo(h, deal, "Позвонить", IVANOV);
        add_task(h, deal, "Замер", IVANOV);
    }
    house_settle(h);
    house_fault(h, json_pack("{ss ss si si}", "kind", "slow", "method", "*", "ms", 20, "count", 0));
    hand_over(h, deal);
    HOUSE_UNTIL(h, house_effects(h, NULL, NULL) >= MANY / 2);
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL_WITHIN(h, 40, house_count_runs(h, "r", "done") == 1);
    JV_AUTO *todos = house_control(h, json_pack("{ss ss s{si}}", "do", "count", "what", "todo",
                                                "where", "RESPONSIBLE_ID", PETROVA));
    JV_AUTO *tasks = house_control(h, json_pack("{ss ss s{si}}", "do", "count", "what", "task",
                                                "where", "RESPONSIBLE_ID", PETROVA));
    ck_assert_int_eq(jv_int(todos, "count", 0), MANY);
    ck_assert_int_eq(jv_int(tasks, "count", 0), MANY);
    house_close(h);
}
END_TEST

START_TEST(the_hand_over_of_the_examples_takes_everything_along)
{
    struct house *h = house_with_example("config/rules.d/35-hand-over.ini");
    int64_t deal = deal_to_hand_over(h);
    add_todo(h, deal, "Позвонить", IVANOV);
    add_task(h, deal, "Замер", IVANOV);
    house_settle(h);
    hand_over(h, deal);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_update(h, ANNA, DEAL, deal, json_pack("{si ss}", "categoryId", 3, "stageId", "C3:NEW"));
    HOUSE_UNTIL(h, house_count_runs(h, "hand-over", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 3, "crm.item.update", json_pack("{si}", "fields.assignedById", VOLKOV));
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.update", NULL);
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.update", NULL);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", IVANOV));
    house_close(h);
}
END_TEST

CHECK_MAIN("cascade", open_activities_and_tasks_follow_the_deal,
           a_cascade_of_many_pages_survives_kill_9,
           the_hand_over_of_the_examples_takes_everything_along)
