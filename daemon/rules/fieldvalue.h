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
/* What values of the field are, for what may stand beside it in a condition. */
enum field_kind {
    FIELD_IS_ANY,
    FIELD_IS_NUMBER,
    FIELD_IS_FLAG,
    FIELD_IS_DATE,
    FIELD_IS_LINK,
    FIELD_IS_FILE
};
enum field_kind field_kind(const struct field_info *);
/* "a number", "a date" …; "" for FIELD_IS_ANY. */
const char *field_kind_word(enum field_kind);
/* "yes", "да", "Y", "1", "true" and their opposites. False: none of them. */
bool field_value_flag(const char *text, bool *ret);

#endif
