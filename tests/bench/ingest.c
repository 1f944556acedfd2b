/* ./dev bench ingest: how fast events are taken, beside the ideal of the same minute.
 *
 * Absolute numbers are the machine's; the ratios are ours. Both programs are measured in turn, with
 * the same senders, on the same cores; medians over the rounds, with the least and the most. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/store/store.h"
#include "tests/bench/burst.h"
#include "tests/bench/depth.h"
#include "tests/bench/ideal.h"
#include "tests/bench/load.h"
#include "tests/bench/subject.h"

enum { ROUNDS_MOST = 50, CELLS_MOST = 64, SLOW_US = 1000 };

/* Workers are busy: each event wants a look at the deal, which the portal has not got. */
static const char busy_rules[] =
    "[rule busy]\non = deal updated\nif = deal.opportunity > 1\n[then comment]\ntext = Большая\n";

struct sample {
    struct load_result load;
    double cpu_us; /* an event */
    double peak_mib, own_mib;
};

struct cell {
    bool keep_alive;
    int senders;
    int flush_us;
    bool busy;
    struct sample of[2][ROUNDS_MOST]; /* by subject_kind */
};

struct bench {
    int rounds;
    int64_t warm_us, measure_us;
    bool quick;
    const char *mode; /* "new", "keep"; NULL: both */
    int senders;      /* 0: all */
    const char *part; /* "fast", "slow", "busy", "start", "burst", "depth"; NULL: all */
    int64_t rows;     /* kept, of "depth" */
    struct cell cells[CELLS_MOST];
    int cell_count;
    char sandbox_folder[64];
    uint16_t sandbox_port;
    int64_t errors;
};

static _Noreturn void give_up(const struct err *err)
{
    (void)fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

/* ---- measuring ------------------------------------------------------------------------------- */

struct meter {
    struct subject *subject;
    double cpu_us;
};

static void begin_meter(void *arg)
{
    struct meter *m = arg;
    struct subject_use use;
    subject_use(m->subject, &use);
    m->cpu_us = use.cpu_us;
}

static void end_meter(void *arg)
{
    struct meter *m = arg;
    struct subject_use use;
    subject_use(m->subject, &use);
    m->cpu_us = use.cpu_us - m->cpu_us;
}

static void measure(struct bench *b, struct cell *cell, enum subject_kind kind, int round)
{
    struct subject subject;
    struct err err = {0};
    const struct subject_options options = {.kind = kind,
                                            .flush_us = cell->flush_us,
                                            .rules = cell->busy ? busy_rules : NULL,
                                            .portal = b->sandbox_port};
    if (!subject_start(&subject, &options, &err))
        give_up(&err);
    struct sample *sample = &cell->of[kind][round];
    struct meter meter = {.subject = &subject};
    const struct load_options load = {.port = subject.port,
                                      .senders = cell->senders,
                                      .keep_alive = cell->keep_alive,
                                      .warm_us = b->warm_us,
                                      .measure_us = b->measure_us,
                                      .begins = begin_meter,
                                      .ends = end_meter,
                                      .arg = &meter};
    if (!load_run(&load, &sample->load, &err))
        give_up(&err);
    struct subject_use use;
    subject_use(&subject, &use);
    sample->peak_mib = use.peak_mib;
    sample->own_mib = use.own_mib;
    sample->cpu_us = meter.cpu_us / (double)sample->load.answered;
    b->errors += sample->load.refused;
    subject_stop(&subject);
}

/* ---- the middle of several ------------------------------------------------------------------- */

struct spread {
    double middle, least, most;
};

static int compare_doubles(const void *va, const void *vb)
{
    const double *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

static struct spread spread_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    double upper = values[count / 2], lower = values[(count - 1) / 2];
    return (struct spread){
        .middle = (upper + lower) / 2, .least = values[0], .most = values[count - 1]};
}

typedef double pick_fn(const struct sample *);

static double pick_rate(const struct sample *s)
{
    return s->load.per_second;
}

static double pick_p50(const struct sample *s)
{
    return s->load.p50_us;
}

static double pick_p99(const struct sample *s)
{
    return s->load.p99_us;
}

static double pick_p999(const struct sample *s)
{
    return s->load.p999_us;
}

static double pick_cpu(const struct sample *s)
{
    return s->cpu_us;
}

static double pick_peak(const struct sample *s)
{
    return s->peak_mib;
}

static double pick_own(const struct sample *s)
{
    return s->own_mib;
}

static struct spread over_rounds(const struct sample *samples, int rounds, pick_fn *pick)
{
    double values[ROUNDS_MOST];
    for (int i = 0; i < rounds; i++)
        values[i] = pick(&samples[i]);
    return spread_of(values, rounds);
}

static struct spread ratio(const struct cell *cell, int rounds, pick_fn *pick)
{
    double values[ROUNDS_MOST];
    for (int i = 0; i < rounds; i++)
        values[i] = pick(&cell->of[SUBJECT_DAEMON][i]) / pick(&cell->of[SUBJECT_IDEAL][i]);
    return spread_of(values, rounds);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void print_subject(const struct cell *cell, int rounds, enum subject_kind kind)
{
    const struct sample *samples = cell->of[kind];
    struct spread rate = over_rounds(samples, rounds, pick_rate);
    (void)printf("%-4s %4d %-8s %9.0f %8.0f-%-8.0f %7.0f %7.0f %7.0f %6.1f %6.1f %6.1f",
                 cell->keep_alive ? "keep" : "new", cell->senders,
                 kind == SUBJECT_DAEMON ? "daemon" : "ideal", rate.middle, rate.least, rate.most,
                 over_rounds(samples, rounds, pick_p50).middle,
                 over_rounds(samples, rounds, pick_p99).middle,
                 over_rounds(samples, rounds, pick_p999).middle,
                 over_rounds(samples, rounds, pick_cpu).middle,
                 over_rounds(samples, rounds, pick_peak).most,
                 over_rounds(samples, rounds, pick_own).most);
}

static void print_cell(const struct cell *cell, int rounds)
{
    struct spread rate = ratio(cell, rounds, pick_rate);
    struct spread p99 = ratio(cell, rounds, pick_p99);
    print_subject(cell, rounds, SUBJECT_IDEAL);
    (void)printf("\n");
    print_subject(cell, rounds, SUBJECT_DAEMON);
    (void)printf("  %.2f (%.2f-%.2f)  p99 %.2f (%.2f-%.2f)\n", rate.middle, rate.least, rate.most,
                 p99.middle, p99.least, p99.most);
}

static void print_head(const char *title)
{
    (void)printf("\n%s\n", title);
    (void)printf("%-4s %4s %-8s %9s %17s %7s %7s %7s %6s %6s %6s  %s\n", "conn", "send", "",
                 "events/s", "least-most", "p50 us", "p99", "p99.9", "cpu us", "MiB", "own",
                 "daemon / ideal");
}

static bool in_part(const struct cell *cell, const char *part)
{
    const char *own = cell->busy ? "busy" : cell->flush_us > 0 ? "slow" : "fast";
    return strcmp(own, part) == 0;
}

static void print_part(const struct bench *b, const char *part, const char *title)
{
    bool any = false;
    for (int i = 0; i < b->cell_count; i++) {
        if (!in_part(&b->cells[i], part))
            continue;
        if (!any)
            print_head(title);
        any = true;
        print_cell(&b->cells[i], b->rounds);
    }
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void add_cell(struct bench *b, struct cell cell)
{
    bool wanted = (b->mode == NULL || strcmp(b->mode, cell.keep_alive ? "keep" : "new") == 0) &&
                  (b->senders == 0 || b->senders == cell.senders) &&
                  (b->part == NULL || in_part(&cell, b->part));
    if (wanted)
        b->cells[b->cell_count++] = cell;
}

static void choose_cells(struct bench *b)
{
    static const int senders[] = {1, 16, 64, 256};
    static const int flushes[] = {0, SLOW_US};
    for (size_t f = 0; f < sizeof flushes / sizeof flushes[0]; f++)
        for (int keep = 0; keep <= 1; keep++)
            for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
                add_cell(b, (struct cell){.keep_alive = keep != 0,
                                          .senders = senders[i],
                                          .flush_us = flushes[f]});
    for (int keep = 0; keep <= 1; keep++)
        add_cell(b, (struct cell){.keep_alive = keep != 0, .senders = 64, .busy = true});
}

/* Each round takes the other first: what a neighbour on the machine does hits both. */
static void run_round(struct bench *b, int round)
{
    for (int i = 0; i < b->cell_count; i++) {
        bool daemon_first = (round + i) % 2 == 0;
        measure(b, &b->cells[i], daemon_first ? SUBJECT_DAEMON : SUBJECT_IDEAL, round);
        measure(b, &b->cells[i], daemon_first ? SUBJECT_IDEAL : SUBJECT_DAEMON, round);
    }
    (void)fprintf(stderr, "round %d of %d\n", round + 1, b->rounds);
}

/* A portal with Bitrix24's limits, for the busy workers. */
static void start_portal(struct bench *b)
{
    char *program = subject_beside("../b24sandbox");
    b->sandbox_port = subject_free_port();
    char *listen = mem_printf("127.0.0.1:%d", b->sandbox_port);
    const char *arguments[] = {program,   "--listen", listen,   "--code", "benchbenchbenchb",
                               "--token", LOAD_TOKEN, "--rate", "2",      NULL};
    subject_folder(b->sandbox_folder);
    (void)subject_spawn(b->sandbox_folder, arguments, 0);
    mem_free(listen);
    mem_free(program);
}

/* ---- starting -------------------------------------------------------------------------------- */

static void fill(const char *folder, int64_t events)
{
    struct err err = {0};
    char *path = mem_printf("%s/bench.db", folder);
    const struct store_options options = {.path = path};
    struct store *store = store_open(&options, &err);
    int64_t portal;
    if (store == NULL || !store_portal_id(store, "main", &portal, &err))
        give_up(&err);
    struct event event = {.portal = portal,
                          .source = EVENT_WEBHOOK,
                          .name = "ONCRMDEALUPDATE",
                          .happening = HAPPENING_UPDATED,
                          .entity = {.type = ENTITY_DEAL},
                          .priority = PRIORITY_NORMAL,
                          .received_ms = clock_wall_ms()};
    char body[] = "event=ONCRMDEALUPDATE&event_handler_id=12&data%5BFIELDS%5D%5BID%5D=100000000"
                  "&ts=1755780000&auth%5Bdomain%5D=firma.bitrix24.ru";
    event.body = body;
    for (int64_t done = 0; done < events;) {
        struct store_change *change = store_change_new();
        for (int i = 0; i < 5000 && done < events; i++, done++) {
            event.id = store_next_id(store);
            (void)snprintf(event.entity.id, sizeof event.entity.id, "%lld", (long long)event.id);
            store_put_event(change, &event);
        }
        if (!store_commit(store, change, &err))
            give_up(&err);
    }
    store_close(store);
    mem_free(path);
}

/* A rule waits for them: they stay, whatever the daemon does meanwhile. */
static void time_starts(struct bench *b, int64_t waiting)
{
    double times[ROUNDS_MOST];
    char folder[64];
    if (waiting > 0) {
        subject_folder(folder);
        fill(folder, waiting);
    }
    for (int i = 0; i < b->rounds; i++) {
        struct subject subject;
        struct err err = {0};
        const struct subject_options options = {.kind = SUBJECT_DAEMON,
                                                .rules = waiting > 0 ? busy_rules : NULL,
                                                .portal = b->sandbox_port,
                                                .database = waiting > 0 ? folder : NULL};
        if (!subject_start(&subject, &options, &err))
            give_up(&err);
        times[i] = subject.first_ms;
        subject_stop(&subject);
    }
    struct spread ms = spread_of(times, b->rounds);
    (void)printf("first 200 after the start, %lld events waiting: %.1f ms (%.1f-%.1f)\n",
                 (long long)waiting, ms.middle, ms.least, ms.most);
    if (waiting > 0)
        subject_remove(folder);
}

/* ---- the program ----------------------------------------------------------------------------- */

static _Noreturn void usage(void)
{
    (void)fprintf(stderr,
                  "usage: bench_ingest [--quick] [--rounds N] [--ms N] [--conn new|keep]\n"
                  "                    [--senders N] [--part fast|slow|busy|start|burst|depth]\n"
                  "                    [--rows N]\n");
    exit(2);
}

static void read_options(struct bench *b, int count, char **arguments)
{
    int64_t ms = 0;
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        if (strcmp(arguments[i], "--quick") == 0) {
            b->quick = true;
            continue;
        }
        if (strcmp(arguments[i], "--rounds") == 0)
            b->rounds = (int)strtol(value, NULL, 10);
        else if (strcmp(arguments[i], "--ms") == 0)
            ms = strtol(value, NULL, 10);
        else if (strcmp(arguments[i], "--conn") == 0)
            b->mode = value;
        else if (strcmp(arguments[i], "--senders") == 0)
            b->senders = (int)strtol(value, NULL, 10);
        else if (strcmp(arguments[i], "--rows") == 0)
            b->rows = strtol(value, NULL, 10);
        else if (strcmp(arguments[i], "--part") == 0)
            b->part = value;
        else
            usage();
        i++;
    }
    if (b->rounds == 0)
        b->rounds = b->quick ? 2 : 5;
    if (b->rows == 0)
        b->rows = b->quick ? 50000 : 300000;
    if (b->rounds < 0 || b->rounds > ROUNDS_MOST || ms < 0 || b->rows < 0)
        usage();
    b->measure_us = ms > 0 ? ms * 1000 : b->quick ? 300000 : 800000;
    b->warm_us = b->quick ? 100000 : 200000;
}

int main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "ideal") == 0)
        return ideal_serve((uint16_t)strtoul(arguments[2], NULL, 10), arguments[3], LOAD_TOKEN);
    struct bench *b = mem_alloc(sizeof *b);
    read_options(b, count, arguments);
    if (b->part != NULL && strcmp(b->part, "depth") == 0)
        return depth_run(b->rows, b->rounds);
    choose_cells(b);
    start_portal(b);
    for (int round = 0; round < b->rounds && b->cell_count > 0; round++)
        run_round(b, round);
    (void)printf("medians of %d rounds of %.1f s, %ld cores; ratios of the same round\n", b->rounds,
                 (double)b->measure_us / 1e6, sysconf(_SC_NPROCESSORS_ONLN));
    print_part(b, "fast", "the disk as it is");
    print_part(b, "slow", "each flush 1 ms longer");
    print_part(b, "busy", "a rule wants to look at every deal, the portal has its limits");
    (void)printf("\nrefused or broken: %lld\n", (long long)b->errors);
    if (b->part == NULL || strcmp(b->part, "start") == 0) {
        time_starts(b, 0);
        time_starts(b, b->quick ? 100000 : 1000000);
    }
    bool all_kept = b->part == NULL || strcmp(b->part, "burst") != 0 ||
                    burst_run(b->sandbox_port, busy_rules) == 0;
    subject_remove(b->sandbox_folder);
    int code = b->errors > 0 || !all_kept;
    mem_free(b);
    return code;
}
