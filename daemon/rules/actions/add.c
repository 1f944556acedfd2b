#include "daemon/rules/actions/actions.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/rules/item.h"

/* "deal", "item 147" → entityTypeId; ENTITY_NONE when it is neither. */
static int type_of(const char *target)
{
    char word[64];
    const char *blank = strchr(target, ' ');
    size_t size = blank == NULL ? strlen(target) : (size_t)(blank - target);
    (void)snprintf(word, sizeof word, "%.*s", size < sizeof word ? (int)size : 0, target);
    const struct entity_kind *kind = entity_kind_by_word(word);
    if (kind == NULL || !kind->universal)
        return ENTITY_NONE;
    if (kind->type != ENTITY_ITEM)
        return blank == NULL ? kind->type : ENTITY_NONE;
    JV_AUTO *number = json_string(blank == NULL ? "" : blank + 1);
    int64_t type = jv_int(number, "", 0);
    return type >= ENTITY_ITEM && type <= 100000 ? (int)type : ENTITY_NONE;
}

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

/* A phone that is empty is no phone. */
static void drop_empty_rows(json_t *fields)
{
    json_t *rows = json_object_get(fields, "fm");
    for (size_t i = json_array_size(rows); i-- > 0;)
        if (jv_text(json_array_get(rows, i), "value", "")[0] == '\0')
            (void)json_array_remove(rows, i);
    if (rows != NULL && json_array_size(rows) == 0)
        (void)json_object_del(fields, "fm");
}

static enum planned plan(struct plan *p)
{
    json_t *fields = NULL;
    int type = type_of(p->step->target);
    if (type == ENTITY_NONE)
        return plan_bad(p, "cannot add \"%s\"", p->step->target);
    enum planned planned = plan_fields(p, type, &fields);
    if (planned != PLAN_READY)
        return planned;
    drop_empty_rows(fields);
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
