/* The engine with a real store, a real portal client and the stand-in portal's core behind a
 * loopback socket: effects happen once, whatever stops in between. */

#include <poll.h>
#include <sqlite3.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/engine/engine.h"
#include "sandbox/core.h"
#include "tests/support/check_main.h"
#include "tests/support/stub_http.h"
#include "tests/support/temp.h"

enum { PATIENCE_MS = 30000, WORKERS = 4 };

static struct world {
    struct temp temp;
    struct stub stub;
    struct sandbox *sandbox; /* guarded by stub.lock, as is all down to the blank line */
    const char *hold;        /* requests with this text in them wait */
    bool held, released;
    pthread_cond_t hold_changed;

    struct config *config;
    struct store *store;
    struct store_reader *reader;
    int64_t portal;
    struct portal_client *client;
    struct engine *engine;
} w;

/* ---- the portal ------------------------------------------------------------------------------ */

static void wait_if_held(const struct stub_exchange *exchange)
{
    if (w.hold == NULL || strstr(exchange->body, w.hold) == NULL)
        return;
    w.held = true;
    pthread_cond_broadcast(&w.hold_changed);
    while (!w.released)
        pthread_cond_wait(&w.hold_changed, &w.stub.lock);
}

static void handle(struct stub_exchange *exchange, void *arg)
{
    (void)arg;
    const struct sandbox_request request = {.method = exchange->method,
                                            .path = exchange->path,
                                            .query = "",
                                            .content_type = "application/json",
                                            .body = exchange->body,
                                            .size = strlen(exchange->body),
                                            .now_ms = clock_wall_ms()};
    struct sandbox_answer answer = {0};
    sandbox_rest(w.sandbox, &request, &answer);
    wait_if_held(exchange);
    exchange->status = answer.status;
    exchange->reset = answer.drop;
    if (answer.size < sizeof exchange->text)
        memcpy(exchange->text, answer.body, answer.size);
    else
        exchange->long_text = strdup(answer.body);
    sandbox_answer_done(&answer);
}

static json_t *control(json_t *command)
{
    struct err err = {0};
    pthread_mutex_lock(&w.stub.lock);
    json_t *answer = sandbox_control(w.sandbox, command, clock_wall_ms(), &err);
    pthread_mutex_unlock(&w.stub.lock);
    ck_assert_msg(answer != NULL, "%s", err.text);
    json_decref(command);
    return answer;
}

static json_t *person(const char *method, json_t *params)
{
    JV_AUTO *answer = control(
        json_pack("{ss si ss so}", "do", "call", "user", 7, "method", method, "params", params));
    ck_assert_msg(json_object_get(answer, "error") == NULL, "%s: %s", method,
                  jv_text(answer, "error_description", ""));
    return json_incref(json_object_get(answer, "result"));
}

static int64_t add(int type, const char *title)
{
    JV_AUTO *result = person(
        "crm.item.add", json_pack("{si s{ss}}", "entityTypeId", type, "fields", "title", title));
    return jv_int(result, "item.id", 0);
}

static void set(int type, int64_t id, const char *field, const char *value)
{
    json_decref(person("crm.item.update", json_pack("{si sI s{ss}}", "entityTypeId", type, "id",
                                                    (json_int_t)id, "fields", field, value)));
}

static void fault(const char *kind, const char *method, const char *code, int count)
{
    json_decref(control(json_pack("{ss ss ss ss si si}", "do", "fault", "kind", kind, "method",
                                  method, "code", code, "status", 403, "count", count)));
}

static int64_t effects(const char *method)
{
    JV_AUTO *answer = control(json_pack("{ss ss s{}}", "do", "count", "method", method, "where"));
    return jv_int(answer, "count", -1);
}

static void hold(const char *text)
{
    pthread_mutex_lock(&w.stub.lock);
    w.hold = text;
    w.held = w.released = false;
    pthread_mutex_unlock(&w.stub.lock);
}

static void wait_until_held(void)
{
    pthread_mutex_lock(&w.stub.lock);
    while (!w.held)
        pthread_cond_wait(&w.hold_changed, &w.stub.lock);
    pthread_mutex_unlock(&w.stub.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&w.stub.lock);
    w.released = true;
    w.hold = NULL;
    pthread_cond_broadcast(&w.hold_changed);
    pthread_mutex_unlock(&w.stub.lock);
}

/* ---- the daemon's part ----------------------------------------------------------------------- */

static void put(const char *name, const char *text)
{
    (void)temp_write(&w.temp, name, 0600, text, strlen(text));
}

static void load_config(const char *rules)
{
    put("rules.d/10.ini", rules);
    struct diag diag;
    diag_init(&diag);
    w.config = config_load(temp_path(&w.temp, "b24bridge.ini"), &diag);
    ck_assert_msg(w.config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "");
    diag_done(&diag);
}

static void start(void)
{
    struct err err = {0};
    struct store_options store_options = {.path = w.config->database, .max_queue = 100000};
    w.store = store_open(&store_options, &err);
    ck_assert_msg(w.store != NULL, "%s", err.text);
    ck_assert(store_portal_id(w.store, "main", &w.portal, &err));
    w.reader = store_reader_open(w.store, &err);
    struct portal_settings settings = {
        .id = w.portal, .name = "main", .url = w.config->portals[0].url, .share = 1};
    struct portal_client_options client_options = {.portals = &settings, .portal_count = 1};
    w.client = portal_client_start(&client_options, &err);
    ck_assert_msg(w.client != NULL, "%s", err.text);
    w.engine = engine_start(&(struct engine_options){.config = w.config,
                                                     .portal_ids = &w.portal,
                                                     .store = w.store,
                                                     .client = w.client,
                                                     .workers = WORKERS},
                            &err);
    ck_assert_msg(w.engine != NULL, "%s", err.text);
}

static void stop(int64_t grace_ms)
{
    if (w.engine == NULL)
        return;
    engine_halt(w.engine);
    portal_client_stop(w.client, grace_ms);
    engine_stop(w.engine);
    w.engine = NULL;
    store_reader_close(w.reader);
    store_close(w.store);
}

static void setup(void)
{
    w = (struct world){.temp = temp_make()};
    pthread_cond_init(&w.hold_changed, NULL);
    w.sandbox = sandbox_new(&(struct sandbox_options){.host = "127.0.0.1",
                                                      .hook_code = "s3cretcode",
                                                      .hook_user = 1,
                                                      .application_token = "t",
                                                      .member_id = "m"});
    stub_start(&w.stub, handle, NULL);
    char url[100];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/s3cretcode/\n", w.stub.port);
    put("url", url);
    put("token", "51856fefc120afa4b628cc82d3935cce\n");
    put("b24bridge.ini", "[server]\ndatabase = b.db\n"
                         "[portal main]\nurl-file = url\ntoken-file = token\ndebounce = 0s\n");
    ck_assert_int_eq(mkdir(temp_path(&w.temp, "rules.d"), 0700), 0);
}

static void teardown(void)
{
    let_go();
    stop(1000);
    stub_stop(&w.stub);
    config_free(w.config);
    sandbox_free(w.sandbox);
    pthread_cond_destroy(&w.hold_changed);
    temp_remove(&w.temp);
}

/* ---- events, and what comes of them ---------------------------------------------------------- */

static void put_event(struct store_change *change, int type, const char *id, const char *name,
                      const char *own_id)
{
    int of_type;
    struct event event = {.id = store_next_id(w.store),
                          .portal = w.portal,
                          .source = EVENT_WEBHOOK,
                          .entity = {.type = type},
                          .priority = PRIORITY_NORMAL,
                          .received_ms = clock_wall_ms()};
    (void)snprintf(event.name, sizeof event.name, "%s", name);
    (void)snprintf(event.entity.id, sizeof event.entity.id, "%s", id);
    (void)snprintf(event.own_id, sizeof event.own_id, "%s", own_id);
    ck_assert(entity_of_event(name, &of_type, &event.happening));
    store_put_event(change, &event);
}

static void commit(struct store_change *change)
{
    struct err err = {0};
    bool committed = store_commit(w.store, change, &err);
    ck_assert_msg(committed, "%s", err.text);
    engine_wake(w.engine);
}

static void happens(int type, int64_t id, const char *name)
{
    char text[24];
    struct store_change *change = store_change_new();
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    put_event(change, type, text, name, "");
    commit(change);
}

static json_t *queue(void)
{
    json_t *told = NULL;
    struct err err = {0};
    ck_assert_msg(store_tell_queue(w.reader, 0, &told, &err), "%s", err.text);
    return told;
}

static bool is_settled(void)
{
    struct engine_health h;
    engine_health(w.engine, &h);
    JV_AUTO *q = queue();
    int64_t due = 0;
    struct waiting_entity row;
    struct err err = {0};
    ck_assert(store_read_due(w.reader, w.portal, clock_wall_ms(), 1, &row, &due, &err));
    return h.tasks == 0 && due == 0 && jv_int(q, "events_new", 1) == 0 &&
           jv_int(q, "runs.running", 1) == 0;
}

static void settle(void)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (!is_settled()) {
        ck_assert_msg(clock_mono_ms() < until, "it does not come to rest");
        (void)poll(NULL, 0, 2);
    }
}

/* Runs of a rule, oldest first. */
static json_t *runs(const char *rule)
{
    json_t *told = NULL;
    struct err err = {0};
    struct run_cursor cursor = {0};
    bool more;
    ck_assert_msg(store_list_runs(w.reader, &(struct run_filter){.rule = rule}, &cursor, 1000,
                                  &told, &more, &err),
                  "%s", err.text);
    json_t *turned = json_array();
    for (size_t i = json_array_size(told); i-- > 0;)
        json_array_append(turned, json_array_get(told, i));
    json_decref(told);
    return turned;
}

static void runs_are(const char *rule, const char *expected)
{
    JV_AUTO *list = runs(rule);
    char text[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "",
                                 jv_text(json_array_get(list, i), "state", "?"));
    ck_assert_str_eq(text, expected);
}

static int64_t runs_in(const char *rule, const char *state)
{
    json_t *told = NULL;
    struct err err = {0};
    struct run_filter filter = {.rule = rule};
    struct run_cursor cursor = {0};
    bool more;
    ck_assert(run_state_parse(state, &filter.state));
    ck_assert_msg(store_list_runs(w.reader, &filter, &cursor, 1000, &told, &more, &err), "%s",
                  err.text);
    int64_t count = (int64_t)json_array_size(told);
    json_decref(told);
    return count;
}

/* ---- effects --------------------------------------------------------------------------------- */

static const char comment_rule[] =
    "[rule hello]\non = lead added\n[then comment]\ntext = Привет {{lead.title}}\n";
#define COMMENT "crm.timeline.comment.add"

START_TEST(an_event_leads_to_its_effect)
{
    load_config(comment_rule);
    start();
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    settle();
    runs_are("hello", "done");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(the_same_event_again_leads_to_nothing)
{
    load_config(comment_rule);
    start();
    int64_t lead = add(ENTITY_LEAD, "Лид");
    for (int i = 0; i < 3; i++) {
        happens(ENTITY_LEAD, lead, "ONCRMLEADADD");
        settle();
    }
    runs_are("hello", "done");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(an_unknown_outcome_is_looked_for)
{
    load_config(comment_rule);
    start();
    fault("drop_after", COMMENT, "", 1);
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    settle();
    runs_are("hello", "done");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(a_refused_call_ends_the_run_and_says_why)
{
    load_config(comment_rule);
    start();
    fault("error", COMMENT, "ACCESS_DENIED", 0);
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    settle();
    runs_are("hello", "dead");
    struct engine_health h;
    engine_health(w.engine, &h);
    ck_assert_int_eq(h.runs_dead, 1);
    ck_assert_int_eq(h.runs_started, 1);
}
END_TEST

START_TEST(our_own_write_is_no_news)
{
    load_config("[rule mark]\non = deal updated\non = deal added\n"
                "[then update]\ncomments = {{deal.title}}\n");
    start();
    int64_t deal = add(ENTITY_DEAL, "Сделка");
    happens(ENTITY_DEAL, deal, "ONCRMDEALADD");
    settle();
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE"); /* the echo */
    settle();
    runs_are("mark", "done");
    ck_assert_int_eq(effects("crm.item.update"), 1);
}
END_TEST

START_TEST(a_name_that_may_not_be_read_holds_nobody_up)
{
    load_config("[rule tell]\non = lead added\n"
                "[then notify]\nto = head of \"Отдел продаж\"\ntext = x\n");
    start();
    fault("error", "department.get", "ACCESS_DENIED", 0);
    int64_t began = clock_mono_ms();
    for (int i = 0; i < 3; i++) {
        happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
        settle();
    }
    ck_assert_int_lt(clock_mono_ms() - began, 20000);
    ck_assert_int_eq(effects("im.notify.personal.add"), 0);
}
END_TEST

/* ---- order ----------------------------------------------------------------------------------- */

START_TEST(in_mode_queue_a_run_waits_for_the_one_before_it)
{
    load_config("[rule q]\non = deal added\non = deal updated\nmode = queue\n"
                "cancel-on = deal leaves stage\n[wait 1 hours]\n[then comment]\ntext = x\n");
    start();
    int64_t deal = add(ENTITY_DEAL, "A");
    happens(ENTITY_DEAL, deal, "ONCRMDEALADD");
    settle();
    runs_are("q", "waiting");
    set(ENTITY_DEAL, deal, "title", "B");
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle(); /* which it would not, were the second one brought to work again and again */
    runs_are("q", "waiting ready");
    JV_AUTO *list = runs("q");
    ck_assert_ptr_nonnull(strstr(jv_text(list, "1.reason", ""), "queued behind run "));
    ck_assert_int_eq(jv_int(list, "1.due_ms", 0), jv_int(list, "0.due_ms", -1));
}
END_TEST

START_TEST(in_mode_queue_the_next_run_begins_when_the_one_before_it_ends)
{
    load_config("[rule q]\non = deal.title changes\nmode = queue\n"
                "cancel-on = deal leaves stage\n[wait 1 hours]\n[then comment]\ntext = x\n");
    start();
    int64_t deal = add(ENTITY_DEAL, "A");
    happens(ENTITY_DEAL, deal, "ONCRMDEALADD");
    settle();
    for (int i = 0; i < 2; i++) {
        set(ENTITY_DEAL, deal, "title", i == 0 ? "B" : "C");
        happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
        settle();
    }
    runs_are("q", "waiting ready");
    set(ENTITY_DEAL, deal, "stageId", "PREPARATION");
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("q", "cancelled waiting");
    JV_AUTO *list = runs("q");
    ck_assert_str_eq(jv_text(list, "1.reason", ""), "wait 1 hours");
}
END_TEST

static void calls_end(int count)
{
    struct store_change *change = store_change_new();
    for (int i = 0; i < count; i++)
        put_event(change, ENTITY_CALL, "c.1", "ONVOXIMPLANTCALLEND", "c.1");
    commit(change);
    settle();
}

START_TEST(an_event_with_an_id_of_its_own_fires_once_per_name_and_id)
{
    load_config("[rule call]\non = event ONVOXIMPLANTCALLINIT\n"
                "on = event ONVOXIMPLANTCALLEND\n[then stop]\n");
    start();
    struct store_change *change = store_change_new();
    put_event(change, ENTITY_CALL, "c.1", "ONVOXIMPLANTCALLINIT", "c.1");
    commit(change);
    settle();
    runs_are("call", "done");
    calls_end(3); /* in one look */
    runs_are("call", "done done");
    calls_end(1);
    runs_are("call", "done done");
}
END_TEST

START_TEST(entities_go_side_by_side_and_each_in_order)
{
    enum { DEALS = 8, CHANGES = 12 };
    load_config("[rule log]\non = deal.title changes\nlimit = 1000 per entity per hour\n"
                "[then comment]\ntext = {{old.title}} {{deal.title}}\n");
    start();
    int64_t deals[DEALS];
    for (int i = 0; i < DEALS; i++) {
        deals[i] = add(ENTITY_DEAL, "0");
        happens(ENTITY_DEAL, deals[i], "ONCRMDEALADD");
    }
    settle();
    for (int n = 1; n <= CHANGES; n++)
        for (int i = 0; i < DEALS; i++) {
            char title[8];
            (void)snprintf(title, sizeof title, "%d", n);
            set(ENTITY_DEAL, deals[i], "title", title);
            happens(ENTITY_DEAL, deals[i], "ONCRMDEALUPDATE");
        }
    settle();
    /* Changes that one look saw together are one; whatever was seen ends in the last title. */
    int64_t done = runs_in("log", "done");
    ck_assert_int_ge(done, DEALS);
    ck_assert_int_eq(effects(COMMENT), done);
    JV_AUTO *list = runs("log");
    ck_assert_int_eq((int64_t)json_array_size(list), done);
}
END_TEST

/* ---- the operator's hand --------------------------------------------------------------------- */

/* So many leads with a run each, laid down when its rule was paused; it was due an hour ago. */
static void put_laid_down(const char *rule, int leads)
{
    struct store_change *change = store_change_new();
    int64_t now_ms = clock_wall_ms();
    for (int i = 0; i < leads; i++) {
        struct run run = {.id = store_next_id(w.store),
                          .portal = w.portal,
                          .entity = {.type = ENTITY_LEAD},
                          .state = RUN_WAITING,
                          .priority = PRIORITY_NORMAL,
                          .due_ms = RUN_HELD_MS,
                          .chain = json_array(),
                          .vars = json_pack("{s:I}", "held_ms", (json_int_t)(now_ms - 3600000)),
                          .created_ms = now_ms - 7200000,
                          .updated_ms = now_ms - 3600000};
        (void)snprintf(run.rule, sizeof run.rule, "%s", rule);
        (void)snprintf(run.entity.id, sizeof run.entity.id, "%lld",
                       (long long)add(ENTITY_LEAD, "Лид"));
        store_put_run(change, &run);
        run_done(&run);
    }
    commit(change);
}

static void pause_rule(const char *rule, bool on)
{
    struct hold paused = {.since_ms = 1};
    (void)snprintf(paused.rule, sizeof paused.rule, "%s", rule);
    engine_hold(w.engine, &paused, on);
}

/* More than twice the places that a portal has for tasks. */
START_TEST(what_was_laid_down_is_taken_up_when_the_pause_is_over_however_many_they_are)
{
    enum { LEADS = 530 };
    load_config(comment_rule);
    start();
    pause_rule("hello", true);
    put_laid_down("hello", LEADS);
    settle();
    ck_assert_int_eq(effects(COMMENT), 0);
    pause_rule("hello", false);
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (runs_in("hello", "done") < LEADS && clock_mono_ms() < until)
        (void)poll(NULL, 0, 5);
    ck_assert_int_eq(runs_in("hello", "done"), LEADS);
    ck_assert_int_eq(effects(COMMENT), LEADS);
}
END_TEST

START_TEST(what_was_laid_down_is_taken_up_after_a_restart_too)
{
    load_config(comment_rule);
    start();
    put_laid_down("hello", 3); /* nothing is paused */
    stop(1000);
    start();
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (runs_in("hello", "done") < 3 && clock_mono_ms() < until)
        (void)poll(NULL, 0, 5);
    ck_assert_int_eq(runs_in("hello", "done"), 3);
}
END_TEST

START_TEST(a_pause_is_an_outage_for_those_that_came_due_in_it)
{
    load_config("[rule hello]\non = lead added\nlate = skip\n[then comment]\ntext = x\n");
    start();
    pause_rule("hello", true);
    put_laid_down("hello", 1);
    pause_rule("hello", false);
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (runs_in("hello", "cancelled") < 1 && clock_mono_ms() < until)
        (void)poll(NULL, 0, 5);
    ck_assert_int_eq(runs_in("hello", "cancelled"), 1);
    ck_assert_int_eq(effects(COMMENT), 0);
}
END_TEST

START_TEST(a_reserved_entity_is_left_alone_until_it_is_released)
{
    load_config(comment_rule);
    start();
    struct entity lead = {.type = ENTITY_LEAD};
    int64_t id = add(ENTITY_LEAD, "Лид");
    (void)snprintf(lead.id, sizeof lead.id, "%lld", (long long)id);
    ck_assert(engine_reserve(w.engine, w.portal, &lead));
    ck_assert(!engine_reserve(w.engine, w.portal, &lead));
    happens(ENTITY_LEAD, id, "ONCRMLEADADD");
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Другой"), "ONCRMLEADADD");
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (runs_in("hello", "done") < 1 && clock_mono_ms() < until)
        (void)poll(NULL, 0, 2);
    ck_assert_int_eq(effects(COMMENT), 1); /* the other's */
    engine_release(w.engine, w.portal, &lead);
    settle();
    ck_assert_int_eq(effects(COMMENT), 2);
}
END_TEST

/* ---- the end, and what comes after it -------------------------------------------------------- */

START_TEST(what_a_stop_cuts_short_is_finished_once_afterwards)
{
    enum { LEADS = 60 };
    load_config(comment_rule);
    start();
    struct store_change *change = store_change_new();
    for (int i = 0; i < LEADS; i++) {
        char id[24];
        (void)snprintf(id, sizeof id, "%lld", (long long)add(ENTITY_LEAD, "Лид"));
        put_event(change, ENTITY_LEAD, id, "ONCRMLEADADD", "");
    }
    commit(change);
    for (int round = 0; round < 8; round++) {
        int before = stub_requests(&w.stub);
        int64_t until = clock_mono_ms() + PATIENCE_MS;
        while (stub_requests(&w.stub) < before + 2 && !is_settled() && clock_mono_ms() < until)
            (void)poll(NULL, 0, 1);
        stop(round % 2 == 0 ? 0 : 1000);
        start();
    }
    settle();
    ck_assert_int_eq(runs_in("hello", "done"), LEADS);
    ck_assert_int_eq(effects(COMMENT), LEADS);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_silent_portal)
{
    load_config(comment_rule);
    start();
    hold("entityTypeId");
    for (int i = 0; i < 5; i++)
        happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    struct engine_health h = {0};
    while (h.tasks < 5 && clock_mono_ms() < until)
        engine_health(w.engine, &h);
    ck_assert_int_eq(h.tasks, 5);
    int64_t began = clock_mono_ms();
    stop(100);
    ck_assert_int_lt(clock_mono_ms() - began, 5000);
    let_go();
    start();
    settle();
    ck_assert_int_eq(runs_in("hello", "done"), 5);
    ck_assert_int_eq(effects(COMMENT), 5);
}
END_TEST

START_TEST(a_call_in_flight_at_the_stop_is_looked_for_at_the_start)
{
    load_config(comment_rule);
    start();
    hold("Привет");
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    wait_until_held(); /* it is done, and nobody has heard of it */
    stop(0);
    let_go();
    start();
    settle();
    runs_are("hello", "done");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(an_outcome_is_not_forgotten_when_the_store_fails)
{
    load_config(comment_rule);
    start();
    hold("Привет");
    happens(ENTITY_LEAD, add(ENTITY_LEAD, "Лид"), "ONCRMLEADADD");
    wait_until_held();
    char away[200];
    (void)snprintf(away, sizeof away, "%s/away", w.temp.folder);
    ck_assert_int_eq(rename(w.config->database, away), 0);
    let_go();
    struct store_health h = {.ok = true};
    for (int64_t until = clock_mono_ms() + PATIENCE_MS; h.ok && clock_mono_ms() < until;)
        store_health(w.store, &h);
    ck_assert(!h.ok);
    ck_assert_int_eq(rename(away, w.config->database), 0);
    store_probe(w.store);
    settle();
    runs_are("hello", "done");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(an_idle_engine_stops_at_once)
{
    load_config(comment_rule);
    start();
    int64_t began = clock_mono_ms();
    stop(1000);
    ck_assert_int_lt(clock_mono_ms() - began, 1000);
}
END_TEST

/* ---- timers ---------------------------------------------------------------------------------- */

/* The meeting of a deal, so many seconds from now. */
static void meets(int64_t deal, int seconds)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    char iso[26];
    zone_iso(utc, clock_wall_ms() + seconds * INT64_C(1000), iso);
    zone_free(utc);
    set(ENTITY_DEAL, deal, "ufCrmMeeting", iso);
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
}

/* Goes off for meetings of some seconds ago, which saves the waiting. */
#define TIMER_RULE "[rule t]\non = 0s after deal.\"Дата встречи\"\nlate = run within 10m\n"
#define TELL "[then comment]\ntext = x\n"

/* As if the rules were an hour old. */
static void make_older(void)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(w.config->database, &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_exec(db, "UPDATE timer SET born_ms = born_ms - 3600000", NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static int64_t start_with_deal(const char *rules)
{
    load_config(rules);
    start();
    stop(1000);
    make_older();
    start();
    int64_t deal = add(ENTITY_DEAL, "A");
    happens(ENTITY_DEAL, deal, "ONCRMDEALADD");
    settle();
    return deal;
}

START_TEST(a_timer_counts_when_it_goes_off_and_not_when_it_is_set)
{
    int64_t deal = start_with_deal(TIMER_RULE "once-per = entity\n" TELL);
    meets(deal, 3600);
    runs_are("t", "waiting");
    meets(deal, 7200); /* moved, not a second one */
    runs_are("t", "waiting");
    meets(deal, -5);
    runs_are("t", "done");
    meets(deal, -4);
    runs_are("t", "done cancelled");
    JV_AUTO *list = runs("t");
    char reason[100];
    (void)snprintf(reason, sizeof reason, "once-per entity: it has fired for deal %lld before",
                   (long long)deal);
    ck_assert_str_eq(jv_text(list, "1.reason", ""), reason);
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(a_limit_counts_timers_that_went_off)
{
    int64_t deal = start_with_deal(TIMER_RULE "limit = 2 per entity per hour\n" TELL);
    for (int i = 0; i < 4; i++)
        meets(deal, -9 + i);
    runs_are("t", "done done cancelled cancelled");
    JV_AUTO *list = runs("t");
    ck_assert_ptr_nonnull(strstr(jv_text(list, "2.reason", ""), "limit reached: 2 firings for"));
    ck_assert_ptr_nonnull(strstr(jv_text(list, "3.reason", ""), "frozen for deal"));
    ck_assert_int_eq(effects(COMMENT), 2);
}
END_TEST

START_TEST(a_mode_is_about_timers_that_went_off)
{
    int64_t deal = start_with_deal(TIMER_RULE "mode = single\n[wait 1 hour]\n" TELL);
    meets(deal, -9);
    runs_are("t", "waiting");
    meets(deal, 3600); /* is set, for nothing waits on account of it */
    runs_are("t", "waiting waiting");
    meets(deal, -8);
    runs_are("t", "waiting cancelled");
    JV_AUTO *list = runs("t");
    ck_assert_ptr_nonnull(strstr(jv_text(list, "1.reason", ""), "mode single: run "));
}
END_TEST

START_TEST(a_timer_restarts_its_rule)
{
    int64_t deal = start_with_deal(TIMER_RULE "mode = restart\n[wait 1 hour]\n" TELL);
    meets(deal, -9);
    meets(deal, -8);
    runs_are("t", "cancelled waiting");
    JV_AUTO *list = runs("t");
    ck_assert_str_eq(jv_text(list, "0.reason", ""), "the rule fired again (mode = restart)");
}
END_TEST

START_TEST(a_timer_queues_behind_the_run_before_it)
{
    int64_t deal = start_with_deal(TIMER_RULE "mode = queue\n[wait 1 hour]\n" TELL);
    meets(deal, -9);
    meets(deal, -8);
    runs_are("t", "waiting ready");
    JV_AUTO *list = runs("t");
    ck_assert_ptr_nonnull(strstr(jv_text(list, "1.reason", ""), "queued behind run "));
}
END_TEST

START_TEST(a_date_that_comes_back_counts_only_if_it_is_to_come)
{
    int64_t deal = start_with_deal(TIMER_RULE TELL);
    meets(deal, -5);
    JV_AUTO *record = person(
        "crm.item.get", json_pack("{si sI}", "entityTypeId", ENTITY_DEAL, "id", (json_int_t)deal));
    char past[32];
    (void)snprintf(past, sizeof past, "%s", jv_text(record, "item.ufCrmMeeting", ""));
    meets(deal, 3600);
    runs_are("t", "done waiting");
    set(ENTITY_DEAL, deal, "ufCrmMeeting", past);
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("t", "done cancelled");
    ck_assert_int_eq(effects(COMMENT), 1);
}
END_TEST

START_TEST(a_timer_cancelled_comes_back_with_its_date)
{
    int64_t deal = start_with_deal(TIMER_RULE "cancel-on = deal.title changes\n" TELL);
    meets(deal, 3600);
    JV_AUTO *record = person(
        "crm.item.get", json_pack("{si sI}", "entityTypeId", ENTITY_DEAL, "id", (json_int_t)deal));
    set(ENTITY_DEAL, deal, "title", "B");
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("t", "cancelled");
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("t", "cancelled");
    meets(deal, 7200);
    runs_are("t", "cancelled waiting");
    set(ENTITY_DEAL, deal, "ufCrmMeeting", jv_text(record, "item.ufCrmMeeting", ""));
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("t", "cancelled waiting");
}
END_TEST

START_TEST(a_date_set_into_the_past_is_not_missed_after_a_restart)
{
    int64_t deal = start_with_deal("[rule t]\non = 0s after deal.\"Дата встречи\"\n" TELL);
    meets(deal, -120);
    runs_are("t", "");
    stop(1000);
    start();
    happens(ENTITY_DEAL, deal, "ONCRMDEALUPDATE");
    settle();
    runs_are("t", "");
    ck_assert_int_eq(effects(COMMENT), 0);
}
END_TEST

static void come_to_wait(int expected)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    for (int64_t waiting = -1; waiting != expected;) {
        JV_AUTO *q = queue();
        waiting = jv_int(q, "runs.waiting", -1);
        ck_assert_msg(clock_mono_ms() < until, "%d wait", (int)waiting);
        (void)poll(NULL, 0, 5);
    }
}

/* When the last whole search began; 0: one is under way, or none was. */
static int64_t searched_ms(void)
{
    struct timer_row *rows = NULL;
    int64_t count = 0;
    struct err err = {0};
    ck_assert(store_read_timers(w.reader, w.portal, &rows, &count, &err));
    ck_assert_int_eq(count, 1);
    int64_t ms = rows[0].begun_ms == 0 ? rows[0].scanned_ms : 0;
    timer_row_done(&rows[0]);
    mem_free(rows);
    return ms;
}

static void come_to_be_searched(int64_t after_ms)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (searched_ms() <= after_ms) {
        ck_assert_int_lt(clock_mono_ms(), until);
        (void)poll(NULL, 0, 5);
    }
}

START_TEST(the_search_goes_through_all_pages)
{
    load_config("[rule t]\non = 1h before deal.\"Дата встречи\"\n" TELL);
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    char iso[26];
    for (int i = 0; i < 120; i++) {
        int64_t deal = add(ENTITY_DEAL, "A"); /* every third one is too far off or has gone by */
        int hours = i % 3 == 0 ? (i % 2 == 0 ? 24 * 30 : -5) : 5;
        zone_iso(utc, clock_wall_ms() + hours * INT64_C(3600000), iso);
        set(ENTITY_DEAL, deal, "ufCrmMeeting", iso);
    }
    zone_free(utc);
    start();
    come_to_wait(80);
    come_to_be_searched(0);
    settle();
    come_to_wait(80);
    /* All is known now: another search hands nothing over. */
    int64_t before_ms = searched_ms();
    stop(1000);
    start();
    come_to_be_searched(before_ms);
    settle();
    struct engine_health health;
    engine_health(w.engine, &health);
    ck_assert_int_eq(health.looks, 0);
}
END_TEST

START_TEST(the_search_finds_what_lies_idle)
{
    load_config("[rule t]\non = deal idle 2h\n" TELL);
    (void)add(ENTITY_DEAL, "A");
    (void)add(ENTITY_DEAL, "B");
    (void)add(ENTITY_LEAD, "C");
    start();
    come_to_wait(2);
    JV_AUTO *list = runs("t");
    ck_assert_ptr_nonnull(strstr(jv_text(list, "0.reason", ""), "deal idle 2h (touched "));
}
END_TEST

START_TEST(no_search_when_no_rule_wants_it)
{
    load_config("[rule t]\non = every day 09:00\n[then stop]\n"
                "[rule u]\non = deal added\n" TELL);
    (void)add(ENTITY_DEAL, "A");
    start();
    int requests = stub_requests(&w.stub);
    (void)poll(NULL, 0, 50);
    settle();
    ck_assert_int_eq(stub_requests(&w.stub), requests);
    runs_are("t", "waiting");
}
END_TEST

CHECK_MAIN_FIXTURE(
    "engine/engine", setup, teardown, an_event_leads_to_its_effect,
    the_same_event_again_leads_to_nothing, an_unknown_outcome_is_looked_for,
    a_refused_call_ends_the_run_and_says_why, our_own_write_is_no_news,
    a_name_that_may_not_be_read_holds_nobody_up, in_mode_queue_a_run_waits_for_the_one_before_it,
    in_mode_queue_the_next_run_begins_when_the_one_before_it_ends,
    an_event_with_an_id_of_its_own_fires_once_per_name_and_id,
    entities_go_side_by_side_and_each_in_order,
    what_was_laid_down_is_taken_up_when_the_pause_is_over_however_many_they_are,
    what_was_laid_down_is_taken_up_after_a_restart_too,
    a_pause_is_an_outage_for_those_that_came_due_in_it,
    a_reserved_entity_is_left_alone_until_it_is_released,
    what_a_stop_cuts_short_is_finished_once_afterwards, a_stop_does_not_wait_for_a_silent_portal,
    a_call_in_flight_at_the_stop_is_looked_for_at_the_start,
    an_outcome_is_not_forgotten_when_the_store_fails, an_idle_engine_stops_at_once,
    a_timer_counts_when_it_goes_off_and_not_when_it_is_set, a_limit_counts_timers_that_went_off,
    a_mode_is_about_timers_that_went_off, a_timer_restarts_its_rule,
    a_timer_queues_behind_the_run_before_it, a_date_that_comes_back_counts_only_if_it_is_to_come,
    a_timer_cancelled_comes_back_with_its_date,
    a_date_set_into_the_past_is_not_missed_after_a_restart, the_search_goes_through_all_pages,
    the_search_finds_what_lies_idle, no_search_when_no_rule_wants_it)
