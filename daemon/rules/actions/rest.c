#include "daemon/rules/actions/actions.h"

#include <strings.h>

#include "common/jv.h"
#include "daemon/rules/body.h"

static const struct action_key keys[] = {
    {"body", KEY_JSON},
    {"*", KEY_ANY},
};

/* Our own batches carry other runs' calls; a rule's would escape the budgets and the looks. */
static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct step_key *body = step_key_find(step, "body");
    (void)rule;
    if (strcasecmp(step->target, "batch") == 0)
        (void)diag_add(diag, step->at, "batch cannot be called; calls are packed by themselves");
    if (body != NULL && step->key_count > 1)
        (void)diag_add(diag, body->at, "body and other parameters exclude each other, keep one");
}

/* What was answered, as far as it is an object; scalars and lists stand under `result`. An id is to
 * be had as LABEL.id in any case. */
static json_t *result_new(const json_t *answered)
{
    json_t *ret = json_is_object(answered) ? json_copy(jv_loose(answered))
                                           : json_pack("{s:O}", "result", answered);
    JV_AUTO *id = plan_id_of_new(answered);
    (void)json_object_update_missing(ret, id);
    return ret;
}

static enum planned plan(struct plan *p)
{
    json_t *params = NULL;
    bool has_body = step_key_find(p->step, "body") != NULL;
    enum planned planned = has_body ? body_json(p, "body", &params) : body_dotted(p, "", &params);
    if (planned != PLAN_READY)
        return planned;
    if (!json_is_object(params)) {
        json_decref(params);
        return plan_bad(p, "body: an object is wanted");
    }
    (void)plan_rest(p, 0, p->step->target, params);
    const json_t *answered = plan_result(p, 0);
    if (answered != NULL)
        p->result = result_new(answered);
    return PLAN_READY;
}

const struct action action_rest = {
    .name = "rest",
    .target = TARGET_METHOD,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
