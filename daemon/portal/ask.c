#include "daemon/portal/ask.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/portal/fetch.h"

/* One need on its way: its next calls, and the answers so far. */
struct item {
    char need[NEED_SIZE];
    struct command next[FETCH_MOST]; /* owned until handed to calls */
    size_t next_count;
    struct answer *answers; /* owned */
    size_t count;
    bool settled;
};

struct asking {
    struct portal_client *client;
    int64_t portal;
    enum priority priority;
    struct item *items;
    size_t item_count;
    struct call *calls; /* on their way */
    size_t call_count;
    int64_t patience_ms;  /* 0: any */
    pthread_mutex_t lock; /* guards left and heard_ms */
    pthread_cond_t back;
    int64_t heard_ms; /* mono: the last answer */
    size_t left;
};

struct asking *asking_new(struct portal_client *client, int64_t portal, const json_t *needs,
                          enum priority priority)
{
    struct asking *a = mem_alloc(sizeof *a);
    *a = (struct asking){.client = client, .portal = portal, .priority = priority};
    a->items = mem_array(json_array_size(needs) + 1, sizeof *a->items);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&a->back, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < json_array_size(needs); i++) {
        struct item *item = &a->items[a->item_count++];
        (void)snprintf(item->need, sizeof item->need, "%s",
                       json_string_value(json_array_get(needs, i)));
        item->next_count = fetch_calls(item->need, item->next);
    }
    return a;
}

void asking_limit(struct asking *a, int64_t patience_ms)
{
    a->patience_ms = patience_ms;
}

void asking_free(struct asking *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->item_count; i++) {
        struct item *item = &a->items[i];
        for (size_t k = 0; k < item->next_count; k++)
            command_done(&item->next[k]);
        for (size_t k = 0; k < item->count; k++)
            answer_done(&item->answers[k]);
        mem_free(item->answers);
    }
    mem_free(a->items);
    pthread_cond_destroy(&a->back);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}

/* Called by the client's thread. */
static void call_is_back(struct call *call)
{
    struct asking *a = call->arg;
    pthread_mutex_lock(&a->lock);
    a->heard_ms = clock_mono_ms();
    if (--a->left == 0)
        pthread_cond_signal(&a->back);
    pthread_mutex_unlock(&a->lock);
}

void asking_send(struct asking *a)
{
    size_t total = 0;
    for (size_t i = 0; i < a->item_count; i++)
        total += a->items[i].next_count;
    a->calls = mem_array(total + 1, sizeof *a->calls);
    a->call_count = total;
    a->left = total; /* nothing is on its way yet */
    a->heard_ms = clock_mono_ms();
    struct call *call = a->calls;
    for (size_t i = 0; i < a->item_count; i++)
        for (size_t k = 0; k < a->items[i].next_count; k++, call++) {
            *call = (struct call){.portal = a->portal,
                                  .command = a->items[i].next[k],
                                  .priority = a->priority,
                                  .done = call_is_back,
                                  .arg = a};
            a->items[i].next[k] = (struct command){0};
        }
    for (size_t i = 0; i < total; i++)
        portal_client_submit(a->client, &a->calls[i]);
}

static void collect(struct asking *a)
{
    struct call *call = a->calls;
    for (size_t i = 0; i < a->item_count; i++) {
        struct item *item = &a->items[i];
        item->answers =
            mem_grow(item->answers, item->count + item->next_count + 1, sizeof *item->answers);
        for (size_t k = 0; k < item->next_count; k++, call++) {
            item->answers[item->count++] = call->answer;
            call->answer = (struct answer){0};
            command_done(&call->command);
        }
        item->next_count = 0;
    }
    mem_free(a->calls);
    a->calls = NULL;
}

/* An answer that says nothing about the need: the portal or the way to it is in trouble. */
static bool came(const struct item *item, struct err *err)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct answer *answer = &item->answers[i];
        if (answer->verdict != VERDICT_DONE && answer->verdict != VERDICT_REFUSED)
            return err_set(err, "%s %s: %s", verdict_word(answer->verdict), answer->error,
                           answer->text);
    }
    return true;
}

static enum asked settle(struct item *item, json_t *facts, json_t *refused, struct err *err)
{
    json_t *value = NULL;
    struct command more = {0};
    struct err why = {0};
    if (!came(item, err))
        return ASKED_FAILED;
    switch (fetch_value(item->need, item->answers, item->count, &value, &more, &why)) {
    case FETCHED:
        (void)json_object_set_new(facts, item->need, value);
        break;
    case FETCH_MORE:
        item->next[0] = more;
        item->next_count = 1;
        return ASKED_MORE;
    case FETCH_FAILED:
        (void)json_object_set_new(facts, item->need, json_null());
        (void)json_object_set_new(refused, item->need, jv_string_new(why.text));
        break;
    }
    item->settled = true;
    return ASKED;
}

/* Returns when all are back; every call comes back from a client that was halted. False: it was,
 * because nothing came. */
static bool wait_for_answers(struct asking *a)
{
    bool halted = a->patience_ms == 0;
    pthread_mutex_lock(&a->lock);
    while (a->left > 0) {
        int64_t end = a->heard_ms + a->patience_ms;
        const struct timespec at = {.tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000};
        if (halted) {
            (void)pthread_cond_wait(&a->back, &a->lock);
        } else if (pthread_cond_timedwait(&a->back, &a->lock, &at) == ETIMEDOUT &&
                   clock_mono_ms() >= a->heard_ms + a->patience_ms) {
            halted = true;
            pthread_mutex_unlock(&a->lock);
            portal_client_halt(a->client, 0);
            pthread_mutex_lock(&a->lock);
        }
    }
    pthread_mutex_unlock(&a->lock);
    return !halted || a->patience_ms == 0;
}

enum asked asking_wait(struct asking *a, json_t *facts, json_t *refused, struct err *err)
{
    enum asked all = ASKED;
    bool heard = wait_for_answers(a);
    collect(a);
    if (!heard) {
        (void)err_set(err, "it has not answered for %lld s", (long long)a->patience_ms / 1000);
        return ASKED_FAILED;
    }
    for (size_t i = 0; i < a->item_count && all != ASKED_FAILED; i++) {
        if (a->items[i].settled)
            continue;
        enum asked one = settle(&a->items[i], facts, refused, err);
        all = one == ASKED ? all : one;
    }
    return all;
}
