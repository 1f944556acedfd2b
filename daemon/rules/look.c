#include "daemon/rules/look.h"

#include <string.h>

#include "common/jv.h"

/* What an effect can be known by, from the strongest:
 *  - a mark of ours in a field made for it (originId, xmlId, XML_ID): nobody else's can be taken
 *    for it;
 *  - the values written (updates): if they are there, it is the same whoever wrote them;
 *  - text, owner and a time of creation not before the attempt: what remains is that the same text
 *    was written for the same entity by somebody else within those two minutes. What other calls of
 *    ours have made is known by its id and never taken for it (command_look_found).
 * Times are asked for in the list's filter where its documents allow that, and compared here where
 * they do not (comments, log messages). docs/once.md tells people the same; a test compares. */

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

/* The row of `fm` that tells whether the write happened: one that gives a value, under its id where
 * it has one: the same number may stand in another row already. Rows that only take one away leave
 * nothing to see. */
static json_t *phone_row(const json_t *rows)
{
    const char *key;
    json_t *row;
    json_object_foreach (jv_loose(rows), key, row) {
        if (jv_text(row, "value", "")[0] == '\0')
            continue;
        json_t *where = json_pack("{s:O?, s:O}", "typeId", json_object_get(row, "typeId"), "value",
                                  json_object_get(row, "value"));
        JV_AUTO *id = json_string(key);
        if (jv_int(id, "", -1) >= 0)
            (void)json_object_set_new(where, "id", json_integer(jv_int(id, "", -1)));
        return where;
    }
    return NULL;
}

static json_t *part_look(json_t *look)
{
    (void)json_object_set_new(look, "part", json_true());
    return look;
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
        return part_look(list_look("crm.item.get", members(params, names), "item.fm", where));
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
        (void)json_object_set(where, "RESPONSIBLE_ID", jv_loose(responsible));
    return list_look("crm.activity.list", list, "", where);
}

static json_t *since_look(json_t *look, const char *member, const struct look_since *since)
{
    (void)json_object_set_new(look, "since", json_pack("{s:s}", member, since->recent));
    return look;
}

static json_t *look_comment(const char *method, const json_t *params,
                            const struct look_since *since)
{
    (void)method;
    const json_t *fields = json_object_get(params, "fields");
    const json_t *text = json_object_get(fields, "COMMENT");
    if (jv_is_empty(text))
        return NULL;
    /* Its filter takes these two fields and no time. */
    json_t *list = json_pack("{s:{s:O?, s:O?}, s:[s,s,s], s:{s:s}}", "filter", "ENTITY_ID",
                             json_object_get(fields, "ENTITY_ID"), "ENTITY_TYPE",
                             json_object_get(fields, "ENTITY_TYPE"), "select", "ID", "COMMENT",
                             "CREATED", "order", "ID", "DESC");
    return since_look(
        list_look("crm.timeline.comment.list", list, "", json_pack("{s:O}", "COMMENT", text)),
        "CREATED", since);
}

/* The page of its list has ten rows, newest first. */
static json_t *look_log_message(const char *method, const json_t *params,
                                const struct look_since *since)
{
    static const char *const owner[] = {"entityTypeId", "entityId", NULL};
    static const char *const texts[] = {"title", "text", NULL};
    (void)method;
    const json_t *fields = json_object_get(params, "fields");
    json_t *where = members(fields, texts);
    if (json_object_size(where) == 0) {
        json_decref(where);
        return NULL;
    }
    return since_look(list_look("crm.timeline.logmessage.list", members(fields, owner), "", where),
                      "created", since);
}

/* crm.activity.add has fields for a mark; a rule that fills them is found again by them. */
static json_t *look_activity(const char *method, const json_t *params,
                             const struct look_since *since)
{
    static const char *const owner[] = {"OWNER_TYPE_ID", "OWNER_ID", "TYPE_ID", NULL};
    static const char *const marks[] = {"ORIGINATOR_ID", "ORIGIN_ID", NULL};
    static const char *const texts[] = {"SUBJECT", NULL};
    (void)method;
    const json_t *fields = either(params, "fields", "FIELDS");
    bool marked = !jv_is_empty(json_object_get(fields, "ORIGIN_ID"));
    json_t *where = members(fields, marked ? marks : texts);
    if (json_object_size(where) == 0) {
        json_decref(where);
        return NULL;
    }
    json_t *filter = members(fields, owner);
    (void)json_object_set_new(filter, ">=CREATED",
                              json_string(marked ? since->day : since->recent));
    json_t *list =
        json_pack("{s:o, s:[s,s,s,s,s], s:{s:s}}", "filter", filter, "select", "ID", "SUBJECT",
                  "ORIGINATOR_ID", "ORIGIN_ID", "CREATED", "order", "ID", "DESC");
    return list_look("crm.activity.list", list, "", where);
}

/* ---- documents (§8.6) ------------------------------------------------------------------------ */

/* Of one template for one record there is a new one, or there is not. */
static json_t *look_document(const char *method, const json_t *params,
                             const struct look_since *since)
{
    static const char *const names[] = {"templateId", "entityTypeId", "entityId", NULL};
    (void)method;
    json_t *where = members(params, names);
    json_t *filter = json_copy(where);
    (void)json_object_set_new(filter, ">=createTime", json_string(since->recent));
    json_t *list =
        json_pack("{s:[s], s:o, s:{s:s}}", "select", "*", "filter", filter, "order", "id", "DESC");
    /* Whose document it is, is not among what the list shows; the filter has seen to that. */
    (void)json_object_del(where, "entityTypeId");
    (void)json_object_del(where, "entityId");
    json_t *look = list_look("crm.documentgenerator.document.list", list, "documents", where);
    (void)json_object_set_new(look, "as", json_string("document"));
    return look;
}

/* ---- notifications (§8.8) -------------------------------------------------------------------- */

/* im-notify-system-add: "A unique tag for the notification within the application. When adding a
 * notification with an existing tag, other notifications will be removed", through a webhook with
 * CLIENT_ID. So a second one takes the place of the first, and there is one. */
static json_t *look_notify(const char *method, const json_t *params, const struct look_since *since)
{
    (void)method;
    (void)since;
    bool tagged = !jv_is_empty(json_object_get(params, "TAG")) &&
                  !jv_is_empty(json_object_get(params, "CLIENT_ID"));
    return tagged ? json_pack("{s:b}", "repeat", 1) : NULL;
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
        (void)json_object_set(filter, "UF_CRM_TASK", jv_loose(bound));
    else if (json_object_get(fields, "RESPONSIBLE_ID") != NULL) /* or fifty others may be newer */
        (void)json_object_set(filter, "RESPONSIBLE_ID", json_object_get(fields, "RESPONSIBLE_ID"));
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

/* One that has to be approved is 4 when it is completed. */
static json_t *look_task_status(const char *method, const json_t *params,
                                const struct look_since *since)
{
    static const struct {
        const char *method;
        const char *status, * or ;
    } ends[] = {
        {"tasks.task.complete", "5", "4"}, {"tasks.task.renew", "2", "3"},
        {"tasks.task.start", "3", "3"},    {"tasks.task.pause", "2", "2"},
        {"tasks.task.defer", "6", "6"},
    };
    (void)since;
    size_t i = 0;
    while (strcmp(ends[i].method, method) != 0)
        i++;
    return json_pack("{s:s, s:{s:O?, s:[s,s]}, s:s, s:{s:{s:[s,s]}}}", "method", "tasks.task.get",
                     "params", "taskId", json_object_get(params, "taskId"), "select", "ID",
                     "STATUS", "at", "task", "equal", "status", "any", ends[i].status, ends[i].or);
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

#define BY_MARK "looked for by the mark that was written with it: "
#define BY_TEXT "looked for by what it says, made within the last two minutes: "
#define BY_STATE "compared with the present state: "
#define REPLACED "repeated: "

static const struct look_row table[] = {
    {"crm.item.add", look_item_add,
     BY_MARK
     "`originatorId` and `originId` (leads, deals, contacts, companies), `xmlId` (invoices, "
     "smart processes); without one (quotes) by title"},
    {"crm.item.update", look_item_update, BY_STATE "`crm.item.get`, the fields that were written"},
    {"crm.item.productrow.set", look_replace, REPLACED "it replaces all rows"},
    {"crm.lead.add", look_classic_add, BY_MARK "`ORIGIN_ID`; without one it parks"},
    {"crm.deal.add", look_classic_add, BY_MARK "`ORIGIN_ID`; without one it parks"},
    {"crm.contact.add", look_classic_add, BY_MARK "`ORIGIN_ID`; without one it parks"},
    {"crm.company.add", look_classic_add, BY_MARK "`ORIGIN_ID`; without one it parks"},
    {"crm.lead.update", look_classic_update, BY_STATE "`crm.lead.get`"},
    {"crm.deal.update", look_classic_update, BY_STATE "`crm.deal.get`"},
    {"crm.contact.update", look_classic_update, BY_STATE "`crm.contact.get`"},
    {"crm.company.update", look_classic_update, BY_STATE "`crm.company.get`"},
    {"crm.quote.update", look_classic_update, BY_STATE "`crm.quote.get`"},
    {"crm.deal.contact.items.set", look_replace, REPLACED "it replaces all bindings"},
    {"crm.lead.contact.items.set", look_replace, REPLACED "it replaces all bindings"},
    {"crm.contact.company.items.set", look_replace, REPLACED "it replaces all bindings"},
    {"crm.company.contact.items.set", look_replace, REPLACED "it replaces all bindings"},
    {"crm.activity.todo.add", look_todo, BY_TEXT "owner, title, responsible person"},
    {"crm.activity.add", look_activity,
     BY_MARK "`ORIGINATOR_ID` and `ORIGIN_ID`; without one by owner, type and subject"},
    {"crm.activity.update", look_classic_update, BY_STATE "`crm.activity.get`"},
    {"crm.timeline.comment.add", look_comment, BY_TEXT "entity and the whole text"},
    {"crm.timeline.comment.update", look_replace, REPLACED "it writes the same text again"},
    {"crm.timeline.logmessage.add", look_log_message, BY_TEXT "entity, title and text"},
    {"crm.documentgenerator.document.add", look_document, BY_TEXT "template and entity"},
    {"tasks.task.add", look_task_add,
     BY_MARK "`XML_ID`; without one by title, responsible person and binding"},
    {"tasks.task.update", look_replace, REPLACED "it writes the same values again"},
    {"tasks.task.complete", look_task_status, BY_STATE "the task's status"},
    {"tasks.task.renew", look_task_status, BY_STATE "the task's status"},
    {"tasks.task.start", look_task_status, BY_STATE "the task's status"},
    {"tasks.task.pause", look_task_status, BY_STATE "the task's status"},
    {"tasks.task.defer", look_task_status, BY_STATE "the task's status"},
    {"task.checklistitem.add", look_checklist,
     "looked for in the task's checklist by its text and place"},
    {"im.notify.system.add", look_notify,
     REPLACED
     "with the same `TAG` and `CLIENT_ID` it takes the place of the first; without them it "
     "parks"},
    {"im.notify.personal.add", look_notify,
     REPLACED
     "with the same `TAG` and `CLIENT_ID` it takes the place of the first; without them it "
     "parks"},
};

const struct look_row *look_rows(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

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
