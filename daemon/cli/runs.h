#ifndef DAEMON_CLI_RUNS_H
#define DAEMON_CLI_RUNS_H

/* Runs as the API gives them, filtered by the command line: `queue list`, `timers` and whatever is
 * ordered of many of them. */

#include <jansson.h>

#include "daemon/cli/verb.h"

/* The options that runs_ask obeys. */
#define RUNS_OPTIONS                                                                               \
    (OPTION_BIT(OPTION_PORTAL) | OPTION_BIT(OPTION_RULE) | OPTION_BIT(OPTION_SINCE) |              \
     OPTION_BIT(OPTION_UNTIL) | OPTION_BIT(OPTION_REASON))

enum { RUNS_USUAL = 200, RUNS_MOST = 1000000 };

/* Runs in those states (a NULL-ended list), of an entity ("deal 5") or NULL, as the options say:
 * page by page, at most so many. *ret_more: some were left out. New; NULL: could not be asked, and
 * that was said. */
json_t *runs_ask(const struct args *, const char *const *states, const char *entity, int64_t most,
                 bool *ret_more);
/* The number behind --limit. False: it is none, and that was said. */
bool runs_limit(const struct args *, int64_t *ret) MUST_CHECK;
/* A table of them, those that go on at once first; a hint when some were left out. */
void runs_print(const json_t *runs, bool more);
/* "deal 5", "-" */
void runs_entity(const json_t *run, char *out, size_t size);

#endif
