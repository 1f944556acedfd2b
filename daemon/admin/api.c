/* What the verbs ask for, as JSON. */

#include <stdio.h>
#include <string.h>

#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/show.h"

enum { STORY_MOST = 500, RUNS_MOST = 200, TIMERS_MOST = 1000, ERRORS_MOST = 20 };

static json_t *query_form(const char *query, int *ret_status, struct err *err)
{
    json_t *form = form_decode(query, strlen(query), NULL, NULL, err);
    *ret_status = form == NULL ? 400 : 200;
    return form;
}

/* 0 (all portals) when the query names none. */
static bool query_portal(struct admin *a, const json_t *form, int64_t *ret, struct err *err)
{
    const char *name = jv_text(form, "portal", "");
    *ret = 0;
    if (name[0] == '\0')
        return true;
    for (int i = 0; i < a->options.config->portal_count; i++)
        if (strcmp(a->options.config->portals[i].name, name) == 0)
            *ret = a->options.portal_ids[i];
    return *ret != 0 || err_set(err, "no portal \"%s\" in the configuration", name);
}

/* "deal 123", "item 147 22": words apart by blanks. */
static bool query_entity(const json_t *form, struct entity *ret, struct err *err)
{
    char *text = mem_strdup(jv_text(form, "entity", ""));
    const char *words[4];
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count < 4;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    bool ok = count > 0 ? entity_parse(words, count, ret, err)
                        : err_set(err, "no entity; \"entity=deal 123\" would be right");
    mem_free(text);
    return ok;
}

static bool query_state(const json_t *form, struct err *err)
{
    enum run_state state;
    const char *word = jv_text(form, "state", "");
    return word[0] == '\0' || run_state_parse(word, &state) ||
           err_set(err, "unknown state \"%s\"", word);
}

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

json_t *api_status(struct admin *a, const char *query, int *ret_status, struct err *err)
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
    json_object_set_new(status, "names", engine_names(a->options.engine));
    show_times(a->options.config, status);
    return status;
}

json_t *api_story(struct admin *a, const char *query, int *ret_status, struct err *err)
{
    JV_AUTO *form = query_form(query, ret_status, err);
    struct entity entity;
    int64_t portal;
    json_t *story = NULL;
    if (form == NULL)
        return NULL;
    *ret_status = 400;
    if (!query_portal(a, form, &portal, err) || !query_entity(form, &entity, err))
        return NULL;
    *ret_status = 503;
    if (!store_tell_story(a->reader, portal, &entity, STORY_MOST, &story, err))
        return NULL;
    *ret_status = 200;
    show_times(a->options.config, story);
    char name[ENTITY_ID_SIZE + 32];
    entity_print(&entity, name);
    json_t *told = json_pack("{s:s, s:o}", "entity", name, "rows", story);
    /* Events that concern no rule are kept, but nobody looks at them. */
    if (json_array_size(story) == 0 &&
        ruleset_watched(a->options.config->rules, entity.type) == NULL)
        json_object_set_new(
            told, "note",
            json_sprintf("no rule speaks of a %s, so its events are kept and passed "
                         "over",
                         entity_kind_of(entity.type)->word));
    return told;
}

json_t *api_runs(struct admin *a, const char *query, int *ret_status, struct err *err)
{
    JV_AUTO *form = query_form(query, ret_status, err);
    struct entity entity = {0};
    int64_t portal;
    json_t *runs = NULL;
    if (form == NULL)
        return NULL;
    *ret_status = 400;
    bool about = json_object_get(form, "entity") != NULL;
    if (!query_portal(a, form, &portal, err) || !query_state(form, err) ||
        (about && !query_entity(form, &entity, err)))
        return NULL;
    *ret_status = 503;
    const char *state = jv_text(form, "state", "");
    size_t most = strcmp(state, run_state_word(RUN_WAITING)) == 0 ? TIMERS_MOST : RUNS_MOST;
    if (!store_tell_runs(a->reader, portal, jv_text(form, "rule", ""), about ? &entity : NULL,
                         state, (int64_t)most + 1, &runs, err))
        return NULL;
    *ret_status = 200;
    bool more = json_array_size(runs) > most;
    if (more)
        (void)json_array_remove(runs, most);
    show_times(a->options.config, runs);
    return json_pack("{s:o, s:b}", "runs", runs, "more", more);
}
