#include "tests/bench/depth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/bench/middle.h"
#include "tests/bench/old_house.h"
#include "tests/bench/pump.h"
#include "tests/bench/subject.h"

enum {
    ROUND = 20000, /* events of each round */
    IN_FLIGHT = 256,
    PAGE = 128, /* as the feeder reads */
    ROUNDS_MOST = MIDDLE_MOST,
    WAITING_MOST = 1000000,
    PRUNED = 100000, /* rows */
    LARGE = 500,     /* events of one entity that a look takes */
    HOLD_MS = 10,    /* the bound */
};

enum phase { INSERT, CLAIM, START, CLAIM_DUE, SETTLE, PHASES };
static const char *const phase_names[PHASES] = {"insert an event", "claim its entity",
                                                "start a run", "claim what is due", "settle it"};

struct house {
    const char *name;
    struct old_house old;
    char folder[64];
    struct store *store;
    struct store_reader *reader;
    int64_t portal, number;           /* of the next event */
    int64_t *events, *runs, *effects; /* ids of this round */
    struct entity *deals;
    int64_t made;         /* in this phase */
    int64_t pruned_until; /* health.pruned */
    double us[PHASES][ROUNDS_MOST];
    struct holds holds[PHASES], pruning, large, waits[PHASES];
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

/* ---- the life of one event ------------------------------------------------------------------- */

static struct event event_of(struct house *h)
{
    static char body[] =
        "event=ONCRMDEALUPDATE&event_handler_id=12&data%5BFIELDS%5D%5BID%5D=100000000"
        "&ts=1755780000&auth%5Bdomain%5D=firma.bitrix24.ru&auth%5Bclient_endpoint%5D=https%3A%2F%2F"
        "firma.bitrix24.ru%2Frest%2F&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix24.tech%2F"
        "rest%2F&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553";
    struct event event = {.id = store_next_id(h->store),
                          .portal = h->portal,
                          .source = EVENT_WEBHOOK,
                          .name = "ONCRMDEALUPDATE",
                          .happening = HAPPENING_UPDATED,
                          .entity = {.type = ENTITY_DEAL},
                          .priority = PRIORITY_NORMAL,
                          .received_ms = clock_wall_ms(),
                          .body = body};
    (void)snprintf(event.entity.id, sizeof event.entity.id, "%lld",
                   (long long)(h->number++ * 2654435761 % h->old.deals));
    return event;
}

static struct store_change *make_event(void *arg)
{
    struct house *h = arg;
    struct store_change *change = store_change_new();
    struct event event = event_of(h);
    if (h->made < ROUND) {
        h->events[h->made] = event.id;
        h->deals[h->made++] = event.entity;
    }
    store_put_event(change, &event);
    return change;
}

static struct store_change *make_passing(void *arg)
{
    struct store_change *change = store_change_new();
    struct event event = event_of(arg);
    store_put_event_passing(change, &event);
    return change;
}

static struct run run_of(const struct house *h, int64_t at, enum run_state state)
{
    return (struct run){.id = h->runs[at],
                        .portal = h->portal,
                        .rule = "call-back",
                        .version = 7,
                        .entity = h->deals[at],
                        .state = state,
                        .priority = PRIORITY_NORMAL,
                        .cause_event = h->events[at],
                        .created_ms = clock_wall_ms(),
                        .updated_ms = clock_wall_ms()};
}

/* The event is seen, the entity has changed, a rule fires and intends its first call. */
static struct store_change *make_start(void *arg)
{
    static char method[] = "crm.timeline.comment.add";
    struct house *h = arg;
    int64_t at = h->made++;
    struct store_change *change = store_change_new();
    h->runs[at] = store_next_id(h->store);
    h->effects[at] = store_next_id(h->store);
    struct run run = run_of(h, at, RUN_READY);
    struct snapshot snapshot = {
        .portal = h->portal, .entity = run.entity, .added_told = true, .looked_ms = run.created_ms};
    struct trace trace = {.at_ms = run.created_ms,
                          .portal = h->portal,
                          .entity = run.entity,
                          .event_id = h->events[at],
                          .run_id = run.id,
                          .rule = "call-back",
                          .what = "fired",
                          .say = "the rule fired: the deal is large enough"};
    struct effect effect = {.id = h->effects[at],
                            .run_id = run.id,
                            .portal = h->portal,
                            .entity = run.entity,
                            .command = {.key = "0.0", .method = method, .write = true},
                            .intended_ms = run.created_ms};
    store_put_event_seen(change, h->events[at]);
    store_put_snapshot(change, &snapshot);
    store_put_fired(change, h->portal, run.rule, &run.entity, run.created_ms, 0, NULL);
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    store_put_trace(change, &trace);
    return change;
}

static struct store_change *make_settle(void *arg)
{
    struct house *h = arg;
    int64_t at = h->made++;
    struct store_change *change = store_change_new();
    struct run run = run_of(h, at, RUN_DONE);
    const struct answer answer = {.verdict = VERDICT_DONE, .sent_ms = run.updated_ms};
    store_put_outcome(change, h->effects[at], &answer, false, run.updated_ms);
    store_put_run(change, &run);
    return change;
}

/* ---- claiming: what the feeder and a task read ----------------------------------------------- */

static void claim_entity(struct house *h, const struct entity *entity)
{
    struct err err = {0};
    struct event *events;
    struct run *runs;
    struct snapshot snapshot;
    struct fired_row fired;
    bool found;
    int64_t count;
    must(store_read_events(h->reader, h->portal, entity, 100, &events, &count, &err), &err);
    for (int64_t i = 0; i < count; i++)
        event_done(&events[i]);
    mem_free(events);
    must(store_read_live(h->reader, h->portal, entity, &runs, &count, &err), &err);
    for (int64_t i = 0; i < count; i++)
        run_done(&runs[i]);
    mem_free(runs);
    must(store_read_snapshot(h->reader, h->portal, entity, &snapshot, &found, &err), &err);
    if (found)
        snapshot_done(&snapshot);
    must(store_read_fired(h->reader, h->portal, "call-back", entity, clock_wall_ms() - 3600000, "",
                          &fired, &err),
         &err);
}

static double claim_events(struct house *h)
{
    struct err err = {0};
    struct waiting_entity page[PAGE];
    struct event_cursor cursor = {0};
    int64_t began_us = clock_mono_us(), claimed = 0, count = 0;
    do {
        must(store_read_new(h->reader, h->portal, &cursor, PAGE, page, &count, &err), &err);
        for (int64_t i = 0; i < count; i++)
            claim_entity(h, &page[i].entity);
        claimed += count;
    } while (count > 0 && claimed < ROUND);
    return (double)(clock_mono_us() - began_us) / (double)claimed;
}

static double claim_due(struct house *h)
{
    struct err err = {0};
    struct waiting_entity page[PAGE];
    struct due_cursor cursor = {0};
    int64_t began_us = clock_mono_us(), claimed = 0, count = 0;
    do {
        int64_t now_ms = clock_wall_ms(), next_ms;
        must(store_read_due_on(h->reader, h->portal, now_ms, &cursor, PAGE, page, &count, &err) &&
                 store_read_next_due(h->reader, h->portal, now_ms, &next_ms, &err),
             &err);
        for (int64_t i = 0; i < count; i++) {
            struct effect *effects;
            int64_t found;
            claim_entity(h, &page[i].entity);
            must(store_read_effects(h->reader, h->runs[claimed + i], 0, &effects, &found, &err),
                 &err);
            for (int64_t k = 0; k < found; k++)
                effect_done(&effects[k]);
            mem_free(effects);
        }
        claimed += count;
    } while (count > 0 && claimed < ROUND);
    return (double)(clock_mono_us() - began_us) / (double)claimed;
}

/* ---- a round --------------------------------------------------------------------------------- */

static double pump(struct house *h, enum phase phase, pump_fn *make)
{
    h->made = 0;
    return pump_run(&(struct pump_options){.store = h->store,
                                           .make = make,
                                           .arg = h,
                                           .changes = ROUND,
                                           .in_flight = IN_FLIGHT,
                                           .arrivals = phase == INSERT,
                                           .arrive = phase == INSERT ? NULL : make_passing,
                                           .waits = &h->waits[phase],
                                           .holds = &h->holds[phase]});
}

static void run_round(struct house *h, int round)
{
    h->us[INSERT][round] = pump(h, INSERT, make_event);
    h->us[CLAIM][round] = claim_events(h);
    h->us[START][round] = pump(h, START, make_start);
    h->us[CLAIM_DUE][round] = claim_due(h);
    h->us[SETTLE][round] = pump(h, SETTLE, make_settle);
}

/* The largest change that the engine makes: all that waits about one deal, seen at once. */
static struct store_change *make_large(void *arg)
{
    struct house *h = arg;
    struct store_change *change = store_change_new();
    for (int64_t at = h->made++; at < ROUND; at += ROUND / LARGE)
        store_put_event_seen(change, h->events[at]);
    return change;
}

static void see_many(struct house *h)
{
    int64_t deals = h->old.deals;
    h->old.deals = ROUND / LARGE; /* by turns */
    h->made = 0;
    (void)pump_run(&(struct pump_options){.store = h->store,
                                          .make = make_event,
                                          .arg = h,
                                          .changes = ROUND,
                                          .in_flight = IN_FLIGHT,
                                          .arrivals = true});
    h->old.deals = deals;
    h->made = 0;
    (void)pump_run(&(struct pump_options){.store = h->store,
                                          .make = make_large,
                                          .arg = h,
                                          .changes = ROUND / LARGE,
                                          .in_flight = 1,
                                          .holds = &h->large});
}

static bool still_pruning(void *arg)
{
    struct house *h = arg;
    struct store_health health;
    store_health(h->store, &health);
    return health.pruned < h->pruned_until;
}

/* Beside events that come all the time. */
static void prune(struct house *h)
{
    int64_t rows = h->old.kept < PRUNED ? h->old.kept : PRUNED;
    if (rows == 0)
        return;
    h->pruned_until = rows;
    store_prune(h->store, clock_wall_ms() - 86400000, (int)rows);
    (void)pump_run(&(struct pump_options){.store = h->store,
                                          .make = make_event,
                                          .arg = h,
                                          .changes = 1,
                                          .more = still_pruning,
                                          .in_flight = IN_FLIGHT,
                                          .arrivals = true,
                                          .holds = &h->pruning});
}

/* ---- houses ---------------------------------------------------------------------------------- */

static void house_enter(struct house *h)
{
    struct err err = {0};
    subject_folder(h->folder);
    char *path = mem_printf("%s/depth.db", h->folder);
    const struct store_options options = {.path = path};
    h->store = store_open(&options, &err);
    must(h->store != NULL && store_portal_id(h->store, "main", &h->portal, &err), &err);
    if (h->old.kept + h->old.waiting > 0) {
        store_close(h->store);
        int64_t began_ms = clock_mono_ms();
        must(old_house_fill(path, &h->old, &err), &err);
        (void)fprintf(stderr, "%s: filled in %.0f s\n", h->name,
                      (double)(clock_mono_ms() - began_ms) / 1e3);
        h->store = store_open(&options, &err);
    }
    h->reader = h->store != NULL ? store_reader_open(h->store, &err) : NULL;
    must(h->reader != NULL, &err);
    mem_free(path);
    h->events = mem_array(ROUND, sizeof *h->events);
    h->runs = mem_array(ROUND, sizeof *h->runs);
    h->effects = mem_array(ROUND, sizeof *h->effects);
    h->deals = mem_array(ROUND, sizeof *h->deals);
}

static void house_leave(struct house *h)
{
    store_reader_close(h->reader);
    store_close(h->store);
    mem_free(h->events);
    mem_free(h->runs);
    mem_free(h->effects);
    mem_free(h->deals);
    for (int phase = 0; phase < PHASES; phase++) {
        holds_done(&h->holds[phase]);
        holds_done(&h->waits[phase]);
    }
    holds_done(&h->pruning);
    holds_done(&h->large);
    subject_remove(h->folder);
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool print_holds(struct holds *holds)
{
    if (holds->count == 0)
        return true;
    double longest = holds_own_ms(holds, 1);
    (void)printf(
        "  %5zu holds, own ms p50 %4.1f p99 %4.1f longest %4.1f, by the clock %4.1f %5.1f %5.1f",
        holds->count, holds_own_ms(holds, 0.5), holds_own_ms(holds, 0.99), longest,
        holds_all_ms(holds, 0.5), holds_all_ms(holds, 0.99), holds_all_ms(holds, 1));
    return longest <= HOLD_MS;
}

/* Ratios are of the same round. */
static bool print_house(struct house *h, const struct house *empty, int rounds)
{
    bool good = true;
    (void)printf("\n%s: %lld events and runs kept, %lld events waiting\n", h->name,
                 (long long)h->old.kept, (long long)h->old.waiting);
    for (int phase = 0; phase < PHASES; phase++) {
        double ratios[ROUNDS_MOST];
        for (int i = 0; i < rounds; i++)
            ratios[i] = h->us[phase][i] / empty->us[phase][i];
        (void)printf("  %-18s %6.1f us  %.2f of empty", phase_names[phase],
                     middle(h->us[phase], rounds), middle(ratios, rounds));
        good = print_holds(&h->holds[phase]) && good;
        if (h->waits[phase].count > 0)
            (void)printf("\n    an event beside it waits p50 %.1f p99 %.1f longest %.1f ms",
                         holds_all_ms(&h->waits[phase], 0.5), holds_all_ms(&h->waits[phase], 0.99),
                         holds_all_ms(&h->waits[phase], 1));
        (void)printf("\n");
    }
    (void)printf("  %-36s", "500 events of a deal, seen at once");
    good = print_holds(&h->large) && good;
    (void)printf("\n");
    if (h->pruning.count > 0) {
        (void)printf("  %-36s", "insert while pruning");
        good = print_holds(&h->pruning) && good;
        (void)printf("\n");
    }
    return good;
}

int depth_run(int64_t rows, int rounds)
{
    int64_t deals = rows / 10 > ROUND ? rows / 10 : ROUND;
    struct house houses[] = {
        {.name = "empty", .old = {.deals = deals}},
        {.name = "old", .old = {.kept = rows, .deals = deals}},
        {.name = "behind",
         .old = {.waiting = rows < WAITING_MOST ? rows : WAITING_MOST, .deals = deals * 10}},
    };
    enum { HOUSES = sizeof houses / sizeof houses[0] };
    bool good = true;
    for (size_t i = 0; i < HOUSES; i++)
        house_enter(&houses[i]);
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < HOUSES; i++)
            run_round(&houses[(i + (size_t)round) % HOUSES], round);
    for (size_t i = 0; i < HOUSES; i++) {
        see_many(&houses[i]);
        prune(&houses[i]);
    }
    for (size_t i = 0; i < HOUSES; i++)
        good = print_house(&houses[i], &houses[0], rounds) && good;
    for (size_t i = 0; i < HOUSES; i++)
        house_leave(&houses[i]);
    (void)printf("\na transaction held the others up longer than %d ms: %s\n", HOLD_MS,
                 good ? "never" : "yes");
    return !good;
}
