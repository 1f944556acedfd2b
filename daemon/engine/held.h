#ifndef DAEMON_ENGINE_HELD_H
#define DAEMON_ENGINE_HELD_H

/* Rules that cannot be judged at present (a name the portal does not know) or that are frozen: said
 * once when it begins, shown in /health until it ends. Thread-safe. */

#include <jansson.h>
#include <stdbool.h>

struct held;

struct held *held_new(void);
void held_free(struct held *);
/* True when that was not known yet: then say it in the log. Ceiling 1000 entries; what comes beyond
 * it is not said. */
bool held_begin(struct held *, const char *portal, const char *kind, const char *why);
/* All rules for that kind of entity could be judged. */
void held_end(struct held *, const char *portal, const char *kind);
/* Array of {"portal","kind","why"}. New. */
json_t *held_list(struct held *);

#endif
