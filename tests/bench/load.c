#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
    ID_DIGITS = 9,
    REQUEST_MOST = 1024,
    ANSWER_MOST = 1024,
    AT_ONCE = 256,
    PATIENCE_MS = 5000, /* nobody answers for so long: the run is over */
};

/* The form of an outbound webhook, bitrix24.md §1.2. */
static const char form_head[] =
    "event=ONCRMDEALUPDATE&event_handler_id=12&data%5BFIELDS%5D%5BID%5D=";
static const char form_tail[] =
    "&ts=1755780000&auth%5Bdomain%5D=firma.bitrix24.ru"
    "&auth%5Bclient_endpoint%5D=https%3A%2F%2Ffirma.bitrix24.ru%2Frest%2F"
    "&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix24.tech%2Frest%2F"
    "&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553"
    "&auth%5Bapplication_token%5D=" LOAD_TOKEN;

struct request {
    char text[REQUEST_MOST];
    size_t size;
    char *id; /* in text: the digits that are new in each */
    int64_t posted;
    int64_t deals; /* 0: a new one each time */
};

struct sender {
    int fd; /* -1: none */
    bool connected;
    int64_t began_us;
    char answer[ANSWER_MOST];
    size_t answered;
};

struct load {
    const struct load_options *options;
    struct request request;
    struct sender *senders;
    int epoll;
    bool measuring;
    uint32_t *times_us;
    size_t time_count, time_room;
    int64_t begun, refused;
};

static void request_init(struct request *r, bool keep_alive, int64_t deals)
{
    size_t form = sizeof form_head - 1 + ID_DIGITS + sizeof form_tail - 1;
    int size = snprintf(r->text, sizeof r->text,
                        "POST /hook/main HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        "User-Agent: Bitrix24 Webhook Engine\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\n"
                        "Content-Length: %zu\r\n%s\r\n%s",
                        form, keep_alive ? "" : "Connection: close\r\n", form_head);
    r->id = r->text + size;
    r->posted = 0;
    r->deals = deals;
    memcpy(r->id + ID_DIGITS, form_tail, sizeof form_tail - 1);
    r->size = (size_t)size + ID_DIGITS + sizeof form_tail - 1;
}

static void request_number(struct request *r)
{
    int64_t id = LOAD_FIRST_DEAL + (r->deals > 0 ? r->posted % r->deals : r->posted);
    r->posted++;
    for (int i = ID_DIGITS; i-- > 0; id /= 10)
        r->id[i] = (char)('0' + id % 10);
}

static bool post(struct load *l, struct sender *s)
{
    request_number(&l->request);
    s->answered = 0;
    return send(s->fd, l->request.text, l->request.size, MSG_NOSIGNAL) == (ssize_t)l->request.size;
}

/* A connection that is done with goes at once, without lingering: a run makes more of them than
 * there are ports to wait. */
static void hang_up(struct sender *s)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (s->fd < 0)
        return;
    (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(s->fd);
    s->fd = -1;
}

static int dial(uint16_t port, int flags, bool *ret_connected)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    *ret_connected = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0 && !*ret_connected && errno != EINPROGRESS) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool call(struct load *l, struct sender *s)
{
    s->fd = dial(l->options->port, SOCK_NONBLOCK, &s->connected);
    if (s->fd < 0)
        return false;
    struct epoll_event event = {.events = s->connected ? EPOLLIN : EPOLLOUT, .data.ptr = s};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &event) != 0)
        return false;
    return !s->connected || post(l, s);
}

static bool is_over(const struct load *l)
{
    return l->options->events > 0 && (int64_t)l->time_count + l->refused >= l->options->events;
}

static void next_event(struct load *l, struct sender *s)
{
    bool last = l->options->events > 0 && l->begun == l->options->events;
    bool kept = l->options->keep_alive && s->fd >= 0 && !last;
    if (!kept)
        hang_up(s);
    if (last)
        return;
    l->begun++;
    s->began_us = clock_mono_us();
    if (kept ? post(l, s) : call(l, s))
        return;
    l->refused++;
    hang_up(s);
}

static void note(struct load *l, const struct sender *s)
{
    if (!l->measuring)
        return;
    if (l->time_count == l->time_room) {
        l->time_room = l->time_room > 0 ? l->time_room * 2 : 65536;
        l->times_us = mem_grow(l->times_us, l->time_room, sizeof *l->times_us);
    }
    l->times_us[l->time_count++] = (uint32_t)(clock_mono_us() - s->began_us);
}

/* Answers have no body, so a head is all of one. */
static void on_answer(struct load *l, struct sender *s)
{
    static const char good[] = "HTTP/1.1 200";
    ssize_t got = recv(s->fd, s->answer + s->answered, ANSWER_MOST - s->answered, 0);
    if (got > 0) {
        s->answered += (size_t)got;
        if (s->answered < 4 || memcmp(s->answer + s->answered - 4, "\r\n\r\n", 4) != 0)
            return;
    }
    if (got > 0 && memcmp(s->answer, good, sizeof good - 1) == 0) {
        note(l, s);
    } else {
        l->refused++;
        hang_up(s);
    }
    next_event(l, s);
}

static void on_connected(struct load *l, struct sender *s)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    s->connected = true;
    if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->fd, &event) == 0 && post(l, s))
        return;
    l->refused++;
    hang_up(s);
    next_event(l, s);
}

static bool run_until(struct load *l, int64_t until_us)
{
    struct epoll_event events[AT_ONCE];
    while (clock_mono_us() < until_us && !is_over(l)) {
        int n = epoll_wait(l->epoll, events, AT_ONCE, PATIENCE_MS);
        if (n <= 0)
            return false;
        for (int i = 0; i < n; i++) {
            struct sender *s = events[i].data.ptr;
            if (s->connected)
                on_answer(l, s);
            else
                on_connected(l, s);
        }
    }
    return true;
}

static int compare_times(const void *va, const void *vb)
{
    const uint32_t *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

static double time_at(const struct load *l, double part)
{
    return l->times_us[(size_t)((double)(l->time_count - 1) * part)];
}

static void sum_up(struct load *l, int64_t took_us, struct load_result *ret)
{
    qsort(l->times_us, l->time_count, sizeof *l->times_us, compare_times);
    *ret = (struct load_result){.per_second = (double)l->time_count * 1e6 / (double)took_us,
                                .p50_us = time_at(l, 0.5),
                                .p99_us = time_at(l, 0.99),
                                .p999_us = time_at(l, 0.999),
                                .longest_us = time_at(l, 1),
                                .answered = (int64_t)l->time_count,
                                .refused = l->refused};
}

bool load_run(const struct load_options *options, struct load_result *ret, struct err *err)
{
    struct load l = {.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    l.senders = mem_array((size_t)options->senders, sizeof *l.senders);
    request_init(&l.request, options->keep_alive, options->deals);
    for (int i = 0; i < options->senders; i++) {
        l.senders[i].fd = -1;
        next_event(&l, &l.senders[i]);
    }
    bool alive = options->warm_us == 0 || run_until(&l, clock_mono_us() + options->warm_us);
    l.measuring = true;
    if (options->begins != NULL)
        options->begins(options->arg);
    int64_t began_us = clock_mono_us();
    alive =
        alive && run_until(&l, options->events > 0 ? INT64_MAX : began_us + options->measure_us);
    int64_t took_us = clock_mono_us() - began_us;
    if (options->ends != NULL)
        options->ends(options->arg);
    bool done = l.time_count > 0;
    if (done)
        sum_up(&l, took_us, ret);
    else
        (void)err_set(err, "%d senders got no answer%s", options->senders,
                      alive ? "" : ": nobody was answered any more");
    for (int i = 0; i < options->senders; i++)
        hang_up(&l.senders[i]);
    (void)close(l.epoll);
    mem_free(l.senders);
    mem_free(l.times_us);
    return done;
}

int load_one(uint16_t port)
{
    struct request request;
    struct sender s = {0};
    int status = 0;
    request_init(&request, false, 0);
    request_number(&request);
    s.fd = dial(port, 0, &s.connected);
    if (s.fd < 0)
        return 0;
    if (send(s.fd, request.text, request.size, MSG_NOSIGNAL) == (ssize_t)request.size &&
        recv(s.fd, s.answer, ANSWER_MOST - 1, 0) > 12)
        status = (int)strtol(s.answer + 9, NULL, 10);
    hang_up(&s);
    return status;
}
