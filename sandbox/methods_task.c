#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"
#include "sandbox/task.h"

/* bitrix24.md §8.7; A/tasks. */

/* The texts are those of the pages, with the <br> that comes with them. */
static bool wrong(struct call *call, const char *text)
{
    return call_fail(call, 400, "ERROR_CORE", "%s<br>", text);
}

static bool has_fields(struct call *call)
{
    return !jv_is_empty(call_param(call, "fields")) ||
           call_fail(call, 400, "100",
                     "Could not find value for parameter {fields} (internal error)");
}

static bool check(struct call *call, const json_t *fields)
{
    const json_t *responsible = json_object_get(fields, "RESPONSIBLE_ID");
    const json_t *parent = json_object_get(fields, "PARENT_ID");
    int64_t parent_id = jv_int(parent, "", 0);
    if (responsible != NULL && !methods_user_exists(call, jv_int(responsible, "", 0)))
        return wrong(call, "User specified in the \"Responsible\" field not found");
    if (parent_id > 0 && store_get(&call->sb->store, "task", parent_id) == NULL)
        return wrong(call, "Task specified in the \"Parent Task\" field not found");
    return true;
}

void tasks_task_add(struct call *call)
{
    const json_t *fields = call_param(call, "fields");
    int64_t id;
    if (!has_fields(call))
        return;
    if (jv_is_empty(json_object_get(fields, "TITLE"))) {
        wrong(call, "Task title not specified");
        return;
    }
    if (jv_int(fields, "RESPONSIBLE_ID", 0) == 0) {
        wrong(call, "Responsible person not specified");
        return;
    }
    if (check(call, fields)) {
        const json_t *row = task_create(call, fields, &id);
        call_answer(call, json_pack("{so}", "task", task_view_new(call, row, NULL)));
    }
}

/* The task of a changing call. */
static json_t *read_row(struct call *call)
{
    const json_t *given = call_param(call, "taskId");
    json_t *row = store_get(&call->sb->store, "task", jv_int(given, "", 0));
    if (given == NULL)
        call_fail(call, 400, "100",
                  "CTaskItem All parameters in the constructor must have real class type (internal "
                  "error)");
    else if (jv_int(given, "", 0) <= 0)
        call_fail(call, 400, "0", "wrong task id");
    else if (row == NULL)
        call_fail(call, 400, "0", "Action on the task is not allowed (internal error)");
    return row;
}

/* A task that is not there is an empty result, not an error (A/tasks/tasks-task-get). */
void tasks_task_get(struct call *call)
{
    const json_t *given = call_param(call, "taskId"), *select = call_param(call, "select");
    const json_t *row = store_get(&call->sb->store, "task", jv_int(given, "", 0));
    if (given == NULL || jv_int(given, "", 0) <= 0)
        read_row(call);
    else if (select != NULL && !json_is_array(select) && !json_is_object(select))
        call_fail(call, 400, "100",
                  "Invalid value {%s} to match with parameter {select}. Should be value of type "
                  "array. (internal error)",
                  jv_text(select, "", ""));
    else if (row == NULL)
        call_answer(call, json_array());
    else
        call_answer(call, json_pack("{so}", "task", task_view_new(call, row, select)));
}

static const char *member(const void *arg, const char *name)
{
    (void)arg;
    return strcasecmp(name, "REAL_STATUS") == 0 ? "STATUS" : name;
}

void tasks_task_list(struct call *call)
{
    struct list_query query = {.member = member};
    JV_AUTO *rows = call_list(call, store_rows(&call->sb->store, "task"), &query);
    if (rows == NULL)
        return;
    json_t *out = json_array(), *row;
    size_t i;
    json_array_foreach (rows, i, row)
        json_array_append_new(out, task_view_new(call, row, call_param(call, "select")));
    call_answer(call, json_pack("{so}", "tasks", out));
}

static void answer(struct call *call, const json_t *row)
{
    call_answer(call, json_pack("{so}", "task", task_view_new(call, row, NULL)));
}

void tasks_task_update(struct call *call)
{
    const json_t *fields = call_param(call, "fields");
    json_t *row = read_row(call);
    if (row == NULL || !has_fields(call) || !check(call, fields))
        return;
    task_change(call, row, fields);
    answer(call, row);
}

void tasks_task_delete(struct call *call)
{
    JV_AUTO *row = json_incref(read_row(call));
    if (row == NULL)
        return;
    store_drop(&call->sb->store, "task", jv_int(row, "ID", 0));
    events_raise(call->sb, "ONTASKDELETE",
                 json_pack("{s{sO} ss ss ss}", "FIELDS_BEFORE", "ID", json_object_get(row, "ID"),
                           "FIELDS_AFTER", "undefined", "IS_ACCESSIBLE_BEFORE", "undefined",
                           "IS_ACCESSIBLE_AFTER", "N"));
    call_answer(call, json_pack("{sb}", "task", 1));
}

/* §8.7: 2 waiting, 3 in progress, 5 completed, 6 deferred. */
void tasks_task_status(struct call *call)
{
    static const struct {
        const char *verb, *status;
    } verbs[] = {
        {"complete", "5"}, {"renew", "2"}, {"start", "3"}, {"pause", "2"}, {"defer", "6"},
    };
    const char *verb = call->method->name + strlen("tasks.task.");
    json_t *row = read_row(call);
    for (size_t i = 0; row != NULL && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        JV_AUTO *fields = json_pack("{ss}", "STATUS", verbs[i].status);
        if (!jv_same(json_object_get(row, "STATUS"), json_object_get(fields, "STATUS")))
            task_change(call, row, fields);
        answer(call, row);
    }
}

void tasks_task_delegate(struct call *call)
{
    json_t *row = read_row(call);
    if (row == NULL)
        return;
    JV_AUTO *fields = json_object();
    json_object_set(fields, "RESPONSIBLE_ID", jv_loose(call_param(call, "userId")));
    if (!check(call, fields))
        return;
    task_change(call, row, fields);
    answer(call, row);
}

static bool no_task(struct call *call)
{
    return call_fail(call, 400, "ERROR_CORE",
                     "TASKS_ERROR_EXCEPTION_#256; Param #0 (taskId) for method "
                     "ctaskchecklistitem::add() expected to be of type \"integer\", but given "
                     "something else.; 256/TE/WRONG_ARGUMENTS<br>");
}

/* §3.1: arguments are positional here, so the keys must come in the documented order. */
static bool in_order(struct call *call, const char *first)
{
    const char *key = json_object_iter_key(json_object_iter(jv_loose(call->params)));
    return (key != NULL && strcasecmp(key, first) == 0 && call_id(call, first) > 0) ||
           no_task(call);
}

void task_checklistitem_add(struct call *call)
{
    const json_t *fields = call_param_any(call, "FIELDS");
    if (!in_order(call, "TASKID"))
        return;
    int64_t task = call_id(call, "TASKID");
    if (jv_is_empty(fields)) {
        call_fail(call, 400, "ERROR_CORE",
                  "TASKS_ERROR_EXCEPTION_#256; Param #1 (arFields) expected by method "
                  "ctaskchecklistitem::add(), but not given.; 256/TE/WRONG_ARGUMENTS<br>");
        return;
    }
    if (store_get(&call->sb->store, "task", task) == NULL) {
        call_fail(call, 400, "ERROR_CORE",
                  "TASKS_ERROR_EXCEPTION_#8; Adding item: action not allowed; "
                  "8/TE/ACTION_FAILED_TO_BE_PROCESSED<br>");
        return;
    }
    int64_t id = store_next(&call->sb->store, "checklist");
    const char *done = jv_flag(fields, "IS_COMPLETE") ? "Y" : "N";
    store_put(&call->sb->store, "checklist", id,
              json_pack("{so so so so ss so ss ss sn ss s[] s[]}", "ID", methods_text_new(id),
                        "TASK_ID", methods_text_new(task), "PARENT_ID",
                        methods_text_new(jv_int(fields, "PARENT_ID", 0)), "CREATED_BY",
                        methods_text_new(call->user), "TITLE", jv_text(fields, "TITLE", ""),
                        "SORT_INDEX", methods_text_new(jv_int(fields, "SORT_INDEX", 0)),
                        "IS_COMPLETE", done, "IS_IMPORTANT",
                        jv_flag(fields, "IS_IMPORTANT") ? "Y" : "N", "TOGGLED_BY", "TOGGLED_DATE",
                        "", "MEMBERS", "ATTACHMENTS"));
    call_answer(call, json_integer(id));
}

void task_checklistitem_getlist(struct call *call)
{
    json_t *out = json_array(), *row;
    const char *number;
    if (in_order(call, "TASKID"))
        json_object_foreach (store_rows(&call->sb->store, "checklist"), number, row)
            if (jv_int(row, "TASK_ID", 0) == call_id(call, "TASKID"))
                json_array_append(out, row);
    call_answer(call, out);
}

void task_checklistitem_complete(struct call *call)
{
    json_t *row = store_get(&call->sb->store, "checklist", call_id(call, "ITEMID"));
    if (!in_order(call, "TASKID"))
        return;
    if (row == NULL) {
        no_task(call);
        return;
    }
    json_object_set_new(row, "IS_COMPLETE", json_string("Y"));
    call_answer(call, json_true());
}
