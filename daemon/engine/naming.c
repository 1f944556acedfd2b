#include "daemon/engine/naming.h"

#include "common/jv.h"
#include "daemon/portal/ask.h"
#include "daemon/rules/index.h"
#include "daemon/rules/names.h"

enum { ROUNDS_MOST = 20 };

static bool is_for(const struct rule *rule, const struct config_portal *portal)
{
    return rule->state != RULE_OFF && rule_on_portal(rule, portal->name);
}

/* Everything once, with the facts as they are. */
static void look_at_all(struct naming *n, json_t *needs)
{
    struct rules_env env;
    config_env(n->config, n->portal, n->now_ms, 0, &env);
    json_decref(n->resolved);
    json_decref(n->findings);
    n->resolved = json_object();
    n->findings = json_array();
    struct names names = {.env = &env,
                          .set = n->config->rules,
                          .facts = n->facts,
                          .pins = n->pins,
                          .refused = n->refused,
                          .unasked = n->unasked,
                          .needs = needs,
                          .resolved = n->resolved,
                          .findings = n->findings};
    for (size_t i = 0; i < n->config->rules->count; i++)
        if (is_for(&n->config->rules->rules[i], n->portal))
            names_of_rule(&names, &n->config->rules->rules[i]);
    for (int i = 0; i < n->config->staff.team_count; i++) {
        const struct team *team = &n->config->staff.teams[i];
        for (int k = 0; k < team->member_count; k++)
            names_of_users(&names, team->members[k], team->at);
        if (team->fallback != NULL)
            names_of_users(&names, team->fallback, team->at);
    }
    for (int i = 0; i < n->config->staff.substitute_count; i++) {
        const struct substitute *substitute = &n->config->staff.substitutes[i];
        names_of_users(&names, substitute->user, substitute->at);
        names_of_users(&names, substitute->deputy, substitute->at);
    }
}

static bool hand_over(struct naming *n, struct asking *asking, struct err *err)
{
    if (n->enter != NULL && !n->enter(n->arg))
        return err_set(err, "stopping");
    asking_send(asking);
    if (n->leave != NULL)
        n->leave(n->arg);
    return true;
}

static bool ask(struct naming *n, const json_t *needs, struct err *err)
{
    struct asking *asking = asking_new(n->client, n->portal_id, needs, n->priority);
    enum asked asked = ASKED_MORE;
    const char *need;
    json_t *why;
    asking_limit(asking, n->patience_ms);
    while (asked == ASKED_MORE)
        asked = hand_over(n, asking, err) ? asking_wait(asking, n->facts, n->refused, err)
                                          : ASKED_FAILED;
    asking_free(asking);
    json_object_foreach (n->refused, need, why)
        (void)json_object_del(n->facts, need);
    return asked == ASKED;
}

/* Rules that go by pins are not touched by it; still somebody took something away. */
static void tell_refused(struct naming *n)
{
    void *first = json_object_iter(n->refused);
    const struct place *at = &n->portal->at;
    if (first == NULL)
        return;
    json_t *say =
        json_sprintf("the portal does not show \"%s\" to the webhook (%s), refusals in "
                     "all: %zu; names that were known go on meaning what they did",
                     json_object_iter_key(first), json_string_value(json_object_iter_value(first)),
                     json_object_size(n->refused));
    json_array_append_new(n->findings, json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "level",
                                                 "warning", "rule", "", "file", at->file, "line",
                                                 at->line, "column", at->column, "say", say));
}

bool naming_run(struct naming *n, struct err *err)
{
    n->refused = json_object();
    for (int round = 0; round < ROUNDS_MOST; round++) {
        JV_AUTO *needs = json_array();
        look_at_all(n, needs);
        if (n->client == NULL || json_array_size(needs) == 0) {
            tell_refused(n);
            return true;
        }
        if (!ask(n, needs, err))
            return false;
    }
    return err_set(err, "names lead on and on: more than %d questions in a row", ROUNDS_MOST);
}

void naming_done(struct naming *n)
{
    json_decref(n->resolved);
    json_decref(n->findings);
    json_decref(n->refused);
    n->resolved = n->findings = n->refused = NULL;
}

void naming_add_types(json_t *types, const char *portal, const json_t *fact)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(fact), i, row)
        json_array_append_new(types, json_pack("{s:s, s:s, s:I}", "portal", portal, "title",
                                               jv_text(row, "title", ""), "id",
                                               (json_int_t)jv_int(row, "id", 0)));
}
