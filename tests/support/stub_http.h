#ifndef TESTS_SUPPORT_STUB_HTTP_H
#define TESTS_SUPPORT_STUB_HTTP_H

/* A little HTTP server for tests of clients: a thread a connection, keep-alive, and whatever answer
 * or misbehaviour the test's handler asks for. Handlers run in the connections' threads, one at a
 * time. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STUB_CONNECTIONS = 64, STUB_BYTES = 1 << 20 };

struct stub_exchange {
    int number; /* of the request, from 0 */
    char method[16], path[512];
    const char *head; /* all header lines */
    const char *body;
    /* the answer */
    int status;
    char text[4096];
    char *long_text;   /* malloc, in place of `text`; released by the stub */
    char headers[512]; /* further lines, each with its CRLF */
    bool reset;        /* no answer: the connection is reset */
    size_t cut;        /* only so many bytes of `text`, then the end; 0: all */
    bool hold;         /* no answer until stub_stop */
};

struct stub {
    int fd, port; /* the two and the handler do not change while it runs */
    void (*handle)(struct stub_exchange *, void *arg);
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest, and is held while handling */
    int requests, connections;
    int fds[STUB_CONNECTIONS];
    pthread_t threads[STUB_CONNECTIONS];
    bool stopping;
    pthread_cond_t stopped;
};

struct stub_connection {
    struct stub *stub;
    int fd;
};

static inline size_t stub_read_request(int fd, char *bytes, struct stub_exchange *exchange)
{
    size_t have = 0, wanted = 0;
    while (wanted == 0 || have < wanted) {
        ssize_t got = recv(fd, bytes + have, STUB_BYTES - 1 - have, 0);
        if (got <= 0)
            return 0;
        have += (size_t)got;
        bytes[have] = '\0';
        char *end = strstr(bytes, "\r\n\r\n");
        if (end == NULL || wanted > 0)
            continue;
        const char *length = strcasestr(bytes, "\r\ncontent-length:");
        wanted = (size_t)(end + 4 - bytes);
        if (length != NULL && length < end)
            wanted += strtoul(length + 17, NULL, 10);
        exchange->body = end + 4;
    }
    (void)sscanf(bytes, "%15s %511s", exchange->method, exchange->path);
    exchange->head = bytes;
    return have;
}

static inline bool stub_answer(int fd, const struct stub_exchange *exchange)
{
    char head[1024];
    const char *text = exchange->long_text != NULL ? exchange->long_text : exchange->text;
    size_t size = strlen(text);
    size_t send_size = exchange->cut > 0 ? exchange->cut : size;
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: "
                          "%zu\r\n\r\n",
                          exchange->status, exchange->headers, size);
    return send(fd, head, (size_t)length, MSG_NOSIGNAL) == length &&
           send(fd, text, send_size, MSG_NOSIGNAL) == (ssize_t)send_size && exchange->cut == 0;
}

static inline void *stub_serve(void *arg)
{
    struct stub_connection connection = *(struct stub_connection *)arg;
    struct stub *stub = connection.stub;
    char *bytes = malloc(STUB_BYTES);
    bool going = true;
    free(arg);
    while (going) {
        struct stub_exchange exchange = {.status = 200};
        if (stub_read_request(connection.fd, bytes, &exchange) == 0)
            break;
        pthread_mutex_lock(&stub->lock);
        exchange.number = stub->requests++;
        stub->handle(&exchange, stub->arg);
        while (exchange.hold && !stub->stopping)
            pthread_cond_wait(&stub->stopped, &stub->lock);
        pthread_mutex_unlock(&stub->lock);
        if (exchange.reset) {
            struct linger now = {.l_onoff = 1};
            (void)setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        going = !exchange.reset && !exchange.hold && stub_answer(connection.fd, &exchange);
        free(exchange.long_text);
    }
    free(bytes);
    pthread_mutex_lock(&stub->lock);
    for (int i = 0; i < stub->connections; i++)
        if (stub->fds[i] == connection.fd)
            stub->fds[i] = -1;
    close(connection.fd);
    pthread_mutex_unlock(&stub->lock);
    return NULL;
}

static inline void *stub_accept(void *arg)
{
    struct stub *stub = arg;
    for (int fd = accept(stub->fd, NULL, NULL); fd >= 0; fd = accept(stub->fd, NULL, NULL)) {
        struct stub_connection *connection = malloc(sizeof *connection);
        *connection = (struct stub_connection){stub, fd};
        pthread_mutex_lock(&stub->lock);
        if (stub->connections == STUB_CONNECTIONS)
            abort();
        stub->fds[stub->connections] = fd;
        pthread_create(&stub->threads[stub->connections++], NULL, stub_serve, connection);
        pthread_mutex_unlock(&stub->lock);
    }
    return NULL;
}

static inline void stub_start(struct stub *stub, void (*handle)(struct stub_exchange *, void *),
                              void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t size = sizeof address;
    memset(stub, 0, sizeof *stub);
    stub->handle = handle;
    stub->arg = arg;
    pthread_mutex_init(&stub->lock, NULL);
    pthread_cond_init(&stub->stopped, NULL);
    stub->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(stub->fd, (struct sockaddr *)&address, size) != 0 || listen(stub->fd, 64) != 0 ||
        getsockname(stub->fd, (struct sockaddr *)&address, &size) != 0)
        abort();
    stub->port = ntohs(address.sin_port);
    pthread_create(&stub->thread, NULL, stub_accept, stub);
}

static inline int stub_requests(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    int requests = stub->requests;
    pthread_mutex_unlock(&stub->lock);
    return requests;
}

static inline void stub_stop(struct stub *stub)
{
    (void)shutdown(stub->fd, SHUT_RDWR);
    pthread_join(stub->thread, NULL);
    pthread_mutex_lock(&stub->lock);
    stub->stopping = true;
    for (int i = 0; i < stub->connections; i++)
        if (stub->fds[i] >= 0)
            (void)shutdown(stub->fds[i], SHUT_RDWR);
    pthread_cond_broadcast(&stub->stopped);
    pthread_mutex_unlock(&stub->lock);
    for (int i = 0; i < stub->connections; i++)
        pthread_join(stub->threads[i], NULL);
    close(stub->fd);
    pthread_cond_destroy(&stub->stopped);
    pthread_mutex_destroy(&stub->lock);
}

#endif
