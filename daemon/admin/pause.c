/* POST /api/queue/pause and resume: the operator stops a portal or a rule, and lets it go on; he
 * also lets a frozen rule start again for an entity. Events are accepted all the while. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/query.h"

enum { FROZEN_MOST = 1000, SAY_SIZE = 520 };

/* What is paused or resumed by one order. */
struct pause {
    struct admin *admin;
    struct store_change *change;
    struct hold *holds; /* owned */
    size_t count;
    bool on;
    json_t *lines; /* what is said of each */
    char who[OPERATOR_NAME_SIZE];
};

/* ---- telling --------------------------------------------------------------------------------- */

json_t *holds_tell(struct admin *a)
{
    size_t count;
    struct hold *holds = engine_holds_new(a->options.engine, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:I}", "portal",
                                              jv_string_new(query_portal_name(a, holds[i].portal)),
                                              "rule", jv_string_new(holds[i].rule), "by",
                                              jv_string_new(holds[i].by), "why",
                                              jv_string_new(holds[i].why), "since_ms",
                                              (json_int_t)holds[i].since_ms));
    mem_free(holds);
    return list;
}

static const json_t *hold_of(const json_t *holds, const json_t *run)
{
    size_t i;
    json_t *hold;
    json_array_foreach (jv_loose(holds), i, hold) {
        const char *portal = jv_text(hold, "portal", ""), *rule = jv_text(hold, "rule", "");
        bool there = portal[0] == '\0' || strcmp(portal, jv_text(run, "portal", "")) == 0;
        if (there && (rule[0] == '\0' || strcmp(rule, jv_text(run, "rule", "")) == 0))
            return hold;
    }
    return NULL;
}

static bool is_live(const json_t *value)
{
    const char *state = jv_text(value, "state", "");
    return json_object_get(value, "step") != NULL &&
           (strcmp(state, "ready") == 0 || strcmp(state, "waiting") == 0 ||
            strcmp(state, "running") == 0);
}

void holds_show(const json_t *holds, json_t *value)
{
    const char *name;
    size_t i;
    json_t *member;
    if (json_array_size(holds) == 0)
        return;
    json_array_foreach (value, i, member)
        holds_show(holds, member);
    json_object_foreach (value, name, member)
        if (json_is_array(member) || strcmp(name, "run") == 0)
            holds_show(holds, member);
    const json_t *hold = is_live(value) ? hold_of(holds, value) : NULL;
    if (hold != NULL)
        json_object_set_new(value, "paused", json_deep_copy(hold));
}

/* "portal main", "rule offer", "rule offer on portal main" */
static void name_hold(const struct admin *a, const struct hold *hold, char *out, size_t size)
{
    bool rule = hold->rule[0] != '\0', portal = hold->portal != 0;
    (void)snprintf(out, size, "%s%s%s%s", rule ? "rule " : "", hold->rule,
                   rule && portal ? " on " : "", portal ? "portal " : "");
    size_t used = strlen(out);
    if (portal)
        (void)snprintf(out + used, size - used, "%s", query_portal_name(a, hold->portal));
}

/* ---- which ----------------------------------------------------------------------------------- */

static void add_hold(struct pause *p, int64_t portal, const char *rule)
{
    p->holds = mem_grow(p->holds, p->count + 1, sizeof *p->holds);
    struct hold *hold = &p->holds[p->count++];
    *hold = (struct hold){.portal = portal, .since_ms = clock_wall_ms()};
    (void)snprintf(hold->rule, sizeof hold->rule, "%s", rule);
    (void)snprintf(hold->by, sizeof hold->by, "%s", p->who);
}

static void say(struct pause *p, int64_t portal, const char *rule, bool wide, const char *text)
{
    json_array_append_new(p->lines, jv_string_new(text));
    operator_put_line(p->change, portal, rule, wide, text);
    log_info("operator say=\"%s\"", text);
}

static bool is_held(struct pause *p, const struct hold *wanted, struct hold *ret)
{
    size_t count;
    struct hold *holds = engine_holds_new(p->admin->options.engine, &count);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = holds[i].portal == wanted->portal && strcmp(holds[i].rule, wanted->rule) == 0;
        if (found)
            *ret = holds[i];
    }
    mem_free(holds);
    return found;
}

static void pause_each(struct pause *p, const json_t *query)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct hold *hold = &p->holds[i], old;
        char name[200], text[SAY_SIZE];
        const char *why = jv_text(query, "why", "");
        name_hold(p->admin, hold, name, sizeof name);
        if (is_held(p, hold, &old)) {
            (void)snprintf(text, sizeof text, "%s is paused already, by %s", name, old.by);
            json_array_append_new(p->lines, jv_string_new(text));
            continue;
        }
        (void)snprintf(hold->why, sizeof hold->why, "%s", why);
        (void)snprintf(text, sizeof text, "%s paused by %s%s%.150s", name, hold->by,
                       why[0] != '\0' ? ": " : "", why);
        store_put_hold(p->change, hold);
        say(p, hold->portal, hold->rule, true, text);
        p->holds[kept++] = *hold;
    }
    p->count = kept;
}

static void resume_each(struct pause *p)
{
    for (size_t i = 0; i < p->count; i++) {
        char name[200], text[SAY_SIZE];
        name_hold(p->admin, &p->holds[i], name, sizeof name);
        (void)snprintf(text, sizeof text, "%s resumed by %s", name, p->who);
        store_put_hold_over(p->change, &p->holds[i]);
        say(p, p->holds[i].portal, p->holds[i].rule, true, text);
    }
}

/* ---- frozen rules ---------------------------------------------------------------------------- */

static bool entity_of_row(const json_t *row, struct entity *ret)
{
    struct err ignored = {0};
    char *type = mem_strdup(jv_text(row, "entity.type", ""));
    const char *words[3];
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(type, " ", &rest); word != NULL && count < 2;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    words[count++] = jv_text(row, "entity.id", "");
    bool good = entity_parse(words, count, ret, &ignored);
    mem_free(type);
    return good;
}

static int64_t portal_id(const struct admin *a, const char *name)
{
    for (int i = 0; i < a->options.config->portal_count; i++)
        if (strcmp(a->options.config->portals[i].name, name) == 0)
            return a->options.portal_ids[i];
    return 0;
}

static void thaw_one(struct pause *p, const json_t *row)
{
    struct entity entity;
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = portal_id(p->admin, jv_text(row, "portal", "")),
                          .what = "operator"};
    char name[ENTITY_ID_SIZE + 32];
    if (trace.portal == 0 || !entity_of_row(row, &entity))
        return;
    entity_print(&entity, name);
    trace.entity = entity;
    (void)snprintf(trace.rule, sizeof trace.rule, "%s", jv_text(row, "rule", ""));
    (void)snprintf(trace.say, sizeof trace.say, "rule %s may start again for %s: resumed by %s",
                   trace.rule, name, p->who);
    store_put_frozen(p->change, trace.portal, trace.rule, &entity, 0, "");
    store_put_trace(p->change, &trace);
    say(p, trace.portal, trace.rule, false, trace.say);
}

static bool thaw(struct pause *p, const struct run_filter *filter, struct err *err)
{
    JV_AUTO *rows = NULL;
    size_t i;
    json_t *row;
    if (!store_tell_frozen(p->admin->reader, filter, FROZEN_MOST, &rows, err))
        return false;
    json_array_foreach (rows, i, row)
        thaw_one(p, row);
    return true;
}

/* ---- taking the order ------------------------------------------------------------------------ */

static void pause_free(struct pause *p)
{
    json_decref(p->lines);
    mem_free(p->holds);
    mem_free(p);
}

/* In the writer's thread. */
static void on_stored(void *arg, bool ok, const struct err *err)
{
    struct http_request *r = arg;
    struct pause *p = http_slot(r);
    json_t *answer = ok ? json_pack("{s:b, s:O}", "ok", 1, "say", p->lines)
                        : json_pack("{s:o}", "error", jv_string_new(err->text));
    for (size_t i = 0; ok && i < p->count; i++)
        engine_hold(p->admin->options.engine, &p->holds[i], p->on);
    if (ok)
        engine_wake(p->admin->options.engine);
    pause_free(p);
    answer_json(r, ok ? 200 : 503, answer);
}

static struct pause *pause_new(struct admin *a, const struct http_request *r, bool on)
{
    struct pause *p = mem_alloc(sizeof *p);
    *p = (struct pause){.admin = a, .change = store_change_new(), .on = on, .lines = json_array()};
    operator_name(r, p->who);
    return p;
}

static void submit(struct pause *p, struct http_request *r)
{
    http_set_slot(r, p);
    store_submit(p->admin->options.store, p->change, on_stored, r);
}

static void refuse(struct pause *p, struct http_request *r, int status, const char *why)
{
    store_change_free(p->change);
    pause_free(p);
    answer_error(r, status, why);
}

/* The portals and rules that the query names; with all=1 alone, everything there is. */
static void name_targets(struct pause *p, int64_t portal, const char *rule)
{
    const struct admin *a = p->admin;
    if (portal != 0 || rule[0] != '\0')
        add_hold(p, portal, rule);
    else
        for (int i = 0; i < a->options.config->portal_count; i++)
            add_hold(p, a->options.portal_ids[i], "");
}

void order_pause(struct admin *a, struct http_request *r, const json_t *query)
{
    struct pause *p = pause_new(a, r, true);
    struct err err = {0};
    int64_t portal;
    const char *rule;
    if (!query_portal(a, query, &portal, &err) || !query_rule(a, query, &rule, &err)) {
        refuse(p, r, 400, err.text);
        return;
    }
    if (portal == 0 && rule[0] == '\0' && strcmp(jv_text(query, "all", ""), "1") != 0) {
        refuse(p, r, 400, "what is to be paused? a portal, a rule, or all of it with all=1");
        return;
    }
    name_targets(p, portal, rule);
    pause_each(p, query);
    submit(p, r);
}

/* Everything that is paused and fits. */
static void name_held(struct pause *p, int64_t portal, const char *rule)
{
    size_t count;
    struct hold *holds = engine_holds_new(p->admin->options.engine, &count);
    for (size_t i = 0; i < count; i++)
        if ((portal == 0 || holds[i].portal == portal) &&
            (rule[0] == '\0' || strcmp(holds[i].rule, rule) == 0))
            add_hold(p, holds[i].portal, holds[i].rule);
    mem_free(holds);
}

/* Exactly what is named: a resumed rule does not resume its portal, nor the other way round. */
static void name_exactly(struct pause *p, int64_t portal, const char *rule)
{
    struct hold hold = {.portal = portal}, found;
    (void)snprintf(hold.rule, sizeof hold.rule, "%s", rule);
    if (is_held(p, &hold, &found))
        add_hold(p, portal, rule);
}

/* Why there is nothing to resume, and what would help. */
static void nothing_held(struct pause *p, struct http_request *r, const struct run_filter *filter)
{
    JV_AUTO *frozen = NULL;
    struct err ignored = {0};
    bool told = store_tell_frozen(p->admin->reader, filter, FROZEN_MOST, &frozen, &ignored);
    size_t count = told ? json_array_size(frozen) : 0;
    JV_AUTO *why =
        filter->entity != NULL ? json_string("no rule is frozen for it")
        : count > 0
            ? json_sprintf("it is not paused; a rule is frozen for %zu entities: name one of them, "
                           "or all=1 for all",
                           count)
            : json_string("it is not paused");
    refuse(p, r, 404, json_string_value(why));
}

void order_resume(struct admin *a, struct http_request *r, const json_t *query)
{
    struct pause *p = pause_new(a, r, false);
    struct err err = {0};
    struct entity entity = {0};
    struct run_filter filter;
    bool all = strcmp(jv_text(query, "all", ""), "1") == 0;
    if (!query_filter(a, query, &entity, &filter, &err)) {
        refuse(p, r, 400, err.text);
        return;
    }
    if (!all && filter.entity == NULL && filter.portal == 0 && filter.rule[0] == '\0') {
        refuse(p, r, 400, "what is to be resumed? a portal, a rule, an entity, or all with all=1");
        return;
    }
    if (filter.entity == NULL && all)
        name_held(p, filter.portal, filter.rule);
    else if (filter.entity == NULL)
        name_exactly(p, filter.portal, filter.rule);
    if ((filter.entity != NULL || (all && filter.rule[0] != '\0')) && !thaw(p, &filter, &err)) {
        refuse(p, r, 503, err.text);
        return;
    }
    resume_each(p);
    if (json_array_size(p->lines) == 0)
        nothing_held(p, r, &filter);
    else
        submit(p, r);
}
