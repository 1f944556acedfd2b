#ifndef DAEMON_ADMIN_PARTS_H
#define DAEMON_ADMIN_PARTS_H

/* The admin's own insides: what the routes read. All of it belongs to the admin's HTTP thread, but
 * for health_tell and health_alive, which any thread may call. */

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/buf.h"
#include "daemon/admin/admin.h"
#include "daemon/http/server.h"

struct admin {
    struct admin_options options;
    json_t *listen; /* array of texts */
    struct http_server *server;
    struct store_reader *reader;
    atomic_bool not_ready;
    atomic_bool ordered; /* an operator's order is on its way to the disk */
    int64_t started_ms;  /* wall */
};

/* {"ok":…,"checks":[{"name","ok","level","say"}…],"listen":[…]}. New. */
json_t *health_tell(struct admin *);
bool health_alive(struct admin *);

/* Prometheus text exposition, format 0.0.4. */
void metrics_print(struct admin *, struct buf *);

/* Takes value. */
void answer_json(struct http_request *, int status, json_t *value);

/* Who is at the other end, for the log and the trace: "anna (uid 1000)". */
enum { OPERATOR_NAME_SIZE = 96 };
void operator_name(const struct http_request *, char out[OPERATOR_NAME_SIZE]);

/* POST /api/portal/forget-member: answers, now or when it is stored. */
void order_forget_member(struct admin *, struct http_request *, const json_t *query);

/* POST /api/queue/…: answers, now or when it is stored; false: no such route. */
bool operator_serve(struct admin *, struct http_request *);

/* What GET /api/status and /api/story answer. New; NULL with err and a status. */
json_t *api_status(struct admin *, const char *query, int *ret_status, struct err *);
json_t *api_story(struct admin *, const char *query, int *ret_status, struct err *);
json_t *api_runs(struct admin *, const char *query, int *ret_status, struct err *);

#endif
