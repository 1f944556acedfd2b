#include "sandbox/v3.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/envelope.h"
#include "sandbox/rest.h"
#include "sandbox/state.h"

#define CODE(name) "BITRIX_REST_V3_EXCEPTION_" name

enum { KEY_LIFE_MS = 24 * 3600 * 1000, MOST_KEYS = 10000 };

/* {"error":{"code","message","validation":[…]}}; a validation error names its field before a colon
 * in the call's text. */
static json_t *error_new(const json_t *code, const char *text)
{
    bool validation =
        strcmp(jv_text(code, "", ""), CODE("VALIDATION_REQUESTVALIDATIONEXCEPTION")) == 0;
    json_t *error = json_object();
    json_object_set(error, "code", jv_loose(code));
    const char *colon = validation ? strchr(text, ':') : NULL;
    json_object_set_new(
        error, "message",
        json_string(colon != NULL ? "Error during request object validation" : text));
    if (colon != NULL)
        json_object_set_new(
            error, "validation",
            json_pack("[{ss% ss}]", "field", text, (size_t)(colon - text), "message", colon + 1));
    return json_pack("{so}", "error", error);
}

static void refuse(struct sandbox_answer *ret, int status, const char *code, const char *text)
{
    JV_AUTO *value = json_string(code);
    envelope_body(ret, status, error_new(value, text));
}

static bool key_is_fine(const char *key)
{
    size_t size = strlen(key);
    for (size_t i = 0; i < size; i++)
        if (key[i] < 0x20 || key[i] > 0x7e)
            return false;
    return size >= 1 && size <= 255;
}

/* The stored answer of the same call (§3.7): true when there is one, or another call under its key.
 */
static bool replay(const struct sandbox *sb, const char *name, const json_t *params,
                   struct sandbox_answer *ret)
{
    json_t *stored = json_object_get(sb->idempotency, name);
    if (stored == NULL || sb->now_ms - jv_int(stored, "at_ms", 0) > KEY_LIFE_MS)
        return false;
    if (!json_equal(json_object_get(stored, "params"), params)) {
        refuse(ret, 422, CODE("IDEMPOTENCYKEYREUSEDEXCEPTION"),
               "The key was already used with a different request body");
        return true;
    }
    envelope_body(ret, 200, json_incref(json_object_get(stored, "body")));
    ret->replayed = true;
    return true;
}

static void remember(struct sandbox *sb, const char *name, const json_t *params, json_t *body)
{
    if (json_object_size(sb->idempotency) >= MOST_KEYS)
        json_object_del(sb->idempotency, json_object_iter_key(json_object_iter(sb->idempotency)));
    json_object_set_new(sb->idempotency, name,
                        json_pack("{so sO sI}", "params", json_deep_copy(params), "body", body,
                                  "at_ms", (json_int_t)sb->now_ms));
}

static void run(struct sandbox *sb, const struct method *method, const json_t *params,
                const char *key_name, struct sandbox_answer *ret)
{
    struct call call;
    struct operating used;
    call_init(&call, sb, method, params, sb->hook_user);
    rest_run(&call, method, true, &used);
    if (call.status != 0) {
        bool scope = strcmp(jv_text(call.error, "", ""), "insufficient_scope") == 0;
        JV_AUTO *code =
            scope ? json_string(CODE("INSUFFICIENTSCOPEEXCEPTION")) : json_incref(call.error);
        envelope_body(ret, call.status, error_new(code, call.text));
    } else {
        json_t *body =
            json_pack("{sO so}", "result", call.result, "time", envelope_time_new(sb, &used));
        if (key_name != NULL) /* §3.7: errors are not stored */
            remember(sb, key_name, params, body);
        envelope_body(ret, 200, body);
    }
    call_done(&call);
}

void v3_execute(struct sandbox *sb, const struct sandbox_request *from,
                const struct request *request, struct sandbox_answer *ret)
{
    const struct method *method = method_find_v3(request->method);
    const char *key = from->idempotency_key;
    if (method == NULL) {
        refuse(ret, 404, CODE("METHODNOTFOUNDEXCEPTION"), "Method not found");
        return;
    }
    if (request->bad_json) {
        refuse(ret, 400, CODE("INVALIDJSONEXCEPTION"), "Invalid JSON");
        return;
    }
    if (key != NULL && !key_is_fine(key)) {
        refuse(ret, 400, CODE("INVALIDIDEMPOTENCYKEYEXCEPTION"),
               "The key must be 1 to 255 printable ASCII characters");
        return;
    }
    char *name = key == NULL ? NULL : mem_printf("%s %s", method->name, key);
    if (name == NULL || !replay(sb, name, request->params, ret))
        run(sb, method, request->params, name, ret);
    mem_free(name);
}
