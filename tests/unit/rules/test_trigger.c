#include "daemon/rules/trigger.h"

#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

/* `on = TEXT` read as a trigger by itself. */
struct one {
    struct diag diag;
    struct ini *ini;
    struct trigger trigger;
    bool good;
};

static void read_one(struct one *o, const char *text, int entity_type, bool cancel)
{
    char section[512];
    (void)snprintf(section, sizeof section, "[rule r]\non = %s\n", text);
    diag_init(&o->diag);
    o->ini = ini_parse("t.ini", section, strlen(section), &o->diag);
    const struct trigger_frame frame = {.entity_type = entity_type, .cancel = cancel};
    o->good = trigger_parse(&o->ini->sections[0].entries[0], &frame, &o->trigger, &o->diag);
}

static void one_done(struct one *o)
{
    trigger_done(&o->trigger);
    ini_free(o->ini);
    diag_done(&o->diag);
}

static void is_read_as(const char *text, enum trigger_kind kind, int entity_type)
{
    struct one o;
    read_one(&o, text, ENTITY_NONE, false);
    ck_assert_msg(o.good, "%s", o.diag.count > 0 ? o.diag.entries[0].text : text);
    ck_assert_int_eq(o.trigger.kind, kind);
    ck_assert_int_eq(o.trigger.entity_type, entity_type);
    ck_assert_str_eq(o.trigger.text, text);
    ck_assert_int_eq(o.trigger.at.line, 2);
    ck_assert_int_eq(o.trigger.at.column, 6);
    one_done(&o);
}

START_TEST(each_kind_has_its_added_updated_and_deleted)
{
    size_t count = 0;
    const struct entity_kind *kinds = entity_kinds(&count);
    ck_assert_uint_eq(count, 12);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        bool item = kinds[i].type == ENTITY_ITEM;
        int type = item ? 147 : kinds[i].type;
        (void)snprintf(text, sizeof text, "%s%s added", kinds[i].word, item ? " 147" : "");
        is_read_as(text, TRIGGER_ADDED, type);
        (void)snprintf(text, sizeof text, "%s%s updated", kinds[i].word, item ? " 147" : "");
        is_read_as(text, TRIGGER_UPDATED, type);
        (void)snprintf(text, sizeof text, "%s%s deleted", kinds[i].word, item ? " 147" : "");
        is_read_as(text, TRIGGER_DELETED, type);
    }
}
END_TEST

static void stage_is_read_as(const char *text, enum trigger_kind kind, enum stage_ref_kind stage,
                             const char *stage_text)
{
    struct one o;
    read_one(&o, text, ENTITY_NONE, true);
    ck_assert_msg(o.good, "%s", o.diag.count > 0 ? o.diag.entries[0].text : text);
    ck_assert_int_eq(o.trigger.kind, kind);
    ck_assert_int_eq(o.trigger.stage.kind, stage);
    ck_assert_str_eq(o.trigger.stage.text, stage_text);
    one_done(&o);
}

START_TEST(stages_are_names_ids_or_meanings)
{
    stage_is_read_as("deal enters \"Продажи / КП отправлено\"", TRIGGER_ENTERS, STAGE_NAMED,
                     "Продажи / КП отправлено");
    stage_is_read_as("lead leaves \"Новый\"", TRIGGER_LEAVES, STAGE_NAMED, "Новый");
    stage_is_read_as("deal enters C1:WON", TRIGGER_ENTERS, STAGE_ID, "C1:WON");
    stage_is_read_as("item 147 enters DT147_9:NEW", TRIGGER_ENTERS, STAGE_ID, "DT147_9:NEW");
    stage_is_read_as("lead enters UC_KN8KFI", TRIGGER_ENTERS, STAGE_ID, "UC_KN8KFI");
    stage_is_read_as("deal enters @won", TRIGGER_ENTERS, STAGE_WON, "@won");
    stage_is_read_as("deal leaves @open", TRIGGER_LEAVES, STAGE_OPEN, "@open");
    stage_is_read_as("quote enters @lost", TRIGGER_ENTERS, STAGE_LOST, "@lost");
}
END_TEST

START_TEST(a_stage_left_without_a_name_is_the_one_at_the_start)
{
    stage_is_read_as("deal leaves stage", TRIGGER_LEAVES, STAGE_CURRENT, "stage");
}
END_TEST

START_TEST(funnels_are_names_or_numbers)
{
    static const struct {
        const char *text, *name;
    } rows[] = {{"deal enters funnel \"Отгрузка\"", "Отгрузка"},
                {"deal enters funnel 9", "9"},
                {"item 147 enters funnel 0", "0"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct one o;
        read_one(&o, rows[i].text, ENTITY_NONE, false);
        ck_assert(o.good);
        ck_assert_int_eq(o.trigger.kind, TRIGGER_ENTERS_FUNNEL);
        ck_assert_str_eq(o.trigger.name, rows[i].name);
        one_done(&o);
    }
}
END_TEST

START_TEST(a_field_changes_from_one_value_to_another)
{
    struct one o;
    read_one(&o, "deal.stage changes from C1:NEW to \"Продажи / КП\"", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_CHANGES);
    ck_assert_int_eq(o.trigger.field.count, 2);
    ck_assert_str_eq(o.trigger.field.parts[1].text, "stage");
    ck_assert_str_eq(o.trigger.from->text, "C1:NEW");
    ck_assert_str_eq(o.trigger.to->text, "Продажи / КП");
    one_done(&o);
}
END_TEST

START_TEST(a_field_may_change_to_anything)
{
    struct one o;
    read_one(&o, "deal.\"Дата встречи\" changes", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert(o.trigger.field.parts[1].quoted);
    ck_assert_ptr_null(o.trigger.from);
    ck_assert_ptr_null(o.trigger.to);
    one_done(&o);
    read_one(&o, "deal.assigned changes to 17", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_ptr_null(o.trigger.from);
    ck_assert_double_eq(o.trigger.to->number, 17);
    one_done(&o);
}
END_TEST

START_TEST(a_field_of_a_smart_process_is_named_behind_its_number)
{
    struct one o;
    read_one(&o, "item 147.title changes from \"а\"", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.entity_type, 147);
    ck_assert_str_eq(o.trigger.field.text, "item.title");
    ck_assert_uint_eq(o.trigger.field.parts[1].offset, strlen("item 147."));
    ck_assert_str_eq(o.trigger.from->text, "а");
    one_done(&o);
    /* the rule's kind is known already: the number may be left out */
    read_one(&o, "item.title changes", 147, true);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.entity_type, 147);
    one_done(&o);
}
END_TEST

START_TEST(robots_keep_their_code_and_events_become_upper_case)
{
    struct one o;
    read_one(&o, "robot Call-me.2", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_ROBOT);
    ck_assert_int_eq(o.trigger.entity_type, ENTITY_NONE);
    ck_assert_str_eq(o.trigger.name, "Call-me.2");
    one_done(&o);
    read_one(&o, "event OnCrmDealAdd", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_EVENT);
    ck_assert_int_eq(o.trigger.entity_type, ENTITY_DEAL);
    ck_assert_str_eq(o.trigger.name, "ONCRMDEALADD");
    one_done(&o);
    read_one(&o, "event ONANYTHING", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.entity_type, ENTITY_NONE);
    one_done(&o);
}
END_TEST

START_TEST(timers_are_counted_from_dates)
{
    struct one o;
    read_one(&o, "2h 30m before deal.\"Дата before встречи\"", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_BEFORE);
    ck_assert_int_eq(o.trigger.entity_type, ENTITY_DEAL);
    ck_assert_int_eq(o.trigger.span.amount, 150 * 60000);
    ck_assert_str_eq(o.trigger.field.parts[1].text, "Дата before встречи");
    one_done(&o);
    read_one(&o, "3 workdays after item 147.ufCrm_9", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_AFTER);
    ck_assert_int_eq(o.trigger.entity_type, 147);
    ck_assert_int_eq(o.trigger.span.unit, DURATION_WORKDAYS);
    one_done(&o);
    read_one(&o, "1d after task.deadline", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.entity_type, ENTITY_TASK);
    one_done(&o);
    is_read_as("90s after lead.created", TRIGGER_AFTER, ENTITY_LEAD);
    is_read_as("2h before deal.UF_CRM_MEETING", TRIGGER_BEFORE, ENTITY_DEAL);
}
END_TEST

START_TEST(timers_of_idleness_and_of_every_day)
{
    static const struct {
        const char *text;
        int every, minute;
    } rows[] = {{"every day 09:00", EVERY_DAY, 540},
                {"every monday 9:05", 1, 545},
                {"every sunday 23:59", 7, 1439},
                {"every weekday 00:00", EVERY_WEEKDAY, 0},
                {"every workday 18:30", EVERY_WORKDAY, 1110}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct one o;
        read_one(&o, rows[i].text, ENTITY_NONE, false);
        ck_assert(o.good);
        ck_assert_int_eq(o.trigger.kind, TRIGGER_EVERY);
        ck_assert_int_eq(o.trigger.entity_type, ENTITY_NONE);
        ck_assert_int_eq(o.trigger.every, rows[i].every);
        ck_assert_int_eq(o.trigger.minute_of_day, rows[i].minute);
        one_done(&o);
    }
    struct one o;
    read_one(&o, "deal idle 3 workdays", ENTITY_NONE, false);
    ck_assert(o.good);
    ck_assert_int_eq(o.trigger.kind, TRIGGER_IDLE);
    ck_assert_int_eq(o.trigger.span.amount, 3);
    one_done(&o);
}
END_TEST

START_TEST(a_mistake_leaves_nothing_behind)
{
    struct one o;
    read_one(&o, "deal enters @won at once", ENTITY_NONE, false);
    ck_assert(!o.good);
    ck_assert_uint_eq(o.diag.count, 1);
    ck_assert_ptr_null(o.trigger.text);
    ck_assert_ptr_null(o.trigger.stage.text);
    one_done(&o);
}
END_TEST

START_TEST(a_cancel_on_tells_triggers_from_conditions)
{
    static const char *const triggers[] = {
        "deal leaves stage",
        "deal.assigned changes",
        "deal.\"Дата встречи\" changes to 5",
        "item 147 deleted",
        "client contacts",
        "we contact client",
        "robot stop",
        "2h before deal.closedate",
        "deal leves stage",
        "deal",
    };
    static const char *const conditions[] = {
        "deal.stage = C1:WON",
        "deal.stage changed",
        "deal.closed",
        "deal.\"Дата встречи\" is empty",
        "not deal.closed = Y",
        "(deal.closed = Y)",
        "deal.source in (WEB, CALL)",
        "deal.source not in (WEB)",
        "now > deal.closedate",
        "5 < deal.opportunity",
        "\"x\" = deal.title",
        "today 18:00 < deal.closedate",
        "now - 2h > deal.closedate",
        "deal.title contains \"x\" and deal.closed = N",
    };
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++)
        ck_assert_msg(trigger_looks_like(triggers[i]), "%s", triggers[i]);
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        ck_assert_msg(!trigger_looks_like(conditions[i]), "%s", conditions[i]);
}
END_TEST

CHECK_MAIN("trigger", each_kind_has_its_added_updated_and_deleted, stages_are_names_ids_or_meanings,
           a_stage_left_without_a_name_is_the_one_at_the_start, funnels_are_names_or_numbers,
           a_field_changes_from_one_value_to_another, a_field_may_change_to_anything,
           a_field_of_a_smart_process_is_named_behind_its_number,
           robots_keep_their_code_and_events_become_upper_case, timers_are_counted_from_dates,
           timers_of_idleness_and_of_every_day, a_mistake_leaves_nothing_behind,
           a_cancel_on_tells_triggers_from_conditions)
