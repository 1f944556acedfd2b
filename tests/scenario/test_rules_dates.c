/* The rules of config/rules.d that wait for a day: sleeping clients, birthdays, meetings, idle
 * deals, the daily digest. Each does its work and, in the other case, nothing; what takes days
 * there takes seconds here. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/zone.h"
#include "tests/support/house_check.h"
#include "tests/support/house_example.h"

#define TODO "crm.activity.todo.add"
#define NOTIFY "im.notify.system.add"
#define SWAPS(...) ((const struct house_swap[]){__VA_ARGS__, {NULL, NULL}})

static int64_t deal_at(struct house *h, const char *stage)
{
    return house_seen(h, PETROVA, DEAL,
                      json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", stage));
}

/* All events of a kind have come by when one of our own has. */
static void tell(struct house *h, const char *event)
{
    json_decref(house_control(h, json_pack("{ss ss s{s{ss}}}", "do", "event", "name", event, "data",
                                           "FIELDS", "ID", "USD")));
    house_settle(h);
}

/* A day of the portal, so many years and days from today. */
static json_t *day_new(int years, int days)
{
    char iso[26];
    struct err err = {0};
    struct zone *zone = zone_load("Europe/Moscow", &err);
    ck_assert_ptr_nonnull(zone);
    struct civil day = zone_local(zone, clock_wall_ms());
    day.year += years;
    day.day += days;
    zone_iso(zone, zone_moment(zone, day), iso);
    zone_free(zone);
    return json_stringn(iso, 10);
}

/* "10h" of a rule that counts from midnight, as long as it takes for its time to come soon. */
static char *soon_new(int seconds)
{
    struct err err = {0};
    struct zone *zone = zone_load("Europe/Moscow", &err);
    struct civil now = zone_local(zone, clock_wall_ms());
    zone_free(zone);
    return mem_printf("%ds", (now.hour * 60 + now.minute) * 60 + now.second + seconds);
}

/* ---- 42 dormant-client ----------------------------------------------------------------------- */

static struct house *open_dormant(void)
{
    char *soon = soon_new(5);
    struct house *h =
        house_with_swaps("config/rules.d/42-dormant-client.ini", SWAPS({"180d", soon}));
    mem_free(soon);
    return h;
}

/* Closed today; half a year is up in a few seconds. */
static int64_t deal_of(struct house *h, const char *stage, const char *whose, int64_t client)
{
    return house_add(h, PETROVA, DEAL,
                     json_pack("{ss si ss so sI}", "title", "Окна", "categoryId", 1, "stageId",
                               stage, "closedate", day_new(0, 0), whose, (json_int_t)client));
}

static void half_a_year_passes(struct house *h, int rules_ended)
{
    HOUSE_UNTIL(h, house_count_runs(h, "dormant-client", "done") +
                           house_count_runs(h, "dormant-client", "cancelled") ==
                       rules_ended);
    house_settle(h);
}

START_TEST(a_client_without_a_new_deal_for_half_a_year_is_remembered)
{
    struct house *h = open_dormant();
    int64_t of_company = deal_of(h, "C1:WON", "companyId", 1);
    int64_t of_contact = deal_of(h, "C1:WON", "contactId", 3);
    half_a_year_passes(h, 2);
    HOUSE_EFFECTS_ARE(h, 1, TODO,
                      json_pack("{sI si ss}", "ownerId", (json_int_t)of_company, "responsibleId",
                                PETROVA, "title", "Полгода без сделок: ООО «Ромашка»"));
    HOUSE_EFFECTS_ARE(h, 1, TODO, json_pack("{sI}", "ownerId", (json_int_t)of_contact));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_client_with_another_deal_does_not_sleep)
{
    struct house *h = open_dormant();
    (void)deal_of(h, "C1:WON", "companyId", 1);
    (void)house_add(h, PETROVA, DEAL, /* at work */
                    json_pack("{ss si si}", "title", "Двери", "categoryId", 1, "companyId", 1));
    int64_t first = deal_of(h, "C1:WON", "contactId", 2);
    int64_t last = deal_of(h, "C1:WON", "contactId", 2); /* of the same day: this one speaks */
    (void)deal_of(h, "C1:LOSE", "companyId", 2);
    (void)deal_of(h, "C1:WON", "opportunity", 5); /* nobody's */
    half_a_year_passes(h, 5);
    HOUSE_EFFECTS_ARE(h, 1, TODO, json_pack("{sI}", "ownerId", (json_int_t)last));
    HOUSE_EFFECTS_ARE(h, 0, TODO, json_pack("{sI}", "ownerId", (json_int_t)first));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 43 birthday ----------------------------------------------------------------------------- */

static struct house *open_birthday(void)
{
    char *soon = soon_new(5);
    struct house *h = house_with_swaps("config/rules.d/43-birthday.ini", SWAPS({"10h", soon}));
    mem_free(soon);
    return h;
}

static int64_t born(struct house *h, int years, int days)
{
    return house_add(h, PETROVA, CONTACT,
                     json_pack("{ss ss so}", "name", "Павел", "lastName", "Серов", "birthdate",
                               day_new(-years, days)));
}

START_TEST(a_client_is_congratulated_on_his_birthday)
{
    struct house *h = open_birthday();
    int64_t id = born(h, 40, 0);
    HOUSE_UNTIL(h, house_count_runs(h, "birthday", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, TODO,
                      json_pack("{si sI si ss}", "ownerTypeId", CONTACT, "ownerId", (json_int_t)id,
                                "responsibleId", PETROVA, "title",
                                "Поздравить с днём рождения: Павел Серов"));
    ck_assert_int_eq(house_count_runs(h, "birthday", "waiting"), 1); /* in a year */
    house_update(h, PETROVA, CONTACT, id, json_pack("{ss}", "comments", "Поздравили"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(on_other_days_nobody_is_congratulated)
{
    struct house *h = open_birthday();
    (void)born(h, 40, 1);
    (void)born(h, 40, -1);
    (void)house_add(h, PETROVA, CONTACT, json_pack("{ss}", "name", "Без даты"));
    int64_t corrected = born(h, 40, 0), emptied = born(h, 40, 0), marker;
    HOUSE_UNTIL(h, house_count_runs(h, "birthday", "waiting") == 4);
    house_update(h, PETROVA, CONTACT, corrected, json_pack("{so}", "birthdate", day_new(-40, 2)));
    house_update(h, PETROVA, CONTACT, emptied, json_pack("{ss}", "birthdate", ""));
    HOUSE_UNTIL(h, house_count_runs(h, "birthday", "cancelled") == 1);
    marker = born(h, 30, 0); /* when his day has come, so has that of the others */
    HOUSE_UNTIL(h, house_effects(h, TODO, json_pack("{sI}", "ownerId", (json_int_t)marker)) == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 45 confirm-meeting ---------------------------------------------------------------------- */

static json_t *moment_new(int seconds)
{
    char iso[26];
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    zone_iso(utc, clock_wall_ms() + seconds * INT64_C(1000), iso);
    zone_free(utc);
    return json_string(iso);
}

static int64_t meeting_in(struct house *h, int seconds)
{
    return house_add(h, PETROVA, DEAL,
                     json_pack("{ss si so}", "title", "Балкон", "categoryId", 1, "ufCrmMeeting",
                               moment_new(seconds)));
}

START_TEST(a_meeting_is_confirmed_beforehand_and_where_it_was_moved_to)
{
    struct house *h = house_with_swaps("config/rules.d/45-confirm-meeting.ini",
                                       SWAPS({"2h before", "2s before"}));
    int64_t moved = meeting_in(h, 3600);
    (void)meeting_in(h, 5);
    HOUSE_UNTIL(h, house_count_runs(h, "confirm-meeting", "done") == 1);
    house_update(h, PETROVA, DEAL, moved, json_pack("{so}", "ufCrmMeeting", moment_new(5)));
    HOUSE_UNTIL(h, house_count_runs(h, "confirm-meeting", "done") == 2);
    HOUSE_EFFECTS_ARE(h, 2, NOTIFY, json_pack("{si}", "USER_ID", PETROVA));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_meeting_that_fell_through_is_not_confirmed)
{
    struct house *h = house_with_swaps("config/rules.d/45-confirm-meeting.ini",
                                       SWAPS({"2h before", "2s before"}));
    int64_t lost = meeting_in(h, 6), off = meeting_in(h, 6);
    HOUSE_UNTIL(h, house_count_runs(h, "confirm-meeting", "waiting") == 2);
    house_update(h, PETROVA, DEAL, lost, json_pack("{ss}", "stageId", "C1:LOSE"));
    house_update(h, PETROVA, DEAL, off, json_pack("{ss}", "ufCrmMeeting", ""));
    HOUSE_UNTIL(h, house_count_runs(h, "confirm-meeting", "cancelled") == 2);
    (void)meeting_in(h, 5);
    HOUSE_UNTIL(h, house_count_runs(h, "confirm-meeting", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 48 daily-digest ------------------------------------------------------------------------- */

/* The evening comes when an event says so. */
static struct house *open_digest(void)
{
    return house_with_swaps("config/rules.d/48-daily-digest.ini",
                            SWAPS({"every workday 18:00", "event ONCRMCURRENCYUPDATE"}));
}

static void late_deal(struct house *h, const char *title, int opportunity, int days)
{
    (void)house_add(h, PETROVA, DEAL,
                    json_pack("{ss si si so}", "title", title, "categoryId", 1, "opportunity",
                              opportunity, "closedate", day_new(0, days)));
}

START_TEST(the_head_gets_a_digest_of_the_day)
{
    struct house *h = open_digest();
    JV_AUTO *day = day_new(0, 0);
    char text[400];
    const char *iso = json_string_value(day);
    (void)house_add(h, MOROZOVA, LEAD, json_pack("{ss}", "title", "Окна на дачу"));
    (void)house_add(h, MOROZOVA, LEAD, json_pack("{ss}", "title", "Дверь в офис"));
    late_deal(h, "Окна", 1000, -3);
    late_deal(h, "Двери", 90000, -1);
    late_deal(h, "Балкон", 5000, 0);
    json_decref(house_person(h, IVANOV, "tasks.task.add",
                             json_pack("{s{ss si so}}", "fields", "TITLE", "Замер",
                                       "RESPONSIBLE_ID", PETROVA, "DEADLINE", moment_new(-3600))));
    house_settle(h);
    tell(h, "ONCRMCURRENCYUPDATE");
    (void)snprintf(text, sizeof text,
                   "Сводка за %.2s.%.2s. Новых лидов без движения: 2. Просроченных задач: 1. "
                   "Сделок, у которых прошёл срок: 2 (Двери, Окна).",
                   iso + 8, iso + 5);
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si ss}", "USER_ID", KUZNETSOV, "MESSAGE", text));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(nothing_to_tell_is_not_told)
{
    struct house *h = open_digest();
    late_deal(h, "Балкон", 5000, 4);
    (void)deal_at(h, "C1:NEW"); /* without a date */
    tell(h, "ONCRMCURRENCYUPDATE");
    ck_assert_int_eq(house_count_runs(h, "daily-digest", "done"), 1);
    JV_AUTO *runs = house_runs(h, "daily-digest", "", "");
    ck_assert_str_eq(jv_text(runs, "0.reason", ""), "сказать не о чем");
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- 55 idle-deal, 98 monday-plan ------------------------------------------------------------ */

START_TEST(a_deal_that_lies_idle_is_told_of_once_a_stage)
{
    struct house *h =
        house_with_swaps("config/rules.d/55-idle-deal.ini", SWAPS({"5 workdays", "3s"}));
    int64_t id = deal_at(h, "C1:NEW");
    HOUSE_UNTIL(h, house_count_runs(h, "idle-deal", "done") == 1);
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "comments", "позвонил"));
    HOUSE_UNTIL(h, house_count_runs(h, "idle-deal", "cancelled") == 1); /* once per stage visit */
    house_update(h, PETROVA, DEAL, id, json_pack("{ss}", "stageId", "C1:PREPARATION"));
    HOUSE_UNTIL(h, house_count_runs(h, "idle-deal", "done") == 2);
    HOUSE_EFFECTS_ARE(h, 2, NOTIFY, json_pack("{si}", "USER_ID", PETROVA));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_closed_deal_may_lie)
{
    struct house *h =
        house_with_swaps("config/rules.d/55-idle-deal.ini", SWAPS({"5 workdays", "2s"}));
    (void)deal_at(h, "C1:WON");
    (void)deal_at(h, "C1:LOSE");
    HOUSE_UNTIL(h, house_count_runs(h, "idle-deal", "cancelled") == 2);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(the_plan_of_the_week_waits_for_monday)
{
    struct house *h = house_with_file("config/rules.d/98-monday-plan.ini");
    HOUSE_UNTIL(h, house_count_runs(h, "monday-plan", "waiting") == 1);
    JV_AUTO *runs = house_runs(h, "monday-plan", "waiting", "");
    ck_assert_ptr_nonnull(strstr(jv_text(runs, "0.due", ""), "T09:30:00"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
    h = house_with_swaps("config/rules.d/98-monday-plan.ini",
                         SWAPS({"every monday 09:30", "event ONCRMCURRENCYUPDATE"}));
    tell(h, "ONCRMCURRENCYUPDATE");
    HOUSE_EFFECTS_ARE(h, 1, NOTIFY, json_pack("{si}", "USER_ID", KUZNETSOV));
    house_close(h);
}
END_TEST

CHECK_MAIN("rules_dates", a_client_without_a_new_deal_for_half_a_year_is_remembered,
           a_client_with_another_deal_does_not_sleep, a_client_is_congratulated_on_his_birthday,
           on_other_days_nobody_is_congratulated,
           a_meeting_is_confirmed_beforehand_and_where_it_was_moved_to,
           a_meeting_that_fell_through_is_not_confirmed, the_head_gets_a_digest_of_the_day,
           nothing_to_tell_is_not_told, a_deal_that_lies_idle_is_told_of_once_a_stage,
           a_closed_deal_may_lie, the_plan_of_the_week_waits_for_monday)
