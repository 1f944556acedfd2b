#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "daemon/rules/item.h"
#include "daemon/rules/multifield.h"

/* Where our mark goes (bitrix24.md §8.2): leads, deals, contacts and companies have originatorId
 * and originId, invoices and smart processes xmlId, quotes nothing. A rule that sets these fields
 * itself keeps them: they are looked for as they are. */
static void mark(struct plan *p, int type, json_t *fields)
{
    char text[64];
    plan_mark(p, 0, text);
    if (type == ENTITY_QUOTE || json_object_get(fields, "originId") != NULL ||
        json_object_get(fields, "xmlId") != NULL)
        return;
    if (type == ENTITY_INVOICE || type >= ENTITY_ITEM) {
        (void)json_object_set_new(fields, "xmlId", json_sprintf("b24bridge-%s", text));
        return;
    }
    (void)json_object_set_new(fields, "originatorId", json_string("b24bridge"));
    (void)json_object_set_new(fields, "originId", json_string(text));
}

static void shape_rows(json_t *fields)
{
    json_t *rows = multifield_add_new(json_object_get(fields, "fm"));
    if (rows != NULL)
        (void)json_object_set_new(fields, "fm", rows);
    else
        (void)json_object_del(fields, "fm");
}

static enum planned plan(struct plan *p)
{
    json_t *fields = NULL;
    int type = p->step->fields_of;
    enum planned planned = plan_fields(p, type, &fields);
    if (planned != PLAN_READY)
        return planned;
    shape_rows(fields);
    mark(p, type, fields);
    (void)plan_rest(p, 0, "crm.item.add",
                    json_pack("{s:i, s:o}", "entityTypeId", type, "fields", fields));
    return PLAN_READY;
}

const struct action action_add = {
    .name = "add",
    .target = TARGET_KIND,
    .fields = true,
    .plan = plan,
};
