/* FIELD = value of `update` and `add`: names to REST names, values to what the field takes. */

#include <inttypes.h>
#include <string.h>

#include "common/duration.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/scan.h"
#include "daemon/rules/fieldname.h"
#include "daemon/rules/fieldvalue.h"
#include "daemon/rules/item.h"
#include "daemon/rules/multifield.h"
#include "daemon/rules/stagename.h"

/* One field being written. */
struct writing {
    struct plan *plan;
    int entity_type;
    const char *word; /* as the rule calls it */
    struct field_info info;
    json_t *value;  /* borrowed; not empty */
    json_t *fields; /* out */
};

/* A key that stands in several lines adds to a list. Takes the value. */
static enum planned set(struct writing *w, json_t *value)
{
    json_t *before = json_object_get(w->fields, w->info.name);
    bool lists = json_is_array(before) && json_is_array(value);
    if (lists) {
        (void)json_array_extend(before, value);
        json_decref(value);
        return PLAN_READY;
    }
    if (before == NULL) {
        (void)json_object_set_new(w->fields, w->info.name, value);
        return PLAN_READY;
    }
    json_decref(value);
    return plan_bad(w->plan, "%s is written twice, and holds one value", w->word);
}

/* The values of a field that holds several: an array as it is; of a text the entries between its
 * commas, a name with a comma in quotes. New. */
static json_t *entries_new(const struct writing *w)
{
    const char *text = json_string_value(w->value);
    if (json_is_array(w->value))
        return json_incref(w->value);
    if (text == NULL || !w->info.many)
        return json_pack("[O]", w->value);
    json_t *entries = json_array();
    while (*text != '\0') {
        size_t size = scan_entry(text);
        char *entry = scan_bare_new(text, size);
        if (entry[0] != '\0')
            (void)json_array_append_new(entries, json_string(entry));
        mem_free(entry);
        text += size + (text[size] == ',');
    }
    return entries;
}

static enum planned set_users(struct writing *w, bool many)
{
    JV_AUTO *ids = NULL;
    struct plan *p = w->plan;
    p->scope->one_of_team = !many;
    enum planned planned = plan_known(p, scope_users(p->scope, w->value, &ids), w->word);
    p->scope->one_of_team = false;
    if (planned != PLAN_READY)
        return planned;
    if (many)
        return set(w, json_incref(ids));
    if (json_array_size(ids) != 1)
        return plan_bad(p, "%s: one user is wanted, not %zu", w->word, json_array_size(ids));
    return set(w, json_incref(json_array_get(ids, 0)));
}

static enum planned add_id(struct writing *w, const json_t *value, json_t *ids)
{
    int64_t id = jv_int(value, "", -1);
    char *text = NULL;
    if (id > 0) {
        (void)json_array_append_new(ids, json_integer(id));
        return PLAN_READY;
    }
    text = jv_print_new(value);
    (void)plan_bad(w->plan, "%s: \"%s\" is not an id", w->word, text);
    mem_free(text);
    return PLAN_BAD;
}

/* 4, "4, 5" or a list. */
static enum planned ids_of(struct writing *w, json_t *ids)
{
    enum planned planned = PLAN_READY;
    size_t i;
    json_t *element;
    const char *text = json_string_value(w->value);
    json_array_foreach (w->value, i, element)
        if (planned == PLAN_READY)
            planned = add_id(w, element, ids);
    if (json_is_array(w->value))
        return planned;
    if (text == NULL)
        return add_id(w, w->value, ids);
    while (*text != '\0' && planned == PLAN_READY) {
        size_t size = strcspn(text, ", ");
        JV_AUTO *one = json_stringn(text, size);
        if (size > 0)
            planned = add_id(w, one, ids);
        text += size + strspn(text + size, ", ");
    }
    return planned;
}

static enum planned set_ids(struct writing *w, bool many)
{
    JV_AUTO *ids = json_array();
    enum planned planned = ids_of(w, ids);
    if (planned != PLAN_READY)
        return planned;
    if (many)
        return set(w, json_incref(ids));
    if (json_array_size(ids) != 1)
        return plan_bad(w->plan, "%s: one id is wanted, not %zu", w->word, json_array_size(ids));
    return set(w, json_incref(json_array_get(ids, 0)));
}

static bool is_reachable(const char *type, const char *text)
{
    size_t digits = 0;
    if (strcmp(type, "EMAIL") == 0) {
        const char *at = strchr(text, '@');
        return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t,;") == NULL;
    }
    for (; *text != '\0'; text++)
        digits += *text >= '0' && *text <= '9';
    return digits >= 3;
}

static void add_row(struct writing *w, const char *type, const char *text)
{
    json_t *rows = json_object_get(w->fields, "fm");
    if (rows == NULL) {
        rows = json_array();
        (void)json_object_set_new(w->fields, "fm", rows);
    }
    (void)json_array_append_new(rows, multifield_row_new(type, text, w->info.many));
}

static enum planned add_one_row(struct writing *w, const char *type, const json_t *value)
{
    char *text = jv_print_new(value);
    enum planned planned = PLAN_READY;
    if (is_reachable(type, text))
        add_row(w, type, text);
    else
        planned = plan_bad(w->plan, "%s: \"%s\" is not %s", w->word, text,
                           strcmp(type, "EMAIL") == 0 ? "an e-mail" : "a phone");
    mem_free(text);
    return planned;
}

/* `phones = {{contact.phones | phone}}`: what stands there and is no phone ("спросить у Веры") is
 * not for us to judge. */
static enum planned add_each_row(struct writing *w, const char *type)
{
    size_t i;
    json_t *one;
    json_array_foreach (w->value, i, one) {
        char *text = jv_print_new(one);
        add_row(w, type, text);
        mem_free(text);
    }
    return PLAN_READY;
}

static enum planned set_rows(struct writing *w)
{
    const char *type = field_multi_type(w->info.leads);
    size_t count = json_array_size(w->value);
    if (json_is_array(w->value) && w->info.many)
        return add_each_row(w, type);
    if (count > 1)
        return plan_bad(w->plan, "%s: one is wanted, not %zu", w->word, count);
    return add_one_row(w, type, count == 1 ? json_array_get(w->value, 0) : w->value);
}

/* A stage belongs to its funnel (§10 no. 25), so it brings the funnel along; another one beside it
 * would be a contradiction. */
static enum planned set_category(struct writing *w, int64_t id)
{
    int64_t before = jv_int(w->fields, "categoryId", id);
    if (before != id)
        return plan_bad(w->plan,
                        "%s: the stage is of another funnel than the one written (%" PRId64
                        " and %" PRId64 ")",
                        w->word, before, id);
    (void)json_object_set_new(w->fields, "categoryId", json_integer(id));
    return PLAN_READY;
}

static enum planned set_stage(struct writing *w)
{
    char *text = jv_print_new(w->value), stage[96];
    int64_t category = -1;
    enum planned planned = item_stage(w->plan, w->entity_type, text, stage, &category);
    mem_free(text);
    if (planned == PLAN_READY && category >= 0)
        planned = set_category(w, category);
    return planned == PLAN_READY ? set(w, json_string(stage)) : planned;
}

static char *bare_new(const json_t *value)
{
    char *text = jv_print_new(value), *bare = scan_bare_new(text, strlen(text));
    mem_free(text);
    return bare;
}

static enum planned set_funnel(struct writing *w)
{
    char *text = bare_new(w->value);
    JV_AUTO *id = NULL;
    enum known known = funnel_id(w->plan->scope, w->entity_type, text, &id);
    mem_free(text);
    return known == KNOWN ? set_category(w, jv_int(id, "", 0))
                          : plan_known(w->plan, known, w->word);
}

static enum planned add_option(struct writing *w, const json_t *wanted, json_t *ids)
{
    char *text = bare_new(wanted);
    json_t *id = NULL;
    enum known known = field_option_id(w->plan->scope, &w->info, text, &id);
    mem_free(text);
    if (known != KNOWN)
        return plan_known(w->plan, known, NULL);
    (void)json_array_append_new(ids, id);
    return PLAN_READY;
}

/* Lists take the ids of their options (§3.5). */
static enum planned set_options(struct writing *w)
{
    JV_AUTO *ids = json_array();
    JV_AUTO *wanted = entries_new(w);
    enum planned planned = PLAN_READY;
    size_t i;
    json_t *element;
    json_array_foreach (wanted, i, element)
        if (planned == PLAN_READY)
            planned = add_option(w, element, ids);
    if (planned != PLAN_READY)
        return planned;
    return set(w, json_incref(w->info.many ? ids : json_array_get(ids, 0)));
}

/* Dates as people write them, `now + 3 days`. An offset is always sent (§3.5), and the time of a
 * date means nothing. */
static enum planned moment_new(struct writing *w, const char *text, json_t **ret)
{
    struct moment moment;
    struct err err = {0};
    size_t offset = 0;
    char iso[26];
    bool date = strcmp(field_type_of(&w->info), "date") == 0;
    if (!moment_parse(text, &moment, &offset, &err))
        return plan_bad(w->plan, "%s: \"%s\" is not a date: %s", w->word, text, err.text);
    if (date && moment.base == MOMENT_FIXED && moment.sign == 0) {
        *ret = json_stringn(text, 10);
        return PLAN_READY;
    }
    enum planned planned = plan_reckon(w->plan, w->word, &moment, iso);
    if (planned == PLAN_READY)
        *ret = json_stringn(iso, date ? 10 : strlen(iso));
    return planned;
}

/* One value in the form of its type (§3.5); numbers and the like that came as JSON are so already.
 */
static enum planned typed_new(struct writing *w, const json_t *value, json_t **ret)
{
    struct err err = {0};
    const char *text = json_string_value(value);
    if (text == NULL)
        *ret = json_incref(jv_loose(value));
    else if (text[0] == '\0')
        *ret = json_string("");
    else if (field_kind(&w->info) == FIELD_IS_DATE)
        return moment_new(w, text, ret);
    else if (!field_value_read(&w->info, text, ret, &err))
        return plan_bad(w->plan, "%s: %s", w->word, err.text);
    return PLAN_READY;
}

/* A scalar for a multiple field is refused with code 100 (§8.2). Texts may hold commas. */
static enum planned set_typed(struct writing *w)
{
    bool entries = json_is_array(w->value) || field_kind(&w->info) != FIELD_IS_ANY;
    JV_AUTO *values = json_array();
    JV_AUTO *wanted = entries ? entries_new(w) : json_pack("[O]", w->value);
    size_t i;
    json_t *element;
    json_array_foreach (wanted, i, element) {
        json_t *one = NULL;
        enum planned planned = typed_new(w, element, &one);
        if (planned != PLAN_READY)
            return planned;
        (void)json_array_append_new(values, one);
    }
    bool list = w->info.many || json_is_array(w->value);
    return set(w, json_incref(list ? values : json_array_get(values, 0)));
}

static enum planned set_plain(struct writing *w)
{
    if (field_is_list(&w->info))
        return set_options(w);
    if (w->info.to == ENTITY_USER || strcmp(w->info.name, "observers") == 0)
        return set_users(w, w->info.many || w->info.to == ENTITY_NONE);
    return set_typed(w);
}

static enum planned set_value(struct writing *w)
{
    switch (w->info.leads) {
    case FIELD_PLAIN:
        return set_plain(w);
    case FIELD_TO_USER:
        return set_users(w, false);
    case FIELD_TO_CONTACT:
    case FIELD_TO_COMPANY:
    case FIELD_TO_LEAD:
    case FIELD_TO_DEAL:
        return set_ids(w, false);
    case FIELD_TO_CONTACTS:
        return set_ids(w, true);
    case FIELD_PHONE:
    case FIELD_EMAIL:
    case FIELD_PHONES:
    case FIELD_EMAILS:
        return set_rows(w);
    case FIELD_STAGE:
        return set_stage(w);
    case FIELD_FUNNEL:
        return set_funnel(w);
    }
    return PLAN_BAD;
}

/* `FIELD =` empties. */
static enum planned set_empty(struct writing *w)
{
    const char *multi = field_multi_type(w->info.leads);
    if (multi != NULL) {
        add_row(w, multi, "");
        return PLAN_READY;
    }
    return set(w, w->info.leads == FIELD_TO_CONTACTS ? json_array() : json_string(""));
}

/* `closedate` and its like are dates, on some portals with a time. Where names are tried all that
 * the portal says counts. */
static enum planned learn_spec(struct writing *w)
{
    bool wanted = scope_is_trial(w->plan->scope) || strcmp(field_type_of(&w->info), "date") == 0;
    enum known known = wanted ? field_learn(w->plan->scope, &w->info) : KNOWN;
    return plan_known(w->plan, known, w->word);
}

static enum planned describe(struct writing *w, const struct step_key *key)
{
    enum known known =
        field_describe(w->plan->scope, w->entity_type, &key->path.parts[0], &w->info);
    enum planned planned = known == KNOWN ? learn_spec(w) : plan_known(w->plan, known, NULL);
    if (planned == PLAN_READY && scope_is_trial(w->plan->scope) &&
        jv_flag(w->info.spec, "isReadOnly"))
        return plan_bad(w->plan, "%s is written by the portal itself, and by nobody else", w->word);
    return planned;
}

static enum planned value_of(struct writing *w, const struct step_key *key, json_t **ret)
{
    if (key->value == NULL)
        return PLAN_READY;
    bool ids = w->info.to != ENTITY_NONE;
    struct scope *scope = w->plan->scope;
    enum known known =
        ids ? template_ids_of(key->value, scope, ret) : template_value_of(key->value, scope, ret);
    return plan_known(w->plan, known, key->name);
}

static enum planned write_field(struct plan *p, int entity_type, const struct step_key *key,
                                json_t *fields)
{
    JV_AUTO *value = NULL;
    struct writing w = {.plan = p, .entity_type = entity_type, .word = key->name, .fields = fields};
    enum planned parts[] = {describe(&w, key), value_of(&w, key, &value)};
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned != PLAN_READY)
        return planned;
    w.value = value;
    /* false is a value here: a flag that is off */
    if (jv_is_empty(value) && !json_is_false(value))
        return set_empty(&w);
    return set_value(&w);
}

enum planned plan_field_check(struct plan *p, int entity_type, const struct step_key *key)
{
    JV_AUTO *fields = json_object();
    struct writing w = {.plan = p, .entity_type = entity_type, .word = key->name, .fields = fields};
    if (key->value == NULL || template_is_plain(key->value))
        return write_field(p, entity_type, key, fields);
    return describe(&w, key);
}

static bool is_plain_field(const struct step *step, const struct step_key *key)
{
    return action_key_find(step->action, key->name) == NULL &&
           (key->value == NULL || template_is_plain(key->value));
}

enum planned plan_fields_check(struct plan *p, int entity_type)
{
    JV_AUTO *fields = json_object();
    enum planned planned = PLAN_READY;
    for (size_t i = 0; i < p->step->key_count && planned == PLAN_READY; i++)
        if (is_plain_field(p->step, &p->step->keys[i]))
            planned = write_field(p, entity_type, &p->step->keys[i], fields);
    return planned;
}

enum planned plan_fields(struct plan *p, int entity_type, json_t **ret_fields)
{
    json_t *fields = json_object();
    enum planned all = PLAN_READY;
    for (size_t i = 0; i < p->step->key_count && all != PLAN_BAD; i++) {
        const struct step_key *key = &p->step->keys[i];
        if (action_key_find(p->step->action, key->name) != NULL)
            continue;
        enum planned one = write_field(p, entity_type, key, fields);
        if (one != PLAN_READY)
            all = one;
    }
    *ret_fields = fields;
    if (all == PLAN_READY)
        return all;
    json_decref(fields);
    *ret_fields = NULL;
    return all;
}
