/* Two JSON values compared by what they mean to the portal, and one reduced to a number. */

#include "common/jv.h"

#include <string.h>

#include "common/mem.h"
#include "common/number.h"

/* false, "N", 0: a flag that is off is written in as many ways as one that is on. */
static bool is_off(const json_t *value)
{
    const char *text = json_string_value(value);
    if (text != NULL)
        return text[0] == '\0' || strcmp(text, "N") == 0 || strcmp(text, "0") == 0;
    if (json_is_integer(value))
        return json_integer_value(value) == 0;
    return jv_is_empty(value);
}

static bool same_text(const json_t *a, const json_t *b)
{
    char *a_text = jv_print_new(a);
    char *b_text = jv_print_new(b);
    number_trim(a_text);
    number_trim(b_text);
    bool same = strcmp(a_text, b_text) == 0;
    mem_free(a_text);
    mem_free(b_text);
    return same;
}

static bool same_list(const json_t *a, const json_t *b)
{
    size_t i;
    json_t *element;
    if (json_array_size(a) != json_array_size(b))
        return false;
    json_array_foreach (a, i, element)
        if (!jv_same(element, json_array_get(b, i)))
            return false;
    return true;
}

/* Does every member of `a` have its like in `b`? */
static bool holds_all(const json_t *b, const json_t *a)
{
    const char *key;
    json_t *member;
    json_object_foreach (jv_loose(a), key, member)
        if (!jv_same(member, json_object_get(b, key)))
            return false;
    return true;
}

/* Is everything that `a` has and `b` lacks empty? */
static bool lacks_nothing(const json_t *b, const json_t *a)
{
    const char *key;
    json_t *member;
    json_object_foreach (jv_loose(a), key, member)
        if (json_object_get(b, key) == NULL && !jv_is_empty(member))
            return false;
    return true;
}

static bool is_tree(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

/* FNV-1a, 64 bits. */
static int add_to_digest(const char *bytes, size_t size, void *state)
{
    uint64_t hash = *(uint64_t *)state;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    *(uint64_t *)state = hash;
    return 0;
}

bool jv_same(const json_t *a, const json_t *b)
{
    if (json_is_false(a) || json_is_false(b))
        return is_off(a) && is_off(b);
    if (jv_is_empty(a) || jv_is_empty(b))
        return jv_is_empty(a) && jv_is_empty(b);
    if (json_is_true(a) || json_is_true(b))
        return jv_flag(a, "") && jv_flag(b, "");
    if (json_is_array(a) && json_is_array(b))
        return same_list(a, b);
    if (json_is_object(a) && json_is_object(b))
        return holds_all(b, a) && lacks_nothing(a, b);
    return !is_tree(a) && !is_tree(b) && same_text(a, b);
}

uint64_t jv_digest(const json_t *value, const char *const *skip)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    JV_AUTO *part = NULL;
    if (json_is_object(value) && skip != NULL) {
        part = json_copy(jv_loose(value));
        for (; *skip != NULL; skip++)
            (void)json_object_del(part, *skip);
        value = part;
    }
    (void)json_dump_callback(value, add_to_digest, &hash,
                             JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    return hash;
}
