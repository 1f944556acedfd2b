#ifndef DAEMON_RULES_BODY_H
#define DAEMON_RULES_BODY_H

/* Parameters that a rule spells out itself: JSON with templates in its strings, and dotted keys.
 * What is inserted goes into strings of an already parsed tree, so it can be nothing but text.
 * Pure. */

#include "daemon/rules/plan.h"

/* Would `source` be JSON with its templates filled in? They may stand inside strings only. */
bool body_check(const char *source, struct err *) MUST_CHECK;

/* The JSON of a key, templates filled in; a string that is exactly one {{path}} keeps the value's
 * own type. Absent: *ret NULL. */
enum planned body_json(struct plan *, const char *name, json_t **ret);

/* The step's keys `PREFIXa.b.0 = value` as a tree ("" takes every key the action does not name); a
 * level whose names are 0, 1, 2 … becomes a list, quotes protect a dot: fields."a.b". */
enum planned body_dotted(struct plan *, const char *prefix, json_t **ret);

#endif
