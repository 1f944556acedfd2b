/* The operator's hand in the engine: pauses, and entities that are kept from work for a moment. */

#include "daemon/engine/hand.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/engine/feeder.h"
#include "daemon/engine/holds.h"
#include "daemon/engine/work.h"

/* ---- from outside ---------------------------------------------------------------------------- */

void engine_hold(struct engine *e, const struct hold *hold, bool on)
{
    holds_set(e->holds, hold, on);
    engine_wake(e);
}

struct hold *engine_holds_new(struct engine *e, size_t *ret_count)
{
    return holds_list(e->holds, ret_count);
}

static struct engine_portal *portal_of(struct engine *e, int64_t id)
{
    for (int i = 0; i < e->portal_count; i++)
        if (e->portals[i].id == id)
            return &e->portals[i];
    return NULL;
}

/* A task that sleeps before its next look, as all do whose portal does not answer, holds nothing
 * that is not in the store. */
static bool take_sleeper_locked(struct engine *e, const struct task *task)
{
    struct task **at = &e->sleepers;
    while (*at != NULL && *at != task)
        at = &(*at)->next;
    if (*at == NULL || task->stage != look_begin)
        return false;
    *at = task->next;
    return true;
}

bool engine_reserve(struct engine *e, int64_t portal, const struct entity *entity)
{
    struct engine_portal *own = portal_of(e, portal);
    if (own == NULL)
        return true; /* no portal of ours any more: nobody is at work there */
    pthread_mutex_lock(&e->lock);
    const struct task *task = feeder_find_locked(e, portal, entity);
    /* While a former engine is at work, it may have the entity. */
    bool ours =
        e->former_count == 0 && !e->halting && (task == NULL || take_sleeper_locked(e, task));
    if (ours && task == NULL)
        (void)feeder_add_locked(e, own, entity, PRIORITY_NORMAL);
    pthread_mutex_unlock(&e->lock);
    return ours;
}

void engine_release(struct engine *e, int64_t portal, const struct entity *entity)
{
    if (portal_of(e, portal) == NULL)
        return;
    pthread_mutex_lock(&e->lock);
    struct task *task = feeder_find_locked(e, portal, entity);
    feeder_remove_locked(e, task);
    pthread_cond_broadcast(&e->rested);
    pthread_mutex_unlock(&e->lock);
    task_forget_run(task);
    task_forget_look(task);
    task_free(task);
    holds_put_news(e->holds); /* runs resumed meanwhile found the entity at work */
    engine_wake(e);
}

/* ---- runs of paused rules -------------------------------------------------------------------- */

/* Due runs of paused rules are laid down, one a commit: the feeder would bring them again and again
 * otherwise. NULL: there is none. */
struct run *hand_next_held(struct task *task, struct hold *ret)
{
    int64_t now = clock_wall_ms();
    for (int64_t i = 0; i < task->live_count; i++)
        if (task->live[i].state <= RUN_RUNNING && task->live[i].due_ms <= now &&
            holds_rule(task->engine->holds, task->portal->id, task->live[i].rule, ret))
            return &task->live[i];
    return NULL;
}

enum task_turn hand_lay_aside(struct task *task, const struct hold *hold)
{
    struct run *run = task->run;
    char said[200];
    task->story = json_array();
    json_object_set_new(run->vars, "held_ms", json_integer(run->due_ms));
    run->state = run->state == RUN_RUNNING ? RUN_READY : run->state;
    run->due_ms = RUN_HELD_MS;
    (void)snprintf(said, sizeof said, "it waits because its rule was paused by %s", hold->by);
    work_tell(task, "held", said, "");
    return work_settle(task, work_begin);
}

void hand_take_up(struct run *run)
{
    run->due_ms = run_due_ms(run);
    (void)json_object_del(run->vars, "held_ms");
}
