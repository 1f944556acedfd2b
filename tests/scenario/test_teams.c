/* Teams and deputies: who gets the work, and that he gets it once. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/house_check.h"
#include "tests/support/house_example.h"

#define TEAM                                                                                       \
    "[team first-line]\n"                                                                          \
    "members = ivanov@firm.ru, \"Мария Петрова\", 17\n"
#define ASSIGN                                                                                     \
    "[rule r]\n"                                                                                   \
    "on = lead added\n"                                                                            \
    "[then assign]\n"                                                                              \
    "to = team first-line\n"

static int64_t add_lead(struct house *h)
{
    return house_add(h, ANNA, LEAD, json_pack("{ss}", "title", "Заявка"));
}

static int64_t given_to(struct house *h, int64_t lead)
{
    JV_AUTO *item = house_item(h, LEAD, lead);
    return jv_int(item, "assignedById", 0);
}

/* One lead after the other: whose are they? */
static void leads_go_to(struct house *h, const int64_t *users, int count)
{
    for (int i = 0; i < count; i++) {
        int64_t lead = add_lead(h);
        house_settle(h);
        ck_assert_int_eq(given_to(h, lead), users[i]);
    }
}

static void put(struct house *h, const char *what, int64_t id, json_t *row)
{
    json_decref(house_control(h, json_pack("{ss ss sI so}", "do", "put", "what", what, "id",
                                           (json_int_t)id, "row", row)));
}

/* Absent from an hour ago until so many milliseconds from now. */
static void send_away(struct house *h, int user, int64_t for_ms)
{
    int64_t now_ms = clock_wall_ms();
    put(h, "absence", user,
        json_pack("{si ss ss so so}", "USER_ID", user, "ACCESSIBILITY", "absent", "DT_SKIP_TIME",
                  "N", "DATE_FROM_TS_UTC", json_sprintf("%lld", (long long)now_ms / 1000 - 3600),
                  "DATE_TO_TS_UTC", json_sprintf("%lld", (long long)(now_ms + for_ms) / 1000)));
}

enum { LONG_MS = 3600 * 1000 };

static char *story_of(struct house *h, const char *kind, int64_t id)
{
    char entity[32];
    (void)snprintf(entity, sizeof entity, "%s %lld", kind, (long long)id);
    JV_AUTO *story = house_story(h, entity);
    return jv_dump_new(story);
}

#define STORY_SAYS(house, kind, id, text)                                                          \
    do {                                                                                           \
        char *story_ = story_of(house, kind, id);                                                  \
        ck_assert_msg(strstr(story_, text) != NULL, "%s", story_);                                 \
        mem_free(story_);                                                                          \
    } while (0)

/* ---- whose turn it is ------------------------------------------------------------------------ */

START_TEST(one_after_the_other_gets_a_lead)
{
    static const int64_t users[] = {IVANOV, PETROVA, MOROZOVA, IVANOV, PETROVA};
    struct house *h = house_with(TEAM ASSIGN);
    leads_go_to(h, users, 5);
    HOUSE_EFFECTS_ARE(h, 5, "crm.item.update", NULL);
    STORY_SAYS(h, "lead", 1, "team first-line: user 5, whose turn it is");
    house_close(h);
}
END_TEST

START_TEST(the_rotation_goes_on_after_kill_9)
{
    static const int64_t before[] = {IVANOV, PETROVA}, after[] = {MOROZOVA, IVANOV, PETROVA};
    struct house *h = house_with(TEAM ASSIGN);
    leads_go_to(h, before, 2);
    house_kill(h);
    house_start(h);
    leads_go_to(h, after, 3);
    house_close(h);
}
END_TEST

static bool log_says(struct house *h, const char *text)
{
    char *log = house_daemon_log(h);
    bool says = strstr(log, text) != NULL;
    mem_free(log);
    return says;
}

/* Members come and go; who was last stays known. */
START_TEST(the_rotation_goes_on_with_other_members_after_a_reload)
{
    static const int64_t before[] = {IVANOV, PETROVA}, after[] = {KUZNETSOV, IVANOV, PETROVA};
    struct house *h = house_with(TEAM ASSIGN);
    leads_go_to(h, before, 2);
    house_rules(h, "[team first-line]\nmembers = 5, 6, 7\n" ASSIGN);
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL_WITHIN(h, 30, log_says(h, "reloaded portals=1"));
    leads_go_to(h, after, 3);
    house_close(h);
}
END_TEST

/* Killed while the portal is at it: the same person has it afterwards, and nobody lost his turn. */
START_TEST(a_choice_outlives_kill_9)
{
    static const int64_t after[] = {MOROZOVA, IVANOV};
    struct house *h = house_with(TEAM ASSIGN "[then todo]\ntitle = Позвонить\n");
    int64_t first = house_seen(h, ANNA, LEAD, json_pack("{ss}", "title", "Первая"));
    ck_assert_int_eq(given_to(h, first), IVANOV);
    house_fault(h, json_pack("{ss ss si si}", "kind", "drop_before", "method", "crm.item.update",
                             "count", 0, "ms", 0));
    int64_t second = add_lead(h);
    HOUSE_UNTIL(h,
                house_count_runs(h, "r", "running") == 1 || house_count_runs(h, "r", "ready") == 1);
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL_WITHIN(h, 30, house_count_runs(h, "r", "done") == 2);
    house_settle(h);
    ck_assert_int_eq(given_to(h, second), PETROVA);
    HOUSE_EFFECTS_ARE(h, 2, "crm.activity.todo.add", NULL);
    leads_go_to(h, after, 2);
    house_close(h);
}
END_TEST

enum { CROWD = 60 };

START_TEST(a_crowd_at_once_is_shared_evenly)
{
    int given[3] = {0};
    struct house *h = house_with(TEAM "skip = absent\n" ASSIGN);
    for (int i = 0; i < CROWD; i++)
        add_lead(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == CROWD);
    static const int64_t users[] = {IVANOV, PETROVA, MOROZOVA};
    for (int i = 0; i < 3; i++)
        given[i] = house_effects(h, "crm.item.update",
                                 json_pack("{sI}", "fields.assignedById", (json_int_t)users[i]));
    ck_assert_int_eq(given[0], CROWD / 3);
    ck_assert_int_eq(given[1], CROWD / 3);
    ck_assert_int_eq(given[2], CROWD / 3);
    house_close(h);
}
END_TEST

START_TEST(a_rule_in_shadow_takes_no_turn)
{
    static const int64_t users[] = {IVANOV, PETROVA};
    struct house *h = house_with(TEAM ASSIGN "[rule s]\n"
                                             "on = contact added\n"
                                             "state = shadow\n"
                                             "[then assign]\n"
                                             "to = team first-line\n");
    int64_t contact = house_seen(h, ANNA, CONTACT, json_pack("{ss}", "name", "Пётр"));
    STORY_SAYS(h, "contact", contact, "team first-line: user 5, whose turn it is");
    leads_go_to(h, users, 2);
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_key_for_several_users_means_the_whole_team)
{
    struct house *h = house_with(TEAM "[rule r]\n"
                                      "on = lead added\n"
                                      "[then notify]\n"
                                      "to = team first-line, petrova@firm.ru\n"
                                      "text = Новая заявка\n");
    house_seen(h, ANNA, LEAD, json_pack("{ss}", "title", "Заявка"));
    HOUSE_EFFECTS_ARE(h, 3, "im.notify.system.add", NULL);
    HOUSE_EFFECTS_ARE(h, 1, NULL, json_pack("{si}", "USER_ID", PETROVA));
    house_close(h);
}
END_TEST

START_TEST(who_has_least_to_do_gets_it)
{
    static const int64_t users[] = {MOROZOVA, MOROZOVA, IVANOV};
    struct house *h = house_with(TEAM "order = least-busy\n" ASSIGN);
    json_t *task = json_pack("{s{ss si}}", "fields", "TITLE", "Дело", "RESPONSIBLE_ID", PETROVA);
    json_decref(house_person(h, ANNA, "tasks.task.add", json_incref(task)));
    json_decref(house_person(h, ANNA, "tasks.task.add", task));
    json_decref(house_person(h, ANNA, "crm.activity.todo.add",
                             json_pack("{si si ss ss si}", "ownerTypeId", CONTACT, "ownerId", 1,
                                       "deadline", "2030-01-01T10:00:00+03:00", "title",
                                       "Позвонить", "responsibleId", IVANOV)));
    leads_go_to(h, users, 2);
    /* Of two with one each it is the turn of the one behind her who was last. */
    json_decref(house_person(
        h, ANNA, "tasks.task.add",
        json_pack("{s{ss si}}", "fields", "TITLE", "Ещё", "RESPONSIBLE_ID", MOROZOVA)));
    leads_go_to(h, users + 2, 1);
    STORY_SAYS(h, "lead", 3, "team first-line: user 5, who has least to do");
    house_close(h);
}
END_TEST

/* ---- who is not there ------------------------------------------------------------------------ */

START_TEST(the_absent_are_passed_over)
{
    static const int64_t users[] = {MOROZOVA, MOROZOVA};
    struct house *h = house_with(TEAM "skip = absent\n" ASSIGN);
    send_away(h, IVANOV, LONG_MS);
    put(h, "timeman", PETROVA, json_pack("{ss}", "STATUS", "CLOSED"));
    leads_go_to(h, users, 2);
    STORY_SAYS(h, "lead", 1, "ivanov@firm.ru is absent, Мария Петрова has closed the day");
    house_close(h);
}
END_TEST

START_TEST(the_dismissed_get_nothing_whatever_skip_says)
{
    static const int64_t users[] = {PETROVA, MOROZOVA, PETROVA};
    struct house *h = house_with(TEAM "skip = nobody\n" ASSIGN);
    ck_assert_int_eq(house_stop(h),
                     0); /* who is there is asked at the start, and then within 5 min */
    put(h, "user", IVANOV, json_pack("{sb}", "ACTIVE", 0));
    house_start(h);
    leads_go_to(h, users, 3);
    house_close(h);
}
END_TEST

START_TEST(whoever_is_back_is_in_the_rotation_again)
{
    struct house *h = house_with(TEAM "skip = absent\n" ASSIGN);
    send_away(h, IVANOV, 3000);
    int64_t back_ms = clock_wall_ms() + 3000;
    static const int64_t users[] = {PETROVA, MOROZOVA, IVANOV};
    leads_go_to(h, users, 2);
    HOUSE_UNTIL(h, clock_wall_ms() > back_ms);
    leads_go_to(h, users + 2, 1);
    house_close(h);
}
END_TEST

START_TEST(when_nobody_is_there_the_fallback_gets_it)
{
    static const int64_t users[] = {KUZNETSOV, KUZNETSOV};
    struct house *h = house_with("[team first-line]\n"
                                 "members = 5, 6\n"
                                 "skip = absent\n"
                                 "fallback = head of \"Отдел продаж\"\n" ASSIGN);
    send_away(h, IVANOV, LONG_MS);
    send_away(h, PETROVA, LONG_MS);
    leads_go_to(h, users, 2);
    STORY_SAYS(h, "lead", 1, "team first-line: user 7, the fallback; 5 is absent, 6 is absent");
    house_close(h);
}
END_TEST

START_TEST(without_a_fallback_the_run_says_that_nobody_is_there)
{
    struct house *h = house_with("[team first-line]\n"
                                 "members = 5, nobody@firm.ru\n"
                                 "skip = absent\n" ASSIGN);
    send_away(h, IVANOV, LONG_MS);
    house_seen(h, ANNA, LEAD, json_pack("{ss}", "title", "Заявка"));
    ck_assert_int_eq(house_count_runs(h, "r", "dead"), 1);
    STORY_SAYS(h, "lead", 1,
               "nobody of team \\\"first-line\\\" is there: nobody@firm.ru is not known to the "
               "portal, 5 is absent; it has no fallback");
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* The webhook may neither see calendars nor working time: then everybody counts as there. */
START_TEST(a_portal_that_does_not_say_who_is_away_stops_nothing)
{
    static const int64_t users[] = {IVANOV, PETROVA};
    struct house *h = house_with(TEAM "skip = absent\n" ASSIGN);
    json_decref(house_control(
        h, json_pack("{ss s[ssss]}", "do", "scopes", "list", "crm", "user", "task", "im")));
    leads_go_to(h, users, 2);
    house_close(h);
}
END_TEST

/* ---- deputies -------------------------------------------------------------------------------- */

#define DEPUTY "[substitute ivanov@firm.ru]\ndeputy = petrova@firm.ru\n"
#define TELL                                                                                       \
    "[rule r]\n"                                                                                   \
    "on = lead.title changes\n"                                                                    \
    "[then notify]\n"                                                                              \
    "to = {{lead.assigned}}\n"                                                                     \
    "text = {{lead.title}}\n"                                                                      \
    "[then todo]\n"                                                                                \
    "title = {{lead.title}}\n"

static void rename_lead(struct house *h, int64_t lead, const char *title)
{
    house_update(h, ANNA, LEAD, lead, json_pack("{ss}", "title", title));
    house_settle(h);
}

static void told(struct house *h, int user, int expected)
{
    HOUSE_EFFECTS_ARE(h, expected, "im.notify.system.add", json_pack("{si}", "USER_ID", user));
    HOUSE_EFFECTS_ARE(h, expected, "crm.activity.todo.add",
                      json_pack("{si}", "responsibleId", user));
}

START_TEST(a_deputy_has_it_while_the_user_is_away_and_no_longer)
{
    struct house *h = house_with(DEPUTY TELL);
    int64_t lead =
        house_seen(h, ANNA, LEAD, json_pack("{ss si}", "title", "Заявка", "assignedById", IVANOV));
    send_away(h, IVANOV, 4000);
    int64_t back_ms = clock_wall_ms() + 4000;
    rename_lead(h, lead, "Без него");
    told(h, PETROVA, 1);
    told(h, IVANOV, 0);
    STORY_SAYS(h, "lead", lead, "user 5 is absent: user 6 stands in");
    HOUSE_UNTIL(h, clock_wall_ms() > back_ms);
    rename_lead(h, lead, "С ним");
    told(h, PETROVA, 1);
    told(h, IVANOV, 1);
    house_close(h);
}
END_TEST

START_TEST(a_closed_day_is_no_absence_for_a_deputy)
{
    struct house *h = house_with(DEPUTY TELL);
    int64_t lead =
        house_seen(h, ANNA, LEAD, json_pack("{ss si}", "title", "Заявка", "assignedById", IVANOV));
    put(h, "timeman", IVANOV, json_pack("{ss}", "STATUS", "CLOSED"));
    rename_lead(h, lead, "Вечером");
    told(h, IVANOV, 1);
    house_close(h);
}
END_TEST

START_TEST(days_in_the_configuration_need_no_calendar)
{
    struct house *h = house_with("[substitute 5]\ndeputy = 6\nfrom = 2020-01-01\nuntil = "
                                 "2099-12-31\n"
                                 "[substitute 6]\ndeputy = 17\nuntil = 2099-12-31\n"
                                 "[substitute 17]\ndeputy = 5\nfrom = 2020-01-01\nuntil = "
                                 "2020-01-02\n" TELL);
    int64_t lead =
        house_seen(h, ANNA, LEAD, json_pack("{ss si}", "title", "Заявка", "assignedById", IVANOV));
    rename_lead(h, lead, "Отпуск");
    told(h, MOROZOVA, 1);
    told(h, PETROVA, 0);
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

#define AWAY "[substitute 5]\ndeputy = 6\nfrom = 2020-01-01\n"
#define GIVE                                                                                       \
    "[rule r]\n"                                                                                   \
    "on = lead added\n"                                                                            \
    "[then assign]\n"                                                                              \
    "to = ivanov@firm.ru\n"                                                                        \
    "[then todo]\n"                                                                                \
    "title = Позвонить\n"                                                                 \
    "responsible = ivanov@firm.ru\n"                                                               \
    "[then task]\n"                                                                                \
    "title = Подготовить\n"                                                             \
    "responsible = ivanov@firm.ru\n"                                                               \
    "[then task as done]\n"                                                                        \
    "title = Сделано\n"                                                                     \
    "responsible = ivanov@firm.ru\n"                                                               \
    "[then close-task]\n"                                                                          \
    "task = {{done.id}}\n"                                                                         \
    "[then task]\n"                                                                                \
    "title = Её собственная\n"                                                        \
    "responsible = petrova@firm.ru\n"

static int64_t give_to_the_deputy(struct house *h)
{
    int64_t lead =
        house_add(h, ANNA, LEAD, json_pack("{ss si}", "title", "Заявка", "assignedById", ANNA));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.update", json_pack("{s{si}}", "fields", "assignedById", 6));
    return lead;
}

static void comes_back(struct house *h)
{
    house_rules(h, GIVE);
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL_WITHIN(h, 30, log_says(h, "reloaded portals=1"));
}

START_TEST(what_a_deputy_was_given_goes_back)
{
    struct house *h = house_with(AWAY GIVE);
    int64_t lead = give_to_the_deputy(h);
    comes_back(h);
    HOUSE_UNTIL_WITHIN(h, 30, house_effects(h, "tasks.task.update", NULL) == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.update", json_pack("{s{si}}", "fields", "assignedById", 5));
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.update",
                      json_pack("{s{si}}", "fields", "RESPONSIBLE_ID", 5));
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.update", NULL); /* what is done, and hers, stays */
    STORY_SAYS(h, "lead", lead, "goes back to user 5, who is there again");
    house_close(h);
}
END_TEST

START_TEST(what_is_not_to_be_returned_stays)
{
    struct house *h = house_with(AWAY "return = no\n" GIVE);
    (void)give_to_the_deputy(h);
    comes_back(h);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, "tasks.task.update", NULL);
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.update", NULL);
    house_close(h);
}
END_TEST

/* Killed between the word to the deputy and its outcome; when we are back, so is the user. */
START_TEST(whom_a_step_means_outlives_kill_9)
{
    struct house *h = house_with(DEPUTY "[rule r]\n"
                                        "on = lead added\n"
                                        "[then todo]\n"
                                        "title = Позвонить\n");
    send_away(h, IVANOV, 3000);
    int64_t back_ms = clock_wall_ms() + 3000;
    house_fault(
        h, json_pack("{ss ss si}", "kind", "slow", "method", "crm.activity.todo.add", "ms", 60000));
    house_add(h, ANNA, LEAD, json_pack("{ss si}", "title", "Заявка", "assignedById", IVANOV));
    HOUSE_UNTIL(h, house_effects(h, "crm.activity.todo.add", NULL) == 1);
    house_kill(h);
    house_clear_faults(h);
    HOUSE_UNTIL(h, clock_wall_ms() > back_ms);
    house_start(h);
    HOUSE_UNTIL_WITHIN(h, 30, house_count_runs(h, "r", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add", json_pack("{si}", "responsibleId", PETROVA));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- the examples ---------------------------------------------------------------------------- */

static int64_t advertised_lead(struct house *h, const char *source)
{
    return house_seen(h, ANNA, LEAD,
                      json_pack("{ss ss s[{ss ss ss}]}", "title", "Заявка", "sourceId", source,
                                "fm", "typeId", "PHONE", "valueType", "WORK", "value",
                                "+79005554433"));
}

START_TEST(the_first_line_of_the_examples_shares_new_leads)
{
    static const int64_t users[] = {IVANOV, MOROZOVA};
    struct house *h = house_with_file("config/rules.d/15-first-line.ini");
    send_away(h, PETROVA, LONG_MS);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(given_to(h, advertised_lead(h, "ADVERTISING")), users[i]);
        HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                          json_pack("{sI}", "responsibleId", (json_int_t)users[i]));
    }
    HOUSE_EFFECTS_ARE(h, 6, "im.notify.system.add", NULL);
    house_update(h, ANNA, LEAD, 1, json_pack("{ss}", "title", "Та же"));
    house_settle(h);
    (void)advertised_lead(h, "WEB");
    (void)house_seen(h, ANNA, LEAD, json_pack("{ss ss}", "title", "x", "sourceId", "ADVERTISING"));
    HOUSE_EFFECTS_ARE(h, 10, NULL, NULL);
    house_close(h);
}
END_TEST

CHECK_MAIN("teams", one_after_the_other_gets_a_lead, the_rotation_goes_on_after_kill_9,
           the_rotation_goes_on_with_other_members_after_a_reload, a_choice_outlives_kill_9,
           a_crowd_at_once_is_shared_evenly, a_rule_in_shadow_takes_no_turn,
           a_key_for_several_users_means_the_whole_team, who_has_least_to_do_gets_it,
           the_absent_are_passed_over, the_dismissed_get_nothing_whatever_skip_says,
           whoever_is_back_is_in_the_rotation_again, when_nobody_is_there_the_fallback_gets_it,
           without_a_fallback_the_run_says_that_nobody_is_there,
           a_portal_that_does_not_say_who_is_away_stops_nothing,
           a_deputy_has_it_while_the_user_is_away_and_no_longer, what_a_deputy_was_given_goes_back,
           what_is_not_to_be_returned_stays, a_closed_day_is_no_absence_for_a_deputy,
           days_in_the_configuration_need_no_calendar, whom_a_step_means_outlives_kill_9,
           the_first_line_of_the_examples_shares_new_leads)
