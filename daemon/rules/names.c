#include "daemon/rules/names.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/scan.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/action.h"
#include "daemon/rules/candidates.h"
#include "daemon/rules/expr_tree.h"
#include "daemon/rules/item.h"
#include "daemon/rules/names_parts.h"
#include "daemon/rules/stagename.h"
#include "daemon/rules/timer.h"
#include "daemon/rules/who.h"

/* ---- users ----------------------------------------------------------------------------------- */

static enum known try_users(struct trial *t)
{
    JV_AUTO *ids = NULL;
    JV_AUTO *text = jv_string_new(t->what);
    return scope_users(&t->scope, text, &ids);
}

static void visit_users(struct walk *w, struct place at, const char *text)
{
    if (strncmp(text, "team ", 5) != 0)
        names_attempt(w, at, try_users, ENTITY_USER, text);
}

/* ---- stages, fields, paths, conditions ------------------------------------------------------- */

static enum known try_stage(struct trial *t)
{
    char id[96], *bare = scan_bare_new(t->what, strlen(t->what));
    int64_t category;
    enum known known = scope_stage(&t->scope, t->type, bare, id, &category);
    mem_free(bare);
    return known;
}

static enum known try_funnel(struct trial *t)
{
    JV_AUTO *id = NULL;
    return funnel_id(&t->scope, t->type, t->what, &id);
}

/* "item 148": a smart process that is not there, or not for the webhook, shows no fields. */
static enum known try_type(struct trial *t)
{
    char need[NEED_SIZE], argument[16];
    const json_t *fields;
    (void)snprintf(argument, sizeof argument, "%d", t->type);
    need_print(NEED_FIELDS, argument, need);
    return scope_fact(&t->scope, need, &fields);
}

static enum known try_date(struct trial *t)
{
    char name[96];
    bool day;
    return timer_field(t->what, &t->scope, name, &day);
}

static enum known try_template(struct trial *t)
{
    int64_t id;
    return scope_template(&t->scope, t->type, t->what, &id);
}

static enum known try_path(struct trial *t)
{
    struct field_info info;
    return names_path(&t->scope, t->what, &info);
}

struct visit {
    struct walk *walk;
    struct place at;
};

static void visit_path(const struct path *path, void *arg)
{
    struct visit *v = arg;
    names_attempt(v->walk, v->at, try_path, v->walk->type, path);
}

static void visit_node(struct walk *w, const struct node *node)
{
    if (node == NULL)
        return;
    if (node->kind == NODE_COMPARE)
        names_attempt(w, node->compare.at, names_try_comparison, w->type, &node->compare);
    visit_node(w, node->left);
    visit_node(w, node->right);
}

static void visit_exprs(struct walk *w, struct expr *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        visit_node(w, list[i]->root);
}

static void visit_trigger(struct walk *w, const struct trigger *t)
{
    int type = t->entity_type;
    if (t->stage.text != NULL && (t->stage.kind == STAGE_NAMED || t->stage.kind == STAGE_ID))
        names_attempt(w, t->at, try_stage, type, t->stage.text);
    if (t->kind == TRIGGER_ENTERS_FUNNEL)
        names_attempt(w, t->at, try_funnel, type, t->name);
    if (t->kind == TRIGGER_CHANGES)
        names_attempt(w, t->at, names_try_change, type, t);
    if (t->kind == TRIGGER_BEFORE || t->kind == TRIGGER_AFTER)
        names_attempt(w, t->at, try_date, type, t);
    if (type >= ENTITY_ITEM_FIRST)
        names_attempt(w, t->at, try_type, type, NULL);
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct field_trial {
    const struct rule *rule;
    const struct step *step;
    const struct step_key *key;
};

/* What a step writes: one key, or all of them beside each other (key NULL). */
static enum known try_field(struct trial *t)
{
    const struct field_trial *f = t->what;
    static const struct run none;
    struct plan plan = {.scope = &t->scope, .rule = f->rule, .run = &none, .step = f->step};
    enum planned planned = f->key != NULL ? plan_field_check(&plan, t->type, f->key)
                                          : plan_fields_check(&plan, t->type);
    if (planned == PLAN_READY || planned == PLAN_NEED)
        return planned == PLAN_READY ? KNOWN : KNOWN_NOT;
    return scope_bad(&t->scope, "%s", plan.err.text);
}

/* Does the step write fields of a kind that is known? */
static bool writes_fields(const struct walk *w, const struct step *step)
{
    return step->action->fields && step->fields_of != ENTITY_NONE &&
           step->fields_of != ENTITY_ITEM &&
           titles_unknown(&w->names->set->titles, step->fields_of) == NULL;
}

static void visit_key(struct walk *w, const struct step *step, const struct step_key *key)
{
    const struct action_key *known = action_key_find(step->action, key->name);
    const struct field_trial field = {w->rule, step, key};
    struct visit visit = {w, key->value_at};
    if (key->value == NULL)
        return;
    template_paths(key->value, visit_path, &visit);
    const char *text = template_text(key->value);
    bool plain = template_is_plain(key->value) && text[0] != '\0';
    if (known == NULL && writes_fields(w, step))
        names_attempt(w, plain ? key->value_at : key->at, try_field, step->fields_of, &field);
    if (known == NULL || !plain)
        return;
    if (known->type == KEY_USER || known->type == KEY_USERS)
        visit_users(w, key->value_at, text);
    if (known->type == KEY_TEMPLATE)
        names_attempt(w, key->value_at, try_template, w->type, text);
    if (known->type == KEY_STAGE)
        names_attempt(w, key->value_at, try_stage, w->type, text);
}

static void visit_step(struct walk *w, const struct step *step)
{
    const struct field_trial all = {w->rule, step, NULL};
    size_t before = json_array_size(w->names->findings);
    visit_exprs(w, step->ifs, step->if_count);
    for (size_t i = 0; step->action != NULL && i < step->key_count; i++)
        visit_key(w, step, &step->keys[i]);
    if (step->action != NULL && writes_fields(w, step) &&
        json_array_size(w->names->findings) == before)
        names_attempt(w, step->at, try_field, step->fields_of, &all);
}

/* ---- titles ---------------------------------------------------------------------------------- */

static const json_t *title_row(const json_t *types, const char *title)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(types), i, row)
        if (utf8_same(jv_text(row, "title", ""), title))
            return row;
    return NULL;
}

/* The rule was loaded without that title, so it cannot even begin. */
static void tell_title(struct walk *w, const char *title)
{
    char need[NEED_SIZE];
    struct candidates titles = {0};
    struct scope scope = {0};
    need_print(NEED_TYPES, "", need);
    const json_t *types = names_fact(w, need);
    const json_t *refused = json_object_get(w->names->refused, need);
    if (refused != NULL)
        (void)scope_bad(&scope,
                        "the portal does not show its smart processes to the webhook, write the "
                        "number of \"%s\" instead: %s",
                        title, jv_text(refused, "", ""));
    else if (title_row(types, title) != NULL)
        (void)scope_bad(&scope,
                        "smart process \"%s\" has just been learnt; the rule begins when the "
                        "configuration is loaded again",
                        title);
    candidates_add_rows(&titles, types, "title");
    if (scope.err.text[0] == '\0')
        (void)candidates_bad(&scope, &titles, title, "unknown smart process \"%s\"", title);
    if (types == NULL && refused == NULL)
        names_found(w, "waiting",
                    "smart process \"%s\" is not known yet, the portal has to be asked", title);
    else
        names_found(w, "error", "%s", scope.err.text);
}

/* A title that was known when the rules were loaded, and is another now. */
static void tell_renamed_title(struct walk *w, int type, struct place at)
{
    char need[NEED_SIZE];
    const char *title = titles_used(&w->names->set->titles, type);
    need_print(NEED_TYPES, "", need);
    json_t *types = title != NULL ? jv_loose(names_fact(w, need)) : NULL;
    size_t i;
    json_t *row;
    w->at = at;
    json_array_foreach (types, i, row)
        if (jv_int(row, "id", 0) == type && !utf8_same(jv_text(row, "title", ""), title))
            names_found(
                w, "warning",
                "smart process \"%s\" is now called \"%s\"; the rule goes on by its number %d",
                title, jv_text(row, "title", ""), type);
}

void names_of_rule(struct names *names, const struct rule *rule)
{
    /* Of any smart process: which one, and so what its fields are, is known at run time. */
    int type = rule->entity_type != ENTITY_ITEM ? rule->entity_type : ENTITY_NONE;
    struct walk w = {.names = names, .rule = rule, .type = type, .at = rule->at};
    const char *title = titles_missing(&names->set->titles, rule);
    if (title != NULL) {
        tell_title(&w, title);
        return;
    }
    tell_renamed_title(&w, rule->entity_type, rule->at);
    for (size_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].fields_of != rule->entity_type)
            tell_renamed_title(&w, rule->steps[i].fields_of, rule->steps[i].at);
    for (size_t i = 0; i < rule->trigger_count; i++)
        visit_trigger(&w, &rule->triggers[i]);
    for (size_t i = 0; i < rule->cancel_count; i++)
        visit_trigger(&w, &rule->cancels[i]);
    visit_exprs(&w, rule->ifs, rule->if_count);
    visit_exprs(&w, rule->cancel_ifs, rule->cancel_if_count);
    for (size_t i = 0; i < rule->step_count; i++)
        visit_step(&w, &rule->steps[i]);
}

void names_of_users(struct names *names, const char *text, struct place at)
{
    struct walk w = {.names = names};
    visit_users(&w, at, text);
}
