#ifndef COMMON_FORM_PAIRS_H
#define COMMON_FORM_PAIRS_H

/* The pairs of a form (form.h) in the order in which they came, decoded and checked, without a tree
 * of them: for who wants to know a few values. Two allocations, however many there are. Pure,
 * thread-safe. */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/form.h"

struct form_pair {
    const char *name, *value; /* in text, NUL-ended and free of other NULs */
    size_t name_size, value_size;
};

struct form_pairs {
    char *text; /* owned: the form, decoded in place */
    size_t text_size;
    struct form_pair *list; /* owned */
    size_t count;
};

/* False with a text in the cases that form.h names, but for the number of maps: none are made. */
bool form_pairs_read(struct form_pairs *, const char *body, size_t size, struct err *) MUST_CHECK;
void form_pairs_done(struct form_pairs *); /* wipes: tokens came in it */

/* The value that a tree would hold under the full name, "auth[member_id]"; its parts may not be
 * numbers, for `x[]` is not counted here. NULL: none, or a map. */
const char *form_pairs_value(const struct form_pairs *, const char *name);
/* Would a tree hold anything under that name, a value or a map? */
bool form_pairs_have(const struct form_pairs *, const char *name);
/* How often that very name came. */
size_t form_pairs_times(const struct form_pairs *, const char *name);

/* A name taken apart: `a[b][]` is "a", "b", "". Parts are borrowed. */
struct form_name {
    struct form_part {
        const char *text;
        size_t size;
    } parts[1 + FORM_MAX_DEPTH];
    size_t count;
};
bool form_name_split(const char *name, size_t size, struct form_name *ret, struct err *) MUST_CHECK;

#endif
