#ifndef DAEMON_PORTAL_FETCH_H
#define DAEMON_PORTAL_FETCH_H

/* How a need (model/need.h) is read from the portal: which methods, and the value from their
 * answers. One row a kind of need. Pure, thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/model/command.h"

enum { FETCH_MOST = 3 };

/* Fills up to FETCH_MOST reading commands (keys "0", "1", …) for the need; returns how many, 0 when
 * the need is of no known kind. */
size_t fetch_calls(const char *need, struct command ret[FETCH_MOST]);

enum fetched {
    FETCHED,      /* *ret_value is the fact (json null: it does not exist) */
    FETCH_MORE,   /* a list has more pages: `ret_more` is the next call, its answer is to be given
                     with the earlier ones as one more */
    FETCH_FAILED, /* err says why: rights, an unknown method … */
};
/* From the answers of fetch_calls, in their order (then those of FETCH_MORE). */
enum fetched fetch_value(const char *need, const struct answer *answers, size_t count,
                         json_t **ret_value, struct command *ret_more, struct err *err);

#endif
