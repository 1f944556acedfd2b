#include "daemon/rules/ruleset.h"

#include <string.h>

#include "common/mem.h"
#include "daemon/rules/head.h"
#include "daemon/rules/index.h"
#include "daemon/rules/load.h"
#include "daemon/rules/signal.h"
#include "daemon/rules/trigger.h"
#include "daemon/rules/watched.h"

struct ruleset *ruleset_new(void)
{
    return mem_alloc(sizeof(struct ruleset));
}

static void triggers_free(struct trigger *triggers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        trigger_done(&triggers[i]);
    mem_free(triggers);
}

static void exprs_free(struct expr **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expr_free(list[i]);
    mem_free(list);
}

static void step_done(struct step *step)
{
    for (size_t i = 0; i < step->key_count; i++) {
        mem_free(step->keys[i].name);
        path_done(&step->keys[i].path);
        template_free(step->keys[i].value);
    }
    mem_free(step->keys);
    exprs_free(step->ifs, step->if_count);
    mem_free(step->target);
    mem_free(step->label);
    mem_free(step->calendar);
    mem_free(step->text);
}

static void rule_done(struct rule *rule)
{
    triggers_free(rule->triggers, rule->trigger_count);
    triggers_free(rule->cancels, rule->cancel_count);
    exprs_free(rule->ifs, rule->if_count);
    exprs_free(rule->cancel_ifs, rule->cancel_if_count);
    for (size_t i = 0; i < rule->portal_count; i++)
        mem_free(rule->portals[i]);
    mem_free(rule->portals);
    for (size_t i = 0; i < rule->step_count; i++)
        step_done(&rule->steps[i]);
    mem_free(rule->steps);
    mem_free(rule->calendar);
    mem_free(rule->name);
    mem_free(rule->title);
}

void ruleset_free(struct ruleset *set)
{
    if (set == NULL)
        return;
    trigger_index_free(set->index);
    if (set->ears != NULL)
        mem_free(set->ears->list);
    mem_free(set->ears);
    watched_free(set->watched, set->watched_count);
    titles_done(&set->titles);
    for (size_t i = 0; i < set->count; i++)
        rule_done(&set->rules[i]);
    mem_free(set->rules);
    mem_free(set);
}

static bool is_step(const struct ini_section *section)
{
    return head_begins(section, "then") || head_begins(section, "else") ||
           head_begins(section, "wait");
}

static size_t steps_behind(const struct ini *ini, size_t at)
{
    size_t count = 0;
    while (at + count < ini->count && is_step(&ini->sections[at + count]))
        count++;
    return count;
}

static void load_steps(struct loader *loader, struct ini_section *sections, size_t count,
                       struct rule *rule)
{
    const char **labels = mem_array(count + 1, sizeof *labels);
    size_t label_count = 0;
    for (size_t i = 0; i < count; i++) {
        load_step(loader, &sections[i], labels, rule);
        const char *label = rule->steps[rule->step_count - 1].label;
        if (label != NULL)
            labels[label_count++] = label;
    }
    mem_free(labels);
}

static void complain_twice(struct loader *loader, const struct ruleset *set,
                           const struct ini_section *section, const char *name)
{
    const struct rule *first = ruleset_find(set, name);
    if (first == NULL || name[0] == '\0')
        return;
    (void)diag_add(loader->diag, section->at, "rule \"%s\" stands twice, first at %s:%d:%d", name,
                   first->at.file, first->at.line, first->at.column);
}

void ruleset_load(struct ruleset *set, struct ini *ini, const struct ruleset_names *names,
                  struct diag *diag)
{
    struct loader loader = {.names = names, .titles = &set->titles, .diag = diag};
    set->titles.known = names->types;
    for (size_t i = 0; i < ini->count; i++) {
        struct ini_section *section = &ini->sections[i];
        if (is_step(section)) { /* those of a rule are taken with it */
            section->used = true;
            (void)diag_add(diag, section->at,
                           "[%s] belongs to no rule: it stands below [rule NAME]", section->head);
        }
        if (!head_begins(section, "rule"))
            continue;
        size_t step_count = steps_behind(ini, i + 1);
        struct rule rule;
        load_rule(&loader, section, section + 1, step_count, &rule);
        load_steps(&loader, section + 1, step_count, &rule);
        complain_twice(&loader, set, section, rule.name);
        set->rules = mem_grow(set->rules, set->count + 1, sizeof *set->rules);
        set->rules[set->count++] = rule;
        i += step_count;
    }
}

void ruleset_finish(struct ruleset *set)
{
    set->titles.known = NULL; /* was borrowed */
    watched_build(set, &set->watched, &set->watched_count);
    set->ears = mem_alloc(sizeof *set->ears);
    signal_ears_build(set, set->ears);
    set->index = trigger_index_new(set);
}

const struct rule *ruleset_find(const struct ruleset *set, const char *name)
{
    if (set->index != NULL)
        return trigger_index_rule(set->index, name);
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->rules[i].name, name) == 0)
            return &set->rules[i];
    return NULL;
}

const struct watched *ruleset_watched(const struct ruleset *set, int entity_type)
{
    for (size_t i = 0; i < set->watched_count; i++)
        if (set->watched[i].type == entity_type)
            return &set->watched[i];
    return NULL;
}

bool ruleset_concerns(const struct ruleset *set, int entity_type, const char *event)
{
    size_t count;
    (void)trigger_index_find(set->index, TRIGGER_EVENT, ENTITY_NONE, event, &count);
    if (entity_type >= ENTITY_ITEM && set->titles.unknown_count > 0)
        return true; /* it may be the one that a rule calls by its title */
    return count > 0 || signal_may_be(set->ears, event) ||
           ruleset_watched(set, entity_type) != NULL ||
           (entity_type >= ENTITY_ITEM && ruleset_watched(set, ENTITY_ITEM) != NULL);
}

static bool listens(const struct trigger *triggers, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (triggers[i].kind == TRIGGER_ROBOT && strcmp(triggers[i].name, code) == 0)
            return true;
    return false;
}

bool ruleset_has_robot(const struct ruleset *set, const char *portal, const char *code)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        if (rule->state != RULE_OFF && rule_on_portal(rule, portal) &&
            (listens(rule->triggers, rule->trigger_count, code) ||
             listens(rule->cancels, rule->cancel_count, code)))
            return true;
    }
    return false;
}
