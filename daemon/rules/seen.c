#include "daemon/rules/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/number.h"
#include "daemon/model/need.h"
#include "daemon/rules/binding.h"
#include "daemon/rules/who.h"

enum { MOST_FOLLOWED = 50 }; /* entities behind one list */

void seen_done(struct seen *seen)
{
    json_decref(seen->value);
    *seen = (struct seen){0};
}

int scope_own_type(const struct scope *scope)
{
    return scope->entity_type != ENTITY_NONE ? scope->entity_type : scope->entity.type;
}

enum known scope_record(struct scope *scope, const struct entity *entity, const json_t **ret)
{
    const json_t *gone = json_object_get(scope->vars, "gone");
    char need[NEED_SIZE];
    *ret = NULL;
    if (entity->type == ENTITY_NONE || entity->id[0] == '\0')
        return KNOWN;
    if (json_is_object(gone) && entity_same(entity, &scope->entity)) {
        *ret = gone;
        return KNOWN;
    }
    need_print_entity(entity->type, entity->id, need);
    enum known known = scope_fact(scope, need, ret);
    if (known == KNOWN && !json_is_object(*ret))
        *ret = NULL;
    return known;
}

/* ---- walking --------------------------------------------------------------------------------- */

struct walk {
    struct scope *scope;
    const struct path *path;
};

static enum known at_entity(const struct walk *, const struct entity *, int part, struct seen *ret);

static enum known found(struct seen *ret, json_t *value)
{
    ret->value = value != NULL ? value : json_null();
    return KNOWN;
}

static enum known leads_nowhere(const struct walk *w, int part)
{
    const struct path_part *last = &w->path->parts[part];
    return scope_bad(w->scope, "\"%.*s\" leads nowhere, it has no \"%s\"",
                     (int)(last->offset - 1 - w->path->parts[0].offset), w->path->text, last->text);
}

static int64_t number_or_zero(const char *id)
{
    int64_t number;
    return number_int(id, &number) ? number : 0;
}

static json_t *number_or_text_new(const char *id)
{
    int64_t number;
    return number_int(id, &number) ? json_integer(number) : json_string(id);
}

static enum known at_user(const struct walk *w, int64_t id, int part, struct seen *ret)
{
    bool none = id <= 0;
    *ret = (struct seen){.field.to = ENTITY_USER, .entity.type = none ? ENTITY_NONE : ENTITY_USER};
    (void)snprintf(ret->entity.id, sizeof ret->entity.id, "%" PRId64, id);
    if (part == w->path->count)
        return found(ret, none ? NULL : json_integer(id));
    const struct path_part *name = &w->path->parts[part];
    if (!name->quoted && strcmp(name->text, "head") == 0) {
        int64_t head = 0;
        enum known known = none ? KNOWN : user_head(w->scope, id, &head);
        return known == KNOWN ? at_user(w, head, part + 1, ret) : known;
    }
    if (part + 1 < w->path->count)
        return leads_nowhere(w, part + 1);
    *ret = (struct seen){0};
    return user_field(w->scope, id, name, &ret->value);
}

/* The entity that a field's value is an id of; type ENTITY_NONE when there is none. */
static struct entity entity_behind(const struct field_info *info, const json_t *value)
{
    struct entity entity = {0};
    int64_t id = user_id_of(value);
    if (info->to != ENTITY_NONE && id > 0) {
        entity.type = info->to;
        (void)snprintf(entity.id, sizeof entity.id, "%" PRId64, id);
    }
    return entity;
}

static enum known follow(const struct walk *w, const struct field_info *info, const json_t *value,
                         int part, struct seen *ret)
{
    struct entity entity = entity_behind(info, value);
    if (info->to == ENTITY_USER)
        return at_user(w, user_id_of(value), part, ret);
    entity.type = info->to; /* with id "" its fields are empty, and still checked */
    return at_entity(w, &entity, part, ret);
}

/* deal.contacts.name: the same of each. All are tried, so that their needs go out together. */
static enum known follow_each(const struct walk *w, const struct field_info *info,
                              const json_t *list, int part, struct seen *ret)
{
    if (json_array_size(list) > MOST_FOLLOWED)
        return scope_bad(w->scope, "\"%s\" leads to %zu entities, at most %d are read",
                         w->path->text, json_array_size(list), MOST_FOLLOWED);
    JV_AUTO *values = json_array();
    enum known all = KNOWN;
    struct field_info field = {0};
    size_t i;
    json_t *id;
    json_array_foreach (jv_loose(list), i, id) {
        struct seen one = {0};
        enum known known = follow(w, info, id, part, &one);
        if (known == KNOWN_BAD)
            return known;
        all = known == KNOWN ? all : known;
        if (known != KNOWN)
            continue;
        field = one.field;
        if (!json_is_null(one.value))
            (void)json_array_append(values, one.value);
        seen_done(&one);
    }
    *ret = (struct seen){.field = field};
    return all == KNOWN ? found(ret, json_incref(values)) : all;
}

static void add_of_fm(const json_t *row, const char *type, json_t *values)
{
    if (strcmp(jv_text(row, "typeId", ""), type) == 0 && jv_text(row, "value", "")[0] != '\0')
        (void)json_array_append(values, json_object_get(row, "value"));
}

/* The phones or e-mails in `fm` (bitrix24.md §3.5), which may be a list or a map, in the order of
 * their rows. */
static json_t *of_fm_new(const json_t *fm, const char *type)
{
    json_t *values = json_array(), *row;
    const char *key;
    size_t i;
    json_array_foreach (jv_loose(fm), i, row)
        add_of_fm(row, type, values);
    json_object_foreach (jv_loose(fm), key, row)
        add_of_fm(row, type, values);
    return values;
}

static json_t *first_new(json_t *list)
{
    json_t *first = json_array_size(list) > 0 ? json_incref(json_array_get(list, 0)) : json_null();
    json_decref(list);
    return first;
}

/* A date of crm.item.get carries a time that means nothing (§3.5). */
static json_t *date_only_new(json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) < 10 || text[4] != '-' || text[7] != '-')
        return json_incref(value);
    return json_stringn(text, 10);
}

static json_t *member_new(const json_t *record, const struct field_info *info)
{
    json_t *value = json_object_get(record, info->name);
    const char *multi = field_multi_type(info->leads);
    if (multi != NULL && info->many)
        return of_fm_new(value, multi);
    if (multi != NULL)
        return first_new(of_fm_new(value, multi));
    if (info->type == ENTITY_TASK && info->to > ENTITY_NONE)
        return first_new(binding_ids_new(record, info->to));
    if (value == NULL)
        return json_null();
    if (info->to != ENTITY_NONE && !json_is_array(value) && user_id_of(value) == 0)
        return json_null(); /* 0 is nobody */
    return strcmp(field_type_of(info), "date") == 0 ? date_only_new(value) : json_incref(value);
}

/* A field of a record that is there (or known to be missing: NULL). */
static enum known at_record(const struct walk *w, const struct field_info *info,
                            const json_t *record, int part, struct seen *ret)
{
    JV_AUTO *value = member_new(record, info);
    if (part + 1 == w->path->count) {
        *ret = (struct seen){.field = *info, .record = record};
        ret->entity = entity_behind(info, value);
        return found(ret, json_incref(value));
    }
    if (info->to == ENTITY_NONE)
        return leads_nowhere(w, part + 1);
    if (json_is_array(value))
        return follow_each(w, info, value, part + 1, ret);
    return follow(w, info, value, part + 1, ret);
}

static bool is_id(const struct path_part *part)
{
    return !part->quoted && (strcmp(part->text, "id") == 0 || strcmp(part->text, "ID") == 0);
}

static enum known at_entity(const struct walk *w, const struct entity *entity, int part,
                            struct seen *ret)
{
    *ret = (struct seen){.entity = *entity, .whole = true};
    bool none = entity->id[0] == '\0';
    if (entity->type == ENTITY_USER)
        return at_user(w, number_or_zero(entity->id), part, ret);
    if (part == w->path->count)
        return found(ret, none ? NULL : number_or_text_new(entity->id));
    if (part + 1 == w->path->count && is_id(&w->path->parts[part])) {
        *ret = (struct seen){.field = {.type = entity->type, .name = "id"}};
        return found(ret, none ? NULL : number_or_text_new(entity->id));
    }
    struct field_info info;
    const json_t *record;
    enum known described = field_describe(w->scope, entity->type, &w->path->parts[part], &info);
    if (described == KNOWN_BAD)
        return described;
    enum known known = scope_record(w->scope, entity, &record);
    if (described != KNOWN || known != KNOWN)
        return described != KNOWN ? described : known;
    return at_record(w, &info, record, part, ret);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static enum known at_own(const struct walk *w, struct seen *ret)
{
    return at_entity(w, &w->scope->entity, 1, ret);
}

/* `old` and `start`: some fields of the rule's own entity as they were. */
static enum known at_past(const struct walk *w, const char *var, struct seen *ret)
{
    struct scope *scope = w->scope;
    if (w->path->count == 1)
        return scope_bad(scope, "\"%s\" needs a field: %s.stage", var, var);
    if (is_id(&w->path->parts[1]))
        return at_own(w, ret);
    struct field_info info;
    enum known known = field_describe(scope, scope_own_type(scope), &w->path->parts[1], &info);
    if (known != KNOWN)
        return known;
    return at_record(w, &info, json_object_get(scope->vars, var), 1, ret);
}

static enum known at_old(const struct walk *w, struct seen *ret)
{
    return at_past(w, "old", ret);
}

static enum known at_start(const struct walk *w, struct seen *ret)
{
    return at_past(w, "start", ret);
}

static enum known at_actor(const struct walk *w, struct seen *ret)
{
    return at_user(w, user_id_of(json_object_get(w->scope->vars, "actor")), 1, ret);
}

static enum known at_now(const struct walk *w, struct seen *ret)
{
    char iso[26];
    zone_iso(w->scope->env->zone, w->scope->env->now_ms, iso);
    return found(ret, json_string(iso));
}

/* A member of a list by its number from 0 on, or by a name: that member of each. NULL: none. */
static json_t *tree_member_new(const struct path *path, const json_t *tree, int part)
{
    const char *name = part < path->count ? path->parts[part].text : NULL;
    int64_t number;
    size_t i;
    json_t *one;
    if (name == NULL || tree == NULL)
        return json_incref(jv_loose(tree));
    if (!json_is_array(tree))
        return tree_member_new(path, json_object_get(tree, name), part + 1);
    if (number_int(name, &number))
        return tree_member_new(path, json_array_get(tree, (size_t)number), part + 1);
    json_t *each = json_array();
    json_array_foreach (jv_loose(tree), i, one) {
        json_t *member = tree_member_new(path, one, part);
        if (member != NULL)
            (void)json_array_append_new(each, member);
    }
    return each;
}

/* What has no fields but members: an event's data, a step's result. */
static enum known at_members(const struct walk *w, const json_t *tree, int part, struct seen *ret)
{
    return found(ret, tree_member_new(w->path, tree, part));
}

static enum known at_event(const struct walk *w, struct seen *ret)
{
    return at_members(w, json_object_get(w->scope->vars, "event"), 1, ret);
}

static const struct {
    const char *word;
    enum known (*look)(const struct walk *, struct seen *);
} heads[] = {
    {"old", at_old}, {"start", at_start}, {"actor", at_actor}, {"event", at_event}, {"now", at_now},
};

enum known seen_look(struct scope *scope, const struct path *path, struct seen *ret)
{
    const struct walk w = {.scope = scope, .path = path};
    const char *head = path->parts[0].text;
    const struct entity_kind *own = entity_kind_of(scope_own_type(scope));
    *ret = (struct seen){0};
    if (own != NULL && strcmp(head, own->word) == 0)
        return at_own(&w, ret);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (strcmp(head, heads[i].word) == 0)
            return heads[i].look(&w, ret);
    if (entity_kind_by_word(head) != NULL)
        return scope_bad(scope, "\"%s\" means nothing here: the rule runs for %s", path->text,
                         own != NULL ? own->word : "no entity");
    return at_members(&w, json_object_get(scope->vars, "labels"), 0, ret);
}

enum known seen_describe(struct scope *scope, const struct path *path, struct seen *ret)
{
    const char *head = path->parts[0].text;
    const struct entity_kind *own = entity_kind_of(scope_own_type(scope));
    *ret = (struct seen){0};
    bool past = strcmp(head, "old") == 0 || strcmp(head, "start") == 0;
    if (own == NULL || path->count != 2 || (!past && strcmp(head, own->word) != 0))
        return KNOWN;
    if (own->type == ENTITY_USER)
        return KNOWN;
    return field_describe(scope, scope_own_type(scope), &path->parts[1], &ret->field);
}

/* ---- showing --------------------------------------------------------------------------------- */

static json_t *title_new(const struct entity *entity, const json_t *record)
{
    static const char *const members[] = {"title", "SUBJECT", "COMMENT"};
    if (entity->type == ENTITY_CONTACT) {
        struct buf text BUF_AUTO;
        buf_init(&text, 1024);
        const char *first = jv_text(record, "name", ""), *last = jv_text(record, "lastName", "");
        buf_printf(&text, "%s%s%s", first, first[0] != '\0' && last[0] != '\0' ? " " : "", last);
        return text.size > 0 ? jv_string_new(text.data) : json_null();
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (json_is_string(json_object_get(record, members[i])))
            return json_incref(json_object_get(record, members[i]));
    return json_null();
}

/* Is the entity itself meant, and not its id? */
static bool is_titled(const struct seen *seen)
{
    int type = seen->entity.type;
    if (type == ENTITY_NONE || type == ENTITY_USER || type == ENTITY_CALL)
        return false;
    return seen->whole || (seen->field.by_word && !seen->field.many);
}

/* deal.contacts: each as people see it. All are tried, so that their needs go out together. */
static enum known titles_new(struct scope *scope, const struct seen *seen, json_t **ret)
{
    json_t *titles = json_array();
    enum known all = KNOWN;
    size_t i;
    json_t *id;
    json_array_foreach (seen->value, i, id) {
        struct entity entity = entity_behind(&seen->field, id);
        const json_t *record;
        enum known known = scope_record(scope, &entity, &record);
        if (known == KNOWN)
            (void)json_array_append_new(titles, title_new(&entity, record));
        else if (all != KNOWN_BAD)
            all = known;
    }
    if (all == KNOWN)
        *ret = titles;
    else
        json_decref(titles);
    return all;
}

enum known seen_show_text(struct scope *scope, const struct seen *seen, json_t **ret)
{
    int to = seen->field.to;
    bool titled = seen->field.by_word && to != ENTITY_NONE && to != ENTITY_USER;
    if (titled && json_is_array(seen->value) && json_array_size(seen->value) <= MOST_FOLLOWED)
        return titles_new(scope, seen, ret);
    return seen_show(scope, seen, ret);
}

enum known seen_show(struct scope *scope, const struct seen *seen, json_t **ret)
{
    if (field_has_options(&seen->field)) {
        *ret = field_option_texts_new(&seen->field, seen->value);
        return KNOWN;
    }
    if (!is_titled(seen)) {
        *ret = json_incref(seen->value);
        return KNOWN;
    }
    const json_t *record;
    enum known known = scope_record(scope, &seen->entity, &record);
    if (known == KNOWN)
        *ret = title_new(&seen->entity, record);
    return known;
}
