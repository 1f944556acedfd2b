#include "tests/bench/drain_cell.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/client.h"
#include "tests/bench/drain_portal.h"

enum { ENTITIES = 997 };

static const double bucket = 50, drain = 2, operating_s = 480, window_s = 600;
static const char method[] = "crm.timeline.comment.add";

void drain_ideal_of(const struct drain_load *load, struct drain_ideal *ret)
{
    double requests = load->alone ? load->commands : ceil(load->commands / 50.0);
    double work = load->commands * load->work_s;
    double windows = fmax(0, ceil(work / operating_s) - 1);
    double lanes = DRAIN_LANES;
    *ret = (struct drain_ideal){
        .rate_s = fmax(0, (requests - bucket) / drain),
        .operating_s = windows * window_s + (work - windows * operating_s) / lanes,
        .run_s = (work + requests * DRAIN_DELAY_MS / 1000) / lanes,
    };
    if (windows <= 0)
        ret->operating_s = 0;
    ret->all_s = fmax(ret->run_s,
                      fmax(ret->rate_s, ret->operating_s) + load->work_s + DRAIN_DELAY_MS / 1000.0);
}

/* ---- a crowd of calls ------------------------------------------------------------------------ */

struct crowd {
    const struct drain_load *load;
    struct portal_client *client;
    struct call *calls; /* `commands` of them */
    double *late_s;     /* of the urgent ones */
    int late_count;
    pthread_mutex_t lock; /* guards the two below */
    pthread_cond_t changed;
    int ended, failed;
};

static json_t *params_new(const struct drain_load *load, int i)
{
    json_t *params =
        json_pack("{si s{si ss ss}}", "mark", i, "fields", "ENTITY_ID", i % ENTITIES + 1,
                  "ENTITY_TYPE", "deal", "COMMENT", "Перезвонить клиенту");
    if (load->alone) /* a query string has no null */
        json_object_set_new(params, "none", json_null());
    return params;
}

static bool is_urgent(const struct drain_load *load, int i)
{
    return load->urgent && i % DRAIN_URGENT_EVERY == DRAIN_URGENT_EVERY - 1;
}

static void done(struct call *call)
{
    struct crowd *crowd = call->arg;
    if (call->priority == PRIORITY_URGENT)
        crowd->late_s[crowd->late_count++] = (double)(clock_wall_ms() - call->since_ms) / 1000 -
                                             crowd->load->work_s - DRAIN_DELAY_MS / 1000.0;
    bool good = call->answer.verdict == VERDICT_DONE;
    answer_done(&call->answer);
    pthread_mutex_lock(&crowd->lock);
    crowd->failed += !good;
    if (++crowd->ended == crowd->load->commands)
        pthread_cond_signal(&crowd->changed);
    pthread_mutex_unlock(&crowd->lock);
}

static void make_call(struct crowd *crowd, int i)
{
    struct call *call = &crowd->calls[i];
    bool urgent = is_urgent(crowd->load, i);
    *call = (struct call){
        .portal = 1,
        .command = {.method = mem_strdup(method),
                    .params = params_new(crowd->load, i),
                    .write = true,
                    .key = "1.1"},
        .priority = urgent ? PRIORITY_URGENT : PRIORITY_BULK,
        .done = done,
        .arg = crowd,
    };
    if (!urgent)
        (void)snprintf(call->lane, sizeof call->lane, "deal:%d", i % ENTITIES + 1);
}

static void sleep_s(double seconds)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)(fmod(seconds, 1) * 1e9)};
    (void)nanosleep(&pause, NULL);
}

static void submit_urgent(struct crowd *crowd)
{
    int count = crowd->load->commands / DRAIN_URGENT_EVERY;
    for (int n = 0; n < count; n++) {
        sleep_s(crowd->load->stagger / count * (n == 0 ? 0.5 : 1));
        portal_client_submit(crowd->client, &crowd->calls[(n + 1) * DRAIN_URGENT_EVERY - 1]);
    }
}

static double resident_kib(void)
{
    long pages = 0, own = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &own) != 2)
        own = 0;
    if (file != NULL)
        (void)fclose(file);
    return (double)own * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double cpu_us(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return ((double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec) * 1e6 +
           (double)use.ru_utime.tv_usec + (double)use.ru_stime.tv_usec;
}

static int compare_doubles(const void *va, const void *vb)
{
    const double *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

static void sum_up(struct crowd *crowd, struct drain_result *ret)
{
    int n = crowd->late_count;
    qsort(crowd->late_s, (size_t)n, sizeof *crowd->late_s, compare_doubles);
    ret->urgent_p50_s = n > 0 ? crowd->late_s[n / 2] : 0;
    ret->urgent_p99_s = n > 0 ? crowd->late_s[(n * 99 + 99) / 100 - 1] : 0;
    ret->failed = crowd->failed;
}

static void start_client(struct crowd *crowd, const struct drain_portal *portal)
{
    struct err err = {0};
    const struct portal_settings settings = {
        .id = 1, .name = "bench", .url = portal->url, .drain = drain, .size = bucket, .share = 1};
    const struct portal_client_options options = {.portals = &settings, .portal_count = 1};
    crowd->client = portal_client_start(&options, &err);
    if (crowd->client != NULL)
        return;
    (void)fprintf(stderr, "bench: %s\n", err.text);
    exit(1);
}

static void wait_for_all(struct crowd *crowd)
{
    pthread_mutex_lock(&crowd->lock);
    while (crowd->ended < crowd->load->commands)
        pthread_cond_wait(&crowd->changed, &crowd->lock);
    pthread_mutex_unlock(&crowd->lock);
}

static void run_client(const struct drain_load *load, const struct drain_portal *portal,
                       struct drain_result *ret)
{
    struct crowd crowd = {
        .load = load, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    start_client(&crowd, portal);
    double kib = resident_kib();
    crowd.calls = mem_array((size_t)load->commands, sizeof *crowd.calls);
    crowd.late_s = mem_array((size_t)load->commands, sizeof *crowd.late_s);
    for (int i = 0; i < load->commands; i++)
        make_call(&crowd, i);
    double cpu = cpu_us();
    int64_t began_us = clock_mono_us();
    for (int i = 0; i < load->commands; i++)
        if (!is_urgent(load, i))
            portal_client_submit(crowd.client, &crowd.calls[i]);
    ret->queued_kib = (resident_kib() - kib) / load->commands;
    if (load->urgent)
        submit_urgent(&crowd);
    wait_for_all(&crowd);
    ret->seconds = (double)(clock_mono_us() - began_us) / 1e6;
    ret->cpu_us = (cpu_us() - cpu) / load->commands;
    struct portal_health health = {0};
    (void)portal_client_health(crowd.client, 1, &health);
    ret->requests = health.requests;
    portal_client_stop(crowd.client, 0);
    sum_up(&crowd, ret);
    for (int i = 0; i < load->commands; i++)
        command_done(&crowd.calls[i].command);
    mem_free(crowd.calls);
    mem_free(crowd.late_s);
}

/* ---- by hand --------------------------------------------------------------------------------- */

/* What a simple handler does: a call, its answer, the next; a second's sleep when it is refused. */
static void run_by_hand(const struct drain_load *load, const struct drain_portal *portal,
                        struct drain_result *ret)
{
    int64_t began_us = clock_mono_us();
    for (int i = 0; i < load->commands; i++) {
        JV_AUTO *params = params_new(load, i);
        char *text = jv_dump_new(params);
        while (ret->requests++, !drain_portal_call(portal, method, text))
            sleep_s(1);
        mem_free(text);
    }
    ret->seconds = (double)(clock_mono_us() - began_us) / 1e6;
}

/* ---- the portal's own account ---------------------------------------------------------------- */

/* Each command once, and those of one entity in their order (urgent ones stand outside it). */
static void check_effects(const struct drain_load *load, const struct drain_portal *portal,
                          struct drain_result *ret)
{
    JV_AUTO *answer = drain_portal_ask(portal, "{\"do\":\"effects\"}");
    int *seen = mem_array((size_t)load->commands, sizeof *seen);
    int last[ENTITIES];
    size_t n;
    const json_t *effect;
    memset(last, -1, sizeof last);
    json_array_foreach (json_object_get(answer, "effects"), n, effect) {
        int64_t mark = jv_int(effect, "params.mark", -1);
        if (mark < 0 || mark >= load->commands)
            continue;
        ret->doubled += seen[mark]++ > 0;
        if (is_urgent(load, (int)mark))
            continue;
        ret->disordered += last[mark % ENTITIES] > mark;
        last[mark % ENTITIES] = (int)mark;
    }
    for (int i = 0; i < load->commands; i++)
        ret->missing += seen[i] == 0;
    mem_free(seen);
}

void drain_run(const struct drain_load *load, struct drain_result *ret)
{
    struct drain_portal portal;
    *ret = (struct drain_result){0};
    drain_portal_start(&portal, load->work_s, load->uneven, DRAIN_DELAY_MS);
    if (load->by_hand)
        run_by_hand(load, &portal, ret);
    else
        run_client(load, &portal, ret);
    ret->refusals = drain_portal_refusals(&portal);
    check_effects(load, &portal, ret);
    drain_portal_stop(&portal);
}
