#include "daemon/rules/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/near.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/action.h"
#include "daemon/rules/expr_tree.h"
#include "daemon/rules/item.h"
#include "daemon/rules/names_parts.h"
#include "daemon/rules/stagename.h"
#include "daemon/rules/who.h"

/* One rule, or a text beside the rules, being tried. */
struct walk {
    struct names *names;
    const struct rule *rule; /* NULL: none */
    int type;                /* what it speaks of */
    struct place at;
};

static void found(const struct walk *w, const char *level, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void found(const struct walk *w, const char *level, const char *format, ...)
{
    char say[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(say, sizeof say, format, args);
    va_end(args);
    json_t *finding = json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "level", level, "rule",
                                w->rule != NULL ? w->rule->name : "", "file",
                                w->at.file != NULL ? w->at.file : "", "line", w->at.line, "column",
                                w->at.column, "say", jv_string_new(say));
    size_t i;
    json_t *known;
    json_array_foreach (w->names->findings, i, known)
        if (json_equal(known, finding)) {
            json_decref(finding);
            return;
        }
    json_array_append_new(w->names->findings, finding);
}

/* ---- what a pin is called now ---------------------------------------------------------------- */

static const json_t *row_by_id(const json_t *list, const json_t *id)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(list), i, row)
        if (jv_same(json_object_get(row, "id"), id) || jv_same(json_object_get(row, "ID"), id))
            return row;
    return NULL;
}

static const json_t *fact_of(const struct names *n, const char *kind, int type)
{
    char need[NEED_SIZE];
    (void)snprintf(need, sizeof need, "%s:%d", kind, type);
    return json_object_get(n->facts, need);
}

static void now_stage(const struct names *n, int type, const json_t *pin, struct buf *out)
{
    const json_t *fact = fact_of(n, "stages", type);
    const json_t *stage = row_by_id(jv_at(fact, "stages"), json_object_get(pin, "id"));
    const json_t *funnel = row_by_id(jv_at(fact, "funnels"), json_object_get(stage, "category"));
    if (stage == NULL)
        return;
    if (funnel != NULL)
        buf_printf(out, "%s / ", jv_text(funnel, "name", ""));
    buf_text(out, jv_text(stage, "name", ""));
}

static void now_funnel(const struct names *n, int type, const json_t *pin, struct buf *out)
{
    buf_text(out,
             jv_text(row_by_id(jv_at(fact_of(n, "stages", type), "funnels"), pin), "name", ""));
}

static void now_field(const struct names *n, int type, const json_t *pin, struct buf *out)
{
    const json_t *spec = json_object_get(fact_of(n, "fields", type), jv_text(pin, "", ""));
    static const char *const members[] = {"formLabel", "listLabel", "title"};
    for (size_t i = 0; i < sizeof members / sizeof members[0] && out->size == 0; i++)
        buf_text(out, jv_text(spec, members[i], ""));
}

static void now_user(const struct names *n, int type, const json_t *pin, struct buf *out)
{
    char need[NEED_SIZE];
    (void)type;
    (void)snprintf(need, sizeof need, "user:%" PRId64, user_id_of(pin));
    const json_t *user = json_object_get(n->facts, need);
    user_print_name(out, user);
    if (jv_text(user, "EMAIL", "")[0] != '\0')
        buf_printf(out, " <%s>", jv_text(user, "EMAIL", ""));
}

static void now_department(const struct names *n, int type, const json_t *pin, struct buf *out)
{
    char need[NEED_SIZE];
    (void)type;
    (void)snprintf(need, sizeof need, "department:%" PRId64, user_id_of(pin));
    buf_text(out, jv_text(json_object_get(n->facts, need), "NAME", ""));
}

static const struct {
    const char *kind;
    const char *noun;
    void (*now)(const struct names *, int type, const json_t *pin, struct buf *out);
} kinds[] = {
    {"stage", "stage", now_stage}, {"funnel", "funnel", now_funnel},
    {"field", "field", now_field}, {"option", "value", NULL},
    {"user", "user", now_user},    {"department", "department", now_department},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* "stage:2:Продажи / КП" taken apart. */
static size_t kind_of_pin(const char *key, int *ret_type, const char **ret_name)
{
    size_t size = strcspn(key, ":");
    char *behind = NULL;
    long type = key[size] == ':' ? strtol(key + size + 1, &behind, 10) : 0;
    size_t i = 0;
    if (behind == NULL || *behind != ':')
        return KIND_COUNT;
    *ret_type = (int)type;
    *ret_name = behind + 1;
    while (i < KIND_COUNT &&
           (strlen(kinds[i].kind) != size || memcmp(kinds[i].kind, key, size) != 0))
        i++;
    return i;
}

static char *pin_text_new(const json_t *pin)
{
    return jv_print_new(json_is_object(pin) ? json_object_get(pin, "id") : pin);
}

/* The name `key` is not what it was. False when nothing of the pin is left on the portal. */
static bool tell_pin(const struct walk *w, const char *key, const json_t *pin, const char *why)
{
    int type = ENTITY_NONE;
    const char *name = "";
    size_t kind = kind_of_pin(key, &type, &name);
    struct buf now BUF_AUTO;
    buf_init(&now, 1024);
    if (kind == KIND_COUNT)
        return true;
    if (kinds[kind].now != NULL)
        kinds[kind].now(w->names, type, pin, &now);
    bool there = now.size > 0 || kinds[kind].now == NULL;
    char *id = pin_text_new(pin);
    /* borne by two now, and the like */
    bool same =
        kinds[kind].now == now_user ? utf8_contains(now.data, name) : utf8_same(now.data, name);
    if (there && now.size > 0 && !same)
        found(w, "warning", "%s \"%s\" is now called \"%s\"; the rule goes on by its id %s",
              kinds[kind].noun, name, now.data, id);
    else if (there)
        found(w, "warning", "%s; the rule goes on by the id %s it had", why, id);
    mem_free(id);
    return there;
}

/* ---- one trial ------------------------------------------------------------------------------- */

static struct scope scope_of(const struct walk *w, const json_t *facts, json_t *resolved)
{
    return (struct scope){.env = w->names->env,
                          .entity_type = w->type,
                          .facts = facts,
                          .needs = w->names->needs,
                          .resolved = resolved};
}

/* By the pins alone: what is renamed still means what it meant. */
static void try_pinned(const struct walk *w, trial_fn *try, const struct trial *live)
{
    JV_AUTO *resolved = json_object();
    JV_AUTO *facts = json_copy(jv_loose(w->names->facts));
    struct trial trial = *live;
    const char *key;
    json_t *pin;
    bool told = false;
    (void)json_object_set(facts, SCOPE_PINS, jv_loose(w->names->pins));
    trial.scope = scope_of(w, facts, resolved);
    enum known known = w->names->pins != NULL ? try(&trial) : KNOWN_BAD;
    if (known == KNOWN_NOT)
        return;
    json_object_foreach (resolved, key, pin)
        if (known == KNOWN && json_object_get(w->names->pins, key) != NULL)
            told = tell_pin(w, key, pin, live->scope.err.text) || told;
    if (told)
        (void)json_object_update(w->names->resolved, resolved);
    else
        found(w, "error", "%s", live->scope.err.text);
}

/* A name that means another thing than when it was pinned. */
static void compare_pins(const struct walk *w, const json_t *resolved)
{
    const char *key;
    json_t *id;
    json_object_foreach (jv_loose(resolved), key, id) {
        const json_t *pin = json_object_get(w->names->pins, key);
        if (pin != NULL && !json_equal(pin, id) &&
            tell_pin(w, key, pin, "the name means something else now"))
            (void)json_object_set(w->names->resolved, key, jv_loose(pin));
        else
            (void)json_object_set(w->names->resolved, key, id);
    }
}

static void attempt(struct walk *w, struct place at, trial_fn *try, int type, const void *what)
{
    JV_AUTO *resolved = json_object();
    struct trial trial = {
        .scope = scope_of(w, w->names->facts, resolved), .what = what, .type = type};
    w->at = at;
    switch (try(&trial)) {
    case KNOWN:
        compare_pins(w, resolved);
        break;
    case KNOWN_NOT:
        break;
    case KNOWN_BAD:
        try_pinned(w, try, &trial);
        break;
    }
}

/* ---- users ----------------------------------------------------------------------------------- */

static enum known try_users(struct trial *t)
{
    JV_AUTO *ids = NULL;
    JV_AUTO *text = jv_string_new(t->what);
    size_t i;
    json_t *id;
    enum known all = scope_users(&t->scope, text, &ids);
    json_array_foreach (ids, i, id) {
        const json_t *record;
        enum known known = user_record(&t->scope, json_integer_value(id), &record);
        if (known == KNOWN && record == NULL)
            return scope_bad(&t->scope, "there is no user %" PRId64,
                             (int64_t)json_integer_value(id));
        all = known == KNOWN ? all : known;
    }
    return all;
}

/* Who was meant may have left. */
static void tell_dismissed(const struct walk *w, const char *text)
{
    JV_AUTO *ids = NULL;
    JV_AUTO *resolved = json_object();
    JV_AUTO *facts = json_copy(jv_loose(w->names->facts));
    JV_AUTO *value = jv_string_new(text);
    size_t i;
    json_t *id;
    (void)json_object_set(facts, SCOPE_PINS, jv_loose(w->names->pins));
    struct scope scope = scope_of(w, facts, resolved);
    if (scope_users(&scope, value, &ids) != KNOWN)
        return;
    json_array_foreach (ids, i, id) {
        const json_t *record = NULL;
        struct buf name BUF_AUTO;
        buf_init(&name, 512);
        if (user_record(&scope, json_integer_value(id), &record) != KNOWN || record == NULL ||
            json_object_get(record, "ACTIVE") == NULL || jv_flag(record, "ACTIVE"))
            continue;
        user_print_name(&name, record);
        found(w, "warning", "user \"%s\" is dismissed (%s, id %" PRId64 ")", text, name.data,
              (int64_t)json_integer_value(id));
    }
}

static void visit_users(struct walk *w, struct place at, const char *text)
{
    if (strncmp(text, "team ", 5) == 0)
        return;
    attempt(w, at, try_users, ENTITY_USER, text);
    tell_dismissed(w, text);
}

/* ---- stages, fields, paths, conditions ------------------------------------------------------- */

static enum known try_stage(struct trial *t)
{
    char id[96];
    int64_t category;
    return scope_stage(&t->scope, t->type, t->what, id, &category);
}

static enum known try_funnel(struct trial *t)
{
    JV_AUTO *id = NULL;
    return funnel_id(&t->scope, t->type, t->what, &id);
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
    attempt(v->walk, v->at, try_path, v->walk->type, path);
}

static void visit_node(struct walk *w, const struct node *node)
{
    if (node == NULL)
        return;
    if (node->kind == NODE_COMPARE)
        attempt(w, node->compare.at, names_try_comparison, w->type, &node->compare);
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
        attempt(w, t->at, try_stage, type, t->stage.text);
    if (t->kind == TRIGGER_ENTERS_FUNNEL)
        attempt(w, t->at, try_funnel, type, t->name);
    if (t->kind == TRIGGER_CHANGES || t->kind == TRIGGER_BEFORE || t->kind == TRIGGER_AFTER)
        attempt(w, t->at, names_try_change, type, t);
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct field_trial {
    const struct rule *rule;
    const struct step *step;
    const struct step_key *key;
};

static enum known try_field(struct trial *t)
{
    const struct field_trial *f = t->what;
    static const struct run none;
    struct plan plan = {.scope = &t->scope, .rule = f->rule, .run = &none, .step = f->step};
    enum planned planned = plan_field_check(&plan, t->type, f->key);
    if (planned == PLAN_READY || planned == PLAN_NEED)
        return planned == PLAN_READY ? KNOWN : KNOWN_NOT;
    return scope_bad(&t->scope, "%s", plan.err.text);
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
    if (known == NULL && step->action->fields && step->fields_of != ENTITY_NONE &&
        titles_unknown(&w->names->set->titles, step->fields_of) == NULL)
        attempt(w, plain ? key->value_at : key->at, try_field, step->fields_of, &field);
    if (known == NULL || !plain)
        return;
    if (known->type == KEY_USER || known->type == KEY_USERS)
        visit_users(w, key->value_at, text);
    if (known->type == KEY_STAGE) {
        size_t size = strlen(text);
        bool quoted = size >= 2 && text[0] == '"' && text[size - 1] == '"';
        char *bare = quoted ? mem_strndup(text + 1, size - 2) : mem_strdup(text);
        attempt(w, key->value_at, try_stage, w->type, bare);
        mem_free(bare);
    }
}

static void visit_step(struct walk *w, const struct step *step)
{
    visit_exprs(w, step->ifs, step->if_count);
    for (size_t i = 0; step->action != NULL && i < step->key_count; i++)
        visit_key(w, step, &step->keys[i]);
}

/* ---- titles ---------------------------------------------------------------------------------- */

static void tell_title(struct walk *w, const char *title)
{
    enum { MOST = 512 };
    char need[NEED_SIZE];
    const char *names[MOST];
    size_t count = 0, i, same = 0;
    json_t *row;
    need_print(NEED_TYPES, "", need);
    struct scope scope = scope_of(w, w->names->facts, NULL);
    const json_t *types;
    if (scope_fact(&scope, need, &types) != KNOWN) {
        found(w, "waiting", "smart process \"%s\" is not known yet, the portal has to be asked",
              title);
        return;
    }
    json_array_foreach (jv_loose(types), i, row) {
        same += utf8_same(jv_text(row, "title", ""), title);
        if (count < MOST)
            names[count++] = jv_text(row, "title", "");
    }
    const char *near = near_name(title, names, count);
    if (same > 0)
        found(
            w, "error",
            "smart process \"%s\" has just been learnt; the rule begins when the configuration is "
            "loaded again",
            title);
    else if (near != NULL)
        found(w, "error", "unknown smart process \"%s\"; did you mean \"%s\"?", title, near);
    else
        found(w, "error", "unknown smart process \"%s\"", title);
}

/* A title that was known when the rules were loaded, and is another now. */
static void tell_renamed_title(struct walk *w, int type, struct place at)
{
    char need[NEED_SIZE];
    const json_t *types;
    const char *title = titles_used(&w->names->set->titles, type);
    size_t i;
    json_t *row;
    if (title == NULL)
        return;
    need_print(NEED_TYPES, "", need);
    struct scope scope = scope_of(w, w->names->facts, NULL);
    if (scope_fact(&scope, need, &types) != KNOWN)
        return;
    w->at = at;
    json_array_foreach (jv_loose(types), i, row)
        if (jv_int(row, "id", 0) == type && !utf8_same(jv_text(row, "title", ""), title))
            found(w, "warning",
                  "smart process \"%s\" is now called \"%s\"; the rule goes on by its number %d",
                  title, jv_text(row, "title", ""), type);
}

void names_of_rule(struct names *names, const struct rule *rule)
{
    struct walk w = {.names = names, .rule = rule, .type = rule->entity_type, .at = rule->at};
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
