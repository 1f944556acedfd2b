#ifndef TESTS_UNIT_STORE_TOLD_H
#define TESTS_UNIT_STORE_TOLD_H

/* Who is told what of the changes a test submits. */

#include <pthread.h>

#include "common/mem.h"
#include "fixture.h"

struct told {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    int expected;
    int count, good;
    int order[4096];
    char text[480]; /* the last bad one's */
};

struct ticket {
    struct told *told;
    int number;
};

static UNUSED void told_init(struct told *told, int expected)
{
    memset(told, 0, sizeof *told);
    (void)pthread_mutex_init(&told->mutex, NULL);
    (void)pthread_cond_init(&told->wake, NULL);
    told->expected = expected;
}

static UNUSED void tell(void *arg, bool ok, const struct err *err)
{
    struct ticket *ticket = arg;
    struct told *told = ticket->told;
    pthread_mutex_lock(&told->mutex);
    told->order[told->count++] = ticket->number;
    told->good += ok;
    if (!ok)
        (void)snprintf(told->text, sizeof told->text, "%s", err->text);
    pthread_cond_signal(&told->wake);
    pthread_mutex_unlock(&told->mutex);
    mem_free(ticket);
}

static UNUSED void told_wait(struct told *told)
{
    pthread_mutex_lock(&told->mutex);
    while (told->count < told->expected)
        pthread_cond_wait(&told->wake, &told->mutex);
    pthread_mutex_unlock(&told->mutex);
}

static UNUSED void submit(struct fixture *f, struct store_change *change, struct told *told,
                          int number)
{
    struct ticket *ticket = mem_alloc(sizeof *ticket);
    *ticket = (struct ticket){told, number};
    store_submit(f->store, change, tell, ticket);
}

static UNUSED void submit_arrival(struct fixture *f, struct store_change *change, struct told *told,
                                  int number)
{
    struct ticket *ticket = mem_alloc(sizeof *ticket);
    *ticket = (struct ticket){told, number};
    store_submit_arrival(f->store, change, tell, ticket);
}

static UNUSED struct store_change *one_event(struct fixture *f, const char *id)
{
    struct store_change *change = store_change_new();
    struct event event = fixture_event(f, id);
    store_put_event(change, &event);
    return change;
}

static UNUSED int64_t events_in(struct fixture *f)
{
    return fixture_sql(f->path, "SELECT count(*) FROM event");
}

#endif
