#ifndef DAEMON_HTTP_INSIDE_H
#define DAEMON_HTTP_INSIDE_H

/* What the server's files share: the loop and its end (server.c), the life of a request
 * (request.c). */

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/buf.h"
#include "daemon/http/place.h"
#include "daemon/http/server.h"

enum { HTTP_MOST_SOCKETS = 16 };

struct http_server {
    struct http_options options;
    int socket_count;
    struct MHD_Daemon *daemons[HTTP_MOST_SOCKETS];
    int given[HTTP_MOST_SOCKETS];   /* listening sockets */
    int sockets[HTTP_MOST_SOCKETS]; /* our copies of them: MHD closes what it gets */
    int wake_fd;
    pthread_t thread;
    struct MHD_Response *empty,
        *farewell; /* the body of most answers; farewell: and the last one */

    /* the loop thread's own */
    struct places places;
    struct http_request *waiting; /* suspended until they are answered */
    size_t held;                  /* bytes of bodies */
    bool quiet, abandoned;        /* no longer accepting; no longer waiting for answers */
    int64_t handed;               /* requests that the handler was given */
    char peer[64];                /* of the request that was asked about last */

    pthread_mutex_t lock; /* guards what follows, and is_answered and forsaken of requests */
    pthread_cond_t came_back;
    struct http_request *answered;
    int64_t returned; /* requests that the handler has answered */
    bool ended;       /* the loop: from now on the last answer is waited for */

    atomic_bool stopping, woken; /* woken: the eventfd is written and not read yet */
    atomic_llong stop_by_ms, quiet_by_ms;
    atomic_llong requests, sent, refused, timed_out, too_large, bad, late, open_places, loop_ms;
};

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_request *next;            /* in answered */
    struct http_request *before, *behind; /* in waiting */
    /* the loop thread's own */
    enum request_stage {
        REQUEST_NEW,
        REQUEST_READING,
        REQUEST_WAITING,  /* suspended, the handler has it */
        REQUEST_READY,    /* answered, to be sent */
        REQUEST_FORSAKEN, /* resumed without an answer: the server ends */
    } stage;
    bool is_answered;    /* guarded by server.lock, as is the next */
    bool forsaken;       /* nobody waits for the answer any more: http_answer frees the request */
    const char *method;  /* MHD's */
    char *path;          /* owned */
    const char *query;   /* behind it, where nothing moves when the path is decoded */
    const char *uri_end; /* behind the NUL of MHD's URI */
    struct buf body;
    size_t held, swallowed;
    int64_t handed_ms; /* mono: when the handler got it, as the loop's clock said */
    int64_t handed_us; /* and to the microsecond */
    int refused;       /* a status decided before the body */
    bool unframed;     /* nobody knows where it ends: nothing is read behind it */
    void *slot;
    int status;
    const char *content_type, *header_name;
    char *header_value;
    char *answer;
    size_t answer_size;
};

/* MHD's callbacks; the argument is the server. */
void *request_on_uri(void *arg, const char *uri, struct MHD_Connection *);
size_t request_leave_escaped(void *arg, struct MHD_Connection *, char *text);
enum MHD_Result request_on_data(void *arg, struct MHD_Connection *, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context);
void request_on_end(void *arg, struct MHD_Connection *, void **context,
                    enum MHD_RequestTerminationCode);

void request_free(struct http_request *);
/* Takes a request out of `waiting` and lets its connection go on. */
void request_resume(struct http_request *, enum request_stage);

#endif
