#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.5; A/crm/timeline/activities. Rows are kept as the classic methods show them. */

enum activity_type { MEETING = 1, CALL = 2, TASK = 3, EMAIL = 4, PROVIDER = 6 };

/* What crm.activity.add and .update take. */
static const char *const writable[] = {
    "OWNER_ID",
    "OWNER_TYPE_ID",
    "TYPE_ID",
    "PROVIDER_ID",
    "PROVIDER_TYPE_ID",
    "SUBJECT",
    "START_TIME",
    "END_TIME",
    "DEADLINE",
    "COMPLETED",
    "RESPONSIBLE_ID",
    "PRIORITY",
    "DESCRIPTION",
    "DESCRIPTION_TYPE",
    "DIRECTION",
    "LOCATION",
    "SETTINGS",
    "ORIGIN_ID",
    "ORIGINATOR_ID",
    "NOTIFY_TYPE",
    "NOTIFY_VALUE",
    "COMMUNICATIONS",
    "BINDINGS",
    "IS_INCOMING_CHANNEL",
    NULL,
};

static void raise(struct call *call, const char *what, int64_t id)
{
    char *name = mem_printf("ONCRMACTIVITY%s", what);
    events_raise(call->sb, name, json_pack("{s{sI}}", "FIELDS", "ID", (json_int_t)id));
    mem_free(name);
}

static json_t *blank_new(const struct call *call, int64_t id)
{
    json_t *me = methods_text_new(call->user), *now = sandbox_now_new(call->sb);
    json_t *row = json_pack(
        "{so ss ss ss ss ss sn ss ss sO sO sO sO ss ss ss sO ss ss ss ss ss ss ss s[] sn sn sO sO "
        "s[] s[]}",
        "ID", methods_text_new(id), "OWNER_ID", "0", "OWNER_TYPE_ID", "0", "TYPE_ID", "6",
        "PROVIDER_ID", "", "PROVIDER_TYPE_ID", "", "PROVIDER_GROUP_ID", "ASSOCIATED_ENTITY_ID", "0",
        "SUBJECT", "", "CREATED", now, "LAST_UPDATED", now, "START_TIME", now, "END_TIME", now,
        "DEADLINE", "", "COMPLETED", "N", "STATUS", "1", "RESPONSIBLE_ID", me, "PRIORITY", "2",
        "NOTIFY_TYPE", "0", "NOTIFY_VALUE", "0", "DESCRIPTION", "", "DESCRIPTION_TYPE", "1",
        "DIRECTION", "0", "LOCATION", "", "SETTINGS", "ORIGINATOR_ID", "ORIGIN_ID", "AUTHOR_ID", me,
        "EDITOR_ID", me, "COMMUNICATIONS", "BINDINGS");
    json_decref(me);
    json_decref(now);
    return row;
}

/* The owner and whom it was talked with, as crm.activity.binding.list shows them. */
static json_t *bindings_new(const json_t *row)
{
    json_t *bindings =
        json_pack("[{sO sO}]", "OWNER_TYPE_ID", json_object_get(row, "OWNER_TYPE_ID"), "OWNER_ID",
                  json_object_get(row, "OWNER_ID"));
    const json_t *one;
    size_t i;
    json_array_foreach (json_object_get(row, "COMMUNICATIONS"), i, one)
        if (jv_int(one, "ENTITY_ID", 0) > 0)
            json_array_append_new(bindings,
                                  json_pack("{sO sO}", "OWNER_TYPE_ID",
                                            json_object_get(one, "ENTITY_TYPE_ID"), "OWNER_ID",
                                            json_object_get(one, "ENTITY_ID")));
    return bindings;
}

/* STATUS 2 is done, 1 is not; an owner is a binding too. */
static void settle(json_t *row)
{
    bool done = jv_flag(row, "COMPLETED");
    json_object_set_new(row, "COMPLETED", json_string(done ? "Y" : "N"));
    json_object_set_new(row, "STATUS", json_string(done ? "2" : "1"));
    if (json_array_size(json_object_get(row, "BINDINGS")) == 0)
        json_object_set_new(row, "BINDINGS", bindings_new(row));
}

static void save(struct call *call, json_t *row, int64_t id)
{
    struct entity owner = entity_of_type(call->sb, jv_int(row, "OWNER_TYPE_ID", 0));
    settle(row);
    store_put(&call->sb->store, "activity", id, row);
    item_touch(call->sb, &owner, jv_int(row, "OWNER_ID", 0), call->user);
    raise(call, "ADD", id);
}

static bool owner_exists(struct sandbox *sb, int64_t type, int64_t id)
{
    struct entity owner = entity_of_type(sb, type);
    return owner.kind != NULL && store_get(&sb->store, owner.table, id) != NULL;
}

/* A date as the portal keeps it; NULL when it is none. */
static json_t *moment_new(const struct sandbox *sb, const json_t *given)
{
    int64_t ms;
    const char *text = jv_text(given, "", "");
    return zone_parse_iso(sb->zone, text, &ms) ? sandbox_date_new(sb, ms) : NULL;
}

static bool check_todo(struct call *call, json_t **ret_deadline)
{
    static const char *const required[] = {"ownerTypeId", "ownerId", "deadline"};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (call_param(call, required[i]) == NULL)
            return call_fail_number(call, 400, 100, "Could not find value for parameter {%s}",
                                    required[i]);
    if (!owner_exists(call->sb, call_id(call, "ownerTypeId"), call_id(call, "ownerId")))
        return call_fail(call, 400, "OWNER_NOT_FOUND", "Owner was not found");
    const json_t *responsible = call_param(call, "responsibleId");
    if (responsible != NULL && !methods_user_exists(call, jv_int(responsible, "", 0)))
        return call_fail(call, 400, "INVALID_ARG_VALUE", "Responsible was not found");
    *ret_deadline = moment_new(call->sb, call_param(call, "deadline"));
    return *ret_deadline != NULL ||
           call_fail(call, 400, "WRONG_DATETIME_FORMAT", "Wrong datetime format");
}

void crm_activity_todo_add(struct call *call)
{
    json_t *deadline = NULL;
    if (!check_todo(call, &deadline))
        return;
    int64_t id = store_next(&call->sb->store, "activity");
    json_t *row = blank_new(call, id);
    const json_t *pings = call_param(call, "pingOffsets"), *color = call_param(call, "colorId");
    json_object_set_new(row, "OWNER_TYPE_ID", methods_text_new(call_id(call, "ownerTypeId")));
    json_object_set_new(row, "OWNER_ID", methods_text_new(call_id(call, "ownerId")));
    json_object_set_new(row, "PROVIDER_ID", json_string("CRM_TODO"));
    json_object_set_new(row, "PROVIDER_TYPE_ID", json_string("TODO"));
    json_object_set_new(row, "SUBJECT", json_string(jv_text(call_param(call, "title"), "", "")));
    json_object_set_new(row, "DESCRIPTION",
                        json_string(jv_text(call_param(call, "description"), "", "")));
    json_object_set(row, "END_TIME", deadline);
    json_object_set_new(row, "DEADLINE", deadline);
    json_object_set_new(
        row, "RESPONSIBLE_ID",
        methods_text_new(jv_int(call_param(call, "responsibleId"), "", call->user)));
    json_object_set_new(row, "SETTINGS",
                        json_pack("{sO* sO*}", "PING_OFFSETS", pings, "COLOR", color));
    save(call, row, id);
    call_answer(call, json_pack("{sI}", "id", (json_int_t)id));
}

/* Errors of A/crm/timeline/activities/activity-base/crm-activity-add. */
static bool check_activity(struct call *call, const json_t *fields)
{
    int64_t type = jv_int(fields, "TYPE_ID", 0);
    bool talks = type == MEETING || type == CALL || type == EMAIL;
    if (jv_is_empty(json_object_get(fields, "SUBJECT")))
        return call_fail_classic(call, "The field SUBJECT is not defined or empty.");
    if (!methods_user_exists(call, jv_int(fields, "RESPONSIBLE_ID", 0)))
        return call_fail_classic(call, "The field RESPONSIBLE_ID is not defined or invalid.");
    if (type < MEETING || type > PROVIDER)
        return call_fail_classic(call, "The field TYPE_ID is not defined or invalid.");
    if (talks && jv_is_empty(json_object_get(fields, "COMMUNICATIONS")))
        return call_fail_classic(call, "The field COMMUNICATIONS is not defined or invalid.");
    if (!owner_exists(call->sb, jv_int(fields, "OWNER_TYPE_ID", 0), jv_int(fields, "OWNER_ID", 0)))
        return call_fail_classic(call, "Could not build binding. Please ensure that owner info and "
                                       "communications are defined correctly.");
    if (type == PROVIDER && jv_is_empty(json_object_get(fields, "PROVIDER_ID")))
        return call_fail_classic(call, "The custom activity without provider is not supported in "
                                       "current context.");
    return true;
}

/* A letter is sent by being made like this (§8.5); when it cannot be sent the activity is there all
 * the same. */
static bool letter_goes(struct call *call, const json_t *row)
{
    const json_t *one;
    size_t i;
    bool sent = jv_int(row, "TYPE_ID", 0) == EMAIL && jv_int(row, "DIRECTION", 0) == 2 &&
                strcmp(jv_text(row, "COMPLETED", ""), "Y") == 0;
    const char *from = jv_text(row, "SETTINGS.MESSAGE_FROM", "crm@example.com");
    if (!sent)
        return true;
    json_array_foreach (json_object_get(row, "COMMUNICATIONS"), i, one)
        if (strchr(jv_text(one, "VALUE", ""), '@') == NULL)
            return call_fail_classic(call, "Email send error. \"To\" is not found");
    return strchr(from, '@') != NULL ||
           call_fail_classic(call, "Email send error. Invalid email is specified");
}

void crm_activity_add(struct call *call)
{
    const json_t *fields = call_object(call, "fields");
    if (!check_activity(call, fields))
        return;
    int64_t id = store_next(&call->sb->store, "activity");
    json_t *row = blank_new(call, id);
    methods_update_row(row, fields, writable);
    save(call, row, id);
    if (letter_goes(call, row))
        call_answer(call, json_integer(id));
}

static json_t *read_row(struct call *call)
{
    json_t *row = store_get(&call->sb->store, "activity", call_id(call, "id"));
    if (row == NULL)
        call_fail_classic(call, "Activity is not found.");
    return row;
}

static bool selects(const json_t *select, const char *name)
{
    const json_t *one;
    size_t i;
    json_array_foreach (select, i, one)
        if (strcmp(jv_text(one, "", ""), name) == 0)
            return true;
    return false;
}

/* COMMUNICATIONS and BINDINGS come when they are asked for (§8.5). */
static json_t *shown_new(const json_t *row, const json_t *select)
{
    json_t *out = json_object(), *value;
    const char *name;
    bool all = jv_is_empty(select) || selects(select, "*");
    json_object_foreach (jv_loose(row), name, value) {
        bool extra = strcmp(name, "COMMUNICATIONS") == 0 || strcmp(name, "BINDINGS") == 0;
        if ((all && !extra) || selects(select, name))
            json_object_set(out, name, value);
    }
    return out;
}

void crm_activity_get(struct call *call)
{
    const json_t *row = read_row(call);
    if (row != NULL)
        call_answer(call, shown_new(row, NULL));
}

void crm_activity_binding_list(struct call *call)
{
    const json_t *row = store_get(&call->sb->store, "activity", call_id(call, "activityId"));
    const json_t *one;
    size_t i;
    if (row == NULL) {
        call_fail(call, 400, "NOT_FOUND", "Activity was not found");
        return;
    }
    json_t *out = json_array();
    json_array_foreach (json_object_get(row, "BINDINGS"), i, one)
        json_array_append_new(out, json_pack("{sI sI}", "entityTypeId",
                                             (json_int_t)jv_int(one, "OWNER_TYPE_ID", 0),
                                             "entityId", (json_int_t)jv_int(one, "OWNER_ID", 0)));
    call_answer(call, out);
}

static bool bound(const json_t *row, const json_t *wanted)
{
    const json_t *binding, *one;
    size_t i, k;
    json_array_foreach (wanted, i, one)
        json_array_foreach (json_object_get(row, "BINDINGS"), k, binding)
            if (jv_same(json_object_get(binding, "OWNER_TYPE_ID"),
                        json_object_get(one, "OWNER_TYPE_ID")) &&
                jv_same(json_object_get(binding, "OWNER_ID"), json_object_get(one, "OWNER_ID")))
                return true;
    return false;
}

/* filter.BINDINGS is a list of owners, not a value. */
static json_t *bound_rows_new(struct call *call, json_t *filter)
{
    json_t *all = store_rows(&call->sb->store, "activity"), *row;
    JV_AUTO *wanted = json_incref(json_object_get(filter, "BINDINGS"));
    const char *number;
    if (wanted == NULL)
        return json_incref(all);
    json_object_del(filter, "BINDINGS");
    json_t *out = json_object();
    json_object_foreach (all, number, row)
        if (bound(row, wanted))
            json_object_set(out, number, row);
    return out;
}

void crm_activity_list(struct call *call)
{
    JV_AUTO *filter = json_copy(jv_loose(call_object(call, "filter")));
    JV_AUTO *rows = bound_rows_new(call, filter);
    struct list_query query = {.filter = filter};
    JV_AUTO *page = call_list(call, rows, &query);
    if (page == NULL)
        return;
    json_t *out = json_array(), *row;
    size_t i;
    json_array_foreach (page, i, row)
        json_array_append_new(out, shown_new(row, call_param_any(call, "select")));
    call_answer(call, out);
}

void crm_activity_update(struct call *call)
{
    json_t *row = read_row(call);
    if (row == NULL)
        return;
    methods_update_row(row, call_object(call, "fields"), writable);
    settle(row);
    json_object_set_new(row, "LAST_UPDATED", sandbox_now_new(call->sb));
    json_object_set_new(row, "EDITOR_ID", methods_text_new(call->user));
    raise(call, "UPDATE", call_id(call, "id"));
    call_answer(call, json_true());
}

void crm_activity_delete(struct call *call)
{
    int64_t id = call_id(call, "id");
    if (read_row(call) == NULL)
        return;
    store_drop(&call->sb->store, "activity", id);
    raise(call, "DELETE", id);
    call_answer(call, json_true());
}
