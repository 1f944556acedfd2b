/* The operator's address with everything real behind it, but for the portal, which is silent. */

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/admin/admin.h"
#include "tests/support/check_main.h"
#include "tests/support/client.h"
#include "tests/support/temp.h"

#define TOKEN "admin-token-0123456789"

static struct world {
    struct temp temp;
    struct config *config;
    struct store *store;
    int64_t portal;
    struct portal_client *client;
    struct engine *engine;
    struct ingest *ingest;
    struct watch *watch;
    struct admin *admin;
    int public_socket, sockets[2];
} w;

static void put(const char *name, const char *text)
{
    (void)temp_write(&w.temp, name, 0600, text, strlen(text));
}

static void woken(void *arg)
{
    engine_wake(arg);
}

static void load_config(const char *server_lines)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "[server]\ndatabase = b.db\n%s\n"
                   "[portal main]\nurl-file = url\ntoken-file = token\n",
                   server_lines);
    put("b24bridge.ini", text);
    struct diag diag;
    diag_init(&diag);
    w.config = config_load(temp_path(&w.temp, "b24bridge.ini"), &diag);
    ck_assert_msg(w.config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "");
    diag_done(&diag);
}

static void start_parts(void)
{
    struct err err = {0};
    struct store_options o = {.path = w.config->database, .max_queue = w.config->max_queue};
    w.store = store_open(&o, &err);
    ck_assert_msg(w.store != NULL, "%s", err.text);
    ck_assert(store_portal_id(w.store, "main", &w.portal, &err));
    struct portal_settings settings = {
        .id = w.portal, .name = "main", .url = w.config->portals[0].url, .share = 1};
    w.client = portal_client_start(
        &(struct portal_client_options){.portals = &settings, .portal_count = 1}, &err);
    ck_assert_msg(w.client != NULL, "%s", err.text);
    w.engine = engine_start(
        &(struct engine_options){
            .config = w.config, .portal_ids = &w.portal, .store = w.store, .client = w.client},
        &err);
    ck_assert_msg(w.engine != NULL, "%s", err.text);
    w.public_socket = client_listen("127.0.0.1:0");
    w.ingest = ingest_start(&(struct ingest_options){.config = w.config,
                                                     .portal_ids = &w.portal,
                                                     .store = w.store,
                                                     .sockets = &w.public_socket,
                                                     .socket_count = 1,
                                                     .stored = woken,
                                                     .arg = w.engine},
                            &err);
    ck_assert_msg(w.ingest != NULL, "%s", err.text);
}

static void start(const char *server_lines)
{
    struct err err = {0};
    load_config(server_lines);
    start_parts();
    w.watch = watch_new(w.store, w.config->database);
    char unix_text[128];
    (void)snprintf(unix_text, sizeof unix_text, "unix:%s/s", w.temp.folder);
    w.sockets[0] = client_listen("127.0.0.1:0");
    w.sockets[1] = client_listen(unix_text);
    char texts[2][128] = {"127.0.0.1:8024", "127.0.0.1:8025"};
    w.admin = admin_start(&(struct admin_options){.config = w.config,
                                                  .portal_ids = &w.portal,
                                                  .store = w.store,
                                                  .client = w.client,
                                                  .engine = w.engine,
                                                  .ingest = w.ingest,
                                                  .watch = w.watch,
                                                  .sockets = w.sockets,
                                                  .socket_count = 2,
                                                  .listen_texts = texts,
                                                  .listen_count = 2},
                          &err);
    ck_assert_msg(w.admin != NULL, "%s", err.text);
}

static void setup(void)
{
    w = (struct world){.temp = temp_make()};
    put("url", "http://127.0.0.1:1/rest/1/abcdef0123456789/\n");
    put("token", "51856fefc120afa4b628cc82d3935cce\n");
    put("admin-token", TOKEN "\n");
    ck_assert_int_eq(mkdir(temp_path(&w.temp, "rules.d"), 0700), 0);
    put("rules.d/10.ini", "[rule r]\non = deal added\n[then stop]\n");
}

static void teardown(void)
{
    admin_stop(w.admin, 1000);
    ingest_stop(w.ingest, 1000);
    engine_halt(w.engine);
    portal_client_stop(w.client, 0);
    engine_stop(w.engine);
    watch_free(w.watch);
    store_close(w.store);
    config_free(w.config);
    temp_remove(&w.temp);
}

static struct reply get_on(int listening, const char *path, const char *header)
{
    char *text = mem_printf("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, header);
    int fd = client_connect(listening);
    client_say(fd, text);
    struct reply r = client_read(fd, false);
    (void)close(fd);
    mem_free(text);
    return r;
}

static json_t *parsed(const struct reply *r)
{
    struct err err = {0};
    json_t *tree = jv_parse_new(r->body, strlen(r->body), &err);
    ck_assert_msg(tree != NULL, "%s: %s", err.text, r->body);
    return tree;
}

static json_t *get(const char *path, int status)
{
    struct reply r = get_on(w.sockets[1], path, "");
    ck_assert_msg(r.status == status, "%s: %d %s", path, r.status, r.body);
    ck_assert_ptr_nonnull(strcasestr(r.head, "Content-Type: application/json; charset=utf-8"));
    return parsed(&r);
}

static bool check_ok(const json_t *health, const char *name)
{
    size_t i;
    json_t *check;
    json_array_foreach (json_object_get(health, "checks"), i, check)
        if (strcmp(jv_text(check, "name", ""), name) == 0)
            return jv_flag(check, "ok");
    ck_abort_msg("no check %s", name);
}

/* ---- health ---------------------------------------------------------------------------------- */

START_TEST(health_tells_of_every_part)
{
    static const char *const names[] = {"database", "disk",  "queue",      "workers",
                                        "listener", "rules", "portal main"};
    start("");
    JV_AUTO *health = get("/health", 200);
    ck_assert(jv_flag(health, "ok"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(check_ok(health, names[i]), "%s", names[i]);
    ck_assert_str_eq(jv_text(health, "listen.0", ""), "127.0.0.1:8024");
    ck_assert_str_eq(jv_text(health, "listen.1", ""), "127.0.0.1:8025");
    ck_assert(admin_alive(w.admin));
}
END_TEST

START_TEST(health_is_red_while_the_database_is_gone)
{
    start("");
    char away[200];
    (void)snprintf(away, sizeof away, "%s/away", w.temp.folder);
    ck_assert_int_eq(rename(w.config->database, away), 0);
    struct err err = {0};
    struct store_change *change = store_change_new();
    store_put_setting(change, "x", "y");
    ck_assert(!store_commit(w.store, change, &err));
    JV_AUTO *health = get("/health", 503);
    ck_assert(!jv_flag(health, "ok"));
    ck_assert(!check_ok(health, "database"));
    ck_assert(check_ok(health, "workers"));
    ck_assert_ptr_nonnull(strstr(jv_text(health, "checks.0.say", ""), "is no longer there"));
    json_decref(get("/ready", 503));
    ck_assert_int_eq(rename(away, w.config->database), 0);
}
END_TEST

START_TEST(health_is_red_when_the_queue_is_over_four_fifths)
{
    start("max-queue = 5");
    struct store_change *change = store_change_new();
    for (int i = 0; i < 5; i++) {
        struct run run = {.id = store_next_id(w.store),
                          .portal = w.portal,
                          .rule = "r",
                          .entity = {.type = ENTITY_DEAL, .id = "1"},
                          .state = RUN_WAITING,
                          .due_ms = clock_wall_ms() + 3600000};
        store_put_run(change, &run);
    }
    struct err err = {0};
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
    JV_AUTO *health = get("/health", 503);
    ck_assert(!check_ok(health, "queue"));
    ck_assert(check_ok(health, "database"));
}
END_TEST

START_TEST(ready_ends_with_the_term_signal)
{
    start("");
    JV_AUTO *ready = get("/ready", 200);
    ck_assert(jv_flag(ready, "ready"));
    admin_not_ready(w.admin);
    JV_AUTO *unready = get("/ready", 503);
    ck_assert(!jv_flag(unready, "ready"));
}
END_TEST

/* ---- metrics --------------------------------------------------------------------------------- */

/* All of /metrics; it is larger than a reply of client.h. mem_free. */
static char *metrics(void)
{
    enum { MOST = 1 << 18 };
    int fd = client_connect(w.sockets[0]);
    client_say(fd, "GET /metrics HTTP/1.0\r\n\r\n");
    char *text = mem_alloc(MOST);
    size_t size = 0;
    for (ssize_t got = 1; got > 0; size += (size_t)got) {
        got = recv(fd, text + size, MOST - 1 - size, 0);
        ck_assert_int_ge(got, 0);
    }
    (void)close(fd);
    return text;
}

static bool is_sample(const char *line)
{
    const char *space = strrchr(line, ' ');
    char *end = NULL;
    if (space == NULL || strncmp(line, "b24bridge_", strlen("b24bridge_")) != 0)
        return false;
    (void)strtod(space + 1, &end);
    return end != space + 1 && *end == '\0';
}

START_TEST(metrics_are_lines_of_the_exposition_format)
{
    start("");
    char *text = metrics();
    char *body = strstr(text, "\r\n\r\n");
    ck_assert_ptr_nonnull(body);
    ck_assert_ptr_nonnull(strstr(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
    int samples = 0;
    char *rest = NULL;
    for (char *line = strtok_r(body + 4, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0)
            continue;
        ck_assert_msg(is_sample(line), "%s", line);
        samples++;
    }
    ck_assert_int_gt(samples, 30);
    mem_free(text);
}
END_TEST

START_TEST(metrics_count_what_the_listener_refused)
{
    start("");
    ck_assert_int_eq(
        client_ask(w.public_socket, "POST /hook/nobody HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
    char *text = metrics();
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_events_total{outcome=\"unknown_portal\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_events_total{outcome=\"accepted\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_portal_up{portal=\"main\"} 1\n"));
    mem_free(text);
}
END_TEST

/* ---- the API --------------------------------------------------------------------------------- */

START_TEST(without_a_token_in_the_configuration_the_api_answers_on_the_unix_socket_only)
{
    start("");
    ck_assert_int_eq(get_on(w.sockets[0], "/api/status", "").status, 403);
    ck_assert_int_eq(get_on(w.sockets[0], "/api/status", "Authorization: Bearer x\r\n").status,
                     403);
    ck_assert_int_eq(get_on(w.sockets[1], "/api/status", "").status, 200);
    ck_assert_int_eq(get_on(w.sockets[0], "/health", "").status, 200);
    ck_assert_int_eq(get_on(w.sockets[0], "/ready", "").status, 200);
}
END_TEST

START_TEST(with_a_token_it_is_asked_for_on_tcp)
{
    static const char *const wrong[] = {"",
                                        "Authorization: Bearer \r\n",
                                        "Authorization: Bearer wrong\r\n",
                                        "Authorization: Bearer " TOKEN "x\r\n",
                                        "Authorization: Basic " TOKEN "\r\n",
                                        "Authorization: " TOKEN "\r\n"};
    start("admin-token-file = admin-token");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(get_on(w.sockets[0], "/api/status", wrong[i]).status == 401, "%s", wrong[i]);
    ck_assert_int_eq(
        get_on(w.sockets[0], "/api/status", "Authorization: Bearer " TOKEN "\r\n").status, 200);
    ck_assert_int_eq(
        get_on(w.sockets[0], "/api/nothing", "Authorization: Bearer " TOKEN "\r\n").status, 404);
    ck_assert_int_eq(get_on(w.sockets[0], "/api/nothing", "").status, 401);
    ck_assert_int_eq(get_on(w.sockets[1], "/api/status", "").status, 200);
}
END_TEST

START_TEST(status_shows_the_whole)
{
    start("");
    JV_AUTO *status = get("/api/status", 200);
    ck_assert_str_eq(jv_text(status, "version", ""), B24BRIDGE_VERSION);
    ck_assert(jv_flag(status, "health.ok"));
    ck_assert_str_eq(jv_text(status, "portals.0.name", ""), "main");
    ck_assert_str_eq(jv_text(status, "portals.0.circuit", ""), "closed");
    ck_assert_int_eq(jv_int(status, "queue.events_new", -1), 0);
    ck_assert(json_is_array(jv_at(status, "errors")));
    ck_assert(json_is_array(jv_at(status, "held")));
}
END_TEST

static void refused(const char *path, const char *say)
{
    JV_AUTO *answer = get(path, 400);
    ck_assert_str_eq(jv_text(answer, "error", ""), say);
}

START_TEST(questions_without_sense_are_400_and_say_why)
{
    start("");
    refused("/api/story", "no entity; \"entity=deal 123\" would be right");
    refused("/api/story?entity=", "no entity; \"entity=deal 123\" would be right");
    refused("/api/story?entity=deal%20123&portal=gone", "no portal \"gone\" in the configuration");
    refused("/api/runs?portal=gone", "no portal \"gone\" in the configuration");
    json_decref(get("/api/story?entity=deal%20x", 400));
    json_decref(get("/api/story?entity=deal%2", 400));
    json_decref(get("/api/runs?entity=nothing%201", 400));
}
END_TEST

START_TEST(a_story_of_which_nothing_is_known_is_empty)
{
    start("");
    JV_AUTO *story = get("/api/story?entity=deal+123&portal=main", 200);
    ck_assert_str_eq(jv_text(story, "entity", ""), "deal 123");
    ck_assert_uint_eq(json_array_size(jv_at(story, "rows")), 0);
}
END_TEST

START_TEST(runs_are_found_by_what_is_known_of_them)
{
    start("");
    struct run run = {.id = store_next_id(w.store),
                      .portal = w.portal,
                      .rule = "r",
                      .entity = {.type = ENTITY_DEAL, .id = "5"},
                      .state = RUN_WAITING,
                      .due_ms = clock_wall_ms() + 3600000,
                      .created_ms = 1755780000000};
    struct store_change *change = store_change_new();
    struct err err = {0};
    store_put_run(change, &run);
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
    static const struct {
        const char *path;
        size_t count;
    } cases[] = {
        {"/api/runs", 1},
        {"/api/runs?state=waiting", 1},
        {"/api/runs?state=done", 0},
        {"/api/runs?rule=r&portal=main", 1},
        {"/api/runs?rule=x", 0},
        {"/api/runs?entity=deal%205", 1},
        {"/api/runs?entity=deal%206", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JV_AUTO *runs = get(cases[i].path, 200);
        ck_assert_msg(json_array_size(jv_at(runs, "runs")) == cases[i].count, "%s", cases[i].path);
        if (cases[i].count == 0)
            continue;
        ck_assert_str_eq(jv_text(runs, "runs.0.portal", ""), "main");
        ck_assert(json_is_array(jv_at(runs, "runs.0.cancels")));
        ck_assert_ptr_nonnull(jv_text(runs, "runs.0.due", NULL));
    }
}
END_TEST

START_TEST(a_hostile_entity_comes_back_as_text)
{
    start("");
    JV_AUTO *answer = get("/api/story?entity=%22%3Cscript%3E%0d%0aX:y", 400);
    ck_assert_ptr_nonnull(strstr(jv_text(answer, "error", ""), "<script>"));
}
END_TEST

/* ---- orders ---------------------------------------------------------------------------------- */

static int64_t put_run(enum run_state state)
{
    struct run run = {.id = store_next_id(w.store),
                      .portal = w.portal,
                      .rule = "r",
                      .entity = {.type = ENTITY_DEAL, .id = "5"},
                      .state = state,
                      .step = 1,
                      .created_ms = 1755780000000};
    struct store_change *change = store_change_new();
    struct err err = {0};
    store_put_run(change, &run);
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
    return run.id;
}

static void order(int listening, const char *path, int64_t run, const char *header, int status,
                  const char *say)
{
    char *text = mem_printf("POST %s%lld HTTP/1.1\r\nHost: x\r\n%sContent-Length: 0\r\n\r\n", path,
                            (long long)run, header);
    struct reply r = client_ask(listening, text);
    mem_free(text);
    ck_assert_msg(r.status == status, "%s: %d %s", path, r.status, r.body);
    JV_AUTO *answer = parsed(&r);
    const char *said = jv_text(answer, status == 200 ? "say" : "error", "");
    ck_assert_msg(strstr(said, say) != NULL, "%s, not %s", said, say);
}

START_TEST(an_order_says_what_it_does_and_stands_in_the_story)
{
    start("");
    order(w.sockets[1], "/api/queue/drop?run=", put_run(RUN_PARKED), "", 200, "dropped by ");
    JV_AUTO *cancelled = get("/api/runs?state=cancelled", 200);
    ck_assert_uint_eq(json_array_size(jv_at(cancelled, "runs")), 1);
    /* The engine takes it up at once; there is no such rule. */
    order(w.sockets[1], "/api/queue/retry?run=", put_run(RUN_DEAD), "", 200,
          "says it was not done: step 2 again, attempt 2");
    order(w.sockets[1], "/api/queue/done?made=7&run=", put_run(RUN_PARKED), "", 200,
          "says it was done: goes on behind step 2");
    JV_AUTO *story = get("/api/story?entity=deal%205", 200);
    size_t i, orders = 0;
    json_t *row;
    json_array_foreach (jv_loose(jv_at(story, "rows")), i, row)
        orders += strcmp(jv_text(row, "what", ""), "operator") == 0;
    ck_assert_uint_eq(orders, 3);
}
END_TEST

START_TEST(an_order_that_makes_no_sense_is_refused)
{
    start("");
    int unix_socket = w.sockets[1];
    order(unix_socket, "/api/queue/retry?run=", 999, "", 404, "there is no run 999");
    order(unix_socket, "/api/queue/retry?run=", -1, "", 400, "no run; \"run=17\" would be right");
    order(unix_socket, "/api/queue/retry?run=", put_run(RUN_DONE), "", 409,
          "is done, not parked or dead");
    order(unix_socket, "/api/queue/done?run=", put_run(RUN_DEAD), "", 409, "is dead, not parked");
    order(unix_socket, "/api/queue/burn?run=", 1, "", 404, "/api/queue/retry done drop are there");
}
END_TEST

START_TEST(an_order_on_tcp_takes_the_token)
{
    start("admin-token-file = admin-token");
    int64_t run = put_run(RUN_PARKED);
    order(w.sockets[0], "/api/queue/drop?run=", run, "", 401, "bearer token");
    order(w.sockets[0], "/api/queue/drop?run=", run, "Authorization: Bearer " TOKEN "\r\n", 200,
          "dropped by the holder of the admin token at 127.0.0.1");
}
END_TEST

/* ---- the rest -------------------------------------------------------------------------------- */

START_TEST(other_routes_are_404_and_other_methods_405)
{
    start("");
    json_decref(get("/", 404));
    json_decref(get("/healthy", 404));
    json_decref(get("/hook/main", 404));
    ck_assert_int_eq(
        client_ask(w.sockets[0], "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            .status,
        405);
    ck_assert_int_eq(client_ask(w.sockets[0], "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n").status,
                     200);
}
END_TEST

CHECK_MAIN_FIXTURE("admin/admin", setup, teardown, health_tells_of_every_part,
                   health_is_red_while_the_database_is_gone,
                   health_is_red_when_the_queue_is_over_four_fifths,
                   ready_ends_with_the_term_signal, metrics_are_lines_of_the_exposition_format,
                   metrics_count_what_the_listener_refused,
                   without_a_token_in_the_configuration_the_api_answers_on_the_unix_socket_only,
                   with_a_token_it_is_asked_for_on_tcp, status_shows_the_whole,
                   questions_without_sense_are_400_and_say_why,
                   a_story_of_which_nothing_is_known_is_empty,
                   runs_are_found_by_what_is_known_of_them, a_hostile_entity_comes_back_as_text,
                   an_order_says_what_it_does_and_stands_in_the_story,
                   an_order_that_makes_no_sense_is_refused, an_order_on_tcp_takes_the_token,
                   other_routes_are_404_and_other_methods_405)
