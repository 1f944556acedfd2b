#include "daemon/portal/fetch_parts.h"

#include <string.h>

#include "common/jv.h"
#include "daemon/model/entity.h"

/* One directory when the kind has one, else all of them: it takes fewer pages than funnels. */
static json_t *status_params_new(const struct entity_kind *kind, int64_t start)
{
    json_t *params = json_pack("{s:{s:s}}", "order", "ID", "ASC");
    if (!kind->has_funnels)
        json_object_set_new(params, "filter", json_pack("{s:s}", "ENTITY_ID", kind->directory));
    if (start > 0)
        json_object_set_new(params, "start", json_integer(start));
    return params;
}

size_t fetch_stages_calls(const char *argument, struct command ret[FETCH_MOST])
{
    int type;
    const char *rest;
    if (!fetch_read_type(argument, &type, &rest) || !entity_kind_of(type)->has_stages)
        return 0;
    const struct entity_kind *kind = entity_kind_of(type);
    size_t count = fetch_call(ret, 0, "crm.status.list", status_params_new(kind, 0));
    if (!kind->has_funnels)
        return count;
    return fetch_call(ret, count, "crm.category.list", json_pack("{s:i}", "entityTypeId", type));
}

/* SEMANTICS is empty, S or F; EXTRA.SEMANTICS a word (§8.4). */
static const char *semantic_of(const json_t *status)
{
    static const char *const words[][2] = {
        {"S", "S"}, {"F", "F"}, {"success", "S"}, {"failure", "F"}, {"apology", "F"}};
    const char *said = jv_text(status, "SEMANTICS", "");
    if (said[0] == '\0')
        said = jv_text(status, "EXTRA.SEMANTICS", "");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], said) == 0)
            return words[i][1];
    return "P";
}

static void add_stage(json_t *stages, const json_t *status, json_t *category)
{
    size_t at = 0;
    int64_t sort = jv_int(status, "SORT", 0);
    while (at < json_array_size(stages) && jv_int(json_array_get(stages, at), "sort", 0) <= sort)
        at++;
    json_array_insert_new(stages, at,
                          json_pack("{s:s, s:s, s:o, s:s, s:I}", "id",
                                    jv_text(status, "STATUS_ID", ""), "name",
                                    jv_text(status, "NAME", ""), "category", category, "semantic",
                                    semantic_of(status), "sort", (json_int_t)sort));
}

/* Stages of one directory, in their order. */
static void add_directory(json_t *all, const struct fetch *fetch, const char *directory,
                          const json_t *category)
{
    json_t *stages = json_array(), *stage;
    size_t i;
    const json_t *status;
    for (size_t k = 0; k < fetch->count; k++) {
        json_array_foreach (fetch->answers[k].result, i, status) {
            if (strcmp(jv_text(status, "ENTITY_ID", ""), directory) == 0)
                add_stage(stages, status, json_deep_copy(category));
        }
    }
    json_array_foreach (stages, i, stage) {
        json_object_del(stage, "sort");
    }
    json_array_extend(all, stages);
    json_decref(stages);
}

static json_t *stages_new(const struct fetch *fetch, int type, const json_t *categories)
{
    const struct entity_kind *kind = entity_kind_of(type);
    json_t *funnels = json_array();
    json_t *stages = json_array();
    char directory[64];
    size_t i;
    const json_t *category;
    if (!kind->has_funnels)
        add_directory(stages, fetch, kind->directory, json_null());
    json_array_foreach (categories, i, category) {
        JV_AUTO *id = json_integer(jv_int(category, "id", 0));
        json_array_append_new(
            funnels, json_pack("{s:O, s:s}", "id", id, "name", jv_text(category, "name", "")));
        if (entity_print_directory(type, json_integer_value(id), directory))
            add_directory(stages, fetch, directory, id);
    }
    return json_pack("{s:o, s:o}", "funnels", funnels, "stages", stages);
}

/* Answers: statuses, categories if the kind has funnels, then more pages of statuses. */
enum fetched fetch_stages_value(const struct fetch *fetch, json_t **ret_value,
                                struct command *ret_more, struct err *err)
{
    int type = ENTITY_NONE;
    const char *rest;
    if (!fetch_read_type(fetch->argument, &type, &rest) || fetch->count == 0)
        return FETCH_FAILED;
    const struct entity_kind *kind = entity_kind_of(type);
    size_t first = kind->has_funnels ? 2 : 1;
    for (size_t i = 0; i < fetch->count; i++)
        if (fetch->answers[i].verdict != VERDICT_DONE)
            return fetch_fail(&fetch->answers[i], err);
    const struct answer *page = &fetch->answers[fetch->count > first ? fetch->count - 1 : 0];
    int64_t next = jv_int(page->next, "", 0);
    if (next > 0 && fetch->count < FETCH_ANSWERS_MOST) {
        *ret_more = fetch_more_of("crm.status.list", status_params_new(kind, next));
        return FETCH_MORE;
    }
    const json_t *categories =
        kind->has_funnels ? json_object_get(fetch->answers[1].result, "categories") : NULL;
    *ret_value = stages_new(fetch, type, categories);
    return FETCHED;
}
