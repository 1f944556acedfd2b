#include "daemon/rules/actions/actions.h"

#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

enum { MOST_ITEMS = 100 };

static const struct action_key keys[] = {
    {"title", KEY_TEXT, .required = true},
    {"description", KEY_BB},
    {"responsible", KEY_USER},
    {"creator", KEY_USER},
    {"deadline", KEY_MOMENT},
    {"accomplices", KEY_USERS},
    {"observers", KEY_USERS},
    {"checklist", KEY_TEXT, .repeat = true},
    {"group", KEY_NUMBER},
    {"priority", KEY_TEXT},
    {"parent", KEY_NUMBER},
};

static enum planned add_texts(struct plan *p, json_t *fields)
{
    char *title = NULL, *description = NULL, deadline[26];
    enum planned parts[] = {
        plan_filled(p, "title", PLAN_TITLE_LETTERS, &title),
        plan_optional(p, "description", PLAN_TEXT_LETTERS, &description),
        plan_moment(p, "deadline", "now + 1 workday", deadline),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY) {
        (void)json_object_set_new(fields, "TITLE", jv_string_new(title));
        (void)json_object_set_new(fields, "DEADLINE", json_string(deadline));
        if (description != NULL)
            (void)json_object_set_new(fields, "DESCRIPTION", jv_string_new(description));
    }
    mem_free(title);
    mem_free(description);
    return planned;
}

static enum planned add_people(struct plan *p, json_t *fields)
{
    int64_t responsible = 0, creator = 0;
    JV_AUTO *accomplices = NULL;
    JV_AUTO *observers = NULL;
    enum planned parts[] = {
        plan_responsible(p, "responsible", &responsible),
        plan_user(p, "creator", &creator),
        plan_users(p, "accomplices", &accomplices),
        plan_users(p, "observers", &observers),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned != PLAN_READY)
        return planned;
    if (responsible == 0)
        return plan_bad(p, "responsible is empty, and the entity has none to take its place");
    (void)json_object_set_new(fields, "RESPONSIBLE_ID", json_integer(responsible));
    if (creator != 0)
        (void)json_object_set_new(fields, "CREATED_BY", json_integer(creator));
    if (json_array_size(accomplices) > 0)
        (void)json_object_set(fields, "ACCOMPLICES", accomplices);
    if (json_array_size(observers) > 0)
        (void)json_object_set(fields, "AUDITORS", observers);
    return PLAN_READY;
}

static enum planned add_priority(struct plan *p, json_t *fields)
{
    static const char *const words[] = {"low", "medium", "high"};
    static const char *const numbers[] = {"0", "1", "2"};
    char *text = NULL;
    enum planned planned = plan_optional(p, "priority", PLAN_TITLE_LETTERS, &text);
    int found = -1;
    for (int i = 0; text != NULL && i < 3; i++)
        if (strcasecmp(words[i], text) == 0 || strcmp(numbers[i], text) == 0)
            found = i;
    if (found >= 0)
        (void)json_object_set_new(fields, "PRIORITY", json_integer(found));
    else if (text != NULL)
        planned = plan_bad(p, "priority: \"%s\" is not low, medium or high", text);
    mem_free(text);
    return planned;
}

static enum planned add_numbers(struct plan *p, json_t *fields)
{
    int64_t group = -1, parent = -1;
    enum planned parts[] = {
        plan_id(p, "group", &group),
        plan_id(p, "parent", &parent),
        add_priority(p, fields),
    };
    if (group > 0)
        (void)json_object_set_new(fields, "GROUP_ID", json_integer(group));
    if (parent > 0)
        (void)json_object_set_new(fields, "PARENT_ID", json_integer(parent));
    return plan_all(parts, sizeof parts / sizeof parts[0]);
}

/* Items are added one by one, when the task is there. task.checklistitem.add takes its parameters
 * by position (bitrix24.md §3.1): TASKID first. Item i of the step is its command i + 1. */
static enum planned add_checklist(struct plan *p)
{
    JV_AUTO *task = plan_id_of_new(plan_result(p, 0));
    json_t *id = json_object_get(task, "id");
    int64_t n = 0;
    for (size_t i = 0; i < p->step->key_count && id != NULL && n < MOST_ITEMS; i++) {
        const struct step_key *key = &p->step->keys[i];
        char *text = NULL;
        if (strcmp(key->name, "checklist") != 0 || key->value == NULL)
            continue;
        enum planned planned =
            plan_known(p, template_text_of(key->value, p->scope, INTO_PLAIN, &text), "checklist");
        if (planned != PLAN_READY)
            return planned;
        n++;
        if (text[0] != '\0')
            (void)plan_rest(p, n, "task.checklistitem.add",
                            json_pack("{s:O, s:{s:o, s:I}}", "TASKID", id, "FIELDS", "TITLE",
                                      jv_string_new(text), "SORT_INDEX", (json_int_t)n));
        mem_free(text);
    }
    return PLAN_READY;
}

/* The entity it is made for; a task that follows another one hangs where that one does. */
static enum planned add_binding(struct plan *p, json_t *fields)
{
    char binding[ENTITY_ID_SIZE + 32];
    const struct entity *own = &p->scope->entity;
    const json_t *record = NULL;
    if (entity_print_binding(own, binding))
        (void)json_object_set_new(fields, "UF_CRM_TASK", json_pack("[s]", binding));
    if (own->type != ENTITY_TASK)
        return PLAN_READY;
    enum planned planned = plan_record(p, own, &record);
    const json_t *bound = json_object_get(record, "ufCrmTask");
    if (planned == PLAN_READY && json_array_size(bound) > 0)
        (void)json_object_set(fields, "UF_CRM_TASK", jv_loose(bound));
    return planned;
}

static enum planned plan(struct plan *p)
{
    char mark[64];
    json_t *fields = json_object();
    enum planned parts[] = {add_texts(p, fields), add_people(p, fields), add_numbers(p, fields),
                            add_binding(p, fields)};
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned != PLAN_READY) {
        json_decref(fields);
        return planned;
    }
    plan_mark(p, 0, mark);
    (void)json_object_set_new(fields, "XML_ID", json_sprintf("b24bridge-%s", mark));
    (void)plan_rest(p, 0, "tasks.task.add", json_pack("{s:o}", "fields", fields));
    return add_checklist(p);
}

const struct action action_task = {
    .name = "task",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
