#ifndef DAEMON_CLI_CHECK_NAMES_H
#define DAEMON_CLI_CHECK_NAMES_H

/* The part of `check` that knows the portals: from what a daemon's database keeps of them, or live.
 * Needs no running daemon. */

#include <jansson.h>
#include <stdbool.h>

#include "common/diag.h"
#include "daemon/config/config.h"

struct check_names {
    bool live;      /* ask the portals; else only what is kept, not older than a day */
    json_t *found;  /* out, owned: array as rules/names.h says, with "portal" */
    json_t *report; /* out, owned: per portal {"name","user","admin","scopes","names","events"} */
    struct err err; /* out: which portal could not be asked, and why */
};

/* Loads the configuration with the smart processes that are known, then tries every name. NULL: the
 * configuration is wrong, diag says why. With err.text set a portal was out of reach. */
struct config *check_names_load(const char *file, struct check_names *, struct diag *);
void check_names_done(struct check_names *);

/* check_events.c: the events that rules of that portal wait for: array of {"name","last_ms"}, the
 * latest that came (`seen`: name → wall ms), 0: none ever did. New. */
json_t *check_events_new(const struct config *, const struct config_portal *, const json_t *seen);

#endif
