#include "daemon/rules/actions/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/item.h"

static const struct action_key keys[] = {
    {"to", KEY_USER, .required = true},
    {"cascade", KEY_TEXT},
};

/* The words of `cascade`; false with the first that is none. */
static bool next_word(const char **at, char word[32])
{
    static const char separators[] = ", \t\n";
    *at += strspn(*at, separators);
    size_t size = strcspn(*at, separators);
    (void)snprintf(word, 32, "%.*s", size < 32 ? (int)size : 31, *at);
    *at += size;
    return size > 0;
}

static bool word_is_known(const char *word)
{
    return strcmp(word, "contact") == 0 || strcmp(word, "contacts") == 0 ||
           strcmp(word, "company") == 0;
}

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    char word[32];
    const struct step_key *key = step_key_find(step, "cascade");
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && !kind->universal)
        (void)diag_add(diag, step->at, "a %s cannot be assigned", kind->word);
    if (key == NULL || key->value == NULL)
        return;
    for (const char *at = template_text(key->value); next_word(&at, word);)
        if (!word_is_known(word))
            (void)diag_add(diag, key->value_at,
                           "unknown cascade \"%s\"; contact, contacts and company are known", word);
}

static enum planned assign_one(struct plan *p, int64_t n, const struct entity *entity, int64_t user)
{
    return item_update(p, n, entity, json_pack("{s:I}", "assignedById", (json_int_t)user));
}

/* Command 0 is the entity, 1 its company, N + 1 contact N. */
static enum planned assign_related(struct plan *p, const char *word, int64_t user)
{
    JV_AUTO *ids = NULL;
    int type = ENTITY_NONE;
    size_t i;
    json_t *id;
    enum planned all = item_related(p, word, &type, &ids);
    json_array_foreach (ids, i, id) {
        int64_t number = json_integer_value(id);
        struct entity related = {.type = type};
        (void)snprintf(related.id, sizeof related.id, "%" PRId64, number);
        enum planned one = assign_one(p, type == ENTITY_COMPANY ? 1 : number + 1, &related, user);
        if (one != PLAN_READY && all != PLAN_BAD)
            all = one;
    }
    return all;
}

static enum planned assign_all(struct plan *p, const struct entity *own, const char *cascade,
                               int64_t user)
{
    char word[32];
    enum planned all = assign_one(p, 0, own, user);
    for (const char *at = cascade; all != PLAN_BAD && next_word(&at, word);) {
        enum planned one = assign_related(p, word, user);
        if (one != PLAN_READY)
            all = one;
    }
    return all;
}

static enum planned plan(struct plan *p)
{
    char *cascade = NULL;
    int64_t user = 0;
    const struct entity *own = NULL;
    enum planned parts[] = {
        plan_own(p, &own),
        plan_user(p, "to", &user),
        plan_optional(p, "cascade", PLAN_TITLE_LETTERS, &cascade),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY && user == 0)
        planned = plan_bad(p, "to: nobody is named");
    if (planned == PLAN_READY)
        planned = assign_all(p, own, cascade == NULL ? "" : cascade, user);
    mem_free(cascade);
    return planned;
}

const struct action action_assign = {
    .name = "assign",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
