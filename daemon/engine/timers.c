#include "daemon/engine/timers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/scan.h"
#include "daemon/model/field.h"
#include "daemon/rules/index.h"

enum { DAY_MS = 86400000 };

struct run timer_run_new(struct engine *e, int64_t portal, const struct zone *zone,
                         const struct entity *entity, const struct rule *rule,
                         const struct trigger *trigger, const struct timer_moment *moment)
{
    struct run run = {.id = store_next_id(e->store),
                      .portal = portal,
                      .version = rule->version,
                      .entity = *entity,
                      .state = RUN_WAITING,
                      .priority =
                          rule->priority >= 0 ? (enum priority)rule->priority : PRIORITY_NORMAL,
                      .chain = json_array(),
                      .vars = json_object(),
                      .updated_ms = clock_wall_ms()};
    (void)snprintf(run.rule, sizeof run.rule, "%s", rule->name);
    timer_write(&run, trigger, moment, zone);
    return run;
}

/* No event's number, and so no event's entity. */
void timer_entity_of_rule(const struct rule *rule, struct entity *ret)
{
    *ret = (struct entity){.type = ENTITY_NONE};
    (void)snprintf(ret->id, sizeof ret->id, "@%s", rule->name);
}

/* ---- at start -------------------------------------------------------------------------------- */

struct beginning {
    struct engine *e;
    struct store_change *change;
    int64_t now_ms;
    struct timer_row *rows; /* of the portal at hand */
    int64_t row_count;
};

static struct timer_row *find_row(struct beginning *b, const struct rule *rule,
                                  const struct trigger *trigger)
{
    for (int64_t i = 0; i < b->row_count; i++)
        if (b->rows[i].rule != NULL && strcmp(b->rows[i].rule, rule->name) == 0 &&
            strcmp(b->rows[i].trigger, trigger->text) == 0)
            return &b->rows[i];
    return NULL;
}

/* What went off before the last whole search was not missed: it would have been set then. Where
 * nobody searches, a day of outage is believed. */
static int64_t since_of(const struct beginning *b, const struct engine_timer *timer)
{
    int64_t born_ms = timer->row.born_ms;
    int64_t since_ms =
        scan_covers(timer->trigger) ? timer->row.scanned_ms : b->e->started_ms - DAY_MS;
    return since_ms > born_ms ? since_ms : born_ms;
}

static void add_timer(struct beginning *b, struct engine_portal *portal, const struct rule *rule,
                      const struct trigger *trigger)
{
    struct engine *e = b->e;
    struct timer_row *known = find_row(b, rule, trigger);
    e->timers = mem_grow(e->timers, e->timer_count + 1, sizeof *e->timers);
    struct engine_timer *timer = &e->timers[e->timer_count++];
    *timer = (struct engine_timer){.portal = portal, .rule = rule, .trigger = trigger};
    portal->scans = portal->scans || scan_covers(trigger);
    if (known != NULL) {
        timer->row = *known;
        *known = (struct timer_row){0};
        timer->since_ms = since_of(b, timer);
        return;
    }
    timer->row = (struct timer_row){.portal = portal->id,
                                    .rule = mem_strdup(rule->name),
                                    .trigger = mem_strdup(trigger->text),
                                    .born_ms = b->now_ms};
    timer->since_ms = b->now_ms;
    store_put_timer(b->change, &timer->row);
}

/* The waiting run of one `every`: there is one, and it is set by the rule as it is now. */
static bool set_every(struct beginning *b, struct engine_portal *portal, const struct rule *rule,
                      const struct trigger *trigger, struct run *run)
{
    struct rules_env env;
    struct timer_moment moment;
    struct err err = {0};
    struct entity entity;
    timer_entity_of_rule(rule, &entity);
    config_env(b->e->site.config, portal->config, b->now_ms, 0, &env);
    if (!timer_next(rule, trigger, &env, b->now_ms, "", &moment, &err)) {
        log_error("a timer cannot be set rule=%s why=\"%s\"", rule->name, err.text);
        return false;
    }
    if (run != NULL && (timer_due_ms(run) <= b->now_ms || timer_due_ms(run) == moment.due_ms))
        return false;
    if (run != NULL) {
        timer_write(run, trigger, &moment, env.zone);
        store_put_run(b->change, run);
        return true;
    }
    struct run new = timer_run_new(b->e, portal->id, env.zone, &entity, rule, trigger, &moment);
    store_put_run(b->change, &new);
    run_done(&new);
    return true;
}

static void end_stale(struct beginning *b, const struct rule *rule, struct run *run)
{
    if (!run_is_timer(run) || timer_of(rule, timer_text(run)) != NULL)
        return;
    run->state = RUN_CANCELLED;
    run->updated_ms = b->now_ms;
    (void)snprintf(run->reason, sizeof run->reason, "its trigger is no longer in the rule");
    store_put_run(b->change, run);
}

static bool begin_every(struct beginning *b, struct engine_portal *portal, const struct rule *rule,
                        struct err *err)
{
    struct run *live = NULL;
    int64_t count = 0;
    struct entity entity;
    timer_entity_of_rule(rule, &entity);
    if (!store_read_live(b->e->feeder_reader, portal->id, &entity, &live, &count, err))
        return false;
    for (size_t i = 0; i < rule->trigger_count; i++) {
        struct run *run = NULL;
        for (int64_t k = 0; k < count; k++)
            if (run_is_timer(&live[k]) && strcmp(timer_text(&live[k]), rule->triggers[i].text) == 0)
                run = &live[k];
        if (rule->triggers[i].kind == TRIGGER_EVERY)
            (void)set_every(b, portal, rule, &rule->triggers[i], run);
    }
    for (int64_t k = 0; k < count; k++) {
        end_stale(b, rule, &live[k]);
        run_done(&live[k]);
    }
    mem_free(live);
    return true;
}

static bool begin_rule(struct beginning *b, struct engine_portal *portal, const struct rule *rule,
                       struct err *err)
{
    bool every = false;
    for (size_t i = 0; i < rule->trigger_count; i++) {
        if (trigger_is_timer(&rule->triggers[i]))
            add_timer(b, portal, rule, &rule->triggers[i]);
        every = every || rule->triggers[i].kind == TRIGGER_EVERY;
    }
    return !every || begin_every(b, portal, rule, err);
}

static bool begin_portal(struct beginning *b, struct engine_portal *portal, struct err *err)
{
    const struct ruleset *set = b->e->site.config->rules;
    bool good = store_read_timers(b->e->feeder_reader, portal->id, &b->rows, &b->row_count, err);
    if (!good)
        return false;
    for (size_t i = 0; i < set->count && good; i++)
        if (set->rules[i].state != RULE_OFF && rule_on_portal(&set->rules[i], portal->config->name))
            good = begin_rule(b, portal, &set->rules[i], err);
    for (int64_t i = 0; i < b->row_count; i++) {
        if (b->rows[i].rule != NULL && good)
            store_put_timer_gone(b->change, &b->rows[i]);
        timer_row_done(&b->rows[i]);
    }
    mem_free(b->rows);
    return good;
}

bool timers_begin(struct engine *e, struct err *err)
{
    struct beginning b = {.e = e, .change = store_change_new(), .now_ms = clock_wall_ms()};
    for (int i = 0; i < e->portal_count; i++)
        if (!begin_portal(&b, &e->portals[i], err)) {
            store_change_free(b.change);
            return false;
        }
    return store_commit(e->store, b.change, err);
}

void timers_end(struct engine *e)
{
    for (size_t i = 0; i < e->timer_count; i++)
        timer_row_done(&e->timers[i].row);
    mem_free(e->timers);
}

/* ---- looks ----------------------------------------------------------------------------------- */

static const struct engine_timer *timer_at(const struct task *task, const struct trigger *trigger)
{
    const struct engine *e = task->engine;
    for (size_t i = 0; i < e->timer_count; i++)
        if (e->timers[i].portal == task->portal && e->timers[i].trigger == trigger)
            return &e->timers[i];
    return NULL;
}

static int64_t updated_of(const struct task *task, const json_t *record)
{
    const struct field *field = field_find(task->entity.type, "updated");
    int64_t ms = 0;
    if (field == NULL ||
        !zone_parse_iso(task->portal->config->zone, jv_text(record, field->name, ""), &ms))
        return 0;
    return ms;
}

bool timer_known_of(struct task *task, const struct rule *rule, const struct trigger *trigger,
                    const char *base, const json_t *record, struct timer_known *ret)
{
    struct err err = {0};
    const struct engine_timer *timer = timer_at(task, trigger);
    *ret = (struct timer_known){.born_ms = timer != NULL ? timer->row.born_ms : INT64_MAX,
                                .since_ms = timer != NULL ? timer->since_ms : INT64_MAX,
                                .started_ms = task->engine->started_ms,
                                .updated_ms = updated_of(task, record)};
    if (store_read_over(task->reader, task->portal->id, &task->entity, rule->name, trigger->text,
                        base, &ret->over, &ret->left, &err))
        return true;
    log_error("cannot read what a timer did before rule=%s why=\"%s\"", rule->name, err.text);
    return false;
}

static struct run *live_run(struct task *task, int64_t id)
{
    for (int64_t i = 0; i < task->live_count; i++)
        if (task->live[i].id == id && task->live[i].state != RUN_CANCELLED)
            return &task->live[i];
    return NULL;
}

static void say(struct task *task, struct store_change *change, const struct rule *rule,
                const struct run *run, const char *did, const char *detail)
{
    struct run named = {.id = run != NULL ? run->id : 0};
    (void)snprintf(named.rule, sizeof named.rule, "%s", rule->name);
    task_trace(task, change, &named, 0, "timer", NULL, "«%s» %s%s", rule->title, did, detail);
}

static void set_timer(struct task *task, const struct look *look, struct store_change *change,
                      const struct timer_step *step)
{
    const struct zone *zone = task->portal->config->zone;
    struct run run = timer_run_new(task->engine, task->portal->id, zone, &task->entity, step->rule,
                                   step->trigger, &step->moment);
    char at[26], did[64];
    run.cause_event = look->change.cause_event;
    (void)json_object_set_new(
        run.vars, "start",
        json_pack("{s:o}", "stageId", jv_string_new(jv_text(look->record, "stageId", ""))));
    store_put_run(change, &run);
    store_put_over_left(change, run.portal, &run.entity, run.rule, step->trigger->text,
                        step->moment.base);
    zone_iso(zone, step->moment.due_ms, at);
    (void)snprintf(did, sizeof did, "will start at %s: ", at);
    say(task, change, step->rule, &run, did, run.reason);
    run_done(&run);
}

static void move_timer(struct task *task, struct store_change *change,
                       const struct timer_step *step, struct run *run)
{
    const struct zone *zone = task->portal->config->zone;
    char from[26], to[26], did[120];
    zone_iso(zone, timer_due_ms(run), from);
    zone_iso(zone, step->moment.due_ms, to);
    timer_write(run, step->trigger, &step->moment, zone);
    run->updated_ms = clock_wall_ms();
    store_put_run(change, run);
    store_put_over_left(change, run->portal, &run->entity, run->rule, step->trigger->text,
                        step->moment.base);
    if (step->trigger->kind == TRIGGER_IDLE) /* with every touch: not worth a line each */
        return;
    (void)snprintf(did, sizeof did, "moved from %s to %s: ", from, to);
    say(task, change, step->rule, run, did, run->reason);
}

/* The moment does not count: it may have been told why, and what was set for it ends. */
static void refuse_timer(struct task *task, struct store_change *change,
                         const struct timer_step *step, struct run *run,
                         const struct timer_known *known, const char *reason)
{
    bool told = reason[0] != '\0';
    /* Refused once is refused for good: after a restart it would look like missed. */
    if (told && step->moment.due_ms >= known->born_ms)
        store_put_over(change, task->portal->id, &task->entity, step->rule->name,
                       step->trigger->text, step->moment.base, clock_wall_ms());
    if (run != NULL)
        look_end_run(task, change, run, told ? reason : "it has gone off for that value before");
    else if (step->news && told)
        say(task, change, step->rule, NULL, "will not start: ", reason);
}

static bool carry_out(struct task *task, const struct look *look, struct store_change *change,
                      const struct timer_step *step)
{
    struct run *run = step->run_id != 0 ? live_run(task, step->run_id) : NULL;
    struct timer_known known;
    char reason[160];
    if (step->run_id != 0 && run == NULL)
        return true; /* this look has ended it otherwise */
    if (step->doing == TIMER_END) {
        look_end_run(task, change, run, step->reason);
        return true;
    }
    if (!timer_known_of(task, step->rule, step->trigger, step->moment.base, look->record, &known))
        return false;
    if (!timer_admit(step->rule, &step->moment, &known, clock_wall_ms(), task->portal->config->zone,
                     reason))
        refuse_timer(task, change, step, run, &known, reason);
    else if (run != NULL)
        move_timer(task, change, step, run);
    else
        set_timer(task, look, change, step);
    return true;
}

bool timers_look(struct task *task, const struct look *look, struct store_change *change)
{
    for (size_t i = 0; i < task->timers.count && !look->change.deleted; i++)
        if (!carry_out(task, look, change, &task->timers.steps[i]))
            return false;
    return true;
}

void timer_put_again(struct task *task, const struct run *run, struct woken *woken,
                     struct store_change *change)
{
    const struct rule *rule = ruleset_find(task_rules(task), run->rule);
    struct rules_env env;
    struct timer_moment moment;
    struct err err = {0};
    task_env(task, &env);
    int64_t after_ms = woken->due_ms > env.now_ms ? woken->due_ms : env.now_ms;
    if (!timer_next(rule, woken->trigger, &env, after_ms, woken->base, &moment, &err)) {
        log_error("a timer cannot be set rule=%s why=\"%s\"", rule->name, err.text);
        return;
    }
    struct run next = timer_run_new(task->engine, task->portal->id, env.zone, &run->entity, rule,
                                    woken->trigger, &moment);
    if (woken->next_id == 0)
        woken->next_id = next.id;
    next.id = woken->next_id; /* a commit that is tried again puts the same */
    json_t *start = json_object_get(run->vars, "start");
    if (start != NULL)
        (void)json_object_set(next.vars, "start", start);
    store_put_run(change, &next);
    run_done(&next);
}

void timers_cancelled(struct task *task, const struct run *run, bool deleted,
                      struct store_change *change)
{
    const struct rule *rule = ruleset_find(task_rules(task), run->rule);
    struct woken woken = {.due_ms = timer_due_ms(run)};
    int64_t now_ms = clock_wall_ms();
    if (!run_is_timer(run))
        return;
    store_put_over(change, task->portal->id, &run->entity, run->rule, timer_text(run),
                   timer_base(run), woken.due_ms > now_ms ? woken.due_ms : now_ms);
    woken.trigger = rule != NULL ? timer_of(rule, timer_text(run)) : NULL;
    (void)snprintf(woken.base, sizeof woken.base, "%s", timer_base(run));
    if (!deleted && woken.trigger != NULL && timer_comes_again(woken.trigger))
        timer_put_again(task, run, &woken, change);
}
