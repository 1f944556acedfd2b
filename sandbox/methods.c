#include "sandbox/methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/rest.h"
#include "sandbox/state.h"

#define WRITES METHOD_WRITES

#define CLASSIC(type)                                                                              \
    {"crm." type ".add", "crm", WRITES, crm_classic_add},                                          \
        {"crm." type ".get", "crm", 0, crm_classic_get},                                           \
        {"crm." type ".update", "crm", WRITES, crm_classic_update},                                \
        {"crm." type ".delete", "crm", WRITES, crm_classic_delete},                                \
        {"crm." type ".list", "crm", 0, crm_classic_list},                                         \
        {"crm." type ".fields", "crm", 0, crm_classic_fields},                                     \
    {                                                                                              \
        "crm." type ".userfield.list", "crm", 0, crm_classic_userfields                            \
    }

static const struct method methods[] = {
    {"crm.item.add", "crm", WRITES, crm_item_add},
    {"crm.item.get", "crm", 0, crm_item_get},
    {"crm.item.update", "crm", WRITES, crm_item_update},
    {"crm.item.delete", "crm", WRITES, crm_item_delete},
    {"crm.item.list", "crm", 0, crm_item_list},
    {"crm.item.fields", "crm", 0, crm_item_fields},
    CLASSIC("lead"),
    CLASSIC("deal"),
    CLASSIC("contact"),
    CLASSIC("company"),
    CLASSIC("quote"),
    {"crm.lead.contact.items.get", "crm", 0, crm_contacts_get},
    {"crm.lead.contact.items.set", "crm", WRITES, crm_contacts_set},
    {"crm.deal.contact.items.get", "crm", 0, crm_contacts_get},
    {"crm.deal.contact.items.set", "crm", WRITES, crm_contacts_set},
    {"crm.category.list", "crm", 0, crm_category_list},
    {"crm.status.list", "crm", 0, crm_status_list},
    {"crm.stagehistory.list", "crm", 0, crm_stagehistory_list},
    {"crm.type.list", "crm", 0, crm_type_list},
    {"crm.enum.ownertype", "crm", 0, crm_enum_ownertype},
    {"crm.timeline.comment.add", "crm", WRITES, crm_timeline_comment_add},
    {"crm.timeline.comment.get", "crm", 0, crm_timeline_comment_get},
    {"crm.timeline.comment.list", "crm", 0, crm_timeline_comment_list},
    {"crm.timeline.comment.update", "crm", WRITES, crm_timeline_comment_update},
    {"crm.timeline.comment.delete", "crm", WRITES, crm_timeline_comment_delete},
    {"crm.activity.todo.add", "crm", WRITES, crm_activity_todo_add},
    {"crm.activity.add", "crm", WRITES, crm_activity_add},
    {"crm.activity.get", "crm", 0, crm_activity_get},
    {"crm.activity.list", "crm", 0, crm_activity_list},
    {"crm.activity.update", "crm", WRITES, crm_activity_update},
    {"crm.activity.binding.list", "crm", 0, crm_activity_binding_list},
    {"crm.activity.delete", "crm", WRITES, crm_activity_delete},
    {"crm.duplicate.findbycomm", "crm", 0, crm_duplicate_findbycomm},
    {"crm.automation.trigger", "crm", WRITES, crm_automation_trigger},
    {"crm.documentgenerator.document.add", "crm", WRITES, crm_document_add},
    {"crm.documentgenerator.document.get", "crm", 0, crm_document_get},
    {"crm.documentgenerator.document.list", "crm", 0, crm_document_list},
    {"crm.documentgenerator.template.list", "crm", 0, crm_document_template_list},
    {"crm.settings.mode.get", "crm", 0, crm_settings_mode_get},
    {"bizproc.workflow.start", "bizproc", WRITES, bizproc_workflow_start},
    {"bizproc.workflow.template.list", "bizproc", 0, bizproc_workflow_template_list},
    {"tasks.task.add", "task", WRITES, tasks_task_add},
    {"tasks.task.get", "task", 0, tasks_task_get},
    {"tasks.task.list", "task", 0, tasks_task_list},
    {"tasks.task.update", "task", WRITES, tasks_task_update},
    {"tasks.task.delete", "task", WRITES, tasks_task_delete},
    {"tasks.task.complete", "task", WRITES, tasks_task_status},
    {"tasks.task.renew", "task", WRITES, tasks_task_status},
    {"tasks.task.start", "task", WRITES, tasks_task_status},
    {"tasks.task.pause", "task", WRITES, tasks_task_status},
    {"tasks.task.defer", "task", WRITES, tasks_task_status},
    {"tasks.task.delegate", "task", WRITES, tasks_task_delegate},
    {"task.checklistitem.add", "task", WRITES, task_checklistitem_add},
    {"task.checklistitem.getlist", "task", 0, task_checklistitem_getlist},
    {"task.checklistitem.complete", "task", WRITES, task_checklistitem_complete},
    {"im.notify.personal.add", "im", WRITES, im_notify_add},
    {"im.notify.system.add", "im", WRITES, im_notify_add},
    {"im.message.add", "im", WRITES, im_message_add},
    {"im.user.list.get", "im", 0, im_user_list_get},
    {"imopenlines.crm.message.add", "imopenlines", WRITES, imopenlines_crm_message_add},
    {"imopenlines.crm.chat.get", "imopenlines", 0, imopenlines_crm_chat_get},
    {"imopenlines.session.history.get", "imopenlines", 0, imopenlines_session_history},
    {"imopenlines.crm.chat.getlastid", "imopenlines", 0, imopenlines_crm_chat_last},
    {"user.get", "user", 0, user_get},
    {"user.search", "user", 0, user_search},
    {"user.current", "user", 0, user_current},
    {"department.get", "department", 0, department_get},
    {"timeman.status", "timeman", 0, timeman_status},
    {"calendar.accessibility.get", "calendar", 0, calendar_accessibility_get},
    {"server.time", "", 0, server_time},
    {"profile", "", 0, profile},
    {"scope", "", 0, scope_list},
    {"method.get", "", 0, method_get},
    {"app.info", "", 0, app_info},
    {"feature.get", "", 0, feature_get},
    {"user.admin", "", 0, user_admin},
    /* Known only to be refused: batch in a batch, and downloads (§4). */
    {"batch", "", METHOD_ALONE, batch_in_batch},
    {"crm.documentgenerator.document.download", "crm", METHOD_ALONE, batch_in_batch},
};

/* §3.7: the same names are other methods there. */
static const struct method methods_v3[] = {
    {"tasks.task.add", "task", WRITES, tasks_task_add_v3},
    {"tasks.task.get", "task", 0, tasks_task_get_v3},
};

static const struct method *find(const struct method *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const struct method *method_find(const char *name)
{
    return find(methods, sizeof methods / sizeof methods[0], name);
}

const struct method *method_find_v3(const char *name)
{
    return find(methods_v3, sizeof methods_v3 / sizeof methods_v3[0], name);
}

const struct method *method_at(size_t index)
{
    return index < sizeof methods / sizeof methods[0] ? &methods[index] : NULL;
}

void methods_update_row(json_t *row, const json_t *fields, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        json_t *value = json_object_get(fields, names[i]);
        if (json_is_number(value))
            json_object_set_new(row, names[i], methods_text_new(jv_int(value, "", 0)));
        else if (value != NULL)
            json_object_set(row, names[i], value);
    }
}

json_t *methods_text_new(int64_t number)
{
    return json_sprintf("%" PRId64, number);
}

bool methods_user_exists(const struct call *call, int64_t id)
{
    return id > 0 && store_get(&call->sb->store, "user", id) != NULL;
}
