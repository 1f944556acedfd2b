#ifndef TESTS_UNIT_ADMIN_WORLD_H
#define TESTS_UNIT_ADMIN_WORLD_H

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

static CLIENT_UNUSED void put(const char *name, const char *text)
{
    (void)temp_write(&w.temp, name, 0600, text, strlen(text));
}

static CLIENT_UNUSED void woken(void *arg)
{
    engine_wake(arg);
}

static CLIENT_UNUSED void load_config(const char *server_lines)
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

static CLIENT_UNUSED void start_parts(void)
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

static CLIENT_UNUSED void start(const char *server_lines)
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

static CLIENT_UNUSED void setup(void)
{
    w = (struct world){.temp = temp_make()};
    put("url", "http://127.0.0.1:1/rest/1/abcdef0123456789/\n");
    put("token", "51856fefc120afa4b628cc82d3935cce\n");
    put("admin-token", TOKEN "\n");
    ck_assert_int_eq(mkdir(temp_path(&w.temp, "rules.d"), 0700), 0);
    put("rules.d/10.ini", "[rule r]\non = deal added\n[then stop]\n");
}

static CLIENT_UNUSED void teardown(void)
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

static CLIENT_UNUSED struct reply get_on(int listening, const char *path, const char *header)
{
    char *text = mem_printf("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, header);
    int fd = client_connect(listening);
    client_say(fd, text);
    struct reply r = client_read(fd, false);
    (void)close(fd);
    mem_free(text);
    return r;
}

static CLIENT_UNUSED json_t *parsed(const struct reply *r)
{
    struct err err = {0};
    json_t *tree = jv_parse_new(r->body, strlen(r->body), &err);
    ck_assert_msg(tree != NULL, "%s: %s", err.text, r->body);
    return tree;
}

static CLIENT_UNUSED json_t *get(const char *path, int status)
{
    struct reply r = get_on(w.sockets[1], path, "");
    ck_assert_msg(r.status == status, "%s: %d %s", path, r.status, r.body);
    ck_assert_ptr_nonnull(strcasestr(r.head, "Content-Type: application/json; charset=utf-8"));
    return parsed(&r);
}

#endif
