#include "common/jv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/number.h"
#include "common/utf8.h"

enum {
    MAX_DEPTH = 64,
    /* Far above anything the portal sends; only a broken caller reaches it. */
    PRINT_CEILING = 64 << 20,
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int digits_of(double real)
{
    char text[40];
    for (int digits = 15; digits < 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            return digits;
    }
    return 17;
}

/* Significant digits that keep every real of the tree: 15 shows 10.1 as 10.1 and not as
 * 10.0999999999999996, but is not always enough. */
static int real_digits(const json_t *value)
{
    int most = 15;
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_real(value))
        return digits_of(json_real_value(value));
    if (json_is_object(value)) {
        json_object_foreach (jv_loose(value), key, member)
            most = larger(most, real_digits(member));
    } else if (json_is_array(value)) {
        json_array_foreach (value, i, member)
            most = larger(most, real_digits(member));
    }
    return most;
}

static int add_to_buf(const char *bytes, size_t size, void *out)
{
    buf_add(out, bytes, size);
    return 0;
}

static void dump(struct buf *out, const json_t *value)
{
    size_t digits = (size_t)real_digits(value);
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits);
    (void)json_dump_callback(value, add_to_buf, out, flags);
}

static void print_list(struct buf *out, const json_t *list)
{
    size_t i;
    json_t *element;
    json_array_foreach (list, i, element) {
        if (i > 0)
            buf_text(out, ", ");
        jv_print(out, element);
    }
}

static bool to_index(const char *text, size_t size, size_t *ret)
{
    size_t index = 0;
    if (size == 0 || size > 9)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        index = index * 10 + (size_t)(text[i] - '0');
    }
    *ret = index;
    return true;
}

static const json_t *step(const json_t *from, const char *name, size_t size)
{
    size_t index;
    if (json_is_object(from))
        return json_object_getn(from, name, size);
    if (json_is_array(from) && to_index(name, size, &index))
        return json_array_get(from, index);
    return NULL;
}

/* Deepest nesting of brackets outside strings. Before parsing, so that a bomb costs nothing. */
static size_t depth_of(const char *text, size_t size)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\';
        else if (c == '[' || c == '{')
            deepest = ++depth > deepest ? depth : deepest;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return deepest;
}

json_t *jv_at(const json_t *tree, const char *path)
{
    while (tree != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        tree = step(tree, path, size);
        path += size;
        path += *path == '.';
    }
    return jv_loose(tree); /* as jansson's getters: const is the container only */
}

const char *jv_text(const json_t *tree, const char *path, const char *otherwise)
{
    const char *text = json_string_value(jv_at(tree, path));
    return text != NULL ? text : otherwise;
}

int64_t jv_int(const json_t *tree, const char *path, int64_t otherwise)
{
    const json_t *value = jv_at(tree, path);
    int64_t number;
    if (json_is_integer(value))
        return json_integer_value(value);
    if (json_is_string(value) && number_int(json_string_value(value), &number))
        return number;
    double real = json_is_real(value) ? json_real_value(value) : 0.5;
    bool exact = fabs(real) < 0x1p53 && trunc(real) == real;
    return exact ? (int64_t)real : otherwise;
}

double jv_real(const json_t *tree, const char *path, double otherwise)
{
    const json_t *value = jv_at(tree, path);
    double number;
    if (json_is_number(value))
        return json_number_value(value);
    if (json_is_string(value) && number_real(json_string_value(value), &number))
        return number;
    return otherwise;
}

bool jv_flag(const json_t *tree, const char *path)
{
    static const char *const words[] = {"1", "Y", "y", "true"};
    const json_t *value = jv_at(tree, path);
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1);
}

bool jv_is_empty(const json_t *value)
{
    if (value == NULL)
        return true;
    switch (json_typeof(value)) {
    case JSON_NULL:
    case JSON_FALSE:
        return true;
    case JSON_STRING:
        return json_string_length(value) == 0;
    case JSON_ARRAY:
        return json_array_size(value) == 0;
    case JSON_OBJECT:
        return json_object_size(value) == 0;
    case JSON_TRUE:
    case JSON_INTEGER:
    case JSON_REAL:
        return false;
    }
    return false;
}

void jv_print(struct buf *out, const json_t *value)
{
    if (value == NULL)
        return;
    switch (json_typeof(value)) {
    case JSON_NULL:
        return;
    case JSON_TRUE:
        buf_char(out, 'Y');
        return;
    case JSON_FALSE:
        buf_char(out, 'N');
        return;
    case JSON_STRING:
        buf_add(out, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    case JSON_REAL:
        number_print(out, json_real_value(value));
        return;
    case JSON_ARRAY:
        print_list(out, value);
        return;
    case JSON_OBJECT:
        dump(out, value);
        return;
    }
}

char *jv_print_new(const json_t *value)
{
    struct buf out;
    buf_init(&out, PRINT_CEILING);
    jv_print(&out, value);
    return out.data;
}

json_t *jv_parse_new(const char *text, size_t size, struct err *err)
{
    if (size == 0) {
        (void)err_set(err, "not JSON: empty");
        return NULL;
    }
    if (depth_of(text, size) > MAX_DEPTH) {
        (void)err_set(err, "not JSON: nested deeper than %d levels", MAX_DEPTH);
        return NULL;
    }
    json_error_t why;
    json_t *value = json_loadb(text, size, JSON_DECODE_ANY, &why);
    if (value == NULL) {
        /* jansson goes on with "near 'TEXT'", and the text may be somebody's secret. */
        char *near = strstr(why.text, " near ");
        if (near != NULL)
            *near = '\0';
        (void)err_set(err, "not JSON: line %d, column %d: %s", why.line, why.column, why.text);
    }
    return value;
}

char *jv_dump_new(const json_t *value)
{
    struct buf out;
    buf_init(&out, PRINT_CEILING);
    dump(&out, value);
    return out.data;
}

json_t *jv_string_new(const char *text)
{
    size_t size = strlen(text);
    json_t *value = json_stringn(text, size);
    if (value != NULL)
        return value;
    struct buf repaired BUF_AUTO;
    buf_init(&repaired, 3 * size); /* U+FFFD is three bytes */
    utf8_repair(&repaired, text, size);
    return json_stringn(repaired.data, repaired.size);
}
