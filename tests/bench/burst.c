#include "tests/bench/burst.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/mem.h"
#include "tests/bench/load.h"
#include "tests/bench/subject.h"

enum { EVENTS = 100000, SENDERS = 256, DEALS = 1000, ANSWER_MOST = 4096, PATIENCE_MS = 10000 };

static _Noreturn void give_up(const struct err *err)
{
    (void)fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

/* One command of the stand-in portal; its answer, head and all. False while nobody listens. */
static bool control(uint16_t portal, const char *command, char answer[ANSWER_MOST])
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(portal),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char *request = mem_printf("POST /control HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                               "Content-Type: application/json\r\nConnection: close\r\n"
                               "Content-Length: %zu\r\n\r\n%s",
                               strlen(command), command);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t used = 0;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
        for (ssize_t got = 1; got > 0 && used < ANSWER_MOST - 1; used += (size_t)got)
            if ((got = recv(fd, answer + used, ANSWER_MOST - 1 - used, 0)) < 0)
                break;
    answer[used] = '\0';
    (void)close(fd);
    mem_free(request);
    return strstr(answer, " 200 ") != NULL;
}

/* The deals that the senders tell of. */
static void settle_deals(uint16_t portal)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char answer[ANSWER_MOST];
    char *first =
        mem_printf("{\"do\":\"put\",\"what\":\"deal\",\"id\":%d,\"row\":{}}", LOAD_FIRST_DEAL - 1);
    char *rest = mem_printf("{\"do\":\"seed\",\"deals\":%d}", DEALS);
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    while (!control(portal, first, answer)) {
        if (clock_mono_ms() > until_ms)
            give_up(&(struct err){.text = "the stand-in portal does not answer"});
        (void)nanosleep(&pause, NULL);
    }
    if (!control(portal, rest, answer))
        give_up(&(struct err){.text = "the stand-in portal wants no deals"});
    mem_free(first);
    mem_free(rest);
}

static int64_t count_effects(uint16_t portal)
{
    static const char name[] = "\"count\":";
    char answer[ANSWER_MOST];
    const char *at = control(portal, "{\"do\":\"count\"}", answer) ? strstr(answer, name) : NULL;
    return at != NULL ? strtol(at + sizeof name - 1, NULL, 10) : 0;
}

/* Events of webhooks, without the rules' own. */
static int64_t count_stored(const struct subject *subject)
{
    struct err err = {0};
    struct db db;
    char *path = mem_printf("%s/bench.db", subject->folder);
    if (!db_open(&db, path, DB_READ, &err))
        give_up(&err);
    sqlite3_stmt *stmt = db_prepare(&db, "SELECT count(*) FROM event WHERE source = 1", &err);
    bool row = false;
    if (stmt == NULL || !db_step_row(&db, stmt, &row, &err))
        give_up(&err);
    int64_t count = row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    db_close(&db);
    mem_free(path);
    return count;
}

int burst_run(uint16_t portal, const char *rules)
{
    struct subject subject;
    struct err err = {0};
    struct load_result load;
    settle_deals(portal);
    const struct subject_options options = {
        .kind = SUBJECT_DAEMON, .rules = rules, .portal = portal};
    if (!subject_start(&subject, &options, &err))
        give_up(&err);
    const struct load_options burst = {
        .port = subject.port, .senders = SENDERS, .events = EVENTS, .deals = DEALS};
    if (!load_run(&burst, &load, &err))
        give_up(&err);
    int64_t effects = count_effects(portal);
    int64_t stored = count_stored(&subject) - 1; /* the one that waited for the start */
    subject_stop(&subject);
    (void)printf("burst of %d events, %d at a time, a connection each, a rule at work:\n"
                 "  %.0f events/s, p50 %.1f ms, p99 %.1f, p99.9 %.1f, longest %.1f\n"
                 "  answered 200: %lld, refused or broken: %lld, stored: %lld; calls the rule made "
                 "meanwhile: %lld\n",
                 EVENTS, SENDERS, load.per_second, load.p50_us / 1e3, load.p99_us / 1e3,
                 load.p999_us / 1e3, load.longest_us / 1e3, (long long)load.answered,
                 (long long)load.refused, (long long)stored, (long long)effects);
    return load.answered != EVENTS || load.refused != 0 || stored != load.answered;
}
