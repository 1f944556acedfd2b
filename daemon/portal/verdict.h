#ifndef DAEMON_PORTAL_VERDICT_H
#define DAEMON_PORTAL_VERDICT_H

/* What an error means for the call that met it, and for the portal: one table of codes
 * (bitrix24.md §3.3, §5). Decided by the code, case ignored; the HTTP status counts only where the
 * code is unknown. Pure, thread-safe. */

#include <stdbool.h>

#include "daemon/model/command.h"

enum aftermath {
    AFTER_NOTHING,
    AFTER_RATE,   /* too many requests: the whole portal waits a little */
    AFTER_METHOD, /* the method's operating time is used up: the method waits */
    AFTER_ALONE,  /* cannot travel in a batch: by itself next time */
    AFTER_PAUSE,  /* the portal refuses us: stop, a person is needed */
    AFTER_DOUBT,  /* it refuses us, or only this call: stop until a probe has told */
};

struct ruling {
    enum verdict verdict;
    enum aftermath after;
    const char *advice; /* static; what a person is to do, with AFTER_PAUSE and AFTER_DOUBT */
};

/* `code` as the portal wrote it ("" too), `text` its description, `status` 0 when unknown. */
struct ruling verdict_of_error(const char *code, const char *text, int status, bool write);
/* An answer that is no envelope of REST: HTML, nothing, half a JSON. */
struct ruling verdict_of_nonsense(int status, bool write);
/* libcurl gave up. `sent`: all of the request has left, once at least. `ret_error` gets our code.
 */
struct ruling verdict_of_transport(int curl_code, bool sent, bool write, const char **ret_error);
/* The portal sends us to where the webhook must not be told (§3.4). Answered at the door. */
struct ruling verdict_of_redirect(void);
/* Is the portal not to be spoken to? */
bool verdict_pauses(enum aftermath);

#endif
