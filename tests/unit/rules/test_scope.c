/* Names to ids: fields, users and their heads, stages, links; needs. */

#include "daemon/rules/scope.h"
#include "daemon/rules/who.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

static struct path path_of(const char *text)
{
    struct path path;
    struct err err = {0};
    size_t at = 0;
    ck_assert_msg(path_parse(text, &at, &path, &err), "%s", err.text);
    return path;
}

static enum known get(struct bench *b, const char *text, char **ret)
{
    struct path path = path_of(text);
    json_t *value = NULL;
    *ret = NULL;
    b->scope.err.text[0] = '\0';
    enum known known = scope_get(&b->scope, &path, &value);
    if (known == KNOWN)
        *ret = jv_dump_new(value);
    json_decref(value);
    path_done(&path);
    return known;
}

static void expect_value(struct bench *b, const char *text, const char *wanted)
{
    char *is;
    enum known known = get(b, text, &is);
    ck_assert_msg(known == KNOWN, "%s: %s", text, b->scope.err.text);
    ck_assert_msg(strcmp(is, wanted) == 0, "%s\n is: %s\nnot: %s", text, is, wanted);
    mem_free(is);
}

START_TEST(a_need_is_named_once)
{
    struct bench b;
    bench_init(&b);
    ck_assert_int_eq(scope_need(&b.scope, "user:5"), KNOWN_NOT);
    ck_assert_int_eq(scope_need(&b.scope, "user:6"), KNOWN_NOT);
    ck_assert_int_eq(scope_need(&b.scope, "user:5"), KNOWN_NOT);
    char *needs = bench_needs_new(&b);
    ck_assert_str_eq(needs, "user:5 user:6");
    mem_free(needs);
    bench_done(&b);
}
END_TEST

START_TEST(a_fact_that_is_null_is_known)
{
    struct bench b;
    bench_init(&b);
    const json_t *fact;
    (void)json_object_set_new(b.facts, "user:5", json_null());
    ck_assert_int_eq(scope_fact(&b.scope, "user:5", &fact), KNOWN);
    ck_assert(json_is_null(fact));
    ck_assert_int_eq(scope_fact(&b.scope, "user:6", &fact), KNOWN_NOT);
    bench_done(&b);
}
END_TEST

START_TEST(needs_have_a_ceiling)
{
    struct bench b;
    bench_init(&b);
    char need[32];
    enum known known = KNOWN_NOT;
    for (int i = 0; i < 1000 && known == KNOWN_NOT; i++) {
        (void)snprintf(need, sizeof need, "user:%d", i);
        known = scope_need(&b.scope, need);
    }
    ck_assert_int_eq(known, KNOWN_NOT);
    ck_assert_int_eq(scope_need(&b.scope, "user:1000"), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text, "more than 1000 facts are needed at once");
    bench_done(&b);
}
END_TEST

START_TEST(ids_need_no_record)
{
    struct bench b;
    bench_init(&b);
    json_object_clear(b.facts);
    expect_value(&b, "deal.id", "123");
    expect_value(&b, "old.id", "123");
    expect_value(&b, "actor", "9");
    expect_value(&b, "event.data.FIELDS.ID", "\"123\"");
    bench_done(&b);
}
END_TEST

START_TEST(users_have_their_fields)
{
    struct bench b;
    bench_init(&b);
    expect_value(&b, "deal.assigned.id", "\"7\"");
    expect_value(&b, "deal.assigned.name", "\"Иван\"");
    expect_value(&b, "deal.assigned.lastName", "\"Петров\"");
    expect_value(&b, "deal.assigned.fullName", "\"Иван Петров\"");
    expect_value(&b, "deal.assigned.email", "\"ivan@example.org\"");
    expect_value(&b, "deal.assigned.phone", "\"+74950000007\"");
    expect_value(&b, "deal.assigned.position", "\"менеджер\"");
    expect_value(&b, "deal.assigned.department", "\"Отдел продаж\"");
    expect_value(&b, "deal.assigned.PERSONAL_CITY", "\"Омск\"");
    expect_value(&b, "deal.assigned.NO_SUCH", "null");
    expect_value(&b, "deal.assigned.head", "9");
    expect_value(&b, "deal.observers", "[7,9]");
    bench_done(&b);
}
END_TEST

START_TEST(every_word_of_a_user_is_a_field)
{
    for (const char *const *word = user_words(); *word != NULL; word++)
        ck_assert_msg(user_has_field(*word), "%s", *word);
    ck_assert(user_has_field("UF_INTERESTS"));
    ck_assert(!user_has_field("Name"));
    ck_assert(!user_has_field("_X"));
}
END_TEST

START_TEST(a_head_of_his_own_department_answers_to_the_one_above)
{
    struct bench b;
    bench_init(&b);
    int64_t head = -1;
    ck_assert_int_eq(user_head(&b.scope, 7, &head), KNOWN);
    ck_assert_int_eq(head, 9);
    ck_assert_int_eq(user_head(&b.scope, 9, &head), KNOWN);
    ck_assert_int_eq(head, 1);
    ck_assert_int_eq(user_head(&b.scope, 1, &head), KNOWN);
    ck_assert_int_eq(head, 0);
    bench_done(&b);
}
END_TEST

START_TEST(departments_in_a_circle_end)
{
    struct bench b;
    bench_init(&b);
    (void)json_object_set_new(b.facts, "department:3", json_of("{'ID': 3, 'PARENT': 1}"));
    (void)json_object_set_new(b.facts, "department:1", json_of("{'ID': 1, 'PARENT': 3}"));
    int64_t head = -1;
    ck_assert_int_eq(user_head(&b.scope, 7, &head), KNOWN);
    ck_assert_int_eq(head, 0);
    bench_done(&b);
}
END_TEST

START_TEST(texts_mean_users)
{
    static const struct {
        const char *value, *ids;
    } cases[] = {
        {"17", "[17]"},
        {"'17'", "[17]"},
        {"'user_17'", "[17]"},
        {"'ivan@example.org'", "[7]"},
        {"'Иван Петров'", "[7]"},
        {"'Один Остался'", "[6]"},
        {"'head of Отдел продаж'", "[9]"},
        {"'head of \\\"Отдел продаж\\\"'", "[9]"},
        {"'head of 7'", "[9]"},
        {"'head of ivan@example.org'", "[9]"},
        {"'head of Мария Сидорова'", "[1]"},
        {"'ivan@example.org, 17,head of 7'", "[7,17,9]"},
        {"'17, 17, user_17'", "[17]"},
        {"' 17 , , 18 '", "[17,18]"},
        {"[7, '9', 'user_5']", "[7,9,5]"},
        {"['ivan@example.org', 9]", "[7,9]"},
        {"''", "[]"},
        {"null", "[]"},
        {"0", "[]"},
        {"[]", "[]"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JV_AUTO *value = json_of(cases[i].value), *ids = NULL;
        b.scope.err.text[0] = '\0';
        ck_assert_msg(scope_users(&b.scope, value, &ids) == KNOWN, "%s: %s", cases[i].value,
                      b.scope.err.text);
        char *text = jv_dump_new(ids);
        ck_assert_msg(strcmp(text, cases[i].ids) == 0, "%s: %s", cases[i].value, text);
        mem_free(text);
    }
    bench_done(&b);
}
END_TEST

START_TEST(an_unknown_user_is_told)
{
    static const struct {
        const char *value, *said;
    } cases[] = {
        {"'Нет Такого'", "unknown user \"Нет Такого\""},
        {"'7, nobody@example.org'", "unknown user \"nobody@example.org\""},
        {"'Два Ивана'", "2 users are called \"Два Ивана\" (5, 6); write an id or an e-mail"},
        {"'head of'", "\"head of\" needs a department or a user behind it"},
        {"'head of 1'", "user \"1\" has no head"},
        {"'head of Нет Такого'", "no department and no user is called \"Нет Такого\""},
        {"'team first-line'", "unknown team \"first-line\""},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JV_AUTO *value = json_of(cases[i].value);
        json_t *ids;
        b.scope.err.text[0] = '\0';
        ck_assert_int_eq(scope_users(&b.scope, value, &ids), KNOWN_BAD);
        ck_assert_str_eq(b.scope.err.text, cases[i].said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(all_users_of_a_list_are_needed_together)
{
    struct bench b;
    bench_init(&b);
    json_object_clear(b.facts);
    JV_AUTO *value = json_string("a@example.org, Иван Петров, head of 7, 17");
    json_t *ids;
    ck_assert_int_eq(scope_users(&b.scope, value, &ids), KNOWN_NOT);
    char *needs = bench_needs_new(&b);
    ck_assert_str_eq(needs, "user-email:a@example.org user-name:Иван Петров user:7");
    mem_free(needs);
    bench_done(&b);
}
END_TEST

START_TEST(a_list_of_users_has_a_ceiling)
{
    struct bench b;
    bench_init(&b);
    JV_AUTO *value = json_array();
    for (int i = 1; i <= 101; i++)
        (void)json_array_append_new(value, json_integer(i));
    json_t *ids;
    ck_assert_int_eq(scope_users(&b.scope, value, &ids), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text, "more than 100 users are meant");
    bench_done(&b);
}
END_TEST

START_TEST(fields_have_a_rest_name)
{
    static const struct {
        const char *name, *rest;
    } cases[] = {
        {"assigned", "assignedById"},
        {"assignedById", "assignedById"},
        {"ASSIGNED_BY_ID", "assignedById"},
        {"stage", "stageId"},
        {"\"Дата встречи\"", "ufCrm_1"},
        {"\"дата ВСТРЕЧИ\"", "ufCrm_1"},
        {"\"Название\"", "title"},
        {"UF_CRM_2", "ufCrm_2"},
        {"ufCrm_2", "ufCrm_2"},
        {"parentId147", "parentId147"},
        {"PARENT_ID_147", "parentId147"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[96] = "";
        struct path path = path_of(cases[i].name);
        ck_assert_msg(scope_field_name(&b.scope, ENTITY_DEAL, &path.parts[0], name) == KNOWN, "%s",
                      b.scope.err.text);
        ck_assert_str_eq(name, cases[i].rest);
        path_done(&path);
    }
    bench_done(&b);
}
END_TEST

START_TEST(fields_of_tasks_have_no_labels)
{
    struct bench b;
    bench_init(&b);
    char name[96];
    struct path path = path_of("\"Крайний срок\"");
    ck_assert_int_eq(scope_field_name(&b.scope, ENTITY_TASK, &path.parts[0], name), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text,
                     "fields of task have no labels; write its name instead of \"Крайний срок\"");
    path_done(&path);
    bench_done(&b);
}
END_TEST

START_TEST(stages_have_an_id_and_a_funnel)
{
    static const struct {
        int type;
        const char *text, *id;
        int category;
        char semantic;
    } cases[] = {
        {ENTITY_DEAL, "C5:OFFER", "C5:OFFER", 5, 'P'},
        {ENTITY_DEAL, "NEW", "NEW", 0, 'P'},
        {ENTITY_DEAL, "Продажи / Успех", "WON", 0, 'S'},
        {ENTITY_DEAL, "КОЛЛ-ЦЕНТР / кп / Счёт", "C5:OFFER", 5, 'P'},
        {ENTITY_LEAD, "Спам", "JUNK", -1, 'F'},
        {ENTITY_LEAD, "JUNK", "JUNK", -1, 'F'},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[96] = "", semantic = 0;
        int64_t category = -7;
        ck_assert_msg(scope_stage(&b.scope, cases[i].type, cases[i].text, id, &category) == KNOWN,
                      "%s", b.scope.err.text);
        ck_assert_str_eq(id, cases[i].id);
        ck_assert_int_eq(category, cases[i].category);
        ck_assert_int_eq(scope_semantic(&b.scope, cases[i].type, id, &semantic), KNOWN);
        ck_assert_int_eq(semantic, cases[i].semantic);
    }
    char semantic = 0;
    ck_assert_int_eq(scope_semantic(&b.scope, ENTITY_DEAL, "C9:GONE", &semantic), KNOWN);
    ck_assert_int_eq(semantic, '?');
    bench_done(&b);
}
END_TEST

START_TEST(another_kind_of_entity_means_nothing)
{
    struct bench b;
    bench_init(&b);
    char *is;
    b.scope.entity_type = ENTITY_NONE;
    expect_value(&b, "deal.stage", "\"C5:OFFER\"");
    ck_assert_int_eq(get(&b, "lead.title", &is), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text, "\"lead.title\" means nothing here: the rule runs for deal");
    b.scope.entity = (struct entity){0};
    ck_assert_int_eq(get(&b, "lead.title", &is), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text,
                     "\"lead.title\" means nothing here: the rule runs for no entity");
    bench_done(&b);
}
END_TEST

START_TEST(smart_processes_and_tasks_are_entities_too)
{
    struct bench b;
    bench_init(&b);
    b.scope.entity_type = 147;
    b.scope.entity = (struct entity){.type = 147, .id = "22"};
    expect_value(&b, "item.title", "\"Отгрузка 22\"");
    expect_value(&b, "item", "\"Отгрузка 22\"");
    b.scope.entity_type = ENTITY_TASK;
    b.scope.entity = (struct entity){.type = ENTITY_TASK, .id = "8"};
    (void)json_object_set_new(b.facts, "entity:-1:8",
                              json_of("{'id': '8', 'title': 'Звонок', 'responsibleId': '7'}"));
    expect_value(&b, "task.assigned.name", "\"Иван\"");
    expect_value(&b, "task", "\"Звонок\"");
    b.scope.entity_type = ENTITY_USER;
    b.scope.entity = (struct entity){.type = ENTITY_USER, .id = "7"};
    expect_value(&b, "user.email", "\"ivan@example.org\"");
    expect_value(&b, "user", "7");
    bench_done(&b);
}
END_TEST

START_TEST(a_run_of_no_entity_has_events_and_labels)
{
    struct bench b;
    bench_init(&b);
    b.scope.entity_type = ENTITY_NONE;
    b.scope.entity = (struct entity){0};
    expect_value(&b, "event.name", "\"ONCRMDEALUPDATE\"");
    expect_value(&b, "todo.id", "77");
    expect_value(&b, "skipped-step.id", "null");
    b.scope.vars = NULL;
    expect_value(&b, "event.name", "null");
    expect_value(&b, "actor", "null");
    expect_value(&b, "actor.name", "null");
    bench_done(&b);
}
END_TEST

START_TEST(a_member_of_a_list_is_that_of_each_or_of_the_one_with_its_number)
{
    struct bench b;
    bench_init(&b);
    json_t *found = json_pack("{si s[{si ss} {si} {si ss}]}", "total", 312, "items", "id", 1,
                              "title", "Окна", "id", 2, "id", 3, "title", "Двери");
    (void)json_object_set_new(json_object_get(b.vars, "labels"), "FOUND", found);
    expect_value(&b, "FOUND.total", "312");
    expect_value(&b, "FOUND.items.id", "[1,2,3]");
    expect_value(&b, "FOUND.items.title", "[\"Окна\",\"Двери\"]");
    expect_value(&b, "FOUND.items.2.title", "\"Двери\"");
    expect_value(&b, "FOUND.items.9.title", "null");
    expect_value(&b, "FOUND.items.title.x", "[]");
    expect_value(&b, "FOUND.total.title", "null");
    bench_done(&b);
}
END_TEST

START_TEST(too_long_a_list_is_not_followed)
{
    struct bench b;
    bench_init(&b);
    json_t *ids = json_array();
    for (int i = 1; i <= 51; i++)
        (void)json_array_append_new(ids, json_integer(i));
    (void)json_object_set_new(json_object_get(b.facts, "entity:2:123"), "contactIds", ids);
    char *is;
    ck_assert_int_eq(get(&b, "deal.contacts.name", &is), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text,
                     "\"deal.contacts.name\" leads to 51 entities, at most 50 are read");
    bench_done(&b);
}
END_TEST

START_TEST(a_link_is_built_from_the_portals_address)
{
    struct bench b;
    bench_init(&b);
    const struct entity deal = {.type = ENTITY_DEAL, .id = "5"};
    const struct entity none = {0}, call = {.type = ENTITY_CALL, .id = "x"};
    b.env.portal_url = "https://firm.bitrix24.ru/";
    char *link = scope_link_new(&b.scope, &deal);
    ck_assert_str_eq(link, "https://firm.bitrix24.ru/crm/deal/details/5/");
    mem_free(link);
    link = scope_link_new(&b.scope, &none);
    ck_assert_str_eq(link, "");
    mem_free(link);
    link = scope_link_new(&b.scope, &call);
    ck_assert_str_eq(link, "");
    mem_free(link);
    bench_done(&b);
}
END_TEST

/* Facts come from outside: whatever their shape, a value or an error is the answer. */
START_TEST(facts_of_a_wrong_shape_do_no_harm)
{
    static const char *const shapes[] = {
        "null", "[]", "{}", "'x'", "5", "[[]]", "{'fields': 5}", "{'stages': 'x', 'funnels': {}}"};
    static const char *const facts[] = {"entity:2:123",         "entity:3:15", "user:7",
                                        "department:3",         "fields:2",    "stages:2",
                                        "user-name:Иван Петров"};
    static const char *const paths[] = {"deal.contact.phone",
                                        "deal.contacts.name",
                                        "deal.assigned.head",
                                        "deal.\"Дата встречи\"",
                                        "deal.assigned.department",
                                        "deal.contact",
                                        "deal"};
    for (size_t f = 0; f < sizeof facts / sizeof facts[0]; f++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            struct bench b;
            bench_init(&b);
            (void)json_object_set_new(b.facts, facts[f], json_of(shapes[s]));
            for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
                char *is;
                enum known known = get(&b, paths[p], &is);
                ck_assert_msg(known != KNOWN_BAD || b.scope.err.text[0] != '\0', "%s", paths[p]);
                mem_free(is);
            }
            JV_AUTO *name = json_string("Иван Петров, head of 7"), *ids = NULL;
            char id[96];
            int64_t category;
            (void)scope_users(&b.scope, name, &ids);
            b.scope.err.text[0] = '\0';
            (void)scope_stage(&b.scope, ENTITY_DEAL, "Продажи / Новая", id, &category);
            bench_done(&b);
        }
}
END_TEST

CHECK_MAIN("scope", a_need_is_named_once, a_fact_that_is_null_is_known, needs_have_a_ceiling,
           ids_need_no_record, users_have_their_fields, every_word_of_a_user_is_a_field,
           a_head_of_his_own_department_answers_to_the_one_above, departments_in_a_circle_end,
           texts_mean_users, an_unknown_user_is_told, all_users_of_a_list_are_needed_together,
           a_list_of_users_has_a_ceiling, fields_have_a_rest_name, fields_of_tasks_have_no_labels,
           stages_have_an_id_and_a_funnel, another_kind_of_entity_means_nothing,
           smart_processes_and_tasks_are_entities_too, a_run_of_no_entity_has_events_and_labels,
           a_member_of_a_list_is_that_of_each_or_of_the_one_with_its_number,
           too_long_a_list_is_not_followed, a_link_is_built_from_the_portals_address,
           facts_of_a_wrong_shape_do_no_harm)
