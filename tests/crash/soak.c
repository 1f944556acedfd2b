#include "tests/crash/soak.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/run.h"
#include "tests/support/house.h"
#include "tests/support/random.h"

enum {
    DEAL = 2,
    IVANOV = 5,    /* sandbox/seed.c */
    PORTAL_MS = 8, /* of each answer, so that kills hit calls in flight */
    LATE_MS = 400, /* of those that are slow */
    CALM_S = 900,  /* a method whose time is used up is left alone for minutes */
    SAY_EVERY_MS = 15000,
    /* A webhook that is refused once, a method whose time is used up: the daemon keeps away from
     * the portal for seconds, from the method for minutes. Shorter soaks have no time for that. */
    REFUSED_FROM_S = 60,
    USED_UP_FROM_S = 300,
    AT_REQUEST = 100, /* the n-th one; of comments as well */
};

struct soak {
    const struct soak_options *options;
    struct house *house;
    struct tally *tally;
    struct random random;
    int64_t *deals; /* their ids */
    int64_t count, posted;
    int64_t began_ms, kill_ms, said_ms; /* mono */
    struct soak_result *result;
};

/* ---- before ---------------------------------------------------------------------------------- */

static void add_deals(struct soak *s)
{
    int deeds = 0;
    for (size_t kind = 0; kind < tally_kinds(); kind++)
        deeds += tally_deeds_of(kind);
    s->count = s->options->effects * (int64_t)tally_kinds() / deeds + 1;
    s->deals = mem_array((size_t)s->count, sizeof *s->deals);
    for (int64_t i = 0; i < s->count; i++) {
        size_t kind = (size_t)i % tally_kinds();
        json_t *title = json_sprintf("%s %" PRId64, tally_kind(kind), i);
        s->deals[i] = house_add(s->house, IVANOV, DEAL,
                                json_pack("{so si ss si}", "title", title, "categoryId", 1,
                                          "stageId", "C1:NEW", "assignedById", IVANOV));
        tally_add_deal(s->tally, s->deals[i], kind);
    }
}

static void open_house(struct soak *s)
{
    double rate = s->options->rate;
    const struct house_options options = {.fail = s->options->fail,
                                          .rules = tally_rules,
                                          .plan = rate <= 0  ? "self-hosted"
                                                  : rate < 5 ? "standard"
                                                             : "enterprise",
                                          .rate = rate,
                                          .server = "http-allow = 127.0.0.0/8"};
    s->house = house_open(&options);
    json_decref(house_control(s->house, json_pack("{ss ss}", "do", "events", "state", "off")));
    add_deals(s);
    json_decref(house_control(s->house, json_pack("{ss ss}", "do", "events", "state", "on")));
}

static void bar(struct soak *s)
{
    if (s->options->fault_rate > 0 && s->options->seconds >= REFUSED_FROM_S)
        house_fault(s->house, json_pack("{ss ss si si}", "kind", "dead_webhook", "method", "*",
                                        "every", AT_REQUEST, "count", 1));
    if (s->options->fault_rate > 0 && s->options->seconds >= USED_UP_FROM_S)
        house_fault(s->house,
                    json_pack("{ss ss si si}", "kind", "operation", "method",
                              "crm.timeline.comment.add", "every", AT_REQUEST, "count", 1));
}

/* Each command is struck with the same chance: a request's misfortune strikes all that it carries.
 */
static void make_weather(struct soak *s)
{
    static const char *const kinds[] = {"html",    "empty",      "truncated", "drop_before",
                                        "cut_off", "drop_after", "redirect",  "limit"};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    double of_requests = s->options->fault_rate * 0.8, of_commands = s->options->fault_rate * 0.2;
    bar(s);
    for (size_t i = 0; i < KINDS && of_requests > 0; i++)
        house_fault(s->house,
                    json_pack("{ss ss sf ss}", "kind", kinds[i], "method", "*", "probability",
                              of_requests / (KINDS + 1), "to", house_portal_url(s->house)));
    house_fault(s->house, json_pack("{ss ss sf si}", "kind", "slow", "method", "*", "probability",
                                    of_requests / (KINDS + 1) + 1e-9, "ms", LATE_MS));
    for (int after = 0; after < 2 && of_commands > 0; after++)
        house_fault(s->house, json_pack("{ss ss sf sb}", "kind", "error", "method", "*",
                                        "probability", of_commands / 2, "after", after));
    house_fault(s->house, json_pack("{ss ss si si}", "kind", "slow", "method", "*", "count", 0,
                                    "ms", PORTAL_MS));
}

/* ---- meanwhile ------------------------------------------------------------------------------- */

static double passed_s(const struct soak *s)
{
    return (double)(clock_mono_ms() - s->began_ms) / 1000;
}

static void plan_kill(struct soak *s)
{
    int64_t every_ms = (int64_t)(s->options->kill_every * 1000);
    s->kill_ms = every_ms <= 0 ? INT64_MAX
                               : clock_mono_ms() + random_between(&s->random, every_ms / 2,
                                                                  every_ms + every_ms / 2);
}

static void kill_it(struct soak *s)
{
    house_kill(s->house);
    house_start(s->house);
    s->result->kills++;
    plan_kill(s);
}

/* Bitrix24 sends an event once, whatever becomes of it; that is `./dev crash`'s subject. Here one
 * that was not accepted is sent again. */
static void post_next(struct soak *s)
{
    char *body = mem_printf("event=ONCRMDEALADD&data%%5BFIELDS%%5D%%5BID%%5D=%" PRId64
                            "&ts=1755780000&auth%%5Bmember_id%%5D=" HOUSE_MEMBER
                            "&auth%%5Bapplication_token%%5D=" HOUSE_TOKEN,
                            s->deals[s->posted]);
    if (house_post(s->house, "/hook/main", body) == 200)
        s->posted++;
    mem_free(body);
}

static void say(struct soak *s)
{
    if (s->options->say == NULL || clock_mono_ms() < s->said_ms)
        return;
    s->said_ms = clock_mono_ms() + SAY_EVERY_MS;
    JV_AUTO *stats = house_control(s->house, json_pack("{ss}", "do", "stats"));
    (void)fprintf(s->options->say,
                  "%4.0f s: %" PRId64 " of %" PRId64 " events, %" PRId64 " effects, %" PRId64
                  " requests, %" PRId64 " kills\n",
                  passed_s(s), s->posted, s->count, jv_int(stats, "effects", 0),
                  jv_int(stats, "requests", 0), s->result->kills);
    (void)fflush(s->options->say);
}

static void storm(struct soak *s)
{
    s->began_ms = clock_mono_ms();
    plan_kill(s);
    while (s->posted < s->count || passed_s(s) < s->options->seconds) {
        double due = passed_s(s) / s->options->seconds * (double)s->count;
        if (clock_mono_ms() >= s->kill_ms)
            kill_it(s);
        if (s->posted < s->count && (double)s->posted <= due)
            post_next(s);
        else
            (void)poll(NULL, 0, 2);
        say(s);
    }
    if (s->options->kill_every > 0)
        kill_it(s);
    s->result->load_s = passed_s(s);
}

/* ---- after ----------------------------------------------------------------------------------- */

static bool is_over(struct soak *s)
{
    say(s);
    JV_AUTO *status = house_api(s->house, "/api/status");
    return jv_int(status, "queue.runs.waiting", 1) == 0 && house_is_settled(s->house);
}

static void calm_down(struct soak *s)
{
    JV_AUTO *stats = house_control(s->house, json_pack("{ss}", "do", "stats"));
    s->result->faults = json_incref(json_object_get(stats, "faults"));
    house_clear_faults(s->house);
    HOUSE_UNTIL_WITHIN(s->house, CALM_S, is_over(s));
    s->result->calm_s = passed_s(s) - s->result->load_s;
    JV_AUTO *last = house_control(s->house, json_pack("{ss}", "do", "stats"));
    s->result->requests = jv_int(last, "requests", 0);
    s->result->commands = jv_int(last, "commands", 0);
}

static void read_tables(struct soak *s)
{
    for (size_t i = 0; tally_tables[i] != NULL; i++) {
        JV_AUTO *answer =
            house_control(s->house, json_pack("{ss ss}", "do", "list", "what", tally_tables[i]));
        tally_add_rows(s->tally, tally_tables[i], json_object_get(answer, "rows"));
    }
}

typedef void row_fn(struct soak *, sqlite3_stmt *);

static void end_row(struct soak *s, sqlite3_stmt *stmt)
{
    tally_add_end(s->tally, strtoll(db_text(stmt, 0), NULL, 10), sqlite3_column_int(stmt, 1),
                  sqlite3_column_int(stmt, 2), db_text(stmt, 3));
}

static void looked_row(struct soak *s, sqlite3_stmt *stmt)
{
    s->result->looked += sqlite3_column_int64(stmt, 0);
    s->result->found += sqlite3_column_int64(stmt, 1);
}

static bool each_row(struct soak *s, struct db *db, const char *sql, row_fn *fn, struct err *err)
{
    bool row = false;
    sqlite3_stmt *stmt = db_prepare(db, sql, err);
    bool ok = stmt != NULL && db_step_row(db, stmt, &row, err);
    while (ok && row) {
        fn(s, stmt);
        ok = db_step_row(db, stmt, &row, err);
    }
    (void)sqlite3_finalize(stmt);
    return ok;
}

/* states: cancelled 5, dead 6, parked 7 (migrations/0001_first.sql); verdict DONE is 1 */
static void read_database(struct soak *s)
{
    struct db db;
    struct err err = {0};
    char *path = mem_printf("%s/b24bridge.db", house_folder(s->house));
    bool ok =
        db_open(&db, path, DB_READ, &err) &&
        each_row(s, &db,
                 "SELECT entity_id, state, step, reason FROM run WHERE state IN (5, 6, 7) AND "
                 "entity_type = 2",
                 end_row, &err) &&
        each_row(s, &db,
                 "SELECT count(*), coalesce(sum(verdict = 1), 0) FROM effect WHERE looked = 1",
                 looked_row, &err);
    db_close(&db);
    mem_free(path);
    if (!ok)
        s->options->fail(err.text);
}

void soak_run(const struct soak_options *options, struct soak_result *ret)
{
    *ret = (struct soak_result){0};
    struct soak s = {.options = options,
                     .tally = tally_new(),
                     .random = {.state = options->seed},
                     .result = ret};
    open_house(&s);
    make_weather(&s);
    storm(&s);
    calm_down(&s);
    read_tables(&s);
    if (house_stop(s.house) != 0)
        options->fail("b24bridge does not stop");
    read_database(&s);
    ret->deals = s.count;
    ret->sums = tally_sum(s.tally);
    ret->parked = tally_parked(s.tally);
    bool keep = !soak_is_good(ret) && options->say != NULL;
    if (keep)
        (void)fprintf(options->say, "kept for a look: %s\n", house_folder(s.house));
    if (keep)
        house_leave(s.house);
    else
        house_close(s.house);
    tally_free(s.tally);
    mem_free(s.deals);
}

void soak_result_done(struct soak_result *result)
{
    json_decref(result->parked);
    json_decref(result->faults);
}

bool soak_is_good(const struct soak_result *result)
{
    const struct tally_sums *sums = &result->sums;
    return sums->missing == 0 && sums->doubled == 0 && sums->wrongly == 0;
}
