#include "daemon/rules/watched.h"

#include <string.h>

#include "common/mem.h"
#include "daemon/model/field.h"

/* Traces, stage triggers and `responsible` want these of every entity. */
static const char *const always[] = {"stageId",         "categoryId", "assignedById", "title",
                                     "stageSemanticId", "contactId",  "companyId",    "contactIds"};

struct gathering {
    const struct rule *rule;
    struct watched *out;
    bool own; /* the kind's own paths count too, not only those of `old` */
};

static void add_name(json_t *list, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach (list, i, entry) {
        if (strcmp(json_string_value(entry), name) == 0)
            return;
    }
    (void)json_array_append_new(list, json_string(name));
}

static void add_field(struct watched *watched, const struct path_part *part)
{
    const struct field *field = part->quoted ? NULL : field_find(watched->type, part->text);
    bool classic =
        strncasecmp(part->text, "UF_", 3) == 0 || strncasecmp(part->text, "PARENT_ID_", 10) == 0;
    if (field != NULL)
        add_name(watched->fields, field->name);
    else if (part->quoted || classic)
        add_name(watched->unsolved, part->text);
    else
        add_name(watched->fields, part->text);
}

static void gather_path(const struct path *path, void *arg)
{
    struct gathering *g = arg;
    if (path->count < 2 || path->parts[0].quoted)
        return;
    const struct entity_kind *kind = entity_kind_by_word(path->parts[0].text);
    if (strcmp(path->parts[0].text, "old") == 0 || (g->own && kind != NULL))
        add_field(g->out, &path->parts[1]);
}

/* `deal.stage changed` asks for the old stage without saying `old`. */
static void gather_expr(struct gathering *g, const struct expr *expr)
{
    bool own = g->own;
    g->own = own || strstr(expr_text(expr), "changed") != NULL;
    expr_paths(expr, gather_path, g);
    g->own = own;
}

static void gather_exprs(struct gathering *g, struct expr *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gather_expr(g, list[i]);
}

static bool is_stage(int entity_type, const struct path_part *part)
{
    const struct field *field = part->quoted ? NULL : field_find(entity_type, part->text);
    return field != NULL && field->leads == FIELD_STAGE;
}

static void gather_trigger(struct gathering *g, const struct trigger *trigger)
{
    switch (trigger->kind) {
    case TRIGGER_CHANGES:
        add_field(g->out, &trigger->field.parts[1]);
        g->out->stages |= is_stage(g->out->type, &trigger->field.parts[1]);
        break;
    case TRIGGER_ENTERS:
    case TRIGGER_LEAVES:
    case TRIGGER_ENTERS_FUNNEL:
        g->out->stages = true;
        break;
    case TRIGGER_DELETED: /* the snapshot is all that is left to speak of */
        g->own = true;
        break;
    case TRIGGER_BEFORE:
    case TRIGGER_AFTER: /* so that `why` tells when the date moved */
        add_field(g->out, &trigger->field.parts[1]);
        break;
    case TRIGGER_ADDED:
    case TRIGGER_UPDATED:
    case TRIGGER_ROBOT:
    case TRIGGER_EVENT:
    case TRIGGER_IDLE:
    case TRIGGER_EVERY:
    case TRIGGER_SIGNAL:
        break;
    }
}

static void gather_step(struct gathering *g, const struct step *step)
{
    gather_exprs(g, step->ifs, step->if_count);
    for (size_t i = 0; i < step->key_count; i++)
        template_paths(step->keys[i].value, gather_path, g);
}

static void gather_rule(struct gathering *g)
{
    const struct rule *rule = g->rule;
    for (size_t i = 0; i < rule->trigger_count; i++)
        gather_trigger(g, &rule->triggers[i]);
    for (size_t i = 0; i < rule->cancel_count; i++)
        gather_trigger(g, &rule->cancels[i]);
    g->out->stages |= rule->once == ONCE_STAGE_VISIT;
    gather_exprs(g, rule->ifs, rule->if_count);
    gather_exprs(g, rule->cancel_ifs, rule->cancel_if_count);
    for (size_t i = 0; i < rule->step_count; i++)
        gather_step(g, &rule->steps[i]);
}

static struct watched *of_type(struct watched **list, size_t *count, int type)
{
    for (size_t i = 0; i < *count; i++)
        if ((*list)[i].type == type)
            return &(*list)[i];
    *list = mem_grow(*list, *count + 1, sizeof **list);
    struct watched *watched = &(*list)[(*count)++];
    *watched = (struct watched){.type = type, .fields = json_array(), .unsolved = json_array()};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        add_name(watched->fields, always[i]);
    return watched;
}

void watched_build(const struct ruleset *set, struct watched **ret, size_t *ret_count)
{
    *ret = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        if (rule->state == RULE_OFF || rule->entity_type == ENTITY_NONE ||
            titles_missing(&set->titles, rule) != NULL)
            continue;
        struct gathering g = {.rule = rule, .out = of_type(ret, ret_count, rule->entity_type)};
        gather_rule(&g);
    }
}

void watched_free(struct watched *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(list[i].fields);
        json_decref(list[i].unsolved);
    }
    mem_free(list);
}
