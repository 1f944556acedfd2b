#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/method.h"
#include "sandbox/state.h"

void call_init(struct call *call, struct sandbox *sb, const struct method *method,
               const json_t *params, int64_t user)
{
    *call = (struct call){
        .sb = sb, .method = method, .params = params, .user = user, .total = -1, .next = -1};
}

void call_done(struct call *call)
{
    json_decref(call->result);
    json_decref(call->error);
    *call = (struct call){0};
}

PRINTF_LIKE(4, 0)
static bool fail(struct call *call, int status, json_t *code, const char *format, va_list args)
{
    if (call->status != 0) {
        json_decref(code);
        return false;
    }
    call->status = status;
    call->error = code;
    (void)vsnprintf(call->text, sizeof call->text, format, args);
    return false;
}

bool call_fail(struct call *call, int status, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(call, status, json_string(code), format, args);
    va_end(args);
    return false;
}

bool call_fail_number(struct call *call, int status, int64_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(call, status, json_integer(code), format, args);
    va_end(args);
    return false;
}

bool call_fail_classic(struct call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(call, 400, json_string(""), format, args);
    va_end(args);
    return false;
}

void call_answer(struct call *call, json_t *result)
{
    json_decref(call->result);
    call->result = result;
}

const json_t *call_param(const struct call *call, const char *name)
{
    return json_object_get(call->params, name);
}

const json_t *call_param_any(const struct call *call, const char *name)
{
    const char *key;
    json_t *value;
    const json_t *exact = json_object_get(call->params, name);
    if (exact != NULL)
        return exact;
    json_object_foreach (jv_loose(call->params), key, value)
        if (strcasecmp(key, name) == 0)
            return value;
    return NULL;
}

const json_t *call_object(const struct call *call, const char *name)
{
    const json_t *value = call_param_any(call, name);
    return json_is_object(value) ? value : NULL;
}

int64_t call_id(const struct call *call, const char *name)
{
    return jv_int(call_param_any(call, name), "", 0);
}

json_t *call_list(struct call *call, const json_t *rows, struct list_query *query)
{
    struct list_page page;
    struct err err = {0};
    query->filter = query->filter != NULL ? query->filter : call_object(call, "filter");
    query->order = query->order != NULL ? query->order : call_object(call, "order");
    query->start = jv_int(call_param_any(call, "start"), "", 0);
    query->zone = call->sb->zone;
    if (!list_run(rows, query, &page, &err)) {
        call_fail(call, 400, "INVALID_ARG_VALUE", "%s", err.text);
        return NULL;
    }
    call->total = page.total;
    call->next = page.next;
    return page.rows;
}

void call_list_rows(struct call *call, const char *table)
{
    struct list_query query = {0};
    json_t *rows = call_list(call, store_rows(&call->sb->store, table), &query);
    if (rows != NULL)
        call_answer(call, rows);
}
