#include "daemon/rules/look.h"

#include <string.h>

#include "common/jv.h"

/* What an effect can be known by, from the strongest:
 *  - a mark of ours in a field made for it (originId, xmlId, XML_ID): nobody else's can be taken
 *    for it;
 *  - the values written (updates): if they are there, it is the same whoever wrote them;
 *  - text, owner and a time of creation not before the attempt: what remains is that the same text
 *    was written for the same entity by somebody else within those two minutes.
 * Times are asked for in the list's filter. crm.timeline.comment.list documents only two filter
 * fields; should it ignore CREATED, an equal comment among the newest fifty is taken for ours. */

static json_t *members(const json_t *from, const char *const *names)
{
    json_t *ret = json_object();
    for (; *names != NULL; names++) {
        json_t *value = json_object_get(from, *names);
        if (!jv_is_empty(value))
            (void)json_object_set(ret, *names, value);
    }
    return ret;
}

/* Takes params and where. */
static json_t *list_look(const char *method, json_t *params, const char *list, json_t *where)
{
    return json_pack("{s:s, s:o, s:s, s:o}", "method", method, "params", params, "list", list,
                     "where", where);
}

/* ---- crm.item.* (bitrix24.md §8.2) ----------------------------------------------------------- */

static json_t *item_list_look(const json_t *params, json_t *filter, json_t *where)
{
    json_t *list = json_pack("{s:O?, s:[s], s:o, s:{s:s}, s:i}", "entityTypeId",
                             json_object_get(params, "entityTypeId"), "select", "*", "filter",
                             filter, "order", "id", "DESC", "start", -1);
    json_t *look = list_look("crm.item.list", list, "items", where);
    (void)json_object_set_new(look, "as", json_string("item"));
    return look;
}

static json_t *look_item_add(const char *method, const json_t *params,
                             const struct look_since *since)
{
    static const char *const marks[] = {"originatorId", "originId", "xmlId", NULL};
    static const char *const texts[] = {"title", "name", "lastName", "assignedById", NULL};
    (void)method;
    const json_t *fields = json_object_get(params, "fields");
    JV_AUTO *marks_set = members(fields, marks);
    JV_AUTO *texts_set = members(fields, texts);
    bool marked = json_object_get(marks_set, "originId") || json_object_get(marks_set, "xmlId");
    bool called = json_object_get(texts_set, "title") || json_object_get(texts_set, "lastName");
    if (!marked && !called)
        return NULL; /* quotes and the like without a title: nothing tells them apart */
    json_t *filter = marked ? json_copy(marks_set) : json_object();
    (void)json_object_set_new(filter, ">=createdTime",
                              json_string(marked ? since->day : since->recent));
    json_t *look = item_list_look(params, filter, json_incref(marked ? marks_set : texts_set));
    if (marked && called) /* a portal that keeps the mark to itself */
        (void)json_object_set(look, "unmarked", texts_set);
    return look;
}

/* The row of `fm` that tells whether the write happened: one that gives a value. Rows that only
 * take one away leave nothing to see. */
static json_t *phone_row(const json_t *rows)
{
    const char *key;
    json_t *row;
    json_object_foreach ((json_t *)(uintptr_t)rows, key, row) {
        if (jv_text(row, "value", "")[0] != '\0')
            return json_pack("{s:O?, s:O}", "typeId", json_object_get(row, "typeId"), "value",
                             json_object_get(row, "value"));
    }
    return NULL;
}

static json_t *look_item_update(const char *method, const json_t *params,
                                const struct look_since *since)
{
    static const char *const names[] = {"entityTypeId", "id", "useOriginalUfNames", NULL};
    (void)method;
    (void)since;
    json_t *fields = json_object_get(params, "fields");
    if (json_object_size(fields) == 0)
        return NULL;
    json_t *rows = json_object_get(fields, "fm");
    json_t *where = json_is_object(rows) ? phone_row(rows) : NULL;
    if (where != NULL)
        return list_look("crm.item.get", members(params, names), "item.fm", where);
    if (rows != NULL)
        return json_pack("{s:b}", "repeat", 1); /* rows are named by id: gone is gone */
    return json_pack("{s:s, s:o, s:s, s:O}", "method", "crm.item.get", "params",
                     members(params, names), "at", "item", "equal", fields);
}

/* ---- classic CRM: crm.deal.update and its like (§8.3) ---------------------------------------- */

/* "crm.deal.update" → "crm.deal.get". */
static json_t *sibling(const char *method, const char *verb)
{
    return json_sprintf("%.*s.%s", (int)(strrchr(method, '.') - method), method, verb);
}

static const json_t *either(const json_t *params, const char *lower, const char *upper)
{
    const json_t *value = json_object_get(params, lower);
    return value != NULL ? value : json_object_get(params, upper);
}

static json_t *look_classic_update(const char *method, const json_t *params,
                                   const struct look_since *since)
{
    (void)since;
    const json_t *id = either(params, "id", "ID");
    const json_t *fields = either(params, "fields", "FIELDS");
    if (id == NULL || json_object_size(fields) == 0)
        return NULL;
    return json_pack("{s:o, s:{s:O}, s:s, s:O}", "method", sibling(method, "get"), "params", "id",
                     id, "at", "", "equal", fields);
}

static json_t *look_classic_add(const char *method, const json_t *params,
                                const struct look_since *since)
{
    static const char *const marks[] = {"ORIGINATOR_ID", "ORIGIN_ID", NULL};
    json_t *where = members(either(params, "fields", "FIELDS"), marks);
    if (json_object_get(where, "ORIGIN_ID") == NULL) {
        json_decref(where);
        return NULL;
    }
    json_t *filter = json_copy(where);
    (void)json_object_set_new(filter, ">=DATE_CREATE", json_string(since->day));
    return json_pack("{s:o, s:{s:o, s:[s,s,s], s:{s:s}}, s:s, s:o}", "method",
                     sibling(method, "list"), "params", "filter", filter, "select", "ID",
                     "ORIGINATOR_ID", "ORIGIN_ID", "order", "ID", "DESC", "list", "", "where",
                     where);
}

/* ---- timeline (§8.5) ------------------------------------------------------------------------- */

static json_t *look_todo(const char *method, const json_t *params, const struct look_since *since)
{
    (void)method;
    const json_t *title = json_object_get(params, "title");
    const json_t *responsible = json_object_get(params, "responsibleId");
    if (jv_is_empty(title))
        return NULL;
    json_t *list = json_pack("{s:{s:O?, s:O?, s:s, s:s}, s:[s,s,s,s], s:{s:s}}", "filter",
                             "OWNER_TYPE_ID", json_object_get(params, "ownerTypeId"), "OWNER_ID",
                             json_object_get(params, "ownerId"), "PROVIDER_ID", "CRM_TODO",
                             ">=CREATED", since->recent, "select", "ID", "SUBJECT",
                             "RESPONSIBLE_ID", "CREATED", "order", "ID", "DESC");
    json_t *where = json_pack("{s:O}", "SUBJECT", title);
    if (responsible != NULL)
        (void)json_object_set(where, "RESPONSIBLE_ID", (json_t *)(uintptr_t)responsible);
    return list_look("crm.activity.list", list, "", where);
}

static json_t *look_comment(const char *method, const json_t *params,
                            const struct look_since *since)
{
    (void)method;
    const json_t *fields = json_object_get(params, "fields");
    const json_t *text = json_object_get(fields, "COMMENT");
    if (jv_is_empty(text))
        return NULL;
    json_t *list = json_pack("{s:{s:O?, s:O?, s:s}, s:[s,s,s], s:{s:s}}", "filter", "ENTITY_ID",
                             json_object_get(fields, "ENTITY_ID"), "ENTITY_TYPE",
                             json_object_get(fields, "ENTITY_TYPE"), ">=CREATED", since->recent,
                             "select", "ID", "COMMENT", "CREATED", "order", "ID", "DESC");
    return list_look("crm.timeline.comment.list", list, "", json_pack("{s:O}", "COMMENT", text));
}

/* ---- tasks (§8.7): fields are UPPER on the way in and camelCase on the way out --------------- */

static json_t *look_task_add(const char *method, const json_t *params,
                             const struct look_since *since)
{
    (void)method;
    const json_t *fields = json_object_get(params, "fields");
    const json_t *mark = json_object_get(fields, "XML_ID");
    const json_t *bound = jv_at(fields, "UF_CRM_TASK.0");
    const json_t *title = json_object_get(fields, "TITLE");
    if (jv_is_empty(title))
        return NULL;
    /* XML_ID is not among the fields tasks.task.list filters by, so it is compared here. */
    json_t *filter =
        json_pack("{s:s}", ">=CREATED_DATE", mark != NULL ? since->day : since->recent);
    if (bound != NULL)
        (void)json_object_set(filter, "UF_CRM_TASK", (json_t *)(uintptr_t)bound);
    json_t *texts = json_pack("{s:O, s:O*}", "title", title, "responsibleId",
                              json_object_get(fields, "RESPONSIBLE_ID"));
    json_t *where = mark != NULL ? json_pack("{s:O}", "xmlId", mark) : json_incref(texts);
    json_t *list =
        json_pack("{s:o, s:[s,s,s,s,s], s:{s:s}}", "filter", filter, "select", "ID", "TITLE",
                  "XML_ID", "RESPONSIBLE_ID", "CREATED_DATE", "order", "ID", "desc");
    json_t *look = list_look("tasks.task.list", list, "tasks", where);
    (void)json_object_set_new(look, "as", json_string("task"));
    if (mark != NULL) /* a portal that keeps the mark to itself */
        (void)json_object_set(look, "unmarked", texts);
    json_decref(texts);
    return look;
}

static json_t *look_task_status(const char *method, const json_t *params,
                                const struct look_since *since)
{
    static const struct {
        const char *method;
        const char *status;
    } ends[] = {
        {"tasks.task.complete", "5"},
        {"tasks.task.start", "3"},
        {"tasks.task.pause", "2"},
        {"tasks.task.defer", "6"},
    };
    (void)since;
    size_t i = 0;
    while (strcmp(ends[i].method, method) != 0)
        i++;
    return json_pack("{s:s, s:{s:O?, s:[s,s]}, s:s, s:{s:s}}", "method", "tasks.task.get", "params",
                     "taskId", json_object_get(params, "taskId"), "select", "ID", "STATUS", "at",
                     "task", "equal", "status", ends[i].status);
}

static json_t *look_checklist(const char *method, const json_t *params,
                              const struct look_since *since)
{
    static const char *const names[] = {"TITLE", "SORT_INDEX", NULL};
    (void)method;
    (void)since;
    json_t *where = members(json_object_get(params, "FIELDS"), names);
    json_t *list = json_pack("{s:O?}", "TASKID", json_object_get(params, "TASKID"));
    json_t *look = list_look("task.checklistitem.getlist", list, "", where);
    (void)json_object_set_new(look, "unmarked",
                              json_pack("{s:O*}", "TITLE", json_object_get(where, "TITLE")));
    return look;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* Replaces the whole: twice is once. */
static json_t *look_replace(const char *method, const json_t *params,
                            const struct look_since *since)
{
    (void)method;
    (void)params;
    (void)since;
    return json_pack("{s:b}", "repeat", 1);
}

static const struct {
    const char *method;
    json_t *(*look)(const char *method, const json_t *params, const struct look_since *);
} table[] = {
    {"crm.item.add", look_item_add},
    {"crm.item.update", look_item_update},
    {"crm.item.productrow.set", look_replace},
    {"crm.lead.add", look_classic_add},
    {"crm.deal.add", look_classic_add},
    {"crm.contact.add", look_classic_add},
    {"crm.company.add", look_classic_add},
    {"crm.lead.update", look_classic_update},
    {"crm.deal.update", look_classic_update},
    {"crm.contact.update", look_classic_update},
    {"crm.company.update", look_classic_update},
    {"crm.quote.update", look_classic_update},
    {"crm.activity.update", look_classic_update},
    {"crm.deal.contact.items.set", look_replace},
    {"crm.lead.contact.items.set", look_replace},
    {"crm.activity.todo.add", look_todo},
    {"crm.timeline.comment.add", look_comment},
    {"tasks.task.add", look_task_add},
    {"tasks.task.complete", look_task_status},
    {"tasks.task.start", look_task_status},
    {"tasks.task.pause", look_task_status},
    {"tasks.task.defer", look_task_status},
    {"task.checklistitem.add", look_checklist},
};

json_t *look_new(const char *method, const json_t *params, const struct look_since *since)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].method, method) == 0)
            return table[i].look(method, params, since);
    return NULL;
}

bool look_is_read(const char *method)
{
    static const char *const words[] = {
        "get",     "list",       "getlist",  "fields",    "getfields",         "types",
        "current", "search",     "profile",  "scope",     "methods",           "time",
        "status",  "findbycomm", "counters", "getlastid", "searchcrmentities", "admin",
        "info",
    };
    const char *dot = strrchr(method, '.');
    const char *last = dot == NULL ? method : dot + 1;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i], last) == 0)
            return true;
    return false;
}
