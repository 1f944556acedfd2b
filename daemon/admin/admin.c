#include "daemon/admin/admin.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/secret.h"
#include "daemon/admin/parts.h"

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

static void answer_error(struct http_request *r, int status, const char *why)
{
    answer_json(r, status, json_pack("{s:o}", "error", jv_string_new(why)));
}

/* ---- open routes ----------------------------------------------------------------------------- */

static void get_health(struct admin *a, struct http_request *r)
{
    json_t *health = health_tell(a);
    answer_json(r, json_is_true(json_object_get(health, "ok")) ? 200 : 503, health);
}

/* Could an event be accepted? Whatever the portals do. */
static void get_ready(struct admin *a, struct http_request *r)
{
    struct store_health h;
    store_health(a->options.store, &h);
    bool ready = h.ok && !atomic_load(&a->not_ready);
    answer_json(r, ready ? 200 : 503, json_pack("{s:b}", "ready", ready));
}

static void get_metrics(struct admin *a, struct http_request *r)
{
    struct buf b BUF_AUTO;
    buf_init(&b, MOST_METRICS);
    metrics_print(a, &b);
    http_answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", b.data, b.size);
}

/* ---- the operator's API ---------------------------------------------------------------------- */

static const struct api_route {
    const char *path;
    json_t *(*tell)(struct admin *, const char *query, int *ret_status, struct err *);
} api_routes[] = {
    {"/api/status", api_status},
    {"/api/story", api_story},
    {"/api/runs", api_runs},
};

/* A Unix socket's file permissions are proof enough; on TCP it takes the token. 0: let in. */
static int forbidden(const struct admin *a, const struct http_request *r)
{
    static const char bearer[] = "Bearer ";
    const char *token = a->options.config->admin_token;
    const char *given = http_header(r, "Authorization");
    if (http_peer_is_unix(r))
        return 0;
    if (token == NULL)
        return 403;
    if (given == NULL || strncmp(given, bearer, sizeof bearer - 1) != 0)
        return 401;
    return secret_same(token, given + sizeof bearer - 1) ? 0 : 401;
}

static void serve_forget_member(struct admin *a, struct http_request *r)
{
    struct err err = {0};
    const char *text = http_query(r);
    JV_AUTO *query = form_decode(text, strlen(text), NULL, NULL, &err);
    if (query != NULL)
        order_forget_member(a, r, query);
    else
        answer_error(r, 400, err.text);
}

static void serve_api(struct admin *a, struct http_request *r)
{
    int status = forbidden(a, r);
    if (status != 0) {
        answer_error(r, status,
                     status == 403 ? "no admin-token-file is configured: the API answers on a Unix "
                                     "socket only"
                                   : "the bearer token is missing or wrong");
        return;
    }
    if (strcmp(http_path(r), "/api/portal/forget-member") == 0) {
        serve_forget_member(a, r);
        return;
    }
    if (strcmp(http_method(r), "POST") == 0) {
        if (!operator_serve(a, r))
            answer_error(r, 404, "no such route; /api/queue/retry done drop are there");
        return;
    }
    for (size_t i = 0; i < sizeof api_routes / sizeof api_routes[0]; i++) {
        if (strcmp(api_routes[i].path, http_path(r)) != 0)
            continue;
        struct err err = {0};
        json_t *value = api_routes[i].tell(a, http_query(r), &status, &err);
        if (value != NULL)
            answer_json(r, status, value);
        else
            answer_error(r, status, err.text);
        return;
    }
    answer_error(r, 404, "no such route");
}

static const struct route {
    const char *path;
    bool prefix;
    void (*serve)(struct admin *, struct http_request *);
} routes[] = {
    {"/health", false, get_health},
    {"/ready", false, get_ready},
    {"/metrics", false, get_metrics},
    {"/api/", true, serve_api},
};

static void on_request(void *arg, struct http_request *r)
{
    struct admin *a = arg;
    const char *method = http_method(r);
    bool orders = strncmp(http_path(r), "/api/queue/", strlen("/api/queue/")) == 0 ||
                  strcmp(http_path(r), "/api/portal/forget-member") == 0;
    bool asks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (orders ? strcmp(method, "POST") != 0 : !asks) {
        answer_error(r, 405, orders ? "POST would be right" : "GET would be right");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];
        bool hit = route->prefix ? strncmp(http_path(r), route->path, strlen(route->path)) == 0
                                 : strcmp(http_path(r), route->path) == 0;
        if (hit) {
            route->serve(a, r);
            return;
        }
    }
    answer_error(r, 404, "no such route; /health /ready /metrics /api/… are there");
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

bool admin_alive(struct admin *a)
{
    return health_alive(a);
}
