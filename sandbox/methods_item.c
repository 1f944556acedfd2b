#include <string.h>

#include "common/jv.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.2; the pages are A/crm/universal/crm-item-*.md. Parameters have exact names. */

static bool need(struct call *call, const char *name)
{
    return call_param(call, name) != NULL ||
           call_fail_number(call, 400, 100, "Could not find value for parameter {%s}", name);
}

static bool read_entity(struct call *call, struct entity *ret)
{
    enum { OLD_INVOICE = 5 };
    if (!need(call, "entityTypeId"))
        return false;
    int64_t type = jv_int(call_param(call, "entityTypeId"), "", 0);
    if (type == OLD_INVOICE) /* §8.1 */
        return call_fail(call, 400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported");
    *ret = entity_of_type(call->sb, type);
    return ret->kind != NULL || call_fail(call, 400, "NOT_FOUND", "Smart process not found");
}

static json_t *read_row(struct call *call, const struct entity *entity)
{
    if (!need(call, "id"))
        return NULL;
    int64_t id = jv_int(call_param(call, "id"), "", 0);
    json_t *row = store_get(&call->sb->store, entity->table, id);
    if (row == NULL)
        call_fail(call, 400, "NOT_FOUND", "Element not found");
    return row;
}

static enum item_view view_of(const struct call *call)
{
    return jv_flag(call_param(call, "useOriginalUfNames"), "") ? ITEM_ORIGINAL_UF : ITEM_CAMEL;
}

static void answer_item(struct call *call, const struct entity *entity, const json_t *row)
{
    const struct field_set *set = field_set_of(call->sb, entity);
    call_answer(call, json_pack("{so}", "item", item_view_new(set, row, view_of(call), NULL)));
}

void crm_item_add(struct call *call)
{
    struct item_edit edit = {.call = call, .view = view_of(call)};
    json_t *row;
    if (!read_entity(call, &edit.entity) || !need(call, "fields"))
        return;
    edit.fields = call_param(call, "fields");
    if (item_add(&edit, &row))
        answer_item(call, &edit.entity, row);
}

void crm_item_get(struct call *call)
{
    struct entity entity;
    const json_t *row = read_entity(call, &entity) ? read_row(call, &entity) : NULL;
    if (row != NULL)
        answer_item(call, &entity, row);
}

void crm_item_update(struct call *call)
{
    struct item_edit edit = {.call = call, .view = view_of(call)};
    if (!read_entity(call, &edit.entity))
        return;
    edit.row = read_row(call, &edit.entity);
    if (edit.row == NULL || !need(call, "fields"))
        return;
    edit.fields = call_param(call, "fields");
    if (item_alter(&edit))
        answer_item(call, &edit.entity, edit.row);
}

void crm_item_delete(struct call *call)
{
    struct entity entity;
    const json_t *row = read_entity(call, &entity) ? read_row(call, &entity) : NULL;
    if (row == NULL)
        return;
    item_delete(call->sb, &entity, jv_int(row, "id", 0));
    call_answer(call, json_array());
}

struct naming {
    const struct field_set *set;
    enum item_view view;
};

static const char *member(const void *arg, const char *name)
{
    const struct naming *naming = arg;
    const struct field *field = item_field(naming->set, name, naming->view);
    return field == NULL || field->kind == VALUE_PHONES ? NULL : field->camel;
}

void crm_item_list(struct call *call)
{
    struct entity entity;
    if (!read_entity(call, &entity))
        return;
    struct naming naming = {field_set_of(call->sb, &entity), view_of(call)};
    struct list_query query = {.strict = true, .member = member, .arg = &naming};
    JV_AUTO *rows = call_list(call, store_rows(&call->sb->store, entity.table), &query);
    if (rows == NULL)
        return;
    const json_t *select = call_param(call, "select");
    json_t *items = json_array(), *row;
    size_t i;
    json_array_foreach (rows, i, row) {
        json_t *item = item_view_new(naming.set, row, naming.view, select);
        if (jv_is_empty(select)) /* §3.6: fm comes with select ["*"] only */
            json_object_del(item, "fm");
        json_array_append_new(items, item);
    }
    call_answer(call, json_pack("{so}", "items", items));
}

static json_t *description_new(const struct field *field)
{
    json_t *out =
        json_pack("{ss sb sb sb sb sb ss ss}", "type", field->type, "isRequired", field->required,
                  "isReadOnly", field->read_only, "isImmutable", 0, "isMultiple", field->multiple,
                  "isDynamic", field->custom, "title", field->title, "upperName", field->upper);
    /* The directory of a crm_status field (A/crm/universal/crm-item-fields: statusType). */
    if (strcmp(field->camel, "sourceId") == 0)
        json_object_set_new(out, "statusType", json_string("SOURCE"));
    if (field->items != NULL)
        json_object_set(out, "items", field->items);
    return out;
}

void crm_item_fields(struct call *call)
{
    struct entity entity;
    if (!read_entity(call, &entity))
        return;
    const struct field_set *set = field_set_of(call->sb, &entity);
    bool original = view_of(call) == ITEM_ORIGINAL_UF;
    json_t *fields = json_object();
    for (size_t i = 0; i < set->count; i++)
        json_object_set_new(fields, field_name(&set->fields[i], original),
                            description_new(&set->fields[i]));
    call_answer(call, json_pack("{so}", "fields", fields));
}
