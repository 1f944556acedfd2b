#include "daemon/rules/actions/actions.h"

#include <string.h>

#include "common/duration.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

enum { MOST_PINGS = 20, MINUTE_MS = 60 * 1000 };

static const struct action_key keys[] = {
    {"title", KEY_TEXT, .required = true},
    {"description", KEY_BB},
    {"deadline", KEY_MOMENT},
    {"responsible", KEY_USER},
    {"ping", KEY_DURATIONS},
};

/* "15m, 1 hour" → [15, 60]: minutes before the deadline. */
static bool pings_of(const char *text, json_t *pings, struct err *err)
{
    while (*text != '\0') {
        struct duration ping;
        size_t offset = 0, size = strcspn(text, ",");
        char *one = mem_strndup(text, size);
        bool ok = duration_parse(one + strspn(one, " \t"), &ping, &offset, err);
        mem_free(one);
        if (!ok)
            return false;
        if (ping.unit != DURATION_PLAIN)
            return err_set(err, "working time is not known here; write hours or days");
        if (json_array_size(pings) == MOST_PINGS)
            return err_set(err, "more than %d reminders", MOST_PINGS);
        (void)json_array_append_new(pings, json_integer(ping.amount / MINUTE_MS));
        text += size;
        text += *text == ',';
    }
    return true;
}

static enum planned add_line(struct plan *p, const struct step_key *key, json_t *pings)
{
    char *text = NULL;
    struct err err = {0};
    enum planned planned =
        plan_known(p, template_text_of(key->value, p->scope, INTO_PLAIN, &text), "ping");
    if (planned == PLAN_READY && !pings_of(text, pings, &err))
        planned = plan_bad(p, "ping: %s", err.text);
    mem_free(text);
    return planned;
}

static bool is_ping(const struct step_key *key)
{
    return key->value != NULL && strcmp(key->name, "ping") == 0;
}

static enum planned add_pings(struct plan *p, json_t *params)
{
    JV_AUTO *pings = json_array();
    enum planned planned = PLAN_READY;
    for (size_t i = 0; i < p->step->key_count && planned == PLAN_READY; i++)
        if (is_ping(&p->step->keys[i]))
            planned = add_line(p, &p->step->keys[i], pings);
    if (planned == PLAN_READY && json_array_size(pings) > 0)
        (void)json_object_set(params, "pingOffsets", pings);
    return planned;
}

static enum planned fill(struct plan *p, json_t *params)
{
    char deadline[26], *title = NULL, *description = NULL;
    int64_t responsible = 0;
    enum planned parts[] = {
        plan_filled(p, "title", PLAN_TITLE_LETTERS, &title),
        plan_optional(p, "description", PLAN_TEXT_LETTERS, &description),
        plan_moment(p, "deadline", "now + 1 workday", deadline),
        plan_responsible(p, "responsible", &responsible),
        add_pings(p, params),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY) {
        (void)json_object_set_new(params, "title", jv_string_new(title));
        (void)json_object_set_new(params, "deadline", json_string(deadline));
        if (description != NULL)
            (void)json_object_set_new(params, "description", jv_string_new(description));
        if (responsible != 0)
            (void)json_object_set_new(params, "responsibleId", json_integer(responsible));
    }
    mem_free(title);
    mem_free(description);
    return planned;
}

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    JV_AUTO *pings = json_array();
    struct err err = {0};
    if (kind != NULL && kind->type < 0)
        (void)diag_add(diag, step->at,
                       "a %s cannot have a to-do; records of the CRM can, and people have tasks",
                       kind->word);
    for (size_t i = 0; i < step->key_count; i++) {
        const struct step_key *key = &step->keys[i];
        if (is_ping(key) && template_is_plain(key->value) &&
            !pings_of(template_text(key->value), pings, &err))
            (void)diag_add(diag, key->value_at, "%s", err.text);
    }
}

static enum planned plan(struct plan *p)
{
    const struct entity *own = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned != PLAN_READY)
        return planned;
    if (own->type < 0)
        return plan_bad(p, "a to-do can be given to CRM entities only");
    JV_AUTO *id = json_string(own->id);
    json_t *params =
        json_pack("{s:i, s:I}", "ownerTypeId", own->type, "ownerId", (json_int_t)jv_int(id, "", 0));
    planned = fill(p, params);
    if (planned == PLAN_READY)
        (void)plan_rest(p, 0, "crm.activity.todo.add", params);
    else
        json_decref(params);
    return planned;
}

const struct action action_todo = {
    .name = "todo",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
