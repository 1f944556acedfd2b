/* A timer whose time has come: the record is read anew, what cancels is asked once more, and then
 * it goes off like any other firing, within the limits of its rule. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/work.h"
#include "daemon/model/need.h"

enum { ROUNDS_MOST = 20 };

static const struct rule *rule_of(const struct task *task)
{
    return ruleset_find(task_rules(task), task->run->rule);
}

/* Whatever comes of it, for this value of its field the timer is over. */
static void mark_over(struct task *task)
{
    const struct run *run = task->run;
    task->woken = (struct woken){.trigger = timer_of(rule_of(task), timer_text(run)),
                                 .due_ms = timer_due_ms(run),
                                 .over = true,
                                 .visit_ms = task->snapshot.stage_since_ms};
    (void)snprintf(task->woken.base, sizeof task->woken.base, "%s", timer_base(run));
}

void timers_missed(struct task *task)
{
    const struct rule *rule = rule_of(task);
    if (rule != NULL && rule->state != RULE_OFF && run_is_timer(task->run))
        mark_over(task);
}

/* ---- what the commit says -------------------------------------------------------------------- */

static void put_replaced(struct task *task, struct store_change *change)
{
    for (int64_t i = 0; i < task->live_count; i++) {
        struct run *run = &task->live[i];
        if (run != task->run && strcmp(run->rule, task->run->rule) == 0 && !run_is_timer(run))
            look_end_run(task, change, run, "the rule fired again (mode = restart)");
    }
}

void timers_put(struct task *task, struct store_change *change)
{
    const struct woken *w = &task->woken;
    const struct run *run = task->run;
    if (w->trigger == NULL)
        return;
    int64_t now_ms = clock_wall_ms();
    if (run->created_ms != 0)
        store_put_run_begun(change, run);
    if (w->left)
        store_put_over_left(change, run->portal, &run->entity, run->rule, w->trigger->text,
                            w->base);
    if (w->over && !w->last && timer_comes_again(w->trigger))
        timer_put_again(task, run, &task->woken, change);
    if (w->over && w->trigger->kind != TRIGGER_EVERY)
        store_put_over(change, run->portal, &run->entity, run->rule, w->trigger->text, w->base,
                       w->due_ms > now_ms ? w->due_ms : now_ms);
    if (w->fired)
        store_put_fired(change, run->portal, run->rule, &run->entity, now_ms, w->visit_ms, NULL);
    if (w->frozen_ms != 0)
        store_put_frozen(change, run->portal, run->rule, &run->entity, w->frozen_ms, w->frozen_why);
    if (w->restart)
        put_replaced(task, change);
}

/* ---- going off ------------------------------------------------------------------------------- */

static void tell_with_values(struct task *task, const char *what, const char *say, const char *more,
                             const json_t *values)
{
    work_tell(task, what, say, more);
    json_t *line = json_array_get(task->story, json_array_size(task->story) - 1);
    if (json_array_size(values) > 0)
        (void)json_object_set_new(line, "values", json_deep_copy(values));
}

static enum task_turn not_this_time(struct task *task, const struct firing *firing, const char *why)
{
    char said[200];
    (void)snprintf(said, sizeof said, "«%.150s» does not start", firing->rule->title);
    tell_with_values(task, "skipped", said, why, firing->trace);
    atomic_fetch_add(&task->engine->skipped, 1);
    tally_add(task->engine->tally, firing->rule, TALLY_SKIPPED);
    return work_end(task, RUN_CANCELLED, why);
}

static enum task_turn go_off(struct task *task, struct firing *firing)
{
    struct run *run = task->run;
    const struct rule *rule = firing->rule;
    char said[200];
    task->woken.fired = true;
    json_decref(run->vars);
    run->vars = firing->vars;
    firing->vars = NULL;
    run->state = RUN_READY;
    run->version = rule->version;
    run->created_ms = run->due_ms = clock_wall_ms();
    run->reason[0] = '\0';
    (void)snprintf(said, sizeof said, "«%.150s» starts", rule->title);
    tell_with_values(task, "fired", said, firing->trigger->text, firing->trace);
    if (rule->state == RULE_SHADOW)
        work_tell(task, "fired", "shadow", "nothing will be changed");
    atomic_fetch_add(&task->engine->fired, 1);
    tally_add(task->engine->tally, rule, TALLY_FIRED);
    atomic_fetch_add(&task->engine->started, 1);
    if (rule->mode == MODE_QUEUE)
        return work_settle(task, look_begin); /* there it takes its place */
    task->stage = work_advance;
    return TASK_GO;
}

static enum task_turn freeze(struct task *task, const struct firing *firing, const char *why)
{
    struct woken *w = &task->woken;
    w->frozen_ms = clock_wall_ms() + firing->rule->limit_window_ms;
    (void)snprintf(w->frozen_why, sizeof w->frozen_why, "%s", why);
    log_warning("rule frozen for an entity rule=%s entity=\"%s\" why=\"%s\"", firing->rule->name,
                task->name, why);
    return not_this_time(task, firing, why);
}

static enum task_turn fire(struct task *task, const struct change *change, struct firing *firing)
{
    struct fired fired;
    char why[320] = "";
    if (!look_read_fired(task, firing, &fired))
        return task_pause(task, 500, look_begin);
    fired.stage_since_ms = task->snapshot.stage_since_ms;
    mark_over(task);
    if (!firing->passed) {
        (void)snprintf(why, sizeof why, "if: %.310s", firing->reason);
        return not_this_time(task, firing, why);
    }
    switch (change_admit(firing, change, task->live, (size_t)task->live_count, &fired,
                         clock_wall_ms(), why)) {
    case ADMIT_START:
        break;
    case ADMIT_RESTART:
        task->woken.restart = true;
        break;
    case ADMIT_SKIP:
        return not_this_time(task, firing, why);
    case ADMIT_FREEZE:
        return freeze(task, firing, why);
    }
    return go_off(task, firing);
}

/* The field has moved, and nobody told us. */
static enum task_turn sleep_on(struct task *task, const json_t *record,
                               const struct timer_moment *moment)
{
    const struct rule *rule = rule_of(task);
    const struct trigger *trigger = timer_of(rule, timer_text(task->run));
    const struct zone *zone = task->portal->config->zone;
    struct timer_known known;
    char reason[160], to[26];
    if (!timer_known_of(task, rule, trigger, moment->base, record, &known))
        return task_pause(task, 500, look_begin);
    if (!timer_admit(rule, moment, &known, clock_wall_ms(), zone, reason)) {
        task->woken = (struct woken){.trigger = trigger, .due_ms = moment->due_ms, .over = true};
        (void)snprintf(task->woken.base, sizeof task->woken.base, "%s", moment->base);
        return work_end(task, RUN_CANCELLED,
                        reason[0] != '\0' ? reason : "it has gone off for that value before");
    }
    timer_write(task->run, trigger, moment, zone);
    task->woken = (struct woken){.trigger = trigger, .left = true};
    (void)snprintf(task->woken.base, sizeof task->woken.base, "%s", moment->base);
    zone_iso(zone, moment->due_ms, to);
    if (trigger->kind != TRIGGER_IDLE)
        work_tell(task, "timer", "moved to", to);
    return work_settle(task, look_begin);
}

static enum task_turn timers_woke(struct task *task)
{
    char need[NEED_SIZE];
    need_print_entity(task->entity.type, task->entity.id, need);
    const json_t *record = json_object_get(task->facts_known, need);
    bool none = task->entity.type == ENTITY_NONE;
    struct change change = {.portal = task->portal->config->name,
                            .entity = task->entity,
                            .now = json_is_object(record) ? record : NULL,
                            .deleted = !none && !json_is_object(record),
                            .priority = PRIORITY_NORMAL,
                            .waking = true};
    struct rules_env env;
    struct timer_waking waking;
    enum task_turn turn = TASK_REST;
    if (look_has_missed(task, record))
        return look_catch_up(task);
    task_env(task, &env);
    timer_wake(task_rules(task), rule_of(task), task->run, &change, task->facts_known, &env,
               &waking);
    if (json_array_size(waking.needs) > 0) {
        turn = task->rounds++ < ROUNDS_MOST
                   ? facts_fetch(task, waking.needs, timers_woke, work_unfetched)
                   : work_end(task, RUN_DEAD, "asked for facts without end");
        timer_waking_done(&waking);
        return turn;
    }
    switch (waking.kind) {
    case TIMER_FIRES:
        turn = fire(task, &change, &waking.firing);
        break;
    case TIMER_SLEEPS:
        turn = sleep_on(task, record, &waking.moment);
        break;
    case TIMER_ENDS:
        if (waking.over || waking.bad)
            mark_over(task);
        task->woken.last = change.deleted;
        turn = work_end(task, waking.bad ? RUN_DEAD : RUN_CANCELLED, waking.reason);
        break;
    }
    timer_waking_done(&waking);
    return turn;
}

enum task_turn timers_wake(struct task *task)
{
    if (task->entity.type == ENTITY_NONE)
        return timers_woke(task);
    char need[NEED_SIZE];
    need_print_entity(task->entity.type, task->entity.id, need);
    JV_AUTO *needs = json_pack("[s]", need);
    return facts_fetch(task, needs, timers_woke, work_unfetched);
}
