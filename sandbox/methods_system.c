#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/methods.h"
#include "sandbox/rest.h"
#include "sandbox/state.h"

/* bitrix24.md §8.14. */

void server_time(struct call *call)
{
    call_answer(call, sandbox_now_new(call->sb));
}

static bool is_admin(const struct call *call)
{
    return jv_flag(store_get(&call->sb->store, "admin", call->user), "ADMIN");
}

void profile(struct call *call)
{
    const json_t *user = store_get(&call->sb->store, "user", call->user);
    if (user == NULL) {
        call_answer(call, json_object());
        return;
    }
    call_answer(call, json_pack("{sO sb sO sO ss ss}", "ID", json_object_get(user, "ID"), "ADMIN",
                                is_admin(call), "NAME", json_object_get(user, "NAME"), "LAST_NAME",
                                json_object_get(user, "LAST_NAME"), "PERSONAL_GENDER", "",
                                "TIME_ZONE", ""));
}

/* Without `full` what was granted, with it all that there are. */
void scope_list(struct call *call)
{
    const struct method *method;
    const char *name;
    json_t *yes;
    if (!jv_flag(call_param_any(call, "full"), "")) {
        call_answer(call, json_deep_copy(call->sb->scopes));
        return;
    }
    JV_AUTO *seen = json_object();
    json_t *out = json_array();
    for (size_t i = 0; (method = method_at(i)) != NULL; i++)
        if (method->scope[0] != '\0')
            json_object_set_new(seen, method->scope, json_true());
    json_object_foreach (seen, name, yes)
        json_array_append_new(out, json_string(name));
    call_answer(call, out);
}

/* §8.14: "use lower-case names": others are not found. */
void method_get(struct call *call)
{
    const char *name = jv_text(call_param_any(call, "name"), "", "");
    const struct method *method = method_find(name);
    bool exists = method != NULL && strcmp(method->name, name) == 0;
    call_answer(call, json_pack("{sb sb}", "isExisting", exists, "isAvailable",
                                exists && method_granted(call->sb, method)));
}

void app_info(struct call *call)
{
    struct buf scopes BUF_AUTO;
    buf_init(&scopes, 4096);
    jv_print(&scopes, call->sb->scopes);
    call_answer(call, json_pack("{ss ss}", "SCOPE", scopes.data, "LICENSE", "ru_std"));
}

void feature_get(struct call *call)
{
    if (jv_is_empty(call_param_any(call, "CODE")))
        call_fail(call, 400, "ERROR_ARGUMENT", "Argument 'CODE' is null or empty");
    else
        call_answer(call, json_pack("{ss}", "value", "N"));
}

void user_admin(struct call *call)
{
    call_answer(call, json_boolean(is_admin(call)));
}

/* 1: classic, with leads. */
void crm_settings_mode_get(struct call *call)
{
    call_answer(call, json_integer(1));
}

void batch_in_batch(struct call *call)
{
    call_fail(call, 405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage");
}
