#include "daemon/engine/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/feeder.h"
#include "daemon/engine/held.h"
#include "daemon/engine/holds.h"
#include "daemon/engine/keeper.h"
#include "daemon/engine/rota.h"
#include "daemon/engine/task.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/writes.h"

/* ---- the ready queue ------------------------------------------------------------------------- */

void engine_push_ready_locked(struct engine *e, struct task *task)
{
    task->next = NULL;
    struct task **tail = &e->ready_tail[task->priority];
    if (*tail == NULL)
        e->ready_head[task->priority] = task;
    else
        (*tail)->next = task;
    *tail = task;
    pthread_cond_signal(&e->ready_more);
}

void engine_push_ready(struct engine *e, struct task *task)
{
    pthread_mutex_lock(&e->lock);
    engine_push_ready_locked(e, task);
    pthread_mutex_unlock(&e->lock);
}

static struct task *pop_locked(struct engine *e)
{
    for (int p = 0; p < 3; p++) {
        struct task *task = e->ready_head[p];
        if (task == NULL)
            continue;
        e->ready_head[p] = task->next;
        if (task->next == NULL)
            e->ready_tail[p] = NULL;
        task->next = NULL;
        return task;
    }
    return NULL;
}

/* ---- what stages use ------------------------------------------------------------------------- */

enum task_turn task_pause(struct task *task, int64_t ms, task_stage_fn *stage)
{
    struct engine *e = task->engine;
    task->stage = stage;
    pthread_mutex_lock(&e->lock);
    if (e->halting) {
        pthread_mutex_unlock(&e->lock);
        return TASK_REST;
    }
    task->wake_ms = clock_mono_ms() + ms;
    task->next = e->sleepers;
    e->sleepers = task;
    pthread_cond_signal(&e->feed_more);
    pthread_mutex_unlock(&e->lock);
    return TASK_SLEEP;
}

void task_hand_out(struct task *task, size_t answers, task_stage_fn *after)
{
    task->stage = after;
    atomic_store(&task->outstanding, (int)answers + 1);
}

static void one_is_back(struct task *task)
{
    if (atomic_fetch_sub(&task->outstanding, 1) == 1)
        engine_push_ready(task->engine, task);
}

enum task_turn task_handed_out(struct task *task)
{
    one_is_back(task);
    return TASK_SLEEP;
}

void task_call_done(struct call *call)
{
    one_is_back(call->arg);
}

static void commit_done(void *arg, bool ok, const struct err *err)
{
    struct task *task = arg;
    task->commit_ok = ok;
    task->commit_err = ok || err == NULL ? (struct err){0} : *err;
    one_is_back(task);
}

enum task_turn task_commit(struct task *task, struct store_change *change, task_stage_fn *after)
{
    task_hand_out(task, 1, after);
    store_submit(task->engine->store, change, commit_done, task);
    return task_handed_out(task);
}

bool engine_is_halting(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    bool halting = e->halting;
    pthread_mutex_unlock(&e->lock);
    return halting;
}

bool task_must_rest(struct task *task)
{
    return engine_is_halting(task->engine) || holds_portal(task->engine->holds, task->portal->id);
}

const struct ruleset *task_rules(const struct task *task)
{
    return task->engine->site.config->rules;
}

void task_env(struct task *task, struct rules_env *ret)
{
    config_env(task->engine->site.config, task->portal->config, clock_wall_ms(),
               (uint64_t)clock_mono_us(), ret);
}

void task_trace(struct task *task, struct store_change *change, const struct run *run,
                int64_t event_id, const char *what, const json_t *detail, const char *format, ...)
{
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = task->portal->id,
                          .entity = task->entity,
                          .event_id = event_id,
                          .run_id = run != NULL ? run->id : 0};
    if (run != NULL)
        (void)snprintf(trace.rule, sizeof trace.rule, "%s", run->rule);
    (void)snprintf(trace.what, sizeof trace.what, "%s", what);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(trace.say, sizeof trace.say, format, args);
    va_end(args);
    trace.detail = detail != NULL ? json_deep_copy(detail) : NULL;
    store_put_trace(change, &trace);
    trace_done(&trace);
}

/* ---- tasks go to rest ------------------------------------------------------------------------ */

/* The entity has nothing more to do, unless something came meanwhile. */
static void task_rests(struct task *task)
{
    struct engine *e = task->engine;
    task_forget_run(task);
    task_forget_look(task);
    pthread_mutex_lock(&e->lock);
    bool again = task->again && !e->halting;
    task->again = false;
    if (again) {
        task->stage = look_begin;
        engine_push_ready_locked(e, task);
    } else {
        feeder_remove_locked(e, task);
        e->news = true; /* a place is free, and what this task left may be due again */
        pthread_cond_signal(&e->feed_more);
        pthread_cond_broadcast(&e->rested);
    }
    pthread_mutex_unlock(&e->lock);
    if (!again)
        task_free(task);
}

static void work_on(struct worker *worker, struct task *task)
{
    enum task_turn turn = TASK_GO;
    while (turn == TASK_GO) {
        atomic_store(&worker->busy_since_ms, clock_mono_ms());
        task->reader = worker->reader;
        turn = task->stage(task);
    }
    atomic_store(&worker->busy_since_ms, 0);
    if (turn == TASK_REST)
        task_rests(task);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct engine *e = worker->engine;
    pthread_mutex_lock(&e->lock);
    for (;;) {
        struct task *task = pop_locked(e);
        if (task != NULL) {
            e->at_work++;
            pthread_mutex_unlock(&e->lock);
            work_on(worker, task);
            pthread_mutex_lock(&e->lock);
            e->at_work--;
            pthread_cond_broadcast(&e->rested);
        } else if (e->stopping) {
            break;
        } else {
            pthread_cond_wait(&e->ready_more, &e->lock);
        }
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* ---- start and stop -------------------------------------------------------------------------- */

void engine_wake(struct engine *e)
{
    if (atomic_exchange(&e->nudged, true))
        return;
    pthread_mutex_lock(&e->lock);
    e->news = true;
    pthread_cond_signal(&e->feed_more);
    pthread_mutex_unlock(&e->lock);
}

/* When this database began to listen: stages passed before that were nobody's to see. */
static bool read_birth(struct engine *e, struct err *err)
{
    char text[32];
    bool found = false;
    e->started_ms = clock_wall_ms();
    if (!store_read_setting(e->feeder_reader, "born_ms", text, sizeof text, &found, err))
        return false;
    if (found) {
        e->born_ms = strtoll(text, NULL, 10);
        return true;
    }
    e->born_ms = clock_wall_ms();
    (void)snprintf(text, sizeof text, "%lld", (long long)e->born_ms);
    struct store_change *change = store_change_new();
    store_put_setting(change, "born_ms", text);
    return store_commit(e->store, change, err);
}

static bool restore_names(struct engine *e, struct err *err)
{
    int64_t now = clock_wall_ms();
    for (int i = 0; i < e->portal_count; i++) {
        json_t *names = NULL;
        if (!store_read_names(e->feeder_reader, e->portals[i].id, now - 86400000, &names, err))
            return false;
        facts_restore(e->facts, e->portals[i].id, names, now);
        json_decref(names);
    }
    return true;
}

static bool restore_rotations(struct engine *e, struct err *err)
{
    for (int i = 0; i < e->portal_count; i++) {
        json_t *teams = NULL;
        if (!store_read_teams(e->feeder_reader, e->portals[i].id, &teams, err))
            return false;
        rota_restore(e->rota, e->portals[i].id, teams);
        json_decref(teams);
    }
    return true;
}

static bool start_workers(struct engine *e, int count, struct err *err)
{
    for (int i = 0; i < count; i++) {
        struct worker *w = &e->workers[i];
        w->engine = e;
        w->reader = store_reader_open(e->store, err);
        if (w->reader == NULL)
            return false;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
            store_reader_close(w->reader);
            return err_set(err, "cannot start a worker thread");
        }
        e->worker_count++;
    }
    return true;
}

static void init_locks(struct engine *e)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->ready_more, NULL);
    pthread_cond_init(&e->feed_more, &monotonic);
    pthread_cond_init(&e->rested, NULL);
    pthread_condattr_destroy(&monotonic);
}

struct engine *engine_start(const struct engine_options *o, struct err *err)
{
    struct engine *e = mem_alloc(sizeof *e);
    init_locks(e);
    e->site = (struct site){.config = o->config, .portal_ids = o->portal_ids};
    e->tally = tally_new(o->config->rules);
    e->store = o->store;
    e->client = o->client;
    e->former_count = o->former_count;
    for (int i = 0; i < o->former_count; i++)
        e->formers[i] = o->formers[i];
    e->facts = facts_new();
    e->writes = writes_new();
    e->held = held_new();
    e->holds = holds_new();
    e->rota = rota_new();
    e->portal_count = o->config->portal_count;
    e->portals = mem_array((size_t)e->portal_count, sizeof *e->portals);
    for (int i = 0; i < e->portal_count; i++)
        e->portals[i] = (struct engine_portal){
            .id = o->portal_ids[i], .config = &o->config->portals[i], .other.priority = 1};
    e->news = true;
    int workers = o->workers > 0 ? o->workers : 2;
    if (workers > ENGINE_MOST_WORKERS)
        workers = ENGINE_MOST_WORKERS;
    e->feeder_reader = store_reader_open(e->store, err);
    if (e->feeder_reader == NULL || !read_birth(e, err) || !restore_names(e, err) ||
        !restore_rotations(e, err) || !holds_restore(e->holds, e->feeder_reader, err) ||
        !timers_begin(e, err) || (e->keeper = keeper_start(e, err)) == NULL ||
        !start_workers(e, workers, err) || !feeder_start(e, err)) {
        engine_stop(e);
        return NULL;
    }
    return e;
}

void engine_halt(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->halting = true;
    /* Nobody waits for a time any more: sleepers see that we halt and go to rest. */
    while (e->sleepers != NULL) {
        struct task *task = e->sleepers;
        e->sleepers = task->next;
        engine_push_ready_locked(e, task);
    }
    pthread_cond_broadcast(&e->feed_more);
    /* Whoever began a stage before this moment may be about to submit a call; stages that begin now
     * see that we halt. After this nobody uses the portal client any more. */
    while (e->at_work > 0)
        (void)pthread_cond_wait(&e->rested, &e->lock);
    pthread_mutex_unlock(&e->lock);
}

/* Whatever was handed out comes back, for the store and the client tell everybody: nothing of a
 * task may go before. */
static void wait_for_rest_locked(struct engine *e)
{
    while (e->task_count > 0)
        (void)pthread_cond_wait(&e->rested, &e->lock);
}

static void free_everything(struct engine *e)
{
    for (size_t i = 0; i < ENGINE_BUCKETS; i++)
        while (e->buckets[i] != NULL) {
            struct task *task = e->buckets[i];
            feeder_remove_locked(e, task);
            task_forget_run(task);
            task_forget_look(task);
            task_free(task);
        }
    for (int i = 0; i < e->worker_count; i++)
        store_reader_close(e->workers[i].reader);
    store_reader_close(e->feeder_reader);
    facts_free(e->facts);
    writes_free(e->writes);
    held_free(e->held);
    holds_free(e->holds);
    timers_end(e);
    rota_free(e->rota);
    pthread_cond_destroy(&e->ready_more);
    pthread_cond_destroy(&e->feed_more);
    pthread_cond_destroy(&e->rested);
    pthread_mutex_destroy(&e->lock);
    tally_free(e->tally);
    mem_free(e->portals);
    mem_free(e);
}

void engine_stop(struct engine *e)
{
    if (e == NULL)
        return;
    engine_halt(e);
    pthread_mutex_lock(&e->lock);
    wait_for_rest_locked(e);
    e->stopping = true;
    pthread_cond_broadcast(&e->ready_more);
    pthread_cond_broadcast(&e->feed_more);
    pthread_mutex_unlock(&e->lock);
    for (int i = 0; i < e->worker_count; i++)
        pthread_join(e->workers[i].thread, NULL);
    if (e->feeder_started)
        pthread_join(e->feeder, NULL);
    keeper_stop(e->keeper);
    free_everything(e);
}

bool engine_at_rest(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    bool rest = e->halting && e->task_count == 0;
    pthread_mutex_unlock(&e->lock);
    return rest;
}

bool engine_holds(struct engine *e, int64_t portal, const struct entity *entity)
{
    pthread_mutex_lock(&e->lock);
    bool holds = feeder_find_locked(e, portal, entity) != NULL;
    pthread_mutex_unlock(&e->lock);
    return holds || writes_under_way(e->writes, portal, entity, true);
}

void engine_forget_former(struct engine *e, const struct engine *former)
{
    pthread_mutex_lock(&e->lock);
    int kept = 0;
    for (int i = 0; i < e->former_count; i++)
        if (e->formers[i] != former)
            e->formers[kept++] = e->formers[i];
    e->former_count = kept;
    while (e->feeding)
        (void)pthread_cond_wait(&e->rested, &e->lock);
    pthread_mutex_unlock(&e->lock);
    holds_put_news(e->holds);
    engine_wake(e);
}

/* ---- health ---------------------------------------------------------------------------------- */

static int64_t oldest_task_locked(const struct engine *e)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < ENGINE_BUCKETS; i++)
        for (const struct task *t = e->buckets[i]; t != NULL; t = t->same_hash)
            if (oldest == 0 || t->taken_ms < oldest)
                oldest = t->taken_ms;
    return oldest;
}

void engine_health(struct engine *e, struct engine_health *ret)
{
    *ret = (struct engine_health){.looks = atomic_load(&e->looks),
                                  .echoes = atomic_load(&e->echoes),
                                  .fired = atomic_load(&e->fired),
                                  .skipped = atomic_load(&e->skipped),
                                  .runs_started = atomic_load(&e->started),
                                  .runs_done = atomic_load(&e->ended[RUN_DONE]),
                                  .runs_cancelled = atomic_load(&e->ended[RUN_CANCELLED]),
                                  .runs_dead = atomic_load(&e->ended[RUN_DEAD]),
                                  .runs_parked = atomic_load(&e->ended[RUN_PARKED])};
    int64_t now = clock_mono_ms();
    int64_t feeding = atomic_load(&e->feeding_since_ms);
    ret->worker_still_ms = feeding > 0 ? now - feeding : 0;
    for (int i = 0; i < e->worker_count; i++) {
        int64_t since = atomic_load(&e->workers[i].busy_since_ms);
        if (since > 0 && now - since > ret->worker_still_ms)
            ret->worker_still_ms = now - since;
    }
    pthread_mutex_lock(&e->lock);
    ret->tasks = e->task_count;
    ret->oldest_task_ms = oldest_task_locked(e);
    pthread_mutex_unlock(&e->lock);
}

json_t *engine_tally(struct engine *e)
{
    return tally_print(e->tally);
}

json_t *engine_held(struct engine *e)
{
    return held_list(e->held);
}

json_t *engine_names(struct engine *e)
{
    return keeper_tell(e->keeper);
}

bool engine_has_learnt(struct engine *e)
{
    return keeper_has_learnt(e->keeper);
}
