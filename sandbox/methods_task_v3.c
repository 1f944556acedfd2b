#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"
#include "sandbox/task.h"

/* Tasks of REST 3.0 (bitrix24.md §3.7, §8.7): camelCase, crmItemIds, words for numbers. */

#define VALIDATION "BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION"

/* Its names that are not the old ones in camelCase. */
static const struct {
    const char *camel, *upper;
} renamed[] = {
    {"creatorId", "CREATED_BY"},
    {"crmItemIds", "UF_CRM_TASK"},
    {"startPlan", "START_DATE_PLAN"},
    {"endPlan", "END_DATE_PLAN"},
};

static json_t *upper_fields_new(const json_t *fields)
{
    json_t *out = json_object(), *value;
    const char *name;
    json_object_foreach (jv_loose(fields), name, value) {
        char *upper = task_upper_new(name);
        for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
            if (strcmp(renamed[i].camel, name) == 0) {
                mem_free(upper);
                upper = mem_strdup(renamed[i].upper);
            }
        json_object_set(out, upper, value);
        mem_free(upper);
    }
    return out;
}

static bool missing(struct call *call, const char *name)
{
    return call_fail(call, 400, VALIDATION, "%s:Required field `%s` is missing", name, name);
}

static bool check(struct call *call, const json_t *fields)
{
    static const char *const required[] = {"title", "creatorId", "responsibleId"};
    int64_t ms;
    if (!json_is_object(fields))
        return missing(call, "fields");
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (jv_is_empty(json_object_get(fields, required[i])))
            return missing(call, required[i]);
    const char *deadline = jv_text(fields, "deadline", NULL);
    if (deadline != NULL && !zone_parse_iso(call->sb->zone, deadline, &ms))
        return call_fail(
            call, 400, VALIDATION,
            "deadline:Field `deadline` requires data type `DateTime` for this request");
    if (!methods_user_exists(call, jv_int(fields, "responsibleId", 0)))
        return call_fail(call, 400, VALIDATION,
                         "responsibleId:User specified in the \"Executor\" field not found");
    return true;
}

static json_t *item_new(const json_t *row)
{
    static const char *const words[] = {
        "new", "new", "pending", "in_progress", "supposedly_completed", "completed", "deferred"};
    static const char *const priorities[] = {"low", "average", "high"};
    int64_t status = jv_int(row, "STATUS", 2), priority = jv_int(row, "PRIORITY", 1);
    return json_pack("{sI ss ss sO ss ss sI sI sO sO so}", "id", (json_int_t)jv_int(row, "ID", 0),
                     "title", jv_text(row, "TITLE", ""), "description",
                     jv_text(row, "DESCRIPTION", ""), "deadline", json_object_get(row, "DEADLINE"),
                     "status", words[status >= 0 && status <= 6 ? status : 2], "priority",
                     priorities[priority >= 0 && priority <= 2 ? priority : 1], "creatorId",
                     (json_int_t)jv_int(row, "CREATED_BY", 0), "responsibleId",
                     (json_int_t)jv_int(row, "RESPONSIBLE_ID", 0), "crmItemIds",
                     json_object_get(row, "UF_CRM_TASK"), "changed",
                     json_object_get(row, "CHANGED_DATE"), "link",
                     json_sprintf("/company/personal/user/%s/tasks/task/view/%s/",
                                  jv_text(row, "RESPONSIBLE_ID", ""), jv_text(row, "ID", "")));
}

void tasks_task_add_v3(struct call *call)
{
    const json_t *fields = call_param(call, "fields");
    int64_t id;
    if (!check(call, fields))
        return;
    JV_AUTO *upper = upper_fields_new(fields);
    const json_t *row = task_create(call, upper, &id);
    call_answer(call, json_pack("{so}", "item", item_new(row)));
}

void tasks_task_get_v3(struct call *call)
{
    const json_t *row = store_get(&call->sb->store, "task", jv_int(call_param(call, "id"), "", 0));
    if (row == NULL)
        call_fail(call, 400, "BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION",
                  "Element not found");
    else
        call_answer(call, json_pack("{so}", "item", item_new(row)));
}
