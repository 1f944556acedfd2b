#ifndef DAEMON_INGEST_BODY_H
#define DAEMON_INGEST_BODY_H

/* From the bytes of a POST to an event: bitrix24.md §1. Everything here is hostile until its token
 * has matched. Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/form_pairs.h"
#include "daemon/model/event.h"

/* A decoded body and what proves it. */
struct body {
    struct form_pairs form;
    const char *token;  /* borrowed from form; NULL: missing, or not a text */
    const char *member; /* the same */
    bool token_twice;   /* product.md §4: refused */
};

bool body_decode(const char *bytes, size_t size, struct body *ret, struct err *) MUST_CHECK;
void body_done(struct body *);

/* Formats 1 and 2: name, entity, happening, own id, priority, ts. False: no event in it, or its
 * data is of no use. Does not set ids, times, body. */
bool body_event(const struct form_pairs *form, struct event *ret, struct err *) MUST_CHECK;
/* Format 3: the entity of a robot's document_id (§1.7). */
bool body_robot(const struct form_pairs *form, const char *code, struct event *ret,
                struct err *) MUST_CHECK;

/* The text of a form without the pairs that hold secrets (tokens, keys), as it may be stored.
 * `also` names one more (NULL: none). mem_free. */
char *body_without_secrets(const char *bytes, size_t size, const char *also);
/* The value of a query's parameter, decoded (mem_free), NULL if absent, malformed or given twice.
 */
char *body_parameter(const char *query, const char *name);

#endif
