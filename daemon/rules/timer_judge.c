/* What a look says of an entity's timers, and what one does that wakes. */

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/index.h"
#include "daemon/rules/judge.h"
#include "daemon/rules/timer.h"

/* ---- a look ---------------------------------------------------------------------------------- */

struct planning {
    struct judging j; /* its judgement: needs and frozen are the plan's */
    const struct run *live;
    size_t live_count;
    struct timer_plan *ret;
    const struct slot *reckoned; /* the last whose moment is known, and what came of it: rules that
                                    wait for the same thing are reckoned once */
    struct timer_moment moment;
    bool news;
};

static const struct run *timer_among(const struct planning *p, const struct slot *slot)
{
    for (size_t i = 0; i < p->live_count; i++)
        if (run_is_timer(&p->live[i]) && strcmp(p->live[i].rule, slot->rule->name) == 0 &&
            strcmp(timer_text(&p->live[i]), slot->trigger->text) == 0)
            return &p->live[i];
    return NULL;
}

static struct timer_step *add_step(struct planning *p, enum timer_doing doing,
                                   const struct slot *slot, const struct run *run)
{
    struct timer_plan *ret = p->ret;
    ret->steps = mem_grow(ret->steps, ret->count + 1, sizeof *ret->steps);
    struct timer_step *step = &ret->steps[ret->count++];
    *step = (struct timer_step){.doing = doing, .run_id = run != NULL ? run->id : 0};
    if (slot != NULL) {
        step->rule = slot->rule;
        step->trigger = slot->trigger;
    }
    return step;
}

static bool is_the_same(const struct run *run, const struct timer_moment *moment)
{
    return strcmp(timer_base(run), moment->base) == 0 && timer_due_ms(run) == moment->due_ms;
}

/* Is the field another than at the look before? */
static bool is_news(const struct change *change, const struct trigger *trigger, struct scope *scope)
{
    char name[96];
    bool day;
    if (trigger->kind == TRIGGER_IDLE || timer_field(trigger, scope, name, &day) != KNOWN)
        return false;
    const json_t *was = json_object_get(change->old, name);
    return was != NULL && !jv_same(was, json_object_get(change->now, name));
}

/* The year that a yearly one is in is its run's own. */
static bool is_alike(const struct slot *a, const struct slot *b)
{
    const char *a_calendar = a->rule->calendar, *b_calendar = b->rule->calendar;
    bool same = a_calendar == NULL || b_calendar == NULL ? a_calendar == b_calendar
                                                         : strcmp(a_calendar, b_calendar) == 0;
    return same && !b->trigger->yearly && strcmp(a->trigger->text, b->trigger->text) == 0;
}

static bool reckon(struct planning *p, const struct slot *slot, const struct run *run)
{
    if (p->reckoned != NULL && is_alike(p->reckoned, slot))
        return true;
    struct scope scope = judge_scope(&p->j, NULL, NULL);
    enum known known =
        timer_moment(slot->rule, slot->trigger, &scope, p->j.change->now, run, &p->moment);
    p->news = known == KNOWN && is_news(p->j.change, slot->trigger, &scope);
    p->reckoned = known == KNOWN ? slot : NULL;
    if (known == KNOWN_BAD)
        judge_freeze(&p->j, slot->rule, scope.err.text);
    judge_settle(&p->j, &scope, known);
    return known == KNOWN;
}

static void plan_slot(struct planning *p, const struct slot *slot)
{
    const struct run *run = timer_among(p, slot);
    const struct timer_moment *moment = &p->moment;
    if (!reckon(p, slot, run) || (!moment->set && run == NULL) ||
        (moment->set && run != NULL && is_the_same(run, moment)))
        return;
    enum timer_doing doing = !moment->set ? TIMER_END : run != NULL ? TIMER_MOVE : TIMER_SET;
    struct timer_step *step = add_step(p, doing, slot, run);
    step->moment = *moment;
    step->news = p->news;
    if (doing == TIMER_END)
        (void)snprintf(step->reason, sizeof step->reason, "%.120s is empty now",
                       slot->trigger->field.text);
}

/* Why a timer stands no longer, whatever the record says; NULL: it does. */
static const char *without_trigger(const struct planning *p, const struct run *run)
{
    const struct rule *rule = ruleset_find(p->j.set, run->rule);
    if (rule == NULL || !rule_on_portal(rule, p->j.change->portal))
        return "its rule is no longer in the configuration";
    if (rule->state == RULE_OFF)
        return "its rule is off";
    return timer_of(rule, timer_text(run)) == NULL ? "its trigger is no longer in the rule" : NULL;
}

void timer_plan_make(const struct ruleset *set, const struct change *change, const struct run *live,
                     size_t live_count, const json_t *facts, const struct rules_env *env,
                     struct timer_plan *ret)
{
    static const enum trigger_kind kinds[] = {TRIGGER_BEFORE, TRIGGER_AFTER, TRIGGER_IDLE};
    *ret = (struct timer_plan){.needs = json_array(), .frozen = json_array()};
    struct judgement judgement = {.needs = ret->needs, .frozen = ret->frozen};
    struct planning p = {
        .j = {.set = set, .change = change, .env = env, .ret = &judgement},
        .live = live,
        .live_count = live_count,
        .ret = ret,
    };
    p.j.facts = judge_facts_new(change, facts);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && change->now != NULL; k++) {
        size_t count = 0;
        const struct slot *slots =
            trigger_index_find(set->index, kinds[k], change->entity.type, NULL, &count);
        for (size_t i = 0; i < count; i++)
            if (rule_on_portal(slots[i].rule, change->portal))
                plan_slot(&p, &slots[i]);
    }
    for (size_t i = 0; i < live_count; i++) {
        const char *why = run_is_timer(&live[i]) ? without_trigger(&p, &live[i]) : NULL;
        if (why != NULL)
            (void)snprintf(add_step(&p, TIMER_END, NULL, &live[i])->reason,
                           sizeof ret->steps[0].reason, "%s", why);
    }
    json_decref(p.j.facts);
}

void timer_plan_done(struct timer_plan *plan)
{
    mem_free(plan->steps);
    json_decref(plan->needs);
    json_decref(plan->frozen);
    *plan = (struct timer_plan){0};
}

/* ---- waking ---------------------------------------------------------------------------------- */

static void ends(struct timer_waking *ret, const char *reason)
{
    ret->kind = TIMER_ENDS;
    (void)snprintf(ret->reason, sizeof ret->reason, "%s", reason);
}

/* Does the record still say what the timer was set for? False: `ret` says what now. */
static bool still_stands(struct judging *j, const struct rule *rule, const struct run *run,
                         const struct trigger *trigger, struct timer_waking *ret)
{
    if (trigger->kind == TRIGGER_EVERY)
        return true;
    struct scope scope = judge_scope(j, NULL, NULL);
    enum known known = timer_moment(rule, trigger, &scope, j->change->now, run, &ret->moment);
    if (known == KNOWN_BAD)
        judge_freeze(j, rule, scope.err.text);
    judge_settle(j, &scope, known);
    if (known != KNOWN)
        return false;
    if (!ret->moment.set) {
        char why[200];
        (void)snprintf(why, sizeof why, "%.120s is empty now", trigger->field.text);
        ends(ret, why);
        return false;
    }
    if (strcmp(timer_base(run), ret->moment.base) == 0 && ret->moment.due_ms <= j->env->now_ms)
        return true;
    ret->kind = TIMER_SLEEPS;
    return false;
}

static void wake(struct judging *j, const struct rule *rule, const struct run *run,
                 struct timer_waking *ret)
{
    static const struct occurrence look = {.kind = OCCUR_LOOK};
    const struct slot slot = {.rule = rule, .trigger = timer_of(rule, timer_text(run)), .same = 1};
    if (slot.trigger == NULL) {
        ends(ret, "its trigger is no longer in the rule");
        return;
    }
    judge_ending(j, run);
    if (j->ret->ending_count > 0) {
        ends(ret, j->ret->endings[0].reason);
        ret->over = true;
        return;
    }
    if (json_array_size(j->ret->needs) > 0 || !still_stands(j, rule, run, slot.trigger, ret))
        return;
    judge_fire(j, &slot, &look);
    if (j->ret->firing_count > 0)
        ret->firing = j->ret->firings[0];
}

void timer_wake(const struct ruleset *set, const struct rule *rule, const struct run *run,
                const struct change *change, const json_t *facts, const struct rules_env *env,
                struct timer_waking *ret)
{
    struct judgement judgement = {.needs = json_array(), .frozen = json_array()};
    *ret = (struct timer_waking){.needs = json_incref(judgement.needs), .kind = TIMER_FIRES};
    struct judging j = {.set = set, .change = change, .env = env, .ret = &judgement};
    j.facts = judge_facts_new(change, facts);
    wake(&j, rule, run, ret);
    if (json_array_size(judgement.frozen) > 0) {
        (void)json_array_clear(judgement.needs);
        ends(ret, json_string_value(json_array_get(judgement.frozen, 0)));
        ret->bad = true;
    }
    mem_free(judgement.firings); /* its texts are ret's now */
    judgement.firings = NULL;
    judgement.firing_count = 0;
    judgement_done(&judgement);
    json_decref(j.facts);
}

void timer_waking_done(struct timer_waking *waking)
{
    json_decref(waking->needs);
    json_decref(waking->firing.vars);
    json_decref(waking->firing.trace);
    *waking = (struct timer_waking){0};
}
