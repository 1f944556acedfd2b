#include "daemon/rules/compare.h"

#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/utf8.h"

bool compare_is_empty(const json_t *value)
{
    return !json_is_false(value) && jv_is_empty(value);
}

/* ---- types ----------------------------------------------------------------------------------- */

/* "1500.50|RUB", a custom money field (bitrix24.md §3.5), counts as its amount. */
static bool money_amount(const char *text, double *ret)
{
    const char *bar = strchr(text, '|');
    if (bar == NULL || strlen(bar + 1) != 3)
        return false;
    char *amount = mem_strndup(text, (size_t)(bar - text));
    bool number = number_real(amount, ret);
    mem_free(amount);
    return number;
}

static bool as_real(const json_t *value, double *ret)
{
    if (json_is_number(value)) {
        *ret = json_number_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    return text != NULL && (number_real(text, ret) || money_amount(text, ret));
}

static bool as_integer(const json_t *value, int64_t *ret)
{
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return true;
    }
    return json_is_string(value) && number_int(json_string_value(value), ret);
}

static bool as_moment(const json_t *value, const struct zone *zone, int64_t *ret)
{
    return json_is_string(value) && zone_parse_iso(zone, json_string_value(value), ret);
}

/* Says by itself that it is a flag: true, "Y", "false". */
static bool is_flag(const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL)
        return json_is_boolean(value);
    return strcmp(text, "Y") == 0 || strcmp(text, "N") == 0 || strcasecmp(text, "true") == 0 ||
           strcasecmp(text, "false") == 0;
}

/* Can be read as one: 1 and 0 too. */
static bool as_flag(const json_t *value, bool *ret)
{
    int64_t number;
    *ret = jv_flag(value, "");
    return is_flag(value) || (as_integer(value, &number) && (number == 0 || number == 1));
}

/* ---- single values --------------------------------------------------------------------------- */

static int sign(bool less, bool greater)
{
    return (greater ? 1 : 0) - (less ? 1 : 0);
}

static bool order_numbers(const json_t *left, const json_t *right, int *ret)
{
    int64_t a, b;
    double x, y;
    if (as_integer(left, &a) && as_integer(right, &b)) { /* exactly, however long */
        *ret = sign(a<b, a> b);
        return true;
    }
    if (!as_real(left, &x) || !as_real(right, &y))
        return false;
    *ret = sign(x<y, x> y);
    return true;
}

static bool order_moments(const json_t *left, const json_t *right, const struct zone *zone,
                          int *ret)
{
    int64_t a, b;
    if (!as_moment(left, zone, &a) || !as_moment(right, zone, &b))
        return false;
    *ret = sign(a<b, a> b);
    return true;
}

static bool order_flags(const json_t *left, const json_t *right, int *ret)
{
    bool a, b;
    if (!is_flag(left) && !is_flag(right))
        return false;
    if (!as_flag(left, &a) || !as_flag(right, &b))
        return false;
    *ret = sign(!a && b, a && !b);
    return true;
}

static int order_texts(const json_t *left, const json_t *right)
{
    char *a = jv_print_new(left), *b = jv_print_new(right);
    int order = strcmp(a, b);
    mem_free(a);
    mem_free(b);
    return sign(order<0, order> 0);
}

/* Neither is empty. */
static int order_single(const json_t *left, const json_t *right, const struct zone *zone)
{
    int order;
    if (order_numbers(left, right, &order) || order_moments(left, right, zone, &order) ||
        order_flags(left, right, &order))
        return order;
    return order_texts(left, right);
}

/* 1000|RUB is not 1000|USD. */
static bool of_two_currencies(const json_t *left, const json_t *right)
{
    const char *a = json_string_value(left), *b = json_string_value(right);
    double amount;
    return a != NULL && b != NULL && money_amount(a, &amount) && money_amount(b, &amount) &&
           strcmp(strchr(a, '|'), strchr(b, '|')) != 0;
}

static bool equal_single(const json_t *left, const json_t *right, const struct zone *zone)
{
    if (compare_is_empty(left) || compare_is_empty(right))
        return compare_is_empty(left) && compare_is_empty(right);
    return !of_two_currencies(left, right) && order_single(left, right, zone) == 0;
}

/* ---- public ---------------------------------------------------------------------------------- */

bool compare_equal(const json_t *left, const json_t *right, const struct zone *zone)
{
    size_t i;
    json_t *member;
    if (json_is_array(left) && json_array_size(left) > 0) {
        json_array_foreach (jv_loose(left), i, member)
            if (compare_equal(member, right, zone))
                return true;
        return false;
    }
    if (json_is_array(right) && json_array_size(right) > 0)
        return compare_equal(right, left, zone);
    return equal_single(left, right, zone);
}

bool compare_order(const json_t *left, const json_t *right, const struct zone *zone, int *ret)
{
    if (compare_is_empty(left) || compare_is_empty(right) || json_is_array(left) ||
        json_is_array(right))
        return false;
    *ret = order_single(left, right, zone);
    return true;
}

static bool member_same(const json_t *member, const json_t *wanted, const struct zone *zone)
{
    if (json_is_string(member) && json_is_string(wanted) &&
        utf8_same(json_string_value(member), json_string_value(wanted)))
        return true;
    return compare_equal(member, wanted, zone);
}

bool compare_contains(const json_t *left, const json_t *right, const struct zone *zone)
{
    if (compare_is_empty(left) || compare_is_empty(right))
        return false;
    if (json_is_array(left)) {
        size_t i;
        json_t *member;
        json_array_foreach (jv_loose(left), i, member)
            if (member_same(member, right, zone))
                return true;
        return false;
    }
    char *text = jv_print_new(left), *wanted = jv_print_new(right);
    bool contains = utf8_contains(text, wanted);
    mem_free(text);
    mem_free(wanted);
    return contains;
}
