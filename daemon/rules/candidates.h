#ifndef DAEMON_RULES_CANDIDATES_H
#define DAEMON_RULES_CANDIDATES_H

/* What would have been right, when a name means nothing on the portal: one wording for stages,
 * fields, values, users, departments and templates. Pure; suggest.h is the same for mistakes that
 * need no portal. */

#include <jansson.h>
#include <stddef.h>

#include "daemon/rules/scope.h"

enum { CANDIDATES_MOST = 4096 };

struct candidates {
    const char *names[CANDIDATES_MOST]; /* borrowed; those beyond the ceiling are left out */
    size_t count;
    const char *before; /* stands before each where it is shown ("Продажи / "); NULL: nothing */
};

void candidates_add(struct candidates *, const char *name);
/* That member of each object in the list. */
void candidates_add_rows(struct candidates *, const json_t *list, const char *member);

/* The format's text, and behind it `; did you mean "X"?`, or what there is when nothing is near and
 * it is not much. Returns KNOWN_BAD. */
enum known candidates_bad(struct scope *, const struct candidates *, const char *wrong,
                          const char *format, ...) PRINTF_LIKE(4, 5);

#endif
