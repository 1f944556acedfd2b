#include "daemon/http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/http/inside.h"

enum {
    SPARE_PLACES = 64, /* MHD's own limit lies above ours: we choose who goes */
    END_TICK_MS = 10,  /* of the last rounds */
    SILENT_MS = 500,   /* at the end: who came longer ago and has said nothing is not waited for */
    FAREWELL_MS = 200, /* for the last answers to be sent */
    CONNECTION_BYTES = 12 << 10, /* MHD's for a connection: heads up to about 8 KiB; it is wiped
                                    after each request */
    DOOR_PERCENT = 50,           /* of the grace: so long those who stand at the door are let in */
};

/* ---- connections ----------------------------------------------------------------------------- */

static void take_back(struct http_server *s, int address)
{
    if (places_take_oldest(&s->places, address))
        atomic_fetch_add(&s->refused, 1);
}

static void enter(struct http_server *s, struct MHD_Connection *connection, void **context)
{
    const struct http_limits *limits = &s->options.limits;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info != NULL ? info->connect_fd : -1;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct place *p = place_enter(&s->places, fd, info != NULL ? info->client_addr : NULL);
    *context = p;
    if (limits->max_per_address > 0 && p->address >= 0 &&
        s->places.per_address[p->address] > limits->max_per_address)
        take_back(s, p->address);
    else if (s->places.count > limits->max_connections)
        take_back(s, -1);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *s = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        enter(s, connection, context);
    } else if (*context != NULL) {
        place_leave(&s->places, *context);
        *context = NULL;
    }
    atomic_store(&s->open_places, s->places.count);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void wake(struct http_server *s)
{
    uint64_t one = 1;
    if (atomic_exchange(&s->woken, true))
        return; /* many answers, one wake */
    ssize_t ignored = write(s->wake_fd, &one, sizeof one);
    (void)ignored; /* full means that a wake is pending already */
}

void http_answer(struct http_request *r, int status, const char *content_type, const char *body,
                 size_t size)
{
    struct http_server *s = r->server;
    r->status = status;
    r->content_type = content_type;
    r->answer = size > 0 ? mem_alloc(size) : NULL;
    r->answer_size = size;
    if (size > 0)
        memcpy(r->answer, body, size);
    /* All under the lock: once the loop has the request, or knows that the last one is back, the
     * server may end and go. */
    pthread_mutex_lock(&s->lock);
    bool forsaken = r->forsaken;
    r->is_answered = true;
    if (!forsaken) {
        r->next = s->answered;
        s->answered = r;
        wake(s);
    }
    s->returned++;
    if (s->ended)
        pthread_cond_signal(&s->came_back);
    pthread_mutex_unlock(&s->lock);
    if (forsaken)
        request_free(r);
}

static void resume_answered(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    struct http_request *r = s->answered;
    s->answered = NULL;
    pthread_mutex_unlock(&s->lock);
    while (r != NULL) {
        struct http_request *next = r->next;
        if (r->stage == REQUEST_WAITING)
            request_resume(r, REQUEST_READY);
        else
            r->stage = REQUEST_READY; /* forsaken a moment ago, and here it is */
        r = next;
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void run_daemons(struct http_server *s)
{
    for (int i = 0; i < s->socket_count; i++)
        (void)MHD_run(s->daemons[i]);
}

static int wait_ms(struct http_server *s)
{
    int64_t most = atomic_load(&s->stopping) ? END_TICK_MS : HTTP_SWEEP_MS;
    for (int i = 0; i < s->socket_count; i++) {
        MHD_UNSIGNED_LONG_LONG ms;
        if (MHD_get_timeout(s->daemons[i], &ms) == MHD_YES && (int64_t)ms < most)
            most = (int64_t)ms;
    }
    return (int)most;
}

static void wait_for_work(struct http_server *s)
{
    struct pollfd fds[HTTP_MOST_SOCKETS + 1];
    nfds_t n = 0;
    for (int i = 0; i < s->socket_count; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(s->daemons[i], MHD_DAEMON_INFO_EPOLL_FD);
        fds[n++] = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
    }
    fds[n++] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
    if (poll(fds, n, wait_ms(s)) > 0 && fds[n - 1].revents != 0) {
        uint64_t count;
        ssize_t ignored = read(s->wake_fd, &count, sizeof count);
        (void)ignored;
        atomic_store(&s->woken, false);
    }
}

/* Connected, and nobody has taken the connection from the kernel yet. */
static bool any_at_the_door(const struct http_server *s)
{
    for (int i = 0; i < s->socket_count; i++) {
        struct pollfd fd = {.fd = s->sockets[i], .events = POLLIN};
        if (poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN) != 0)
            return true;
    }
    return false;
}

/* What nobody answered in time gets a 503: MHD cannot end with sleeping connections. */
static void forsake_the_rest(struct http_server *s)
{
    while (s->waiting != NULL)
        request_resume(s->waiting, REQUEST_FORSAKEN);
    s->abandoned = true;
    atomic_store(&s->stop_by_ms, clock_mono_ms() + FAREWELL_MS);
}

/* One round towards the end; true when nobody has an answer to get. */
static bool wind_up(struct http_server *s, int64_t now)
{
    int64_t by = atomic_load(&s->stop_by_ms);
    if (!s->quiet) {
        /* Sockets that stay open keep their callers for whoever takes them next. */
        if (!s->options.keep_sockets && now < atomic_load(&s->quiet_by_ms) && any_at_the_door(s))
            return false;
        for (int i = 0; i < s->socket_count; i++)
            (void)MHD_quiesce_daemon(s->daemons[i]);
        s->quiet = true;
        return false; /* one more look at what has come in meanwhile */
    }
    if (s->abandoned)
        return !places_answer(&s->places) || now >= by;
    if (!places_owe(&s->places, now - SILENT_MS))
        return true;
    if (now >= by)
        forsake_the_rest(s);
    return false;
}

static void forsake_the_late(struct http_server *s, int64_t since_ms)
{
    for (struct http_request *r = s->waiting, *behind; r != NULL; r = behind) {
        behind = r->behind;
        if (r->handed_ms > since_ms)
            continue;
        request_resume(r, REQUEST_FORSAKEN);
        atomic_fetch_add(&s->late, 1);
    }
}

/* Takes back what was kept too long. */
static void sweep(struct http_server *s, int64_t now)
{
    const struct http_limits *limits = &s->options.limits;
    atomic_fetch_add(&s->timed_out, places_take_since(&s->places, now - limits->idle_ms));
    if (limits->answer_ms > 0)
        forsake_the_late(s, now - limits->answer_ms);
}

static void *server_main(void *arg)
{
    struct http_server *s = arg;
    int64_t sweep_at = 0;
    for (;;) {
        int64_t now = clock_mono_ms();
        atomic_store(&s->loop_ms, now);
        s->places.now_ms = now;
        if (now >= sweep_at) {
            sweep(s, now);
            sweep_at = now + HTTP_SWEEP_MS;
        }
        /* In this order a wake costs one round. What is answered in the round wakes the next. */
        resume_answered(s);
        run_daemons(s);
        if (atomic_load(&s->stopping) && wind_up(s, now))
            return NULL;
        wait_for_work(s);
    }
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool start_daemon(struct http_server *s, int i, struct err *err)
{
    s->given[i] = s->options.sockets[i];
    s->sockets[i] = fcntl(s->given[i], F_DUPFD_CLOEXEC, 0);
    if (s->sockets[i] < 0)
        return err_set(err, "cannot take over a listening socket: %s", strerror(errno));
    s->daemons[i] = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, request_on_data, s,
        MHD_OPTION_LISTEN_SOCKET, s->sockets[i], MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_NOTIFY_COMPLETED, request_on_end, s, MHD_OPTION_URI_LOG_CALLBACK, request_on_uri,
        s, MHD_OPTION_UNESCAPE_CALLBACK, request_leave_escaped, s, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(s->options.limits.max_connections + SPARE_PLACES), MHD_OPTION_CONNECTION_TIMEOUT,
        0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
    if (s->daemons[i] != NULL)
        return true;
    s->sockets[i] = -1; /* MHD may have closed it on its way out */
    return err_set(err, "cannot start the HTTP server: %s", strerror(errno));
}

static void stop_daemons(struct http_server *s)
{
    for (int i = 0; i < s->socket_count; i++) {
        /* A quiesced daemon leaves its listening socket to us. */
        if (s->daemons[i] != NULL) {
            (void)MHD_quiesce_daemon(s->daemons[i]);
            MHD_stop_daemon(s->daemons[i]);
        }
        if (s->sockets[i] >= 0)
            close(s->sockets[i]);
    }
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    MHD_destroy_response(s->empty);
    MHD_destroy_response(s->farewell);
    pthread_cond_destroy(&s->came_back);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

static bool start_all(struct http_server *s, struct err *err)
{
    if (s->wake_fd < 0)
        return err_set(err, "cannot start the HTTP server: %s", strerror(errno));
    if (s->options.socket_count > HTTP_MOST_SOCKETS)
        return err_set(err, "%d listening sockets; %d are the most", s->options.socket_count,
                       HTTP_MOST_SOCKETS);
    while (s->socket_count < s->options.socket_count)
        if (!start_daemon(s, s->socket_count++, err))
            return false;
    int code = pthread_create(&s->thread, NULL, server_main, s);
    return code == 0 || err_set(err, "cannot start the HTTP thread: %s", strerror(code));
}

struct http_server *http_server_start(const struct http_options *options, struct err *err)
{
    struct http_server *s = mem_alloc(sizeof *s);
    s->options = *options;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->came_back, NULL);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    s->farewell = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    (void)MHD_add_response_header(s->farewell, MHD_HTTP_HEADER_CONNECTION, "close");
    atomic_store(&s->loop_ms, clock_mono_ms());
    if (start_all(s, err))
        return s;
    stop_daemons(s);
    return NULL;
}

/* What the handler has will come back: its answers free the requests that were given up. */
static void wait_for_the_handler(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    while (s->returned < s->handed)
        pthread_cond_wait(&s->came_back, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s, int64_t grace_ms)
{
    if (s == NULL)
        return;
    int64_t now = clock_mono_ms();
    atomic_store(&s->quiet_by_ms, now + grace_ms * DOOR_PERCENT / 100);
    atomic_store(&s->stop_by_ms, now + grace_ms);
    atomic_store(&s->stopping, true);
    wake(s);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->socket_count && !s->options.keep_sockets; i++)
        close(s->given[i]);
    wait_for_the_handler(s);
    stop_daemons(s);
}

void http_server_counters(struct http_server *s, struct http_counters *ret)
{
    *ret = (struct http_counters){.requests = atomic_load(&s->requests),
                                  .answered = atomic_load(&s->sent),
                                  .refused_connections = atomic_load(&s->refused),
                                  .timed_out = atomic_load(&s->timed_out),
                                  .too_large = atomic_load(&s->too_large),
                                  .bad = atomic_load(&s->bad),
                                  .late = atomic_load(&s->late),
                                  .connections = atomic_load(&s->open_places),
                                  .loop_ms = atomic_load(&s->loop_ms)};
}
