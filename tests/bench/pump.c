#include "tests/bench/pump.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"

/* ---- the disk's part ------------------------------------------------------------------------- */

/* Of the writer that looks at them. */
static _Thread_local int64_t flushes, flushing_us; /* of processor time */

/* Of this thread: what neighbours on the machine take is not in it. */
static int64_t processor_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int fdatasync(int fd);

/* Stands before libc's, for SQLite in this process. */
int fdatasync(int fd)
{
    static int (*real)(int fd);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "fdatasync");
        memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from an object to code */
    }
    int64_t began_us = processor_us();
    int code = real(fd);
    flushing_us += processor_us() - began_us;
    flushes++;
    return code;
}

/* ---- holds ----------------------------------------------------------------------------------- */

void holds_done(struct holds *holds)
{
    mem_free(holds->own_us);
    mem_free(holds->all_us);
    *holds = (struct holds){0};
}

static int compare_us(const void *va, const void *vb)
{
    const uint32_t *a = va, *b = vb;
    return *a < *b ? -1 : *a > *b;
}

static double at(uint32_t *us, size_t count, double part)
{
    if (count == 0)
        return 0;
    qsort(us, count, sizeof *us, compare_us);
    return us[(size_t)((double)(count - 1) * part)] / 1e3;
}

double holds_own_ms(struct holds *holds, double part)
{
    return at(holds->own_us, holds->count, part);
}

double holds_all_ms(struct holds *holds, double part)
{
    return at(holds->all_us, holds->count, part);
}

static void holds_add(struct holds *holds, int64_t own_us, int64_t all_us)
{
    if (holds->count == holds->room) {
        holds->room = holds->room > 0 ? holds->room * 2 : 1024;
        holds->own_us = mem_grow(holds->own_us, holds->room, sizeof *holds->own_us);
        holds->all_us = mem_grow(holds->all_us, holds->room, sizeof *holds->all_us);
    }
    holds->own_us[holds->count] = (uint32_t)own_us;
    holds->all_us[holds->count++] = (uint32_t)all_us;
}

/* ---- the pump -------------------------------------------------------------------------------- */

struct pump {
    const struct pump_options *options;
    /* The writer's thread's own while it runs. */
    int64_t submitted, told;
    int64_t arrived_us; /* the one that comes beside them, 0: none is on its way */
    struct moment {
        int64_t now_us, own_us, flushes;
    } last;                /* when the last answer had been told */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool ended;
};

static struct moment moment_now(void)
{
    return (struct moment){clock_mono_us(), processor_us() - flushing_us, flushes};
}

static void note_hold(struct pump *p)
{
    struct moment now = moment_now();
    if (p->options->holds == NULL || p->told == 1 || now.flushes == p->last.flushes)
        return;
    holds_add(p->options->holds, now.own_us - p->last.own_us, now.now_us - p->last.now_us);
}

static store_done_fn told, told_arrival;

static void submit(struct pump *p, struct store_change *change)
{
    (p->options->arrivals ? store_submit_arrival : store_submit)(p->options->store, change, told,
                                                                 p);
}

static void must_be(bool ok, const struct err *err)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

static void submit_next(struct pump *p)
{
    const struct pump_options *o = p->options;
    if (p->submitted >= o->changes && (o->more == NULL || !o->more(o->arg)))
        return;
    p->submitted++;
    submit(p, o->make(o->arg));
}

static void end_when_all_are_told(struct pump *p)
{
    if (p->told < p->submitted || p->arrived_us != 0)
        return;
    pthread_mutex_lock(&p->mutex);
    p->ended = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

static void arrive(struct pump *p)
{
    p->arrived_us = clock_mono_us();
    store_submit_arrival(p->options->store, p->options->arrive(p->options->arg), told_arrival, p);
}

static void told_arrival(void *arg, bool ok, const struct err *err)
{
    struct pump *p = arg;
    must_be(ok, err);
    int64_t us = clock_mono_us() - p->arrived_us;
    holds_add(p->options->waits, us, us);
    p->arrived_us = 0;
    if (p->told < p->submitted)
        arrive(p);
    else
        end_when_all_are_told(p);
}

static void told(void *arg, bool ok, const struct err *err)
{
    struct pump *p = arg;
    must_be(ok, err);
    p->told++;
    note_hold(p);
    int wanted = p->told == 1 ? p->options->in_flight : 1; /* the first one brings the others */
    for (int i = 0; i < wanted; i++)
        submit_next(p);
    if (p->told == 1 && p->options->arrive != NULL)
        arrive(p);
    p->last = moment_now();
    end_when_all_are_told(p);
}

double pump_run(const struct pump_options *options)
{
    struct pump p = {.options = options,
                     .submitted = 1,
                     .mutex = PTHREAD_MUTEX_INITIALIZER,
                     .wake = PTHREAD_COND_INITIALIZER};
    int64_t began_us = clock_mono_us();
    submit(&p, options->make(options->arg));
    pthread_mutex_lock(&p.mutex);
    while (!p.ended)
        pthread_cond_wait(&p.wake, &p.mutex);
    pthread_mutex_unlock(&p.mutex);
    double us = (double)(clock_mono_us() - began_us) / (double)p.told;
    (void)pthread_mutex_destroy(&p.mutex);
    (void)pthread_cond_destroy(&p.wake);
    return us;
}
