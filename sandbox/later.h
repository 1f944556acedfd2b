#ifndef SANDBOX_LATER_H
#define SANDBOX_LATER_H

/* Things to do at their time, on a few threads: events to post, answers to give late. Jobs whose
 * time has come start in the order of their times, then of their coming. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum { LATER_MOST_THREADS = 16, LATER_MOST_JOBS = 200000 };

struct later_job {
    int64_t due_ms; /* mono; 0: at once */
    /* Called once from one of the threads, or with `cancelled` when there is no place or no time
     * left; releases the job. */
    void (*run)(struct later_job *, bool cancelled);
    struct later_job *before, *behind; /* the queue's own */
};

struct later;

struct later *later_start(int threads, struct err *) MUST_CHECK;
/* Cancels what has not begun and waits for what has; what is added from then on is cancelled at
 * once. */
void later_close(struct later *);
void later_free(struct later *); /* closed before; NULL is fine */
void later_add(struct later *, struct later_job *);
/* Jobs that wait or run. */
size_t later_count(struct later *);

#endif
