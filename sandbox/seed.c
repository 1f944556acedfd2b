#include "sandbox/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

static const struct {
    int64_t id;
    const char *name, *last_name, *email, *position;
    int department;
    bool admin;
} users[] = {
    {1, "Анна", "Смирнова", "smirnova@firm.ru", "Администратор портала", 1, true},
    {2, "Сергей", "Орлов", "orlov@firm.ru", "Директор", 1, false},
    {5, "Иван", "Иванов", "ivanov@firm.ru", "Менеджер по продажам", 3, false},
    {6, "Мария", "Петрова", "petrova@firm.ru", "Менеджер по продажам", 3, false},
    {7, "Алексей", "Кузнецов", "kuznetsov@firm.ru", "Начальник отдела продаж", 3, false},
    {8, "Ольга", "Соколова", "sokolova@firm.ru", "Начальник колл-центра", 4, false},
    {9, "Дмитрий", "Волков", "volkov@firm.ru", "Начальник производства", 5, false},
    {17, "Елена", "Морозова", "morozova@firm.ru", "Оператор колл-центра", 4, false},
};

static const struct {
    int id, parent, head;
    const char *name;
} departments[] = {
    {1, 0, 2, "Фирма"},
    {3, 1, 7, "Отдел продаж"},
    {4, 1, 8, "Колл-центр"},
    {5, 1, 9, "Производство"},
};

static const struct {
    int id, type, sort;
    const char *name;
    bool usual;
} categories[] = {
    {0, ENTITY_DEAL, 100, "Колл-центр", true},
    {1, ENTITY_DEAL, 200, "Продажи", false},
    {3, ENTITY_DEAL, 300, "Производство", false},
    {2, ENTITY_INVOICE, 100, "Счета", true},
    {9, 147, 100, "Отгрузка", true},
};

/* §8.4: full ids; SEMANTICS S and F end the work. */
static const struct {
    const char *directory, *id, *name, *semantics;
} stages[] = {
    {"STATUS", "NEW", "Новый", NULL},
    {"STATUS", "IN_PROCESS", "В работе", NULL},
    {"STATUS", "CONVERTED", "Качественный лид", "S"},
    {"STATUS", "JUNK", "Некачественный лид", "F"},
    {"DEAL_STAGE", "NEW", "Новая", NULL},
    {"DEAL_STAGE", "PREPARATION", "Первый звонок", NULL},
    {"DEAL_STAGE", "UC_MEETING", "Назначена встреча", NULL},
    {"DEAL_STAGE", "WON", "Передана в продажи", "S"},
    {"DEAL_STAGE", "LOSE", "Отказ", "F"},
    {"DEAL_STAGE_1", "C1:NEW", "Новая", NULL},
    {"DEAL_STAGE_1", "C1:PREPARATION", "Подготовка КП", NULL},
    {"DEAL_STAGE_1", "C1:UC_OFFER", "КП отправлено", NULL},
    {"DEAL_STAGE_1", "C1:EXECUTING", "Переговоры", NULL},
    {"DEAL_STAGE_1", "C1:WON", "Сделка успешна", "S"},
    {"DEAL_STAGE_1", "C1:LOSE", "Сделка провалена", "F"},
    {"DEAL_STAGE_3", "C3:NEW", "Принято в производство", NULL},
    {"DEAL_STAGE_3", "C3:EXECUTING", "Изготовление", NULL},
    {"DEAL_STAGE_3", "C3:WON", "Готово", "S"},
    {"DEAL_STAGE_3", "C3:LOSE", "Отменено", "F"},
    {"QUOTE_STATUS", "DRAFT", "Черновик", NULL},
    {"QUOTE_STATUS", "SENT", "Отправлено клиенту", NULL},
    {"QUOTE_STATUS", "APPROVED", "Принято", "S"},
    {"QUOTE_STATUS", "DECLAINED", "Отклонено", "F"},
    {"SMART_INVOICE_STAGE_2", "DT31_2:N", "Новый", NULL},
    {"SMART_INVOICE_STAGE_2", "DT31_2:S", "Отправлен клиенту", NULL},
    {"SMART_INVOICE_STAGE_2", "DT31_2:P", "Оплачен", "S"},
    {"SMART_INVOICE_STAGE_2", "DT31_2:D", "Не оплачен", "F"},
    {"DYNAMIC_147_STAGE_9", "DT147_9:NEW", "Новая", NULL},
    {"DYNAMIC_147_STAGE_9", "DT147_9:PREPARATION", "Сборка", NULL},
    {"DYNAMIC_147_STAGE_9", "DT147_9:SUCCESS", "Отгружено", "S"},
    {"DYNAMIC_147_STAGE_9", "DT147_9:FAIL", "Отменена", "F"},
    {"SOURCE", "CALL", "Звонок", NULL},
    {"SOURCE", "EMAIL", "Электронная почта", NULL},
    {"SOURCE", "WEB", "Веб-сайт", NULL},
    {"SOURCE", "ADVERTISING", "Реклама", NULL},
};

static const struct {
    const char *entity, *name, *type, *label;
    const char *options[3]; /* of a list */
} userfields[] = {
    {"CRM_DEAL", "UF_CRM_REASON", "string", "Причина отказа", {NULL}},
    {"CRM_DEAL", "UF_CRM_MEETING", "datetime", "Дата встречи", {NULL}},
    {"CRM_DEAL",
     "UF_CRM_DELIVERY",
     "enumeration",
     "Способ доставки",
     {"Самовывоз", "Курьер", NULL}},
    {"CRM_LEAD", "UF_CRM_REASON", "string", "Причина отказа", {NULL}},
    {"CRM_3", "UF_CRM_3_TRACK", "string", "Трек-номер", {NULL}},
};

static const struct {
    const char *title, *phone;
} companies[] = {
    {"ООО «Ромашка»", "+74951112233"},
    {"ООО «Василёк»", "+78122223344"},
};

static const struct {
    const char *name, *last_name, *phone, *email;
    int company;
} contacts[] = {
    {"Пётр", "Сидоров", "+79001112233", "sidorov@romashka.ru", 1},
    {"Наталья", "Ильина", "+79002223344", "ilina@romashka.ru", 1},
    {"Олег", "Фёдоров", "+79003334455", "fedorov@vasilek.ru", 2},
};

enum { FIRST_OPTION = 45 };

/* Monday, 12 January 2026, 9:00 in Moscow: when the firm was entered. */
static const int64_t seeded_ms = 1768197600000;

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void seed_people(struct sandbox *sb)
{
    for (size_t i = 0; i < COUNT(users); i++) {
        store_put(&sb->store, "user", users[i].id,
                  json_pack("{so sb ss ss ss ss ss s[i] ss}", "ID", methods_text_new(users[i].id),
                            "ACTIVE", 1, "NAME", users[i].name, "LAST_NAME", users[i].last_name,
                            "SECOND_NAME", "", "EMAIL", users[i].email, "WORK_POSITION",
                            users[i].position, "UF_DEPARTMENT", users[i].department, "USER_TYPE",
                            "employee"));
        if (users[i].admin)
            store_put(&sb->store, "admin", users[i].id, json_pack("{sb}", "ADMIN", 1));
    }
    for (size_t i = 0; i < COUNT(departments); i++)
        store_put(&sb->store, "department", departments[i].id,
                  json_pack("{so ss si so so}", "ID", methods_text_new(departments[i].id), "NAME",
                            departments[i].name, "SORT", 500, "PARENT",
                            departments[i].parent > 0 ? methods_text_new(departments[i].parent)
                                                      : json_null(),
                            "UF_HEAD", methods_text_new(departments[i].head)));
}

/* "DEAL_STAGE_5" → "5", as CATEGORY_ID of crm.status.list has it. */
static json_t *category_of_new(const char *directory)
{
    const char *cut = strstr(directory, "STAGE_");
    return cut != NULL ? json_string(cut + 6) : json_null();
}

static void seed_stages(struct sandbox *sb)
{
    int sort = 0;
    for (size_t i = 0; i < COUNT(stages); i++) {
        bool same = i > 0 && strcmp(stages[i].directory, stages[i - 1].directory) == 0;
        const char *semantics = stages[i].semantics;
        int64_t id = 101 + 2 * (int64_t)i;
        sort = same ? sort + 10 : 10;
        const char *words = semantics == NULL   ? "process"
                            : *semantics == 'S' ? "success"
                                                : "failure";
        store_put(&sb->store, "status", id,
                  json_pack("{so ss ss ss ss so ss so ss ss? s{ss ss}}", "ID", methods_text_new(id),
                            "ENTITY_ID", stages[i].directory, "STATUS_ID", stages[i].id, "NAME",
                            stages[i].name, "NAME_INIT", "", "SORT", methods_text_new(sort),
                            "SYSTEM", same && semantics == NULL ? "N" : "Y", "CATEGORY_ID",
                            category_of_new(stages[i].directory), "COLOR", "#39A8EF", "SEMANTICS",
                            semantics, "EXTRA", "SEMANTICS", words, "COLOR", "#39A8EF"));
    }
}

static void seed_funnels(struct sandbox *sb)
{
    store_put(&sb->store, "type", 147,
              json_pack("{si ss si ss ss ss}", "id", 3, "title", "Отгрузка", "entityTypeId", 147,
                        "isCategoriesEnabled", "Y", "isStagesEnabled", "Y",
                        "isUseInUserfieldEnabled", "Y"));
    for (size_t i = 0; i < COUNT(categories); i++)
        /* Numbers of funnels repeat between types, so the rows have their own. */
        store_put(&sb->store, "category", (int64_t)i + 1,
                  json_pack("{si ss si si ss}", "id", categories[i].id, "name", categories[i].name,
                            "sort", categories[i].sort, "entityTypeId", categories[i].type,
                            "isDefault", categories[i].usual ? "Y" : "N"));
    seed_stages(sb);
}

static json_t *options_new(const char *const texts[3])
{
    json_t *list = json_array();
    for (int i = 0; texts[i] != NULL; i++)
        json_array_append_new(list, json_pack("{so ss}", "ID", methods_text_new(FIRST_OPTION + i),
                                              "VALUE", texts[i]));
    return list;
}

static void seed_fields(struct sandbox *sb)
{
    for (size_t i = 0; i < COUNT(userfields); i++) {
        int64_t id = 501 + (int64_t)i;
        json_t *row = json_pack("{so ss ss ss ss ss ss ss ss}", "ID", methods_text_new(id),
                                "ENTITY_ID", userfields[i].entity, "FIELD_NAME", userfields[i].name,
                                "USER_TYPE_ID", userfields[i].type, "SORT", "100", "MULTIPLE", "N",
                                "MANDATORY", "N", "EDIT_FORM_LABEL", userfields[i].label,
                                "LIST_COLUMN_LABEL", userfields[i].label);
        if (userfields[i].options[0] != NULL)
            json_object_set_new(row, "LIST", options_new(userfields[i].options));
        store_put(&sb->store, "userfield", id, row);
    }
}

/* Through the same door as everybody, so that records are whole; the events are forgotten. */
static int64_t add(struct sandbox *sb, int64_t type, json_t *fields)
{
    struct call call;
    json_t *row = NULL;
    call_init(&call, sb, NULL, NULL, 1);
    struct item_edit edit = {.call = &call, .entity = entity_of_type(sb, type), .fields = fields};
    bool fine = item_add(&edit, &row);
    json_decref(fields);
    call_done(&call);
    json_array_clear(sb->events.hit);
    return fine ? jv_int(row, "id", 0) : 0;
}

static void seed_clients(struct sandbox *sb)
{
    for (size_t i = 0; i < COUNT(companies); i++)
        add(sb, ENTITY_COMPANY,
            json_pack("{ss si s[{ss ss ss}]}", "title", companies[i].title, "assignedById", 5, "fm",
                      "typeId", "PHONE", "valueType", "WORK", "value", companies[i].phone));
    for (size_t i = 0; i < COUNT(contacts); i++)
        add(sb, ENTITY_CONTACT,
            json_pack("{ss ss si si s[{ss ss ss} {ss ss ss}]}", "name", contacts[i].name,
                      "lastName", contacts[i].last_name, "companyId", contacts[i].company,
                      "assignedById", 5, "fm", "typeId", "PHONE", "valueType", "WORK", "value",
                      contacts[i].phone, "typeId", "EMAIL", "valueType", "WORK", "value",
                      contacts[i].email));
}

static void seed_templates(struct sandbox *sb)
{
    store_put(&sb->store, "document_template", 5,
              json_pack("{ss ss ss s[ss]}", "id", "5", "name", "Коммерческое предложение", "active",
                        "Y", "entityTypeId", "2_category_0", "2_category_1"));
    store_put(&sb->store, "document_template", 6,
              json_pack("{ss ss ss s[s]}", "id", "6", "name", "Акт", "active", "Y", "entityTypeId",
                        "2_category_3"));
    store_put(&sb->store, "workflow_template", 1,
              json_pack("{ss ss ss ss s[sss]}", "ID", "1", "NAME", "Согласование скидки",
                        "MODULE_ID", "crm", "ENTITY", "CCrmDocumentDeal", "DOCUMENT_TYPE", "crm",
                        "CCrmDocumentDeal", "DEAL"));
    store_put(&sb->store, "chat", 2941, json_pack("{si ss}", "ID", 2941, "TITLE", "Отдел продаж"));
}

void seed_firm(struct sandbox *sb)
{
    sb->now_ms = seeded_ms;
    seed_people(sb);
    seed_funnels(sb);
    seed_fields(sb);
    seed_clients(sb);
    seed_templates(sb);
}

void seed_deals(struct sandbox *sb, int64_t count)
{
    char title[64];
    for (int64_t i = 1; i <= count; i++) {
        (void)snprintf(title, sizeof title, "Сделка из толпы %" PRId64, i);
        add(sb, ENTITY_DEAL,
            json_pack("{ss si ss sI sI si}", "title", title, "categoryId", 1, "stageId", "C1:NEW",
                      "opportunity", INT64_C(1000) * i, "contactId", 1 + i % 3, "assignedById", 5));
    }
}

int64_t seed_openline(struct sandbox *sb, const char *type, int64_t id, int64_t user)
{
    int64_t chat = store_next(&sb->store, "openline");
    store_put(&sb->store, "openline", chat,
              json_pack("{sI ss sI s[I] ss}", "CHAT_ID", (json_int_t)chat, "CRM_ENTITY_TYPE", type,
                        "CRM_ENTITY", (json_int_t)id, "USERS", (json_int_t)user, "CONNECTOR_ID",
                        "livechat"));
    return chat;
}
