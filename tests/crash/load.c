#include "tests/crash/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/support/house.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24 /* linux/in.h, which does not go with netinet/in.h */
#endif

enum {
    REQUEST_MOST = 2048,
    ANSWER_MOST = 512,
    AGAIN_MS = 1, /* after a refused connection */
    SOURCES = 16, /* addresses to call from: ports that rest in TIME_WAIT would run out */
    EVENTS_A_TURN = 64,
};

static const char *const fixtures[] = {"oncrmdealadd",       "oncrmleadadd",    "oncrmleadupdate",
                                       "oncrmcontactupdate", "oncrmcompanyadd", "oncrmcontactadd"};
enum { FIXTURES = sizeof fixtures / sizeof fixtures[0], DEAL_FIXTURE = 0 };

struct caller {
    int fd; /* -1 */
    int number;
    bool kept; /* its connection, when the answer allows */
    enum { CALLER_RESTS, CALLER_CONNECTS, CALLER_WAITS } state;
    int64_t not_before_ms;
    int64_t id; /* of the event in hand, 0: none */
    bool deal;
    char answer[ANSWER_MOST];
    size_t have;
};

struct load {
    struct load_options options;
    int epoll;
    bool draining;
    char bodies[FIXTURES][REQUEST_MOST];
    struct caller *callers;
    struct load_counts counts;
};

/* ---- requests -------------------------------------------------------------------------------- */

static bool read_fixture(const char *name, char out[REQUEST_MOST], struct err *err)
{
    char *path = mem_printf("tests/fixtures/bodies/%s.form", name);
    FILE *file = fopen(path, "rbe");
    size_t size = file != NULL ? fread(out, 1, REQUEST_MOST - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    out[size] = '\0';
    bool good = strstr(out, "%5BID%5D=") != NULL;
    if (!good)
        (void)err_set(err, "\"%s\" is no event: run this from the source tree", path);
    mem_free(path);
    return good;
}

/* The body with that id in place of its own. */
static int print_body(const char *body, int64_t id, char out[REQUEST_MOST])
{
    const char *digits = strstr(body, "%5BID%5D=") + strlen("%5BID%5D=");
    return snprintf(out, REQUEST_MOST, "%.*s%" PRId64 "%s", (int)(digits - body), body, id,
                    digits + strspn(digits, "0123456789"));
}

static int print_request(const struct load *l, const struct caller *c, char out[REQUEST_MOST])
{
    char body[REQUEST_MOST];
    size_t fixture = c->deal ? DEAL_FIXTURE : 1 + (size_t)c->id % (FIXTURES - 1);
    int size = print_body(l->bodies[fixture], c->id, body);
    return snprintf(out, REQUEST_MOST,
                    "POST /hook/main HTTP/1.1\r\nHost: b24bridge\r\n"
                    "User-Agent: Bitrix24 Webhook Engine\r\n%s"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: %d\r\n\r\n%s",
                    c->kept ? "" : "Connection: close\r\n", size, body);
}

/* ---- one caller ------------------------------------------------------------------------------ */

static void hang_up(struct caller *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
    c->have = 0;
    c->state = CALLER_RESTS;
}

/* The event in hand was not sent: it will be, a little later. */
static void knock_again(struct caller *c)
{
    hang_up(c);
    c->not_before_ms = clock_mono_ms() + AGAIN_MS;
}

static void broken(struct load *l, struct caller *c)
{
    l->counts.broken++;
    c->id = 0; /* may be stored, or not: nobody was told */
    knock_again(c);
}

static void take_event(struct load *l, struct caller *c)
{
    struct random *random = l->options.random;
    if (c->id != 0)
        return;
    c->deal = ledger_has_deals(l->options.ledger) &&
              random_between(random, 1, 100) <= l->options.deal_percent;
    c->id = ledger_next(l->options.ledger, c->deal);
}

static void speak(struct load *l, struct caller *c)
{
    char request[REQUEST_MOST];
    take_event(l, c);
    int size = print_request(l, c, request);
    ledger_sent(l->options.ledger, c->id);
    c->state = CALLER_WAITS;
    c->have = 0;
    if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size)
        broken(l, c);
}

/* From an address of our own: the one that is called may be free for the daemon's next start, and
 * nobody may reach himself through a port that the kernel chose twice. */
static int open_socket(const struct caller *c)
{
    const int one = 1;
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)c->number % SOURCES)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&from, sizeof from) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void dial(struct load *l, struct caller *c)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)l->options.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLOUT | EPOLLIN, .data.ptr = c};
    c->fd = open_socket(c);
    bool good = c->fd >= 0 && (connect(c->fd, (const struct sockaddr *)&to, sizeof to) == 0 ||
                               errno == EINPROGRESS);
    if (!good || epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
        knock_again(c);
        return;
    }
    c->state = CALLER_CONNECTS;
}

static void connected(struct load *l, struct caller *c)
{
    int error = 0;
    socklen_t size = sizeof error;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0 || epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &event) != 0)
        knock_again(c);
    else if (l->draining)
        hang_up(c);
    else
        speak(l, c);
}

static void answered(struct load *l, struct caller *c, int status)
{
    ledger_answered(l->options.ledger, c->id, status);
    c->id = 0;
    c->have = 0;
    c->state = CALLER_RESTS;
    if (status != 200)
        l->counts.refused++;
    else if (l->counts.answered++ == 0)
        l->counts.first_us = clock_mono_us();
}

/* Answers have no body: the head is all. */
static void listen_to(struct load *l, struct caller *c)
{
    ssize_t got = recv(c->fd, c->answer + c->have, sizeof c->answer - 1 - c->have, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 && c->state == CALLER_RESTS) { /* the server has closed a connection at rest */
        hang_up(c);
        return;
    }
    if (got <= 0) {
        broken(l, c);
        return;
    }
    c->have += (size_t)got;
    c->answer[c->have] = '\0';
    if (strstr(c->answer, "\r\n\r\n") == NULL)
        return;
    bool closes = strcasestr(c->answer, "\r\nconnection: close") != NULL;
    answered(l, c, (int)strtol(c->answer + strlen("HTTP/1.1 "), NULL, 10));
    if (!c->kept || closes)
        hang_up(c);
}

static void begin(struct load *l, struct caller *c, int64_t now_ms)
{
    if (c->state != CALLER_RESTS || c->not_before_ms > now_ms)
        return;
    if (c->fd >= 0)
        speak(l, c);
    else
        dial(l, c);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void wait_for_answers(struct load *l, int wait_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(l->epoll, events, EVENTS_A_TURN, wait_ms);
    for (int i = 0; i < count; i++) {
        struct caller *c = events[i].data.ptr;
        if (c->state == CALLER_CONNECTS)
            connected(l, c);
        else
            listen_to(l, c);
    }
}

void load_turn(struct load *l, int wait_ms)
{
    int64_t now_ms = clock_mono_ms();
    for (int i = 0; i < l->options.connections; i++)
        begin(l, &l->callers[i], now_ms);
    wait_for_answers(l, wait_ms);
}

static bool anybody_waits(const struct load *l)
{
    for (int i = 0; i < l->options.connections; i++)
        if (l->callers[i].state == CALLER_WAITS)
            return true;
    return false;
}

void load_drain(struct load *l, int64_t most_ms)
{
    l->draining = true;
    for (int64_t until = clock_mono_ms() + most_ms; anybody_waits(l) && clock_mono_ms() < until;)
        wait_for_answers(l, 1);
}

struct load_counts load_counts(const struct load *l)
{
    return l->counts;
}

struct load *load_open(const struct load_options *options, struct err *err)
{
    struct load *l = mem_alloc(sizeof *l);
    *l = (struct load){.options = *options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    l->callers = mem_array((size_t)options->connections, sizeof *l->callers);
    for (int i = 0; i < options->connections; i++)
        l->callers[i] = (struct caller){.fd = -1,
                                        .number = i,
                                        .kept = random_between(options->random, 1, 100) <=
                                                options->kept_percent};
    bool good = l->epoll >= 0 || err_set(err, "no epoll: %s", strerror(errno));
    for (size_t i = 0; good && i < FIXTURES; i++)
        good = read_fixture(fixtures[i], l->bodies[i], err);
    if (good)
        return l;
    load_close(l);
    return NULL;
}

void load_close(struct load *l)
{
    for (int i = 0; i < l->options.connections; i++)
        hang_up(&l->callers[i]);
    if (l->epoll >= 0)
        (void)close(l->epoll);
    mem_free(l->callers);
    mem_free(l);
}
