#ifndef DAEMON_CLI_DIFFERENCE_H
#define DAEMON_CLI_DIFFERENCE_H

/* What a reload changes: rules, sections and keys by name, secrets and lists by the fact alone.
 * Calls nothing by its value, so no secret can get out. */

#include <jansson.h>

#include "daemon/config/config.h"

/* A line of the log each, and an object {"what","name","restart","say"} at the end of `changes`:
 * what has changed ("rule", "key", "section", "secret", "list"), its name, whether the change takes
 * a restart, and a sentence. */
void difference_tell(const struct config *old, const struct config *new, json_t *changes);

#endif
