#include "daemon/rules/scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/rules/seen.h"

enum { MOST_NEEDS = 1000 };

enum known scope_bad(struct scope *scope, const char *format, ...)
{
    char text[sizeof scope->err.text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)err_set(&scope->err, "%s", text);
    return KNOWN_BAD;
}

enum known scope_need(struct scope *scope, const char *need)
{
    size_t i;
    json_t *known;
    json_array_foreach (scope->needs, i, known)
        if (strcmp(json_string_value(known), need) == 0)
            return KNOWN_NOT;
    if (json_array_size(scope->needs) >= MOST_NEEDS)
        return scope_bad(scope, "more than %d facts are needed at once", MOST_NEEDS);
    (void)json_array_append_new(scope->needs, jv_string_new(need));
    return KNOWN_NOT;
}

enum known scope_fact(struct scope *scope, const char *need, const json_t **ret)
{
    *ret = json_object_get(scope->facts, need);
    return *ret != NULL ? KNOWN : scope_need(scope, need);
}

enum known scope_get(struct scope *scope, const struct path *path, json_t **ret_value)
{
    struct seen seen;
    enum known known = seen_look(scope, path, &seen);
    if (known != KNOWN)
        return known;
    known = seen_show(scope, &seen, ret_value);
    seen_done(&seen);
    return known;
}

void scope_pin_print(const char *kind, int type, const char *name, char out[SCOPE_PIN_SIZE])
{
    /* A name that is cut here is one that no portal takes: 255 letters are the most. */
    if (snprintf(out, SCOPE_PIN_SIZE, "%s:%d:%s", kind, type, name) >= SCOPE_PIN_SIZE)
        out[utf8_prefix(out, SCOPE_PIN_SIZE / 4)] = '\0';
}

const json_t *scope_pin(const struct scope *scope, const char *kind, int type, const char *name)
{
    char key[SCOPE_PIN_SIZE];
    const json_t *pins = json_object_get(scope->facts, SCOPE_PINS);
    if (pins == NULL)
        return NULL;
    scope_pin_print(kind, type, name, key);
    json_t *pin = json_object_get(pins, key);
    if (pin != NULL && scope->resolved != NULL)
        (void)json_object_set(scope->resolved, key, pin);
    return pin;
}

void scope_pin_note(struct scope *scope, const char *kind, int type, const char *name, json_t *id)
{
    char key[SCOPE_PIN_SIZE];
    scope_pin_print(kind, type, name, key);
    if (scope->resolved != NULL)
        (void)json_object_set(scope->resolved, key, id);
    json_decref(id);
}

char *scope_link_new(const struct scope *scope, const struct entity *entity)
{
    char card[ENTITY_ID_SIZE + 64];
    if (entity->id[0] == '\0' || !entity_print_card(entity, card))
        return mem_strdup("");
    const char *url = scope->env->portal_url != NULL ? scope->env->portal_url : "";
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    return mem_printf("%.*s%s", (int)length, url, card);
}
