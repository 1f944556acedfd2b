#include "daemon/portal/fetch.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/entity.h"
#include "daemon/model/need.h"
#include "daemon/portal/fetch_parts.h"

/* ---- calls ----------------------------------------------------------------------------------- */

/* Takes the params. */
size_t fetch_call(struct command ret[FETCH_MOST], size_t i, const char *method, json_t *params)
{
    ret[i] = (struct command){.method = mem_strdup(method), .params = params};
    (void)snprintf(ret[i].key, sizeof ret[i].key, "%zu", i);
    return i + 1;
}

struct command fetch_more_of(const char *method, json_t *params)
{
    return (struct command){.key = "more", .method = mem_strdup(method), .params = params};
}

/* Ids go as numbers where they are numbers. */
json_t *fetch_id_new(const char *id)
{
    return entity_id_is_number(id) ? json_integer(strtoll(id, NULL, 10)) : jv_string_new(id);
}

/* "2:351:7" → type 2; *rest behind its colon. */
bool fetch_read_type(const char *argument, int *ret_type, const char **ret_rest)
{
    char *end;
    long type = strtol(argument, &end, 10);
    if (end == argument || type < -100 || type > INT32_MAX || (*end != ':' && *end != '\0'))
        return false;
    *ret_type = (int)type;
    *ret_rest = *end == ':' ? end + 1 : end;
    return entity_kind_of(*ret_type) != NULL;
}

/* How records are read that crm.item.get does not know. */
static const struct {
    int type;
    const char *method, *param;
    const char *at; /* where the record is in the result; "0": the first of a list */
} readers[] = {
    {ENTITY_TASK, "tasks.task.get", "taskId", "task"},         /* §8.7 */
    {ENTITY_ACTIVITY, "crm.activity.get", "id", ""},           /* §8.5 */
    {ENTITY_COMMENT, "crm.timeline.comment.get", "id", ""},    /* §8.5 */
    {ENTITY_USER, "user.get", "ID", "0"},                      /* §8.10 */
    {ENTITY_CALL, "voximplant.statistic.get", "CALL_ID", "0"}, /* §8.12 */
};

static size_t reader_of(int type)
{
    size_t i = 0;
    while (i < sizeof readers / sizeof readers[0] && readers[i].type != type)
        i++;
    return i;
}

static size_t entity_calls(const char *argument, struct command ret[FETCH_MOST])
{
    int type;
    const char *id;
    if (!fetch_read_type(argument, &type, &id) || id[0] == '\0')
        return 0;
    if (type > 0)
        return fetch_call(ret, 0, "crm.item.get",
                          json_pack("{s:i, s:o}", "entityTypeId", type, "id", fetch_id_new(id)));
    size_t i = reader_of(type);
    if (i == sizeof readers / sizeof readers[0])
        return 0;
    json_t *params = json_pack("{s:o}", readers[i].param, fetch_id_new(id));
    if (type == ENTITY_TASK) /* custom fields come only when asked for */
        json_object_set_new(params, "select", json_pack("[s, s, s]", "*", "UF_*", "UF_CRM_TASK"));
    if (type == ENTITY_CALL)
        params = json_pack("{s:o}", "FILTER", params);
    return fetch_call(ret, 0, readers[i].method, params);
}

static size_t user_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return fetch_call(ret, 0, "user.get", json_pack("{s:o}", "ID", fetch_id_new(argument)));
}

static size_t user_email_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return fetch_call(ret, 0, "user.get",
                      json_pack("{s:{s:o}}", "FILTER", "EMAIL", jv_string_new(argument)));
}

static json_t *full_name_filter_new(const char *first, size_t first_size, const char *last,
                                    size_t last_size)
{
    json_t *filter = json_object();
    if (first_size > 0)
        json_object_set_new(filter, "NAME", json_stringn(first, first_size));
    if (last_size > 0)
        json_object_set_new(filter, "LAST_NAME", json_stringn(last, last_size));
    return json_pack("{s:o}", "FILTER", filter);
}

/* "Анна Ли" is first and last name or the other way round: both are asked for. */
static size_t user_name_calls(const char *argument, struct command ret[FETCH_MOST])
{
    size_t head = strcspn(argument, " ");
    const char *tail = argument + head + strspn(argument + head, " ");
    size_t tail_size = strlen(tail);
    while (tail_size > 0 && tail[tail_size - 1] == ' ')
        tail_size--;
    (void)fetch_call(ret, 0, "user.get", full_name_filter_new(argument, head, tail, tail_size));
    return fetch_call(ret, 1, "user.get", full_name_filter_new(tail, tail_size, argument, head));
}

static size_t department_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return fetch_call(ret, 0, "department.get", json_pack("{s:o}", "ID", fetch_id_new(argument)));
}

static size_t department_name_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return fetch_call(ret, 0, "department.get",
                      json_pack("{s:o}", "NAME", jv_string_new(argument)));
}

static size_t fields_calls(const char *argument, struct command ret[FETCH_MOST])
{
    int type;
    const char *rest;
    if (!fetch_read_type(argument, &type, &rest) || !entity_kind_of(type)->universal)
        return 0;
    return fetch_call(ret, 0, "crm.item.fields", json_pack("{s:i}", "entityTypeId", type));
}

static size_t whoami_calls(const char *argument, struct command ret[FETCH_MOST])
{
    (void)argument;
    return fetch_call(ret, 0, "profile", json_object());
}

static size_t scope_calls(const char *argument, struct command ret[FETCH_MOST])
{
    (void)argument;
    return fetch_call(ret, 0, "scope", json_object());
}

/* Names in capital letters are not found (§8.14). */
static size_t method_calls(const char *argument, struct command ret[FETCH_MOST])
{
    char name[128];
    size_t i = 0;
    for (; argument[i] != '\0' && i + 1 < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)argument[i]);
    name[i] = '\0';
    return fetch_call(ret, 0, "method.get", json_pack("{s:s}", "name", name));
}

static size_t admin_calls(const char *argument, struct command ret[FETCH_MOST])
{
    (void)argument;
    return fetch_call(ret, 0, "user.admin", json_object());
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Does the refusal only say that there is no such thing? The classic API says so in words, with an
 * empty code (§8.3). */
bool fetch_says_absent(const struct answer *answer)
{
    return answer->verdict == VERDICT_REFUSED &&
           (strcasecmp(answer->error, "NOT_FOUND") == 0 ||
            strcasecmp(answer->error, "ERROR_NOT_FOUND") == 0 ||
            strcasestr(answer->text, "not found") != NULL);
}

enum fetched fetch_fail(const struct answer *answer, struct err *err)
{
    (void)err_set(err, "%s%s%s%s%s", verdict_word(answer->verdict),
                  answer->error[0] != '\0' ? " " : "", answer->error,
                  answer->text[0] != '\0' ? ": " : "", answer->text);
    return FETCH_FAILED;
}

static json_t *or_null_new(const json_t *value)
{
    return jv_is_empty(value) ? json_null() : json_deep_copy(value);
}

static enum fetched record_value(const struct fetch *fetch, const char *at, json_t **ret_value,
                                 struct err *err)
{
    const struct answer *answer = &fetch->answers[0];
    if (answer->verdict != VERDICT_DONE && !fetch_says_absent(answer))
        return fetch_fail(answer, err);
    *ret_value = or_null_new(jv_at(answer->result, at));
    return FETCHED;
}

static enum fetched entity_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    int type = ENTITY_NONE;
    const char *id;
    (void)ret_more;
    (void)fetch_read_type(fetch->argument, &type, &id);
    size_t i = reader_of(type);
    return record_value(
        fetch, type > 0 || i == sizeof readers / sizeof readers[0] ? "item" : readers[i].at,
        ret_value, err);
}

static enum fetched first_value(const struct fetch *fetch, json_t **ret_value,
                                struct command *ret_more, struct err *err)
{
    (void)ret_more;
    return record_value(fetch, "0", ret_value, err);
}

static bool has_id(const json_t *list, const json_t *id)
{
    size_t i;
    const json_t *entry;
    json_array_foreach (list, i, entry) {
        if (jv_same(json_object_get(entry, "ID"), id))
            return true;
    }
    return false;
}

/* All that the answers list, each id once. */
static enum fetched list_value(const struct fetch *fetch, json_t **ret_value,
                               struct command *ret_more, struct err *err)
{
    json_t *list = json_array();
    size_t i;
    json_t *entry;
    (void)ret_more;
    for (size_t k = 0; k < fetch->count; k++) {
        const struct answer *answer = &fetch->answers[k];
        if (answer->verdict != VERDICT_DONE && !fetch_says_absent(answer)) {
            json_decref(list);
            return fetch_fail(answer, err);
        }
        json_array_foreach (answer->result, i, entry) {
            if (!has_id(list, json_object_get(entry, "ID")))
                json_array_append_new(list, json_deep_copy(entry));
        }
    }
    *ret_value = list;
    return FETCHED;
}

static enum fetched fields_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    const struct answer *answer = &fetch->answers[0];
    (void)ret_more;
    if (answer->verdict != VERDICT_DONE)
        return fetch_fail(answer, err);
    const json_t *fields = json_object_get(answer->result, "fields");
    *ret_value = json_is_object(fields) ? json_deep_copy(fields) : json_object();
    return FETCHED;
}

/* The whole result as it is. */
static enum fetched result_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    (void)ret_more;
    if (fetch->answers[0].verdict != VERDICT_DONE)
        return fetch_fail(&fetch->answers[0], err);
    *ret_value = json_deep_copy(fetch->answers[0].result);
    return FETCHED;
}

static enum fetched whoami_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    const struct answer *answer = &fetch->answers[0];
    (void)ret_more;
    if (answer->verdict != VERDICT_DONE)
        return fetch_fail(answer, err);
    int64_t id = jv_int(answer->result, "ID", 0);
    *ret_value = id > 0 ? json_integer(id) : json_null();
    return FETCHED;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
    fetch_calls_fn *calls;
    fetch_value_fn *value;
} kinds[] = {
    [NEED_ENTITY] = {entity_calls, entity_value},
    [NEED_USER] = {user_calls, first_value},
    [NEED_USER_EMAIL] = {user_email_calls, first_value},
    [NEED_USER_NAME] = {user_name_calls, list_value},
    [NEED_DEPARTMENT] = {department_calls, first_value},
    [NEED_DEPARTMENT_NAME] = {department_name_calls, list_value},
    [NEED_STAGES] = {fetch_stages_calls, fetch_stages_value},
    [NEED_FIELDS] = {fields_calls, fields_value},
    [NEED_HISTORY] = {fetch_history_calls, fetch_history_value},
    [NEED_ACTIVITY] = {fetch_activity_calls, fetch_activity_value},
    [NEED_OPEN] = {fetch_open_calls, fetch_open_value},
    [NEED_OWNERS] = {fetch_owners_calls, fetch_owners_value},
    [NEED_LINES] = {fetch_lines_calls, fetch_lines_value},
    [NEED_WRITTEN] = {fetch_lines_calls, fetch_written_value},
    [NEED_WHOAMI] = {whoami_calls, whoami_value},
    [NEED_PRESENCE] = {fetch_presence_calls, fetch_presence_value},
    [NEED_LOAD] = {fetch_load_calls, fetch_load_value},
    [NEED_TEAM] = {fetch_nothing_calls, first_value},
    [NEED_USERS] = {fetch_users_calls, fetch_users_value},
    [NEED_DEPARTMENTS] = {fetch_departments_calls, fetch_departments_value},
    [NEED_TYPES] = {fetch_types_calls, fetch_types_value},
    [NEED_DIRECTORY] = {fetch_directory_calls, fetch_directory_value},
    [NEED_SCOPE] = {scope_calls, result_value},
    [NEED_METHOD] = {method_calls, result_value},
    [NEED_ADMIN] = {admin_calls, result_value},
    [NEED_TEMPLATES] = {fetch_templates_calls, fetch_templates_value},
};

size_t fetch_calls(const char *need, struct command ret[FETCH_MOST])
{
    enum need_kind kind;
    const char *argument;
    return need_split(need, &kind, &argument) ? kinds[kind].calls(argument, ret) : 0;
}

enum fetched fetch_value(const char *need, const struct answer *answers, size_t count,
                         json_t **ret_value, struct command *ret_more, struct err *err)
{
    enum need_kind kind;
    struct fetch fetch = {.answers = answers, .count = count};
    if (!need_split(need, &kind, &fetch.argument) || count == 0) {
        (void)err_set(err, "\"%.80s\" cannot be read from the portal", need);
        return FETCH_FAILED;
    }
    return kinds[kind].value(&fetch, ret_value, ret_more, err);
}
