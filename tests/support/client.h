#ifndef TESTS_SUPPORT_CLIENT_H
#define TESTS_SUPPORT_CLIENT_H

/* A blocking HTTP sender of raw bytes, and listening sockets on ports that the kernel chooses. What
 * takes longer than ten seconds fails. */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/addr.h"

#define CLIENT_UNUSED __attribute__((unused))

enum { CLIENT_PATIENCE_S = 10 };

static CLIENT_UNUSED int client_listen(const char *text)
{
    struct addr addr;
    struct err err = {0};
    ck_assert_msg(addr_parse(text, "/", &addr, &err), "%s", err.text);
    int fd = addr_listen(&addr, false, &err);
    ck_assert_msg(fd >= 0, "%s", err.text);
    return fd;
}

/* Connects to where that listening socket listens. */
static CLIENT_UNUSED int client_connect(int listening)
{
    struct sockaddr_storage sa;
    socklen_t size = sizeof sa;
    ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&sa, &size), 0);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    struct timeval patience = {.tv_sec = CLIENT_PATIENCE_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int one = 1;
    if (sa.ss_family == AF_INET)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, size), 0);
    return fd;
}

static CLIENT_UNUSED void client_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the answer, or its absence, says the rest */
        bytes += sent;
        size -= (size_t)sent;
    }
}

static CLIENT_UNUSED void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

struct reply {
    int status; /* 0: the connection ended without an answer */
    char head[4096];
    char body[16384];
};

/* Reads one byte; false at the end of the stream. */
static inline bool client_byte(int fd, char *ret)
{
    ssize_t got = recv(fd, ret, 1, 0);
    ck_assert_msg(got >= 0 || errno == ECONNRESET || errno == EPIPE, "nothing came: %s",
                  strerror(errno));
    return got == 1;
}

static inline size_t client_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length: ");
    return at != NULL ? strtoul(at + 18, NULL, 10) : 0;
}

/* One answer; `head_only` when the request was a HEAD. */
static CLIENT_UNUSED struct reply client_read(int fd, bool head_only)
{
    struct reply r = {0};
    size_t size = 0;
    while (strstr(r.head, "\r\n\r\n") == NULL) {
        ck_assert_uint_lt(size, sizeof r.head - 1);
        if (!client_byte(fd, &r.head[size++]))
            return (struct reply){0};
    }
    r.status = (int)strtol(r.head + strlen("HTTP/1.1 "), NULL, 10);
    size_t length = head_only || r.status == 100 ? 0 : client_length(r.head);
    ck_assert_uint_lt(length, sizeof r.body);
    for (size_t i = 0; i < length; i++)
        if (!client_byte(fd, &r.body[i]))
            return (struct reply){0};
    return r;
}

/* Has the other side ended the connection? Waits for it. */
static CLIENT_UNUSED bool client_ended(int fd)
{
    char byte;
    return !client_byte(fd, &byte);
}

/* A connection of its own: all bytes, one answer. */
static CLIENT_UNUSED struct reply client_ask_bytes(int listening, const char *bytes, size_t size)
{
    int fd = client_connect(listening);
    client_send(fd, bytes, size);
    struct reply r = client_read(fd, size > 5 && memcmp(bytes, "HEAD ", 5) == 0);
    (void)close(fd);
    return r;
}

static CLIENT_UNUSED struct reply client_ask(int listening, const char *text)
{
    return client_ask_bytes(listening, text, strlen(text));
}

/* Room for thousands of connections, both ends of them in this process. */
static CLIENT_UNUSED void client_many_files(void)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#endif
