#include "sandbox/stage.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "sandbox/state.h"

const json_t *stage_find(struct sandbox *sb, const struct entity *entity, int64_t category,
                         const char *stage)
{
    char directory[64];
    const char *number;
    json_t *row;
    entity_directory(entity, category, directory);
    json_object_foreach (store_rows(&sb->store, "status"), number, row)
        if (strcmp(jv_text(row, "ENTITY_ID", ""), directory) == 0 &&
            strcmp(jv_text(row, "STATUS_ID", ""), stage) == 0)
            return row;
    return NULL;
}

const char *stage_first(struct sandbox *sb, const struct entity *entity, int64_t category)
{
    char directory[64];
    const char *number, *first = NULL;
    int64_t lowest = INT64_MAX;
    json_t *row;
    entity_directory(entity, category, directory);
    json_object_foreach (store_rows(&sb->store, "status"), number, row)
        if (strcmp(jv_text(row, "ENTITY_ID", ""), directory) == 0 &&
            jv_int(row, "SORT", 0) < lowest) {
            lowest = jv_int(row, "SORT", 0);
            first = jv_text(row, "STATUS_ID", NULL);
        }
    return first;
}

/* SEMANTICS is null while the work goes on, S when it succeeded, F when not. */
const char *stage_semantic(const json_t *stage)
{
    return jv_text(stage, "SEMANTICS", "P");
}

static const json_t *category_find(struct sandbox *sb, const struct entity *entity,
                                   int64_t category)
{
    const char *number;
    json_t *row;
    json_object_foreach (store_rows(&sb->store, "category"), number, row) {
        bool wanted = category < 0 ? jv_flag(row, "isDefault") : jv_int(row, "id", -1) == category;
        if (jv_int(row, "entityTypeId", 0) == entity->type && wanted)
            return row;
    }
    return NULL;
}

bool category_exists(struct sandbox *sb, const struct entity *entity, int64_t category)
{
    return category >= 0 && category_find(sb, entity, category) != NULL;
}

int64_t category_default(struct sandbox *sb, const struct entity *entity)
{
    return jv_int(category_find(sb, entity, -1), "id", 0);
}

void stage_history_table(const struct entity *entity, char out[48])
{
    (void)snprintf(out, 48, "history:%s", entity->table);
}

void stage_remember(struct sandbox *sb, const struct entity *entity, const json_t *row,
                    enum stage_move move)
{
    char table[48];
    const char *stage = jv_text(row, "stageId", "");
    int64_t category = jv_int(row, "categoryId", 0);
    stage_history_table(entity, table);
    int64_t id = store_next(&sb->store, table);
    const char *semantic = stage_semantic(stage_find(sb, entity, category, stage));
    json_t *record =
        json_pack("{sI si sI so}", "ID", (json_int_t)id, "TYPE_ID", (int)move, "OWNER_ID",
                  (json_int_t)jv_int(row, "id", 0), "CREATED_TIME", sandbox_now_new(sb));
    if (entity->type == ENTITY_LEAD) { /* §8.4: leads have statuses and no funnels */
        json_object_set_new(record, "STATUS_SEMANTIC_ID", json_string(semantic));
        json_object_set_new(record, "STATUS_ID", json_string(stage));
    } else {
        json_object_set_new(record, "CATEGORY_ID", json_integer(category));
        json_object_set_new(record, "STAGE_SEMANTIC_ID", json_string(semantic));
        json_object_set_new(record, "STAGE_ID", json_string(stage));
    }
    store_put(&sb->store, table, id, record);
}
