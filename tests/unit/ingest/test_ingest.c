/* The public listener with a real store: who is let in, what is kept, and each refusal's status and
 * counter (product.md §4). */

#include <stdatomic.h>

#include "common/mem.h"
#include "daemon/ingest/ingest.h"
#include "tests/support/check_main.h"
#include "tests/support/client.h"
#include "tests/support/fixture.h"
#include "tests/support/temp.h"

#define TOKEN "51856fefc120afa4b628cc82d3935cce"
#define SECOND_TOKEN "16b3f4a8c05d4e7e9a2b61f0d83c7e54"
#define MEMBER "a223c6b3710f85df22e9377d6c4f7553"
#define KEY "robot-key-0123456789"

static struct world {
    struct temp temp;
    struct config *config;
    struct store *store;
    int64_t portal_ids[2];
    int socket;
    struct ingest *ingest;
    atomic_int wakes;
} w;

static void put(const char *name, const char *text)
{
    (void)temp_write(&w.temp, name, 0600, text, strlen(text));
}

static void woken(void *arg)
{
    ck_assert_ptr_eq(arg, &w);
    atomic_fetch_add(&w.wakes, 1);
}

static void load_config(const char *server_lines)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "[server]\ndatabase = b.db\n%s\n"
                   "[portal main]\nurl-file = url\ntoken-file = token\ntoken-file = second\n"
                   "robot-key-file = key\n"
                   "[portal other]\nurl-file = url\ntoken-file = token\n",
                   server_lines);
    put("b24bridge.ini", text);
    struct diag diag;
    diag_init(&diag);
    w.config = config_load(temp_path(&w.temp, "b24bridge.ini"), &diag);
    ck_assert_msg(w.config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "");
    diag_done(&diag);
}

static void open_store(void)
{
    struct err err = {0};
    struct store_options o = {.path = w.config->database, .max_queue = w.config->max_queue};
    w.store = store_open(&o, &err);
    ck_assert_msg(w.store != NULL, "%s", err.text);
    ck_assert(store_portal_id(w.store, "main", &w.portal_ids[0], &err));
    ck_assert(store_portal_id(w.store, "other", &w.portal_ids[1], &err));
}

static void start_ingest(void)
{
    struct err err = {0};
    w.socket = client_listen("127.0.0.1:0");
    w.ingest = ingest_start(&(struct ingest_options){.config = w.config,
                                                     .portal_ids = w.portal_ids,
                                                     .store = w.store,
                                                     .sockets = &w.socket,
                                                     .socket_count = 1,
                                                     .stored = woken,
                                                     .arg = &w},
                            &err);
    ck_assert_msg(w.ingest != NULL, "%s", err.text);
}

static void stop(void)
{
    ingest_stop(w.ingest, 5000);
    w.ingest = NULL;
    store_close(w.store);
    w.store = NULL;
    config_free(w.config);
    w.config = NULL;
}

static void start(const char *server_lines)
{
    load_config(server_lines);
    open_store();
    start_ingest();
}

static void setup(void)
{
    w = (struct world){.temp = temp_make()};
    put("url", "https://firm.bitrix24.ru/rest/1/abcdef0123456789/\n");
    put("token", TOKEN "\n");
    put("second", SECOND_TOKEN "\n");
    put("key", KEY "\n");
    ck_assert_int_eq(mkdir(temp_path(&w.temp, "rules.d"), 0700), 0);
    put("rules.d/10.ini", "[rule r]\non = robot call\nportal = main\n[then stop]\n"
                          "[rule d]\non = deal updated\n[then stop]\n");
}

static void teardown(void)
{
    stop();
    temp_remove(&w.temp);
}

/* ---- asking ---------------------------------------------------------------------------------- */

#define FORM "application/x-www-form-urlencoded"

static int post_as(const char *path, const char *type, const char *more, const char *body)
{
    char *text = mem_printf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n%s"
                            "Content-Length: %zu\r\n\r\n%s",
                            path, type, more, strlen(body), body);
    int status = client_ask(w.socket, text).status;
    mem_free(text);
    return status;
}

static int post(const char *path, const char *body)
{
    return post_as(path, FORM, "", body);
}

#define DEAL "event=ONCRMDEALUPDATE&data[FIELDS][ID]=351&ts=1755780000"
#define AUTH(token, member)                                                                        \
    "&auth[domain]=x.bitrix24.com&auth[member_id]=" member "&auth[application_token]=" token
#define GOOD DEAL AUTH(TOKEN, MEMBER)
#define ROBOT "document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_123"
#define GOOD_ROBOT ROBOT "&auth[member_id]=" MEMBER

static int64_t count(enum ingest_count which)
{
    struct ingest_health h;
    ingest_health(w.ingest, &h);
    return h.counts[which];
}

static int64_t kept(const char *id, struct event *ret_first)
{
    struct err err = {0};
    struct store_reader *reader = store_reader_open(w.store, &err);
    struct entity entity = {.type = ENTITY_DEAL};
    (void)snprintf(entity.id, sizeof entity.id, "%s", id);
    struct event *events = NULL;
    int64_t n = 0;
    ck_assert_msg(store_read_events(reader, w.portal_ids[0], &entity, 100, &events, &n, &err), "%s",
                  err.text);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 && ret_first != NULL)
            *ret_first = events[0];
        else
            event_done(&events[i]);
    }
    mem_free(events);
    store_reader_close(reader);
    return n;
}

static void member_is(const char *expected)
{
    struct err err = {0};
    char member[80] = "";
    struct store_reader *reader = store_reader_open(w.store, &err);
    ck_assert_msg(store_read_member(reader, w.portal_ids[0], member, &err), "%s", err.text);
    ck_assert_str_eq(member, expected);
    store_reader_close(reader);
}

/* ---- what is let in -------------------------------------------------------------------------- */

START_TEST(an_event_is_stored_without_its_secrets_before_200)
{
    start("");
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    struct event event = {0};
    ck_assert_int_eq(kept("351", &event), 1);
    ck_assert_str_eq(event.name, "ONCRMDEALUPDATE");
    ck_assert_int_eq(event.source, EVENT_WEBHOOK);
    ck_assert_str_eq(event.body, DEAL "&auth[domain]=x.bitrix24.com&auth[member_id]=" MEMBER);
    ck_assert_ptr_null(event.query);
    ck_assert_int_eq(event.sent_s, 1755780000);
    ck_assert_int_gt(event.received_ms, 0);
    event_done(&event);
    ck_assert_int_eq(atomic_load(&w.wakes), 1);
    ck_assert_int_eq(count(INGEST_ACCEPTED), 1);
}
END_TEST

START_TEST(every_sample_with_a_known_token_is_200)
{
    start("");
    static const char *const files[] = {"onappuninstall",
                                        "oncrmactivityadd",
                                        "oncrmdealadd",
                                        "oncrmdynamicitemupdate",
                                        "oncrmtimelinecommentadd",
                                        "onexternalcallstart",
                                        "onimconnectorlinedelete",
                                        "onofflineevent",
                                        "ontaskcommentadd-new-card",
                                        "ontaskdelete",
                                        "onuseradd",
                                        "onvoximplantcallend"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[128];
        size_t size;
        (void)snprintf(name, sizeof name, "bodies/%s.form", files[i]);
        char *body = fixture_read(name, &size);
        ck_assert_msg(post("/hook/main", body) == 200, "%s", files[i]);
        free(body);
    }
}
END_TEST

START_TEST(an_event_that_concerns_no_rule_is_accepted_and_wakes_nobody)
{
    start("");
    ck_assert_int_eq(
        post("/hook/main", "event=ONCRMCOMPANYUPDATE&data[FIELDS][ID]=643" AUTH(TOKEN, MEMBER)),
        200);
    ck_assert_int_eq(count(INGEST_ACCEPTED), 1);
    ck_assert_int_eq(atomic_load(&w.wakes), 0);
    struct store_health h;
    store_health(w.store, &h);
    ck_assert_int_eq(h.queued, 0);
}
END_TEST

START_TEST(the_same_body_twice_is_two_events)
{
    start("");
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    ck_assert_int_eq(kept("351", NULL), 2);
}
END_TEST

START_TEST(either_token_is_right_while_they_rotate)
{
    start("");
    ck_assert_int_eq(post("/hook/main", DEAL AUTH(TOKEN, MEMBER)), 200);
    ck_assert_int_eq(post("/hook/main", DEAL AUTH(SECOND_TOKEN, MEMBER)), 200);
    ck_assert_int_eq(post("/hook/other", DEAL AUTH(SECOND_TOKEN, MEMBER)), 403);
}
END_TEST

START_TEST(content_types_with_a_charset_are_right)
{
    start("");
    ck_assert_int_eq(post_as("/hook/main", FORM "; charset=UTF-8", "", GOOD), 200);
    ck_assert_int_eq(post_as("/hook/main", "Application/X-WWW-Form-URLencoded", "", GOOD), 200);
    ck_assert_int_eq(post_as("/hook/main", FORM, "Content-Encoding: identity\r\n", GOOD), 200);
}
END_TEST

START_TEST(a_robot_with_its_key_is_stored_without_the_key)
{
    start("");
    ck_assert_int_eq(
        post("/hook/main/robot/call?act=move&key=" KEY "&title=Repair%20%23123", GOOD_ROBOT), 200);
    struct event event = {0};
    ck_assert_int_eq(kept("123", &event), 1);
    ck_assert_int_eq(event.source, EVENT_ROBOT);
    ck_assert_str_eq(event.name, "call");
    ck_assert_str_eq(event.query, "act=move&title=Repair%20%23123");
    ck_assert_int_eq(event.priority, PRIORITY_URGENT);
    event_done(&event);
    member_is(MEMBER);
}
END_TEST

START_TEST(a_look_at_a_hook_is_200_and_does_nothing)
{
    start("");
    ck_assert_int_eq(client_ask(w.socket, "GET /hook/main HTTP/1.1\r\nHost: x\r\n\r\n").status,
                     200);
    ck_assert_int_eq(client_ask(w.socket, "HEAD /hook/main HTTP/1.1\r\nHost: x\r\n\r\n").status,
                     200);
    ck_assert_int_eq(
        client_ask(w.socket, "GET /hook/main/robot/x HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    ck_assert_int_eq(count(INGEST_PROBED), 3);
    ck_assert_int_eq(atomic_load(&w.wakes), 0);
}
END_TEST

/* ---- what is not ----------------------------------------------------------------------------- */

static const struct refusal {
    const char *path, *type, *more, *body;
    int status;
    enum ingest_count counted;
} refusals[] = {
    {"/hook/main", FORM, "", DEAL, 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", DEAL AUTH("", MEMBER), 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", DEAL AUTH("wrong", MEMBER), 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", DEAL AUTH(TOKEN "x", MEMBER), 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", GOOD "&auth[application_token]=" TOKEN, 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", GOOD "&auth[application_token][x]=1", 403, INGEST_BAD_TOKEN},
    {"/hook/main?auth[application_token]=" TOKEN, FORM, "", GOOD, 403, INGEST_BAD_TOKEN},
    {"/hook/main?application%5Ftoken=" TOKEN, FORM, "", DEAL, 403, INGEST_BAD_TOKEN},
    {"/hook/main", FORM, "", GOOD_ROBOT, 403, INGEST_BAD_TOKEN},
    {"/hook/main?a=%zz", FORM, "", GOOD, 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", GOOD "&a=%zz", 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", GOOD "&a=%00", 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", GOOD "&a[=1", 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", "ts=1" AUTH(TOKEN, MEMBER), 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", "event=ONCRMDEALADD" AUTH(TOKEN, MEMBER), 400, INGEST_BAD_FORM},
    {"/hook/main", FORM, "", "event=ONCRMDEALADD&data[FIELDS][ID]=x" AUTH(TOKEN, MEMBER), 400,
     INGEST_BAD_FORM},
    {"/hook/ma%00in", FORM, "", GOOD, 400, INGEST_BAD_FORM},
    {"/hook/main%", FORM, "", GOOD, 400, INGEST_BAD_FORM},
    {"/hook/nobody", FORM, "", GOOD, 404, INGEST_UNKNOWN_PORTAL},
    {"/hook/mai", FORM, "", GOOD, 404, INGEST_UNKNOWN_PORTAL},
    {"/hook/Main", FORM, "", GOOD, 404, INGEST_UNKNOWN_PORTAL},
    {"/hook/", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook/main/", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook/main/x", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook/main/robot/", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook/main/robot/call/x", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/health", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/api/status", FORM, "", GOOD, 404, INGEST_NOT_FOUND},
    {"/hook/main", "application/json", "", "{}", 415, INGEST_BAD_TYPE},
    {"/hook/main", FORM "x", "", GOOD, 415, INGEST_BAD_TYPE},
    {"/hook/main", "multipart/form-data; boundary=x", "", GOOD, 415, INGEST_BAD_TYPE},
    {"/hook/main", FORM, "Content-Encoding: gzip\r\n", GOOD, 415, INGEST_BAD_TYPE},
    {"/hook/main/robot/call", FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/call?key=", FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/call?key=wrong", FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/call?key=" KEY "&key=" KEY, FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/call?a=%zz&key=" KEY, FORM, "", GOOD_ROBOT, 400, INGEST_BAD_FORM},
    {"/hook/other/robot/call?key=" KEY, FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/nobody?key=" KEY, FORM, "", GOOD_ROBOT, 404, INGEST_UNKNOWN_ROBOT},
    {"/hook/main/robot/nobody?key=wrong", FORM, "", GOOD_ROBOT, 403, INGEST_BAD_KEY},
    {"/hook/main/robot/call?key=" KEY, FORM, "", ROBOT, 403, INGEST_BAD_MEMBER},
    {"/hook/main/robot/call?key=" KEY, FORM, "", "auth[member_id]=" MEMBER, 400, INGEST_BAD_FORM},
    {"/hook/main/robot/call?key=" KEY, FORM, "",
     "document_id[0]=crm&document_id[2]=X_1"
     "&auth[member_id]=" MEMBER,
     400, INGEST_BAD_FORM},
    {"/hook/main/robot/call?key=" KEY, FORM, "", GOOD_ROBOT "&a=%", 400, INGEST_BAD_FORM},
};

START_TEST(each_refusal_has_its_status_and_its_counter)
{
    start("");
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *c = &refusals[i];
        int64_t before = count(c->counted);
        int status = post_as(c->path, c->type, c->more, c->body);
        ck_assert_msg(status == c->status, "%zu %s: %d, not %d", i, c->path, status, c->status);
        ck_assert_msg(count(c->counted) == before + 1, "%zu %s is not counted as %s", i, c->path,
                      ingest_count_word(c->counted));
    }
    ck_assert_int_eq(count(INGEST_ACCEPTED), 0);
    ck_assert_int_eq(atomic_load(&w.wakes), 0);
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
}
END_TEST

START_TEST(other_methods_are_404)
{
    static const char *const methods[] = {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"};
    start("");
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "%s /hook/main HTTP/1.1\r\nHost: x\r\n\r\n", methods[i]);
        ck_assert_msg(client_ask(w.socket, text).status == 404, "%s", methods[i]);
    }
}
END_TEST

START_TEST(the_body_of_a_refusal_is_empty)
{
    start("");
    struct reply r = client_ask(w.socket, "POST /hook/nobody HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(r.status, 404);
    ck_assert_uint_eq(client_length(r.head), 0);
}
END_TEST

START_TEST(a_body_over_max_body_is_413_and_counted)
{
    start("max-body = 1 KiB");
    char *fill = mem_alloc(2001);
    memset(fill, 'x', 2000);
    char *body = mem_printf(GOOD "&a=%s", fill);
    ck_assert_int_eq(post("/hook/main", body), 413);
    ck_assert_int_eq(count(INGEST_TOO_LARGE), 1);
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    mem_free(body);
    mem_free(fill);
}
END_TEST

START_TEST(too_many_pairs_brackets_and_long_keys_are_400)
{
    start("");
    char *many = mem_alloc(4 * 5000 + 1);
    for (int i = 0; i < 5000; i++)
        memcpy(many + 4L * i, "&a=1", 4);
    char *body = mem_printf(GOOD "%s", many);
    ck_assert_int_eq(post("/hook/main", body), 400);
    mem_free(body);
    mem_free(many);
    ck_assert_int_eq(
        post("/hook/main", GOOD "&a[a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a]=1"), 400);
    char *key = mem_alloc(1026);
    memset(key, 'k', 1025);
    body = mem_printf(GOOD "&%s=1", key);
    ck_assert_int_eq(post("/hook/main", body), 400);
    mem_free(body);
    mem_free(key);
}
END_TEST

/* ---- the portal's own id --------------------------------------------------------------------- */

START_TEST(the_first_good_event_pins_the_member)
{
    start("");
    ck_assert_int_eq(post("/hook/main", DEAL AUTH("wrong", "attacker")), 403);
    member_is("");
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    member_is(MEMBER);
    ck_assert_int_eq(post("/hook/main", DEAL AUTH(TOKEN, "another")), 403);
    ck_assert_int_eq(count(INGEST_BAD_MEMBER), 1);
    struct ingest_health h;
    ingest_health(w.ingest, &h);
    ck_assert_str_eq(h.last_member, "another");
    ck_assert_int_eq(post("/hook/main", DEAL "&auth[application_token]=" TOKEN), 200);
    member_is(MEMBER);
}
END_TEST

START_TEST(the_pin_outlives_a_restart)
{
    start("");
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    stop();
    start("");
    ck_assert_int_eq(post("/hook/main", DEAL AUTH(TOKEN, "another")), 403);
    ck_assert_int_eq(post("/hook/main/robot/call?key=" KEY, ROBOT "&auth[member_id]=another"), 403);
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
    ck_assert_int_eq(post("/hook/other", DEAL AUTH(TOKEN, "another")), 200);
}
END_TEST

START_TEST(a_member_of_absurd_length_is_refused)
{
    start("");
    char *member = mem_alloc(101);
    memset(member, 'm', 100);
    char *body = mem_printf(DEAL "&auth[application_token]=" TOKEN "&auth[member_id]=%s", member);
    ck_assert_int_eq(post("/hook/main", body), 403);
    member_is("");
    mem_free(body);
    mem_free(member);
}
END_TEST

/* ---- senders --------------------------------------------------------------------------------- */

START_TEST(a_sender_that_is_not_listed_is_403)
{
    put("senders", "203.0.113.0/24\n");
    start("senders = senders");
    ck_assert_int_eq(post("/hook/main", GOOD), 403);
    ck_assert_int_eq(count(INGEST_BAD_SENDER), 1);
    ck_assert_int_eq(client_ask(w.socket, "GET /hook/main HTTP/1.1\r\nHost: x\r\n\r\n").status,
                     403);
}
END_TEST

START_TEST(a_sender_that_is_listed_gets_in)
{
    put("senders", "203.0.113.0/24\n127.0.0.0/8\n");
    start("senders = senders");
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
}
END_TEST

/* ---- when it cannot be stored ---------------------------------------------------------------- */

START_TEST(at_the_ceiling_of_the_queue_new_events_are_503)
{
    start("max-queue = 3");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(post("/hook/main", GOOD), 200);
    ck_assert_int_eq(post("/hook/main", GOOD), 503);
    ck_assert_int_eq(post("/hook/main/robot/call?key=" KEY, GOOD_ROBOT), 503);
    ck_assert_int_eq(count(INGEST_QUEUE_FULL), 2);
    struct event event = {0};
    ck_assert_int_eq(kept("351", &event), 3);
    struct store_change *change = store_change_new();
    struct err err = {0};
    store_put_event_seen(change, event.id);
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
    event_done(&event);
    ck_assert_int_eq(post("/hook/main", GOOD), 200);
}
END_TEST

START_TEST(a_store_that_fails_is_503_until_it_works_again)
{
    start("");
    char away[200];
    (void)snprintf(away, sizeof away, "%s/away", w.temp.folder);
    ck_assert_int_eq(rename(w.config->database, away), 0);
    ck_assert_int_eq(post("/hook/main", GOOD), 503);
    ck_assert_int_eq(count(INGEST_NOT_STORED), 1);
    ck_assert_int_eq(count(INGEST_ACCEPTED), 0);
    ck_assert_int_eq(atomic_load(&w.wakes), 0);
    ck_assert_int_eq(rename(away, w.config->database), 0);
    store_probe(w.store);
    int status = 503;
    for (int i = 0; i < 1000 && status == 503; i++)
        status = post("/hook/main", GOOD);
    ck_assert_int_eq(status, 200);
    member_is(MEMBER); /* the event that would have pinned it was not stored */
}
END_TEST

/* ---- many at once, and the end --------------------------------------------------------------- */

START_TEST(a_thousand_connections_bring_an_event_each)
{
    enum { CALLERS = 1000 };
    client_many_files();
    start("");
    static int fds[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        fds[i] = client_connect(w.socket);
    char text[600];
    for (int i = 0; i < CALLERS; i++) {
        (void)snprintf(text, sizeof text,
                       "POST /hook/main HTTP/1.1\r\nHost: x\r\nContent-Type: " FORM
                       "\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(GOOD), GOOD);
        client_say(fds[i], text);
    }
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
        (void)close(fds[i]);
    }
    ck_assert_int_eq(count(INGEST_ACCEPTED), CALLERS);
    ck_assert_int_eq(kept("351", NULL), 100); /* as many as were asked for */
    struct store_health h;
    store_health(w.store, &h);
    ck_assert_int_eq(h.queued, CALLERS);
    ck_assert_int_lt(h.commits, CALLERS); /* one flush serves many */
}
END_TEST

START_TEST(what_was_read_is_answered_at_the_end)
{
    enum { CALLERS = 100 };
    start("");
    int fds[CALLERS];
    char text[600];
    (void)snprintf(text, sizeof text,
                   "POST /hook/main HTTP/1.1\r\nHost: x\r\nContent-Type: " FORM
                   "\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(GOOD), GOOD);
    for (int i = 0; i < CALLERS; i++) {
        fds[i] = client_connect(w.socket);
        client_say(fds[i], text);
    }
    stop();
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
        (void)close(fds[i]);
    }
    load_config("");
    open_store();
    struct store_health h;
    store_health(w.store, &h);
    ck_assert_int_eq(h.queued, CALLERS);
}
END_TEST

START_TEST(every_counter_has_a_word)
{
    start("");
    for (int i = 0; i < INGEST_COUNTS; i++) {
        ck_assert_str_ne(ingest_count_word((enum ingest_count)i), "");
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(ingest_count_word((enum ingest_count)i),
                             ingest_count_word((enum ingest_count)k));
    }
}
END_TEST

CHECK_MAIN_FIXTURE("ingest/ingest", setup, teardown,
                   an_event_is_stored_without_its_secrets_before_200,
                   every_sample_with_a_known_token_is_200, the_same_body_twice_is_two_events,
                   an_event_that_concerns_no_rule_is_accepted_and_wakes_nobody,
                   either_token_is_right_while_they_rotate, content_types_with_a_charset_are_right,
                   a_robot_with_its_key_is_stored_without_the_key,
                   a_look_at_a_hook_is_200_and_does_nothing,
                   each_refusal_has_its_status_and_its_counter, other_methods_are_404,
                   the_body_of_a_refusal_is_empty, a_body_over_max_body_is_413_and_counted,
                   too_many_pairs_brackets_and_long_keys_are_400,
                   the_first_good_event_pins_the_member, the_pin_outlives_a_restart,
                   a_member_of_absurd_length_is_refused, a_sender_that_is_not_listed_is_403,
                   a_sender_that_is_listed_gets_in, at_the_ceiling_of_the_queue_new_events_are_503,
                   a_store_that_fails_is_503_until_it_works_again,
                   a_thousand_connections_bring_an_event_each, what_was_read_is_answered_at_the_end,
                   every_counter_has_a_word)
