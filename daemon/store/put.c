/* What can be put into a change: each kind of row as the values of its statement (sql.c), in the
 * statement's order. */

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/store/change.h"

/* Dumped here, by the thread that owns the tree. */
static char *dump_new(const json_t *value)
{
    return value != NULL ? jv_dump_new(value) : NULL;
}

/* For columns that always hold JSON. */
static char *dump_or_null_new(const json_t *value)
{
    return value != NULL ? jv_dump_new(value) : mem_strdup("null");
}

static void put_event(struct store_change *change, enum sql_write how, const struct event *event)
{
    CHANGE_ADD(change, how, value_int(event->id), value_int(event->portal),
               value_int(event->source), value_text(event->name), value_int(event->happening),
               value_int(event->entity.type), value_text(event->entity.id),
               value_text(event->own_id), value_int(event->priority), value_int(event->received_ms),
               value_int(event->sent_s), value_text(event->body), value_text(event->query),
               value_int(event->cause_run));
}

void store_put_event(struct store_change *change, const struct event *event)
{
    put_event(change, WRITE_EVENT, event);
}

void store_put_event_passing(struct store_change *change, const struct event *event)
{
    put_event(change, WRITE_PASSING, event);
}

void store_put_event_seen(struct store_change *change, int64_t event_id)
{
    CHANGE_ADD(change, WRITE_SEEN, value_int(event_id));
}

void store_put_run(struct store_change *change, const struct run *run)
{
    char *chain = dump_new(run->chain);
    char *vars = dump_new(run->vars);
    CHANGE_ADD(change, WRITE_RUN, value_int(run->id), value_int(run->portal), value_text(run->rule),
               value_int((int64_t)run->version), value_int(run->entity.type),
               value_text(run->entity.id), value_int(run->state), value_int(run->priority),
               value_int(run->step), value_int(run->due_ms), value_int(run->attempt),
               value_int(run->cause_event), value_int(run->cause_run), value_text(chain),
               value_text(vars), value_text(run->reason), value_int(run->created_ms),
               value_int(run->updated_ms));
    mem_free(chain);
    mem_free(vars);
}

void store_put_run_begun(struct store_change *change, const struct run *run)
{
    CHANGE_ADD(change, WRITE_RUN_BEGUN, value_int(run->id), value_int(run->created_ms));
}

void store_put_snapshot(struct store_change *change, const struct snapshot *snapshot)
{
    char *fields = dump_new(snapshot->fields);
    CHANGE_ADD(change, WRITE_SNAPSHOT, value_int(snapshot->portal),
               value_int(snapshot->entity.type), value_text(snapshot->entity.id),
               value_text(fields), value_int((int64_t)snapshot->digest),
               value_int(snapshot->added_told), value_int(snapshot->deleted),
               value_int(snapshot->history_id), value_int(snapshot->stage_since_ms),
               value_int(snapshot->looked_ms));
    mem_free(fields);
}

void store_put_fired(struct store_change *change, int64_t portal, const char *rule,
                     const struct entity *entity, int64_t now_ms, int64_t visit_ms,
                     const char *own_id)
{
    CHANGE_ADD(change, WRITE_FIRED, value_int(portal), value_int(entity->type),
               value_text(entity->id), value_text(rule), value_int(now_ms), value_int(visit_ms));
    if (own_id != NULL && own_id[0] != '\0')
        CHANGE_ADD(change, WRITE_OWN, value_int(portal), value_int(entity->type),
                   value_text(entity->id), value_text(rule), value_text(own_id), value_int(now_ms));
}

void store_put_frozen(struct store_change *change, int64_t portal, const char *rule,
                      const struct entity *entity, int64_t until_ms, const char *why)
{
    CHANGE_ADD(change, WRITE_FROZEN, value_int(portal), value_int(entity->type),
               value_text(entity->id), value_text(rule), value_int(until_ms),
               value_text(why != NULL ? why : ""));
}

void store_put_effect(struct store_change *change, const struct effect *effect)
{
    const struct command *command = &effect->command;
    char *params = dump_new(command->params);
    char *look = dump_new(command->look);
    char *result = dump_new(effect->result);
    CHANGE_ADD(change, WRITE_EFFECT, value_int(effect->id), value_int(effect->run_id),
               value_int(effect->portal), value_int(effect->entity.type),
               value_text(effect->entity.id), value_text(command->key), value_int(command->kind),
               value_text(command->method != NULL ? command->method : ""), value_text(params),
               value_int(command->write), value_int(command->unsure), value_text(look),
               value_int(effect->step), value_int(effect->attempt), value_int(effect->verdict),
               value_int(effect->intended_ms), value_int(effect->sent_ms),
               value_int(effect->settled_ms), value_text(result), value_text(effect->error),
               value_text(effect->text), value_int(effect->looked));
    mem_free(params);
    mem_free(look);
    mem_free(result);
}

void store_put_outcome(struct store_change *change, int64_t effect_id, const struct answer *answer,
                       bool looked, int64_t now_ms)
{
    char *result = dump_new(answer->result);
    CHANGE_ADD(change, WRITE_OUTCOME, value_int(effect_id), value_int(answer->verdict),
               value_text(result), value_text(answer->error), value_text(answer->text),
               value_int(answer->sent_ms), value_int(now_ms), value_int(looked));
    mem_free(result);
}

void store_put_trace(struct store_change *change, const struct trace *trace)
{
    char *detail = dump_new(trace->detail);
    CHANGE_ADD(change, WRITE_TRACE, value_int(trace->at_ms), value_int(trace->portal),
               value_int(trace->entity.type), value_text(trace->entity.id),
               value_int(trace->event_id), value_int(trace->run_id), value_text(trace->rule),
               value_text(trace->what), value_text(trace->say), value_text(detail));
    mem_free(detail);
}

void store_put_timer(struct store_change *change, const struct timer_row *row)
{
    CHANGE_ADD(change, WRITE_TIMER, value_int(row->portal), value_text(row->rule),
               value_text(row->trigger), value_int(row->born_ms), value_int(row->scanned_ms),
               value_int(row->begun_ms), value_int(row->cursor));
}

void store_put_timer_gone(struct store_change *change, const struct timer_row *row)
{
    CHANGE_ADD(change, WRITE_TIMER_GONE, value_int(row->portal), value_text(row->rule),
               value_text(row->trigger));
}

void store_put_over(struct store_change *change, int64_t portal, const struct entity *entity,
                    const char *rule, const char *trigger, const char *base, int64_t until_ms)
{
    CHANGE_ADD(change, WRITE_OVER, value_int(portal), value_int(entity->type),
               value_text(entity->id), value_text(rule), value_text(trigger), value_text(base),
               value_int(until_ms));
}

void store_put_over_left(struct store_change *change, int64_t portal, const struct entity *entity,
                         const char *rule, const char *trigger, const char *base)
{
    CHANGE_ADD(change, WRITE_OVER_LEFT, value_int(portal), value_int(entity->type),
               value_text(entity->id), value_text(rule), value_text(trigger), value_text(base));
}

void store_put_given(struct store_change *change, int64_t portal, const struct given *given,
                     int64_t now_ms)
{
    CHANGE_ADD(change, WRITE_GIVEN, value_int(portal), value_int(given->owner),
               value_int(given->what.type), value_text(given->what.id), value_int(given->deputy),
               value_int(given->run.type), value_text(given->run.id), value_int(now_ms));
}

void store_put_given_back(struct store_change *change, int64_t portal, const struct entity *what)
{
    CHANGE_ADD(change, WRITE_GIVEN_BACK, value_int(portal), value_int(what->type),
               value_text(what->id));
}

void timer_row_done(struct timer_row *row)
{
    mem_free(row->rule);
    mem_free(row->trigger);
    *row = (struct timer_row){0};
}

void store_put_setting(struct store_change *change, const char *name, const char *value)
{
    CHANGE_ADD(change, WRITE_SETTING, value_text(name), value_text(value));
}

/* "hold PORTAL RULE": a blank sorts before everything that a name may hold. */
static char *hold_name_new(const struct hold *hold)
{
    return mem_printf("hold %lld %s", (long long)hold->portal, hold->rule);
}

void store_put_hold(struct store_change *change, const struct hold *hold)
{
    char *name = hold_name_new(hold);
    JV_AUTO *value = json_pack("{s:o, s:o, s:I}", "by", jv_string_new(hold->by), "why",
                               jv_string_new(hold->why), "since_ms", (json_int_t)hold->since_ms);
    char *text = jv_dump_new(value);
    store_put_setting(change, name, text);
    mem_free(text);
    mem_free(name);
}

void store_put_hold_over(struct store_change *change, const struct hold *hold)
{
    char *name = hold_name_new(hold);
    CHANGE_ADD(change, WRITE_SETTING_GONE, value_text(name));
    mem_free(name);
}

void store_put_budget(struct store_change *change, int64_t portal, const json_t *budget)
{
    char *data = dump_or_null_new(budget);
    CHANGE_ADD(change, WRITE_BUDGET, value_int(portal), value_text(data));
    mem_free(data);
}

void store_put_name(struct store_change *change, int64_t portal, const char *need,
                    const json_t *value, int64_t now_ms)
{
    char *text = dump_or_null_new(value);
    CHANGE_ADD(change, WRITE_NAME, value_int(portal), value_text(need), value_text(text),
               value_int(now_ms));
    mem_free(text);
}

void store_put_member(struct store_change *change, int64_t portal, const char *member_id)
{
    CHANGE_ADD(change, WRITE_MEMBER, value_int(portal), value_text(member_id));
}

void store_put_team(struct store_change *change, int64_t portal, const char *team, int64_t turn,
                    int64_t user, int64_t now_ms)
{
    CHANGE_ADD(change, WRITE_TEAM, value_int(portal), value_text(team), value_int(turn),
               value_int(user), value_int(now_ms));
}

void snapshot_done(struct snapshot *snapshot)
{
    json_decref(snapshot->fields);
    *snapshot = (struct snapshot){0};
}

void effect_done(struct effect *effect)
{
    command_done(&effect->command);
    json_decref(effect->result);
    *effect = (struct effect){0};
}

void trace_done(struct trace *trace)
{
    json_decref(trace->detail);
    *trace = (struct trace){0};
}
