#include "sandbox/front.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/http/server.h"
#include "daemon/portal/wire.h"
#include "sandbox/core.h"
#include "sandbox/later.h"
#include "sandbox/options.h"
#include "sandbox/poster.h"

enum {
    MOST_BODY = 64 << 20,
    MOST_CONNECTIONS = 2000,
    IDLE_MS = 60 * 1000,
    GRACE_MS = 1000,
    EXIT_UNABLE = 2,
    DROPPED = 0, /* no HTTP status: libmicrohttpd refuses it and closes the connection */
};

struct front {
    struct options options;
    char host[128];
    int socket;
    struct sandbox *sandbox; /* once the server runs, of its thread alone */
    struct poster *poster;
    struct later *answers; /* those that are to come late */
    struct http_server *server;
};

/* ---- answers --------------------------------------------------------------------------------- */

struct late_answer {
    struct later_job job; /* first, so that a job is its answer */
    struct http_request *request;
    struct sandbox_answer answer;
};

static void give(struct http_request *request, const struct sandbox_answer *answer)
{
    if (answer->location != NULL)
        http_set_header(request, "Location", answer->location);
    else if (answer->replayed)
        http_set_header(request, "Idempotent-Replayed", "true");
    if (answer->drop)
        http_answer(request, DROPPED, NULL, NULL, 0);
    else
        http_answer(request, answer->status, answer->content_type, answer->body, answer->size);
}

static void give_late(struct later_job *job, bool cancelled)
{
    struct late_answer *late = (struct late_answer *)job;
    late->answer.drop = late->answer.drop || cancelled;
    give(late->request, &late->answer);
    sandbox_answer_done(&late->answer);
    mem_free(late);
}

/* Takes the answer over. */
static void answer(struct front *front, struct http_request *request, struct sandbox_answer *answer)
{
    int64_t delay_ms = answer->delay_ms + front->options.delay_ms;
    if (delay_ms <= 0) {
        give(request, answer);
        sandbox_answer_done(answer);
        return;
    }
    struct late_answer *late = mem_alloc(sizeof *late);
    *late = (struct late_answer){.job = {.due_ms = clock_mono_ms() + delay_ms, .run = give_late},
                                 .request = request,
                                 .answer = *answer};
    later_add(front->answers, &late->job);
}

static void answer_json(struct http_request *request, int status, json_t *tree)
{
    char *text = jv_dump_new(tree);
    http_answer(request, status, "application/json; charset=utf-8", text, strlen(text));
    mem_free(text);
    json_decref(tree);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void serve_rest(struct front *front, struct http_request *request)
{
    struct sandbox_answer ret;
    const char *path = http_path(request), *method = strrchr(path, '/');
    struct sandbox_request asked = {
        .method = http_method(request),
        .path = path,
        .query = http_query(request),
        .content_type = http_header(request, "Content-Type"),
        .idempotency_key = http_header(request, "Idempotency-Key"),
        .now_ms = clock_wall_ms(),
    };
    asked.body = http_body(request, &asked.size);
    sandbox_rest(front->sandbox, &asked, &ret);
    poster_send(front->poster, sandbox_take_events(front->sandbox));
    if (!front->options.quiet) /* the path has the webhook's code: only its end is shown */
        log_info("request method=%s status=%d%s", method + 1, ret.status,
                 ret.drop ? " dropped=yes" : "");
    answer(front, request, &ret);
}

/* The core knows nothing of what became of its events. */
static void add_stats(struct front *front, json_t *stats)
{
    json_t *events = json_object_get(stats, "events"), *sent = poster_stats_new(front->poster);
    json_int_t waiting = jv_int(events, "waiting", 0) + jv_int(sent, "waiting", 0);
    json_object_update(events, sent);
    json_object_set_new(events, "waiting", json_integer(waiting));
    json_decref(sent);
}

static void serve_control(struct front *front, struct http_request *request)
{
    size_t size;
    struct err err = {0};
    const char *body = http_body(request, &size);
    JV_AUTO *command = jv_parse_new(body, size, &err);
    json_t *ret =
        command == NULL ? NULL : sandbox_control(front->sandbox, command, clock_wall_ms(), &err);
    poster_send(front->poster, sandbox_take_events(front->sandbox));
    if (ret == NULL) {
        answer_json(request, 400, json_pack("{ss}", "error", err.text));
        return;
    }
    if (strcmp(jv_text(command, "do", ""), "stats") == 0)
        add_stats(front, ret);
    answer_json(request, 200, ret);
}

static void serve_people(struct front *front, struct http_request *request)
{
    struct buf text BUF_AUTO;
    const char *line;
    buf_init(&text, 1 << 16);
    buf_printf(&text,
               "b24sandbox: a stand-in for a Bitrix24 portal.\n\nwebhook  http://%s/rest/1/%s/\n"
               "control  POST http://%s/control with one of\n\n",
               front->host, front->options.code, front->host);
    for (size_t i = 0; (line = sandbox_control_help(i)) != NULL; i++)
        buf_printf(&text, "  %s\n", line);
    http_answer(request, 200, "text/plain; charset=utf-8", text.data, text.size);
}

static void serve(void *arg, struct http_request *request)
{
    struct front *front = arg;
    const char *path = http_path(request);
    bool post = strcmp(http_method(request), "POST") == 0;
    if (strcmp(path, "/control") == 0 && post)
        serve_control(front, request);
    else if (strcmp(path, "/") == 0 && !post)
        serve_people(front, request);
    else
        serve_rest(front, request);
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool open_socket(struct front *front, struct err *err)
{
    struct addr addr;
    if (!addr_parse(front->options.listen, ".", &addr, err))
        return false;
    if (addr.sa.ss_family == AF_UNIX)
        return err_set(err, "\"%s\" is no ADDRESS:PORT", front->options.listen);
    front->socket = addr_listen(&addr, false, err);
    if (front->socket < 0)
        return false;
    addr_of_socket(front->socket, front->host);
    return true;
}

static void make_portal(struct front *front)
{
    const struct options *options = &front->options;
    front->sandbox = sandbox_new(&(struct sandbox_options){
        .rate_drain = options->drain,
        .rate_size = options->size,
        .operating_limit_s = options->operating,
        .host = front->host,
        .hook_code = options->code,
        .hook_user = 1,
        .application_token = options->token,
        .member_id = options->member,
    });
    for (int i = 0; i < options->post_count; i++) {
        struct err err = {0};
        JV_AUTO *command = json_pack("{ss ss}", "do", "subscribe", "url", options->post_to[i]);
        json_decref(sandbox_control(front->sandbox, command, clock_wall_ms(), &err));
    }
}

static bool start(struct front *front, struct err *err)
{
    if (!open_socket(front, err))
        return false;
    make_portal(front);
    front->poster = poster_start(err);
    front->answers = front->poster != NULL ? later_start(1, err) : NULL;
    if (front->answers == NULL)
        return false;
    front->server = http_server_start(
        &(struct http_options){
            .sockets = &front->socket,
            .socket_count = 1,
            .limits = {.max_body = MOST_BODY,
                       .max_connections = MOST_CONNECTIONS,
                       .idle_ms = IDLE_MS},
            .handle = serve,
            .arg = front,
        },
        err);
    if (front->server != NULL)
        front->socket = -1; /* the server's now */
    return front->server != NULL;
}

static void stop(struct front *front)
{
    /* Late answers first: they hold requests of the server. */
    if (front->answers != NULL)
        later_close(front->answers);
    if (front->server != NULL)
        http_server_stop(front->server, GRACE_MS);
    later_free(front->answers);
    poster_stop(front->poster);
    sandbox_free(front->sandbox);
    if (front->socket >= 0)
        close(front->socket);
}

static void announce(const struct front *front)
{
    printf("listening on %s\nwebhook http://%s/rest/1/%s/\ntoken %s\ncontrol http://%s/control\n",
           front->host, front->host, front->options.code, front->options.token, front->host);
    (void)fflush(stdout);
}

int sandbox_main(int argc, char **argv)
{
    struct front front = {.socket = -1};
    struct err err = {0};
    sigset_t ends;
    int signal_number;
    enum options_end end = options_read(argc, argv, &front.options);
    if (end != OPTIONS_RUN)
        return end == OPTIONS_HELPED ? 0 : EXIT_UNABLE;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread: they are read below */
    bool wire = wire_init(&err);
    bool fine = wire && start(&front, &err);
    if (fine) {
        announce(&front);
        while (sigwait(&ends, &signal_number) != 0)
            continue;
    } else {
        (void)fprintf(stderr, "%s: %s\n", argv[0], err.text);
    }
    stop(&front);
    if (wire)
        wire_done();
    return fine ? 0 : EXIT_UNABLE;
}
