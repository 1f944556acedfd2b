#ifndef DAEMON_CONFIG_SECTION_TEAM_H
#define DAEMON_CONFIG_SECTION_TEAM_H

/* The keys of [team NAME], for the table in keys.c. */

#include "daemon/config/value.h"

bool team_read_members(struct loading *, const struct given *);
bool team_read_order(struct loading *, const struct given *);
bool team_read_skip(struct loading *, const struct given *);
bool team_read_fallback(struct loading *, const struct given *);

#endif
