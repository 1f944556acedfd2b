#ifndef SANDBOX_CORE_H
#define SANDBOX_CORE_H

/* A stand-in portal: a pure core over an in-memory store. Request in, answer out, events and faults
 * as data; the clock is passed in. It follows bitrix24.md line by line (each rule in the .c cites
 * its section) and refuses what the real one refuses. Not thread-safe: the front serializes. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct sandbox;

struct sandbox_options {
    double rate_drain, rate_size; /* §5: 2 and 50; drain 0: unlimited */
    double operating_limit_s;     /* §5: 480 in ten minutes; 0: none */
    const char *host;             /* "127.0.0.1:43217": what auth[domain] says */
    const char *hook_code;        /* the inbound webhook's secret; user id is hook_user */
    int hook_user;
    const char *application_token; /* of the outbound webhook */
    const char *member_id;
};

/* Seeds a small firm: users, departments with heads, two deal funnels and one of leads with stages
 * in Russian, a smart process "Отгрузка" (147), custom fields, contacts and companies. */
struct sandbox *sandbox_new(const struct sandbox_options *);
void sandbox_free(struct sandbox *);

struct sandbox_request {
    const char *method; /* HTTP */
    const char *path;   /* "/rest/1/code/crm.item.get.json" */
    const char *query;
    const char *content_type;
    const char *body;
    size_t size;
    const char *idempotency_key; /* that header, of REST 3.0 only (§3.7); NULL: none */
    int64_t now_ms;              /* wall */
};

struct sandbox_answer {
    int status;
    char *body; /* mem_free */
    size_t size;
    const char *content_type;
    char *location;   /* mem_free; of a redirect, or NULL */
    int64_t delay_ms; /* the front waits this long before answering */
    bool drop;        /* the front closes the connection without an answer (after executing) */
    bool replayed;    /* with the header Idempotent-Replayed: true (§3.7) */
};
/* One REST request (also /rest/api/… of §3.7 as far as tasks go). */
void sandbox_rest(struct sandbox *, const struct sandbox_request *, struct sandbox_answer *ret);
void sandbox_answer_done(struct sandbox_answer *);

/* Outbound events that happened since the last call: array of {"url","body","content_type",
 * "delay_ms"}; each is posted once, `delay_ms` from now, and never again (§1.1). New. */
json_t *sandbox_take_events(struct sandbox *);

/* The control interface, for tests and people: one JSON command in, JSON out (NULL with err). Also
 * served by the front at POST /control. Commands: see sandbox/control.c and `b24sandbox --help`. */
json_t *sandbox_control(struct sandbox *, const json_t *command, int64_t now_ms, struct err *);
/* An example of each command and what it does, one a line; NULL behind the last. */
const char *sandbox_control_help(size_t index);

#endif
