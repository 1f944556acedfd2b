#include "daemon/portal/counters.h"

#include <stdlib.h>
#include <string.h>

#include "common/jv.h"

/* What actions and looks call, in order. "http" is the action of that name. */
static const char *const methods[] = {
    "bizproc.workflow.start",
    "calendar.accessibility.get",
    "crm.activity.add",
    "crm.activity.binding.list",
    "crm.activity.get",
    "crm.activity.list",
    "crm.activity.todo.add",
    "crm.activity.update",
    "crm.automation.trigger",
    "crm.category.list",
    "crm.company.add",
    "crm.company.update",
    "crm.contact.add",
    "crm.contact.update",
    "crm.deal.add",
    "crm.deal.get",
    "crm.deal.update",
    "crm.documentgenerator.document.add",
    "crm.documentgenerator.document.get",
    "crm.documentgenerator.document.list",
    "crm.documentgenerator.template.list",
    "crm.duplicate.findbycomm",
    "crm.item.add",
    "crm.item.delete",
    "crm.item.fields",
    "crm.item.get",
    "crm.item.list",
    "crm.item.productrow.set",
    "crm.item.update",
    "crm.lead.add",
    "crm.lead.update",
    "crm.quote.update",
    "crm.stagehistory.list",
    "crm.status.list",
    "crm.timeline.comment.add",
    "crm.timeline.comment.get",
    "crm.timeline.comment.list",
    "crm.timeline.comment.update",
    "crm.timeline.logmessage.add",
    "crm.timeline.logmessage.list",
    "crm.type.list",
    "department.get",
    "http",
    "im.message.add",
    "im.notify.personal.add",
    "im.notify.system.add",
    "method.get",
    "profile",
    "scope",
    "server.time",
    "task.checklistitem.add",
    "task.checklistitem.getlist",
    "tasks.task.add",
    "tasks.task.complete",
    "tasks.task.get",
    "tasks.task.list",
    "tasks.task.update",
    "timeman.status",
    "user.admin",
    "user.get",
};
enum { METHODS = sizeof methods / sizeof methods[0], OTHER = METHODS };
_Static_assert((int)METHODS < (int)COUNTERS_MOST, "no room for the rest");

static int compare(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

static size_t row_of(const char *method)
{
    const char *const *found = bsearch(method, methods, METHODS, sizeof methods[0], compare);
    return found != NULL ? (size_t)(found - methods) : OTHER;
}

static const char *name_of(size_t row)
{
    return row < METHODS ? methods[row] : "other";
}

const char *counters_name(const char *method)
{
    return name_of(row_of(method));
}

void counters_add(struct counters *counters, const char *method, enum verdict verdict)
{
    counters->counts[row_of(method)][verdict]++;
}

void counters_print(const struct counters *counters, const char *portal, json_t *array)
{
    for (size_t row = 0; row <= OTHER; row++)
        for (int v = VERDICT_NONE; v <= VERDICT_SHADOW; v++)
            if (counters->counts[row][v] > 0)
                json_array_append_new(array,
                                      json_pack("{s:o, s:s, s:s, s:I}", "portal",
                                                jv_string_new(portal), "method", name_of(row),
                                                "verdict", verdict_word((enum verdict)v), "count",
                                                (json_int_t)counters->counts[row][v]));
}
