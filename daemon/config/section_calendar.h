#ifndef DAEMON_CONFIG_SECTION_CALENDAR_H
#define DAEMON_CONFIG_SECTION_CALENDAR_H

/* The keys of [calendar NAME], for the table in keys.c. */

#include "daemon/config/value.h"

bool calendar_read_hours(struct loading *, const struct given *);
bool calendar_read_holidays(struct loading *, const struct given *);
bool calendar_read_zone(struct loading *, const struct given *);

#endif
