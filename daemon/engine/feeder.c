#include "daemon/engine/feeder.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/giveback.h"
#include "daemon/engine/holds.h"
#include "daemon/engine/scan.h"

enum {
    READ_AT_ONCE = 128,
    LOOK_AGAIN_MS = 1000, /* the most that anything can be overlooked */
    STORE_TROUBLE_MS = 500,
    READ_APART_MS = 10, /* what comes in a rush is read together */
};

static size_t bucket_of(int64_t portal, const struct entity *entity)
{
    return entity_hash(portal, entity) % ENGINE_BUCKETS;
}

struct task *feeder_find_locked(struct engine *e, int64_t portal, const struct entity *entity)
{
    struct task *t = e->buckets[bucket_of(portal, entity)];
    while (t != NULL && (t->portal->id != portal || !entity_same(&t->entity, entity)))
        t = t->same_hash;
    return t;
}

static int64_t *count_of(struct task *task)
{
    return task->urgent ? &task->portal->urgent_tasks : &task->portal->other_tasks;
}

void feeder_remove_locked(struct engine *e, struct task *task)
{
    struct task **at = &e->buckets[bucket_of(task->portal->id, &task->entity)];
    while (*at != task)
        at = &(*at)->same_hash;
    *at = task->same_hash;
    e->task_count--;
    (*count_of(task))--;
}

struct task *feeder_add_locked(struct engine *e, struct engine_portal *portal,
                               const struct entity *entity, enum priority priority)
{
    struct task *task = mem_alloc(sizeof *task);
    *task = (struct task){.engine = e,
                          .portal = portal,
                          .entity = *entity,
                          .priority = priority,
                          .urgent = priority == PRIORITY_URGENT,
                          .taken_ms = clock_wall_ms(),
                          .stage = look_begin};
    entity_print(&task->entity, task->name);
    size_t b = bucket_of(portal->id, &task->entity);
    task->same_hash = e->buckets[b];
    e->buckets[b] = task;
    e->task_count++;
    (*count_of(task))++;
    return task;
}

static struct task *push_new_locked(struct engine *e, struct engine_portal *portal,
                                    const struct waiting_entity *w)
{
    struct task *task = feeder_add_locked(e, portal, &w->entity, w->priority);
    engine_push_ready_locked(e, task);
    return task;
}

/* Leaves out what a former engine is still at; it takes nothing new, so this only ever gets less.
 * What is left out is read again. */
static int64_t without_held(struct engine *former, int64_t portal, struct waiting_entity *rows,
                            int64_t count)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++)
        if (!engine_holds(former, portal, &rows[i].entity))
            rows[kept++] = rows[i];
    return kept;
}

static void offer(struct engine *e, struct engine_portal *portal, struct waiting_entity *rows,
                  int64_t count)
{
    struct engine *formers[ENGINE_FORMERS]; /* they live while we are feeding */
    pthread_mutex_lock(&e->lock);
    int former_count = e->former_count;
    memcpy(formers, e->formers, sizeof formers);
    pthread_mutex_unlock(&e->lock);
    for (int i = 0; i < former_count; i++)
        count = without_held(formers[i], portal->id, rows, count);
    pthread_mutex_lock(&e->lock);
    for (int64_t i = 0; i < count && !e->halting; i++) {
        struct task *task = feeder_find_locked(e, portal->id, &rows[i].entity);
        if (task != NULL)
            task->again = true;
        else
            (void)push_new_locked(e, portal, &rows[i]);
    }
    pthread_mutex_unlock(&e->lock);
}

static bool room_for(struct engine *e, struct engine_portal *portal, bool urgent)
{
    pthread_mutex_lock(&e->lock);
    bool room = !e->halting &&
                (urgent ? portal->urgent_tasks : portal->other_tasks) < ENGINE_TASKS_PER_PORTAL;
    pthread_mutex_unlock(&e->lock);
    return room;
}

/* Rows come most urgent first. */
static int64_t urgent_ones(const struct waiting_entity *rows, int64_t count)
{
    int64_t urgent = 0;
    while (urgent < count && rows[urgent].priority == PRIORITY_URGENT)
        urgent++;
    return urgent;
}

/* Reads on from the cursor; at the end it starts over, because ids are given before the commit: a
 * smaller one may have been committed later. */
static bool feed_events(struct engine *e, struct engine_portal *portal, bool urgent,
                        struct err *err)
{
    struct event_cursor *cursor = urgent ? &portal->urgent : &portal->other;
    struct waiting_entity rows[READ_AT_ONCE];
    int64_t count = READ_AT_ONCE;
    while (count == READ_AT_ONCE && room_for(e, portal, urgent)) {
        if (!store_read_new(e->feeder_reader, portal->id, cursor, READ_AT_ONCE, rows, &count, err))
            return false;
        int64_t wanted = urgent ? urgent_ones(rows, count) : count;
        offer(e, portal, rows, wanted);
        if (wanted < READ_AT_ONCE)
            *cursor = (struct event_cursor){.priority = urgent ? 0 : 1};
        count = wanted;
    }
    return true;
}

/* Many due runs may belong to entities that are at work already: read on behind them. */
static bool feed_due(struct engine *e, struct engine_portal *portal, int64_t *ret_next_ms,
                     struct err *err)
{
    struct waiting_entity rows[READ_AT_ONCE];
    struct due_cursor cursor = {0};
    int64_t count = READ_AT_ONCE;
    int64_t now = clock_wall_ms();
    while (count == READ_AT_ONCE) {
        bool urgent_only = !room_for(e, portal, false);
        if (urgent_only && !room_for(e, portal, true))
            break;
        if (!store_read_due_on(e->feeder_reader, portal->id, now, &cursor, READ_AT_ONCE, rows,
                               &count, err))
            return false;
        if (urgent_only)
            count = urgent_ones(rows, count);
        offer(e, portal, rows, count);
    }
    int64_t next;
    if (!store_read_next_due(e->feeder_reader, portal->id, now, &next, err))
        return false;
    if (next != INT64_MAX && next - now < *ret_next_ms)
        *ret_next_ms = next > now ? next - now : 1;
    return true;
}

/* Runs that were laid down and whose rule is paused no more. */
static bool feed_resumed(struct engine *e, struct engine_portal *portal, struct err *err)
{
    struct held_run rows[READ_AT_ONCE];
    struct waiting_entity free[READ_AT_ONCE];
    struct due_cursor cursor = {0};
    int64_t count = READ_AT_ONCE;
    while (count == READ_AT_ONCE) {
        int64_t kept = 0;
        if (!room_for(e, portal, false)) {
            holds_put_news(e->holds);
            return true;
        }
        if (!store_read_held(e->feeder_reader, portal->id, &cursor, READ_AT_ONCE, rows, &count,
                             err))
            return false;
        for (int64_t i = 0; i < count; i++)
            if (!holds_rule(e->holds, portal->id, rows[i].rule, NULL))
                free[kept++] = rows[i].who;
        offer(e, portal, free, kept);
    }
    return true;
}

/* The tasks that search a portal's records for timers and that ask deputies to give back are like
 * any other, of an entity that no event can have. */
static void feed_inner(struct engine *e, struct engine_portal *portal, const char *id,
                       const int64_t *at_ms, task_stage_fn *stage)
{
    struct waiting_entity w = {.portal = portal->id, .priority = PRIORITY_BULK};
    (void)snprintf(w.entity.id, sizeof w.entity.id, "%s", id);
    if (!room_for(e, portal, false))
        return;
    pthread_mutex_lock(&e->lock);
    if (!e->halting && *at_ms <= clock_mono_ms() &&
        feeder_find_locked(e, portal->id, &w.entity) == NULL)
        push_new_locked(e, portal, &w)->stage = stage;
    pthread_mutex_unlock(&e->lock);
}

/* Wakes the sleepers whose time has come; how long until the next one's. */
static int64_t wake_sleepers_locked(struct engine *e, int64_t next_ms)
{
    int64_t now = clock_mono_ms();
    struct task **at = &e->sleepers;
    while (*at != NULL) {
        struct task *task = *at;
        if (task->wake_ms > now) {
            if (task->wake_ms - now < next_ms)
                next_ms = task->wake_ms - now;
            at = &task->next;
            continue;
        }
        *at = task->next;
        engine_push_ready_locked(e, task);
    }
    return next_ms;
}

/* One round; how long the next may be away, ms. */
static int64_t feed(struct engine *e)
{
    int64_t next_ms = LOOK_AGAIN_MS;
    bool resumed = holds_take_news(e->holds);
    for (int i = 0; i < e->portal_count; i++) {
        struct engine_portal *portal = &e->portals[i];
        struct err err = {0};
        if (holds_portal(e->holds, portal->id))
            continue;
        if (!feed_events(e, portal, true, &err) || !feed_events(e, portal, false, &err) ||
            !feed_due(e, portal, &next_ms, &err) || (resumed && !feed_resumed(e, portal, &err))) {
            if (resumed)
                holds_put_news(e->holds);
            log_error("cannot read the queue portal=%s why=\"%s\"", portal->config->name, err.text);
            next_ms = STORE_TROUBLE_MS;
        }
        if (portal->scans)
            feed_inner(e, portal, SCAN_ENTITY_ID, &portal->scan_ms, scan_begin);
        feed_inner(e, portal, GIVEBACK_ENTITY_ID, &portal->back_ms, giveback_begin);
    }
    return next_ms;
}

/* Mono time of the next reading. */
static int64_t next_reading_locked(const struct engine *e, int64_t read_ms, int64_t again_ms)
{
    int64_t soon = read_ms + READ_APART_MS;
    return e->news && soon < again_ms ? soon : again_ms;
}

static void *feeder_main(void *arg)
{
    struct engine *e = arg;
    int64_t read_ms = 0, again_ms = 0; /* mono: the last reading, and when to read unasked */
    pthread_mutex_lock(&e->lock);
    while (!e->halting && !e->stopping) {
        if (clock_mono_ms() >= next_reading_locked(e, read_ms, again_ms)) {
            e->news = false;
            e->feeding = true;
            atomic_store(&e->nudged, false);
            pthread_mutex_unlock(&e->lock);
            atomic_store(&e->feeding_since_ms, clock_mono_ms());
            int64_t next = feed(e);
            atomic_store(&e->feeding_since_ms, 0);
            pthread_mutex_lock(&e->lock);
            e->feeding = false;
            pthread_cond_broadcast(&e->rested);
            read_ms = clock_mono_ms();
            again_ms = read_ms + next;
        }
        int64_t now = clock_mono_ms();
        int64_t wait = next_reading_locked(e, read_ms, again_ms) - now;
        int64_t until = now + wake_sleepers_locked(e, wait > 0 ? wait : 1);
        struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
        if (!e->halting && !e->stopping)
            (void)pthread_cond_timedwait(&e->feed_more, &e->lock, &at);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

bool feeder_start(struct engine *e, struct err *err)
{
    if (pthread_create(&e->feeder, NULL, feeder_main, e) != 0)
        return err_set(err, "cannot start the feeder thread");
    e->feeder_started = true;
    return true;
}
