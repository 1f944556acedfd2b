#ifndef DAEMON_CLI_EVENT_FORM_H
#define DAEMON_CLI_EVENT_FORM_H

/* The body of an event by its name and an id, in the shape that the kind of event has
 * (bitrix24.md §1.5). One row a shape. Pure. */

#include <jansson.h>

#include "common/err.h"
#include "daemon/model/event.h"

struct event_form {
    char event[EVENT_NAME_SIZE]; /* upper case */
    json_t *tree; /* owned: event, event_handler_id, data; `ts` and `auth` are still to come */
};

/* `type` is the number of a smart process, for the events that need one; else NULL. */
bool event_form_make(const char *event, const char *id, const char *type, struct event_form *ret,
                     struct err *) MUST_CHECK;
void event_form_done(struct event_form *);

#endif
