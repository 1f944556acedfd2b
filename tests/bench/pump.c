#include "tests/bench/pump.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"

/* ---- the disk's part ------------------------------------------------------------------------- */

static atomic_llong flushes, flushing_us;

int fdatasync(int fd);

/* Stands before libc's, for SQLite in this process. */
int fdatasync(int fd)
{
    static int (*real)(int fd);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "fdatasync");
        memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from an object to code */
    }
    int64_t began_us = clock_mono_us();
    int code = real(fd);
    atomic_fetch_add(&flushing_us, clock_mono_us() - began_us);
    atomic_fetch_add(&flushes, 1);
    return code;
}

/* ---- holds ----------------------------------------------------------------------------------- */

void holds_done(struct holds *holds)
{
    mem_free(holds->us);
    *holds = (struct holds){0};
}

static int compare_us(const void *va, const void *vb)
{
    const uint32_t *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

double holds_at(struct holds *holds, double part)
{
    if (holds->count == 0)
        return 0;
    qsort(holds->us, holds->count, sizeof *holds->us, compare_us);
    return holds->us[(size_t)((double)(holds->count - 1) * part)] / 1e3;
}

static void holds_add(struct holds *holds, int64_t us)
{
    if (holds->count == holds->room) {
        holds->room = holds->room > 0 ? holds->room * 2 : 1024;
        holds->us = mem_grow(holds->us, holds->room, sizeof *holds->us);
    }
    holds->us[holds->count++] = (uint32_t)us;
}

/* ---- the pump -------------------------------------------------------------------------------- */

struct pump {
    const struct pump_options *options;
    /* The writer's thread's own while it runs. */
    int64_t submitted, told;
    struct moment {
        int64_t now_us, flushes, flushing_us;
    } last;                /* when the last answer had been told */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool ended;
};

static struct moment moment_now(void)
{
    return (struct moment){clock_mono_us(), atomic_load(&flushes), atomic_load(&flushing_us)};
}

static void note_hold(struct pump *p)
{
    struct moment now = moment_now();
    if (p->options->holds != NULL && p->told > 1 && now.flushes != p->last.flushes)
        holds_add(p->options->holds,
                  now.now_us - p->last.now_us - (now.flushing_us - p->last.flushing_us));
}

static store_done_fn told;

static void submit_next(struct pump *p)
{
    const struct pump_options *o = p->options;
    if (p->submitted >= o->changes && (o->more == NULL || !o->more(o->arg)))
        return;
    p->submitted++;
    store_submit(o->store, o->make(o->arg), told, p);
}

static void told(void *arg, bool ok, const struct err *err)
{
    struct pump *p = arg;
    if (!ok) {
        (void)fprintf(stderr, "bench: %s\n", err->text);
        exit(1);
    }
    p->told++;
    note_hold(p);
    int wanted = p->told == 1 ? p->options->in_flight : 1; /* the first one brings the others */
    for (int i = 0; i < wanted; i++)
        submit_next(p);
    p->last = moment_now();
    if (p->told < p->submitted)
        return;
    pthread_mutex_lock(&p->mutex);
    p->ended = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

double pump_run(const struct pump_options *options)
{
    struct pump p = {.options = options,
                     .submitted = 1,
                     .mutex = PTHREAD_MUTEX_INITIALIZER,
                     .wake = PTHREAD_COND_INITIALIZER};
    int64_t began_us = clock_mono_us();
    store_submit(options->store, options->make(options->arg), told, &p);
    pthread_mutex_lock(&p.mutex);
    while (!p.ended)
        pthread_cond_wait(&p.wake, &p.mutex);
    pthread_mutex_unlock(&p.mutex);
    double us = (double)(clock_mono_us() - began_us) / (double)p.told;
    (void)pthread_mutex_destroy(&p.mutex);
    (void)pthread_cond_destroy(&p.wake);
    return us;
}
