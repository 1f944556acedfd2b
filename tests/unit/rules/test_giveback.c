#include "daemon/rules/giveback.h"

#include <check.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static json_t *json(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

static struct given given_of(const char *params, const char *vars, bool write)
{
    JV_AUTO *chosen = json(vars);
    struct command command = {.write = write, .params = json(params)};
    struct given given = {0};
    bool is = giveback_of(&command, chosen, &given);
    ck_assert_int_eq(is, given.owner > 0);
    json_decref(command.params);
    return given;
}

#define CHOSEN "{\"chosen\": {\"team t\": {\"id\": 7}, \"deputy of 6\": {\"id\": 6}, "
#define DEPUTY CHOSEN "\"deputy of 5\": {\"id\": 6}}}"

START_TEST(what_goes_to_a_deputy_in_the_place_of_another_was_given)
{
    static const char *const params[] = {
        "{\"entityTypeId\": 2, \"id\": 9, \"fields\": {\"assignedById\": 6}}",
        "{\"fields\": {\"TITLE\": \"t\", \"RESPONSIBLE_ID\": \"6\"}}",
        "{\"ownerId\": 9, \"responsibleId\": 6}",
    };
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        struct given given = given_of(params[i], DEPUTY, true);
        ck_assert_int_eq(given.owner, 5);
        ck_assert_int_eq(given.deputy, 6);
    }
}
END_TEST

START_TEST(what_is_his_own_or_is_to_stay_was_not)
{
    static const char to_him[] = "{\"responsibleId\": 6}";
    ck_assert_int_eq(given_of(to_him, CHOSEN "\"deputy of 5\": {\"id\": 17}}}", true).owner, 0);
    ck_assert_int_eq(
        given_of(to_him, CHOSEN "\"deputy of 5\": {\"id\": 6, \"keeps\": true}}}", true).owner, 0);
    ck_assert_int_eq(given_of("{\"responsibleId\": 7}", DEPUTY, true).owner, 0);
    ck_assert_int_eq(given_of("{\"USER_ID\": 6}", DEPUTY, true).owner, 0); /* a notification */
    ck_assert_int_eq(given_of(to_him, DEPUTY, false).owner, 0);
    ck_assert_int_eq(given_of(to_him, "{}", true).owner, 0);
}
END_TEST

static bool stands(int type, const char *record)
{
    const struct given given = {.owner = 5, .deputy = 6, .what = {.type = type, .id = "9"}};
    JV_AUTO *value = json(record);
    return giveback_stands(&given, value);
}

START_TEST(what_is_over_or_has_gone_on_to_others_stays)
{
    ck_assert(stands(ENTITY_DEAL, "{\"assignedById\": 6, \"stageSemanticId\": \"P\"}"));
    ck_assert(stands(ENTITY_CONTACT, "{\"assignedById\": \"6\"}"));
    ck_assert(!stands(ENTITY_DEAL, "{\"assignedById\": 6, \"stageSemanticId\": \"S\"}"));
    ck_assert(!stands(ENTITY_DEAL, "{\"assignedById\": 17, \"stageSemanticId\": \"P\"}"));
    ck_assert(!stands(ENTITY_DEAL, "null"));
    ck_assert(stands(ENTITY_TASK, "{\"responsibleId\": \"6\", \"status\": \"3\"}"));
    ck_assert(!stands(ENTITY_TASK, "{\"responsibleId\": \"6\", \"status\": \"5\"}"));
    ck_assert(!stands(ENTITY_TASK, "{\"responsibleId\": \"5\", \"status\": \"2\"}"));
    ck_assert(stands(ENTITY_ACTIVITY, "{\"RESPONSIBLE_ID\": \"6\", \"COMPLETED\": \"N\"}"));
    ck_assert(!stands(ENTITY_ACTIVITY, "{\"RESPONSIBLE_ID\": \"6\", \"COMPLETED\": \"Y\"}"));
}
END_TEST

START_TEST(it_goes_back_by_the_method_of_its_kind)
{
    static const struct {
        int type;
        const char *method, *params;
    } cases[] = {
        {147, "crm.item.update", "{\"entityTypeId\":147,\"id\":9,\"fields\":{\"assignedById\":5}}"},
        {ENTITY_TASK, "tasks.task.update", "{\"taskId\":9,\"fields\":{\"RESPONSIBLE_ID\":5}}"},
        {ENTITY_ACTIVITY, "crm.activity.update", "{\"id\":9,\"fields\":{\"RESPONSIBLE_ID\":5}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct given given = {
            .owner = 5, .deputy = 6, .what = {.type = cases[i].type, .id = "9"}};
        struct command command;
        giveback_command(&given, &command);
        char *params = jv_dump_new(command.params);
        ck_assert_str_eq(command.method, cases[i].method);
        ck_assert_str_eq(params, cases[i].params);
        ck_assert(command.write);
        mem_free(params);
        command_done(&command);
    }
}
END_TEST

CHECK_MAIN("giveback", what_goes_to_a_deputy_in_the_place_of_another_was_given,
           what_is_his_own_or_is_to_stay_was_not, what_is_over_or_has_gone_on_to_others_stays,
           it_goes_back_by_the_method_of_its_kind)
