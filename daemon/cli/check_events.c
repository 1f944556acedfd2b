/* Events that rules wait for, and whether they have been seen arriving. */

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/cli/check_names.h"
#include "daemon/rules/index.h"

static void add_event(json_t *list, const char *name, const json_t *seen)
{
    size_t i;
    json_t *row;
    json_array_foreach (list, i, row)
        if (strcmp(jv_text(row, "name", ""), name) == 0)
            return;
    json_array_append_new(list, json_pack("{s:s, s:I}", "name", name, "last_ms",
                                          (json_int_t)jv_int(json_object_get(seen, name), "", 0)));
}

static void add_of_kind(json_t *list, int type, const char *ending, const json_t *seen)
{
    const struct entity_kind *kind = entity_kind_of(type);
    char name[EVENT_NAME_SIZE];
    if (kind == NULL || kind->event_stem == NULL)
        return;
    (void)snprintf(name, sizeof name, "%s%s", kind->event_stem, ending);
    add_event(list, name, seen);
}

/* Which of a kind's events a trigger lives on (bitrix24.md §1.6). */
static void add_of_trigger(json_t *list, const struct trigger *t, const json_t *seen)
{
    switch (t->kind) {
    case TRIGGER_EVENT:
        add_event(list, t->name, seen);
        return;
    case TRIGGER_ROBOT: /* called by its own address */
    case TRIGGER_EVERY:
        return;
    case TRIGGER_SIGNAL:
        add_event(list, "ONCRMACTIVITYADD", seen);
        add_event(list, "ONCRMACTIVITYUPDATE", seen);
        add_event(list, "ONVOXIMPLANTCALLEND", seen);
        return;
    case TRIGGER_DELETED:
        add_of_kind(list, t->entity_type, "DELETE", seen);
        return;
    case TRIGGER_ENTERS:
    case TRIGGER_ENTERS_FUNNEL:
    case TRIGGER_BEFORE:
    case TRIGGER_AFTER:
    case TRIGGER_IDLE:
        add_of_kind(list, t->entity_type, "ADD", seen);
        break;
    case TRIGGER_ADDED:
        add_of_kind(list, t->entity_type, "ADD", seen);
        return;
    case TRIGGER_UPDATED:
    case TRIGGER_LEAVES:
    case TRIGGER_CHANGES:
        break;
    }
    add_of_kind(list, t->entity_type, "UPDATE", seen);
}

json_t *check_events_new(const struct config *c, const struct config_portal *portal,
                         const json_t *seen)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *rule = &c->rules->rules[i];
        if (rule->state == RULE_OFF || !rule_on_portal(rule, portal->name))
            continue;
        for (size_t k = 0; k < rule->trigger_count; k++)
            add_of_trigger(list, &rule->triggers[k], seen);
        for (size_t k = 0; k < rule->cancel_count; k++)
            add_of_trigger(list, &rule->cancels[k], seen);
    }
    return list;
}
