/* The operator's address: who may ask what, and what he gets. */

#include "world.h"

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
    const char *said = jv_text(answer, status == 200 ? "orders.0.say" : "error", "");
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
          "wants it tried again: step 2 again, attempt 2");
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
          "is done, not parked, dead or cancelled");
    order(unix_socket, "/api/queue/done?run=", put_run(RUN_DEAD), "", 409, "is dead, not parked");
    order(unix_socket, "/api/queue/burn?run=", 1, "", 404,
          "no such route; docs/openapi.json lists them");
}
END_TEST

START_TEST(an_order_on_tcp_takes_the_token)
{
    start("admin-token-file = admin-token");
    int64_t run = put_run(RUN_PARKED);
    order(w.sockets[0], "/api/queue/drop?run=", run, "", 401, "bearer token");
    order(w.sockets[0], "/api/queue/drop?run=", run, "Authorization: Bearer " TOKEN "\r\n", 200,
          "dropped by the holder of the admin token at 127.0.0.1");
    run = put_run(RUN_PARKED);
    order(w.sockets[0], "/api/queue/drop?by=anna&run=", run, "Authorization: Bearer " TOKEN "\r\n",
          200, "dropped by anna (so they say), holder of the admin token at 127.0.0.1");
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

CHECK_MAIN_FIXTURE("admin/admin", setup, teardown,
                   without_a_token_in_the_configuration_the_api_answers_on_the_unix_socket_only,
                   with_a_token_it_is_asked_for_on_tcp, status_shows_the_whole,
                   questions_without_sense_are_400_and_say_why,
                   a_story_of_which_nothing_is_known_is_empty,
                   runs_are_found_by_what_is_known_of_them, a_hostile_entity_comes_back_as_text,
                   an_order_says_what_it_does_and_stands_in_the_story,
                   an_order_that_makes_no_sense_is_refused, an_order_on_tcp_takes_the_token,
                   other_routes_are_404_and_other_methods_405)
