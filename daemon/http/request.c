/* The life of a request: its line, its head, its body under a ceiling, the handler, the answer. */

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/http/inside.h"

enum {
    SWALLOWED_TIMES = 4, /* a refused body up to this many ceilings is read away, so that the sender
                            gets to see its status */
    HELD_TIMES = 64,     /* all bodies together: this many ceilings */
};

static struct place *place_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void turn(struct http_request *r, enum place_state state)
{
    struct place *place = place_of(r->connection);
    if (place != NULL)
        place_turn(&r->server->places, place, state);
}

/* ---- the request line ------------------------------------------------------------------------ */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes a path in place (a + is a plus here). */
static bool decode_path(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0'; from++) {
        char c = *from; /* `to` may be the same place */
        if (c == '%') {
            int high = hex(from[1]);
            int low = high >= 0 ? hex(from[2]) : -1;
            if (low < 0 || high * 16 + low == 0)
                return false;
            c = (char)(high * 16 + low);
            from += 2;
        }
        *to++ = c;
    }
    *to = '\0';
    return true;
}

/* MHD's first word of a request: the only place where the raw URI is to be had. */
void *request_on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *s = arg;
    struct http_request *r = mem_alloc(sizeof *r);
    r->server = s;
    r->connection = connection;
    uri = uri != NULL ? uri : "";
    size_t size = strlen(uri);
    r->path = mem_strndup(uri, size);
    char *mark = memchr(r->path, '?', size);
    r->query = mark != NULL ? mark + 1 : r->path + size;
    if (mark != NULL)
        *mark = '\0';
    r->uri_end = uri + size + 1;
    buf_init(&r->body, s->options.limits.max_body);
    if (!decode_path(r->path))
        r->refused = MHD_HTTP_BAD_REQUEST;
    turn(r, PLACE_READING);
    return r;
}

size_t request_leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

/* ---- ends ------------------------------------------------------------------------------------ */

void request_free(struct http_request *r)
{
    buf_done(&r->body);
    mem_free(r->path);
    mem_free(r->answer);
    mem_free(r->header_value);
    mem_free(r);
}

void request_resume(struct http_request *r, enum request_stage stage)
{
    struct http_server *s = r->server;
    *(r->before != NULL ? &r->before->behind : &s->waiting) = r->behind;
    if (r->behind != NULL)
        r->behind->before = r->before;
    r->stage = stage;
    MHD_resume_connection(r->connection);
}

static void drop_body(struct http_request *r)
{
    r->server->held -= r->held;
    r->held = 0;
    buf_done(&r->body);
}

static struct MHD_Response *own_response(struct http_request *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(r->answer_size, r->answer, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return NULL;
    r->answer = NULL; /* MHD's now: made with malloc by mem.c */
    if (r->content_type != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
    if (r->header_name != NULL)
        (void)MHD_add_response_header(response, r->header_name, r->header_value);
    if (atomic_load(&r->server->stopping))
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static enum MHD_Result send_answer(struct http_request *r)
{
    struct http_server *s = r->server;
    bool own = r->answer_size > 0 || r->content_type != NULL || r->header_name != NULL;
    bool last = r->unframed || atomic_load(&s->stopping);
    struct MHD_Response *response = last ? s->farewell : s->empty;
    if (own)
        response = own_response(r);
    if (response == NULL)
        return MHD_NO;
    turn(r, PLACE_ANSWERED);
    enum MHD_Result queued = MHD_queue_response(r->connection, (unsigned)r->status, response);
    if (own)
        MHD_destroy_response(response);
    atomic_fetch_add(&s->sent, 1);
    return queued;
}

/* The loop has done with a request that the handler may still have. True: it is the loop's alone;
 * false: the handler's answer will free it. */
static bool is_ours(struct http_request *r)
{
    struct http_server *s = r->server;
    if (r->stage != REQUEST_WAITING && r->stage != REQUEST_FORSAKEN)
        return true;
    pthread_mutex_lock(&s->lock);
    struct http_request **at = &s->answered;
    while (r->is_answered && *at != NULL && *at != r)
        at = &(*at)->next;
    if (r->is_answered && *at == r)
        *at = r->next;
    r->forsaken = !r->is_answered;
    bool ours = r->is_answered;
    pthread_mutex_unlock(&s->lock);
    return ours;
}

/* The server ends and waits no longer for the handler's answer. */
static enum MHD_Result forsake(struct http_request *r, void **context)
{
    struct http_server *s = r->server;
    struct MHD_Connection *connection = r->connection;
    turn(r, PLACE_ANSWERED);
    s->held -= r->held;
    r->held = 0;
    if (is_ours(r)) {
        r->stage = REQUEST_READY;
        return send_answer(r);
    }
    *context = NULL;
    return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, s->farewell);
}

void request_on_end(void *arg, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct http_server *s = arg;
    struct http_request *r = *context;
    struct place *place = place_of(connection);
    if (place != NULL)
        place_turn(&s->places, place, PLACE_IDLE);
    *context = NULL;
    if (r == NULL)
        return;
    s->held -= r->held;
    r->held = 0;
    if (is_ours(r))
        request_free(r);
}

/* ---- the head -------------------------------------------------------------------------------- */

static int too_large(struct http_server *s)
{
    atomic_fetch_add(&s->too_large, 1);
    return MHD_HTTP_CONTENT_TOO_LARGE;
}

static int declared_status(struct http_request *r)
{
    const char *length = http_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && strtoull(length, NULL, 10) > r->server->options.limits.max_body)
        return too_large(r->server);
    return 0;
}

static size_t swallowed_most(const struct http_request *r)
{
    return r->server->options.limits.max_body * SWALLOWED_TIMES;
}

static bool worth_swallowing(struct http_request *r)
{
    const char *length = http_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return http_header(r, MHD_HTTP_HEADER_EXPECT) == NULL &&
           (length == NULL || strtoull(length, NULL, 10) <= swallowed_most(r));
}

/* MHD hands out C strings: a NUL in the line shows only in that the version does not follow the end
 * of the URI. */
static bool line_is_sound(const struct http_request *r, const char *version)
{
    return r->refused == 0 && version == r->uri_end;
}

struct framing {
    int lengths, encodings;
};

static enum MHD_Result count_framing(void *arg, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct framing *framing = arg;
    (void)kind;
    (void)value;
    framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    framing->encodings += strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return MHD_YES;
}

/* Two lengths, or a length and chunks: a proxy in front may have taken the other one, and where it
 * sees the end of this request we would see the middle of the next (RFC 9112 §6.3). */
static bool framing_is_sound(struct http_request *r)
{
    struct framing framing = {0};
    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_framing, &framing);
    return framing.lengths + framing.encodings <= 1;
}

static enum MHD_Result begin(struct http_request *r, const char *method, const char *version)
{
    struct http_server *s = r->server;
    r->stage = REQUEST_READING;
    r->method = method;
    atomic_fetch_add(&s->requests, 1);
    r->unframed = !framing_is_sound(r);
    if (r->unframed || !line_is_sound(r, version)) {
        atomic_fetch_add(&s->bad, 1);
        r->refused = MHD_HTTP_BAD_REQUEST;
    } else if (s->options.accept != NULL) {
        r->refused = s->options.accept(s->options.arg, r);
    }
    if (r->refused == 0)
        r->refused = declared_status(r);
    if (r->refused == 0 || (!r->unframed && worth_swallowing(r)))
        return MHD_YES;
    r->status = r->refused;
    return send_answer(r);
}

/* ---- the body -------------------------------------------------------------------------------- */

/* Room for all bodies together: who has been at it longest gives way; where nobody can, this one
 * does. */
static bool room_for_bodies(struct http_server *s)
{
    return s->held <= s->options.limits.max_body * HELD_TIMES || places_take_oldest(&s->places, -1);
}

static void keep(struct http_request *r, const char *data, size_t size)
{
    struct http_server *s = r->server;
    r->held += size;
    s->held += size;
    buf_add(&r->body, data, size);
    if (r->body.full)
        r->refused = too_large(s);
    else if (!room_for_bodies(s))
        r->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
    if (r->refused != 0)
        drop_body(r);
}

static enum MHD_Result take_body(struct http_request *r, const char *data, size_t *size)
{
    r->swallowed += *size;
    if (r->refused == 0)
        keep(r, data, *size);
    *size = 0;
    return r->swallowed > swallowed_most(r) ? MHD_NO : MHD_YES;
}

static enum MHD_Result handle_whole(struct http_request *r)
{
    struct http_server *s = r->server;
    if (r->refused != 0) {
        r->status = r->refused;
        return send_answer(r);
    }
    turn(r, PLACE_HANDLED);
    /* Ready for the answer before the handler hears of it: it may come from another thread before
     * handle returns. Only this thread resumes, so the two cannot cross. */
    r->stage = REQUEST_WAITING;
    r->handed_ms = s->places.now_ms;
    r->handed_us = clock_mono_us();
    r->behind = s->waiting;
    if (s->waiting != NULL)
        s->waiting->before = r;
    s->waiting = r;
    s->handed++;
    s->options.handle(s->options.arg, r);
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}

enum MHD_Result request_on_data(void *arg, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context)
{
    (void)arg;
    (void)connection;
    (void)url;
    struct http_request *r = *context;
    if (r == NULL)
        return MHD_NO;
    switch (r->stage) {
    case REQUEST_NEW:
        return begin(r, method, version);
    case REQUEST_READING:
        return *size > 0 ? take_body(r, data, size) : handle_whole(r);
    case REQUEST_READY:
        return send_answer(r);
    case REQUEST_FORSAKEN:
        return forsake(r, context);
    case REQUEST_WAITING:
        break;
    }
    return MHD_YES;
}

/* ---- what handlers see ----------------------------------------------------------------------- */

const char *http_method(const struct http_request *r)
{
    return r->method;
}

const char *http_path(const struct http_request *r)
{
    return r->path;
}

const char *http_query(const struct http_request *r)
{
    return r->query;
}

const char *http_header(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *http_body(const struct http_request *r, size_t *ret_size)
{
    *ret_size = r->body.size;
    return r->body.data;
}

const char *http_peer(const struct http_request *r)
{
    const struct sockaddr *sa = http_peer_address(r);
    char *host = r->server->peer;
    socklen_t size = sizeof r->server->peer;
    if (sa == NULL || sa->sa_family == AF_UNIX ||
        getnameinfo(
            sa, sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
            host, size, NULL, 0, NI_NUMERICHOST) != 0)
        (void)snprintf(host, size, "unix");
    return host;
}

bool http_peer_is_unix(const struct http_request *r)
{
    const struct sockaddr *sa = http_peer_address(r);
    return sa != NULL && sa->sa_family == AF_UNIX;
}

bool http_peer_uid(const struct http_request *r, unsigned *ret)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (info == NULL || !http_peer_is_unix(r) ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    *ret = peer.uid;
    return true;
}

const struct sockaddr *http_peer_address(const struct http_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL ? info->client_addr : NULL;
}

void *http_arg(const struct http_request *r)
{
    return r->server->options.arg;
}

void *http_slot(const struct http_request *r)
{
    return r->slot;
}

void http_set_slot(struct http_request *r, void *slot)
{
    r->slot = slot;
}

int64_t http_age_us(const struct http_request *r)
{
    return clock_mono_us() - r->handed_us;
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
    mem_free(r->header_value);
    r->header_name = name;
    r->header_value = mem_strdup(value);
}
