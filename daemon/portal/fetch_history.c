#include "daemon/portal/fetch_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/zone.h"
#include "daemon/model/entity.h"

/* Pages by >ID: offsets move when rows come in between (§10 no. 20). */
static json_t *history_params_new(const char *argument, int64_t after)
{
    int type;
    const char *id, *colon;
    char owner[ENTITY_ID_SIZE];
    if (!fetch_read_type(argument, &type, &id))
        return NULL;
    colon = id + strcspn(id, ":");
    if (*colon == '\0' || (size_t)(colon - id) >= sizeof owner)
        return NULL;
    memcpy(owner, id, (size_t)(colon - id));
    owner[colon - id] = '\0';
    if (after < 0)
        after = strtoll(colon + 1, NULL, 10);
    return json_pack("{s:i, s:{s:o, s:I}, s:{s:s}}", "entityTypeId", type, "filter", "OWNER_ID",
                     fetch_id_new(owner), ">ID", (json_int_t)after, "order", "ID", "ASC");
}

size_t fetch_history_calls(const char *argument, struct command ret[FETCH_MOST])
{
    json_t *params = history_params_new(argument, -1);
    return params != NULL ? fetch_call(ret, 0, "crm.stagehistory.list", params) : 0;
}

static const json_t *last_result(const struct fetch *fetch)
{
    return fetch->answers[fetch->count - 1].result;
}

static json_t *passage_new(const json_t *item, const struct zone *utc)
{
    /* Leads have names of their own (§8.4). */
    const char *stage = jv_text(item, "STAGE_ID", jv_text(item, "STATUS_ID", ""));
    const char *semantic =
        jv_text(item, "STAGE_SEMANTIC_ID", jv_text(item, "STATUS_SEMANTIC_ID", ""));
    int64_t time_ms = 0;
    if (!zone_parse_iso(utc, jv_text(item, "CREATED_TIME", ""), &time_ms))
        time_ms = 0;
    return json_pack("{s:I, s:I, s:s, s:I, s:s, s:I}", "id", (json_int_t)jv_int(item, "ID", 0),
                     "time_ms", (json_int_t)time_ms, "stage", stage, "category",
                     (json_int_t)jv_int(item, "CATEGORY_ID", -1), "semantic", semantic, "kind",
                     (json_int_t)jv_int(item, "TYPE_ID", 0));
}

static const json_t *history_items(const json_t *result)
{
    return json_is_array(result) ? result : json_object_get(result, "items");
}

/* A kind that the method does not know has no history; rights are another matter. */
static bool says_no_history(const struct answer *answer)
{
    return fetch_says_absent(answer) ||
           (answer->verdict == VERDICT_REFUSED &&
            strcasecmp(answer->error, "ENTITY_TYPE_NOT_SUPPORTED") == 0);
}

static json_t *history_new(const struct fetch *fetch)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err); /* always known */
    json_t *history = json_array();
    size_t i;
    const json_t *item;
    for (size_t k = 0; k < fetch->count; k++) {
        json_array_foreach (history_items(fetch->answers[k].result), i, item) {
            json_array_append_new(history, passage_new(item, utc));
        }
    }
    zone_free(utc);
    return history;
}

enum fetched fetch_history_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    const struct answer *answer = &fetch->answers[fetch->count - 1];
    if (answer->verdict != VERDICT_DONE && !says_no_history(answer))
        return fetch_fail(answer, err);
    const json_t *items = history_items(last_result(fetch));
    size_t size = json_array_size(items);
    int64_t last = size > 0 ? jv_int(json_array_get(items, size - 1), "ID", 0) : 0;
    if (size >= FETCH_PAGE && last > 0 && fetch->count < FETCH_ANSWERS_MOST) {
        *ret_more =
            fetch_more_of("crm.stagehistory.list", history_params_new(fetch->argument, last));
        return FETCH_MORE;
    }
    *ret_value = history_new(fetch);
    return FETCHED;
}
