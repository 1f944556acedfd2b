#ifndef DAEMON_ADMIN_PARTS_H
#define DAEMON_ADMIN_PARTS_H

/* The admin's own insides: what the routes read. All of it belongs to the admin's HTTP thread, but
 * for health_tell, which any thread may call. */

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

/* Prometheus text exposition, format 0.0.4. */
void metrics_print(struct admin *, struct buf *);

/* Takes value. */
void answer_json(struct http_request *, int status, json_t *value);

void answer_error(struct http_request *, int status, const char *why);

/* ---- what routes.c leads to ------------------------------------------------------------------ */

typedef json_t *api_tell_fn(struct admin *, const json_t *query, int *ret_status, struct err *);
typedef void api_serve_fn(struct admin *, struct http_request *, const json_t *query);
api_serve_fn serve_health, serve_ready, serve_metrics; /* admin.c */
api_tell_fn api_status, api_story;                     /* api.c */
api_tell_fn api_runs, api_run, api_dead, api_holds;    /* lists.c */
api_serve_fn order_retry, order_done, order_drop;      /* operator.c */
api_serve_fn order_pause, order_resume;                /* pause.c */
api_serve_fn order_forget_member;                      /* member.c */
api_serve_fn order_reload;                             /* reload.c */
api_tell_fn api_reload;

/* ---- pauses ---------------------------------------------------------------------------------- */

/* Array of {"portal","rule","by","why","since_ms"}; portal "" is every one. New. */
json_t *holds_tell(struct admin *);
/* Gives each live run among the values "paused", the hold that it waits for. */
void holds_show(const json_t *holds, json_t *value);

/* ---- orders ---------------------------------------------------------------------------------- */

enum { OPERATOR_NAME_SIZE = 120 };
/* Who orders, "anna (uid 1000)": the kernel knows who holds the other end of a Unix socket; a token
 * has no name, so there what the query says of itself (`by`) stands beside it. */
void operator_name(const struct http_request *, char out[OPERATOR_NAME_SIZE]);
/* A line that is about no entity, for `queue log`. One that is `wide`, of a pause, stands in the
 * stories of entities as well. */
void operator_put_line(struct store_change *, int64_t portal, const char *rule, bool wide,
                       const char *say);

#endif
