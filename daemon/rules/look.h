#ifndef DAEMON_RULES_LOOK_H
#define DAEMON_RULES_LOOK_H

/* How to see whether a call that got no trustworthy answer was carried out (struct command's
 * `look`), by method. Pure. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Since when a trace of the call can be there, as ISO texts in the portal's zone. */
struct look_since {
    char recent[26]; /* shortly before the attempt: for what is known by its text only */
    char day[26];    /* well before it: for what carries a mark of ours */
};

/* The methods that are known, and for people how each is kept to once (docs/once.md). A method that
 * is not here parks its run when its outcome is unknown. */
struct look_row {
    const char *method;
    json_t *(*look)(const char *method, const json_t *params, const struct look_since *);
    const char *how;
};
const struct look_row *look_rows(size_t *ret_count);

/* New; NULL when the method, or this call of it, offers nothing to look at. */
json_t *look_new(const char *method, const json_t *params, const struct look_since *);
/* Does the method change nothing? */
bool look_is_read(const char *method);

#endif
