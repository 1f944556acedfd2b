#include "tests/bench/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/diag.h"
#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/timer.h"
#include "daemon/store/store.h"
#include "tests/bench/middle.h"
#include "tests/bench/subject.h"

enum {
    A_CHANGE = 500, /* timers stored at once */
    ROUNDS_MOST = MIDDLE_MOST,
    DAY_MS = 86400000,
    SETTLE_MS = 1500, /* until a daemon has done what it does at its start */
};

static const char rules_text[] = "[rule confirm]\n"
                                 "on = 2h before deal.closedate\n"
                                 "[then notify]\n"
                                 "to = {{deal.assigned}}\n"
                                 "text = Через 2 часа встреча: {{deal.title}}\n";

struct sample {
    double first_ms, own_mib;
};

static _Noreturn void give_up(const struct err *err)
{
    (void)fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

static void must(bool done, const struct err *err)
{
    if (!done)
        give_up(err);
}

/* ---- a database full of timers --------------------------------------------------------------- */

struct filling {
    struct store *store;
    int64_t portal;
    const struct rule *rule;
    struct zone *zone;
};

/* As the engine sets one (engine/timers.c): spread over a month, each on a deal of its own. */
static void put_timer(const struct filling *f, struct store_change *change, int64_t n,
                      int64_t count)
{
    int64_t now_ms = clock_wall_ms();
    struct run run = {.id = store_next_id(f->store),
                      .portal = f->portal,
                      .version = f->rule->version,
                      .entity = {.type = ENTITY_DEAL},
                      .state = RUN_WAITING,
                      .priority = PRIORITY_NORMAL,
                      .chain = json_array(),
                      .vars = json_pack("{s:{s:s}}", "start", "stageId", "C1:NEW"),
                      .updated_ms = now_ms};
    struct timer_moment moment = {.set = true, .due_ms = now_ms + DAY_MS + n * 30 * DAY_MS / count};
    (void)snprintf(run.rule, sizeof run.rule, "%s", f->rule->name);
    (void)snprintf(run.entity.id, sizeof run.entity.id, "%lld", (long long)n + 1);
    zone_iso(f->zone, moment.due_ms + 7200000, moment.base);
    timer_write(&run, &f->rule->triggers[0], &moment, f->zone);
    store_put_run(change, &run);
    run_done(&run);
}

static void fill(const struct filling *f, int64_t count)
{
    struct err err = {0};
    for (int64_t n = 0; n < count; n += A_CHANGE) {
        struct store_change *change = store_change_new();
        for (int64_t i = n; i < n + A_CHANGE && i < count; i++)
            put_timer(f, change, i, count);
        must(store_commit(f->store, change, &err), &err);
    }
}

static double megabytes_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (double)st.st_size / 1048576 : 0;
}

/* A database with so many timers; its size. */
static double make_house(const char *folder, int64_t timers)
{
    static const char *const main_portal[] = {"main", NULL}, *const none[] = {NULL};
    const struct ruleset_names names = {main_portal, none, none};
    struct err err = {0};
    struct diag diag;
    char *path = mem_printf("%s/bench.db", folder);
    const struct store_options options = {.path = path};
    struct ruleset *set = ruleset_new();
    diag_init(&diag);
    struct ini *ini = ini_parse("rules.ini", rules_text, strlen(rules_text), &diag);
    ruleset_load(set, ini, &names, &diag);
    struct filling f = {.store = store_open(&options, &err)};
    must(f.store != NULL && store_portal_id(f.store, "main", &f.portal, &err), &err);
    f.zone = zone_load("Europe/Moscow", &err);
    must(f.zone != NULL && diag.count == 0, &err);
    f.rule = &set->rules[0];
    fill(&f, timers);
    store_close(f.store);
    double size = megabytes_of(path);
    zone_free(f.zone);
    ruleset_free(set);
    ini_free(ini);
    diag_done(&diag);
    mem_free(path);
    return size;
}

/* ---- the daemon ------------------------------------------------------------------------------ */

static struct sample start(const char *folder)
{
    struct err err = {0};
    struct subject subject;
    struct subject_use use;
    const struct timespec pause = {.tv_sec = SETTLE_MS / 1000,
                                   .tv_nsec = SETTLE_MS % 1000 * 1000000};
    const struct subject_options options = {
        .kind = SUBJECT_DAEMON, .rules = rules_text, .database = folder};
    must(subject_start(&subject, &options, &err), &err);
    (void)nanosleep(&pause, NULL);
    subject_use(&subject, &use);
    subject_stop(&subject);
    return (struct sample){.first_ms = subject.first_ms, .own_mib = use.own_mib};
}

void timers_bench(int64_t timers, int rounds)
{
    char empty[64], full[64];
    double first[2][ROUNDS_MOST], own[2][ROUNDS_MOST];
    rounds = rounds < ROUNDS_MOST ? rounds : ROUNDS_MOST;
    subject_folder(empty);
    subject_folder(full);
    double none_mib = make_house(empty, 0), size_mib = make_house(full, timers);
    for (int i = 0; i < rounds; i++) {
        const struct sample without = start(empty), with = start(full);
        first[0][i] = without.first_ms;
        first[1][i] = with.first_ms;
        own[0][i] = without.own_mib;
        own[1][i] = with.own_mib;
    }
    double own_none = middle(own[0], rounds), own_full = middle(own[1], rounds);
    (void)printf("\n%lld timers waiting, beside none (%d rounds, medians)\n"
                 "  first 200 after the start  %6.1f ms, beside %.1f\n"
                 "  the daemon's own memory    %6.1f MiB, beside %.1f: %.0f bytes a timer\n"
                 "  the database               %6.1f MiB, beside %.1f: %.0f bytes a timer\n",
                 (long long)timers, rounds, middle(first[1], rounds), middle(first[0], rounds),
                 own_full, own_none, (own_full - own_none) * 1048576 / (double)timers, size_mib,
                 none_mib, (size_mib - none_mib) * 1048576 / (double)timers);
    subject_remove(empty);
    subject_remove(full);
}
