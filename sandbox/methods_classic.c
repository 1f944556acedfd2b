#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.3: crm.lead|deal|contact|company|quote.*, everything a string, errors without a
 * code. Parameters in either case (their pages use both). */

/* "crm.deal.update" → deal */
static struct entity entity_of_call(const struct call *call)
{
    char name[32];
    const char *from = call->method->name + strlen("crm.");
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(from, "."), from);
    return entity_of_name(call->sb, name);
}

static json_t *read_row(struct call *call, const struct entity *entity)
{
    int64_t id = call_id(call, "id");
    if (id <= 0) {
        call_fail_classic(call, "ID is not defined or invalid.");
        return NULL;
    }
    json_t *row = store_get(&call->sb->store, entity->table, id);
    if (row == NULL)
        call_fail_classic(call, "Not found");
    return row;
}

static bool read_fields(struct call *call, const json_t **ret)
{
    *ret = call_param_any(call, "fields");
    bool empty = json_is_array(*ret) && json_array_size(*ret) == 0;
    return json_is_object(*ret) || empty ||
           call_fail_classic(call, "Parameter 'fields' must be array.");
}

void crm_classic_add(struct call *call)
{
    struct item_edit edit = {.call = call, .view = ITEM_CLASSIC, .entity = entity_of_call(call)};
    json_t *row;
    if (read_fields(call, &edit.fields) && item_add(&edit, &row))
        call_answer(call, json_incref(json_object_get(row, "id")));
}

void crm_classic_get(struct call *call)
{
    struct entity entity = entity_of_call(call);
    const json_t *row = read_row(call, &entity);
    if (row != NULL)
        call_answer(call, item_view_new(field_set_of(call->sb, &entity), row, ITEM_CLASSIC, NULL));
}

void crm_classic_update(struct call *call)
{
    struct item_edit edit = {.call = call, .view = ITEM_CLASSIC, .entity = entity_of_call(call)};
    edit.row = read_row(call, &edit.entity);
    if (edit.row != NULL && read_fields(call, &edit.fields) && item_alter(&edit))
        call_answer(call, json_true());
}

void crm_classic_delete(struct call *call)
{
    struct entity entity = entity_of_call(call);
    const json_t *row = read_row(call, &entity);
    if (row == NULL)
        return;
    item_delete(call->sb, &entity, jv_int(row, "id", 0));
    call_answer(call, json_true());
}

/* An unknown name is ignored here (§3.5). */
static const char *member(const void *arg, const char *name)
{
    const struct field *field = field_by_classic(arg, name);
    return field == NULL ? NULL : field->camel;
}

void crm_classic_list(struct call *call)
{
    struct entity entity = entity_of_call(call);
    const struct field_set *set = field_set_of(call->sb, &entity);
    struct list_query query = {.member = member, .arg = set};
    JV_AUTO *rows = call_list(call, store_rows(&call->sb->store, entity.table), &query);
    if (rows == NULL)
        return;
    /* §3.6: without select the plain fields only. */
    JV_AUTO *usual = json_pack("[s]", "*");
    const json_t *select = call_param_any(call, "select");
    json_t *out = json_array(), *row;
    size_t i;
    json_array_foreach (rows, i, row)
        json_array_append_new(
            out, item_view_new(set, row, ITEM_CLASSIC, jv_is_empty(select) ? usual : select));
    call_answer(call, out);
}

void crm_classic_fields(struct call *call)
{
    struct entity entity = entity_of_call(call);
    const struct field_set *set = field_set_of(call->sb, &entity);
    json_t *out = json_object();
    for (size_t i = 0; i < set->count; i++) {
        const struct field *field = &set->fields[i];
        if (field->classic == NULL)
            continue;
        json_t *one = json_pack("{ss sb sb sb sb sb ss}", "type", field->type, "isRequired",
                                field->required, "isReadOnly", field->read_only, "isImmutable", 0,
                                "isMultiple", field->multiple, "isDynamic", field->custom, "title",
                                field->custom ? field->classic : field->title);
        if (field->custom)
            json_object_set_new(one, "formLabel", json_string(field->title));
        if (field->items != NULL)
            json_object_set(one, "items", field->items);
        json_object_set_new(out, field->classic, one);
    }
    call_answer(call, out);
}

void crm_classic_userfields(struct call *call)
{
    struct entity entity = entity_of_call(call);
    struct list_query query = {0};
    JV_AUTO *mine = json_object();
    const char *number;
    json_t *row;
    json_object_foreach (store_rows(&call->sb->store, "userfield"), number, row)
        if (strcmp(jv_text(row, "ENTITY_ID", ""), entity.kind->uf_entity) == 0)
            json_object_set(mine, number, row);
    json_t *page = call_list(call, mine, &query);
    if (page != NULL)
        call_answer(call, page);
}

/* Items of crm.deal.contact.items.*: the order says who is the main one. */
void crm_contacts_get(struct call *call)
{
    struct entity entity = entity_of_call(call);
    const json_t *row = read_row(call, &entity), *id;
    json_t *out = json_array();
    size_t i;
    json_array_foreach (json_object_get(row, "contactIds"), i, id)
        json_array_append_new(out, json_pack("{sO si si ss}", "CONTACT_ID", id, "SORT",
                                             (int)(10 * (i + 1)), "ROLE_ID", 0, "IS_PRIMARY",
                                             i == 0 ? "Y" : "N"));
    call_answer(call, out);
}

void crm_contacts_set(struct call *call)
{
    struct item_edit edit = {.call = call, .view = ITEM_CAMEL, .entity = entity_of_call(call)};
    edit.row = read_row(call, &edit.entity);
    const json_t *items = call_param_any(call, "items"), *item;
    size_t i;
    if (edit.row == NULL)
        return;
    if (!json_is_array(items)) {
        call_fail_classic(call, "The parameter 'items' must be array.");
        return;
    }
    JV_AUTO *ids = json_array();
    json_array_foreach (items, i, item) {
        json_t *id = json_integer(jv_int(item, "CONTACT_ID", 0));
        if (jv_flag(item, "IS_PRIMARY"))
            json_array_insert_new(ids, 0, id);
        else
            json_array_append_new(ids, id);
    }
    JV_AUTO *fields = json_pack("{sO}", "contactIds", ids);
    edit.fields = fields;
    if (item_alter(&edit))
        call_answer(call, json_true());
}
