#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

static const struct action_key keys[] = {{"text", KEY_BB, .required = true}};

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && kind->timeline == NULL)
        (void)diag_add(diag, step->at,
                       "a %s has no timeline to comment on; records of the CRM have", kind->word);
}

static enum planned plan(struct plan *p)
{
    char *text = NULL, timeline[48];
    const struct entity *own = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned != PLAN_READY)
        return planned;
    if (!entity_print_timeline(own, timeline))
        return plan_bad(p, "the entity has no timeline to comment on");
    planned = plan_filled(p, "text", PLAN_TEXT_LETTERS, &text);
    if (planned == PLAN_READY) {
        JV_AUTO *id = json_string(own->id);
        (void)plan_rest(p, 0, "crm.timeline.comment.add",
                        json_pack("{s:{s:I, s:s, s:o}}", "fields", "ENTITY_ID",
                                  (json_int_t)jv_int(id, "", 0), "ENTITY_TYPE", timeline, "COMMENT",
                                  jv_string_new(text)));
    }
    mem_free(text);
    return planned;
}

const struct action action_comment = {
    .name = "comment",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
