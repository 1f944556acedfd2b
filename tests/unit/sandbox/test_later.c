/* Jobs at their time. */

#include <pthread.h>
#include <semaphore.h>

#include "common/clock.h"
#include "common/mem.h"
#include "sandbox/later.h"
#include "tests/support/check_main.h"

struct shared {
    pthread_mutex_t lock; /* guards the rest */
    int order[8], count, cancelled;
    sem_t done;
};

struct job {
    struct later_job job;
    struct shared *shared;
    int number;
};

static void run(struct later_job *base, bool cancelled)
{
    struct job *job = (struct job *)base;
    pthread_mutex_lock(&job->shared->lock);
    job->shared->order[job->shared->count++] = job->number;
    job->shared->cancelled += cancelled;
    pthread_mutex_unlock(&job->shared->lock);
    sem_post(&job->shared->done);
    mem_free(job);
}

static void add(struct later *later, struct shared *shared, int number, int64_t due_ms)
{
    struct job *job = mem_alloc(sizeof *job);
    *job = (struct job){.job = {.due_ms = due_ms, .run = run}, .shared = shared, .number = number};
    later_add(later, &job->job);
}

static void shared_init(struct shared *shared)
{
    *shared = (struct shared){.lock = PTHREAD_MUTEX_INITIALIZER};
    sem_init(&shared->done, 0, 0);
}

START_TEST(jobs_run_in_the_order_of_their_times)
{
    struct shared shared;
    struct err err = {0};
    shared_init(&shared);
    struct later *later = later_start(1, &err);
    ck_assert_ptr_nonnull(later);
    int64_t now_ms = clock_mono_ms();
    add(later, &shared, 3, now_ms + 60);
    add(later, &shared, 2, now_ms + 40);
    add(later, &shared, 4, now_ms + 60);
    add(later, &shared, 1, now_ms + 20);
    for (int i = 0; i < 4; i++)
        sem_wait(&shared.done);
    ck_assert_int_ge(clock_mono_ms(), now_ms + 60);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(shared.order[i], i + 1);
    ck_assert_int_eq(shared.cancelled, 0);
    later_close(later);
    ck_assert_uint_eq(later_count(later), 0);
    later_free(later);
}
END_TEST

START_TEST(closing_cancels_what_waits_and_what_comes)
{
    struct shared shared;
    struct err err = {0};
    shared_init(&shared);
    struct later *later = later_start(2, &err);
    ck_assert_ptr_nonnull(later);
    add(later, &shared, 1, clock_mono_ms() + 3600 * 1000);
    ck_assert_uint_eq(later_count(later), 1);
    later_close(later);
    ck_assert_int_eq(shared.cancelled, 1);
    add(later, &shared, 2, 0);
    ck_assert_int_eq(shared.cancelled, 2);
    later_free(later);
}
END_TEST

CHECK_MAIN("sandbox/later", jobs_run_in_the_order_of_their_times,
           closing_cancels_what_waits_and_what_comes)
