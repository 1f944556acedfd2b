#ifndef DAEMON_RULES_SUGGEST_H
#define DAEMON_RULES_SUGGEST_H

/* One wording for every name that is not known: `unknown mode "singel"; did you mean "single"?`, or
 * the list of what there is when nothing is near. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"

/* `what` is the noun ("mode"), `names` what would be right (NULL entries skipped). Always returns
 * false. */
bool suggest(struct diag *, struct place, const char *what, const char *wrong,
             const char *const *names, size_t count);
/* `a mode is missing; there are: …` */
bool suggest_missing(struct diag *, struct place, const char *what, const char *const *names,
                     size_t count);
/* The same as suggest for a NULL-ended list. */
bool suggest_listed(struct diag *, struct place, const char *what, const char *wrong,
                    const char *const *names);

#endif
