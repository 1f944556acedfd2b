#include "daemon/admin/admin.h"

#include <string.h>

#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/routes.h"

enum {
    MOST_CONNECTIONS = 64,
    MOST_BODY = 65536,
    IDLE_MS = 30000,
    MOST_METRICS = 4194304,
};

static const char json_content[] = "application/json; charset=utf-8";

void answer_json(struct http_request *r, int status, json_t *value)
{
    char *text = jv_dump_new(value);
    http_answer(r, status, json_content, text, strlen(text));
    mem_free(text);
    json_decref(value);
}

void answer_error(struct http_request *r, int status, const char *why)
{
    answer_json(r, status, json_pack("{s:o}", "error", jv_string_new(why)));
}

/* ---- open routes ----------------------------------------------------------------------------- */

void serve_health(struct admin *a, struct http_request *r, const json_t *query)
{
    (void)query;
    json_t *health = health_tell(a);
    answer_json(r, json_is_true(json_object_get(health, "ok")) ? 200 : 503, health);
}

/* Could an event be accepted? Whatever the portals do. */
void serve_ready(struct admin *a, struct http_request *r, const json_t *query)
{
    (void)query;
    struct store_health h;
    store_health(a->options.store, &h);
    bool ready = h.ok && !atomic_load(&a->not_ready);
    answer_json(r, ready ? 200 : 503, json_pack("{s:b}", "ready", ready));
}

void serve_metrics(struct admin *a, struct http_request *r, const json_t *query)
{
    (void)query;
    struct buf b BUF_AUTO;
    buf_init(&b, MOST_METRICS);
    metrics_print(a, &b);
    http_answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", b.data, b.size);
}

static void on_request(void *arg, struct http_request *r)
{
    routes_serve(arg, r);
}

/* ---- start and stop -------------------------------------------------------------------------- */

static void admin_free(struct admin *a)
{
    store_reader_close(a->reader);
    json_decref(a->listen);
    mem_free(a);
}

struct admin *admin_start(const struct admin_options *options, struct err *err)
{
    struct admin *a = mem_alloc(sizeof *a);
    a->options = *options;
    a->started_ms = clock_wall_ms();
    a->listen = json_array();
    for (int i = 0; i < options->listen_count; i++)
        json_array_append_new(a->listen, jv_string_new(options->listen_texts[i]));
    a->options.listen_texts = NULL;
    struct http_options http = {
        .sockets = options->sockets,
        .socket_count = options->socket_count,
        .keep_sockets = options->keep_sockets,
        .limits = {.max_body = MOST_BODY, .max_connections = MOST_CONNECTIONS, .idle_ms = IDLE_MS},
        .handle = on_request,
        .arg = a};
    a->reader = store_reader_open(options->store, err);
    if (a->reader != NULL)
        a->server = http_server_start(&http, err);
    if (a->server != NULL)
        return a;
    admin_free(a);
    return NULL;
}

void admin_not_ready(struct admin *a)
{
    atomic_store(&a->not_ready, true);
}

void admin_stop(struct admin *a, int64_t grace_ms)
{
    if (a == NULL)
        return;
    http_server_stop(a->server, grace_ms);
    admin_free(a);
}

int64_t admin_still_ms(struct admin *a)
{
    struct http_counters counters;
    http_server_counters(a->server, &counters);
    return clock_mono_ms() - counters.loop_ms;
}
