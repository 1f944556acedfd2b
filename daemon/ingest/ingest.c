#include "daemon/ingest/ingest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/percent.h"
#include "common/secret.h"
#include "daemon/ingest/body.h"

/* Of the time to the 200, microseconds: 0.5 ms to 2.5 s, beyond which nobody waits. */
static const int64_t latency_bounds[] = {500,   1000,   2500,   5000,   10000,   25000,
                                         50000, 100000, 250000, 500000, 1000000, 2500000};

enum {
    MOST_CONNECTIONS = 4096,
    MOST_PER_ADDRESS = 2048,
    IDLE_MS = 30000,
    ANSWER_MS = 1400, /* and HTTP_SWEEP_MS: within 2 s (product.md §4) */
};

/* One row per reason: its word in /metrics and the status it answers with (product.md §4). */
static const struct {
    const char *word;
    int status;
} reasons[INGEST_COUNTS] = {
    [INGEST_ACCEPTED] = {"accepted", 200},
    [INGEST_BAD_TOKEN] = {"bad_token", 403},
    [INGEST_BAD_MEMBER] = {"bad_member", 403},
    [INGEST_BAD_KEY] = {"bad_key", 403},
    [INGEST_BAD_SENDER] = {"bad_sender", 403},
    [INGEST_UNKNOWN_PORTAL] = {"unknown_portal", 404},
    [INGEST_UNKNOWN_ROBOT] = {"unknown_robot", 404},
    [INGEST_NOT_FOUND] = {"not_found", 404},
    [INGEST_BAD_FORM] = {"bad_form", 400},
    [INGEST_TOO_LARGE] = {"too_large", 413},
    [INGEST_BAD_TYPE] = {"bad_type", 415},
    [INGEST_NOT_STORED] = {"not_stored", 503},
    [INGEST_LATE] = {"late", 503},
    [INGEST_QUEUE_FULL] = {"queue_full", 503},
    [INGEST_PROBED] = {"probed", 200},
};

const char *ingest_count_word(enum ingest_count count)
{
    return reasons[count].word;
}

struct ingest_portal {
    int64_t id;
    const struct config_portal *config;
    char member[80];    /* pinned; "" not yet. The HTTP thread's own */
    atomic_bool stored; /* a commit holds the pin: until then each event brings it along */
    atomic_bool forget; /* what is pinned is to be forgotten */
    atomic_llong heard_ms, heard; /* the HTTP thread writes them */
};

struct ingest {
    struct ingest_options options;
    struct ingest_portal *portals;
    struct http_server *server;
    atomic_llong counts[INGEST_COUNTS];
    atomic_llong last_event_ms;
    struct histogram latency; /* the writer's thread adds */
    pthread_mutex_t lock;     /* guards refused_member and whose it is */
    char refused_member[80];
    int refused_portal;
};

/* ---- routes ---------------------------------------------------------------------------------- */

/* "/hook/PORTAL" or "/hook/PORTAL/robot/CODE"; nothing deeper. */
struct route {
    struct ingest_portal *portal; /* NULL: no such */
    const char *code;             /* borrowed from the path; NULL: an event */
};

static bool find_route(struct ingest *in, const char *path, struct route *ret)
{
    static const char head[] = "/hook/";
    if (strncmp(path, head, sizeof head - 1) != 0)
        return false;
    const char *name = path + sizeof head - 1;
    const char *slash = strchr(name, '/');
    size_t length = slash != NULL ? (size_t)(slash - name) : strlen(name);
    *ret = (struct route){0};
    if (slash != NULL) {
        static const char robot[] = "/robot/";
        if (strncmp(slash, robot, sizeof robot - 1) != 0)
            return false;
        ret->code = slash + sizeof robot - 1;
        if (ret->code[0] == '\0' || strchr(ret->code, '/') != NULL)
            return false;
    }
    for (int i = 0; i < in->options.config->portal_count; i++) {
        const char *known = in->portals[i].config->name;
        if (strlen(known) == length && strncmp(known, name, length) == 0)
            ret->portal = &in->portals[i];
    }
    return length > 0;
}

static bool sender_allowed(const struct ingest *in, const struct http_request *r)
{
    const struct config *config = in->options.config;
    if (config->senders_file == NULL || http_peer_is_unix(r))
        return true;
    for (int i = 0; i < config->sender_count; i++)
        if (net_holds(&config->senders[i], http_peer_address(r)))
            return true;
    return false;
}

static bool is_form(const struct http_request *r)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = http_header(r, "Content-Type");
    if (type == NULL || strncasecmp(type, form, sizeof form - 1) != 0)
        return false;
    char behind = type[sizeof form - 1];
    return behind == '\0' || behind == ';' || behind == ' ';
}

static bool is_encoded(const struct http_request *r)
{
    const char *encoding = http_header(r, "Content-Encoding");
    return encoding != NULL && encoding[0] != '\0' && strcasecmp(encoding, "identity") != 0;
}

static int refuse(struct ingest *in, enum ingest_count why)
{
    atomic_fetch_add(&in->counts[why], 1);
    return reasons[why].status;
}

/* The head decides what it can before a byte of the body is kept: bitrix24.md §2, in its order. */
static int on_head(void *arg, const struct http_request *r)
{
    struct ingest *in = arg;
    struct route route;
    const char *method = http_method(r);
    bool look = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (!find_route(in, http_path(r), &route) || (!look && strcmp(method, "POST") != 0))
        return refuse(in, INGEST_NOT_FOUND);
    if (!sender_allowed(in, r))
        return refuse(in, INGEST_BAD_SENDER);
    if (route.portal == NULL)
        return refuse(in, INGEST_UNKNOWN_PORTAL);
    if (look)
        return refuse(in, INGEST_PROBED);
    if (!is_form(r) || is_encoded(r))
        return refuse(in, INGEST_BAD_TYPE);
    return 0;
}

/* ---- authenticity ---------------------------------------------------------------------------- */

/* Every known secret is compared, whichever matched: the time says nothing. */
static bool any_secret(char *const *known, int count, const char *given)
{
    bool same = false;
    for (int i = 0; i < count; i++)
        same = secret_same(known[i], given) || same;
    return same;
}

static bool token_right(const struct config_portal *portal, const struct body *body)
{
    return !body->token_twice && any_secret(portal->tokens, portal->token_count, body->token);
}

/* A token in the URL is in the logs of every proxy on its way. */
static enum ingest_count judge_query(const char *query)
{
    size_t size = strlen(query);
    if (size == 0)
        return INGEST_ACCEPTED;
    char *text = mem_strdup(query);
    struct err ignored = {0};
    enum ingest_count outcome = INGEST_ACCEPTED;
    if (!percent_decode(text, size, &size, &ignored))
        outcome = INGEST_BAD_FORM;
    else if (memmem(text, size, "application_token", strlen("application_token")) != NULL)
        outcome = INGEST_BAD_TOKEN;
    mem_wipe(text, strlen(query));
    mem_free(text);
    return outcome;
}

static bool key_right(const struct config_portal *portal, const char *query)
{
    char *key = body_parameter(query, "key");
    bool right = any_secret(portal->robot_keys, portal->robot_key_count, key);
    if (key != NULL)
        mem_wipe(key, strlen(key));
    mem_free(key);
    return right;
}

/* The portal's own id never changes (bitrix24.md §2): the first good event pins it. */
static bool member_right(struct ingest *in, struct ingest_portal *portal, const char *member,
                         bool required)
{
    if (atomic_load_explicit(&portal->forget, memory_order_relaxed) &&
        atomic_exchange(&portal->forget, false)) {
        portal->member[0] = '\0';
        atomic_store(&portal->stored, false);
    }
    if (member == NULL || member[0] == '\0')
        return !required;
    if (strlen(member) < sizeof portal->member &&
        (portal->member[0] == '\0' || strcmp(portal->member, member) == 0))
        return true;
    pthread_mutex_lock(&in->lock);
    bool news = strncmp(in->refused_member, member, sizeof in->refused_member - 1) != 0;
    (void)snprintf(in->refused_member, sizeof in->refused_member, "%s", member);
    in->refused_portal = (int)(portal - in->portals);
    pthread_mutex_unlock(&in->lock);
    if (news)
        log_warning("event refused: another member_id than the pinned one portal=%s member=\"%s\"",
                    portal->config->name, member);
    return false;
}

/* ---- storing --------------------------------------------------------------------------------- */

/* The writer's thread, after the commit. A request whose event brings the member along has its
 * portal in the slot. */
static void answer(struct http_request *r, bool ok, bool news)
{
    struct ingest *in = http_arg(r);
    struct ingest_portal *pins = http_slot(r);
    enum ingest_count outcome = ok ? INGEST_ACCEPTED : INGEST_NOT_STORED;
    atomic_fetch_add(&in->counts[outcome], 1);
    if (ok) {
        histogram_add(&in->latency, http_age_us(r));
        if (pins != NULL)
            atomic_store(&pins->stored, true);
        atomic_store(&in->last_event_ms, clock_wall_ms());
        if (news)
            in->options.stored(in->options.arg);
    }
    /* Last: once it is answered, ingest may stop and go. */
    http_answer(r, reasons[outcome].status, NULL, NULL, 0);
}

static void on_news_stored(void *arg, bool ok, const struct err *err)
{
    (void)err;
    answer(arg, ok, true);
}

static void on_passing_stored(void *arg, bool ok, const struct err *err)
{
    (void)err;
    answer(arg, ok, false);
}

/* Most of what a portal sends concerns no rule: the engine need not be woken for it. */
static bool is_news(const struct ingest *in, const struct event *event)
{
    return event->source != EVENT_WEBHOOK ||
           ruleset_concerns(in->options.config->rules, event->entity.type, event->name);
}

static void keep(struct ingest *in, struct http_request *r, struct ingest_portal *portal,
                 struct event *event, const char *member)
{
    event->id = store_next_id(in->options.store);
    event->portal = portal->id;
    event->received_ms = clock_wall_ms();
    atomic_store_explicit(&portal->heard_ms, event->received_ms, memory_order_relaxed);
    atomic_store_explicit(&portal->heard,
                          atomic_load_explicit(&portal->heard, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    struct store_change *change = store_change_new();
    bool news = is_news(in, event);
    if (news)
        store_put_event(change, event);
    else
        store_put_event_passing(change, event);
    if (portal->member[0] == '\0' && member != NULL)
        (void)snprintf(portal->member, sizeof portal->member, "%s", member);
    if (portal->member[0] != '\0' && !atomic_load(&portal->stored)) {
        store_put_member(change, portal->id, portal->member);
        http_set_slot(r, portal);
    }
    store_submit_arrival(in->options.store, change, news ? on_news_stored : on_passing_stored, r);
}

/* ---- the two kinds of hooks ------------------------------------------------------------------ */

/* A robot's secret and its code are in the URL: no body is decoded for a stranger. */
static enum ingest_count judge_robot(const struct ingest *in, const struct http_request *r,
                                     const struct route *route)
{
    const struct config_portal *portal = route->portal->config;
    if (!key_right(portal, http_query(r)))
        return INGEST_BAD_KEY;
    if (!ruleset_has_robot(in->options.config->rules, portal->name, route->code))
        return INGEST_UNKNOWN_ROBOT;
    return INGEST_ACCEPTED;
}

/* A robot's body names its portal always, an event's may not (bitrix24.md §2). */
static enum ingest_count judge_body(struct ingest *in, const struct route *route,
                                    const struct body *body)
{
    bool robot = route->code != NULL;
    if (!robot && !token_right(route->portal->config, body))
        return INGEST_BAD_TOKEN;
    return member_right(in, route->portal, body->member, robot) ? INGEST_ACCEPTED
                                                                : INGEST_BAD_MEMBER;
}

static enum ingest_count read_event(const struct ingest *in, const struct http_request *r,
                                    const struct route *route, const struct body *body,
                                    struct event *event)
{
    struct err ignored = {0};
    const char *query = http_query(r);
    bool robot = route->code != NULL;
    if (!(robot ? body_robot(&body->form, route->code, event, &ignored)
                : body_event(&body->form, event, &ignored)))
        return INGEST_BAD_FORM;
    if (store_full(in->options.store))
        return INGEST_QUEUE_FULL;
    if (store_stuck(in->options.store))
        return INGEST_NOT_STORED;
    if (robot)
        event->query = body_without_secrets(query, strlen(query), "key");
    return INGEST_ACCEPTED;
}

/* INGEST_ACCEPTED: the event was handed to the writer, which will answer. */
static enum ingest_count take(struct ingest *in, struct http_request *r, const struct route *route,
                              const char *bytes, size_t size)
{
    struct body body;
    struct event event = {0};
    struct err ignored = {0};
    enum ingest_count outcome = judge_query(http_query(r));
    if (outcome == INGEST_ACCEPTED && route->code != NULL)
        outcome = judge_robot(in, r, route);
    if (outcome != INGEST_ACCEPTED)
        return outcome;
    if (!body_decode(bytes, size, &body, &ignored))
        return INGEST_BAD_FORM;
    outcome = judge_body(in, route, &body);
    if (outcome == INGEST_ACCEPTED)
        outcome = read_event(in, r, route, &body, &event);
    if (outcome == INGEST_ACCEPTED) {
        event.body = body_without_secrets(bytes, size, NULL);
        keep(in, r, route->portal, &event, body.member);
    }
    event_done(&event);
    body_done(&body);
    return outcome;
}

static void on_request(void *arg, struct http_request *r)
{
    struct ingest *in = arg;
    struct route route;
    size_t size;
    const char *bytes = http_body(r, &size);
    enum ingest_count outcome = INGEST_NOT_FOUND;
    if (find_route(in, http_path(r), &route) && route.portal != NULL)
        outcome = take(in, r, &route, bytes, size);
    if (outcome != INGEST_ACCEPTED)
        http_answer(r, refuse(in, outcome), NULL, NULL, 0);
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool read_members(struct ingest *in, struct err *err)
{
    struct store_reader *reader = store_reader_open(in->options.store, err);
    bool ok = reader != NULL;
    for (int i = 0; ok && i < in->options.config->portal_count; i++) {
        struct ingest_portal *portal = &in->portals[i];
        ok = store_read_member(reader, portal->id, portal->member, err);
        atomic_store(&portal->stored, portal->member[0] != '\0');
    }
    store_reader_close(reader);
    return ok;
}

static void ingest_free(struct ingest *in)
{
    pthread_mutex_destroy(&in->lock);
    mem_free(in->portals);
    mem_free(in);
}

struct ingest *ingest_start(const struct ingest_options *options, struct err *err)
{
    struct ingest *in = mem_alloc(sizeof *in);
    in->options = *options;
    histogram_init(&in->latency, latency_bounds, sizeof latency_bounds / sizeof latency_bounds[0]);
    pthread_mutex_init(&in->lock, NULL);
    int count = options->config->portal_count;
    in->portals = mem_array((size_t)count, sizeof *in->portals);
    for (int i = 0; i < count; i++) {
        in->portals[i].id = options->portal_ids[i];
        in->portals[i].config = &options->config->portals[i];
    }
    struct http_options http = {.sockets = options->sockets,
                                .socket_count = options->socket_count,
                                .keep_sockets = options->keep_sockets,
                                .limits = {.max_body = (size_t)options->config->max_body,
                                           .max_connections = MOST_CONNECTIONS,
                                           .max_per_address = MOST_PER_ADDRESS,
                                           .idle_ms = IDLE_MS,
                                           .answer_ms = ANSWER_MS},
                                .accept = on_head,
                                .handle = on_request,
                                .arg = in};
    if (read_members(in, err))
        in->server = http_server_start(&http, err);
    if (in->server != NULL)
        return in;
    ingest_free(in);
    return NULL;
}

void ingest_stop(struct ingest *in, int64_t grace_ms)
{
    if (in == NULL)
        return;
    http_server_stop(in->server, grace_ms);
    ingest_free(in);
}

void ingest_health(struct ingest *in, struct ingest_health *ret)
{
    *ret = (struct ingest_health){.last_event_ms = atomic_load(&in->last_event_ms)};
    for (int i = 0; i < INGEST_COUNTS; i++)
        ret->counts[i] = atomic_load(&in->counts[i]);
    pthread_mutex_lock(&in->lock);
    (void)snprintf(ret->last_member, sizeof ret->last_member, "%s", in->refused_member);
    ret->last_member_portal = in->refused_portal;
    pthread_mutex_unlock(&in->lock);
    histogram_read(&in->latency, &ret->latency);
    http_server_counters(in->server, &ret->http);
    /* Refused below us, by the size or the line alone. */
    ret->counts[INGEST_TOO_LARGE] = ret->http.too_large;
    ret->counts[INGEST_LATE] = ret->http.late;
    ret->counts[INGEST_BAD_FORM] += ret->http.bad;
}

int64_t ingest_heard_ms(struct ingest *in, int portal)
{
    return atomic_load_explicit(&in->portals[portal].heard_ms, memory_order_relaxed);
}

int64_t ingest_heard_count(struct ingest *in, int portal)
{
    return atomic_load_explicit(&in->portals[portal].heard, memory_order_relaxed);
}

void ingest_forget_member(struct ingest *in, int portal)
{
    pthread_mutex_lock(&in->lock);
    if (in->refused_portal == portal)
        in->refused_member[0] = '\0';
    pthread_mutex_unlock(&in->lock);
    atomic_store(&in->portals[portal].forget, true);
}
