#ifndef DAEMON_ENGINE_TALLY_H
#define DAEMON_ENGINE_TALLY_H

/* What came of each rule since the rules were loaded, for /metrics. The first rules are counted by
 * name, the rest together: the labels of a metric have a ceiling. Thread-safe. */

#include <jansson.h>

#include "daemon/rules/ruleset.h"

struct tally;

enum tally_what { TALLY_FIRED, TALLY_SKIPPED, TALLY_FAILED, TALLY_PARKED, TALLY_WHATS };
enum { TALLY_RULES = 200 /* that have a row of their own */ };

struct tally *tally_new(const struct ruleset *); /* borrowed */
void tally_free(struct tally *);
/* `rule` is one of the set's own; NULL, of a run whose rule is gone, counts with the rest. */
void tally_add(struct tally *, const struct rule *, enum tally_what);
/* Array of {"rule","fired","skipped","failed","parked"}, one for each rule in the order of the
 * files; "other" for those beyond the ceiling. New. */
json_t *tally_print(const struct tally *);

#endif
