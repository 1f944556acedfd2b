#ifndef DAEMON_RULES_WHO_H
#define DAEMON_RULES_WHO_H

/* Users and their heads, through the facts user:ID and department:ID; see scope_users. Pure. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "daemon/rules/scope.h"

/* The id in 17, "17" or "user_17"; 0 when there is none. */
int64_t user_id_of(const json_t *value);
/* His object of user.get; NULL when the portal has no such user. Borrowed. */
enum known user_record(struct scope *, int64_t id, const json_t **ret);
/* Is he known to be dismissed? */
bool user_has_left(const json_t *record);
/* "17", an e-mail, a full name, `head of X`: whose id that is. Unknown: KNOWN_BAD. */
enum known user_of_text(struct scope *, const char *text, int64_t *ret);
/* First and last name. */
void user_print_name(struct buf *, const json_t *record);
/* The head of a department, or of the nearest one above it, who is not `but`; 0: nobody. */
enum known department_head(struct scope *, int64_t department, int64_t but, int64_t *ret);
/* The head of his first department, or of the one above where he heads it himself; 0: nobody. */
enum known user_head(struct scope *, int64_t id, int64_t *ret);

/* name, lastName, fullName, email … but `head`, which is a user again: see user_head. A missing
 * user's fields are json null. New reference. */
enum known user_field(struct scope *, int64_t id, const struct path_part *, json_t **ret);
/* Is there such a field, `head` and UPPER names of user.get included? */
bool user_has_field(const char *name);
/* All of them but UPPER ones, for near_name: NULL-ended. */
const char *const *user_words(void);

#endif
