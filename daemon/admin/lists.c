/* Lists of what there is to do: runs, dead letters, pauses and frozen rules. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/query.h"
#include "daemon/admin/show.h"

enum { RUNS_MOST = 200, FROZEN_MOST = 1000, STORY_MOST = 500 };

/* ---- runs ------------------------------------------------------------------------------------ */

/* `after` is what the page before gave as `next`: "1795321530892.1.17". */
static bool read_cursor(const json_t *query, struct run_cursor *ret, struct err *err)
{
    const char *text = jv_text(query, "after", ""), *at = text;
    int64_t numbers[3] = {0};
    for (size_t i = 0; i < 3 && *at != '\0'; i++) {
        char *end;
        numbers[i] = strtoll(at, &end, 10);
        at = *end == '.' && i < 2 ? end + 1 : end;
    }
    *ret = (struct run_cursor){.at = numbers[0], .portal = numbers[1], .id = numbers[2]};
    return *at == '\0' ||
           err_set(err, "after: \"%.40s\" is not what a page gave as \"next\"", text);
}

static bool read_limit(const json_t *query, int64_t *ret, struct err *err)
{
    if (!query_id(query, "limit", ret, err))
        return false;
    if (*ret == 0 || *ret > RUNS_MOST)
        *ret = RUNS_MOST;
    return true;
}

json_t *api_runs(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    struct entity entity = {0};
    struct run_filter filter;
    struct run_cursor cursor;
    int64_t limit;
    bool more;
    json_t *runs = NULL;
    *ret_status = 400;
    if (!query_filter(a, query, &entity, &filter, err) || !read_cursor(query, &cursor, err) ||
        !read_limit(query, &limit, err))
        return NULL;
    *ret_status = 503;
    if (!store_list_runs(a->reader, &filter, &cursor, limit, &runs, &more, err))
        return NULL;
    *ret_status = 200;
    JV_AUTO *holds = holds_tell(a);
    holds_show(holds, runs);
    show_times(a->options.config, runs);
    json_t *next =
        more ? json_sprintf("%" PRId64 ".%" PRId64 ".%" PRId64, cursor.at, cursor.portal, cursor.id)
             : json_null();
    return json_pack("{s:o, s:o}", "runs", runs, "next", next);
}

/* What an operator may do with it. */
static json_t *can_new(const char *state)
{
    static const struct {
        const char *state, *orders[3];
    } table[] = {
        {"parked", {"done", "retry", "drop"}},
        {"dead", {"retry", "drop"}},
        {"cancelled", {"retry"}},
        {"ready", {"drop"}},
        {"waiting", {"drop"}},
        {"running", {"drop"}},
    };
    json_t *can = json_array();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t k = 0; k < 3 && strcmp(table[i].state, state) == 0; k++)
            if (table[i].orders[k] != NULL)
                json_array_append_new(can, json_string(table[i].orders[k]));
    return can;
}

static json_t *labels_new(struct admin *a, int64_t id)
{
    struct run run = {0};
    struct err ignored = {0};
    bool found = false;
    json_t *labels = NULL;
    if (store_read_run(a->reader, id, &run, &found, &ignored) && found)
        labels = json_incref(json_object_get(run.vars, "labels"));
    run_done(&run);
    return labels != NULL ? labels : json_object();
}

json_t *api_run(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    struct story_wish wish = {.most = STORY_MOST};
    JV_AUTO *story = NULL;
    size_t i;
    json_t *row;
    *ret_status = 400;
    if (!query_id(query, "run", &wish.run, err))
        return NULL;
    if (wish.run == 0) {
        (void)err_set(err, "no run; \"run=17\" would be right");
        return NULL;
    }
    *ret_status = 503;
    if (!store_tell_story(a->reader, &wish, &story, err))
        return NULL;
    *ret_status = jv_flag(story, "found") ? 200 : 404;
    if (*ret_status == 404) {
        (void)err_set(err, "there is no run %" PRId64, wish.run);
        return NULL;
    }
    json_t *calls = json_array();
    json_t *answer = json_pack("{s:o}", "calls", calls);
    json_array_foreach (json_object_get(story, "rows"), i, row) {
        const char *kind = jv_text(row, "kind", "");
        if (strcmp(kind, "call") == 0)
            json_array_append(calls, row);
        else if (strcmp(kind, "run") == 0)
            json_object_set(answer, "run", row);
    }
    json_object_set_new(answer, "can", can_new(jv_text(answer, "run.state", "")));
    json_object_set_new(answer, "labels", labels_new(a, wish.run));
    JV_AUTO *holds = holds_tell(a);
    holds_show(holds, answer);
    show_times(a->options.config, answer);
    return answer;
}

/* ---- dead letters ---------------------------------------------------------------------------- */

json_t *api_dead(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    struct entity entity = {0};
    struct run_filter filter;
    json_t *groups = NULL;
    bool more;
    *ret_status = 400;
    if (!query_filter(a, query, &entity, &filter, err))
        return NULL;
    if (filter.state != 0 && filter.state != RUN_DEAD && filter.state != RUN_PARKED) {
        (void)err_set(err, "state: dead or parked");
        return NULL;
    }
    *ret_status = 503;
    if (!store_tell_dead(a->reader, &filter, &groups, &more, err))
        return NULL;
    *ret_status = 200;
    show_times(a->options.config, groups);
    return json_pack("{s:o, s:b}", "dead", groups, "more", more);
}

/* ---- pauses and frozen rules ----------------------------------------------------------------- */

json_t *api_holds(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    struct entity entity = {0};
    struct run_filter filter;
    json_t *frozen = NULL;
    *ret_status = 400;
    if (!query_filter(a, query, &entity, &filter, err))
        return NULL;
    *ret_status = 503;
    if (!store_tell_frozen(a->reader, &filter, FROZEN_MOST, &frozen, err))
        return NULL;
    *ret_status = 200;
    json_t *answer = json_pack("{s:o, s:o}", "paused", holds_tell(a), "frozen", frozen);
    show_times(a->options.config, answer);
    return answer;
}
