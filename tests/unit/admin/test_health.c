/* /health, /ready and /metrics. */

#include "world.h"

#include "tests/support/exposition.h"

static const json_t *check_of(const json_t *health, const char *name)
{
    size_t i;
    json_t *check;
    json_array_foreach (json_object_get(health, "checks"), i, check)
        if (strcmp(jv_text(check, "name", ""), name) == 0)
            return check;
    ck_abort_msg("no check %s", name);
}

static bool check_ok(const json_t *health, const char *name)
{
    return jv_flag(check_of(health, name), "ok");
}

/* The check has that level and says something. */
static void is(const json_t *health, const char *name, const char *level)
{
    const json_t *check = check_of(health, name);
    const char *say = jv_text(check, "say", "");
    ck_assert_msg(strcmp(jv_text(check, "level", ""), level) == 0, "%s: %s: %s", name,
                  jv_text(check, "level", ""), say);
    ck_assert_int_eq(jv_flag(check, "ok"), strcmp(level, "bad") != 0);
    ck_assert_str_ne(say, "");
}

static void says(const json_t *health, const char *name, const char *text)
{
    const char *say = jv_text(check_of(health, name), "say", "");
    ck_assert_msg(strstr(say, text) != NULL, "%s does not say \"%s\": %s", name, text, say);
}

static void commit(struct store_change *change)
{
    struct err err = {0};
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
}

/* ---- health ---------------------------------------------------------------------------------- */

START_TEST(health_tells_of_every_part)
{
    static const char *const names[] = {"database",    "disk",        "queue", "workers",
                                        "listener",    "timers",      "rules", "names",
                                        "portal main", "silence main"};
    start("");
    JV_AUTO *health = get("/health", 200);
    ck_assert(jv_flag(health, "ok"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        is(health, names[i], "well");
    ck_assert_str_eq(jv_text(health, "listen.0", ""), "127.0.0.1:8024");
    ck_assert_str_eq(jv_text(health, "listen.1", ""), "127.0.0.1:8025");
    ck_assert_int_lt(admin_still_ms(w.admin), 60000);
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

static struct exposition exposition;

/* The text behind the head is good. */
static void is_good(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(body);
    ck_assert_msg(exposition_check(&exposition, body + 4), "%s", exposition.why);
}

START_TEST(metrics_are_good_exposition)
{
    start("");
    char *text = metrics();
    ck_assert_ptr_nonnull(strstr(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
    is_good(text);
    ck_assert_int_gt(exposition.done_count, 50);
    ck_assert_int_gt(exposition.samples, 100);
    mem_free(text);
}
END_TEST

START_TEST(the_check_of_the_exposition_finds_what_is_wrong)
{
#define HEAD "# HELP a_total x\n# TYPE a_total counter\n"
#define HIST "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\n"
    static const struct {
        const char *text, *why;
    } cases[] = {
        {HEAD "a_total 1\n", NULL},
        {HEAD "a_total{x=\"\\\"\\\\\\n\",y=\"\"} 1\n", NULL},
        {HIST "h_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\n", NULL},
        {HEAD "a_total 1", "the last line has no end: a_total 1"},
        {HEAD "a_total\n", "no value: a_total"},
        {HEAD "a_total one\n", "no value: a_total one"},
        {HEAD "a_total -1\n", "below zero: a_total -1"},
        {HEAD "a_total{x=\"1} 1\n", "bad labels: a_total{x=\"1} 1"},
        {HEAD "a_total{x=\"\\x\"} 1\n", "bad labels: a_total{x=\"\\x\"} 1"},
        {HEAD "a_total{1=\"x\"} 1\n", "bad labels: a_total{1=\"x\"} 1"},
        {HEAD "a_total 1\na_total 2\n", "the same sample twice: a_total 2"},
        {HEAD "b 1\n", "a sample outside its family: b 1"},
        {"a_total 1\n", "a sample outside its family: a_total 1"},
        {"# TYPE a_total counter\na_total 1\n", "no help or no type: a_total"},
        {"# HELP a_total \n", "nothing behind the name: # HELP a_total "},
        {"# HELP a x\n# TYPE a counter\na 1\n", "_total is for counters, and for each of them: a"},
        {"# HELP a_total x\n# TYPE a_total gauge\n",
         "_total is for counters, and for each of them: a_total"},
        {"# HELP a_ms x\n# TYPE a_ms gauge\n", "no base unit: a_ms"},
        {HEAD HIST "h_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\n" HEAD,
         "the lines of a family stand apart: # HELP a_total x"},
        {HIST "h_sum 4\nh_count 2\n", "not the whole of a histogram: h"},
        {HIST "h_bucket{le=\"+Inf\"} 1\n", "buckets out of order: h_bucket{le=\"+Inf\"} 1"},
        {HIST "h_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 4\n",
         "the count is not that of the last bucket: h_count 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool good = exposition_check(&exposition, cases[i].text);
        ck_assert_msg(good == (cases[i].why == NULL), "%s", cases[i].text);
        if (!good)
            ck_assert_str_eq(exposition.why, cases[i].why);
    }
    start(""); /* teardown wants a world */
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

/* ---- warnings, said inside a 200 ---------------------------------------------------------------
 */

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
static const int64_t week = 7 * 24 * (int64_t)HOUR;

static void put_waiting_run(int64_t due_ms)
{
    struct store_change *change = store_change_new();
    struct run run = {.id = store_next_id(w.store),
                      .portal = w.portal,
                      .rule = "r",
                      .entity = {.type = ENTITY_DEAL, .id = "1"},
                      .state = RUN_WAITING,
                      .due_ms = due_ms};
    store_put_run(change, &run);
    commit(change);
}

START_TEST(a_run_that_should_have_woken_is_told_of)
{
    start("");
    engine_halt(w.engine); /* nobody wakes it */
    put_waiting_run(clock_wall_ms() - 4 * MINUTE);
    JV_AUTO *early = get("/health", 200);
    is(early, "timers", "well");
    put_waiting_run(clock_wall_ms() - 90 * MINUTE);
    JV_AUTO *health = get("/health", 200);
    is(health, "timers", "warning");
    says(health, "timers", "1 runs should have woken by now, the first 90 min ago at portal main");
    says(health, "timers", "`b24bridge timers` lists them");
    char *text = metrics();
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_timers_overdue{portal=\"main\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_check{check=\"timers\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_health 1\n"));
    mem_free(text);
}
END_TEST

START_TEST(an_event_that_waits_for_long_is_told_of)
{
    start("");
    engine_halt(w.engine);
    struct store_change *change = store_change_new();
    struct event event = {.id = store_next_id(w.store),
                          .portal = w.portal,
                          .priority = PRIORITY_NORMAL,
                          .source = EVENT_WEBHOOK,
                          .happening = HAPPENING_ADDED,
                          .entity = {.type = ENTITY_DEAL, .id = "1"},
                          .received_ms = clock_wall_ms() - 20 * MINUTE};
    (void)snprintf(event.name, sizeof event.name, "ONCRMDEALADD");
    store_put_event(change, &event);
    commit(change);
    JV_AUTO *health = get("/health", 200);
    is(health, "queue", "warning");
    says(health, "queue", "1 waiting, the oldest event for 20 min, the ceiling is");
    char *text = metrics();
    const char *age = strstr(text, "\nb24bridge_queue_age_seconds ");
    ck_assert_ptr_nonnull(age);
    ck_assert_double_ge(strtod(age + strlen("\nb24bridge_queue_age_seconds "), NULL), 1200);
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_events_waiting 1\n"));
    mem_free(text);
}
END_TEST

/* The last hours had no event, the same ones of the four weeks before twelve each; the last event
 * was then. */
static void teach(int64_t heard_ms)
{
    int64_t now = clock_wall_ms();
    struct err err = {0};
    struct store_change *change = store_change_new();
    const struct zone *zone = w.config->portals[0].zone;
    for (int hours = 0; hours < 6; hours++)
        for (int weeks = hours == 0; weeks <= 4; weeks++) {
            struct silence_hour hour = silence_hour_of(zone, now - hours * HOUR - weeks * week);
            store_put_silence(change, &(struct silence_row){w.portal, hour.slot, hour.lap,
                                                            hour.at_ms, weeks > 0 ? 12 : 0});
        }
    store_put_heard(change, w.portal, heard_ms, now);
    commit(change);
    ck_assert_msg(watch_look(w.watch, w.config, &w.portal, w.ingest, clock_wall_ms(), &err), "%s",
                  err.text);
}

START_TEST(a_silence_longer_than_usual_is_told_of)
{
    start("");
    teach(clock_wall_ms() - 5 * HOUR);
    JV_AUTO *health = get("/health", 200);
    is(health, "silence main", "warning");
    says(health, "silence main",
         "no event for 5 h, while in the same hours of the weeks before at least 48 came: see in "
         "Bitrix24 whether the outbound webhook still stands");
    char *text = metrics();
    ck_assert_ptr_nonnull(strstr(text, "b24bridge_portal_silence_unusual{portal=\"main\"} 1\n"));
    mem_free(text);
}
END_TEST

START_TEST(a_silence_that_is_usual_is_not)
{
    start("");
    teach(clock_wall_ms() - 10 * MINUTE);
    JV_AUTO *health = get("/health", 200);
    is(health, "silence main", "well");
    says(health, "silence main", "last event 10 min ago, as is usual");
}
END_TEST

/* A calendar of seven working days with a day off today, and yesterday for who tests at midnight.
 */
START_TEST(on_a_holiday_of_a_calendar_none_is_missed)
{
    char lines[300], today[16], yesterday[16];
    struct err err = {0};
    struct zone *zone = zone_load("Europe/Moscow", &err);
    ck_assert_msg(zone != NULL, "%s", err.text);
    int64_t now = clock_wall_ms();
    ck_assert(zone_format(zone, now, "%Y-%m-%d", today, sizeof today));
    ck_assert(zone_format(zone, now - 24 * HOUR, "%Y-%m-%d", yesterday, sizeof yesterday));
    zone_free(zone);
    (void)snprintf(lines, sizeof lines,
                   "[calendar office]\nhours = Mon-Sun 09:00-18:00\nhours = %s off\n"
                   "hours = %s off\n",
                   today, yesterday);
    put("rules.d/20.ini", lines);
    start("");
    teach(now - 3 * HOUR);
    JV_AUTO *health = get("/health", 200);
    is(health, "silence main", "well");
    says(health, "silence main", "a day off, on which none is missed");
}
END_TEST

START_TEST(the_watch_goes_on_over_a_reload_and_is_kept_at_the_end)
{
    start("");
    int64_t heard = clock_wall_ms() - 3 * HOUR;
    teach(heard);
    watch_keep(w.watch, clock_wall_ms());
    watch_free(w.watch);
    commit(store_change_new()); /* behind what was handed over */
    struct err err = {0};
    struct silence_verdict v;
    bool holiday;
    w.watch = watch_new(w.store, w.config->database);
    const struct zone *zone = w.config->portals[0].zone;
    ck_assert(!watch_silence(w.watch, w.portal, zone, 0, clock_wall_ms(), &v, &holiday));
    ck_assert(watch_look(w.watch, w.config, &w.portal, w.ingest, clock_wall_ms(), &err));
    ck_assert(watch_silence(w.watch, w.portal, zone, 0, heard + 3 * HOUR, &v, &holiday));
    ck_assert(v.heard);
    ck_assert_int_eq(v.silent_ms, 3 * HOUR);
    ck_assert_int_eq(v.weeks, 4);
}
END_TEST

START_TEST(the_disk_says_how_long_it_lasts_as_far_as_is_known)
{
    start("");
    struct watch_disk disk;
    int64_t now = clock_wall_ms();
    char text[ROOM_TEXT];
    ck_assert(watch_disk(w.watch, now, &disk));
    ck_assert_int_gt(disk.free_bytes, 0);
    ck_assert_int_gt(disk.database_bytes, 0);
    ck_assert_int_eq(disk.room.span_ms, 0);
    /* Twelve hours ago there was as much again. */
    (void)snprintf(text, sizeof text, "%lld:%lld", (long long)(now - 12 * (int64_t)HOUR),
                   (long long)(disk.free_bytes * 2));
    struct store_change *change = store_change_new();
    store_put_setting(change, "watch.room", text);
    commit(change);
    struct err err = {0};
    ck_assert(watch_look(w.watch, w.config, &w.portal, w.ingest, now, &err));
    JV_AUTO *health = get("/health", 200);
    is(health, "disk", "warning");
    says(health, "disk", ", at the rate of the last 12 h enough for 0.5 days; the database holds");
    says(health, "disk", "make room, or shorten `keep` in [server]");
    char *scrape = metrics();
    const char *days = strstr(scrape, "\nb24bridge_disk_days_left ");
    ck_assert_ptr_nonnull(days);
    ck_assert_double_eq_tol(strtod(days + strlen("\nb24bridge_disk_days_left "), NULL), 0.5, 0.05);
    is_good(scrape);
    mem_free(scrape);
}
END_TEST

START_TEST(a_token_that_is_always_wrong_is_told_of)
{
    static const char body[] = "event=ONCRMDEALADD&data[FIELDS][ID]=5&ts=1755780000&"
                               "auth[application_token]=wrong";
    char request[400];
    start("");
    (void)snprintf(request, sizeof request,
                   "POST /hook/main HTTP/1.1\r\nHost: x\r\nContent-Type: "
                   "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    ck_assert_int_eq(client_ask(w.public_socket, request).status, 403);
    JV_AUTO *health = get("/health", 200);
    is(health, "listener", "warning");
    says(health, "listener",
         "no event accepted, 1 refused for their token: put the outbound "
         "webhook's application token into the token-file");
}
END_TEST

START_TEST(what_was_stored_stands_in_the_histograms)
{
    static const char body[] = "event=ONCRMDEALADD&data[FIELDS][ID]=5&ts=1755780000&"
                               "auth[application_token]=51856fefc120afa4b628cc82d3935cce";
    char request[400];
    start("");
    (void)snprintf(request, sizeof request,
                   "POST /hook/main HTTP/1.1\r\nHost: x\r\nContent-Type: "
                   "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(client_ask(w.public_socket, request).status, 200);
    ck_assert_int_gt(ingest_heard_ms(w.ingest, 0), 0);
    char *text = metrics();
    ck_assert_ptr_nonnull(strstr(text, "\nb24bridge_ingest_duration_seconds_count 3\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "\nb24bridge_ingest_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
    ck_assert_ptr_null(strstr(text, "\nb24bridge_ingest_duration_seconds_sum 0\n"));
    ck_assert_ptr_null(strstr(text, "\nb24bridge_commit_changes_count 0\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "b24bridge_rule_outcomes_total{rule=\"r\",outcome=\"failed\"} 0\n"));
    is_good(text);
    mem_free(text);
}
END_TEST

CHECK_MAIN_FIXTURE("admin/health", setup, teardown, health_tells_of_every_part,
                   health_is_red_while_the_database_is_gone,
                   health_is_red_when_the_queue_is_over_four_fifths,
                   ready_ends_with_the_term_signal, metrics_are_good_exposition,
                   the_check_of_the_exposition_finds_what_is_wrong,
                   metrics_count_what_the_listener_refused, a_run_that_should_have_woken_is_told_of,
                   an_event_that_waits_for_long_is_told_of, a_silence_longer_than_usual_is_told_of,
                   a_silence_that_is_usual_is_not, on_a_holiday_of_a_calendar_none_is_missed,
                   the_watch_goes_on_over_a_reload_and_is_kept_at_the_end,
                   the_disk_says_how_long_it_lasts_as_far_as_is_known,
                   a_token_that_is_always_wrong_is_told_of,
                   what_was_stored_stands_in_the_histograms)
