#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/engine/writes.h"
#include "tests/support/check_main.h"

static const struct entity deal = {.type = ENTITY_DEAL, .id = "5"};
static const struct entity other = {.type = ENTITY_DEAL, .id = "6"};
static const struct entity any_deal = {.type = ENTITY_DEAL, .id = "*"};
static const struct entity lead = {.type = ENTITY_LEAD, .id = "5"};

static struct writes *writes;

static void setup(void)
{
    writes = writes_new();
}

static void teardown(void)
{
    writes_free(writes);
}

START_TEST(a_write_is_under_way_until_it_ends)
{
    ck_assert(!writes_under_way(writes, 1, &deal, false));
    writes_begin(writes, 1, &deal);
    ck_assert(writes_under_way(writes, 1, &deal, false));
    ck_assert(!writes_under_way(writes, 2, &deal, false));
    ck_assert(!writes_under_way(writes, 1, &other, false));
    ck_assert(!writes_under_way(writes, 1, &lead, false));
    writes_end(writes, 1, &deal);
    ck_assert(!writes_under_way(writes, 1, &deal, false));
}
END_TEST

START_TEST(two_writes_end_twice)
{
    writes_begin(writes, 1, &deal);
    writes_begin(writes, 1, &deal);
    writes_end(writes, 1, &deal);
    ck_assert(writes_under_way(writes, 1, &deal, false));
    writes_end(writes, 1, &deal);
    ck_assert(!writes_under_way(writes, 1, &deal, false));
    writes_end(writes, 1, &deal); /* one too many is no harm */
}
END_TEST

START_TEST(a_creation_holds_up_looks_at_what_is_new)
{
    writes_begin(writes, 1, &any_deal);
    ck_assert(writes_under_way(writes, 1, &deal, true));
    ck_assert(!writes_under_way(writes, 1, &deal, false));
    ck_assert(!writes_under_way(writes, 1, &lead, true));
    ck_assert(!writes_under_way(writes, 2, &deal, true));
    writes_end(writes, 1, &any_deal);
    ck_assert(!writes_under_way(writes, 1, &deal, true));
}
END_TEST

START_TEST(many_entities_are_kept_apart)
{
    struct entity e = {.type = ENTITY_DEAL};
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(e.id, sizeof e.id, "%d", i);
        writes_begin(writes, i % 3, &e);
    }
    for (int i = 0; i < 2000; i += 2) {
        (void)snprintf(e.id, sizeof e.id, "%d", i);
        writes_end(writes, i % 3, &e);
    }
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(e.id, sizeof e.id, "%d", i);
        ck_assert_int_eq(writes_under_way(writes, i % 3, &e, false), i % 2);
    }
}
END_TEST

/* ---- what a command writes ------------------------------------------------------------------- */

static const struct written {
    const char *method, *params;
    int type; /* ENTITY_NONE: nothing that rules follow */
    const char *id;
} written[] = {
    {"crm.item.update", "{\"entityTypeId\":2,\"id\":5}", ENTITY_DEAL, "5"},
    {"crm.item.update", "{\"entityTypeId\":\"147\",\"id\":\"5\"}", 147, "5"},
    {"CRM.Item.Update", "{\"entityTypeId\":2,\"id\":5}", ENTITY_DEAL, "5"},
    {"crm.item.update", "{\"id\":5}", ENTITY_NONE, ""},
    {"crm.item.update", "{\"entityTypeId\":2}", ENTITY_NONE, ""},
    {"crm.item.add", "{\"entityTypeId\":4}", ENTITY_COMPANY, "*"},
    {"crm.item.delete", "{\"entityTypeId\":1,\"id\":7}", ENTITY_LEAD, "7"},
    {"crm.deal.update", "{\"id\":5}", ENTITY_DEAL, "5"},
    {"crm.deal.update", "{\"ID\":\"5\"}", ENTITY_DEAL, "5"},
    {"crm.contact.add", "{}", ENTITY_CONTACT, "*"},
    {"tasks.task.update", "{\"taskId\":9}", ENTITY_TASK, "9"},
    {"tasks.task.add", "{}", ENTITY_TASK, "*"},
    {"crm.activity.todo.add", "{}", ENTITY_ACTIVITY, "*"},
    {"im.notify.personal.add", "{\"id\":5}", ENTITY_NONE, ""},
    {"crm.item.get", "{\"entityTypeId\":2,\"id\":5}", ENTITY_NONE, ""},
};

static struct command command_of(const char *method, const char *params)
{
    struct err err = {0};
    struct command c = {.method = (char *)(uintptr_t)method, .write = true};
    c.params = jv_parse_new(params, strlen(params), &err);
    ck_assert_msg(c.params != NULL, "%s", err.text);
    return c;
}

START_TEST(a_commands_target_is_known_before_it_is_sent)
{
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        struct command c = command_of(written[i].method, written[i].params);
        struct entity e = {0};
        ck_assert_msg(writes_target(&c, &e) == (written[i].type != ENTITY_NONE), "%s",
                      written[i].method);
        ck_assert_int_eq(e.type, written[i].type);
        ck_assert_str_eq(e.id, written[i].id);
        json_decref(c.params);
    }
}
END_TEST

START_TEST(readers_and_other_systems_write_nothing)
{
    struct command c = command_of("crm.item.update", "{\"entityTypeId\":2,\"id\":5}");
    struct entity e;
    c.write = false;
    ck_assert(!writes_target(&c, &e));
    c.write = true;
    c.kind = COMMAND_HTTP;
    ck_assert(!writes_target(&c, &e));
    json_decref(c.params);
}
END_TEST

static const struct outcome {
    const char *method, *params, *result;
    int type;
    const char *id, *record, *fields; /* NULL: none */
} outcomes[] = {
    {"crm.item.update", "{\"entityTypeId\":2,\"id\":5,\"fields\":{\"title\":\"x\"}}",
     "{\"item\":{\"id\":5,\"title\":\"x\",\"stageId\":\"NEW\"}}", ENTITY_DEAL, "5",
     "{\"id\":5,\"title\":\"x\",\"stageId\":\"NEW\"}", "{\"title\":\"x\"}"},
    {"crm.item.add", "{\"entityTypeId\":2,\"fields\":{}}",
     "{\"item\":{\"id\":77,\"title\":\"x\",\"stageId\":\"NEW\"}}", ENTITY_DEAL, "77",
     "{\"id\":77,\"title\":\"x\",\"stageId\":\"NEW\"}", "{}"},
    /* found by looking: the id alone is no record */
    {"crm.item.add", "{\"entityTypeId\":2,\"fields\":{}}", "{\"item\":{\"id\":77}}", ENTITY_DEAL,
     "77", NULL, "{}"},
    {"crm.item.delete", "{\"entityTypeId\":2,\"id\":5}", "[]", ENTITY_DEAL, "5", NULL, NULL},
    {"crm.deal.update", "{\"id\":5}", "true", ENTITY_DEAL, "5", NULL, NULL},
    {"crm.deal.add", "{}", "88", ENTITY_DEAL, "88", NULL, NULL},
    {"crm.activity.todo.add", "{}", "{\"id\":99}", ENTITY_ACTIVITY, "99", NULL, NULL},
    {"tasks.task.add", "{}", "{\"task\":{\"id\":\"31\"}}", ENTITY_TASK, "31", NULL, NULL},
    {"crm.item.add", "{\"entityTypeId\":2}", "null", ENTITY_NONE, "", NULL, NULL},
    {"crm.deal.add", "{}", "\"x\"", ENTITY_NONE, "", NULL, NULL},
    {"crm.deal.add", "{}", NULL, ENTITY_NONE, "", NULL, NULL},
    {"im.notify.personal.add", "{}", "5", ENTITY_NONE, "", NULL, NULL},
};

static void value_is(const json_t *value, const char *expected)
{
    char *text = value != NULL ? jv_dump_new(value) : NULL;
    ck_assert_pstr_eq(text, expected);
    mem_free(text);
}

START_TEST(an_answer_says_what_was_written)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        const struct outcome *o = &outcomes[i];
        struct command c = command_of(o->method, o->params);
        struct err err = {0};
        JV_AUTO *result =
            o->result != NULL ? jv_parse_new(o->result, strlen(o->result), &err) : NULL;
        struct entity e = {0};
        const json_t *record = NULL;
        const json_t *fields = NULL;
        ck_assert_msg(writes_outcome(&c, result, &e, &record, &fields) == (o->type != ENTITY_NONE),
                      "%s", o->method);
        ck_assert_int_eq(e.type, o->type);
        ck_assert_str_eq(e.id, o->id);
        value_is(record, o->record);
        value_is(fields, o->fields);
        json_decref(c.params);
    }
}
END_TEST

CHECK_MAIN_FIXTURE("engine/writes", setup, teardown, a_write_is_under_way_until_it_ends,
                   two_writes_end_twice, a_creation_holds_up_looks_at_what_is_new,
                   many_entities_are_kept_apart, a_commands_target_is_known_before_it_is_sent,
                   readers_and_other_systems_write_nothing, an_answer_says_what_was_written)
