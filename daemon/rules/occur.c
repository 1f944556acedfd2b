#include "daemon/rules/occur.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/field.h"
#include "daemon/rules/stage.h"
#include "daemon/rules/stagename.h"

static bool has_stages(const struct change *change)
{
    const struct entity_kind *kind = entity_kind_of(change->entity.type);
    return kind != NULL && kind->has_stages;
}

/* The passage that the record and the snapshot show by themselves. */
static bool derive_passage(const struct change *change, struct passage *ret)
{
    const char *to = jv_text(change->now, "stageId", "");
    const char *from = jv_text(change->old, "stageId", "");
    bool created = change->added && change->old == NULL;
    bool moved = from[0] != '\0' && strcmp(from, to) != 0;
    if (!has_stages(change) || to[0] == '\0' || (!created && !moved))
        return false;
    *ret = (struct passage){0};
    (void)snprintf(ret->from, sizeof ret->from, "%s", from);
    (void)snprintf(ret->to, sizeof ret->to, "%s", to);
    return true;
}

struct occurrence *occurrences_of(const struct change *change, size_t *ret_count)
{
    size_t most = change->event_count + change->passage_count + 3;
    struct occurrence *list = mem_array(most, sizeof *list);
    size_t count = 0;
    if (change->added)
        list[count++] = (struct occurrence){.kind = OCCUR_BIRTH};
    for (size_t i = 0; i < change->event_count; i++)
        list[count++] = (struct occurrence){.kind = OCCUR_EVENT, .at = i};
    for (size_t i = 0; i < change->passage_count; i++)
        list[count++] =
            (struct occurrence){.kind = OCCUR_PASSAGE, .at = i, .passage = change->passages[i]};
    struct passage passage;
    if (change->passage_count == 0 && derive_passage(change, &passage))
        list[count++] = (struct occurrence){.kind = OCCUR_PASSAGE, .passage = passage};
    list[count++] = (struct occurrence){.kind = OCCUR_LOOK};
    *ret_count = count;
    return list;
}

const enum trigger_kind *occurrence_triggers(enum occurrence_kind kind, size_t *ret_count)
{
    static const enum trigger_kind triggers[][4] = {
        [OCCUR_BIRTH] = {TRIGGER_ADDED},
        [OCCUR_EVENT] = {TRIGGER_ROBOT, TRIGGER_EVENT, TRIGGER_SIGNAL},
        [OCCUR_PASSAGE] = {TRIGGER_LEAVES, TRIGGER_ENTERS, TRIGGER_ENTERS_FUNNEL, TRIGGER_CHANGES},
        [OCCUR_LOOK] = {TRIGGER_UPDATED, TRIGGER_CHANGES, TRIGGER_DELETED},
    };
    static const size_t counts[] = {
        [OCCUR_BIRTH] = 1, [OCCUR_EVENT] = 3, [OCCUR_PASSAGE] = 4, [OCCUR_LOOK] = 3};
    *ret_count = counts[kind];
    return triggers[kind];
}

/* What a trigger is compared with. */
struct question {
    const struct occurrence *occurrence;
    const struct trigger *trigger;
    const struct change *change;
    const char *start;
    struct scope *scope;
};

static enum known yes_if(bool is, bool *ret)
{
    *ret = is;
    return KNOWN;
}

static enum known is_added(const struct question *q, bool *ret)
{
    return yes_if(q->change->added, ret);
}

static enum known is_updated(const struct question *q, bool *ret)
{
    return yes_if(q->change->updated, ret);
}

static enum known is_deleted(const struct question *q, bool *ret)
{
    return yes_if(q->change->deleted, ret);
}

/* The semantic of a stage where one of the records tells it; asking the portal is not free. */
static const char *semantic_of(const struct change *change, const char *stage)
{
    if (strcmp(jv_text(change->now, "stageId", ""), stage) == 0)
        return jv_text(change->now, "stageSemanticId", "");
    if (strcmp(jv_text(change->old, "stageId", ""), stage) == 0)
        return jv_text(change->old, "stageSemanticId", "");
    return "";
}

static enum known names_stage(const struct question *q, const char *stage, bool *ret)
{
    *ret = false;
    if (stage[0] == '\0')
        return KNOWN;
    return stage_matches(&q->trigger->stage, q->change->entity.type, stage,
                         semantic_of(q->change, stage), q->scope, ret);
}

/* In what is named (a stage, or all won ones) on this side of the passage and not on the other? */
static enum known crosses(const struct question *q, const char *inside, const char *outside,
                          bool *ret)
{
    bool other = false;
    enum known known = names_stage(q, inside, ret);
    if (known != KNOWN || !*ret)
        return known;
    known = names_stage(q, outside, &other);
    *ret = known == KNOWN && !other;
    return known;
}

static enum known does_enter(const struct question *q, bool *ret)
{
    const struct passage *passage = &q->occurrence->passage;
    return crosses(q, passage->to, passage->from, ret);
}

static enum known does_leave(const struct question *q, bool *ret)
{
    const struct passage *passage = &q->occurrence->passage;
    if (q->trigger->stage.kind != STAGE_CURRENT)
        return crosses(q, passage->from, passage->to, ret);
    /* Gone and back between two looks counts; so does having left while nobody looked. */
    bool look = q->occurrence->kind == OCCUR_LOOK;
    const char *at = jv_text(q->change->now, "stageId", "");
    bool left =
        look ? at[0] != '\0' && strcmp(at, q->start) != 0 : strcmp(passage->from, q->start) == 0;
    return yes_if(q->start[0] != '\0' && left, ret);
}

/* The funnel that a stage belongs to; the records know it without asking. */
static enum known funnel_of(const struct question *q, const char *stage, int64_t *ret)
{
    char id[96];
    *ret = -1;
    if (stage[0] == '\0')
        return KNOWN;
    if (strcmp(jv_text(q->change->now, "stageId", ""), stage) == 0)
        *ret = jv_int(q->change->now, "categoryId", -1);
    else if (strcmp(jv_text(q->change->old, "stageId", ""), stage) == 0)
        *ret = jv_int(q->change->old, "categoryId", -1);
    return *ret >= 0 ? KNOWN : scope_stage(q->scope, q->change->entity.type, stage, id, ret);
}

static enum known does_enter_funnel(const struct question *q, bool *ret)
{
    int64_t from = -1, to = -1;
    JV_AUTO *wanted = NULL;
    *ret = false;
    enum known known = funnel_of(q, q->occurrence->passage.to, &to);
    if (known == KNOWN)
        known = funnel_of(q, q->occurrence->passage.from, &from);
    if (known != KNOWN || from == to)
        return known;
    known = funnel_id(q->scope, q->change->entity.type, q->trigger->name, &wanted);
    *ret = known == KNOWN && json_integer_value(wanted) == to;
    return known;
}

/* Rows of `fm` of one kind: phones and e-mails share the member (bitrix24.md §3.5). */
static json_t *rows_of_new(const json_t *fm, const char *type)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < json_array_size(fm); i++) {
        json_t *row = json_array_get(fm, i);
        if (strcmp(jv_text(row, "typeId", ""), type) == 0)
            (void)json_array_append(rows, json_object_get(row, "value"));
    }
    return rows;
}

static bool field_differs(const struct field *field, const json_t *was, const json_t *is)
{
    const char *type = field != NULL ? field_multi_type(field->leads) : NULL;
    if (type == NULL)
        return !jv_same(was, is);
    JV_AUTO *was_rows = rows_of_new(was, type);
    JV_AUTO *is_rows = rows_of_new(is, type);
    return !jv_same(was_rows, is_rows);
}

static enum known does_change(const struct question *q, bool *ret)
{
    char name[96];
    const struct path_part *part = &q->trigger->field.parts[1];
    const struct change *change = q->change;
    *ret = false;
    bool passage = q->occurrence->kind == OCCUR_PASSAGE;
    if (!passage && (change->now == NULL || change->old == NULL))
        return KNOWN;
    enum known known = scope_field_name(q->scope, change->entity.type, part, name);
    if (known != KNOWN)
        return known;
    bool stage = has_stages(change) && strcmp(name, "stageId") == 0;
    if (stage || passage)
        return yes_if(stage && passage && q->occurrence->passage.from[0] != '\0', ret);
    const json_t *was = json_object_get(change->old, name);
    const struct field *field = part->quoted ? NULL : field_find(change->entity.type, part->text);
    /* A member that the snapshot does not have was not watched yet: its old value is not known. */
    return yes_if(was != NULL && field_differs(field, was, json_object_get(change->now, name)),
                  ret);
}

static enum known is_robot(const struct question *q, bool *ret)
{
    const struct event *event = &q->change->events[q->occurrence->at];
    return yes_if(event->source == EVENT_ROBOT && strcmp(event->name, q->trigger->name) == 0, ret);
}

static enum known is_event(const struct question *q, bool *ret)
{
    const struct event *event = &q->change->events[q->occurrence->at];
    return yes_if(event->source == EVENT_WEBHOOK && strcasecmp(event->name, q->trigger->name) == 0,
                  ret);
}

static enum known is_signal(const struct question *q, bool *ret)
{
    const struct event *event = &q->change->events[q->occurrence->at];
    return yes_if(event_is_signal(event) && strcmp(event->name, q->trigger->name) == 0, ret);
}

/* One row per kind of trigger: what it mostly is, and how that is told. */
static const struct {
    enum occurrence_kind kind;
    enum known (*told)(const struct question *, bool *ret);
} kinds[] = {
    [TRIGGER_ADDED] = {OCCUR_BIRTH, is_added},
    [TRIGGER_UPDATED] = {OCCUR_LOOK, is_updated},
    [TRIGGER_DELETED] = {OCCUR_LOOK, is_deleted},
    [TRIGGER_ENTERS] = {OCCUR_PASSAGE, does_enter},
    [TRIGGER_LEAVES] = {OCCUR_PASSAGE, does_leave},
    [TRIGGER_ENTERS_FUNNEL] = {OCCUR_PASSAGE, does_enter_funnel},
    [TRIGGER_CHANGES] = {OCCUR_LOOK, does_change},
    [TRIGGER_ROBOT] = {OCCUR_EVENT, is_robot},
    [TRIGGER_EVENT] = {OCCUR_EVENT, is_event},
    [TRIGGER_SIGNAL] = {OCCUR_EVENT, is_signal},
};

enum known occur_same(const struct occurrence *occurrence, const struct trigger *trigger,
                      const struct change *change, const char *start, struct scope *scope,
                      bool *ret)
{
    *ret = false;
    bool both = (trigger->kind == TRIGGER_CHANGES && occurrence->kind == OCCUR_PASSAGE) ||
                (trigger->stage.kind == STAGE_CURRENT && occurrence->kind == OCCUR_LOOK);
    if (kinds[trigger->kind].kind != occurrence->kind && !both)
        return KNOWN;
    const struct question question = {occurrence, trigger, change, start, scope};
    return kinds[trigger->kind].told(&question, ret);
}

/* One side of a change: the value and what it has to be. */
static enum known side_holds(const struct operand *wanted, const struct trigger *trigger,
                             const json_t *value, struct scope *scope, bool *ret)
{
    *ret = true;
    if (wanted == NULL)
        return KNOWN;
    return operand_matches(wanted, &trigger->field, value, scope, ret);
}

static json_t *member_new(const json_t *record, const char *name)
{
    json_t *value = json_object_get(record, name);
    return value != NULL ? json_incref(value) : json_null();
}

enum known occur_values(const struct occurrence *occurrence, const struct trigger *trigger,
                        const struct change *change, struct scope *scope, bool *ret)
{
    *ret = true;
    if (trigger->kind != TRIGGER_CHANGES || (trigger->from == NULL && trigger->to == NULL))
        return KNOWN;
    char name[96];
    enum known known = scope_field_name(scope, change->entity.type, &trigger->field.parts[1], name);
    if (known != KNOWN)
        return known;
    bool passage = occurrence->kind == OCCUR_PASSAGE;
    JV_AUTO *was =
        passage ? jv_string_new(occurrence->passage.from) : member_new(change->old, name);
    JV_AUTO *is = passage ? jv_string_new(occurrence->passage.to) : member_new(change->now, name);
    known = side_holds(trigger->from, trigger, was, scope, ret);
    if (known == KNOWN_BAD || (known == KNOWN && !*ret))
        return known;
    enum known known_to = side_holds(trigger->to, trigger, is, scope, ret);
    return known == KNOWN || known_to == KNOWN_BAD ? known_to : known;
}
