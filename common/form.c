#include "common/form.h"

#include <stdio.h>
#include <string.h>

#include "common/form_pairs.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/percent.h"

struct decoder {
    json_t *root;
    /* Maps that have seen a `[]`: address → [the map, its next free number]. Holding the map keeps
     * its address from being used again. Not a member of the tree. */
    json_t *lists;
    size_t maps;
    struct err *err;
};

/* Is the text a number as PHP counts lists (no sign, no leading zero)? Longer ones than anybody
 * counts to are names. */
static bool to_index(const char *text, size_t size, json_int_t *ret)
{
    json_int_t index = 0;
    if (size == 0 || size > 15 || (size > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        index = index * 10 + (text[i] - '0');
    }
    *ret = index;
    return true;
}

static json_int_t first_free(json_t *map)
{
    json_int_t next = 0;
    json_int_t index;
    for (void *i = json_object_iter(map); i != NULL; i = json_object_iter_next(map, i))
        if (to_index(json_object_iter_key(i), json_object_iter_key_len(i), &index) && index >= next)
            next = index + 1;
    return next;
}

/* The map's next free number: a borrowed integer to be set, NULL unless the map has seen a `[]`. */
static json_t *counter_of(const struct decoder *d, const json_t *map)
{
    const char *key = (const char *)&map;
    return json_array_get(json_object_getn(d->lists, key, sizeof map), 1);
}

/* Each map is searched for its greatest number once, then counted: a thousand `a[]` stay linear. */
static json_t *start_counting(struct decoder *d, json_t *map)
{
    const char *key = (const char *)&map;
    json_t *list = json_array();
    json_array_append(list, map);
    json_array_append_new(list, json_integer(first_free(map)));
    json_object_setn_new_nocheck(d->lists, key, sizeof map, list);
    return json_array_get(list, 1);
}

/* The member's name: the part itself or, for `[]`, the map's next free number, which it prints into
 * `number`. */
static struct form_part member_name(struct decoder *d, json_t *map, struct form_part part,
                                    char number[24])
{
    json_t *counter = counter_of(d, map);
    json_int_t index;
    if (part.size > 0) {
        if (counter != NULL && to_index(part.text, part.size, &index) &&
            index >= json_integer_value(counter))
            json_integer_set(counter, index + 1);
        return part;
    }
    if (counter == NULL)
        counter = start_counting(d, map);
    index = json_integer_value(counter);
    json_integer_set(counter, index + 1);
    int size = snprintf(number, 24, "%" JSON_INTEGER_FORMAT, index);
    return (struct form_part){number, (size_t)size};
}

/* The map of that name in `map`, made if there is none or only a text. */
static json_t *enter(struct decoder *d, json_t *map, struct form_part name)
{
    json_t *inner = json_object_getn(map, name.text, name.size);
    if (json_is_object(inner))
        return inner;
    if (++d->maps > FORM_MAX_MAPS) {
        (void)err_set(d->err, "more than %d nested names", FORM_MAX_MAPS);
        return NULL;
    }
    inner = json_object();
    json_object_setn_new_nocheck(map, name.text, name.size, inner);
    return inner;
}

/* Takes over `value`. */
static bool insert(struct decoder *d, const struct form_name *name, json_t *value)
{
    char number[24];
    json_t *map = d->root;
    for (size_t i = 0; i + 1 < name->count; i++) {
        map = enter(d, map, member_name(d, map, name->parts[i], number));
        if (map == NULL) {
            json_decref(value);
            return false;
        }
    }
    struct form_part last = member_name(d, map, name->parts[name->count - 1], number);
    json_object_setn_new_nocheck(map, last.text, last.size, value);
    return true;
}

static bool insert_all(struct decoder *d, const struct form_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct form_pair *pair = &pairs->list[i];
        struct form_name name;
        if (!form_name_split(pair->name, pair->name_size, &name, d->err) ||
            !insert(d, &name, json_stringn_nocheck(pair->value, pair->value_size)))
            return false;
    }
    return true;
}

struct encoder {
    struct buf *out;
    struct buf name; /* of the value at hand, encoded */
    bool brackets_plain;
    bool any; /* a pair has been added */
};

static void encode_value(struct encoder *e, const json_t *value);

static void encode_member(struct encoder *e, const char *key, size_t size, const json_t *value)
{
    size_t outer = e->name.size;
    if (outer > 0)
        buf_text(&e->name, e->brackets_plain ? "[" : "%5B");
    percent_encode(&e->name, key, size);
    if (outer > 0)
        buf_text(&e->name, e->brackets_plain ? "]" : "%5D");
    encode_value(e, value);
    e->name.size = outer;
    e->name.data[outer] = '\0';
}

static void encode_object(struct encoder *e, const json_t *object)
{
    json_t *members = jv_loose(object); /* jansson's iterators are not const */
    for (void *i = json_object_iter(members); i != NULL; i = json_object_iter_next(members, i))
        encode_member(e, json_object_iter_key(i), json_object_iter_key_len(i),
                      json_object_iter_value(i));
}

static void encode_array(struct encoder *e, const json_t *array)
{
    size_t i;
    json_t *element;
    json_array_foreach (array, i, element) {
        char *key = mem_printf("%zu", i);
        encode_member(e, key, strlen(key), element);
        mem_free(key);
    }
}

static void encode_scalar(struct encoder *e, const json_t *value)
{
    if (e->any)
        buf_char(e->out, '&');
    e->any = true;
    buf_add(e->out, e->name.data, e->name.size);
    buf_char(e->out, '=');
    if (json_is_boolean(value)) {
        buf_char(e->out, json_is_true(value) ? '1' : '0');
    } else if (json_is_string(value)) {
        percent_encode(e->out, json_string_value(value), json_string_length(value));
    } else {
        char *number = jv_print_new(value);
        percent_encode(e->out, number, strlen(number));
        mem_free(number);
    }
}

static void encode_value(struct encoder *e, const json_t *value)
{
    if (json_is_object(value))
        encode_object(e, value);
    else if (json_is_array(value))
        encode_array(e, value);
    else if (!json_is_null(value))
        encode_scalar(e, value);
}

json_t *form_decode(const char *body, size_t size, const char *watch, bool *ret_twice,
                    struct err *err)
{
    struct form_pairs pairs;
    if (ret_twice != NULL)
        *ret_twice = false;
    if (!form_pairs_read(&pairs, body, size, err))
        return NULL;
    struct decoder d = {.root = json_object(), .lists = json_object(), .err = err};
    if (!insert_all(&d, &pairs)) {
        json_decref(d.root);
        d.root = NULL;
    }
    if (ret_twice != NULL && watch != NULL)
        *ret_twice = form_pairs_times(&pairs, watch) > 1;
    form_pairs_done(&pairs);
    json_decref(d.lists);
    return d.root;
}

void form_encode(struct buf *out, const json_t *tree, bool brackets_plain)
{
    struct encoder e = {.out = out, .brackets_plain = brackets_plain};
    buf_init(&e.name, out->ceiling);
    encode_value(&e, tree);
    out->full = out->full || e.name.full;
    buf_done(&e.name);
}
