#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/utf8.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.10. */

/* Old methods take sort and order as two texts. New, or NULL. */
static json_t *order_new(const struct call *call)
{
    const char *sort = jv_text(call_param_any(call, "sort"), "", NULL);
    return sort == NULL
               ? NULL
               : json_pack("{ss}", sort, jv_text(call_param_any(call, "order"), "", "ASC"));
}

/* Conditions stand in FILTER or beside it ({"ID":5}); these are no conditions. */
static json_t *filter_new(const struct call *call)
{
    static const char *const others[] = {"filter", "sort", "order", "start", "auth", "ADMIN_MODE"};
    json_t *out = json_copy(jv_loose(call->params));
    json_t *inner = json_incref(jv_loose(call_object(call, "filter")));
    const char *key;
    json_t *value;
    json_object_foreach (jv_loose(call->params), key, value)
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            if (strcasecmp(key, others[i]) == 0)
                json_object_del(out, key);
    json_object_update(out, inner);
    json_decref(inner);
    return out;
}

static void list(struct call *call, const json_t *rows, const json_t *filter)
{
    JV_AUTO *order = order_new(call);
    struct list_query query = {.filter = filter, .order = order};
    json_t *page = call_list(call, rows, &query);
    if (page != NULL)
        call_answer(call, page);
}

void user_get(struct call *call)
{
    JV_AUTO *filter = filter_new(call);
    list(call, store_rows(&call->sb->store, "user"), filter);
}

/* Names by their beginning, as the search box has it. */
static bool found(const json_t *user, const json_t *filter)
{
    const char *key;
    json_t *value;
    struct buf have BUF_AUTO, want BUF_AUTO;
    buf_init(&have, 4096);
    buf_init(&want, 4096);
    json_object_foreach (jv_loose(filter), key, value) {
        if (!json_is_string(value) || !json_is_string(json_object_get(user, key)))
            continue;
        buf_clear(&have);
        buf_clear(&want);
        utf8_lower(&have, jv_text(user, key, ""));
        utf8_lower(&want, json_string_value(value));
        if (strncmp(have.data, want.data, want.size) != 0)
            return false;
    }
    const char *find = jv_text(filter, "FIND", "");
    return utf8_contains(jv_text(user, "NAME", ""), find) ||
           utf8_contains(jv_text(user, "LAST_NAME", ""), find) ||
           utf8_contains(jv_text(user, "EMAIL", ""), find);
}

void user_search(struct call *call)
{
    JV_AUTO *filter = filter_new(call), *rows = json_object(), *rest = json_object();
    const char *number;
    json_t *user;
    json_object_foreach (store_rows(&call->sb->store, "user"), number, user)
        if (found(user, filter))
            json_object_set(rows, number, user);
    json_object_foreach (filter, number, user)
        if (!json_is_string(user) || strcmp(number, "ID") == 0)
            json_object_set(rest, number, user);
    list(call, rows, rest);
}

void user_current(struct call *call)
{
    call_answer(call, json_incref(store_get(&call->sb->store, "user", call->user)));
}

void department_get(struct call *call)
{
    JV_AUTO *filter = filter_new(call);
    list(call, store_rows(&call->sb->store, "department"), filter);
}

/* A/timeman/base/timeman-status. A row of "timeman" says otherwise than that everybody has begun
 * the day; one who has never counted his hours is CLOSED and has no TIME_START. */
void timeman_status(struct call *call)
{
    int64_t user = jv_int(call_param_any(call, "USER_ID"), "", call->user);
    const json_t *day = store_get(&call->sb->store, "timeman", user);
    if (!methods_user_exists(call, user)) {
        call_fail_classic(call, "User not found");
        return;
    }
    const char *status = jv_text(day, "STATUS", "OPENED");
    bool open = strcmp(status, "CLOSED") != 0;
    json_t *start = json_object_get(day, "TIME_START");
    call_answer(call, json_pack("{ss so so ss ss sb}", "STATUS", status, "TIME_START",
                                start != NULL ? json_incref(start) : sandbox_now_new(call->sb),
                                "TIME_FINISH", open ? json_null() : sandbox_now_new(call->sb),
                                "DURATION", "00:00:00", "TIME_LEAKS", "00:00:00", "ACTIVE", open));
}

static json_t *entries_new(struct call *call, int64_t user, int64_t from_s, int64_t to_s)
{
    json_t *out = json_array(), *row;
    const char *number;
    json_object_foreach (store_rows(&call->sb->store, "absence"), number, row) {
        int64_t begin = jv_int(row, "DATE_FROM_TS_UTC", 0), end = jv_int(row, "DATE_TO_TS_UTC", 0);
        if (jv_int(row, "USER_ID", 0) == user && begin <= to_s && end >= from_s)
            json_array_append(out, row);
    }
    return out;
}

/* The text of A/calendar/calendar-event/calendar-accessibility-get. */
static bool is_given(struct call *call, const char *name, bool given)
{
    return given || call_fail_classic(call,
                                      "The required parameter \"%s\" for the method "
                                      "\"calendar.accessibility.get\" is not set.",
                                      name);
}

static bool day_param(struct call *call, const char *name, int64_t *ret_ms)
{
    const char *text = jv_text(call_param_any(call, name), "", "");
    return is_given(call, name, zone_parse_iso(call->sb->zone, text, ret_ms));
}

void calendar_accessibility_get(struct call *call)
{
    enum { DAY_MS = 24 * 3600 * 1000 };
    int64_t from = 0, to = 0;
    const json_t *users = call_param_any(call, "users"), *one;
    size_t i;
    if (!day_param(call, "from", &from) || !day_param(call, "to", &to) ||
        !is_given(call, "users", json_is_array(users)))
        return;
    json_t *out = json_object();
    /* A bare day counts to its end. */
    int64_t end = strlen(jv_text(call_param_any(call, "to"), "", "")) == 10 ? to + DAY_MS : to;
    json_array_foreach (users, i, one) {
        json_t *number = methods_text_new(jv_int(one, "", 0));
        json_object_set_new(out, json_string_value(number),
                            entries_new(call, jv_int(one, "", 0), from / 1000, end / 1000));
        json_decref(number);
    }
    call_answer(call, out);
}

static json_t *im_user_new(struct call *call, const json_t *user)
{
    JV_AUTO *absent =
        entries_new(call, jv_int(user, "ID", 0), call->sb->now_ms / 1000, call->sb->now_ms / 1000);
    return json_pack(
        "{sI sO so sO sO sO ss so}", "id", (json_int_t)jv_int(user, "ID", 0), "active",
        json_object_get(user, "ACTIVE"), "name",
        json_sprintf("%s %s", jv_text(user, "NAME", ""), jv_text(user, "LAST_NAME", "")),
        "first_name", json_object_get(user, "NAME"), "last_name",
        json_object_get(user, "LAST_NAME"), "work_position", json_object_get(user, "WORK_POSITION"),
        "status", "online", "absent",
        json_array_size(absent) > 0
            ? sandbox_date_new(call->sb, 1000 * jv_int(absent, "0.DATE_TO_TS_UTC", 0))
            : json_false());
}

void im_user_list_get(struct call *call)
{
    bool list = strcmp(jv_text(call_param_any(call, "RESULT_TYPE"), "", ""), "array") == 0;
    json_t *array = json_array(), *map = json_object(), *one;
    size_t i;
    json_array_foreach (call_param_any(call, "ID"), i, one) {
        const json_t *user = store_get(&call->sb->store, "user", jv_int(one, "", 0));
        json_t *shown = user == NULL ? json_null() : im_user_new(call, user);
        json_t *number = methods_text_new(jv_int(one, "", 0));
        json_object_set(map, json_string_value(number), shown);
        if (user != NULL)
            json_array_append(array, shown);
        json_decref(number);
        json_decref(shown);
    }
    call_answer(call, json_incref(list ? array : map));
    json_decref(array);
    json_decref(map);
}
