#ifndef DAEMON_PORTAL_WIRE_H
#define DAEMON_PORTAL_WIRE_H

/* One plain HTTP request, waited for: what the verbs use to ask the admin address, `send` to post
 * an event, and the sandbox to post its events. Not for the portal's REST calls (client.h). */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct wire_request {
    const char *method;    /* "GET", "POST" */
    const char *url;       /* http://…, or with unix_path set: http://localhost/path */
    const char *unix_path; /* NULL: TCP */
    const char *bearer;    /* token, NULL; never logged */
    const char *content_type, *user_agent; /* NULL: none */
    const char *body;
    size_t body_size;
    long timeout_ms;
};

struct wire_answer {
    int status;
    char *body; /* mem_free; NUL-terminated; at most 16 MiB */
    size_t size;
};

bool wire_request(const struct wire_request *, struct wire_answer *ret, struct err *) MUST_CHECK;
void wire_answer_done(struct wire_answer *);
/* Before any thread and after the last. */
bool wire_init(struct err *) MUST_CHECK;
void wire_done(void);

#endif
