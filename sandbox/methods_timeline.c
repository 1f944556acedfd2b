#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/item.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.5; A/crm/timeline/comments. The outer key of add must be lower-case `fields`. */

static void raise(struct call *call, const char *name, int64_t id)
{
    /* §1.5: data.ID here, without FIELDS. */
    events_raise(call->sb, name, json_pack("{sI}", "ID", (json_int_t)id));
}

static json_t *comment_new(struct call *call, const json_t *fields, const struct entity *entity,
                           int64_t owner, int64_t *ret_id)
{
    char *text = jv_print_new(json_object_get(fields, "COMMENT"));
    int64_t author = jv_int(fields, "AUTHOR_ID", call->user);
    *ret_id = store_next(&call->sb->store, "comment");
    json_t *row = json_pack("{so so ss so ss so s{}}", "ID", methods_text_new(*ret_id), "ENTITY_ID",
                            methods_text_new(owner), "ENTITY_TYPE", entity->table, "CREATED",
                            sandbox_now_new(call->sb), "COMMENT", text, "AUTHOR_ID",
                            methods_text_new(author), "FILES");
    mem_free(text);
    return row;
}

void crm_timeline_comment_add(struct call *call)
{
    const json_t *fields = call_param(call, "fields");
    int64_t owner = jv_int(fields, "ENTITY_ID", 0), id;
    struct entity entity = entity_of_name(call->sb, jv_text(fields, "ENTITY_TYPE", ""));
    if (!json_is_object(fields)) {
        call_fail_number(call, 400, 100, "Could not find value for parameter {fields}");
        return;
    }
    if (entity.kind == NULL || store_get(&call->sb->store, entity.table, owner) == NULL) {
        call_fail(call, 400, "OWNER_NOT_FOUND", "Owner was not found");
        return;
    }
    if (jv_is_empty(json_object_get(fields, "COMMENT"))) {
        call_fail(call, 400, "INVALID_ARG_VALUE", "Empty comment message");
        return;
    }
    json_t *row = comment_new(call, fields, &entity, owner, &id);
    store_put(&call->sb->store, "comment", id, row);
    item_touch(call->sb, &entity, owner, call->user);
    raise(call, "ONCRMTIMELINECOMMENTADD", id);
    call_answer(call, json_integer(id));
}

static json_t *read_row(struct call *call)
{
    json_t *row = store_get(&call->sb->store, "comment", call_id(call, "id"));
    if (row == NULL)
        call_fail(call, 400, "NOT_FOUND", "Not found.");
    return row;
}

void crm_timeline_comment_get(struct call *call)
{
    json_t *row = read_row(call);
    if (row != NULL)
        call_answer(call, json_incref(row));
}

/* Both members of the filter are mandatory. */
void crm_timeline_comment_list(struct call *call)
{
    const json_t *filter = call_object(call, "filter");
    struct list_query query = {0};
    if (jv_is_empty(jv_at(filter, "ENTITY_ID")) || jv_is_empty(jv_at(filter, "ENTITY_TYPE"))) {
        call_fail_number(call, 400, 100, "Required fields are not provided");
        return;
    }
    json_t *rows = call_list(call, store_rows(&call->sb->store, "comment"), &query);
    if (rows != NULL)
        call_answer(call, rows);
}

void crm_timeline_comment_update(struct call *call)
{
    static const char *const names[] = {"COMMENT", NULL};
    json_t *row = read_row(call);
    if (row == NULL)
        return;
    methods_update_row(row, call_object(call, "fields"), names);
    raise(call, "ONCRMTIMELINECOMMENTUPDATE", call_id(call, "id"));
    call_answer(call, json_true());
}

void crm_timeline_comment_delete(struct call *call)
{
    int64_t id = call_id(call, "id");
    if (read_row(call) == NULL)
        return;
    store_drop(&call->sb->store, "comment", id);
    raise(call, "ONCRMTIMELINECOMMENTDELETE", id);
    call_answer(call, json_true());
}
