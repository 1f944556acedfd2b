#ifndef SANDBOX_MULTIFIELD_H
#define SANDBOX_MULTIFIELD_H

/* Phones, e-mails and the like (bitrix24.md §3.5): rows {id, typeId, valueType, value} of a
 * record's `fm`. */

#include <jansson.h>
#include <stdbool.h>

struct sandbox;

/* `fm` after a write through the universal API: an array adds; in a map a known number changes or,
 * with an empty value, deletes its row, and n0, n1 … add. Rows without typeId vanish (§10 no. 23).
 * New. */
json_t *multifield_apply_new(struct sandbox *, const json_t *fm, const json_t *given);
/* The same through the classic API, one kind ("PHONE"): rows with ID change, those without are
 * added. New. */
json_t *multifield_apply_classic_new(struct sandbox *, const json_t *fm, const char *kind,
                                     const json_t *given);
/* One of PHONE, EMAIL, WEB, IM. */
bool multifield_is_kind(const char *name);
/* [{"ID","VALUE_TYPE","VALUE","TYPE_ID"}] of a kind. New. */
json_t *multifield_classic_new(const json_t *fm, const char *kind);
/* Sets hasPhone, phone, phoneWork … from fm, as far as the record has such members. */
void multifield_aliases(json_t *row);

#endif
