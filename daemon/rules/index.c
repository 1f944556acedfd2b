#include "daemon/rules/index.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/rules/timer.h"

struct trigger_index {
    struct slot *slots; /* sorted by compare_slots */
    size_t count;
    const struct rule **by_name; /* sorted */
    size_t rule_count;
};

/* Robots, events and signals are found by name whatever they belong to. */
static int type_of(const struct trigger *trigger)
{
    bool any = trigger->kind == TRIGGER_ROBOT || trigger->kind == TRIGGER_EVENT ||
               trigger->kind == TRIGGER_SIGNAL;
    return any ? ENTITY_NONE : trigger->entity_type;
}

static const char *name_of(const struct trigger *trigger)
{
    if (trigger->kind == TRIGGER_CHANGES)
        return trigger->field.parts[1].text;
    if (trigger->stage.text != NULL)
        return trigger->stage.text;
    if (trigger_is_timer(trigger))
        return trigger->text;
    return trigger->name != NULL ? trigger->name : "";
}

/* What else tells apart two things of the same text: a label and a name, an id and a name. */
static int form_of(const struct trigger *trigger)
{
    if (trigger->kind == TRIGGER_CHANGES)
        return trigger->field.parts[1].quoted ? 1 : 0;
    return (int)trigger->stage.kind;
}

static int compare_key(const struct trigger *trigger, enum trigger_kind kind, int type,
                       const char *name)
{
    if (trigger->kind != kind)
        return trigger->kind < kind ? -1 : 1;
    if (type_of(trigger) != type)
        return type_of(trigger) < type ? -1 : 1;
    return name != NULL ? strcmp(name_of(trigger), name) : 0;
}

static int compare_triggers(const struct trigger *a, const struct trigger *b)
{
    int order = compare_key(a, b->kind, type_of(b), name_of(b));
    return order != 0 ? order : form_of(a) - form_of(b);
}

static int compare_slots(const void *va, const void *vb)
{
    const struct slot *a = va, *b = vb;
    int order = compare_triggers(a->trigger, b->trigger);
    if (order != 0)
        return order;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1; /* both in the set's one array: file order */
    return a->trigger < b->trigger ? -1 : a->trigger > b->trigger;
}

static int compare_names(const void *va, const void *vb)
{
    const struct rule *const *a = va, *const *b = vb;
    return strcmp((*a)->name, (*b)->name);
}

static void add_rule(struct trigger_index *index, const struct ruleset *set,
                     const struct rule *rule)
{
    index->by_name[index->rule_count++] = rule;
    if (rule->state == RULE_OFF || titles_missing(&set->titles, rule) != NULL)
        return;
    for (size_t i = 0; i < rule->trigger_count; i++)
        index->slots[index->count++] = (struct slot){rule, &rule->triggers[i], 1};
}

static void count_same(struct trigger_index *index)
{
    for (size_t i = index->count; i-- > 1;)
        if (compare_triggers(index->slots[i - 1].trigger, index->slots[i].trigger) == 0)
            index->slots[i - 1].same = index->slots[i].same + 1;
}

struct trigger_index *trigger_index_new(const struct ruleset *set)
{
    struct trigger_index *index = mem_alloc(sizeof *index);
    size_t triggers = 0;
    for (size_t i = 0; i < set->count; i++)
        triggers += set->rules[i].trigger_count;
    index->slots = mem_array(triggers + 1, sizeof *index->slots);
    index->by_name = mem_array(set->count + 1, sizeof(struct rule *));
    for (size_t i = 0; i < set->count; i++)
        add_rule(index, set, &set->rules[i]);
    qsort(index->slots, index->count, sizeof *index->slots, compare_slots);
    count_same(index);
    qsort(index->by_name, index->rule_count, sizeof(struct rule *), compare_names);
    return index;
}

void trigger_index_free(struct trigger_index *index)
{
    if (index == NULL)
        return;
    mem_free(index->slots);
    mem_free(index->by_name);
    mem_free(index);
}

/* The first slot that is not less than the key, or, `behind`, the first that is greater. */
static size_t bound(const struct trigger_index *index, enum trigger_kind kind, int type,
                    const char *name, bool behind)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_key(index->slots[middle].trigger, kind, type, name);
        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct slot *trigger_index_find(const struct trigger_index *index, enum trigger_kind kind,
                                      int type, const char *name, size_t *ret_count)
{
    size_t from = bound(index, kind, type, name, false);
    *ret_count = bound(index, kind, type, name, true) - from;
    return index->slots + from;
}

const struct rule *trigger_index_rule(const struct trigger_index *index, const char *name)
{
    size_t low = 0, high = index->rule_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index->by_name[middle]->name, name);
        if (order == 0)
            return index->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool rule_on_portal(const struct rule *rule, const char *portal)
{
    for (size_t i = 0; i < rule->portal_count; i++)
        if (strcmp(rule->portals[i], portal) == 0)
            return true;
    return rule->portal_count == 0;
}
