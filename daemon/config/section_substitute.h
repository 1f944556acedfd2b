#ifndef DAEMON_CONFIG_SECTION_SUBSTITUTE_H
#define DAEMON_CONFIG_SECTION_SUBSTITUTE_H

/* The keys of [substitute USER], for the table in keys.c. */

#include "daemon/config/value.h"

bool substitute_read_deputy(struct loading *, const struct given *);
bool substitute_read_from(struct loading *, const struct given *);
bool substitute_read_return(struct loading *, const struct given *);
bool substitute_read_until(struct loading *, const struct given *);

#endif
