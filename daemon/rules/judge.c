#include "daemon/rules/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/index.h"
#include "daemon/rules/judge.h"
#include "daemon/rules/occur.h"

/* What of the rule's kind: robots and events may belong to anything. */
static bool speaks_of_it(const struct judging *j, const struct rule *rule)
{
    int type = j->change->entity.type;
    return rule->entity_type == ENTITY_NONE || rule->entity_type == type ||
           (rule->entity_type == ENTITY_ITEM && type >= ENTITY_ITEM);
}

static bool concerned(const struct judging *j, const struct rule *rule)
{
    return rule_on_portal(rule, j->change->portal) && speaks_of_it(j, rule);
}

/* The first condition that is false, NULL when all hold. One that is false decides, whatever is not
 * known of the others. */
static enum known all_hold(struct expr *const *ifs, size_t count, struct scope *scope,
                           const struct expr **ret_failed)
{
    enum known worst = KNOWN;
    *ret_failed = NULL;
    for (size_t i = 0; i < count && worst != KNOWN_BAD; i++) {
        bool holds = false;
        enum known known = expr_eval(ifs[i], scope, &holds);
        if (known == KNOWN && !holds) {
            *ret_failed = ifs[i];
            return KNOWN;
        }
        if (known != KNOWN)
            worst = known;
    }
    return worst;
}

static struct firing *add_firing(struct judging *j)
{
    struct judgement *ret = j->ret;
    ret->firings = mem_grow(ret->firings, ret->firing_count + 1, sizeof *ret->firings);
    return &ret->firings[ret->firing_count++];
}

/* product.md §2.2, Runs. */
static enum priority priority_of(const struct judging *j, const struct slot *slot,
                                 const struct event *event)
{
    if (slot->rule->priority >= 0)
        return (enum priority)slot->rule->priority;
    if (slot->trigger->kind == TRIGGER_ADDED || slot->trigger->kind == TRIGGER_ROBOT)
        return PRIORITY_URGENT;
    return event != NULL ? event->priority : j->change->priority;
}

void judge_fire(struct judging *j, const struct slot *slot, const struct occurrence *occurrence)
{
    const struct rule *rule = slot->rule;
    const struct event *event =
        occurrence->kind == OCCUR_EVENT ? &j->change->events[occurrence->at] : NULL;
    json_t *vars = judge_vars_new(j->change, occurrence, slot->trigger);
    json_t *trace = json_array();
    struct scope scope = judge_scope(j, vars, trace);
    const struct expr *failed = NULL;
    enum known known = all_hold(rule->ifs, rule->if_count, &scope, &failed);
    if (known == KNOWN_BAD)
        judge_freeze(j, rule, scope.err.text);
    judge_settle(j, &scope, known);
    if (known != KNOWN) {
        json_decref(vars);
        json_decref(trace);
        return;
    }
    struct firing *firing = add_firing(j);
    *firing = (struct firing){
        .rule = rule,
        .trigger = slot->trigger,
        .passed = failed == NULL,
        .vars = vars,
        .trace = trace,
        .event = event,
        .priority = priority_of(j, slot, event),
        .visit_ms = occurrence->kind == OCCUR_PASSAGE ? occurrence->passage.at_ms : 0,
    };
    if (failed != NULL)
        (void)snprintf(firing->reason, sizeof firing->reason, "%s", expr_text(failed));
}

/* Slots whose triggers name what happened, before rules are told of it once each. */
struct matches {
    struct slot *slots;
    size_t count;
};

static void match_values(struct judging *j, const struct slot *slot,
                         const struct occurrence *occurrence, struct matches *matches)
{
    if (!concerned(j, slot->rule))
        return;
    bool holds = false;
    struct scope scope = judge_scope(j, NULL, NULL);
    enum known known = occur_values(occurrence, slot->trigger, j->change, &scope, &holds);
    if (known == KNOWN_BAD)
        judge_freeze(j, slot->rule, scope.err.text);
    judge_settle(j, &scope, known);
    if (known != KNOWN || !holds)
        return;
    matches->slots = mem_grow(matches->slots, matches->count + 1, sizeof *matches->slots);
    matches->slots[matches->count++] = *slot;
}

/* Triggers that ask for the same thing are asked once. */
static void match_group(struct judging *j, const struct slot *group, size_t count,
                        const struct occurrence *occurrence, struct matches *matches)
{
    size_t first = 0; /* a name that only another portal knows is no trouble of this one */
    while (first < count && !concerned(j, group[first].rule))
        first++;
    if (first == count)
        return;
    bool same = false;
    struct scope scope = judge_scope(j, NULL, NULL);
    enum known known = occur_same(occurrence, group[first].trigger, j->change, "", &scope, &same);
    for (size_t i = first; i < count && known == KNOWN_BAD; i++)
        if (concerned(j, group[i].rule))
            judge_freeze(j, group[i].rule, scope.err.text);
    judge_settle(j, &scope, known);
    for (size_t i = first; i < count && known == KNOWN && same; i++)
        match_values(j, &group[i], occurrence, matches);
}

static void match_kind(struct judging *j, enum trigger_kind kind,
                       const struct occurrence *occurrence, struct matches *matches)
{
    bool named = occurrence->kind == OCCUR_EVENT;
    const char *name = named ? j->change->events[occurrence->at].name : NULL;
    int type = named ? ENTITY_NONE : j->change->entity.type;
    size_t count = 0;
    const struct slot *slots = trigger_index_find(j->set->index, kind, type, name, &count);
    for (size_t i = 0; i < count; i += slots[i].same)
        match_group(j, slots + i, slots[i].same, occurrence, matches);
}

/* A stage is left before the next one is entered; else as the files say. */
static int compare_order(const void *va, const void *vb)
{
    const struct slot *a = va, *b = vb;
    bool a_leaves = a->trigger->kind == TRIGGER_LEAVES;
    if (a_leaves != (b->trigger->kind == TRIGGER_LEAVES))
        return a_leaves ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return a->trigger < b->trigger ? -1 : a->trigger > b->trigger;
}

/* `on` repeated is "any of": what happens once fires a rule once. Being created and being in a
 * first stage are the same happening, and so are a passage and the difference that the look finds.
 */
static bool already_told(const struct judging *j, const struct rule *rule,
                         const struct occurrence *occurrence)
{
    bool birth = occurrence->kind == OCCUR_PASSAGE && occurrence->passage.from[0] == '\0';
    if (occurrence->kind != OCCUR_LOOK && !birth)
        return false;
    for (size_t i = 0; i < j->ret->firing_count; i++)
        if (j->ret->firings[i].rule == rule && j->ret->firings[i].event == NULL)
            return true;
    return false;
}

/* By another of its `on` lines. */
static bool matched_before(const struct matches *matches, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (matches->slots[i].rule == matches->slots[at].rule)
            return true;
    return false;
}

static void judge_occurrence(struct judging *j, const struct occurrence *occurrence)
{
    struct matches matches = {0};
    size_t kind_count = 0;
    const enum trigger_kind *kinds = occurrence_triggers(occurrence->kind, &kind_count);
    for (size_t i = 0; i < kind_count; i++)
        match_kind(j, kinds[i], occurrence, &matches);
    if (matches.count > 0)
        qsort(matches.slots, matches.count, sizeof *matches.slots, compare_order);
    for (size_t i = 0; i < matches.count; i++) {
        const struct rule *rule = matches.slots[i].rule;
        if (!matched_before(&matches, i) && !already_told(j, rule, occurrence))
            judge_fire(j, &matches.slots[i], occurrence);
    }
    mem_free(matches.slots);
}

/* The facts, and among them the record itself under its name, so that conditions find it. New. */
json_t *judge_facts_new(const struct change *change, const json_t *facts)
{
    JV_AUTO *borrowed = facts != NULL ? json_pack("O", facts) : json_object();
    json_t *own = json_copy(borrowed);
    if (change->entity.type == ENTITY_NONE || (change->now == NULL && !change->deleted))
        return own;
    char need[NEED_SIZE];
    need_print_entity(change->entity.type, change->entity.id, need);
    json_t *record = change->now != NULL ? json_pack("O", change->now) : json_null();
    (void)json_object_set_new(own, need, record);
    return own;
}

void change_judge(const struct ruleset *set, const struct change *change, const struct run *live,
                  size_t live_count, const json_t *facts, const struct rules_env *env,
                  struct judgement *ret)
{
    *ret = (struct judgement){.needs = json_array(), .frozen = json_array()};
    struct judging j = {
        .set = set,
        .change = change,
        .env = env,
        .facts = judge_facts_new(change, facts),
        .ret = ret,
    };
    j.occurrences = occurrences_of(change, &j.occurrence_count);
    for (size_t i = 0; i < live_count; i++)
        judge_ending(&j, &live[i]);
    for (size_t i = 0; i < j.occurrence_count; i++)
        judge_occurrence(&j, &j.occurrences[i]);
    mem_free(j.occurrences);
    json_decref(j.facts);
}

void judgement_done(struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->firing_count; i++) {
        json_decref(judgement->firings[i].vars);
        json_decref(judgement->firings[i].trace);
    }
    mem_free(judgement->firings);
    mem_free(judgement->endings);
    json_decref(judgement->needs);
    json_decref(judgement->frozen);
    *judgement = (struct judgement){0};
}
