#ifndef TESTS_SUPPORT_RULES_SCOPE_H
#define TESTS_SUPPORT_RULES_SCOPE_H

/* A scope to evaluate in, for the tests of conditions and templates: deal 123 of a small portal
 * with all its facts, at noon of Tuesday 2026-01-20 in Moscow. Tests take facts away or replace
 * them. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/scope.h"

static const char facts_text[] =
    "{'entity:2:123': {'id': 123, 'title': 'Поставка [окна] {{x}}', 'stageId': 'C5:OFFER',"
    "  'stageSemanticId': 'P', 'categoryId': 5, 'assignedById': 7, 'createdBy': 9,"
    "  'opportunity': 1500.5, 'currencyId': 'RUB', 'contactId': 15, 'contactIds': [15, 16],"
    "  'companyId': 4, 'sourceId': 'WEB', 'opened': 'Y', 'isNew': false, 'comments': '',"
    "  'closedate': '2026-02-01T03:00:00+03:00', 'createdTime': '2026-01-20T10:00:00+03:00',"
    "  'ufCrm_1': '2026-01-21T15:30:00+03:00', 'ufCrm_2': 47, 'ufCrm_3': [51, 52],"
    "  'ufCrm_4': 9, 'ufCrm_5': '2026-03-08T00:00:00+03:00', 'ufCrm_6': '2500.5|USD',"
    "  'parentId147': 22, 'observers': [7, 9], 'utmSource': 'say \\\"hi\\\"\\\\ \\r\\nSet-Cookie: "
    "a=b&c'},"
    " 'entity:3:15': {'id': 15, 'name': 'Анна', 'lastName': 'Ли', 'fm': ["
    "  {'id': 1, 'typeId': 'EMAIL', 'valueType': 'WORK', 'value': 'li@example.org'},"
    "  {'id': 2, 'typeId': 'PHONE', 'valueType': 'WORK', 'value': '8 (900) 111-22-33'},"
    "  {'id': 3, 'typeId': 'PHONE', 'valueType': 'HOME', 'value': '8 495 000-00-00'}]},"
    " 'entity:3:16': {'id': 16, 'name': 'Олег', 'lastName': null, 'fm': []},"
    " 'entity:4:4': {'id': 4, 'title': 'ООО «Ромашка»', 'assignedById': 9},"
    " 'entity:147:22': {'id': 22, 'title': 'Отгрузка 22', 'opportunity': 10},"
    " 'user:7': {'ID': '7', 'ACTIVE': true, 'NAME': 'Иван', 'LAST_NAME': 'Петров',"
    "  'EMAIL': 'ivan@example.org', 'WORK_PHONE': '+74950000007', 'PERSONAL_MOBILE': '',"
    "  'WORK_POSITION': 'менеджер', 'PERSONAL_CITY': 'Омск', 'UF_DEPARTMENT': [3]},"
    " 'user:9': {'ID': '9', 'ACTIVE': true, 'NAME': 'Мария', 'LAST_NAME': '[b]Сидорова',"
    "  'EMAIL': 'maria@example.org', 'UF_DEPARTMENT': [3]},"
    " 'user:1': {'ID': '1', 'ACTIVE': true, 'NAME': 'Глава', 'LAST_NAME': '',"
    "  'UF_DEPARTMENT': [1]},"
    " 'department:3': {'ID': '3', 'NAME': 'Отдел продаж', 'PARENT': '1', 'UF_HEAD': '9'},"
    " 'department:1': {'ID': '1', 'NAME': 'Фирма', 'UF_HEAD': '1'},"
    " 'user-email:ivan@example.org': {'ID': '7'}, 'user-email:nobody@example.org': null,"
    " 'user-name:Иван Петров': [{'ID': '7'}], 'user-name:Отдел продаж': [],"
    " 'user-name:Нет Такого': [], 'department-name:Нет Такого': [],"
    " 'department-name:Мария Сидорова': [], 'user-name:Мария Сидорова': [{'ID': 9}],"
    " 'department-name:Отдел продаж': [{'ID': '3', 'NAME': 'Отдел продаж'}],"
    " 'user-name:Два Ивана': [{'ID': '5', 'ACTIVE': true}, {'ID': '6', 'ACTIVE': true}],"
    " 'user-name:Один Остался': [{'ID': '5', 'ACTIVE': false}, {'ID': '6', 'ACTIVE': true}],"
    " 'stages:2': {'funnels': [{'id': 0, 'name': 'Продажи'}, {'id': 5, 'name': 'Колл-центр'}],"
    "  'stages': [{'id': 'NEW', 'name': 'Новая', 'category': 0, 'semantic': 'P'},"
    "   {'id': 'WON', 'name': 'Успех', 'category': 0, 'semantic': 'S'},"
    "   {'id': 'C5:NEW', 'name': 'Новая', 'category': 5, 'semantic': 'P'},"
    "   {'id': 'C5:OFFER', 'name': 'КП / счёт', 'category': 5, 'semantic': 'P'},"
    "   {'id': 'C5:LOSE', 'name': 'Отказ', 'category': 5, 'semantic': 'F'}]},"
    " 'stages:1': {'funnels': [], 'stages': ["
    "   {'id': 'NEW', 'name': 'Не разобран', 'category': null, 'semantic': 'P'},"
    "   {'id': 'JUNK', 'name': 'Спам', 'category': null, 'semantic': 'F'}]},"
    " 'fields:2': {'title': {'type': 'string', 'title': 'Название', 'upperName': 'TITLE'},"
    "  'assignedById': {'type': 'user', 'title': 'Ответственный', 'upperName': 'ASSIGNED_BY_ID'},"
    "  'contactId': {'type': 'crm_contact', 'title': 'Контакт', 'upperName': 'CONTACT_ID'},"
    "  'stageId': {'type': 'crm_status', 'title': 'Стадия', 'upperName': 'STAGE_ID'},"
    "  'ufCrm_1': {'type': 'datetime', 'title': 'Дата встречи', 'upperName': 'UF_CRM_1'},"
    "  'ufCrm_2': {'type': 'enumeration', 'title': 'Причина отказа', 'upperName': 'UF_CRM_2',"
    "   'items': [{'ID': '46', 'VALUE': 'Дорого'}, {'ID': '47', 'VALUE': 'Нет бюджета'}]},"
    "  'ufCrm_3': {'type': 'enumeration', 'title': 'Цвета', 'upperName': 'UF_CRM_3',"
    "   'isMultiple': true, 'items': [{'ID': '51', 'VALUE': 'Белый'}, {'ID': '52', 'VALUE': "
    "'Красный'},"
    "    {'ID': '53', 'VALUE': 'Синий'}]},"
    "  'ufCrm_4': {'type': 'employee', 'title': 'Куратор', 'upperName': 'UF_CRM_4'},"
    "  'ufCrm_5': {'type': 'date', 'title': 'День', 'upperName': 'UF_CRM_5'},"
    "  'ufCrm_6': {'type': 'money', 'title': 'Аванс', 'upperName': 'UF_CRM_6'},"
    "  'ufCrm_7': {'type': 'string', 'title': 'Двойник', 'upperName': 'UF_CRM_7'},"
    "  'ufCrm_8': {'type': 'string', 'title': 'Двойник', 'upperName': 'UF_CRM_8'}}}";

static const char vars_text[] =
    "{'old': {'id': 123, 'stageId': 'C5:NEW', 'stageSemanticId': 'P', 'categoryId': 5,"
    "  'assignedById': 9, 'opportunity': 1000, 'title': 'Поставка [окна] {{x}}', 'contactId': null,"
    "  'ufCrm_2': null},"
    " 'actor': 9, 'start': {'stageId': 'C5:OFFER', 'categoryId': 5},"
    " 'event': {'name': 'ONCRMDEALUPDATE', 'ts': 1768899600, 'data': {'FIELDS': {'ID': '123'}},"
    "  'query': {'sum': '500'}},"
    " 'labels': {'todo': {'id': 77, 'rows': [{'n': 'a'}, {'n': 'b'}]}, 'get-rate': {'rate': 1.5}}}";

struct bench {
    struct scope scope;
    struct rules_env env;
    struct zone *zone;
    struct calendar *calendar;
    json_t *facts, *vars;
    struct diag diag;
    struct ini *ini;
};

/* Single quotes for double ones: C strings stay readable. */
static inline json_t *json_of(const char *text)
{
    char *copy = mem_strdup(text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    struct err err = {0};
    json_t *tree = jv_parse_new(copy, strlen(copy), &err);
    ck_assert_msg(tree != NULL, "%s: %s", err.text, copy);
    mem_free(copy);
    return tree;
}

static inline void bench_init(struct bench *b)
{
    struct err err = {0};
    *b = (struct bench){0};
    b->zone = zone_load("Europe/Moscow", &err);
    ck_assert_msg(b->zone != NULL, "%s", err.text);
    b->calendar = calendar_new_plain(b->zone);
    b->facts = json_of(facts_text);
    b->vars = json_of(vars_text);
    ck_assert(zone_parse_iso(b->zone, "2026-01-20 12:00", &b->env.now_ms));
    b->env.zone = b->zone;
    b->env.portal_url = "https://firm.bitrix24.ru";
    b->env.default_calendar = b->calendar;
    b->scope = (struct scope){.env = &b->env,
                              .entity_type = ENTITY_DEAL,
                              .entity = {.type = ENTITY_DEAL, .id = "123"},
                              .facts = b->facts,
                              .vars = b->vars,
                              .needs = json_array(),
                              .trace = json_array()};
    diag_init(&b->diag);
}

static inline void bench_done(struct bench *b)
{
    json_decref(b->facts);
    json_decref(b->vars);
    json_decref(b->scope.needs);
    json_decref(b->scope.trace);
    calendar_free(b->calendar);
    zone_free(b->zone);
    diag_done(&b->diag);
    if (b->ini != NULL)
        ini_free(b->ini);
    *b = (struct bench){0};
}

/* The value as an entry that stands at t.ini:2:6. The bench owns it until the next call. */
static inline const struct ini_entry *bench_entry(struct bench *b, const char *value)
{
    char *text = mem_printf("[x]\nif = %s\n", value);
    if (b->ini != NULL)
        ini_free(b->ini);
    b->ini = ini_parse("t.ini", text, strlen(text), &b->diag);
    mem_free(text);
    ck_assert_uint_eq(b->diag.count, 0);
    return &b->ini->sections[0].entries[0];
}

/* What was complained of, joined by newlines, without "t.ini:2:"; forgets it. */
static inline char *bench_complaints_new(struct bench *b)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < b->diag.count; i++) {
        const char *text = b->diag.entries[i].text;
        const char *skip = strncmp(text, "t.ini:2:", 8) == 0 ? text + 8 : text;
        buf_printf(&out, "%s%s", i > 0 ? "\n" : "", skip);
    }
    diag_done(&b->diag);
    diag_init(&b->diag);
    return buf_take(&out);
}

/* What is needed, joined by blanks; forgets it. */
static inline char *bench_needs_new(struct bench *b)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 16);
    size_t i;
    json_t *need;
    json_array_foreach (b->scope.needs, i, need)
        buf_printf(&out, "%s%s", i > 0 ? " " : "", json_string_value(need));
    json_array_clear(b->scope.needs);
    return buf_take(&out);
}

static inline const struct expr_names *bench_names(void)
{
    static const char *const labels[] = {"todo", "get-rate", NULL};
    static const struct expr_names names = {ENTITY_DEAL, labels, false};
    return &names;
}

#endif
