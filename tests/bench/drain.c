/* ./dev bench drain: how fast commands reach the portal, beside the least time that its limits
 * allow.
 *
 * The portal client in this process, b24sandbox in another, Bitrix24's limits in both. Ten minutes
 * of a limit would take ten minutes, so each row runs by a clock that is so and so many times as
 * fast (tests/bench/fast_clock.c); neither program knows of it. What the processor needs is then as
 * many times as dear, which is against us. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/portal/wire.h"
#include "tests/bench/drain_cell.h"
#include "tests/bench/subject.h"

/* What is fast enough to end soon and slow enough to measure. */
static const struct row {
    const char *name;
    int times; /* as fast */
    struct drain_load load;
    bool quick; /* belongs to --quick */
} rows[] = {
    {"rate, singly", 4, {.commands = 100, .work_s = 0.01, .alone = true}, true},
    {"rate, singly", 20, {.commands = 1000, .work_s = 0.01, .alone = true}, false},
    {"rate, batches", 5, {.commands = 10000, .work_s = 0.01}, true},
    {"operating, 9 s", 50, {.commands = 100, .work_s = 9}, true},
    {"operating, 1 s", 50, {.commands = 1000, .work_s = 1}, false},
    {"operating, 0.2 s", 80, {.commands = 10000, .work_s = 0.2}, false},
    {"operating, uneven", 80, {.commands = 10000, .work_s = 0.2, .uneven = true}, false},
    {"urgent, singly", 4, {.commands = 100, .work_s = 0.01, .alone = true, .urgent = true}, false},
    {"urgent, singly", 20, {.commands = 1000, .work_s = 0.01, .alone = true, .urgent = true}, true},
    {"urgent, batches", 5, {.commands = 10000, .work_s = 0.01, .urgent = true}, true},
    {"urgent, slow", 20, {.commands = 1000, .work_s = 0.2, .urgent = true}, false},
    {"portal's speed", 5, {.commands = 1000, .work_s = 0.05}, true},
    {"the same by hand", 40, {.commands = 1000, .work_s = 0.05, .by_hand = true}, true},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* ---- one row, in a process of its own -------------------------------------------------------- */

static int speed(void)
{
    const char *clock = getenv("FAST_CLOCK");
    return clock != NULL ? (int)strtol(clock, NULL, 10) : 1;
}

static void print_head(void)
{
    (void)printf("limits: bucket 50, 2 requests/s, 50 commands a batch, 480 s a method in 10 min; "
                 "%d ms of way; %d requests in flight, one more for urgent calls\n"
                 "s of the portal's clock, which runs so many times as fast (x)\n\n",
                 DRAIN_DELAY_MS, DRAIN_LANES);
    (void)printf("%-17s %6s %4s %8s %8s %8s %8s %8s %6s %7s %5s %5s %7s %7s %6s %6s\n", "mix", "K",
                 "x", "by rate", "by oper", "by run", "optimum", "taken", "ratio", "requests",
                 "limit", "bad", "urg p50", "urg p99", "cpu us", "KiB");
    (void)fflush(stdout);
}

static void print_row(const struct row *row, const struct drain_ideal *ideal,
                      const struct drain_result *result)
{
    (void)printf(
        "%-17s %6d %4d %8.1f %8.1f %8.1f %8.1f %8.1f %6.3f %7lld %5lld %5lld", row->name,
        row->load.commands, speed(), ideal->rate_s, ideal->operating_s, ideal->run_s, ideal->all_s,
        result->seconds, result->seconds / ideal->all_s, (long long)result->requests,
        (long long)result->refusals,
        (long long)(result->missing + result->doubled + result->disordered + result->failed));
    if (row->load.urgent)
        (void)printf(" %7.2f %7.2f", result->urgent_p50_s, result->urgent_p99_s);
    else
        (void)printf(" %7s %7s", "", "");
    if (!row->load.by_hand)
        (void)printf(" %6.0f %6.2f", result->cpu_us, result->queued_kib);
    (void)printf("\n");
    (void)fflush(stdout);
}

/* A limiter's refusal, and whatever is not done exactly once, are failures; slowness is not. Costs
 * that nobody can foresee may go over a limit by a call or two: then the refusal is only shown. */
static int measure(const struct row *row)
{
    struct drain_load load = row->load;
    struct drain_ideal ideal;
    struct drain_result result;
    struct err err = {0};
    if (!wire_init(&err)) {
        (void)fprintf(stderr, "bench: %s\n", err.text);
        return 1;
    }
    drain_ideal_of(&load, &ideal);
    load.stagger = ideal.all_s * 0.95;
    drain_run(&load, &result);
    wire_done();
    print_row(row, &ideal, &result);
    if (result.missing + result.doubled + result.disordered + result.failed > 0) {
        (void)printf("  missing %lld, doubled %lld, out of order %lld, failed %lld\n",
                     (long long)result.missing, (long long)result.doubled,
                     (long long)result.disordered, (long long)result.failed);
        return 1;
    }
    return result.refusals > 0 && !load.by_hand && !load.uneven;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static _Noreturn void become_row(int number, int times)
{
    char *name = mem_printf("%d", number);
    char *library = subject_beside("libfast_clock.so");
    char *clock = mem_printf("%d %lld %lld", times, (long long)clock_wall_ms() * 1000,
                             (long long)clock_mono_us());
    if (setenv("LD_PRELOAD", library, 1) == 0 && setenv("FAST_CLOCK", clock, 1) == 0)
        (void)execl("/proc/self/exe", "bench_drain", "--row", name, (char *)NULL);
    _exit(127);
}

static bool run_row(int number, int times)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        become_row(number, times);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static _Noreturn void usage(void)
{
    (void)fprintf(stderr, "usage: bench_drain [--quick] [--only MIX] [--times N]\n");
    exit(2);
}

int main(int count, char **arguments)
{
    const char *only = "";
    bool quick = false, fine = true;
    long times = 0;
    if (count == 3 && strcmp(arguments[1], "--row") == 0)
        return measure(&rows[strtoul(arguments[2], NULL, 10) % ROWS]);
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (strcmp(arguments[i], "--quick") == 0)
            quick = true;
        else if (strcmp(arguments[i], "--only") == 0 && value != NULL)
            only = arguments[++i];
        else if (strcmp(arguments[i], "--times") == 0 && value != NULL)
            times = strtol(arguments[++i], NULL, 10);
        else
            usage();
    }
    print_head();
    for (int i = 0; i < ROWS; i++)
        if ((!quick || rows[i].quick) && strstr(rows[i].name, only) != NULL)
            fine = run_row(i, times > 0 ? (int)times : rows[i].times) && fine;
    return fine ? 0 : 1;
}
