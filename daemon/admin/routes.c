#include "daemon/admin/routes.h"

#include <string.h>

#include "common/form.h"
#include "common/jv.h"
#include "common/near.h"
#include "common/secret.h"
#include "daemon/admin/parts.h"

enum { MOST_PARAMETERS = 16, PARAMETER_SIZE = 24 };

const struct route admin_routes[] = {
    {"GET", "/health", "", "200 503", true, NULL, serve_health},
    {"GET", "/ready", "", "200 503", true, NULL, serve_ready},
    {"GET", "/metrics", "", "200", true, NULL, serve_metrics},
    {"GET", "/api/status", "", "200 503", false, api_status, NULL},
    {"GET", "/api/story", "entity run event portal limit", "200 400 404 503", false, api_story,
     NULL},
    {"GET", "/api/runs", "state rule portal entity reason since until limit after", "200 400 503",
     false, api_runs, NULL},
    {"GET", "/api/run", "run", "200 400 404 503", false, api_run, NULL},
    {"GET", "/api/dead", "state rule portal reason since until", "200 400 503", false, api_dead,
     NULL},
    {"GET", "/api/holds", "rule portal entity", "200 400 503", false, api_holds, NULL},
    {"POST", "/api/queue/retry", "run by", "200 400 404 409 503", false, NULL, order_retry},
    {"POST", "/api/queue/done", "run made by", "200 400 404 409 503", false, NULL, order_done},
    {"POST", "/api/queue/drop", "run by", "200 400 404 409 503", false, NULL, order_drop},
    {"POST", "/api/queue/pause", "portal rule all why by", "200 400 503", false, NULL, order_pause},
    {"POST", "/api/portal/forget-member", "portal by", "200 400 404 503", false, NULL,
     order_forget_member},
    {"POST", "/api/queue/resume", "portal rule entity all by", "200 400 404 503", false, NULL,
     order_resume},
    {"GET", "/api/reload", "number", "200 400", false, api_reload, NULL},
    {"POST", "/api/reload", "by", "202 400", false, NULL, order_reload},
};
const size_t admin_route_count = sizeof admin_routes / sizeof admin_routes[0];

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

/* The route, or NULL: then *ret_method is what the path would take, NULL when there is no such
 * path. */
static const struct route *find(const char *method, const char *path, const char **ret_method)
{
    bool head = strcmp(method, "HEAD") == 0;
    *ret_method = NULL;
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct route *route = &admin_routes[i];
        if (strcmp(route->path, path) != 0)
            continue;
        if (strcmp(route->method, method) == 0 || (head && strcmp(route->method, "GET") == 0))
            return route;
        *ret_method = route->method;
    }
    return NULL;
}

static void no_route(struct http_request *r, const char *method)
{
    JV_AUTO *why = json_sprintf("%s would be right", method != NULL ? method : "");
    if (method != NULL)
        answer_error(r, 405, json_string_value(why));
    else
        answer_error(r, 404,
                     strncmp(http_path(r), "/api/", 5) == 0
                         ? "no such route; docs/openapi.json lists them"
                         : "no such route; /health /ready /metrics /api/… are there");
}

/* Splits words apart by blanks. */
static size_t split(const char *text, char words[MOST_PARAMETERS][PARAMETER_SIZE])
{
    size_t count = 0;
    while (*text != '\0' && count < MOST_PARAMETERS) {
        size_t length = strcspn(text, " ");
        if (length < PARAMETER_SIZE) {
            memcpy(words[count], text, length);
            words[count++][length] = '\0';
        }
        text += length + strspn(text + length, " ");
    }
    return count;
}

/* A mistyped filter must not widen what is asked for. */
static bool check_parameters(const struct route *route, const json_t *query, struct err *err)
{
    char words[MOST_PARAMETERS][PARAMETER_SIZE];
    const char *names[MOST_PARAMETERS];
    size_t count = split(route->parameters, words);
    const char *name;
    json_t *value;
    for (size_t i = 0; i < count; i++)
        names[i] = words[i];
    json_object_foreach (jv_loose(query), name, value) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || strcmp(names[i], name) == 0;
        const char *near = known ? NULL : near_name(name, names, count);
        if (!known)
            return err_set(err, "unknown parameter \"%.40s\"%s%s%s", name,
                           near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                           near != NULL ? "\"?" : "");
        if (!json_is_string(value))
            return err_set(err, "the parameter \"%s\" is one text", name);
    }
    return true;
}

static void serve(struct admin *a, const struct route *route, struct http_request *r)
{
    struct err err = {0};
    const char *text = http_query(r);
    JV_AUTO *query = form_decode(text, strlen(text), NULL, NULL, &err);
    if (query == NULL || !check_parameters(route, query, &err)) {
        answer_error(r, 400, err.text);
        return;
    }
    if (route->serve != NULL) {
        route->serve(a, r, query);
        return;
    }
    int status = 200;
    json_t *value = route->tell(a, query, &status, &err);
    if (value != NULL)
        answer_json(r, status, value);
    else
        answer_error(r, status, err.text);
}

void routes_serve(struct admin *a, struct http_request *r)
{
    const char *method;
    const struct route *route = find(http_method(r), http_path(r), &method);
    bool api = strncmp(http_path(r), "/api/", strlen("/api/")) == 0;
    int status = (route != NULL ? !route->open : api) ? forbidden(a, r) : 0;
    if (status == 403)
        answer_error(r, 403,
                     "no admin-token-file is configured: the API answers on a Unix socket "
                     "only");
    else if (status == 401)
        answer_error(r, 401, "the bearer token is missing or wrong");
    else if (route == NULL)
        no_route(r, method);
    else
        serve(a, route, r);
}
