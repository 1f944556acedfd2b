#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

static const struct action_key keys[] = {{"code", KEY_TEXT, .required = true}};

/* The code is always given: without one the portal guesses (bitrix24.md §8.6). Nothing shows
 * afterwards that a trigger was pulled: an unsure one is parked. */
static enum planned plan(struct plan *p)
{
    char *code = NULL, document[ENTITY_ID_SIZE + 32];
    if (!entity_print_document(&p->scope->entity, document))
        return plan_bad(p, "the entity has no triggers");
    enum planned planned = plan_filled(p, "code", PLAN_TITLE_LETTERS, &code);
    if (planned == PLAN_READY)
        (void)plan_rest(p, 0, "crm.automation.trigger",
                        json_pack("{s:s, s:o}", "target", document, "code", jv_string_new(code)));
    mem_free(code);
    return planned;
}

const struct action action_trigger = {
    .name = "trigger",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
