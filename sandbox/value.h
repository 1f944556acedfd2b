#ifndef SANDBOX_VALUE_H
#define SANDBOX_VALUE_H

/* Values of fields on their way in and out (bitrix24.md §3.5). */

#include <jansson.h>

#include "common/err.h"
#include "sandbox/field.h"

enum taken {
    TAKEN,
    NOT_A_LIST,  /* a scalar for a multiple field: error 100 */
    NOT_A_VALUE, /* CRM_FIELD_ERROR_VALUE_NOT_VALID */
};

/* What a field becomes when `given` is written to it: text and numbers alike, "" empties (§3.5). */
enum taken value_take(const struct sandbox *, const struct field *, const json_t *given,
                      json_t **ret_value);
/* A field that nothing was ever written to. New. */
json_t *value_empty_new(const struct field *);
/* The same value as the classic methods show it: everything a string. New. */
json_t *value_classic_new(const struct field *, const json_t *value);
/* Name of a JSON type as PHP has it, for messages. */
const char *value_php_type(const json_t *);

#endif
