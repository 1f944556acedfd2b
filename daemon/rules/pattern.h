#ifndef DAEMON_RULES_PATTERN_H
#define DAEMON_RULES_PATTERN_H

/* A regular expression of `matches`: PCRE2 over UTF-8, unanchored, with a ceiling on what one match
 * may cost. Immutable after pattern_compile, thread-safe then. */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct pattern;

/* NULL with *ret_offset at the byte of `text` where it stopped making sense. */
struct pattern *pattern_compile(const char *text, size_t *ret_offset, struct err *) MUST_CHECK;
void pattern_free(struct pattern *);
/* False when the pattern needed more steps than it may. */
bool pattern_match(const struct pattern *, const char *text, bool *ret, struct err *) MUST_CHECK;

#endif
