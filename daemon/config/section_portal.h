#ifndef DAEMON_CONFIG_SECTION_PORTAL_H
#define DAEMON_CONFIG_SECTION_PORTAL_H

/* The keys of [portal NAME], for the table in keys.c. */

#include "daemon/config/value.h"

bool portal_read_url(struct loading *, const struct given *);
bool portal_read_token(struct loading *, const struct given *);
bool portal_read_robot_key(struct loading *, const struct given *);
bool portal_read_plan(struct loading *, const struct given *);
bool portal_read_share(struct loading *, const struct given *);
bool portal_read_zone(struct loading *, const struct given *);
bool portal_read_debounce(struct loading *, const struct given *);

#endif
