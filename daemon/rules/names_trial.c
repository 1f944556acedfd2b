/* One thing that a rule says, tried against the portal as it is and by the pins, and what is said
 * of the outcome. */

#include "daemon/rules/names_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/who.h"

void names_found(const struct walk *w, const char *level, const char *format, ...)
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

static void now_stage(const struct names *n, int type, const char *name, const json_t *pin,
                      struct buf *out)
{
    (void)name;
    const json_t *fact = fact_of(n, "stages", type);
    const json_t *stage = row_by_id(jv_at(fact, "stages"), json_object_get(pin, "id"));
    const json_t *funnel = row_by_id(jv_at(fact, "funnels"), json_object_get(stage, "category"));
    if (stage == NULL)
        return;
    if (funnel != NULL)
        buf_printf(out, "%s / ", jv_text(funnel, "name", ""));
    buf_text(out, jv_text(stage, "name", ""));
}

static void now_funnel(const struct names *n, int type, const char *name, const json_t *pin,
                       struct buf *out)
{
    (void)name;
    buf_text(out,
             jv_text(row_by_id(jv_at(fact_of(n, "stages", type), "funnels"), pin), "name", ""));
}

static void now_field(const struct names *n, int type, const char *name, const json_t *pin,
                      struct buf *out)
{
    (void)name;
    const json_t *spec = json_object_get(fact_of(n, "fields", type), jv_text(pin, "", ""));
    static const char *const members[] = {"formLabel", "listLabel", "title"};
    for (size_t i = 0; i < sizeof members / sizeof members[0] && out->size == 0; i++)
        buf_text(out, jv_text(spec, members[i], ""));
}

static void now_user(const struct names *n, int type, const char *name, const json_t *pin,
                     struct buf *out)
{
    (void)name;
    char need[NEED_SIZE];
    (void)type;
    (void)snprintf(need, sizeof need, "user:%" PRId64, user_id_of(pin));
    const json_t *user = json_object_get(n->facts, need);
    user_print_name(out, user);
    if (jv_text(user, "EMAIL", "")[0] != '\0')
        buf_printf(out, " <%s>", jv_text(user, "EMAIL", ""));
}

static void now_department(const struct names *n, int type, const char *name, const json_t *pin,
                           struct buf *out)
{
    (void)name;
    char need[NEED_SIZE];
    (void)type;
    (void)snprintf(need, sizeof need, "department:%" PRId64, user_id_of(pin));
    buf_text(out, jv_text(json_object_get(n->facts, need), "NAME", ""));
}

static void now_template(const struct names *n, int type, const char *name, const json_t *pin,
                         struct buf *out)
{
    (void)name;
    buf_text(out, jv_text(row_by_id(fact_of(n, "templates", type), pin), "name", ""));
}

/* The name is FIELD=VALUE. */
static void now_option(const struct names *n, int type, const char *name, const json_t *pin,
                       struct buf *out)
{
    struct field_info info = {.type = type};
    char need[NEED_SIZE];
    (void)snprintf(info.name, sizeof info.name, "%.*s", (int)strcspn(name, "="), name);
    info.spec = json_object_get(fact_of(n, "fields", type), info.name);
    const char *directory = field_directory(&info);
    if (directory == NULL) {
        buf_text(out, jv_text(row_by_id(jv_at(info.spec, "items"), pin), "VALUE", ""));
        return;
    }
    need_print(NEED_DIRECTORY, directory, need);
    buf_text(out, jv_text(row_by_id(json_object_get(n->facts, need), pin), "name", ""));
}

static const struct {
    const char *kind;
    const char *noun;
    void (*now)(const struct names *, int type, const char *name, const json_t *pin, struct buf *);
} kinds[] = {
    {"stage", "stage", now_stage},
    {"funnel", "funnel", now_funnel},
    {"field", "field", now_field},
    {"option", "value", now_option},
    {"user", "user", now_user},
    {"department", "department", now_department},
    {"template", "document template", now_template},
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

enum fate { FATE_GONE, FATE_SAME, FATE_RENAMED };

/* What became of the thing that the name `key` is pinned to: told when it has another name now. */
static enum fate tell_renamed(const struct walk *w, const char *key, const json_t *pin)
{
    int type = ENTITY_NONE;
    const char *name = "";
    size_t kind = kind_of_pin(key, &type, &name);
    struct buf now BUF_AUTO;
    buf_init(&now, 1024);
    if (kind == KIND_COUNT)
        return FATE_SAME;
    kinds[kind].now(w->names, type, name, pin, &now);
    if (kinds[kind].now == now_option)
        name += strcspn(name, "=") + 1;
    bool same =
        kinds[kind].now == now_user ? utf8_contains(now.data, name) : utf8_same(now.data, name);
    if (now.size == 0 || same)
        return now.size == 0 ? FATE_GONE : FATE_SAME;
    char *id = pin_text_new(pin);
    names_found(w, "warning", "%s \"%s\" is now called \"%s\"; the rule goes on by its id %s",
                kinds[kind].noun, name, now.data, id);
    mem_free(id);
    return FATE_RENAMED;
}

/* Borne by two now, and the like. */
static void tell_kept(const struct walk *w, const json_t *pin, const char *why)
{
    char *id = pin_text_new(pin);
    names_found(w, "warning", "%s; the rule goes on by the id %s it had", why, id);
    mem_free(id);
}

/* ---- one trial ------------------------------------------------------------------------------- */

static struct scope scope_of(const struct walk *w, const json_t *facts, json_t *needs,
                             json_t *resolved)
{
    return (struct scope){.env = w->names->env,
                          .entity_type = w->type,
                          .facts = facts,
                          .needs = needs,
                          .resolved = resolved};
}

/* The first of the needs that the portal will not tell; the others are asked for. */
static const char *refused_of(const struct walk *w, const json_t *needs)
{
    struct scope all = scope_of(w, NULL, w->names->needs, NULL);
    const char *refused = NULL;
    size_t i;
    json_t *need;
    json_array_foreach (jv_loose(needs), i, need) {
        if (json_object_get(w->names->refused, json_string_value(need)) == NULL)
            (void)scope_need(&all, json_string_value(need));
        else if (refused == NULL)
            refused = json_string_value(need);
    }
    return refused;
}

/* By the pins: what is renamed still means what it meant. `resolved` gets what it leads to. */
static enum known try_by_pins(const struct walk *w, trial_fn *try, const struct trial *live,
                              json_t *resolved)
{
    JV_AUTO *needs = json_array();
    JV_AUTO *facts = json_copy(jv_loose(w->names->facts));
    struct trial trial = *live;
    if (w->names->pins == NULL)
        return KNOWN_BAD;
    (void)json_object_set(facts, SCOPE_PINS, jv_loose(w->names->pins));
    trial.scope = scope_of(w, facts, needs, resolved);
    enum known known = try(&trial);
    (void)refused_of(w, needs);
    return known;
}

/* It is not right as the portal is now. */
static void try_pinned(const struct walk *w, trial_fn *try, const struct trial *live,
                       json_t *resolved)
{
    const char *key;
    json_t *pin;
    const json_t *kept = NULL;
    bool told = false;
    if (try_by_pins(w, try, live, resolved) == KNOWN)
        json_object_foreach (resolved, key, pin) {
            bool pinned = json_object_get(w->names->pins, key) != NULL;
            enum fate fate = pinned ? tell_renamed(w, key, pin) : FATE_GONE;
            told = told || fate == FATE_RENAMED;
            kept = fate == FATE_SAME ? pin : kept;
        }
    if (!told && kept != NULL)
        tell_kept(w, kept, live->scope.err.text);
    told = told || kept != NULL;
    if (told)
        (void)json_object_update(w->names->resolved, resolved);
    else
        names_found(w, "error", "%s", live->scope.err.text);
}

static bool is_told_unasked(const struct walk *w)
{
    size_t i;
    json_t *one;
    json_array_foreach (w->names->findings, i, one)
        if (strcmp(jv_text(one, "level", ""), "unasked") == 0 && w->rule != NULL &&
            strcmp(jv_text(one, "rule", ""), w->rule->name) == 0)
            return true;
    return false;
}

/* Nothing can be said of it as long as facts are missing; pinned names go on meaning what they did.
 */
static void try_undecided(const struct walk *w, trial_fn *try, const struct trial *live,
                          const char *refused, json_t *resolved)
{
    if (refused == NULL && !w->names->unasked)
        return;
    if (try_by_pins(w, try, live, resolved) == KNOWN)
        (void)json_object_update(w->names->resolved, resolved);
    else if (refused != NULL)
        names_found(w, "error", "the portal does not show \"%s\" to the webhook: %s", refused,
                    jv_text(json_object_get(w->names->refused, refused), "", ""));
    else if (!is_told_unasked(w))
        names_found(w, "unasked", "its names are not known yet, the portal has to be asked");
}

/* A fact that something is to be said with; asked for when it is missing. NULL: not there yet. */
const json_t *names_fact(const struct walk *w, const char *need)
{
    JV_AUTO *needs = json_array();
    struct scope scope = scope_of(w, w->names->facts, needs, NULL);
    const json_t *fact = NULL;
    if (scope_fact(&scope, need, &fact) != KNOWN)
        (void)refused_of(w, needs);
    return fact;
}

/* Who was meant may have left. */
static void tell_dismissed(const struct walk *w, const char *name, const json_t *id)
{
    char need[NEED_SIZE];
    struct buf is BUF_AUTO;
    buf_init(&is, 512);
    (void)snprintf(need, sizeof need, "user:%" PRId64, user_id_of(id));
    const json_t *record = names_fact(w, need);
    if (!user_has_left(record))
        return;
    user_print_name(&is, record);
    names_found(w, "warning", "user \"%s\" is dismissed (%s, id %" PRId64 ")", name, is.data,
                user_id_of(id));
}

/* A name that means another thing than when it was pinned. */
static void compare_pins(const struct walk *w, const json_t *resolved)
{
    const char *key;
    json_t *id;
    json_object_foreach (jv_loose(resolved), key, id) {
        const json_t *pin = json_object_get(w->names->pins, key);
        bool other = false;
        if (pin != NULL && !json_equal(pin, id)) {
            enum fate fate = tell_renamed(w, key, pin);
            if (fate == FATE_SAME)
                tell_kept(w, pin, "the name means something else now");
            other = fate != FATE_GONE;
        }
        (void)json_object_set(w->names->resolved, key, other ? jv_loose(pin) : id);
    }
}

/* Of the users that this very thing names, by what they mean in the end. */
static void look_for_dismissed(const struct walk *w, const json_t *resolved)
{
    static const char kind[] = "user:";
    const char *key, *name;
    json_t *id;
    int type;
    json_object_foreach (jv_loose(resolved), key, id)
        if (strncmp(key, kind, strlen(kind)) == 0 && kind_of_pin(key, &type, &name) < KIND_COUNT)
            tell_dismissed(w, name, json_object_get(w->names->resolved, key));
}

void names_attempt(struct walk *w, struct place at, trial_fn *try, int type, const void *what)
{
    JV_AUTO *resolved = json_object();
    JV_AUTO *needs = json_array();
    struct trial trial = {
        .scope = scope_of(w, w->names->facts, needs, resolved), .what = what, .type = type};
    w->at = at;
    enum known known = try(&trial);
    const char *refused = refused_of(w, needs);
    switch (known) {
    case KNOWN:
        compare_pins(w, resolved);
        break;
    case KNOWN_NOT:
        (void)json_object_clear(resolved);
        try_undecided(w, try, &trial, refused, resolved);
        break;
    case KNOWN_BAD:
        (void)json_object_clear(resolved);
        try_pinned(w, try, &trial, resolved);
        break;
    }
    look_for_dismissed(w, resolved);
}
