#include "sandbox/task.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

enum { WAITING = 2, DONE = 5 };

static const char *const texts[] = {"TITLE",
                                    "DESCRIPTION",
                                    "PARENT_ID",
                                    "PRIORITY",
                                    "STATUS",
                                    "GROUP_ID",
                                    "CREATED_BY",
                                    "RESPONSIBLE_ID",
                                    "XML_ID",
                                    "MARK",
                                    "ALLOW_CHANGE_DEADLINE",
                                    "TASK_CONTROL",
                                    NULL};
static const char *const dates[] = {"DEADLINE", "START_DATE_PLAN", "END_DATE_PLAN", NULL};
static const char *const lists[] = {"ACCOMPLICES",          "AUDITORS", "TAGS", "UF_CRM_TASK",
                                    "UF_TASK_WEBDAV_FILES", NULL};

/* All members become text. */
static json_t *list_new(const json_t *given)
{
    json_t *out = json_array(), *one;
    size_t i;
    json_array_foreach (given, i, one) {
        char *text = jv_print_new(one);
        json_array_append_new(out, json_string(text));
        mem_free(text);
    }
    return out;
}

static json_t *date_new(const struct sandbox *sb, const json_t *given)
{
    int64_t ms;
    bool fine = zone_parse_iso(sb->zone, jv_text(given, "", ""), &ms);
    return fine ? sandbox_date_new(sb, ms) : json_null();
}

static void apply(const struct sandbox *sb, json_t *row, const json_t *fields)
{
    methods_update_row(row, fields, texts);
    for (size_t i = 0; dates[i] != NULL; i++)
        if (json_object_get(fields, dates[i]) != NULL)
            json_object_set_new(row, dates[i], date_new(sb, json_object_get(fields, dates[i])));
    for (size_t i = 0; lists[i] != NULL; i++)
        if (json_object_get(fields, lists[i]) != NULL)
            json_object_set_new(row, lists[i], list_new(json_object_get(fields, lists[i])));
}

static json_t *blank_new(const struct call *call, int64_t id)
{
    json_t *me = methods_text_new(call->user), *now = sandbox_now_new(call->sb);
    json_t *row = json_pack(
        "{so ss ss sn sn ss ss ss sO sO sO sO sO ss sO sO sn sn sO sn sn sn sn ss ss s[] s[] s[] "
        "s[] s[] ss}",
        "ID", methods_text_new(id), "TITLE", "", "DESCRIPTION", "", "PARENT_ID", "MARK", "PRIORITY",
        "1", "GROUP_ID", "0", "STAGE_ID", "0", "CREATED_BY", me, "CREATED_DATE", now,
        "RESPONSIBLE_ID", me, "CHANGED_BY", me, "CHANGED_DATE", now, "STATUS", "2",
        "STATUS_CHANGED_BY", me, "STATUS_CHANGED_DATE", now, "CLOSED_BY", "CLOSED_DATE",
        "ACTIVITY_DATE", now, "DEADLINE", "START_DATE_PLAN", "END_DATE_PLAN", "XML_ID",
        "ALLOW_CHANGE_DEADLINE", "N", "TASK_CONTROL", "N", "ACCOMPLICES", "AUDITORS", "TAGS",
        "UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "COMMENTS_COUNT", "0");
    json_decref(me);
    json_decref(now);
    return row;
}

/* The literal text `undefined` really is sent (§1.5). */
static void raise(struct call *call, const char *name, const json_t *id, bool is_new)
{
    json_t *after = json_pack("{sO}", "ID", id);
    events_raise(call->sb, name,
                 json_pack("{so so ss ss}", "FIELDS_BEFORE",
                           is_new ? json_string("undefined") : json_pack("{sO}", "ID", id),
                           "FIELDS_AFTER", after, "IS_ACCESSIBLE_BEFORE",
                           is_new ? "N" : "undefined", "IS_ACCESSIBLE_AFTER", "undefined"));
}

json_t *task_create(struct call *call, const json_t *fields, int64_t *ret_id)
{
    const json_t *binding;
    size_t i;
    *ret_id = store_next(&call->sb->store, "task");
    json_t *row = blank_new(call, *ret_id);
    apply(call->sb, row, fields);
    store_put(&call->sb->store, "task", *ret_id, row);
    json_array_foreach (json_object_get(row, "UF_CRM_TASK"), i, binding) {
        int64_t id;
        struct entity owner = entity_of_binding(call->sb, jv_text(binding, "", ""), &id);
        item_touch(call->sb, &owner, id, call->user);
    }
    raise(call, "ONTASKADD", json_object_get(row, "ID"), true);
    return row;
}

static void close_or_open(const struct call *call, json_t *row)
{
    bool done = jv_int(row, "STATUS", WAITING) == DONE;
    json_object_set_new(row, "CLOSED_DATE", done ? sandbox_now_new(call->sb) : json_null());
    json_object_set_new(row, "CLOSED_BY", done ? methods_text_new(call->user) : json_null());
    json_object_set_new(row, "STATUS_CHANGED_DATE", sandbox_now_new(call->sb));
    json_object_set_new(row, "STATUS_CHANGED_BY", methods_text_new(call->user));
}

void task_change(struct call *call, json_t *row, const json_t *fields)
{
    int64_t status = jv_int(row, "STATUS", WAITING);
    apply(call->sb, row, fields);
    if (jv_int(row, "STATUS", WAITING) != status)
        close_or_open(call, row);
    json_object_set_new(row, "CHANGED_DATE", sandbox_now_new(call->sb));
    json_object_set_new(row, "CHANGED_BY", methods_text_new(call->user));
    raise(call, "ONTASKUPDATE", json_object_get(row, "ID"), false);
}

char *task_upper_new(const char *camel)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 256);
    for (; *camel != '\0'; camel++) {
        if (isupper((unsigned char)*camel))
            buf_char(&out, '_');
        buf_char(&out, (char)toupper((unsigned char)*camel));
    }
    return buf_take(&out);
}

static char small(char c)
{
    return (char)tolower((unsigned char)c);
}

char *task_camel_new(const char *upper)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 256);
    while (*upper != '\0') {
        size_t size = strcspn(upper, "_");
        for (size_t i = 0; i < size; i++)
            buf_char(&out, i == 0 && out.size > 0 ? upper[i] : small(upper[i]));
        upper += size + (upper[size] == '_');
    }
    return buf_take(&out);
}

static bool selects(const json_t *select, const char *name)
{
    const json_t *one;
    size_t i;
    json_array_foreach (select, i, one)
        if (strcasecmp(jv_text(one, "", ""), name) == 0)
            return true;
    return false;
}

static json_t *person_new(const struct call *call, const json_t *id)
{
    const json_t *user = store_get(&call->sb->store, "user", jv_int(id, "", 0));
    return json_pack(
        "{sO so so ss}", "id", id, "name",
        json_sprintf("%s %s", jv_text(user, "NAME", ""), jv_text(user, "LAST_NAME", "")), "link",
        json_sprintf("/company/personal/user/%s/", json_string_value(id)), "workPosition",
        jv_text(user, "WORK_POSITION", ""));
}

json_t *task_view_new(const struct call *call, const json_t *row, const json_t *select)
{
    json_t *out = json_object(), *value;
    const char *name;
    bool all = jv_is_empty(select) || selects(select, "*");
    json_object_foreach (jv_loose(row), name, value) {
        bool custom = strncmp(name, "UF_", 3) == 0; /* §8.7: only when selected */
        if (!(all && !custom) && !selects(select, name) && strcmp(name, "ID") != 0)
            continue;
        char *camel = task_camel_new(name);
        json_object_set(out, camel, value);
        mem_free(camel);
    }
    json_object_set_new(out, "group", json_array());
    if (json_object_get(out, "createdBy") != NULL)
        json_object_set_new(out, "creator", person_new(call, json_object_get(out, "createdBy")));
    if (json_object_get(out, "responsibleId") != NULL)
        json_object_set_new(out, "responsible",
                            person_new(call, json_object_get(out, "responsibleId")));
    return out;
}
