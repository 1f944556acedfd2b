#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/item.h"

static const struct action_key keys[] = {{"to", KEY_STAGE, .required = true}};

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && !kind->has_stages)
        (void)diag_add(diag, step->at,
                       "a %s has no stages; leads, deals, quotes, invoices and items have",
                       kind->word);
}

/* Another funnel is entered by sending categoryId with the stage (bitrix24.md §8.2). */
static enum planned plan(struct plan *p)
{
    char *text = NULL, stage[96];
    const struct entity *own = NULL;
    int64_t category = -1;
    enum planned planned = plan_own(p, &own);
    if (planned == PLAN_READY)
        planned = plan_filled(p, "to", PLAN_TITLE_LETTERS, &text);
    if (planned == PLAN_READY)
        planned = item_stage(p, own->type, text, stage, &category);
    mem_free(text);
    if (planned != PLAN_READY)
        return planned;
    json_t *fields = json_pack("{s:s}", "stageId", stage);
    if (category >= 0)
        (void)json_object_set_new(fields, "categoryId", json_integer(category));
    return item_update(p, 0, own, fields);
}

const struct action action_move = {
    .name = "move",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
