#ifndef DAEMON_RULES_FIELDVALUE_H
#define DAEMON_RULES_FIELDVALUE_H

/* Values as the types of crm.item.fields take them (bitrix24.md §3.5). Pure. */

#include <jansson.h>

#include "common/err.h"
#include "daemon/rules/fieldname.h"

/* Can the text stand in a field of that type? *ret is what to send (new). Types without a form of
 * their own take every text. Moments, users and lists are resolved elsewhere. */
bool field_value_read(const struct field_info *, const char *text, json_t **ret,
                      struct err *) MUST_CHECK;
/* Can values of the field be ordered beside a number or a moment? `what` is set to what they are:
 * "a number", "a date". NULL: they may be anything. */
const char *field_value_kind(const struct field_info *);
/* "yes", "да", "Y", "1", "true" and their opposites. False: none of them. */
bool field_value_flag(const char *text, bool *ret);

#endif
