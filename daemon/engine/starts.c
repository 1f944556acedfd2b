/* From a judgement to runs: each firing is admitted or not, by what the store knows of earlier
 * ones; waits that a cancel-on ended are ended. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/keeper.h"
#include "daemon/engine/look.h"
#include "daemon/engine/timers.h"

static const char *shown(const struct rule *rule)
{
    return rule->title != NULL ? rule->title : rule->name;
}

void look_end_run(struct task *task, struct store_change *change, struct run *run,
                  const char *reason)
{
    run->state = RUN_CANCELLED;
    run->updated_ms = clock_wall_ms();
    (void)snprintf(run->reason, sizeof run->reason, "%s", reason);
    store_put_run(change, run);
    task_trace(task, change, run, 0, "ended", NULL, "cancelled: %s", reason);
    atomic_fetch_add(&task->engine->ended[RUN_CANCELLED], 1);
    log_info("run ended run=%lld event=%lld rule=%s portal=%s entity=\"%s\" state=cancelled "
             "reason=\"%s\"",
             (long long)run->id, (long long)run->cause_event, run->rule, task->portal->config->name,
             task->name, reason);
}

/* Ended runs stand in nobody's way any more. */
static void drop_ended(struct task *task)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < task->live_count; i++) {
        if (task->live[i].state == RUN_CANCELLED)
            run_done(&task->live[i]);
        else
            task->live[kept++] = task->live[i];
    }
    task->live_count = kept;
}

static void end_runs(struct task *task, bool deleted, struct store_change *change)
{
    for (size_t i = 0; i < task->judgement.ending_count; i++) {
        const struct ending *ending = &task->judgement.endings[i];
        for (int64_t k = 0; k < task->live_count; k++)
            if (task->live[k].id == ending->run_id && task->live[k].state != RUN_CANCELLED) {
                timers_cancelled(task, &task->live[k], deleted, change);
                look_end_run(task, change, &task->live[k], ending->reason);
            }
    }
    drop_ended(task);
}

static void end_runs_of(struct task *task, struct store_change *change, const struct rule *rule)
{
    for (int64_t k = 0; k < task->live_count; k++) {
        struct run *run = &task->live[k];
        if (strcmp(run->rule, rule->name) == 0 && run->state != RUN_CANCELLED && !run_is_timer(run))
            look_end_run(task, change, run, "the rule fired again (mode = restart)");
    }
    drop_ended(task);
}

/* An event with an id of its own counts once per name and id (product.md §2.2, Events); a contact
 * once, whichever of its signals the rule heard first. */
struct own_key {
    char text[EVENT_NAME_SIZE + ENTITY_ID_SIZE];
};

static struct own_key own_key(const struct event *event)
{
    struct own_key key = {0};
    if (event != NULL && event->own_id[0] != '\0')
        (void)snprintf(key.text, sizeof key.text, "%s %s",
                       event_is_signal(event) ? "signal" : event->name, event->own_id);
    return key;
}

/* A change of our own names the run that made it. */
static void say_cause(const struct change *c, char out[RUN_RULE_SIZE + 64])
{
    size_t count = json_array_size(c->chain);
    const char *last = count > 0 ? json_string_value(json_array_get(c->chain, count - 1)) : NULL;
    out[0] = '\0';
    if (c->cause_run != 0 && last != NULL)
        (void)snprintf(out, RUN_RULE_SIZE + 64, ", because of run %lld of \"%.*s\"",
                       (long long)c->cause_run, (int)strcspn(last, "|"), last);
}

static void begin_run(struct task *task, const struct change *c, struct store_change *change,
                      struct firing *firing, const struct fired *fired)
{
    int64_t now = clock_wall_ms();
    struct run run = {.id = store_next_id(task->engine->store),
                      .portal = task->portal->id,
                      .version = firing->rule->version,
                      .entity = task->entity,
                      .state = RUN_READY,
                      .priority = firing->priority,
                      .due_ms = now,
                      .cause_event = firing->event != NULL ? firing->event->id : c->cause_event,
                      .cause_run = c->cause_run,
                      .chain = c->chain != NULL ? json_deep_copy(c->chain) : json_array(),
                      .vars = json_deep_copy(firing->vars),
                      .created_ms = now,
                      .updated_ms = now};
    firing->run_id = run.id;
    (void)snprintf(run.rule, sizeof run.rule, "%s", firing->rule->name);
    store_put_run(change, &run);
    store_put_fired(change, run.portal, run.rule, &run.entity, now, fired->stage_since_ms,
                    own_key(firing->event).text);
    char because[RUN_RULE_SIZE + 64];
    say_cause(c, because);
    task_trace(task, change, &run, run.cause_event, "fired", firing->trace, "«%s» starts: %s%s%s",
               shown(firing->rule), firing->trigger != NULL ? firing->trigger->text : "", because,
               firing->rule->state == RULE_SHADOW ? " (shadow: nothing will be changed)" : "");
    atomic_fetch_add(&task->engine->fired, 1);
    tally_add(task->engine->tally, firing->rule, TALLY_FIRED);
    atomic_fetch_add(&task->engine->started, 1);
    /* Later firings of this look must see it as live. */
    task->live = mem_grow(task->live, (size_t)task->live_count + 1, sizeof *task->live);
    task->live[task->live_count++] = run;
}

static void skip(struct task *task, struct store_change *change, const struct firing *firing,
                 const char *what, const char *reason)
{
    struct run none = {0};
    (void)snprintf(none.rule, sizeof none.rule, "%s", firing->rule->name);
    int64_t event = firing->event != NULL ? firing->event->id : task->look->change.cause_event;
    task_trace(task, change, &none, event, what, firing->trace, "«%s» does not start: %s",
               shown(firing->rule), reason);
    atomic_fetch_add(&task->engine->skipped, 1);
    tally_add(task->engine->tally, firing->rule, TALLY_SKIPPED);
}

static void freeze(struct task *task, struct store_change *change, const struct firing *firing,
                   const char *reason)
{
    int64_t until = clock_wall_ms() + firing->rule->limit_window_ms;
    store_put_frozen(change, task->portal->id, firing->rule->name, &task->entity, until, reason);
    skip(task, change, firing, "frozen", reason);
    log_warning("rule frozen for an entity rule=%s portal=%s entity=\"%s\" why=\"%s\"",
                firing->rule->name, task->portal->config->name, task->name, reason);
}

bool look_read_fired(struct task *task, const struct firing *firing, struct fired *ret)
{
    struct fired_row row = {0};
    struct err err = {0};
    const struct own_key own_id = own_key(firing->event);
    if (!store_read_fired(task->reader, task->portal->id, firing->rule->name, &task->entity,
                          clock_wall_ms() - firing->rule->limit_window_ms, own_id.text, &row,
                          &err)) {
        log_error("cannot read what fired before rule=%s why=\"%s\"", firing->rule->name, err.text);
        return false;
    }
    *ret = (struct fired){.total = row.total,
                          .last_ms = row.last_ms,
                          .visit_ms = row.visit_ms,
                          .recent = row.recent,
                          .frozen_ms = row.frozen_ms,
                          .own_id_seen = row.own_id_seen};
    return true;
}

static int64_t stage_since(const struct task *task, const struct change *c)
{
    return c->passage_count > 0 ? c->passages[c->passage_count - 1].at_ms
                                : task->snapshot.stage_since_ms;
}

static struct own_key own_key_of(const struct task *task, int64_t event_id)
{
    for (int64_t i = 0; i < task->event_count; i++)
        if (task->events[i].id == event_id)
            return own_key(&task->events[i]);
    return (struct own_key){0};
}

/* Of which stage visit is a run that was born in this look? */
static int64_t visit_of(const struct task *task, const struct run *run, int64_t otherwise)
{
    for (size_t i = 0; i < task->judgement.firing_count; i++) {
        const struct firing *firing = &task->judgement.firings[i];
        if (firing->run_id == run->id && firing->visit_ms > 0)
            return firing->visit_ms;
    }
    return otherwise;
}

/* Runs born in this same look are not in the store yet: they count as well. */
static void count_newborn(const struct task *task, int64_t last_stored, const struct firing *firing,
                          struct fired *fired, int64_t present_visit_ms)
{
    const struct own_key own = own_key(firing->event);
    for (int64_t i = 0; i < task->live_count; i++) {
        const struct run *run = &task->live[i];
        if (run->id <= last_stored || strcmp(run->rule, firing->rule->name) != 0 ||
            run_is_timer(run))
            continue;
        fired->total++;
        fired->recent++;
        fired->last_ms = run->created_ms;
        fired->visit_ms = visit_of(task, run, present_visit_ms);
        fired->own_id_seen =
            fired->own_id_seen ||
            (own.text[0] != '\0' && strcmp(own_key_of(task, run->cause_event).text, own.text) == 0);
    }
}

static bool admit(struct task *task, const struct change *c, struct store_change *change,
                  struct firing *firing, int64_t last_stored)
{
    if (!firing->passed) {
        skip(task, change, firing, "skipped", firing->reason);
        return true;
    }
    struct fired fired;
    char reason[320] = "";
    if (keeper_holds(task->engine->keeper, task->portal->id, firing->rule->name, reason,
                     sizeof reason)) {
        keeper_miss(task->engine->keeper, task->portal->id);
        skip(task, change, firing, "held", reason);
        return true;
    }
    if (!look_read_fired(task, firing, &fired))
        return false;
    int64_t present_ms = stage_since(task, c);
    fired.stage_since_ms = firing->visit_ms > 0 ? firing->visit_ms : present_ms;
    count_newborn(task, last_stored, firing, &fired, present_ms);
    switch (change_admit(firing, c, task->live, (size_t)task->live_count, &fired, clock_wall_ms(),
                         reason)) {
    case ADMIT_RESTART:
        end_runs_of(task, change, firing->rule);
        begin_run(task, c, change, firing, &fired);
        break;
    case ADMIT_START:
        begin_run(task, c, change, firing, &fired);
        break;
    case ADMIT_SKIP:
        skip(task, change, firing, "skipped", reason);
        break;
    case ADMIT_FREEZE:
        freeze(task, change, firing, reason);
        break;
    }
    return true;
}

bool start_runs(struct task *task, const struct change *c, struct store_change *change)
{
    int64_t last_stored = task->live_count > 0 ? task->live[task->live_count - 1].id : 0;
    end_runs(task, c->deleted, change);
    for (size_t i = 0; i < task->judgement.firing_count; i++)
        if (!admit(task, c, change, &task->judgement.firings[i], last_stored))
            return false;
    return true;
}
