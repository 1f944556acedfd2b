#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/jv.h"
#include "sandbox/batch.h"

enum { TEXT_CEILING = 16 << 20 };

static const char *const names[] = {"result", "next", "total", "error", "time"};

/* "[item]" at `at`: its key and what is behind it; NULL when it is none. */
static const char *step(const char *at, const json_t **value)
{
    const char *end = *at == '[' ? strchr(at, ']') : NULL;
    if (end == NULL || end == at + 1)
        return NULL;
    struct buf key BUF_AUTO;
    buf_init(&key, 4096);
    buf_add(&key, at + 1, (size_t)(end - at - 1));
    if (json_is_array(*value)) {
        bool number = key.data[strspn(key.data, "0123456789")] == '\0' && key.size < 9;
        *value = number ? jv_at(*value, key.data) : NULL;
    } else {
        *value = json_object_get(*value, key.data);
    }
    return end + 1;
}

/* The longest path from here on that leads to a scalar; NULL when there is none. */
static const json_t *resolve(const char *at, const json_t *named, const char **ret_end)
{
    const json_t *value = NULL;
    *ret_end = at;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = strlen(names[i]);
        if (strncasecmp(at + 1, names[i], size) == 0 && at[1 + size] == '[') {
            value = json_object_get(named, names[i]);
            *ret_end = at + 1 + size;
        }
    }
    while (value != NULL && (json_is_object(value) || json_is_array(value))) {
        *ret_end = step(*ret_end, &value);
        if (*ret_end == NULL)
            return NULL;
    }
    return value;
}

/* §4: inside any text, scalars only; what leads nowhere stays as it is. PHP makes true "1" and
 * false and null empty. */
static json_t *replace_text(const char *text, const json_t *named)
{
    struct buf out BUF_AUTO;
    buf_init(&out, TEXT_CEILING);
    while (*text != '\0') {
        const char *end = NULL;
        const json_t *value = *text == '$' ? resolve(text, named, &end) : NULL;
        if (value == NULL) {
            buf_char(&out, *text++);
            continue;
        }
        if (json_is_true(value))
            buf_char(&out, '1');
        else if (!json_is_false(value))
            jv_print(&out, value);
        text = end;
    }
    return jv_string_new(out.data);
}

json_t *reference_replace_new(const json_t *params, const json_t *named)
{
    const char *key;
    json_t *value;
    if (json_is_string(params))
        return replace_text(json_string_value(params), named);
    if (!json_is_object(params))
        return json_deep_copy(params);
    json_t *copy = json_object();
    json_object_foreach (jv_loose(params), key, value)
        json_object_set_new(copy, key, reference_replace_new(value, named));
    return copy;
}
