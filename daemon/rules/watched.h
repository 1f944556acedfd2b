#ifndef DAEMON_RULES_WATCHED_H
#define DAEMON_RULES_WATCHED_H

/* Which fields a snapshot keeps, because some rule asks for their old values. */

#include <stddef.h>

#include "daemon/rules/ruleset.h"

void watched_build(const struct ruleset *, struct watched **ret, size_t *ret_count);
void watched_free(struct watched *, size_t count);

#endif
