#include "tests/bench/ideal.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

enum { BODY_MOST = 1024, FIELD_MOST = 64 };

struct arrival {
    struct arrival *next;
    struct MHD_Connection *connection;
    enum { ARRIVING, STORING, STORED } stage;
    char body[BODY_MOST];
    size_t size;
    char event[FIELD_MOST], id[FIELD_MOST], token[FIELD_MOST];
};

static struct {
    pthread_mutex_t lock; /* guards both lists */
    pthread_cond_t more;
    struct arrival *queue, **queue_end; /* to be stored */
    struct arrival *stored;             /* to be answered */
    int wake_fd;
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
    struct MHD_Response *empty;
    const char *token;
} ideal = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .queue_end = &ideal.queue};

/* ---- the form -------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void decode(const char *text, size_t size, char out[FIELD_MOST])
{
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < FIELD_MOST; i++) {
        bool code = text[i] == '%' && i + 2 < size;
        out[used++] = code ? (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])) : text[i];
        i += code ? 2 : 0;
    }
    out[used] = '\0';
}

static void take_pair(struct arrival *a, const char *pair, size_t size)
{
    char name[FIELD_MOST];
    const char *equals = memchr(pair, '=', size);
    if (equals == NULL)
        return;
    decode(pair, (size_t)(equals - pair), name);
    size_t rest = size - (size_t)(equals + 1 - pair);
    if (strcmp(name, "event") == 0)
        decode(equals + 1, rest, a->event);
    else if (strcmp(name, "data[FIELDS][ID]") == 0)
        decode(equals + 1, rest, a->id);
    else if (strcmp(name, "auth[application_token]") == 0)
        decode(equals + 1, rest, a->token);
}

static void take_form(struct arrival *a)
{
    for (const char *at = a->body, *end = a->body + a->size; at < end;) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((amp != NULL ? amp : end) - at);
        take_pair(a, at, size);
        at += size + 1;
    }
}

/* ---- the writer ------------------------------------------------------------------------------ */

static bool step(sqlite3_stmt *stmt)
{
    bool done = sqlite3_step(stmt) == SQLITE_DONE;
    (void)sqlite3_reset(stmt);
    return done;
}

static bool store(const struct arrival *a)
{
    (void)sqlite3_bind_int64(ideal.insert, 1, clock_wall_ms());
    (void)sqlite3_bind_text(ideal.insert, 2, a->event, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(ideal.insert, 3, a->id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(ideal.insert, 4, a->body, (int)a->size, SQLITE_STATIC);
    return step(ideal.insert);
}

static struct arrival *take_group(void)
{
    pthread_mutex_lock(&ideal.lock);
    while (ideal.queue == NULL)
        pthread_cond_wait(&ideal.more, &ideal.lock);
    struct arrival *group = ideal.queue;
    ideal.queue = NULL;
    ideal.queue_end = &ideal.queue;
    pthread_mutex_unlock(&ideal.lock);
    return group;
}

static void hand_back(struct arrival *group)
{
    const uint64_t one = 1;
    struct arrival *last = group;
    while (last->next != NULL)
        last = last->next;
    pthread_mutex_lock(&ideal.lock);
    last->next = ideal.stored;
    ideal.stored = group;
    pthread_mutex_unlock(&ideal.lock);
    (void)!write(ideal.wake_fd, &one, sizeof one);
}

static void *write_groups(void *arg)
{
    (void)arg;
    for (;;) {
        struct arrival *group = take_group();
        bool good = step(ideal.begin);
        for (struct arrival *a = group; good && a != NULL; a = a->next)
            good = store(a);
        if (!good || !step(ideal.commit)) {
            (void)fprintf(stderr, "ideal: %s\n", sqlite3_errmsg(ideal.db));
            _exit(1);
        }
        hand_back(group);
    }
}

/* ---- the listener ---------------------------------------------------------------------------- */

static enum MHD_Result finish(struct arrival *a)
{
    take_form(a);
    if (strcmp(a->token, ideal.token) != 0)
        return MHD_queue_response(a->connection, MHD_HTTP_FORBIDDEN, ideal.empty);
    a->stage = STORING;
    MHD_suspend_connection(a->connection);
    pthread_mutex_lock(&ideal.lock);
    *ideal.queue_end = a;
    ideal.queue_end = &a->next;
    pthread_cond_signal(&ideal.more);
    pthread_mutex_unlock(&ideal.lock);
    return MHD_YES;
}

static enum MHD_Result on_data(void *arg, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **context)
{
    (void)arg;
    (void)url;
    (void)method;
    (void)version;
    struct arrival *a = *context;
    if (a == NULL) {
        *context = a = mem_alloc(sizeof *a);
        a->connection = connection;
        return MHD_YES;
    }
    if (a->stage == STORED)
        return MHD_queue_response(connection, MHD_HTTP_OK, ideal.empty);
    if (*size == 0)
        return finish(a);
    if (*size > BODY_MOST - a->size)
        return MHD_NO;
    memcpy(a->body + a->size, data, *size);
    a->size += *size;
    *size = 0;
    return MHD_YES;
}

static void on_end(void *arg, struct MHD_Connection *connection, void **context,
                   enum MHD_RequestTerminationCode code)
{
    (void)arg;
    (void)connection;
    (void)code;
    mem_free(*context);
    *context = NULL;
}

static void answer_stored(void)
{
    uint64_t count;
    (void)!read(ideal.wake_fd, &count, sizeof count);
    pthread_mutex_lock(&ideal.lock);
    struct arrival *a = ideal.stored;
    ideal.stored = NULL;
    pthread_mutex_unlock(&ideal.lock);
    while (a != NULL) {
        struct arrival *next = a->next;
        a->stage = STORED;
        MHD_resume_connection(a->connection);
        a = next;
    }
}

static void loop(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN},
                           {.fd = ideal.wake_fd, .events = POLLIN}};
    for (;;) {
        MHD_UNSIGNED_LONG_LONG ms;
        bool timed = MHD_get_timeout(daemon, &ms) == MHD_YES;
        (void)poll(fds, 2, timed ? (int)ms : -1);
        if (fds[1].revents != 0)
            answer_stored();
        (void)MHD_run(daemon);
    }
}

static bool open_store(const char *database)
{
    static const char schema[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE event (id INTEGER PRIMARY KEY, state INTEGER NOT NULL DEFAULT 1,"
        " received_ms INTEGER NOT NULL, name TEXT NOT NULL, entity TEXT NOT NULL, body TEXT) "
        "STRICT;"
        "CREATE INDEX event_new ON event (state) WHERE state = 1";
    return sqlite3_open(database, &ideal.db) == SQLITE_OK &&
           sqlite3_exec(ideal.db, schema, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(ideal.db, "BEGIN IMMEDIATE", -1, &ideal.begin, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(ideal.db, "COMMIT", -1, &ideal.commit, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(ideal.db,
                              "INSERT INTO event (received_ms, name, entity, body)"
                              " VALUES (?1, ?2, ?3, ?4)",
                              -1, &ideal.insert, NULL) == SQLITE_OK;
}

int ideal_serve(uint16_t port, const char *database, const char *token)
{
    pthread_t writer;
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ideal.token = token;
    ideal.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ideal.empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!open_store(database) || pthread_create(&writer, NULL, write_groups, NULL) != 0) {
        (void)fprintf(stderr, "ideal: %s\n", sqlite3_errmsg(ideal.db));
        return 1;
    }
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, on_data, NULL,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
    if (daemon == NULL)
        return 1;
    loop(daemon);
    return 0;
}
