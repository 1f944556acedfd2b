#ifndef DAEMON_HTTP_SERVER_H
#define DAEMON_HTTP_SERVER_H

/* A small HTTP/1.x server on libmicrohttpd, driven by our own loop: MHD's internal epoll thread
 * stalls for good when more than 128 connections are ready at once (performance.md §1b). One thread
 * a server. Requests arrive whole, under ceilings; an answer may be given at once or later from
 * another thread (the connection sleeps meanwhile, and one eventfd wakes the loop for a whole
 * group). Places of idle and slow connections are taken back, oldest first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct http_server;
struct http_request; /* lives until it is answered */

enum { HTTP_SWEEP_MS = 500 }; /* how often the server looks who has overstayed */

struct http_limits {
    size_t max_body;     /* beyond: 413 */
    int max_connections; /* in all */
    int max_per_address; /* 0: no ceiling; beyond both the oldest without a request has to go */
    int idle_ms;         /* idle or incomplete: closed after */
    int answer_ms; /* the handler has not answered for so long: 503, within HTTP_SWEEP_MS more; its
                      answer is dropped. 0: no ceiling */
};

/* Called in the server's thread when the head is there, before the body: return 0 to read the body,
 * or a status to refuse at once. NULL: always 0. */
typedef int http_accept_fn(void *arg, const struct http_request *);
/* Called in the server's thread when the request is whole. Must call http_answer now or later
 * (then from any thread), exactly once, also when the server is being stopped. Must not wait. What
 * handlers see (below) they see during this call only; from other threads there is http_answer. */
typedef void http_handle_fn(void *arg, struct http_request *);

struct http_options {
    const int *sockets; /* listening; the server closes them at its stop unless keep_sockets; a
                           start that fails leaves them alone */
    int socket_count;
    bool keep_sockets;
    struct http_limits limits;
    http_accept_fn *accept;
    http_handle_fn *handle;
    void *arg;
};

struct http_server *http_server_start(const struct http_options *, struct err *) MUST_CHECK;
/* Stops accepting, reads and answers what has begun to come (at most grace_ms; what the handler has
 * not answered by then gets a 503), ends the thread. Returns when the handler has answered every
 * request that it was given. */
void http_server_stop(struct http_server *, int64_t grace_ms);

const char *http_method(const struct http_request *);
const char *http_path(const struct http_request *);  /* decoded path without the query; NUL-free */
const char *http_query(const struct http_request *); /* raw text behind '?', "" if none */
const char *http_header(const struct http_request *, const char *name); /* NULL if absent */
const char *http_body(const struct http_request *, size_t *ret_size);
/* Address of the peer ("127.0.0.1"; "unix" for a Unix socket). */
const char *http_peer(const struct http_request *);
bool http_peer_is_unix(const struct http_request *);
/* The user at the other end of a Unix socket, as the kernel knows him; false on TCP. */
bool http_peer_uid(const struct http_request *, unsigned *ret);
struct sockaddr;
const struct sockaddr *http_peer_address(const struct http_request *);
/* Two pointers for the handler's own use, also from other threads until the answer: what the
 * options say, and one of the request's own. */
void *http_arg(const struct http_request *);
void *http_slot(const struct http_request *);
void http_set_slot(struct http_request *, void *);
/* Microseconds since the handler got it; until the answer, from any thread. */
int64_t http_age_us(const struct http_request *);

/* Queues the answer; body is copied (NULL: empty). Status 0: no answer, the connection is closed.
 * content_type is a literal, NULL: none. Thread-safe; the request is gone afterwards. */
void http_answer(struct http_request *, int status, const char *content_type, const char *body,
                 size_t size);
/* One header more for the answer that is to come; the value is copied, the name is a literal. */
void http_set_header(struct http_request *, const char *name, const char *value);

struct http_counters {
    int64_t requests, answered, refused_connections, timed_out, too_large, connections;
    int64_t late;    /* 503 because the handler took too long */
    int64_t bad;     /* request lines with a NUL or a bad escape: 400 */
    int64_t loop_ms; /* mono time at which the loop last went round */
};
void http_server_counters(struct http_server *, struct http_counters *ret);

#endif
