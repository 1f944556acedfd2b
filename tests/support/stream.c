#include "tests/support/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/db.h"
#include "common/mem.h"

enum { MOST_EVENTS = 200000, MOST_SENDERS = 16, FIRST_ID = 5000000, DEAL_EVERY = 16, PACE_MS = 1 };

struct stream {
    struct house *house;
    struct sockaddr_in address;
    pthread_t threads[MOST_SENDERS];
    int senders;
    atomic_bool stopping;
    atomic_llong next, accepted, refused, broken, other;
    unsigned char *status_200; /* by event: each sender writes its own */
};

/* ---- one event ------------------------------------------------------------------------------- */

static int compose(const struct stream *s, int64_t event, char out[2048])
{
    char body[1024];
    int size = snprintf(body, sizeof body,
                        "event=%s&data%%5BFIELDS%%5D%%5BID%%5D=%lld&ts=1755780000"
                        "&auth%%5Bmember_id%%5D=" HOUSE_MEMBER
                        "&auth%%5Bapplication_token%%5D=" HOUSE_TOKEN,
                        event % DEAL_EVERY == 0 ? "ONCRMDEALADD" : "ONCRMCOMPANYADD",
                        (long long)(FIRST_ID + event));
    return snprintf(out, 2048,
                    "POST /hook/main HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                    ntohs(s->address.sin_port), size, body);
}

/* The status of the answer; 0: none; -1: not even let in. */
static int post(const struct stream *s, const char *text, size_t size)
{
    char answer[512];
    size_t have = 0;
    const struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool in = connect(fd, (const struct sockaddr *)&s->address, sizeof s->address) == 0;
    bool sent = in && send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
    while (sent && have + 1 < sizeof answer) {
        ssize_t got = recv(fd, answer + have, sizeof answer - 1 - have, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    (void)close(fd);
    answer[have] = '\0';
    if (!in)
        return -1;
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static void *send_events(void *arg)
{
    struct stream *s = arg;
    char text[2048];
    while (!atomic_load(&s->stopping)) {
        int64_t event = atomic_fetch_add(&s->next, 1);
        if (event >= MOST_EVENTS)
            break;
        int status = post(s, text, (size_t)compose(s, event, text));
        s->status_200[event] = status == 200;
        atomic_fetch_add(status == 200  ? &s->accepted
                         : status == 0  ? &s->broken
                         : status == -1 ? &s->refused
                                        : &s->other,
                         1);
        (void)poll(NULL, 0, PACE_MS);
    }
    return NULL;
}

/* ---- the account ----------------------------------------------------------------------------- */

static void count_rows(const struct stream *s, unsigned char *stored)
{
    struct db db = {0};
    struct err err = {0};
    char path[128];
    bool row = false;
    (void)snprintf(path, sizeof path, "%s/b24bridge.db", house_folder(s->house));
    bool ok = db_open(&db, path, DB_READ, &err);
    sqlite3_stmt *stmt = ok ? db_prepare(&db, "SELECT entity_id FROM event", &err) : NULL;
    ok = stmt != NULL && db_step_row(&db, stmt, &row, &err);
    while (ok && row) {
        int64_t event = strtoll(db_text(stmt, 0), NULL, 10) - FIRST_ID;
        if (event >= 0 && event < MOST_EVENTS && stored[event] < 2)
            stored[event]++;
        ok = db_step_row(&db, stmt, &row, &err);
    }
    (void)sqlite3_finalize(stmt);
    db_close(&db);
    if (!ok)
        house_fail(s->house, "cannot count the events: %s", err.text);
}

static struct stream_count count(struct stream *s)
{
    struct stream_count count = {.accepted = atomic_load(&s->accepted),
                                 .refused = atomic_load(&s->refused),
                                 .broken = atomic_load(&s->broken),
                                 .other = atomic_load(&s->other)};
    unsigned char *stored = mem_array(MOST_EVENTS, sizeof *stored);
    count.sent = count.accepted + count.refused + count.broken + count.other;
    count_rows(s, stored);
    for (int64_t i = 0; i < MOST_EVENTS; i++) {
        count.missing += s->status_200[i] != 0 && stored[i] == 0;
        count.twice += stored[i] > 1;
    }
    mem_free(stored);
    return count;
}

struct stream *stream_start(struct house *house, int senders)
{
    struct stream *s = mem_alloc(sizeof *s);
    const char *port = strrchr(house_public_url(house), ':') + 1;
    s->house = house;
    s->address = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->status_200 = mem_array(MOST_EVENTS, sizeof *s->status_200);
    while (s->senders < senders && s->senders < MOST_SENDERS)
        if (pthread_create(&s->threads[s->senders++], NULL, send_events, s) != 0)
            house_fail(house, "cannot start a sender");
    return s;
}

int64_t stream_accepted(struct stream *s)
{
    return atomic_load(&s->accepted);
}

struct stream_count stream_stop(struct stream *s)
{
    atomic_store(&s->stopping, true);
    for (int i = 0; i < s->senders; i++)
        (void)pthread_join(s->threads[i], NULL);
    struct stream_count result = count(s);
    mem_free(s->status_200);
    mem_free(s);
    return result;
}
