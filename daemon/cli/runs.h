#ifndef DAEMON_CLI_RUNS_H
#define DAEMON_CLI_RUNS_H

/* Lists of runs from the daemon, for `timers` and `queue list`. */

#include <jansson.h>

#include "daemon/cli/verb.h"

/* Runs in one of the `states` (NULL-ended), of that entity (NULL: all) and of --portal and --rule,
 * as the API tells them; NULL when the daemon is out of reach, which has been said. *ret_more: there
 * are more than it tells. New. */
json_t *runs_ask(const struct args *, const char *const *states, const char *entity,
                 bool *ret_more);
/* As a table: when due first. */
void runs_print(const json_t *runs);

#endif
