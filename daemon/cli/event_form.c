#include "daemon/cli/event_form.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"

/* The literal text "undefined" is really sent (bitrix24.md §1.5, tasks). */
static json_t *undefined(void)
{
    return json_string("undefined");
}

static json_t *with_id(const char *name, const char *id)
{
    return json_pack("{s:o}", name, jv_string_new(id));
}

static json_t *crm_data(const char *id, const char *type)
{
    (void)type;
    return json_pack("{s:o}", "FIELDS", with_id("ID", id));
}

static json_t *item_data(const char *id, const char *type)
{
    return json_pack("{s:{s:o, s:o}}", "FIELDS", "ID", jv_string_new(id), "ENTITY_TYPE_ID",
                     jv_string_new(type));
}

/* Whether a task could be seen before and after: the samples' values; nobody goes by them. */
static json_t *task_data(json_t *before, json_t *after, const char *seen_before,
                         const char *seen_after)
{
    return json_pack("{s:o, s:o, s:s, s:s}", "FIELDS_BEFORE", before, "FIELDS_AFTER", after,
                     "IS_ACCESSIBLE_BEFORE", seen_before, "IS_ACCESSIBLE_AFTER", seen_after);
}

static json_t *task_added(const char *id, const char *type)
{
    (void)type;
    return task_data(undefined(), with_id("ID", id), "N", "undefined");
}

static json_t *task_updated(const char *id, const char *type)
{
    (void)type;
    return task_data(with_id("ID", id), with_id("ID", id), "undefined", "undefined");
}

static json_t *task_deleted(const char *id, const char *type)
{
    (void)type;
    return task_data(with_id("ID", id), undefined(), "undefined", "N");
}

static json_t *plain_id(const char *id, const char *type)
{
    (void)type;
    return with_id("ID", id);
}

static json_t *call_data(const char *id, const char *type)
{
    (void)type;
    return with_id("CALL_ID", id);
}

/* By how the event's name begins; the first that fits. */
static const struct shape {
    const char *stem;
    json_t *(*data)(const char *id, const char *type);
    bool typed;     /* needs the number of a smart process */
    bool anonymous; /* comes without event_handler_id */
} shapes[] = {
    {"ONCRMDYNAMICITEM", item_data, .typed = true},
    {"ONTASKADD", task_added, false, false},
    {"ONTASKUPDATE", task_updated, false, false},
    {"ONTASKDELETE", task_deleted, false, false},
    {"ONCRMTIMELINECOMMENT", plain_id, .anonymous = true},
    {"ONUSERADD", plain_id, false, false},
    {"ONVOXIMPLANTCALL", call_data, false, false},
    {"ONEXTERNALCALLSTART", call_data, false, false},
    {"", crm_data, false, false},
};

static const struct shape *shape_of(const char *event)
{
    const struct shape *shape = shapes;
    while (strncmp(event, shape->stem, strlen(shape->stem)) != 0)
        shape++;
    return shape;
}

/* ONCRMDYNAMICITEMADD_147 names its type itself. */
static const char *type_of(const char *event, const char *type)
{
    const char *underscore = strrchr(event, '_');
    return type == NULL && underscore != NULL ? underscore + 1 : type;
}

static bool read_name(const char *text, char out[EVENT_NAME_SIZE], struct err *err)
{
    size_t length = 0;
    for (; text[length] != '\0' && length + 1 < EVENT_NAME_SIZE; length++) {
        if (!isalnum((unsigned char)text[length]) && strchr("_.", text[length]) == NULL)
            break;
        out[length] = (char)toupper((unsigned char)text[length]);
    }
    out[length] = '\0';
    return (length > 0 && text[length] == '\0') ||
           err_set(err, "\"%s\" is no event; write for example ONCRMDEALUPDATE", text);
}

bool event_form_make(const char *event, const char *id, const char *type, struct event_form *ret,
                     struct err *err)
{
    *ret = (struct event_form){0};
    if (!read_name(event, ret->event, err))
        return false;
    const struct shape *shape = shape_of(ret->event);
    type = type_of(ret->event, type);
    if (shape->typed && type == NULL)
        return err_set(err, "%s is of a smart process: name it with --type NUMBER", ret->event);
    ret->tree = json_object();
    json_object_set_new(ret->tree, "event", json_string(ret->event));
    if (!shape->anonymous)
        json_object_set_new(ret->tree, "event_handler_id", json_string("12"));
    json_object_set_new(ret->tree, "data", shape->data(id, type));
    return true;
}

void event_form_done(struct event_form *form)
{
    json_decref(form->tree);
    form->tree = NULL;
}
