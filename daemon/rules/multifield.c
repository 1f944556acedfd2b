#include "daemon/rules/multifield.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"

json_t *multifield_row_new(const char *type, const char *value, bool whole)
{
    json_t *row = json_pack("{s:s, s:o}", "typeId", type, "value", jv_string_new(value));
    if (whole)
        (void)json_object_set_new(row, "whole", json_true());
    return row;
}

static const char *type_of(const json_t *row)
{
    return jv_text(row, "typeId", "");
}

static const char *value_of(const json_t *row)
{
    return jv_text(row, "value", "");
}

static bool same_digits(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    for (;;) {
        a += strcspn(a, digits);
        b += strcspn(b, digits);
        if (*a != *b || *a == '\0')
            return *a == *b;
        a++;
        b++;
    }
}

/* Phones are the same when their digits are; "спросить у Веры" has none. */
static bool same_value(const json_t *row, const json_t *other)
{
    const char *a = value_of(row), *b = value_of(other);
    bool phone = strcmp(type_of(row), "PHONE") == 0 && strpbrk(a, "0123456789") != NULL;
    return phone ? same_digits(a, b) : strcmp(a, b) == 0;
}

static json_t *sent_new(const json_t *row, const char *value_type, const char *value)
{
    return json_pack("{s:s, s:s, s:s}", "typeId", type_of(row), "valueType", value_type, "value",
                     value);
}

json_t *multifield_add_new(const json_t *wanted)
{
    json_t *rows = json_array(), *row;
    size_t i;
    json_array_foreach (wanted, i, row)
        if (value_of(row)[0] != '\0')
            (void)json_array_append_new(rows, sent_new(row, "WORK", value_of(row)));
    if (json_array_size(rows) > 0)
        return rows;
    json_decref(rows);
    return NULL;
}

/* ---- one type at a time ---------------------------------------------------------------------- */

static json_t *of_type_new(const json_t *rows, const char *type)
{
    json_t *found = json_array(), *row;
    size_t i;
    json_array_foreach (rows, i, row)
        if (strcmp(type_of(row), type) == 0)
            (void)json_array_append(found, row);
    return found;
}

/* Does the same stand among the rows before that one? */
static bool is_repeated(const json_t *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (same_value(json_array_get(rows, i), json_array_get(rows, n)))
            return true;
    return false;
}

/* The n-th stored row gets this value; "" takes it away. */
static void change_row(const json_t *stored, size_t n, const json_t *row, const char *value,
                       json_t *out)
{
    char key[32];
    const json_t *is = json_array_get(stored, n);
    if (is != NULL)
        (void)snprintf(key, sizeof key, "%" PRId64, jv_int(is, "id", 0));
    else
        (void)snprintf(key, sizeof key, "n%zu", json_object_size(out));
    if (is != NULL || value[0] != '\0')
        (void)json_object_set_new(out, key, sent_new(row, jv_text(is, "valueType", "WORK"), value));
}

static void replace_first(const json_t *stored, const json_t *row, json_t *out)
{
    const json_t *first = json_array_get(stored, 0);
    if (first == NULL || !same_value(first, row))
        change_row(stored, 0, row, value_of(row), out);
}

/* Row by row, so that each number keeps its kind: a list that was read from the record and went
 * through a filter comes back to where it stood. */
static void replace_all(const json_t *stored, const json_t *wanted, json_t *out)
{
    size_t count = json_array_size(wanted), is_count = json_array_size(stored);
    for (size_t n = 0; n < count || n < is_count; n++) {
        bool given = n < count && !is_repeated(wanted, n);
        const json_t *row = json_array_get(n < count ? wanted : stored, n);
        const char *value = given ? value_of(row) : "";
        if (strcmp(value_of(json_array_get(stored, n)), value) != 0)
            change_row(stored, n, row, value, out);
    }
}

json_t *multifield_update_new(const json_t *record, const json_t *wanted)
{
    static const char *const types[] = {"PHONE", "EMAIL"};
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        JV_AUTO *stored = of_type_new(json_object_get(record, "fm"), types[i]);
        JV_AUTO *rows = of_type_new(wanted, types[i]);
        size_t k;
        json_t *row;
        if (jv_flag(json_array_get(rows, 0), "whole"))
            replace_all(stored, rows, out);
        else
            json_array_foreach (rows, k, row)
                replace_first(stored, row, out);
    }
    if (json_object_size(out) > 0)
        return out;
    json_decref(out);
    return NULL;
}
