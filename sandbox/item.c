#include "sandbox/item.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/multifield.h"
#include "sandbox/stage.h"
#include "sandbox/state.h"
#include "sandbox/value.h"

static bool not_valid(struct item_edit *edit, const char *name)
{
    if (edit->view == ITEM_CLASSIC)
        return call_fail_classic(edit->call, "Invalid value for field \"%s\"", name);
    return call_fail(edit->call, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID",
                     "Invalid value for field \"%s\"", name);
}

static bool user_exists(struct sandbox *sb, const json_t *id)
{
    return store_get(&sb->store, "user", jv_int(id, "", 0)) != NULL;
}

/* One member of `fields` into `taken`, under its camelCase name. What is unknown or read-only is
 * passed over without a word (§3.5, §10 no. 21). */
static bool take_member(struct item_edit *edit, const struct field_set *set, const char *name,
                        const json_t *given, json_t *taken)
{
    struct sandbox *sb = edit->call->sb;
    const struct field *field = item_field(set, name, edit->view);
    json_t *value = NULL;
    if (edit->view == ITEM_CLASSIC && multifield_is_kind(name)) {
        const json_t *fm = json_object_get(taken, "fm");
        fm = fm != NULL ? fm : json_object_get(edit->row, "fm");
        json_object_set_new(taken, "fm", multifield_apply_classic_new(sb, fm, name, given));
        return true;
    }
    if (field == NULL || field->read_only)
        return true;
    if (field->kind == VALUE_PHONES) {
        json_object_set_new(
            taken, field->camel,
            multifield_apply_new(sb, json_object_get(edit->row, field->camel), given));
        return true;
    }
    switch (value_take(sb, field, given, &value)) {
    case TAKEN:
        break;
    case NOT_A_LIST:
        return call_fail_number(edit->call, 400, 100,
                                "Expected iterable value for multiple field, but got `%s` instead",
                                value_php_type(given));
    case NOT_A_VALUE:
        return not_valid(edit, name);
    }
    json_object_set_new(taken, field->camel, value);
    if (strcmp(field->camel, "assignedById") == 0 && !user_exists(sb, value))
        return not_valid(edit, name);
    return true;
}

static bool take_all(struct item_edit *edit, const struct field_set *set, json_t *taken)
{
    const char *name;
    json_t *given;
    json_object_foreach (jv_loose(edit->fields), name, given)
        if (!take_member(edit, set, name, given, taken))
            return false;
    return true;
}

/* The first of a list is the main one, and the main one is in the list. */
static void link_main(json_t *taken, const char *list, const char *main)
{
    const json_t *all = json_object_get(taken, list), *one = json_object_get(taken, main);
    if (all != NULL) {
        json_t *head = json_array_get(all, 0);
        json_object_set_new(taken, main, head != NULL ? json_incref(head) : json_integer(0));
    } else if (one != NULL) {
        json_t *copy = json_array();
        if (json_integer_value(one) > 0)
            json_array_append(copy, jv_loose(one));
        json_object_set_new(taken, list, copy);
    }
}

static void link_clients(const struct item_edit *edit, json_t *taken)
{
    if (edit->entity.kind->bit == OF_CONTACT)
        link_main(taken, "companyIds", "companyId");
    else if (edit->entity.kind->bit != OF_COMPANY)
        link_main(taken, "contactIds", "contactId");
}

static int64_t category_of(const json_t *taken, const json_t *row)
{
    return jv_int(taken, "categoryId", jv_int(row, "categoryId", 0));
}

/* Into another funnel than before; a new one comes from nowhere. */
static bool changes_funnel(const struct item_edit *edit, const json_t *taken)
{
    return edit->row == NULL || category_of(taken, edit->row) != jv_int(edit->row, "categoryId", 0);
}

/* Settles categoryId in `taken`; the classic methods cannot change it (§8.2). */
static bool take_funnel(struct item_edit *edit, json_t *taken)
{
    struct sandbox *sb = edit->call->sb;
    const struct entity *entity = &edit->entity;
    if (edit->view == ITEM_CLASSIC && edit->row != NULL)
        json_object_del(taken, "categoryId");
    if (!entity->kind->funnels)
        return true;
    if (edit->row == NULL && json_object_get(taken, "categoryId") == NULL)
        json_object_set_new(taken, "categoryId", json_integer(category_default(sb, entity)));
    return !changes_funnel(edit, taken) ||
           category_exists(sb, entity, category_of(taken, edit->row)) ||
           not_valid(edit, edit->view == ITEM_CLASSIC ? "CATEGORY_ID" : "categoryId");
}

/* Settles stageId in `taken`; a stage is valid in its own funnel only (§8.4, §10 no. 25). */
static bool take_stage(struct item_edit *edit, json_t *taken)
{
    struct sandbox *sb = edit->call->sb;
    const struct entity *entity = &edit->entity;
    if (entity->kind->directory == NULL)
        return true;
    if (!take_funnel(edit, taken))
        return false;
    int64_t category = category_of(taken, edit->row);
    const char *stage = jv_text(taken, "stageId", NULL);
    if (stage == NULL && changes_funnel(edit, taken)) {
        stage = stage_first(sb, entity, category);
        json_object_set_new(taken, "stageId", json_string(stage != NULL ? stage : ""));
    }
    if (stage != NULL && stage_find(sb, entity, category, stage) == NULL)
        return not_valid(edit, edit->view == ITEM_CLASSIC ? "STAGE_ID" : "stageId");
    return true;
}

/* §8.2: on update mandatory fields are checked only when the stage changes inside its funnel. */
static bool check_required(struct item_edit *edit, const struct field_set *set, const json_t *taken)
{
    bool same_funnel = category_of(taken, edit->row) == jv_int(edit->row, "categoryId", 0);
    bool moves = json_object_get(taken, "stageId") != NULL &&
                 !jv_same(json_object_get(taken, "stageId"), jv_at(edit->row, "stageId"));
    if (edit->row != NULL && !(moves && same_funnel))
        return true;
    for (size_t i = 0; i < set->count; i++) {
        const struct field *field = &set->fields[i];
        const json_t *value = json_object_get(taken, field->camel);
        value = value != NULL ? value : json_object_get(edit->row, field->camel);
        if (field->required && jv_is_empty(value))
            return call_fail(edit->call, 400,
                             edit->view == ITEM_CLASSIC ? "" : "CRM_FIELD_ERROR_REQUIRED",
                             "The \"%s\" field is required", field->title);
    }
    return true;
}

static bool take(struct item_edit *edit, json_t *taken)
{
    const struct field_set *set = field_set_of(edit->call->sb, &edit->entity);
    if (!take_all(edit, set, taken))
        return false;
    link_clients(edit, taken);
    return take_stage(edit, taken) && check_required(edit, set, taken);
}

static void set_text(json_t *row, const char *member, const char *text)
{
    if (json_object_get(row, member) != NULL)
        json_object_set_new(row, member, json_string(text));
}

static void set_new(json_t *row, const char *member, json_t *value)
{
    if (json_object_get(row, member) != NULL)
        json_object_set(row, member, value);
    json_decref(value);
}

/* What follows from the stage. */
static void settle_stage(const struct item_edit *edit, json_t *row)
{
    struct sandbox *sb = edit->call->sb;
    const json_t *stage =
        stage_find(sb, &edit->entity, jv_int(row, "categoryId", 0), jv_text(row, "stageId", ""));
    if (stage == NULL)
        return;
    const char *semantic = stage_semantic(stage);
    bool final = semantic[0] != 'P';
    set_text(row, "stageSemanticId", semantic);
    set_text(row, "closed", final ? "Y" : "N");
    set_new(row, "dateClosed", final ? sandbox_now_new(sb) : json_null());
    set_new(row, "movedTime", sandbox_now_new(sb));
    set_new(row, "movedBy", json_integer(edit->call->user));
}

static void stamp(const struct item_edit *edit, json_t *row)
{
    struct sandbox *sb = edit->call->sb;
    set_new(row, "updatedTime", sandbox_now_new(sb));
    set_new(row, "updatedBy", json_integer(edit->call->user));
    multifield_aliases(row);
}

static void raise(struct sandbox *sb, const struct entity *entity, int64_t id, const char *what)
{
    char name[64];
    json_t *fields = json_pack("{sI}", "ID", (json_int_t)id);
    (void)snprintf(name, sizeof name, "ONCRM%s%s", entity->kind->event, what);
    if (entity->kind->dynamic)
        json_object_set_new(fields, "ENTITY_TYPE_ID", json_integer(entity->type));
    events_raise(sb, name, json_pack("{so}", "FIELDS", fields));
}

static json_t *blank_new(const struct item_edit *edit, const struct field_set *set, int64_t id)
{
    struct sandbox *sb = edit->call->sb;
    json_t *row = json_object();
    for (size_t i = 0; i < set->count; i++)
        json_object_set_new(row, set->fields[i].camel, value_empty_new(&set->fields[i]));
    char *title = mem_printf("%s #%" PRId64, edit->entity.kind->title, id);
    set_text(row, "title", title);
    mem_free(title);
    set_new(row, "id", json_integer(id));
    set_text(row, "opened", "Y");
    set_text(row, "currencyId", "RUB");
    set_new(row, "createdTime", sandbox_now_new(sb));
    set_new(row, "lastActivityTime", sandbox_now_new(sb));
    set_new(row, "createdBy", json_integer(edit->call->user));
    set_new(row, "lastActivityBy", json_integer(edit->call->user));
    set_new(row, "assignedById", json_integer(edit->call->user));
    json_object_set_new(row, "entityTypeId", json_integer(edit->entity.type));
    return row;
}

bool item_add(struct item_edit *edit, json_t **ret_row)
{
    struct sandbox *sb = edit->call->sb;
    JV_AUTO *taken = json_object();
    if (!take(edit, taken))
        return false;
    int64_t id = store_next(&sb->store, edit->entity.table);
    json_t *row = blank_new(edit, field_set_of(sb, &edit->entity), id);
    if (jv_is_empty(json_object_get(taken, "title")))
        json_object_del(taken, "title");
    json_object_update(row, taken);
    stamp(edit, row);
    settle_stage(edit, row);
    store_put(&sb->store, edit->entity.table, id, row);
    if (edit->entity.kind->directory != NULL)
        stage_remember(sb, &edit->entity, row, MOVE_CREATED);
    raise(sb, &edit->entity, id, "ADD");
    *ret_row = row;
    return true;
}

static void moved_to_category(const struct item_edit *edit)
{
    if (edit->entity.type != ENTITY_DEAL)
        return;
    json_t *fields = json_object();
    json_object_set(fields, "ID", json_object_get(edit->row, "id"));
    json_object_set(fields, "CATEGORY_ID", json_object_get(edit->row, "categoryId"));
    json_object_set(fields, "STAGE_ID", json_object_get(edit->row, "stageId"));
    events_raise(edit->call->sb, "ONCRMDEALMOVETOCATEGORY", json_pack("{so}", "FIELDS", fields));
}

/* After the record has its new stage; `before` is the old one. */
static void moved(const struct item_edit *edit, const char *before, int64_t category)
{
    struct sandbox *sb = edit->call->sb;
    const char *stage = jv_text(edit->row, "stageId", "");
    bool funnel = jv_int(edit->row, "categoryId", 0) != category;
    if (strcmp(stage, before) == 0 && !funnel)
        return;
    set_text(edit->row, "previousStageId", before);
    settle_stage(edit, edit->row);
    const json_t *now = stage_find(sb, &edit->entity, jv_int(edit->row, "categoryId", 0), stage);
    enum stage_move final = stage_semantic(now)[0] == 'P' ? MOVE_ON : MOVE_FINAL;
    stage_remember(sb, &edit->entity, edit->row, funnel ? MOVE_FUNNEL : final);
    if (funnel)
        moved_to_category(edit);
}

static bool differs(const json_t *taken, const json_t *row)
{
    const char *name;
    json_t *value;
    json_object_foreach (jv_loose(taken), name, value)
        if (!jv_same(value, json_object_get(row, name)))
            return true;
    return false;
}

bool item_alter(struct item_edit *edit)
{
    JV_AUTO *taken = json_object();
    if (!take(edit, taken))
        return false;
    if (!differs(taken, edit->row))
        return true;
    char *before = mem_strdup(jv_text(edit->row, "stageId", ""));
    int64_t category = jv_int(edit->row, "categoryId", 0);
    json_object_update(edit->row, taken);
    stamp(edit, edit->row);
    moved(edit, before, category);
    raise(edit->call->sb, &edit->entity, jv_int(edit->row, "id", 0), "UPDATE");
    mem_free(before);
    return true;
}

void item_delete(struct sandbox *sb, const struct entity *entity, int64_t id)
{
    if (store_drop(&sb->store, entity->table, id))
        raise(sb, entity, id, "DELETE");
}

void item_touch(struct sandbox *sb, const struct entity *entity, int64_t id, int64_t user)
{
    json_t *row = entity->kind == NULL ? NULL : store_get(&sb->store, entity->table, id);
    if (row == NULL)
        return;
    set_new(row, "lastActivityTime", sandbox_now_new(sb));
    set_new(row, "lastActivityBy", json_integer(user));
}
