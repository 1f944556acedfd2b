#include "daemon/cli/check_names.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/engine/naming.h"
#include "daemon/model/need.h"
#include "daemon/portal/ask.h"
#include "daemon/rules/action.h"
#include "daemon/rules/index.h"
#include "daemon/store/peek.h"

enum {
    DAY_MS = 86400000,
    PATIENCE_MS = 10000, /* without an answer; what is read here takes a portal milliseconds */
    GRACE_MS = 1000,
};

/* The check at work. */
struct work {
    struct check_names *check;
    struct config *config;
    struct portal_client **clients; /* by portal, for one that is silent is halted; NULL: nobody is
                                       asked */
    json_t **kept;                  /* by portal: names of the database, need → {"value","at"} */
    json_t **seen;                  /* by portal: events */
    bool *known;                    /* by portal: there is such a database */
    struct diag *diag;
};

/* ---- what a database keeps ------------------------------------------------------------------- */

static bool peek_all(struct work *w)
{
    size_t count = (size_t)w->config->portal_count + 1;
    w->kept = mem_array(count, sizeof *w->kept);
    w->seen = mem_array(count, sizeof *w->seen);
    w->known = mem_array(count, sizeof *w->known);
    for (int i = 0; i < w->config->portal_count; i++)
        if (!store_peek(w->config->database, w->config->portals[i].name, &w->kept[i], &w->seen[i],
                        &w->known[i], &w->check->err))
            return false;
    return true;
}

static json_t *kept_facts_new(const struct work *w, int portal)
{
    json_t *facts = json_object(), *row;
    const char *need;
    json_object_foreach (w->kept[portal], need, row)
        if (clock_wall_ms() - jv_int(row, "at", 0) < DAY_MS && strcmp(need, NAMING_PINS) != 0)
            json_object_set(facts, need, json_object_get(row, "value"));
    return facts;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool start_client(struct work *w, int portal)
{
    const struct config_portal *p = &w->config->portals[portal];
    const struct portal_settings settings = {.id = portal + 1,
                                             .secrets = p->secrets,
                                             .name = p->name,
                                             .url = p->url,
                                             .drain = p->drain,
                                             .size = p->size,
                                             .share = p->share};
    const struct portal_client_options options = {.portals = &settings, .portal_count = 1};
    w->clients[portal] = portal_client_start(&options, &w->check->err);
    return w->clients[portal] != NULL;
}

static bool start_clients(struct work *w)
{
    w->clients = mem_array((size_t)w->config->portal_count + 1, sizeof(struct portal_client *));
    for (int i = 0; i < w->config->portal_count; i++)
        if (!start_client(w, i))
            return false;
    return true;
}

static struct portal_client *client_of(const struct work *w, int portal)
{
    return w->clients != NULL ? w->clients[portal] : NULL;
}

static void add_finding(struct work *w, const char *level, const char *rule, struct place at,
                        const char *say)
{
    json_t *finding =
        json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "level", level, "rule", rule, "file", at.file,
                  "line", at.line, "column", at.column, "say", jv_string_new(say));
    size_t i;
    json_t *known;
    json_array_foreach (w->check->found, i, known)
        if (json_equal(known, finding)) {
            json_decref(finding);
            return;
        }
    json_array_append_new(w->check->found, finding);
}

/* A portal that answers, but not to this webhook, is a mistake; one that is silent is out of reach.
 */
static bool gave_up(struct work *w, int portal, const struct err *err)
{
    const struct config_portal *p = &w->config->portals[portal];
    struct portal_health health = {0};
    bool known = portal_client_health(client_of(w, portal), portal + 1, &health);
    const char *why = known && health.why[0] != '\0' ? health.why : err->text;
    if (known && health.circuit == CIRCUIT_PAUSED)
        add_finding(w, "error", "", p->at, why);
    else
        (void)err_set(&w->check->err, "portal %s is out of reach: %s", p->name, why);
    return false;
}

static bool ask(struct work *w, int portal, const json_t *needs, json_t *facts, json_t *refused)
{
    struct asking *asking = asking_new(client_of(w, portal), portal + 1, needs, PRIORITY_NORMAL);
    enum asked asked = ASKED_MORE;
    struct err err = {0};
    asking_limit(asking, PATIENCE_MS);
    while (asked == ASKED_MORE) {
        asking_send(asking);
        asked = asking_wait(asking, facts, refused, &err);
    }
    asking_free(asking);
    return asked == ASKED || gave_up(w, portal, &err);
}

/* ---- smart processes by title ---------------------------------------------------------------- */

/* Those of now, and of before whose titles nobody has taken: rules go on calling them so. */
static json_t *types_new(const json_t *now, const json_t *before)
{
    json_t *all = json_is_array(now) ? json_copy(jv_loose(now)) : json_array(), *row, *other;
    size_t i, k, count = json_array_size(all);
    json_array_foreach (jv_loose(before), i, row) {
        bool taken = false;
        for (k = 0; k < count; k++) {
            other = json_array_get(all, k);
            taken = taken || utf8_same(jv_text(other, "title", ""), jv_text(row, "title", ""));
        }
        if (!taken)
            json_array_append(all, row);
    }
    return all;
}

/* Of a portal that says nothing no titles are known. */
static void add_types(struct work *w, int portal, json_t *types)
{
    char need[NEED_SIZE];
    need_print(NEED_TYPES, "", need);
    JV_AUTO *facts = kept_facts_new(w, portal);
    JV_AUTO *needs = json_pack("[s]", need);
    JV_AUTO *refused = json_object();
    if (w->clients != NULL && !ask(w, portal, needs, facts, refused))
        return;
    const json_t *row = json_object_get(w->kept[portal], need);
    JV_AUTO *all = types_new(json_object_get(facts, need), json_object_get(row, "value"));
    naming_add_types(types, w->config->portals[portal].name, all);
}

static bool learn_titles(struct work *w, const char *file)
{
    JV_AUTO *types = json_array();
    if (w->config->rules->titles.unknown_count == 0)
        return true;
    for (int i = 0; i < w->config->portal_count; i++)
        add_types(w, i, types);
    struct config *again = config_load_knowing(file, types, w->diag);
    config_free(w->config);
    w->config = again;
    return again != NULL;
}

/* ---- rights ---------------------------------------------------------------------------------- */

static const struct {
    const char *action, *method;
    bool admin; /* bitrix24.md §8.9 */
} methods[] = {
    {"todo", "crm.activity.todo.add", false},
    {"task", "tasks.task.add", false},
    {"close-task", "tasks.task.complete", false},
    {"notify", "im.notify.system.add", false},
    {"chat", "im.message.add", false},
    {"comment", "crm.timeline.comment.add", false},
    {"update", "crm.item.update", false},
    {"move", "crm.item.update", false},
    {"assign", "crm.item.update", false},
    {"add", "crm.item.add", false},
    {"document", "crm.documentgenerator.document.add", false},
    {"client-message", "imopenlines.crm.message.add", false},
    {"mail", "crm.activity.add", false},
    {"workflow", "bizproc.workflow.start", true},
    {"trigger", "crm.automation.trigger", false},
};

/* The method that a step calls; NULL: none, or one that only REST 3.0 knows. */
static const char *method_of(const struct step *step, bool *ret_admin)
{
    *ret_admin = false;
    if (step->action == NULL)
        return NULL;
    if (strcmp(step->action->name, "rest") == 0)
        return strncmp(step->target, "api/", 4) != 0 ? step->target : NULL;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].action, step->action->name) == 0) {
            *ret_admin = methods[i].admin;
            return methods[i].method;
        }
    return NULL;
}

/* Methods begin with the code of their scope, but for these (bitrix24.md §8). */
static char *scope_new(const char *method)
{
    static const struct {
        const char *word, *scope;
    } others[] = {{"tasks", "task"}, {"voximplant", "telephony"}};
    size_t size = strcspn(method, ".");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strlen(others[i].word) == size && strncmp(others[i].word, method, size) == 0)
            return mem_strdup(others[i].scope);
    return mem_strndup(method, size);
}

static void tell(struct work *w, const char *level, const struct rule *rule, struct place at,
                 char *say)
{
    add_finding(w, level, rule->name, at, say);
    mem_free(say);
}

static void check_step(struct work *w, const struct rule *rule, const struct step *step,
                       const json_t *facts)
{
    bool admin;
    char need[NEED_SIZE];
    const char *method = method_of(step, &admin);
    if (method == NULL)
        return;
    need_print(NEED_METHOD, method, need);
    const json_t *fact = json_object_get(facts, need);
    if (!json_is_object(fact))
        return;
    char *scope = scope_new(method);
    if (!jv_flag(fact, "isExisting"))
        tell(w, "error", rule, step->at, mem_printf("the portal has no method \"%s\"", method));
    else if (!jv_flag(fact, "isAvailable"))
        tell(
            w, "error", rule, step->at,
            mem_printf("the webhook may not call \"%s\": give it the scope \"%s\"", method, scope));
    else if (admin && json_is_false(json_object_get(facts, "admin:")))
        tell(w, "warning", rule, step->at,
             mem_printf("\"%s\" wants an administrator, and the webhook's owner is none", method));
    mem_free(scope);
}

static void need_step(json_t *needs, const struct step *step)
{
    bool admin;
    char need[NEED_SIZE];
    const char *method = method_of(step, &admin);
    size_t i;
    json_t *known;
    if (method == NULL)
        return;
    need_print(NEED_METHOD, method, need);
    json_array_foreach (needs, i, known)
        if (strcmp(json_string_value(known), need) == 0)
            return;
    json_array_append_new(needs, json_string(need));
}

static bool is_for(const struct work *w, const struct rule *rule, int portal)
{
    return rule->state != RULE_OFF && rule_on_portal(rule, w->config->portals[portal].name);
}

static bool check_rights(struct work *w, int portal, json_t *facts)
{
    const struct ruleset *set = w->config->rules;
    JV_AUTO *refused = json_object();
    JV_AUTO *needs = json_pack("[s, s, s]", "scope:", "whoami:", "admin:");
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; is_for(w, &set->rules[i], portal) && k < set->rules[i].step_count; k++)
            need_step(needs, &set->rules[i].steps[k]);
    if (!ask(w, portal, needs, facts, refused))
        return false;
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; is_for(w, &set->rules[i], portal) && k < set->rules[i].step_count; k++)
            check_step(w, &set->rules[i], &set->rules[i].steps[k], facts);
    return true;
}

/* ---- one portal ------------------------------------------------------------------------------ */

static void report(struct work *w, int portal, const struct naming *n, const json_t *facts)
{
    json_t *events =
        w->known[portal] ? check_events_new(w->config, n->portal, w->seen[portal]) : json_null();
    json_array_append_new(w->check->report,
                          json_pack("{s:s, s:O?, s:O?, s:O?, s:I, s:o}", "name", n->portal->name,
                                    "user", json_object_get(facts, "whoami:"), "admin",
                                    json_object_get(facts, "admin:"), "scopes",
                                    json_object_get(facts, "scope:"), "names",
                                    (json_int_t)json_object_size(n->resolved), "events", events));
}

static void check_portal(struct work *w, int portal)
{
    struct err err = {0};
    JV_AUTO *facts = w->clients != NULL ? json_object() : kept_facts_new(w, portal);
    struct naming n = {.config = w->config,
                       .portal = &w->config->portals[portal],
                       .portal_id = portal + 1,
                       .client = client_of(w, portal),
                       .priority = PRIORITY_NORMAL,
                       .patience_ms = PATIENCE_MS,
                       .now_ms = clock_wall_ms(),
                       .pins = jv_at(json_object_get(w->kept[portal], NAMING_PINS), "value"),
                       .facts = facts};
    if (naming_run(&n, &err)) {
        json_array_extend(w->check->found, n.findings);
        if (w->clients == NULL || check_rights(w, portal, facts))
            report(w, portal, &n, facts);
    } else {
        (void)gave_up(w, portal, &err);
    }
    naming_done(&n);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void forget(struct work *w, int portals)
{
    for (int i = 0; w->clients != NULL && i < portals; i++)
        portal_client_stop(w->clients[i], GRACE_MS);
    mem_free(w->clients);
    for (int i = 0; w->kept != NULL && i < portals; i++) {
        json_decref(w->kept[i]);
        json_decref(w->seen[i]);
    }
    mem_free(w->kept);
    mem_free(w->seen);
    mem_free(w->known);
}

struct config *check_names_load(const char *file, struct check_names *check, struct diag *diag)
{
    struct work w = {.check = check, .config = config_load(file, diag), .diag = diag};
    check->found = json_array();
    check->report = json_array();
    if (w.config == NULL)
        return NULL;
    int portals = w.config->portal_count;
    bool good = peek_all(&w) && (!check->live || start_clients(&w)) && learn_titles(&w, file);
    for (int i = 0; good && i < portals; i++)
        check_portal(&w, i);
    forget(&w, portals);
    return w.config;
}

void check_names_done(struct check_names *check)
{
    json_decref(check->found);
    json_decref(check->report);
    check->found = check->report = NULL;
}
