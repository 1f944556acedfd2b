#include <stdio.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/judge.h"

static void end(struct judging *j, const struct run *run, const char *why, const char *what)
{
    struct judgement *ret = j->ret;
    ret->endings = mem_grow(ret->endings, ret->ending_count + 1, sizeof *ret->endings);
    struct ending *ending = &ret->endings[ret->ending_count++];
    *ending = (struct ending){.run_id = run->id};
    (void)snprintf(ending->reason, sizeof ending->reason, "%s%s", why, what);
}

static const char cancel_on[] = "cancel-on: ";

/* Did anything happen that the trigger names? */
static enum known happened(struct judging *j, const struct trigger *trigger, const struct run *run,
                           struct scope *scope, bool *ret)
{
    const char *start = jv_text(run->vars, "start.stageId", "");
    *ret = false;
    for (size_t i = 0; i < j->occurrence_count; i++) {
        const struct occurrence *occurrence = &j->occurrences[i];
        enum known known = occur_same(occurrence, trigger, j->change, start, scope, ret);
        if (known == KNOWN && *ret)
            known = occur_values(occurrence, trigger, j->change, scope, ret);
        if (known != KNOWN || *ret)
            return known;
    }
    return KNOWN;
}

/* Does the answer count? */
static bool settled(struct judging *j, const struct rule *rule, struct scope *scope,
                    enum known known)
{
    if (known == KNOWN_BAD)
        judge_freeze(j, rule, scope->err.text);
    judge_settle(j, scope, known);
    return known == KNOWN;
}

static bool ends_by_trigger(struct judging *j, const struct rule *rule, const struct run *run,
                            const struct trigger *trigger)
{
    bool is = false;
    struct scope scope = judge_scope(j, run->vars, NULL);
    enum known known = happened(j, trigger, run, &scope, &is);
    if (!settled(j, rule, &scope, known) || !is)
        return false;
    end(j, run, cancel_on, trigger->text);
    return true;
}

static bool ends_by_condition(struct judging *j, const struct rule *rule, const struct run *run,
                              const struct expr *condition)
{
    bool is = false;
    struct scope scope = judge_scope(j, run->vars, NULL);
    enum known known = expr_eval(condition, &scope, &is);
    if (!settled(j, rule, &scope, known) || !is)
        return false;
    end(j, run, cancel_on, expr_text(condition));
    return true;
}

void judge_ending(struct judging *j, const struct run *run)
{
    char name[ENTITY_ID_SIZE + 32];
    if (j->change->deleted) {
        entity_print(&j->change->entity, name);
        end(j, run, name, " was deleted");
        return;
    }
    const struct rule *rule = ruleset_find(j->set, run->rule);
    if (run->state != RUN_WAITING || rule == NULL)
        return;
    bool over = false;
    for (size_t i = 0; i < rule->cancel_count && !over; i++)
        over = ends_by_trigger(j, rule, run, &rule->cancels[i]);
    for (size_t i = 0; i < rule->cancel_if_count && !over; i++)
        over = ends_by_condition(j, rule, run, rule->cancel_ifs[i]);
}
