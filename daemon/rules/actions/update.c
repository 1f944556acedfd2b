#include "daemon/rules/actions/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/rules/item.h"

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (step->key_count == 0)
        (void)diag_add(diag, step->at, "nothing to write; add lines FIELD = value");
    bool own = step->target == NULL || step->target[0] == '\0';
    if (own && kind != NULL && !kind->universal)
        (void)diag_add(diag, step->at,
                       "update writes leads, deals, contacts, companies and items; use rest for "
                       "a %s",
                       kind->word);
}

/* Own entity and single relatives are command 0, "contacts" are numbered by their ids. */
static enum planned update(struct plan *p, int64_t n, const struct entity *entity)
{
    json_t *fields = NULL;
    enum planned planned = plan_fields(p, entity->type, &fields);
    return planned == PLAN_READY ? item_update(p, n, entity, fields) : planned;
}

static enum planned plan(struct plan *p)
{
    JV_AUTO *ids = NULL;
    int type = ENTITY_NONE;
    size_t i;
    json_t *id;
    const struct entity *own = NULL;
    const char *target = p->step->target == NULL ? "" : p->step->target;
    enum planned all = target[0] == '\0' ? plan_own(p, &own) : item_related(p, target, &type, &ids);
    if (all == PLAN_READY && own != NULL)
        return update(p, 0, own);
    if (all == PLAN_READY && json_array_size(ids) == 0)
        (void)snprintf(p->note, sizeof p->note, "it has no %s", target);
    json_array_foreach (ids, i, id) {
        int64_t number = json_integer_value(id);
        struct entity related = {.type = type};
        (void)snprintf(related.id, sizeof related.id, "%" PRId64, number);
        enum planned one = update(p, strcmp(target, "contacts") == 0 ? number : 0, &related);
        if (one != PLAN_READY && all != PLAN_BAD)
            all = one;
    }
    return all;
}

const struct action action_update = {
    .name = "update",
    .target = TARGET_RELATED,
    .fields = true,
    .check = check,
    .plan = plan,
};
