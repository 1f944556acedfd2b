#ifndef DAEMON_RULES_MULTIFIELD_H
#define DAEMON_RULES_MULTIFIELD_H

/* Phones and mails: rows {typeId, valueType, value} of a record's `fm` (bitrix24.md §3.5,
 * "multifield universal"). Pure. */

#include <jansson.h>
#include <stdbool.h>

/* A row that is wanted. `whole`: the wanted rows of this type are all that are to be, in this order
 * and each number once; otherwise the one row takes the place of the first. New. */
json_t *multifield_row_new(const char *type, const char *value, bool whole);

/* The rows as crm.item.add takes them: those without a value are left out. NULL when none is left.
 * New. */
json_t *multifield_add_new(const json_t *wanted);
/* As crm.item.update takes them: stored rows under their ids, which stay the mobile phone or the
 * private address that they are; new ones as n0, n1 …; NULL when the record is so already. A single
 * phone is so already when its digits are, a whole list is written as it stands. New. */
json_t *multifield_update_new(const json_t *record, const json_t *wanted);

#endif
