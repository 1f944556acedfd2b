#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "daemon/rules/body.h"

static const struct action_key keys[] = {
    {"template", KEY_NUMBER, .required = true},
    {"parameters.", KEY_ANY},
};

/* A started workflow cannot be told from one that was started otherwise: an unsure one is parked.
 */
static enum planned plan(struct plan *p)
{
    char document[ENTITY_ID_SIZE + 32];
    int64_t template = -1;
    JV_AUTO *parameters = NULL;
    const struct entity_kind *kind = entity_kind_of(p->scope->entity.type);
    if (kind == NULL || kind->document_class == NULL ||
        !entity_print_document(&p->scope->entity, document))
        return plan_bad(p, "the entity has no workflows");
    enum planned parts[] = {
        plan_id(p, "template", &template),
        body_dotted(p, "parameters.", &parameters),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned != PLAN_READY)
        return planned;
    if (template <= 0)
        return plan_bad(p, "template is empty");
    json_t *params = json_pack("{s:I, s:[s,s,s]}", "TEMPLATE_ID", (json_int_t) template,
                               "DOCUMENT_ID", "crm", kind->document_class, document);
    if (json_object_size(parameters) > 0)
        (void)json_object_set(params, "PARAMETERS", parameters);
    (void)plan_rest(p, 0, "bizproc.workflow.start", params);
    return PLAN_READY;
}

const struct action action_workflow = {
    .name = "workflow",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
