#ifndef DAEMON_RULES_COMPARE_H
#define DAEMON_RULES_COMPARE_H

/* Two values of a condition by their type (product.md §2.1): numbers when both are numeric, moments
 * when both read as dates, flags when one is a flag and the other can be, else text. A missing
 * value is empty: equal to "" only, neither less nor greater than anything. Of a list any member
 * may fit. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "common/zone.h"

/* null, "", [], {}: a flag that is false is not empty here. */
bool compare_is_empty(const json_t *);
bool compare_equal(const json_t *left, const json_t *right, const struct zone *);
/* -1, 0, 1 in *ret; false when there is no order (one of them is empty, or a list). */
bool compare_order(const json_t *left, const json_t *right, const struct zone *, int *ret);
/* `right` in the text `left` without case, or a member of the list. Nothing contains nothing. */
bool compare_contains(const json_t *left, const json_t *right, const struct zone *);

#endif
