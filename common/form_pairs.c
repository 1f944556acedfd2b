#include "common/form_pairs.h"

#include <string.h>

#include "common/mem.h"
#include "common/percent.h"
#include "common/utf8.h"

enum { FIRST_PAIRS = 16 };

/* The beginning of a name for a message: whole letters, nothing that a terminal obeys. */
struct shown {
    char text[64];
};

static struct shown show(const char *name, size_t size)
{
    struct shown shown = {0};
    size_t length = size < sizeof shown.text ? size : sizeof shown.text - 1;
    while (length > 0 && !utf8_valid(name, length))
        length--;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        shown.text[i] = c < ' ' || c == 0x7f ? '?' : name[i];
    }
    return shown;
}

static bool unbalanced(const char *name, size_t size, struct err *err)
{
    return err_set(err, "unbalanced brackets in the name \"%s\"", show(name, size).text);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool decode_name(char *text, size_t size, size_t *ret_size, struct err *err)
{
    struct form_name ignored;
    if (!percent_decode(text, size, ret_size, err))
        return err_prefix(err, "in a name: ");
    if (*ret_size > FORM_MAX_KEY)
        return err_set(err, "the name \"%s…\" is longer than %d bytes", show(text, *ret_size).text,
                       FORM_MAX_KEY);
    if (!utf8_valid(text, *ret_size))
        return err_set(err, "a name is not UTF-8");
    return *ret_size == 0 || form_name_split(text, *ret_size, &ignored, err);
}

static bool decode_value(const struct form_pair *pair, char *text, size_t size, size_t *ret_size,
                         struct err *err)
{
    if (!percent_decode(text, size, ret_size, err))
        return err_prefix(err, "in the value of \"%s\": ", show(pair->name, pair->name_size).text);
    if (!utf8_valid(text, *ret_size))
        return err_set(err, "the value of \"%s\" is not UTF-8",
                       show(pair->name, pair->name_size).text);
    return true;
}

/* Names and values are decoded in their place; what ends them there was read before. */
static bool decode_pair(struct form_pair *pair, char *text, size_t size, struct err *err)
{
    char *end = text + size;
    char *equals = memchr(text, '=', size);
    char *value = equals != NULL ? equals + 1 : end;
    if (!decode_name(text, (size_t)((equals != NULL ? equals : end) - text), &pair->name_size, err))
        return false;
    pair->name = text;
    pair->value = value;
    if (pair->name_size == 0) /* "=value": PHP skips it too */
        return true;
    if (!decode_value(pair, value, (size_t)(end - value), &pair->value_size, err))
        return false;
    text[pair->name_size] = '\0';
    value[pair->value_size] = '\0';
    return true;
}

static struct form_pair *next_pair(struct form_pairs *pairs)
{
    size_t count = pairs->count;
    bool full = count >= FIRST_PAIRS && (count & (count - 1)) == 0; /* room doubles */
    if (count == 0 || full)
        pairs->list = mem_grow(pairs->list, full ? count * 2 : FIRST_PAIRS, sizeof *pairs->list);
    return &pairs->list[count];
}

static bool decode_all(struct form_pairs *pairs, struct err *err)
{
    size_t seen = 0;
    for (char *text = pairs->text, *end = text + pairs->text_size; text < end;) {
        char *amp = memchr(text, '&', (size_t)(end - text));
        char *stop = amp != NULL ? amp : end;
        if (stop > text) {
            struct form_pair *pair = next_pair(pairs);
            if (++seen > FORM_MAX_PAIRS)
                return err_set(err, "more than %d names", FORM_MAX_PAIRS);
            if (!decode_pair(pair, text, (size_t)(stop - text), err))
                return false;
            pairs->count += pair->name_size > 0;
        }
        text = stop + 1;
    }
    return true;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* Is the name `name[…`, something within the map of that name? */
static bool is_within(const struct form_pair *pair, const char *name, size_t size)
{
    return pair->name_size > size && pair->name[size] == '[' && memcmp(pair->name, name, size) == 0;
}

static bool is_same(const struct form_pair *pair, const char *name, size_t size)
{
    return pair->name_size == size && memcmp(pair->name, name, size) == 0;
}

/* Does the pair put a text where the way to the name leads through a map? */
static bool cuts_off(const struct form_pair *pair, const char *name, size_t size)
{
    return pair->name_size < size && name[pair->name_size] == '[' &&
           memcmp(pair->name, name, pair->name_size) == 0;
}

/* The last pair that says what is at that name. */
static const struct form_pair *last_word(const struct form_pairs *pairs, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = pairs->count; i-- > 0;) {
        const struct form_pair *pair = &pairs->list[i];
        if (is_same(pair, name, size) || is_within(pair, name, size))
            return pair;
        if (cuts_off(pair, name, size))
            return NULL;
    }
    return NULL;
}

/* ---- the module ------------------------------------------------------------------------------ */

bool form_name_split(const char *name, size_t size, struct form_name *ret, struct err *err)
{
    const char *end = name + size;
    const char *at = memchr(name, '[', size);
    if (at == NULL)
        at = end;
    ret->parts[0] = (struct form_part){name, (size_t)(at - name)};
    ret->count = 1;
    if (at == name || memchr(name, ']', ret->parts[0].size) != NULL)
        return unbalanced(name, size, err);
    while (at < end) {
        const char *text = at + 1;
        const char *close = memchr(text, ']', (size_t)(end - text));
        if (*at != '[' || close == NULL || memchr(text, '[', (size_t)(close - text)) != NULL)
            return unbalanced(name, size, err);
        if (ret->count > FORM_MAX_DEPTH)
            return err_set(err, "the name \"%s\" has more than %d brackets", show(name, size).text,
                           FORM_MAX_DEPTH);
        ret->parts[ret->count++] = (struct form_part){text, (size_t)(close - text)};
        at = close + 1;
    }
    return true;
}

bool form_pairs_read(struct form_pairs *pairs, const char *body, size_t size, struct err *err)
{
    /* an empty body may be NULL */
    *pairs =
        (struct form_pairs){.text = mem_strndup(size > 0 ? body : "", size), .text_size = size};
    if (decode_all(pairs, err))
        return true;
    form_pairs_done(pairs);
    return false;
}

void form_pairs_done(struct form_pairs *pairs)
{
    mem_wipe(pairs->text, pairs->text_size);
    mem_free(pairs->text);
    mem_free(pairs->list);
    *pairs = (struct form_pairs){0};
}

const char *form_pairs_value(const struct form_pairs *pairs, const char *name)
{
    const struct form_pair *pair = last_word(pairs, name);
    return pair != NULL && pair->name_size == strlen(name) ? pair->value : NULL;
}

bool form_pairs_have(const struct form_pairs *pairs, const char *name)
{
    return last_word(pairs, name) != NULL;
}

size_t form_pairs_times(const struct form_pairs *pairs, const char *name)
{
    size_t size = strlen(name);
    size_t times = 0;
    for (size_t i = 0; i < pairs->count; i++)
        times += is_same(&pairs->list[i], name, size);
    return times;
}
