#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/http/server.h"
#include "tests/support/check_main.h"
#include "tests/support/client.h"
#include "tests/support/temp.h"

/* ---- a server and its handler ---------------------------------------------------------------- */

enum { MAX_BODY = 1000, MOST_KEPT = 2000, ANSWERERS = 3 };

static struct world {
    struct http_server *server;
    int sockets[2];
    int socket_count;
    bool later;           /* the handler keeps the requests, for the answerers or for the test */
    pthread_mutex_t lock; /* guards all down to ending */
    pthread_cond_t more;
    struct http_request *kept[MOST_KEPT];
    int kept_count, all_count; /* now; since the server started */
    bool ending;
    pthread_t answerers[ANSWERERS];
    int answerer_count;
} w;

static void echo(struct http_request *r)
{
    size_t size;
    const char *body = http_body(r, &size);
    const char *type = http_header(r, "content-type");
    char *text = mem_printf("%s|%s|%s|%.*s|%s|%s", http_method(r), http_path(r), http_query(r),
                            (int)size, body, http_peer(r), type != NULL ? type : "");
    http_answer(r, 200, "text/plain", text, strlen(text));
    mem_free(text);
}

static void on_request(void *arg, struct http_request *r)
{
    ck_assert_ptr_eq(arg, &w);
    if (!w.later) {
        echo(r);
        return;
    }
    pthread_mutex_lock(&w.lock);
    w.kept[w.kept_count++] = r;
    w.all_count++;
    pthread_cond_broadcast(&w.more);
    pthread_mutex_unlock(&w.lock);
}

static int on_head(void *arg, const struct http_request *r)
{
    (void)arg;
    return strcmp(http_path(r), "/nobody") == 0 ? 404 : 0;
}

static struct http_request *take_kept(void)
{
    pthread_mutex_lock(&w.lock);
    while (w.kept_count == 0 && !w.ending)
        pthread_cond_wait(&w.more, &w.lock);
    struct http_request *r = w.kept_count > 0 ? w.kept[--w.kept_count] : NULL;
    pthread_mutex_unlock(&w.lock);
    return r;
}

static void wait_for_kept(int count)
{
    pthread_mutex_lock(&w.lock);
    while (w.all_count < count)
        pthread_cond_wait(&w.more, &w.lock);
    pthread_mutex_unlock(&w.lock);
}

static void *answer_kept(void *arg)
{
    (void)arg;
    for (struct http_request *r = take_kept(); r != NULL; r = take_kept())
        http_answer(r, 202, NULL, NULL, 0);
    return NULL;
}

static void answer_from_other_threads(void)
{
    w.later = true;
    for (; w.answerer_count < ANSWERERS; w.answerer_count++)
        ck_assert_int_eq(pthread_create(&w.answerers[w.answerer_count], NULL, answer_kept, NULL),
                         0);
}

static struct http_options options(void)
{
    return (struct http_options){
        .sockets = w.sockets,
        .socket_count = w.socket_count,
        .limits = {.max_body = MAX_BODY, .max_connections = 2000, .idle_ms = 60000},
        .accept = on_head,
        .handle = on_request,
        .arg = &w};
}

static void start_with(struct http_options o)
{
    struct err err = {0};
    w.all_count = 0;
    w.server = http_server_start(&o, &err);
    ck_assert_msg(w.server != NULL, "%s", err.text);
}

static void start(void)
{
    start_with(options());
}

static void setup(void)
{
    w = (struct world){.sockets = {client_listen("127.0.0.1:0")}, .socket_count = 1};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.more, NULL);
    client_many_files();
}

static void join_answerers(void)
{
    pthread_mutex_lock(&w.lock);
    w.ending = true;
    pthread_cond_broadcast(&w.more);
    pthread_mutex_unlock(&w.lock);
    for (int i = 0; i < w.answerer_count; i++)
        (void)pthread_join(w.answerers[i], NULL);
    w.answerer_count = 0;
}

static void teardown(void)
{
    http_server_stop(w.server, 1000);
    join_answerers();
    pthread_cond_destroy(&w.more);
    pthread_mutex_destroy(&w.lock);
}

static struct http_counters counters(void)
{
    struct http_counters c;
    http_server_counters(w.server, &c);
    return c;
}

#define POST_HEAD "POST /hook/main HTTP/1.1\r\nHost: x\r\nContent-Length: "
#define SMALL_POST POST_HEAD "5\r\n\r\na=1&b"

/* ---- answers --------------------------------------------------------------------------------- */

START_TEST(a_request_is_handed_over_whole)
{
    start();
    struct reply r =
        client_ask(w.sockets[0], "POST /hook/m%61in+x?key=a%20b&c HTTP/1.1\r\nHost: x\r\n"
                                 "Content-Type: text/x\r\nContent-Length: 5\r\n\r\na=1&b");
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(r.body, "POST|/hook/main+x|key=a%20b&c|a=1&b|127.0.0.1|text/x");
    ck_assert_int_eq(counters().requests, 1);
    ck_assert_int_eq(counters().answered, 1);
}
END_TEST

START_TEST(a_body_may_come_byte_by_byte)
{
    start();
    int fd = client_connect(w.sockets[0]);
    for (const char *at = SMALL_POST; *at != '\0'; at++)
        client_send(fd, at, 1);
    ck_assert_str_eq(client_read(fd, false).body, "POST|/hook/main||a=1&b|127.0.0.1|");
    (void)close(fd);
}
END_TEST

START_TEST(an_answer_may_come_later_from_any_thread)
{
    start();
    answer_from_other_threads();
    int fd = client_connect(w.sockets[0]);
    for (int i = 0; i < 100; i++) {
        client_say(fd, SMALL_POST);
        ck_assert_int_eq(client_read(fd, false).status, 202);
    }
    (void)close(fd);
}
END_TEST

START_TEST(a_sender_that_hangs_up_is_no_trouble)
{
    start();
    w.later = true;
    int fd = client_connect(w.sockets[0]);
    client_say(fd, SMALL_POST);
    wait_for_kept(1);
    (void)close(fd);
    http_answer(take_kept(), 200, NULL, NULL, 0);
    w.later = false;
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
}
END_TEST

START_TEST(a_sender_that_has_closed_its_half_gets_its_answer)
{
    start();
    answer_from_other_threads();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, SMALL_POST);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    ck_assert_int_eq(client_read(fd, false).status, 202);
    (void)close(fd);
}
END_TEST

START_TEST(a_head_gets_the_head_only)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply r = client_read(fd, true);
    ck_assert_int_eq(r.status, 200);
    ck_assert_uint_gt(client_length(r.head), 0);
    client_say(fd, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_str_eq(client_read(fd, false).body, "GET|/b|||127.0.0.1|");
    (void)close(fd);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" SMALL_POST
                   "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_str_eq(client_read(fd, false).body, "GET|/1|||127.0.0.1|");
    ck_assert_str_eq(client_read(fd, false).body, "POST|/hook/main||a=1&b|127.0.0.1|");
    ck_assert_str_eq(client_read(fd, false).body, "GET|/2|||127.0.0.1|");
    (void)close(fd);
}
END_TEST

START_TEST(http_1_0_is_answered_and_closed)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, "POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nxy");
    ck_assert_str_eq(client_read(fd, false).body, "POST|/a||xy|127.0.0.1|");
    ck_assert(client_ended(fd));
    (void)close(fd);
}
END_TEST

START_TEST(two_listeners_share_one_server)
{
    struct temp temp = temp_make();
    char *unix_text = mem_printf("unix:%s", temp_path(&temp, "s"));
    w.sockets[w.socket_count++] = client_listen(unix_text);
    start();
    ck_assert_str_eq(client_ask(w.sockets[0], SMALL_POST).body,
                     "POST|/hook/main||a=1&b|127.0.0.1|");
    ck_assert_str_eq(client_ask(w.sockets[1], SMALL_POST).body, "POST|/hook/main||a=1&b|unix|");
    mem_free(unix_text);
    temp_remove(&temp);
}
END_TEST

/* ---- bodies ---------------------------------------------------------------------------------- */

static struct reply post_of(size_t declared, size_t sent)
{
    char *body = mem_alloc(sent + 1);
    memset(body, 'x', sent);
    char *text = mem_printf(POST_HEAD "%zu\r\n\r\n%s", declared, body);
    struct reply r = client_ask(w.sockets[0], text);
    mem_free(text);
    mem_free(body);
    return r;
}

START_TEST(a_body_of_the_ceiling_passes_and_one_byte_more_is_413)
{
    start();
    ck_assert_int_eq(post_of(MAX_BODY, MAX_BODY).status, 200);
    ck_assert_int_eq(counters().too_large, 0);
    ck_assert_int_eq(post_of(MAX_BODY + 1, MAX_BODY + 1).status, 413);
    ck_assert_int_eq(post_of(3 * MAX_BODY, 3 * MAX_BODY).status, 413);
    ck_assert_int_eq(counters().too_large, 2);
}
END_TEST

START_TEST(the_sender_of_a_far_too_large_body_sees_413_before_it_has_sent_it)
{
    start();
    ck_assert_int_eq(post_of(1000000000, 20000).status, 413);
    ck_assert_int_eq(post_of(1000000000, 0).status, 413);
}
END_TEST

START_TEST(a_connection_goes_on_after_a_413_that_was_read_away)
{
    start();
    char body[2 * MAX_BODY + 1];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    char *text = mem_printf(POST_HEAD "%zu\r\n\r\n%s" SMALL_POST, sizeof body - 1, body);
    int fd = client_connect(w.sockets[0]);
    client_say(fd, text);
    ck_assert_int_eq(client_read(fd, false).status, 413);
    ck_assert_int_eq(client_read(fd, false).status, 200);
    (void)close(fd);
    mem_free(text);
}
END_TEST

#define CHUNKED_HEAD "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

START_TEST(chunked_bodies_are_put_together)
{
    start();
    ck_assert_str_eq(
        client_ask(w.sockets[0], CHUNKED_HEAD "3\r\na=1\r\n2;x=y\r\n&b\r\n0\r\n\r\n").body,
        "POST|/c||a=1&b|127.0.0.1|");
}
END_TEST

START_TEST(chunked_bodies_have_the_same_ceiling)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, CHUNKED_HEAD);
    for (int i = 0; i < 20; i++) {
        char chunk[128] = "64\r\n"; /* 100 bytes */
        memset(chunk + 4, 'x', 100);
        client_say(fd, chunk);
        client_say(fd, "\r\n");
    }
    client_say(fd, "0\r\n\r\n");
    ck_assert_int_eq(client_read(fd, false).status, 413);
    (void)close(fd);
    ck_assert_int_eq(counters().too_large, 1);
}
END_TEST

START_TEST(a_chunked_body_without_end_is_cut_off)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, CHUNKED_HEAD);
    char chunk[1100] = "400\r\n"; /* 1024 bytes */
    memset(chunk + 5, 'x', 1024);
    memcpy(chunk + 5 + 1024, "\r\n", 3);
    for (int i = 0; i < 1000; i++)
        client_say(fd, chunk);
    ck_assert(client_ended(fd));
    (void)close(fd);
}
END_TEST

START_TEST(bodies_that_make_no_sense_are_400)
{
    start();
    ck_assert_int_eq(client_ask(w.sockets[0], CHUNKED_HEAD "zz\r\nabc\r\n0\r\n\r\n").status, 400);
    ck_assert_int_eq(client_ask(w.sockets[0], POST_HEAD "-5\r\n\r\na=1&b").status, 400);
    ck_assert_int_eq(client_ask(w.sockets[0], POST_HEAD "5x\r\n\r\na=1&b").status, 400);
    ck_assert_int_eq(client_ask(w.sockets[0], POST_HEAD "99999999999999999999999\r\n\r\n").status,
                     413);
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
}
END_TEST

#define EXPECT_HEAD "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "

START_TEST(expect_100_continue_is_answered_before_the_body)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, EXPECT_HEAD "3\r\n\r\n");
    ck_assert_int_eq(client_read(fd, false).status, 100);
    client_say(fd, "abc");
    ck_assert_str_eq(client_read(fd, false).body, "POST|/e||abc|127.0.0.1|");
    (void)close(fd);
}
END_TEST

START_TEST(who_expects_100_is_refused_before_the_body)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, EXPECT_HEAD "2000\r\n\r\n");
    ck_assert_int_eq(client_read(fd, false).status, 413);
    (void)close(fd);
    ck_assert_int_eq(client_ask(w.sockets[0], "POST /nobody HTTP/1.1\r\nHost: x\r\nExpect: "
                                              "100-continue\r\nContent-Length: 3\r\n\r\n")
                         .status,
                     404);
}
END_TEST

START_TEST(a_refused_body_is_read_away_and_the_connection_goes_on)
{
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, "POST /nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na=1&b" SMALL_POST);
    ck_assert_int_eq(client_read(fd, false).status, 404);
    ck_assert_int_eq(client_read(fd, false).status, 200);
    (void)close(fd);
}
END_TEST

/* ---- heads ----------------------------------------------------------------------------------- */

START_TEST(bad_escapes_and_nul_in_the_path_are_400)
{
    static const char *const lines[] = {"GET /a%0 HTTP/1.1", "GET /a%zz HTTP/1.1",
                                        "GET /% HTTP/1.1", "GET /a%00b HTTP/1.1"};
    start();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "%s\r\nHost: x\r\n\r\n", lines[i]);
        ck_assert_msg(client_ask(w.sockets[0], text).status == 400, "%s", lines[i]);
    }
    static const char raw[] = "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n";
    ck_assert_int_eq(client_ask_bytes(w.sockets[0], raw, sizeof raw - 1).status, 400);
    static const char in_query[] = "GET /a?b\0c HTTP/1.1\r\nHost: x\r\n\r\n";
    ck_assert_int_eq(client_ask_bytes(w.sockets[0], in_query, sizeof in_query - 1).status, 400);
    ck_assert_int_eq(counters().bad, 6);
}
END_TEST

START_TEST(bad_request_lines_get_no_200_and_hurt_nobody)
{
    static const char *const lines[] = {"GARBAGE",
                                        "GET",
                                        "GET /",
                                        "GET / HTTP/9.9",
                                        "GET / HTTP/x",
                                        "\x16\x03\x01\x02",
                                        " ",
                                        "GET  / HTTP/1.1 x"};
    start();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "%s\r\n\r\n", lines[i]);
        int fd = client_connect(w.sockets[0]);
        client_say(fd, text);
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
        int status = client_read(fd, false).status;
        ck_assert_msg(status == 0 || status >= 400, "%s: %d", lines[i], status);
        (void)close(fd);
    }
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
}
END_TEST

static struct reply ask_with_header_of(size_t size)
{
    char *value = mem_alloc(size + 1);
    memset(value, 'x', size);
    char *text = mem_printf("GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", value);
    struct reply r = client_ask(w.sockets[0], text);
    mem_free(text);
    mem_free(value);
    return r;
}

START_TEST(a_request_that_ends_in_two_places_is_400_and_the_last)
{
    static const char *const heads[] = {
        "Content-Length: 5\r\nContent-Length: 7\r\n",
        "Content-Length: 5\r\ncontent-length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    };
    start();
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[300];
        (void)snprintf(text, sizeof text,
                       "POST /a HTTP/1.1\r\nHost: x\r\n%s\r\n0\r\n\r\n" SMALL_POST, heads[i]);
        int fd = client_connect(w.sockets[0]);
        client_say(fd, text);
        struct reply reply = client_read(fd, false);
        ck_assert_msg(reply.status == 400, "%s: %d", heads[i], reply.status);
        ck_assert_msg(client_ended(fd), "%s: the connection goes on", heads[i]);
        (void)close(fd);
    }
    ck_assert_int_eq(counters().bad, 4);
}
END_TEST

START_TEST(a_head_that_is_too_large_is_431)
{
    start();
    ck_assert_int_eq(ask_with_header_of(8000).status, 200);
    ck_assert_int_eq(ask_with_header_of(100000).status, 431);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_414)
{
    start();
    char *path = mem_alloc(20001);
    memset(path, 'x', 20000);
    char *text = mem_printf("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    struct reply r = client_ask(w.sockets[0], text);
    ck_assert_int_eq(r.status, 414);
    mem_free(text);
    mem_free(path);
}
END_TEST

/* ---- many, slow and idle --------------------------------------------------------------------- */

static void keep_busy(int connections, int rounds)
{
    int *fds = mem_array((size_t)connections, sizeof *fds);
    for (int i = 0; i < connections; i++)
        fds[i] = client_connect(w.sockets[0]);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < connections; i++)
            client_say(fds[i], SMALL_POST);
        for (int i = 0; i < connections; i++)
            ck_assert_int_eq(client_read(fds[i], false).status, 202);
    }
    for (int i = 0; i < connections; i++)
        (void)close(fds[i]);
    mem_free(fds);
}

START_TEST(no_stall_at_129_connections)
{
    start();
    answer_from_other_threads();
    keep_busy(129, 10);
}
END_TEST

START_TEST(no_stall_at_256_connections)
{
    start();
    answer_from_other_threads();
    keep_busy(256, 10);
}
END_TEST

START_TEST(no_stall_at_1000_connections)
{
    start();
    answer_from_other_threads();
    keep_busy(1000, 2);
    ck_assert_int_eq(counters().requests, 2000);
    ck_assert_int_eq(counters().refused_connections, 0);
}
END_TEST

START_TEST(idle_and_slow_connections_are_closed)
{
    struct http_options o = options();
    o.limits.idle_ms = 200;
    start_with(o);
    int silent = client_connect(w.sockets[0]);
    int head = client_connect(w.sockets[0]);
    client_say(head, "POST / HT");
    int body = client_connect(w.sockets[0]);
    client_say(body, POST_HEAD "5\r\n\r\na=");
    int kept = client_connect(w.sockets[0]);
    client_say(kept, SMALL_POST);
    ck_assert_int_eq(client_read(kept, false).status, 200);
    ck_assert(client_ended(silent));
    ck_assert(client_ended(head));
    ck_assert(client_ended(body));
    ck_assert(client_ended(kept));
    ck_assert_int_eq(counters().timed_out, 4);
    for (size_t i = 0; i < 4; i++)
        (void)close((int[]){silent, head, body, kept}[i]);
}
END_TEST

START_TEST(one_whose_request_is_handled_is_not_idle)
{
    struct http_options o = options();
    o.limits.idle_ms = 100;
    start_with(o);
    w.later = true;
    int fd = client_connect(w.sockets[0]);
    int silent = client_connect(w.sockets[0]);
    client_say(fd, SMALL_POST);
    wait_for_kept(1);
    ck_assert(client_ended(silent)); /* a later one has been swept away */
    http_answer(take_kept(), 200, NULL, NULL, 0);
    ck_assert_int_eq(client_read(fd, false).status, 200);
    (void)close(fd);
    (void)close(silent);
}
END_TEST

START_TEST(when_places_run_out_the_oldest_without_a_request_goes)
{
    struct http_options o = options();
    o.limits.max_connections = 4;
    start_with(o);
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
    }
    /* the first has been of use since: the second has been idle for longest */
    client_say(fds[0], "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(client_read(fds[0], false).status, 200);
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
    ck_assert(client_ended(fds[1]));
    client_say(fds[0], "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(client_read(fds[0], false).status, 200);
    ck_assert_int_eq(counters().refused_connections, 1);
    for (int i = 0; i < 4; i++)
        (void)close(fds[i]);
}
END_TEST

START_TEST(a_thousand_silent_ones_do_not_keep_a_good_one_out)
{
    struct http_options o = options();
    o.limits.max_connections = 100;
    start_with(o);
    answer_from_other_threads();
    static int fds[1000];
    for (int i = 0; i < 1000; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], "POST / H");
        if (i % 100 == 0)
            ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 202);
    }
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 202);
    for (int i = 0; i < 1000; i++)
        (void)close(fds[i]);
}
END_TEST

START_TEST(an_address_has_a_ceiling_of_its_own)
{
    struct http_options o = options();
    o.limits.max_per_address = 2;
    start_with(o);
    int first = client_connect(w.sockets[0]);
    client_say(first, SMALL_POST);
    ck_assert_int_eq(client_read(first, false).status, 200);
    int second = client_connect(w.sockets[0]);
    client_say(second, SMALL_POST);
    ck_assert_int_eq(client_read(second, false).status, 200);
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
    ck_assert(client_ended(first));
    client_say(second, SMALL_POST);
    ck_assert_int_eq(client_read(second, false).status, 200);
    (void)close(first);
    (void)close(second);
}
END_TEST

START_TEST(all_bodies_together_have_a_ceiling)
{
    start();
    enum { SLOW = 80 };
    int fds[SLOW];
    char *text = mem_printf(POST_HEAD "1000\r\n\r\n%0999d", 0);
    for (int i = 0; i < SLOW; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], text);
    }
    ck_assert(client_ended(fds[0])); /* 64 ceilings fit: the oldest have given way */
    client_say(fds[SLOW - 1], "x");
    ck_assert_int_eq(client_read(fds[SLOW - 1], false).status, 200);
    for (int i = 0; i < SLOW; i++)
        (void)close(fds[i]);
    mem_free(text);
}
END_TEST

/* ---- the end --------------------------------------------------------------------------------- */

static void *stop_in_a_second(void *arg)
{
    http_server_stop(w.server, *(const int64_t *)arg);
    return NULL;
}

static pthread_t stopping(const int64_t *grace_ms)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_in_a_second, (void *)(uintptr_t)grace_ms),
                     0);
    return thread;
}

static void stopped(pthread_t thread)
{
    (void)pthread_join(thread, NULL);
    w.server = NULL;
}

START_TEST(stop_answers_what_was_read)
{
    static const int64_t grace_ms = 10000;
    start();
    w.later = true;
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], SMALL_POST);
    }
    wait_for_kept(50);
    pthread_t thread = stopping(&grace_ms);
    answer_from_other_threads();
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 202);
        ck_assert(client_ended(fds[i]));
        (void)close(fds[i]);
    }
    stopped(thread);
}
END_TEST

START_TEST(stop_waits_for_the_rest_of_a_request)
{
    static const int64_t grace_ms = 10000;
    start();
    int fd = client_connect(w.sockets[0]);
    client_say(fd, POST_HEAD "5\r\n\r\na=");
    int other = client_connect(w.sockets[0]);
    client_say(other, SMALL_POST);
    ck_assert_int_eq(client_read(other, false).status, 200);
    pthread_t thread = stopping(&grace_ms);
    struct reply r = {0};
    while (strcasestr(r.head, "Connection: close") == NULL) { /* until it has begun to stop */
        client_say(other, SMALL_POST);
        r = client_read(other, false);
        ck_assert_int_eq(r.status, 200);
    }
    ck_assert(client_ended(other));
    client_say(fd, "1&b");
    r = client_read(fd, false);
    ck_assert_int_eq(r.status, 200);
    ck_assert_ptr_nonnull(strcasestr(r.head, "Connection: close"));
    ck_assert(client_ended(fd));
    stopped(thread);
    (void)close(fd);
    (void)close(other);
}
END_TEST

START_TEST(stop_lets_in_who_stands_at_the_door)
{
    enum { CALLERS = 200 };
    int fds[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], SMALL_POST);
    }
    start();
    http_server_stop(w.server, 10000);
    w.server = NULL;
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
        (void)close(fds[i]);
    }
}
END_TEST

START_TEST(a_socket_that_is_kept_goes_on_to_the_next_server)
{
    struct http_options o = options();
    o.keep_sockets = true;
    start_with(o);
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
    http_server_stop(w.server, 1000);
    int fd = client_connect(w.sockets[0]); /* nobody listens, and nobody is refused */
    client_say(fd, SMALL_POST);
    start();
    ck_assert_int_eq(client_read(fd, false).status, 200);
    (void)close(fd);
}
END_TEST

START_TEST(what_is_not_answered_in_time_gets_503_and_may_be_answered_later)
{
    static const int64_t grace_ms = 50;
    start();
    w.later = true;
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(w.sockets[0]);
        client_say(fds[i], SMALL_POST);
    }
    wait_for_kept(3);
    pthread_t thread = stopping(&grace_ms);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 503);
        (void)close(fds[i]);
    }
    answer_from_other_threads();
    stopped(thread);
    ck_assert_int_eq(w.kept_count, 0);
}
END_TEST

START_TEST(a_handler_that_takes_too_long_is_not_waited_for)
{
    struct http_options o = options();
    o.limits.answer_ms = 1;
    w.later = true;
    start_with(o);
    int fd = client_connect(w.sockets[0]);
    client_say(fd, SMALL_POST);
    wait_for_kept(1);
    struct reply reply = client_read(fd, false);
    ck_assert_int_eq(reply.status, 503);
    ck_assert(client_ended(fd));
    (void)close(fd);
    ck_assert_int_eq(counters().late, 1);
    answer_from_other_threads(); /* an answer nobody waits for */
    w.later = false;
    ck_assert_int_eq(client_ask(w.sockets[0], SMALL_POST).status, 200);
}
END_TEST

START_TEST(answers_and_the_end_of_the_grace_may_cross)
{
    enum { ROUNDS = 20, CALLERS = 40 };
    for (int round = 0; round < ROUNDS; round++) {
        int64_t grace_ms = round % 4;
        int fds[CALLERS];
        if (round > 0)
            w.sockets[0] = client_listen("127.0.0.1:0");
        start();
        w.later = true;
        for (int i = 0; i < CALLERS; i++) {
            fds[i] = client_connect(w.sockets[0]);
            client_say(fds[i], SMALL_POST);
        }
        wait_for_kept(CALLERS);
        pthread_t thread = stopping(&grace_ms);
        answer_from_other_threads();
        for (int i = 0; i < CALLERS; i++) {
            int status = client_read(fds[i], false).status;
            ck_assert_msg(status == 202 || status == 503, "%d", status);
            (void)close(fds[i]);
        }
        stopped(thread);
    }
}
END_TEST

START_TEST(a_server_without_a_listener_is_refused)
{
    struct http_options o = options();
    int bad = -1;
    o.sockets = &bad;
    struct err err = {0};
    ck_assert_ptr_null(http_server_start(&o, &err));
    ck_assert_str_eq(err.text, "cannot take over a listening socket: Bad file descriptor");
    err = (struct err){0};
    o.socket_count = 17;
    ck_assert_ptr_null(http_server_start(&o, &err));
    ck_assert_str_eq(err.text, "17 listening sockets; 16 are the most");
    (void)close(w.sockets[0]);
}
END_TEST

CHECK_MAIN_FIXTURE(
    "http/server", setup, teardown, a_request_is_handed_over_whole, a_body_may_come_byte_by_byte,
    an_answer_may_come_later_from_any_thread, a_sender_that_hangs_up_is_no_trouble,
    a_sender_that_has_closed_its_half_gets_its_answer, a_head_gets_the_head_only,
    pipelined_requests_are_answered_in_order, http_1_0_is_answered_and_closed,
    two_listeners_share_one_server, a_body_of_the_ceiling_passes_and_one_byte_more_is_413,
    the_sender_of_a_far_too_large_body_sees_413_before_it_has_sent_it,
    a_connection_goes_on_after_a_413_that_was_read_away, chunked_bodies_are_put_together,
    chunked_bodies_have_the_same_ceiling, a_chunked_body_without_end_is_cut_off,
    bodies_that_make_no_sense_are_400, expect_100_continue_is_answered_before_the_body,
    who_expects_100_is_refused_before_the_body,
    a_refused_body_is_read_away_and_the_connection_goes_on, bad_escapes_and_nul_in_the_path_are_400,
    bad_request_lines_get_no_200_and_hurt_nobody,
    a_request_that_ends_in_two_places_is_400_and_the_last, a_head_that_is_too_large_is_431,
    a_path_that_is_too_long_is_414, no_stall_at_129_connections, no_stall_at_256_connections,
    no_stall_at_1000_connections, idle_and_slow_connections_are_closed,
    one_whose_request_is_handled_is_not_idle, when_places_run_out_the_oldest_without_a_request_goes,
    a_thousand_silent_ones_do_not_keep_a_good_one_out, an_address_has_a_ceiling_of_its_own,
    all_bodies_together_have_a_ceiling, stop_answers_what_was_read,
    stop_waits_for_the_rest_of_a_request, stop_lets_in_who_stands_at_the_door,
    a_socket_that_is_kept_goes_on_to_the_next_server,
    what_is_not_answered_in_time_gets_503_and_may_be_answered_later,
    a_handler_that_takes_too_long_is_not_waited_for, answers_and_the_end_of_the_grace_may_cross,
    a_server_without_a_listener_is_refused)
