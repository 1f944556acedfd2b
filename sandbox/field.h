#ifndef SANDBOX_FIELD_H
#define SANDBOX_FIELD_H

/* The fields of CRM objects under their three names: of crm.item.* ("assignedById"), upperName of
 * crm.item.fields ("ASSIGNED_BY_ID"), and of the classic methods. Records are kept under the first,
 * with the types of the universal API; the classic view is made when it is asked for
 * (bitrix24.md §3.5, §8.2, §8.3). */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "sandbox/entity.h"

enum value_kind {
    VALUE_TEXT,
    VALUE_INTEGER,
    VALUE_LINK, /* a number of something else; 0 when empty */
    VALUE_REAL,
    VALUE_MONEY, /* universal: number; classic: "10000.00" */
    VALUE_FLAG,  /* Y or N */
    VALUE_DATE,
    VALUE_MOMENT,
    VALUE_OPTION, /* number of an option of a list */
    VALUE_PHONES, /* fm */
};

struct field {
    char *camel, *upper, *classic; /* classic: NULL when that API has none */
    char *title;
    const char *type; /* as crm.item.fields says */
    enum value_kind kind;
    bool read_only, required, multiple, custom;
    json_t *items; /* of a list: [{"ID":"45","VALUE":"…"}], or NULL */
};

struct field_set {
    int64_t type;
    struct field *fields;
    size_t count;
};

struct field_cache {
    struct field_set *sets;
    size_t count;
};

/* The fields of a type, made at first use. Borrowed until field_cache_clear. */
const struct field_set *field_set_of(struct sandbox *, const struct entity *);
/* After custom fields or smart processes were added. */
void field_cache_clear(struct field_cache *);

/* `original_uf`: custom fields go by UF_CRM_… (useOriginalUfNames). NULL when unknown. */
const struct field *field_by_camel(const struct field_set *, const char *name, bool original_uf);
const struct field *field_by_classic(const struct field_set *, const char *name);
const char *field_name(const struct field *, bool original_uf);

/* What stands in the table of built-in fields. */
struct field_row {
    const char *camel, *upper, *classic;
    const char *type;
    unsigned of;    /* enum entity_bit */
    unsigned flags; /* enum field_flag */
    const char *title;
};
enum field_flag { FIELD_READ_ONLY = 1, FIELD_REQUIRED = 2, FIELD_MULTIPLE = 4 };
extern const struct field_row field_rows[];
extern const size_t field_row_count;

/* "UF_CRM_3_DIGIT" → "ufCrm3Digit" (§3.5). mem_free. */
char *field_camel_uf_new(const char *upper);

#endif
