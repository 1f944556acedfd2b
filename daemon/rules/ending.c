#include <inttypes.h>
#include <stdio.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/judge.h"
#include "daemon/rules/signal.h"

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

/* Of a single message in an open line no webhook is told, so that who wakes looks whether one came
 * since the run began or the timer was set. */
static enum known written_since(struct scope *scope, const struct entity *owner, int64_t since_ms,
                                enum signal signal, bool *ret)
{
    char argument[ENTITY_ID_SIZE + 16], need[NEED_SIZE];
    const json_t *written = NULL;
    (void)snprintf(argument, sizeof argument, "%d:%s", owner->type, owner->id);
    need_print(NEED_WRITTEN, argument, need);
    enum known known = scope_fact(scope, need, &written);
    const char *member = signal == SIGNAL_CLIENT ? "client_ms" : "we_ms";
    if (known == KNOWN && jv_int(written, member, 0) > since_ms)
        *ret = true;
    return known;
}

static bool has_chats(int type)
{
    return type >= ENTITY_LEAD && type <= ENTITY_COMPANY;
}

/* In the chats of the entity, of its contact and of its company. */
static enum known somebody_wrote(struct judging *j, const struct trigger *trigger,
                                 const struct run *run, struct scope *scope, bool *ret)
{
    static const struct {
        int type;
        const char *member;
    } owners[] = {{ENTITY_CONTACT, "contactId"}, {ENTITY_COMPANY, "companyId"}};
    int64_t since_ms = run->created_ms != 0 ? run->created_ms : run->updated_ms;
    enum signal signal = (enum signal)trigger->signal;
    enum known all = KNOWN;
    if (signal != SIGNAL_CLIENT && signal != SIGNAL_WE)
        return KNOWN;
    if (has_chats(j->change->entity.type))
        all = written_since(scope, &j->change->entity, since_ms, signal, ret);
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        struct entity owner = {.type = owners[i].type};
        int64_t id = jv_int(j->change->now, owners[i].member, 0);
        (void)snprintf(owner.id, sizeof owner.id, "%" PRId64, id);
        if (id > 0 && written_since(scope, &owner, since_ms, signal, ret) != KNOWN)
            all = KNOWN_NOT;
    }
    return all;
}

static bool ends_by_trigger(struct judging *j, const struct rule *rule, const struct run *run,
                            const struct trigger *trigger)
{
    bool is = false;
    struct scope scope = judge_scope(j, run->vars, NULL);
    bool asks = j->change->waking && trigger->kind == TRIGGER_SIGNAL;
    enum known known = asks ? somebody_wrote(j, trigger, run, &scope, &is)
                            : happened(j, trigger, run, &scope, &is);
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
