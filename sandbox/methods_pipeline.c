#include "common/jv.h"
#include "sandbox/methods.h"
#include "sandbox/stage.h"
#include "sandbox/state.h"

/* bitrix24.md §8.1 and §8.4. */

static bool read_entity(struct call *call, struct entity *ret)
{
    *ret = entity_of_type(call->sb, jv_int(call_param(call, "entityTypeId"), "", 0));
    return ret->kind != NULL || call_fail(call, 400, "NOT_FOUND", "Smart process not found");
}

void crm_category_list(struct call *call)
{
    struct entity entity;
    if (!read_entity(call, &entity))
        return;
    if (!entity.kind->funnels) { /* "not leads" */
        call_fail(call, 400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported");
        return;
    }
    JV_AUTO *filter = json_pack("{sI}", "entityTypeId", (json_int_t)entity.type);
    JV_AUTO *order = json_pack("{ss}", "sort", "ASC");
    struct list_query query = {.filter = filter, .order = order};
    json_t *rows = call_list(call, store_rows(&call->sb->store, "category"), &query);
    if (rows != NULL)
        call_answer(call, json_pack("{so}", "categories", rows));
}

void crm_status_list(struct call *call)
{
    call_list_rows(call, "status");
}

void crm_stagehistory_list(struct call *call)
{
    struct entity entity;
    char table[48];
    struct list_query query = {0};
    if (!read_entity(call, &entity))
        return;
    stage_history_table(&entity, table);
    json_t *rows = call_list(call, store_rows(&call->sb->store, table), &query);
    if (rows != NULL)
        call_answer(call, json_pack("{so}", "items", rows));
}

void crm_type_list(struct call *call)
{
    struct list_query query = {0};
    json_t *rows = call_list(call, store_rows(&call->sb->store, "type"), &query);
    if (rows != NULL)
        call_answer(call, json_pack("{so}", "types", rows));
}

void crm_enum_ownertype(struct call *call)
{
    json_t *out = json_array(), *type;
    const char *number;
    const struct entity_kind *kind;
    for (size_t i = 0; (kind = entity_kind_at(i)) != NULL; i++)
        json_array_append_new(out, json_pack("{sI ss ss ss}", "ID", (json_int_t)kind->type, "NAME",
                                             kind->title, "SYMBOL_CODE", kind->symbol,
                                             "SYMBOL_CODE_SHORT", kind->code));
    json_object_foreach (store_rows(&call->sb->store, "type"), number, type) {
        json_int_t id = jv_int(type, "entityTypeId", 0);
        json_array_append_new(
            out, json_pack("{sI ss so so}", "ID", id, "NAME", jv_text(type, "title", ""),
                           "SYMBOL_CODE", json_sprintf("DYNAMIC_%lld", (long long)id),
                           "SYMBOL_CODE_SHORT", json_sprintf("T%llx", (long long)id)));
    }
    call_answer(call, out);
}
