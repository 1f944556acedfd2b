#include "tests/crash/rounds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/jv.h"
#include "common/mem.h"
#include "tests/crash/load.h"
#include "tests/crash/preload.h"

enum {
    LEAST_CALLERS = 32,
    MOST_CALLERS = 128,
    DEALS_A_ROUND = 60, /* about */
    DEAL_PERCENT = 5,
    PORTAL_MS = 5,        /* of each call, so that kills hit calls in flight */
    ROUND_MOST_MS = 4000, /* whatever was to be waited for */
    DRAIN_MS = 2000,
    CALM_S = 300,
    LINES = 30, /* of the table, about */
    DEAL = 2,
    IVANOV = 5, /* sandbox/seed.c */
};

static const char rule[] = "[rule crash]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = {{deal.title}}\n";

struct rounds {
    const struct rounds_options *options;
    struct house *house;
    char *database;
    char *disk; /* folder of what a power cut leaves; see power.c */
    struct ledger ledger;
    struct random random;
    struct rounds_result *result;
    int64_t *first_ms; /* of each round that had a 200 */
    int first_count;
    int done, shown;           /* rounds; those that stand in the table */
    struct ledger_sums before; /* as of the last line of the table */
    int64_t worst_ms;          /* since then */
};

static _Noreturn void fail(const struct rounds *r, const char *what, const char *why)
{
    char *text = mem_printf("round %d: %s: %s", r->done + 1, what, why);
    house_fail(r->house, "%s", text);
}

/* ---- one life -------------------------------------------------------------------------------- */

struct life {
    struct rounds *rounds;
    struct load *load;
    enum moment moment;
    int64_t answers;  /* goes on at least until so many … */
    int64_t pause_us; /* … and then so long */
    int64_t launched_us, reached_us;
    int watch; /* inotify, -1 */
};

/* The database itself is written to by checkpoints only. */
static bool is_written_back(struct life *life)
{
    char events[4096];
    return read(life->watch, events, sizeof events) > 0;
}

/* Answers first: a start writes back what the last life has left. */
static bool answers_came(struct life *life)
{
    struct load_counts counts = load_counts(life->load);
    if (life->reached_us == 0 && counts.answered >= life->answers) {
        life->reached_us = clock_mono_us();
        if (life->moment == MOMENT_CHECKPOINT)
            (void)is_written_back(life); /* forget what was until now */
    }
    return life->reached_us != 0;
}

static bool is_time(struct life *life)
{
    int64_t now_us = clock_mono_us();
    if (now_us - life->launched_us > ROUND_MOST_MS * 1000)
        return true;
    if (life->moment == MOMENT_START)
        return now_us - life->launched_us >= life->pause_us;
    if (!answers_came(life))
        return false;
    if (life->moment == MOMENT_CHECKPOINT)
        return is_written_back(life);
    return now_us - life->reached_us >= life->pause_us;
}

static int watch_file(const struct rounds *r)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, r->database, IN_MODIFY) < 0)
        fail(r, "no inotify", r->database);
    return fd;
}

static struct life plan(struct rounds *r, struct load *load)
{
    struct random *random = &r->random;
    struct life life = {.rounds = r, .load = load, .watch = -1};
    life.moment = (enum moment)random_between(random, 0, MOMENTS - 1);
    life.answers = life.moment == MOMENT_START  ? 0
                   : life.moment == MOMENT_WORK ? random_between(random, 1, 50)
                                                : random_between(random, 1, 2000);
    life.pause_us = life.moment == MOMENT_START  ? random_between(random, 1, 60000)
                    : life.moment == MOMENT_WORK ? random_between(random, 0, 150000)
                                                 : random_between(random, 0, 3000);
    if (life.moment == MOMENT_CHECKPOINT)
        life.watch = watch_file(r);
    return life;
}

/* The daemon is dead: its files become what the disk has for certain. */
static void cut_power(struct rounds *r)
{
    char *command = mem_printf("cp %s/b24bridge.db* %s/ && rm -f %s-shm", r->disk,
                               house_folder(r->house), r->database);
    if (r->options->power && system(command) != 0)
        fail(r, "a power cut", command);
    mem_free(command);
}

static void kill_it(struct rounds *r)
{
    if (preload_ended(r->house))
        fail(r, "b24bridge has ended by itself", "its log says why");
    house_kill(r->house);
    cut_power(r);
}

static void live(struct rounds *r, struct life *life)
{
    life->launched_us = clock_mono_us();
    if (r->options->power)
        preload_launch(r->house, "power");
    else
        house_launch(r->house);
    while (!is_time(life))
        load_turn(life->load, 1);
    kill_it(r);
    r->result->kills[life->moment]++;
}

static void note_first(struct rounds *r, const struct life *life)
{
    int64_t first_us = load_counts(life->load).first_us;
    if (first_us < life->launched_us)
        return;
    int64_t ms = (first_us - life->launched_us + 500) / 1000;
    r->first_ms[r->first_count++] = ms;
    r->worst_ms = ms > r->worst_ms ? ms : r->worst_ms;
}

/* ---- counting -------------------------------------------------------------------------------- */

static void count_effects(struct rounds *r)
{
    JV_AUTO *answer = house_control(r->house, json_pack("{ss ss sI}", "do", "effects", "method",
                                                        "crm.timeline.comment.add", "after",
                                                        (json_int_t)r->ledger.last_effect));
    ledger_count_effects(&r->ledger, json_object_get(answer, "effects"));
}

static void count_all(struct rounds *r)
{
    struct err err = {0};
    if (!ledger_count_stored(&r->ledger, r->database, &err) ||
        !ledger_count_stopped(&r->ledger, r->database, &err))
        fail(r, "the database", err.text);
    count_effects(r);
    r->result->sums = ledger_sum(&r->ledger);
}

static void show_head(const struct rounds *r)
{
    if (r->options->table != NULL)
        (void)fprintf(r->options->table, "%9s %8s %8s %8s %8s %8s  %s\n", "rounds", "sent", "200",
                      "stored", "missing", "doubled", "ms to first 200 (worst)");
}

static void show(struct rounds *r)
{
    const struct ledger_sums *now = &r->result->sums, *before = &r->before;
    int every = r->options->rounds / LINES + 1;
    if (r->options->table == NULL || (r->done % every != 0 && r->done < r->options->rounds))
        return;
    (void)fprintf(r->options->table,
                  "%4d-%-4d %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64
                  " %8" PRId64 "\n",
                  r->shown + 1, r->done, now->sent - before->sent, now->answered - before->answered,
                  now->stored - before->stored, now->missing, now->doubled, r->worst_ms);
    (void)fflush(r->options->table);
    r->before = *now;
    r->shown = r->done;
    r->worst_ms = 0;
}

/* ---- a round --------------------------------------------------------------------------------- */

static struct load *open_load(struct rounds *r, bool deals)
{
    struct err err = {0};
    const char *url = house_public_url(r->house);
    const struct load_options options = {
        .port = (int)strtol(strrchr(url, ':') + 1, NULL, 10),
        .connections = (int)random_between(&r->random, LEAST_CALLERS, MOST_CALLERS),
        .kept_percent = (int)random_between(&r->random, 0, 100),
        .deal_percent = deals ? DEAL_PERCENT : 0,
        .ledger = &r->ledger,
        .random = &r->random};
    struct load *load = load_open(&options, &err);
    if (load == NULL)
        fail(r, "no load", err.text);
    return load;
}

static void run_round(struct rounds *r)
{
    struct load *load = open_load(r, r->done % 2 == 1);
    struct life life = plan(r, load);
    int64_t lives = life.moment == MOMENT_START ? random_between(&r->random, 1, 3) : 1;
    for (; lives > 0; lives--) {
        live(r, &life);
        if (life.moment == MOMENT_START)
            life.pause_us = random_between(&r->random, 1, 60000);
    }
    load_drain(load, DRAIN_MS);
    note_first(r, &life);
    load_close(load);
    if (life.watch >= 0)
        (void)close(life.watch);
    count_all(r);
    r->done++;
    show(r);
}

/* ---- before and after ------------------------------------------------------------------------ */

/* Rows that were old long ago, so that each start has something to prune. */
static void add_history(struct rounds *r)
{
    struct db db;
    struct err err = {0};
    char *sql = mem_printf(
        "INSERT INTO event (id, state, portal, priority, source, happening, entity_type, "
        "entity_id, "
        "name, own_id, received_ms, sent_s, cause_run) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL "
        "SELECT n + 1 FROM n WHERE n < %d) SELECT (SELECT coalesce(max(id), 0) FROM event) + n, 2, "
        "1, "
        "1, 1, 0, 3, '1', 'ONCRMCONTACTUPDATE', '', 1700000000000 + n, 0, 0 FROM n",
        r->options->old_rows);
    bool good = db_open(&db, r->database, DB_WRITE, &err) && db_run(&db, sql, &err);
    db_close(&db);
    mem_free(sql);
    if (!good)
        fail(r, "no history", err.text);
}

/* All is flushed: the disk has what the files have. */
static void open_disk(struct rounds *r)
{
    r->disk = mem_printf("%s/disk", house_folder(r->house));
    char *command = mem_printf("mkdir %s && cp %s %s/", r->disk, r->database, r->disk);
    if (system(command) != 0)
        fail(r, "no disk", command);
    (void)setenv("POWER_FOLDER", r->disk, 1);
    mem_free(command);
}

static void open_house(struct rounds *r)
{
    const struct house_options options = {
        .fail = r->options->fail, .rules = rule, .server = "keep = 1 minute\n"};
    r->house = house_open(&options);
    r->database = mem_printf("%s/b24bridge.db", house_folder(r->house));
    json_decref(house_control(r->house, json_pack("{ss ss}", "do", "events", "state", "off")));
    int64_t last = house_add(r->house, IVANOV, DEAL, json_pack("{ss}", "title", "x"));
    int deals = r->options->rounds / 2 * DEALS_A_ROUND + DEALS_A_ROUND;
    json_decref(house_control(r->house, json_pack("{ss si}", "do", "seed", "deals", deals)));
    house_fault(r->house, json_pack("{ss ss si si}", "kind", "slow", "method", "*", "ms", PORTAL_MS,
                                    "count", 0));
    ledger_init(&r->ledger, last + 1, deals);
    if (house_stop(r->house) != 0)
        fail(r, "b24bridge does not stop", "SIGTERM");
    add_history(r);
    open_disk(r);
    count_all(r);
}

static int64_t count_history(struct rounds *r)
{
    struct db db;
    struct err err = {0};
    bool row = false;
    sqlite3_stmt *stmt = NULL;
    bool good =
        db_open(&db, r->database, DB_READ, &err) &&
        (stmt = db_prepare(&db, "SELECT count(*) FROM event WHERE sent_s = 0", &err)) != NULL &&
        db_step_row(&db, stmt, &row, &err);
    int64_t count = good && row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    db_close(&db);
    if (!good)
        fail(r, "the database", err.text);
    return count;
}

/* No load and no faults any more: all that was begun comes to its end. */
static void calm_down(struct rounds *r)
{
    int64_t began_ms = clock_mono_ms();
    house_clear_faults(r->house);
    if (r->options->power)
        preload_start(r->house, "power");
    else
        house_start(r->house);
    HOUSE_UNTIL_WITHIN(r->house, CALM_S, house_is_settled(r->house));
    r->result->calm_ms = clock_mono_ms() - began_ms;
    kill_it(r);
    count_all(r);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sum_first(struct rounds *r)
{
    if (r->first_count == 0)
        return;
    qsort(r->first_ms, (size_t)r->first_count, sizeof *r->first_ms, by_size);
    r->result->first_ms = r->first_ms[r->first_count / 2];
    r->result->first_most_ms = r->first_ms[r->first_count - 1];
}

const char *moment_word(enum moment moment)
{
    static const char *const words[MOMENTS] = {[MOMENT_START] = "start",
                                               [MOMENT_LOAD] = "load",
                                               [MOMENT_CHECKPOINT] = "checkpoint",
                                               [MOMENT_WORK] = "work"};
    return words[moment];
}

void rounds_run(const struct rounds_options *options, struct rounds_result *ret)
{
    *ret = (struct rounds_result){0};
    struct rounds r = {.options = options, .random = {.state = options->seed}, .result = ret};
    r.first_ms = mem_array((size_t)options->rounds + 1, sizeof *r.first_ms);
    open_house(&r);
    show_head(&r);
    while (r.done < options->rounds)
        run_round(&r);
    calm_down(&r);
    ret->pruned = options->old_rows - count_history(&r);
    sum_first(&r);
    house_close(r.house);
    ledger_done(&r.ledger);
    mem_free(r.first_ms);
    mem_free(r.database);
    mem_free(r.disk);
}
