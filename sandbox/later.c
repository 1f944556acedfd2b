#include "sandbox/later.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"

struct later {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    struct later_job *first, *last; /* by due_ms */
    size_t waiting, running;
    bool stopping;
    pthread_t threads[LATER_MOST_THREADS];
    int count; /* set before the threads start, and by none of them */
};

static void unlink_first(struct later *later)
{
    struct later_job *job = later->first;
    later->first = job->behind;
    *(later->first != NULL ? &later->first->before : &later->last) = NULL;
    later->waiting--;
}

/* Most jobs are due now and go to the end. */
static void link_by_time(struct later *later, struct later_job *job)
{
    struct later_job *at = later->last;
    while (at != NULL && at->due_ms > job->due_ms)
        at = at->before;
    job->before = at;
    job->behind = at != NULL ? at->behind : later->first;
    *(at != NULL ? &at->behind : &later->first) = job;
    *(job->behind != NULL ? &job->behind->before : &later->last) = job;
    later->waiting++;
}

/* With the lock held: until something changes or the first job is due. */
static void wait_for_first(struct later *later)
{
    if (later->first == NULL) {
        pthread_cond_wait(&later->changed, &later->lock);
        return;
    }
    int64_t due_ms = later->first->due_ms;
    struct timespec until = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
    pthread_cond_timedwait(&later->changed, &later->lock, &until);
}

static void *work(void *arg)
{
    struct later *later = arg;
    pthread_mutex_lock(&later->lock);
    while (!later->stopping) {
        int64_t now_ms = clock_mono_ms();
        struct later_job *job = later->first;
        if (job == NULL || job->due_ms > now_ms) {
            wait_for_first(later);
            continue;
        }
        unlink_first(later);
        later->running++;
        pthread_mutex_unlock(&later->lock);
        job->run(job, false);
        pthread_mutex_lock(&later->lock);
        later->running--;
    }
    pthread_mutex_unlock(&later->lock);
    return NULL;
}

struct later *later_start(int threads, struct err *err)
{
    struct later *later = mem_alloc(sizeof *later);
    pthread_condattr_t monotonic;
    pthread_mutex_init(&later->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&later->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < threads && i < LATER_MOST_THREADS; i++) {
        int failed = pthread_create(&later->threads[i], NULL, work, later);
        if (failed != 0) {
            err_set(err, "cannot start a thread: %s", strerror(failed));
            later_close(later);
            later_free(later);
            return NULL;
        }
        later->count++;
    }
    return later;
}

void later_close(struct later *later)
{
    pthread_mutex_lock(&later->lock);
    later->stopping = true;
    pthread_cond_broadcast(&later->changed);
    pthread_mutex_unlock(&later->lock);
    for (int i = 0; i < later->count; i++)
        pthread_join(later->threads[i], NULL);
    while (later->first != NULL) {
        struct later_job *job = later->first;
        unlink_first(later);
        job->run(job, true);
    }
}

void later_free(struct later *later)
{
    if (later == NULL)
        return;
    pthread_cond_destroy(&later->changed);
    pthread_mutex_destroy(&later->lock);
    mem_free(later);
}

void later_add(struct later *later, struct later_job *job)
{
    pthread_mutex_lock(&later->lock);
    bool taken = !later->stopping && later->waiting < LATER_MOST_JOBS;
    if (taken) {
        link_by_time(later, job);
        pthread_cond_signal(&later->changed);
    }
    pthread_mutex_unlock(&later->lock);
    if (!taken)
        job->run(job, true);
}

size_t later_count(struct later *later)
{
    pthread_mutex_lock(&later->lock);
    size_t count = later->waiting + later->running;
    pthread_mutex_unlock(&later->lock);
    return count;
}
