#include "sandbox/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/state.h"

static bool is_number(const char *text, bool *ret_whole)
{
    char *end;
    if (*text == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    (void)strtod(text, &end);
    *ret_whole = strspn(text, "-0123456789") == strlen(text);
    return *end == '\0';
}

static json_t *take_integer(const json_t *given)
{
    bool whole;
    if (json_is_boolean(given))
        return json_integer(json_is_true(given));
    if (json_is_real(given))
        return json_integer((json_int_t)json_real_value(given));
    if (json_is_integer(given))
        return json_integer(json_integer_value(given));
    if (json_is_string(given) && is_number(json_string_value(given), &whole) && whole)
        return json_integer(strtoll(json_string_value(given), NULL, 10));
    return NULL;
}

static json_t *take_real(const json_t *given)
{
    bool whole;
    if (json_is_integer(given))
        return json_integer(json_integer_value(given));
    if (json_is_real(given))
        return json_real(json_real_value(given));
    if (!json_is_string(given) || !is_number(json_string_value(given), &whole))
        return NULL;
    return whole ? json_integer(strtoll(json_string_value(given), NULL, 10))
                 : json_real(strtod(json_string_value(given), NULL));
}

static json_t *take_date(const struct sandbox *sb, const json_t *given, bool with_time)
{
    int64_t ms;
    if (!json_is_string(given) || !zone_parse_iso(sb->zone, json_string_value(given), &ms))
        return NULL;
    if (with_time)
        return sandbox_date_new(sb, ms);
    /* §3.5: a date comes back as a moment whose time means nothing. */
    struct civil day = zone_local(sb->zone, ms);
    day.hour = day.minute = day.second = day.ms = 0;
    return sandbox_date_new(sb, zone_moment(sb->zone, day));
}

static json_t *take_option(const struct field *field, const json_t *given)
{
    json_t *id = take_integer(given), *item;
    size_t i;
    json_array_foreach (field->items, i, item)
        if (id != NULL && jv_int(item, "ID", 0) == json_integer_value(id))
            return id;
    json_decref(id);
    return NULL;
}

static json_t *take_text(const json_t *given)
{
    if (json_is_array(given) || json_is_object(given))
        return NULL;
    char *text = jv_print_new(given);
    json_t *value = jv_string_new(text);
    mem_free(text);
    return value;
}

static json_t *take_flag(const json_t *given)
{
    if (json_is_array(given) || json_is_object(given))
        return NULL;
    return json_string(jv_flag(given, "") ? "Y" : "N");
}

static json_t *take_one(const struct sandbox *sb, const struct field *field, const json_t *given)
{
    switch (field->kind) {
    case VALUE_TEXT:
        return take_text(given);
    case VALUE_INTEGER:
    case VALUE_LINK:
        return take_integer(given);
    case VALUE_REAL:
    case VALUE_MONEY:
        return take_real(given);
    case VALUE_FLAG:
        return take_flag(given);
    case VALUE_DATE:
    case VALUE_MOMENT:
        return take_date(sb, given, field->kind == VALUE_MOMENT);
    case VALUE_OPTION:
        return take_option(field, given);
    case VALUE_PHONES:
        return NULL;
    }
    return NULL;
}

static enum taken take_many(const struct sandbox *sb, const struct field *field,
                            const json_t *given, json_t **ret_value)
{
    json_t *list = json_array(), *one;
    size_t i;
    json_array_foreach (given, i, one) {
        if (jv_is_empty(one))
            continue;
        json_t *value = take_one(sb, field, one);
        if (value == NULL) {
            json_decref(list);
            return NOT_A_VALUE;
        }
        json_array_append_new(list, value);
    }
    *ret_value = list;
    return TAKEN;
}

enum taken value_take(const struct sandbox *sb, const struct field *field, const json_t *given,
                      json_t **ret_value)
{
    bool flag = field->kind == VALUE_FLAG && !field->multiple;
    if (jv_is_empty(given) && !flag) {
        *ret_value = value_empty_new(field);
        return TAKEN;
    }
    if (!field->multiple) {
        *ret_value = take_one(sb, field, given);
        return *ret_value == NULL ? NOT_A_VALUE : TAKEN;
    }
    if (!json_is_array(given))
        return NOT_A_LIST;
    return take_many(sb, field, given, ret_value);
}

json_t *value_empty_new(const struct field *field)
{
    if (field->multiple)
        return json_array();
    if (field->custom)
        return json_null();
    switch (field->kind) {
    case VALUE_LINK:
    case VALUE_MONEY:
        /* A parent that is not there is null, a contact is 0 (A/crm/universal/crm-item-get). */
        return strcmp(field->type, "crm_entity") == 0 ? json_null() : json_integer(0);
    case VALUE_FLAG:
        return json_string("N");
    case VALUE_TEXT:
    case VALUE_INTEGER:
    case VALUE_REAL:
    case VALUE_DATE:
    case VALUE_MOMENT:
    case VALUE_OPTION:
    case VALUE_PHONES:
        return json_null();
    }
    return json_null();
}

static json_t *classic_one(const struct field *field, const json_t *value)
{
    char text[64];
    if (json_is_null(value))
        return json_null();
    if (field->kind == VALUE_MONEY) {
        (void)snprintf(text, sizeof text, "%.2f", json_number_value(value));
        return json_string(text);
    }
    /* A custom yes/no is 1 or 0 here (§3.5). */
    if (field->kind == VALUE_FLAG && field->custom)
        return json_string(jv_flag(value, "") ? "1" : "0");
    char *printed = jv_print_new(value);
    json_t *copy = json_string(printed);
    mem_free(printed);
    return copy;
}

json_t *value_classic_new(const struct field *field, const json_t *value)
{
    if (!field->multiple)
        return classic_one(field, value);
    json_t *list = json_array(), *one;
    size_t i;
    json_array_foreach (value, i, one)
        json_array_append_new(list, classic_one(field, one));
    return list;
}

const char *value_php_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    case JSON_NULL:
        return "null";
    case JSON_OBJECT:
    case JSON_ARRAY:
        return "array";
    }
    return "mixed";
}
