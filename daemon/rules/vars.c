#include <string.h>

#include "common/jv.h"
#include "daemon/rules/judge.h"

static void set(json_t *vars, const char *name, const json_t *value)
{
    if (value != NULL)
        (void)json_object_set_new(vars, name, json_pack("O", value));
}

/* Before this passage: A→B→C between two looks gives C's run the stage B as its old one. What else
 * was different then nobody knows, so the rest is the snapshot's. New, NULL: never seen. */
static json_t *old_new(const struct change *change, const struct occurrence *occurrence)
{
    const char *from = occurrence->kind == OCCUR_PASSAGE ? occurrence->passage.from : "";
    json_t *old = change->old != NULL ? json_pack("O", change->old) : NULL;
    if (from[0] == '\0' || strcmp(jv_text(old, "stageId", ""), from) == 0)
        return old;
    json_t *moved = old != NULL ? json_copy(old) : json_object();
    json_decref(old);
    (void)json_object_set_new(moved, "stageId", jv_string_new(from));
    (void)json_object_del(moved, "stageSemanticId");
    (void)json_object_del(moved, "categoryId");
    return moved;
}

/* The stage in which the run starts: the one entered, even if the entity has gone on since. */
static json_t *start_new(const struct change *change, const struct occurrence *occurrence)
{
    const char *now = jv_text(change->now, "stageId", "");
    const char *stage = occurrence->kind == OCCUR_PASSAGE ? occurrence->passage.to : now;
    json_t *start = json_object();
    if (stage[0] != '\0')
        (void)json_object_set_new(start, "stageId", jv_string_new(stage));
    if (strcmp(stage, now) == 0)
        set(start, "categoryId", json_object_get(change->now, "categoryId"));
    return start;
}

/* The event that a robot or an event rule is about; for others the newest one. */
static const json_t *event_of(const struct change *change, const struct occurrence *occurrence)
{
    if (change->event_count == 0 || change->event_data == NULL)
        return NULL;
    return change
        ->event_data[occurrence->kind == OCCUR_EVENT ? occurrence->at : change->event_count - 1];
}

/* Who of us it was: the record's own author says nothing of a call or a letter. */
static int64_t actor_of(const struct change *change, const struct occurrence *occurrence)
{
    if (occurrence->kind != OCCUR_EVENT || !event_is_signal(&change->events[occurrence->at]))
        return change->actor;
    const json_t *data = json_object_get(change->event_data[occurrence->at], "data");
    return jv_int(data, "PORTAL_USER_ID", jv_int(data, "ACTIVITY.RESPONSIBLE_ID", 0));
}

json_t *judge_vars_new(const struct change *change, const struct occurrence *occurrence,
                       const struct trigger *trigger)
{
    json_t *vars = json_object();
    json_t *old = old_new(change, occurrence);
    if (old != NULL)
        (void)json_object_set_new(vars, "old", old);
    set(vars, "event", event_of(change, occurrence));
    int64_t actor = actor_of(change, occurrence);
    if (actor > 0)
        (void)json_object_set_new(vars, "actor", json_integer(actor));
    if (change->deleted)
        set(vars, "gone", change->gone);
    (void)json_object_set_new(vars, "start", start_new(change, occurrence));
    (void)json_object_set_new(vars, "trigger", jv_string_new(trigger->text));
    return vars;
}
