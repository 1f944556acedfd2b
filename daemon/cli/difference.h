#ifndef DAEMON_CLI_DIFFERENCE_H
#define DAEMON_CLI_DIFFERENCE_H

/* What a reload changes, for the log: rules, sections and keys by name, secrets and lists by the
 * fact alone. Calls nothing by its value, so no secret can get out. */

#include "daemon/config/config.h"

void difference_log(const struct config *old, const struct config *new);

#endif
