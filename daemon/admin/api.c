/* What `status` and `why` ask for. */

#include <string.h>

#include "common/jv.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/query.h"
#include "daemon/admin/show.h"

enum { STORY_USUAL = 500, STORY_MOST = 10000, ERRORS_MOST = 20 };

/* How many runs of the portal are in which state. New. */
static json_t *runs_of(struct admin *a, int64_t portal)
{
    JV_AUTO *queue = NULL;
    struct err err = {0};
    if (!store_tell_queue(a->reader, portal, &queue, &err))
        return json_object(); /* the database's trouble has a check of its own */
    return json_incref(json_object_get(queue, "runs"));
}

static json_t *portal_rows(struct admin *a)
{
    json_t *rows = json_array();
    for (int i = 0; i < a->options.config->portal_count; i++) {
        struct portal_health h;
        if (!portal_client_health(a->options.client, a->options.portal_ids[i], &h))
            continue;
        json_array_append_new(
            rows,
            json_pack("{s:s, s:b, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I, "
                      "s:s, s:o}",
                      "name", a->options.config->portals[i].name, "ok", h.ok, "why",
                      jv_string_new(h.why), "circuit", portal_circuit_word(h.circuit),
                      "last_good_ms", (json_int_t)h.last_good_ms, "probe_ms",
                      (json_int_t)h.probe_ms, "waiting_since_ms", (json_int_t)h.waiting_since_ms,
                      "waiting", (json_int_t)h.waiting, "in_flight", (json_int_t)h.in_flight,
                      "bucket_level", h.bucket_level, "bucket_size", h.bucket_size, "requests",
                      (json_int_t)h.requests, "commands", (json_int_t)h.commands, "limited",
                      (json_int_t)h.limited, "unsure", (json_int_t)h.unsure, "moved_to", h.moved_to,
                      "runs", runs_of(a, a->options.portal_ids[i])));
    }
    return rows;
}

json_t *api_status(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    json_t *queue = NULL;
    json_t *errors = NULL;
    (void)query;
    *ret_status = 503;
    if (!store_tell_queue(a->reader, 0, &queue, err) ||
        !store_tell_errors(a->reader, ERRORS_MOST, &errors, err)) {
        json_decref(queue);
        return NULL;
    }
    *ret_status = 200;
    json_t *status = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "version", B24BRIDGE_VERSION,
                               "health", health_tell(a), "queue", queue, "portals", portal_rows(a),
                               "held", engine_held(a->options.engine), "errors", errors);
    json_object_set_new(status, "paused", holds_tell(a));
    json_object_set_new(status, "names", engine_names(a->options.engine));
    show_times(a->options.config, status);
    return status;
}

/* ---- the story ------------------------------------------------------------------------------- */

static bool read_wish(struct admin *a, const json_t *query, struct entity *entity,
                      struct story_wish *ret, struct err *err)
{
    *ret = (struct story_wish){0};
    if (!query_portal(a, query, &ret->portal, err) || !query_id(query, "run", &ret->run, err) ||
        !query_id(query, "event", &ret->event, err) || !query_id(query, "limit", &ret->most, err))
        return false;
    if (ret->most == 0)
        ret->most = STORY_USUAL;
    if (ret->most > STORY_MOST)
        ret->most = STORY_MOST;
    if (ret->run != 0 && ret->event != 0)
        return err_set(err, "one of run and event");
    if (ret->run != 0 || ret->event != 0)
        return true;
    ret->entity = entity;
    return query_entity(a, query, entity, err);
}

/* "deal 123", as it is asked for; "" of what has none. */
static void name_story(json_t *story)
{
    const json_t *entity = json_object_get(story, "entity");
    const char *type = jv_text(entity, "type", ""), *id = jv_text(entity, "id", "");
    bool none = strcmp(type, "none") == 0;
    json_t *name = none && strcmp(id, TRACE_OPERATOR) != 0
                       ? json_string("")
                       : json_sprintf("%s%s%s", none ? "" : type, none ? "" : " ", id);
    json_object_set_new(story, "entity", name);
}

/* Why nothing is known: events that concern no rule are kept, but nobody looks at them. */
static void note_unwatched(const struct admin *a, const struct entity *entity, json_t *story)
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    if (kind != NULL && json_array_size(json_object_get(story, "rows")) == 0 &&
        ruleset_watched(a->options.config->rules, entity->type) == NULL)
        json_object_set_new(
            story, "note",
            json_sprintf("no rule speaks of a %s, so its events are kept and passed over",
                         kind->word));
}

/* Whole portals: paused rules stand with their runs. */
static json_t *portals_paused_new(const json_t *holds)
{
    json_t *list = json_array();
    size_t i;
    json_t *hold;
    json_array_foreach (jv_loose(holds), i, hold)
        if (jv_text(hold, "rule", "")[0] == '\0')
            json_array_append(list, hold);
    return list;
}

json_t *api_story(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    struct entity entity = {0};
    struct story_wish wish;
    json_t *story = NULL;
    *ret_status = 400;
    if (!read_wish(a, query, &entity, &wish, err))
        return NULL;
    *ret_status = 503;
    if (!store_tell_story(a->reader, &wish, &story, err))
        return NULL;
    *ret_status = jv_flag(story, "found") ? 200 : 404;
    if (*ret_status == 404) {
        (void)err_set(err, "there is no %s %lld (what has ended is kept for %lld days)",
                      wish.run != 0 ? "run" : "event",
                      (long long)(wish.run != 0 ? wish.run : wish.event),
                      (long long)(a->options.config->keep_ms / 86400000));
        json_decref(story);
        return NULL;
    }
    (void)json_object_del(story, "found");
    JV_AUTO *holds = holds_tell(a);
    holds_show(holds, story);
    name_story(story);
    json_object_set_new(story, "paused", portals_paused_new(holds));
    json_object_set_new(story, "keep_days", json_integer(a->options.config->keep_ms / 86400000));
    if (wish.entity != NULL)
        note_unwatched(a, &entity, story);
    show_times(a->options.config, story);
    return story;
}
