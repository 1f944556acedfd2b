#include "sandbox/match.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"

enum operation { EQUAL, LESS, LESS_EQUAL, MORE, MORE_EQUAL, CONTAINS, LIKE };

/* §3.6, longest first. Without a prefix it is equality; an array then means "one of". */
static const struct prefix {
    const char *text;
    enum operation operation;
    bool negated;
} prefixes[] = {
    {"!=%", LIKE, true},       {"!%=", LIKE, true},       {"!%", CONTAINS, true},
    {"!@", EQUAL, true},       {"!=", EQUAL, true},       {"!", EQUAL, true},
    {"=%", LIKE, false},       {"%=", LIKE, false},       {"%", CONTAINS, false},
    {">=", MORE_EQUAL, false}, {"<=", LESS_EQUAL, false}, {">", MORE, false},
    {"<", LESS, false},        {"@", EQUAL, false},       {"=", EQUAL, false},
    {"", EQUAL, false},
};

static const struct prefix *prefix_of(const char *name)
{
    const struct prefix *prefix = prefixes;
    while (strncmp(name, prefix->text, strlen(prefix->text)) != 0)
        prefix++;
    return prefix;
}

static bool as_number(const json_t *value, double *ret)
{
    char *end;
    if (json_is_number(value)) {
        *ret = json_number_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    if (text == NULL || *text == '\0' || strspn(text, "+-.0123456789") != strlen(text))
        return false;
    *ret = strtod(text, &end);
    return *end == '\0';
}

static bool as_moment(const struct zone *zone, const json_t *value, double *ret)
{
    int64_t ms;
    if (!json_is_string(value) || !zone_parse_iso(zone, json_string_value(value), &ms))
        return false;
    *ret = (double)ms;
    return true;
}

static int compare_texts(const json_t *a, const json_t *b)
{
    char *x = jv_print_new(a), *y = jv_print_new(b);
    int order = strcmp(x, y);
    mem_free(x);
    mem_free(y);
    return order;
}

int match_compare(const struct zone *zone, const json_t *a, const json_t *b)
{
    double x, y;
    if (jv_is_empty(a) || jv_is_empty(b))
        return jv_is_empty(b) - jv_is_empty(a);
    bool numbers = as_number(a, &x) && as_number(b, &y);
    bool moments = !numbers && as_moment(zone, a, &x) && as_moment(zone, b, &y);
    if (numbers || moments)
        return (x > y) - (x < y);
    return compare_texts(a, b);
}

/* The database's LIKE with % only, letter case ignored. Both are folded before. */
static bool like(const char *text, const char *pattern)
{
    const char *star = NULL, *back = NULL;
    while (*text != '\0') {
        if (*pattern == '%') {
            star = ++pattern;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++back;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "%")] == '\0';
}

static bool like_folded(const json_t *value, const json_t *wanted, bool anywhere)
{
    struct buf text BUF_AUTO, pattern BUF_AUTO;
    buf_init(&text, 1 << 20);
    buf_init(&pattern, 1 << 20);
    char *x = jv_print_new(value), *y = jv_print_new(wanted);
    utf8_lower(&text, x);
    utf8_lower(&pattern, y);
    bool found = anywhere ? strstr(text.data, pattern.data) != NULL : like(text.data, pattern.data);
    mem_free(x);
    mem_free(y);
    return found;
}

static bool equal(const struct zone *zone, const json_t *value, const json_t *wanted)
{
    if (jv_same(value, wanted))
        return true;
    /* Links are 0 when empty, and false or "" asks for that. */
    if (jv_is_empty(wanted) && json_is_integer(value))
        return json_integer_value(value) == 0;
    return !jv_is_empty(value) && !jv_is_empty(wanted) && !json_is_array(value) &&
           match_compare(zone, value, wanted) == 0;
}

static bool holds_one(const struct zone *zone, enum operation operation, const json_t *value,
                      const json_t *wanted)
{
    int order = match_compare(zone, value, wanted);
    bool ordered = operation >= LESS && operation <= MORE_EQUAL;
    if (ordered && jv_is_empty(value)) /* as NULL is to a database: neither before nor after */
        return false;
    switch (operation) {
    case EQUAL:
        return equal(zone, value, wanted);
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case MORE:
        return order > 0;
    case MORE_EQUAL:
        return order >= 0;
    case CONTAINS:
        return like_folded(value, wanted, true);
    case LIKE:
        return like_folded(value, wanted, false);
    }
    return false;
}

/* Any element of a multiple field against any of the wanted values. */
static bool holds(const struct zone *zone, enum operation operation, const json_t *value,
                  const json_t *wanted)
{
    const json_t *one;
    size_t i;
    if (json_is_array(wanted) && json_array_size(wanted) > 0) {
        json_array_foreach (wanted, i, one)
            if (holds(zone, operation, value, one))
                return true;
        return false;
    }
    if (json_is_array(value) && json_array_size(value) > 0) {
        json_array_foreach (value, i, one)
            if (holds_one(zone, operation, one, wanted))
                return true;
        return false;
    }
    return holds_one(zone, operation, value, wanted);
}

static bool unknown(const struct list_query *query, const char *name, struct err *err)
{
    if (!query->strict)
        return true;
    return err_set(err, "Invalid filter: field '%s' is not allowed in filter", name);
}

static bool match_member(const struct list_query *query, const char *key, const json_t *wanted,
                         const json_t *row, bool *ret_matches, struct err *err)
{
    const struct prefix *prefix = prefix_of(key);
    const char *name = key + strlen(prefix->text);
    const char *member = query->member == NULL ? name : query->member(query->arg, name);
    if (member == NULL || (query->member == NULL && json_object_get(row, member) == NULL)) {
        *ret_matches =
            query->strict || query->member != NULL || prefix->negated || jv_is_empty(wanted);
        return unknown(query, name, err);
    }
    bool found = holds(query->zone, prefix->operation, json_object_get(row, member), wanted);
    *ret_matches = found != prefix->negated;
    return true;
}

static bool is_group(const char *key, const json_t *value)
{
    return key[strspn(key, "0123456789")] == '\0' && json_is_object(value);
}

/* {"logic":"OR","0":{…},"1":{…}}; without logic all must hold. */
bool match_row(const struct list_query *query, const json_t *filter, const json_t *row,
               bool *ret_matches, struct err *err)
{
    bool any = strcasecmp(jv_text(filter, "logic", "AND"), "OR") == 0;
    const char *key;
    const json_t *wanted;
    size_t seen = 0;
    *ret_matches = !any;
    json_object_foreach (jv_loose(filter), key, wanted) {
        bool one = false;
        if (strcasecmp(key, "logic") == 0)
            continue;
        seen++;
        if (!(is_group(key, wanted) ? match_row(query, wanted, row, &one, err)
                                    : match_member(query, key, wanted, row, &one, err)))
            return false;
        *ret_matches = any ? *ret_matches || one : *ret_matches && one;
    }
    if (seen == 0)
        *ret_matches = true;
    return true;
}
