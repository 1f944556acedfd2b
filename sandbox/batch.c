#include "sandbox/batch.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/envelope.h"
#include "sandbox/request.h"
#include "sandbox/rest.h"
#include "sandbox/state.h"

/* What the sub-requests came to, by key. */
struct outcome {
    json_t *result, *error, *total, *next, *time;
};

static const json_t *any_case(const json_t *params, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach (jv_loose(params), key, value)
        if (strcasecmp(key, name) == 0)
            return value;
    return NULL;
}

json_t *batch_commands_new(const json_t *params)
{
    const json_t *given = any_case(params, "cmd");
    json_t *commands = json_object(), *text;
    const char *key;
    size_t i;
    char number[24];
    json_array_foreach (given, i, text) {
        (void)snprintf(number, sizeof number, "%zu", i);
        if (json_is_string(text)) /* §4: other values are skipped */
            json_object_set(commands, number, text);
    }
    if (json_is_object(given))
        json_object_foreach (jv_loose(given), key, text)
            if (json_is_string(text))
                json_object_set(commands, key, text);
    return commands;
}

void batch_split(const char *command, char ret_method[100], json_t **ret_params)
{
    size_t whole = strcspn(command, "#"); /* §10 no. 18: a bare # cuts the rest off */
    size_t name = strcspn(command, "?#");
    (void)snprintf(ret_method, 100, "%.*s", (int)(name < 99 ? name : 99), command);
    *ret_params =
        name < whole ? request_form_new(command + name + 1, whole - name - 1) : json_object();
}

static void refuse(struct call *call)
{
    call_fail(call, 405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage");
}

/* One sub-request; false when it failed. */
static bool run_one(const struct call *batch, const char *key, const char *command,
                    struct outcome *all, struct operating *sum)
{
    char name[100];
    json_t *raw;
    struct call sub;
    struct operating used = {0};
    batch_split(command, name, &raw);
    JV_AUTO *named = json_pack("{sO sO sO sO sO}", "result", all->result, "next", all->next,
                               "total", all->total, "error", all->error, "time", all->time);
    JV_AUTO *params = reference_replace_new(raw, named);
    json_decref(raw);
    const struct method *method = method_find(name);
    call_init(&sub, batch->sb, method, params, batch->user);
    if (method != NULL && (method->flags & METHOD_ALONE))
        refuse(&sub);
    else
        rest_command(&sub, name, true, &used);
    bool fine = sub.status == 0;
    if (fine) {
        /* A copy: a later command may change the row that this one showed. */
        json_object_set_new(all->result, key,
                            sub.result != NULL ? json_deep_copy(sub.result) : json_null());
        json_object_set_new(all->time, key, envelope_time_new(batch->sb, &used));
    } else {
        json_object_set_new(all->error, key, envelope_error_new(sub.error, sub.text));
    }
    if (sub.total >= 0)
        json_object_set_new(all->total, key, json_integer(sub.total));
    if (sub.next >= 0)
        json_object_set_new(all->next, key, json_integer(sub.next));
    sum->cost_s += used.cost_s;
    call_done(&sub);
    return fine;
}

/* §4: with keys 0, 1, 2 … PHP writes a list. */
static json_t *as_php(json_t *map)
{
    const char *key;
    json_t *value, *list = json_array();
    char number[24];
    json_object_foreach (map, key, value) {
        (void)snprintf(number, sizeof number, "%zu", json_array_size(list));
        if (strcmp(key, number) != 0) {
            json_decref(list);
            return map;
        }
        json_array_append(list, value);
    }
    json_decref(map);
    return list;
}

void batch_run(struct call *call, const json_t *commands, struct operating *ret_used)
{
    struct outcome all = {json_object(), json_object(), json_object(), json_object(),
                          json_object()};
    bool halt = jv_flag(any_case(call->params, "halt"), "");
    const char *key;
    const json_t *command;
    size_t done = 0;
    *ret_used = (struct operating){0};
    journal_batch(&call->sb->journal, json_object_size(commands));
    json_object_foreach (jv_loose(commands), key, command) {
        if (done++ < BATCH_MOST) {
            if (!run_one(call, key, json_string_value(command), &all, ret_used) && halt)
                break; /* §4: later keys are missing from both */
            continue;
        }
        JV_AUTO *code = json_string("ERROR_BATCH_LENGTH_EXCEEDED");
        json_object_set_new(all.error, key, envelope_error_new(code, "Max batch length exceeded"));
    }
    call_answer(call, json_pack("{so so so so so}", "result", as_php(all.result), "result_error",
                                as_php(all.error), "result_total", as_php(all.total), "result_next",
                                as_php(all.next), "result_time", as_php(all.time)));
}
