/* From what a look has gathered to the change that the rules judge: whose doing it was, what was
 * there before, which stages were passed. Asks the store for the run that caused a write of ours,
 * nothing else. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/engine/compare.h"
#include "daemon/engine/look.h"
#include "daemon/model/field.h"

enum { CLOCKS_APART_MS = 10000 };

static json_t *event_data(const struct event *event)
{
    if (event->source == EVENT_OWN)
        return json_pack("{s:s}", "name", event->name);
    struct err ignored = {0};
    if (event_is_signal(event)) {
        json_t *signal = jv_parse_new(event->body, strlen(event->body), &ignored);
        JV_AUTO *owned = signal != NULL ? signal : json_object();
        return json_pack("{s:s, s:O?, s:I}", "name", event->name, "data",
                         json_object_get(owned, "data"), "ts", (json_int_t)event->sent_s);
    }
    JV_AUTO *form =
        form_decode(event->body != NULL ? event->body : "",
                    event->body != NULL ? strlen(event->body) : 0, NULL, NULL, &ignored);
    json_t *query = event->query != NULL
                        ? form_decode(event->query, strlen(event->query), NULL, NULL, &ignored)
                        : NULL;
    json_t *data = json_object_get(form, "data");
    return json_pack("{s:s, s:O, s:I, s:o}", "name", event->name, "data",
                     data != NULL ? data : json_null(), "ts", (json_int_t)event->sent_s, "query",
                     query != NULL ? query : json_object());
}

/* For a write of ours only what we wrote counts as changed by us; the rest stays as it was in the
 * snapshot, for the next look to find. */
static json_t *old_of_own(const struct task *task, const json_t *record, const json_t *body)
{
    const json_t *wrote = json_object_get(body, "fields");
    json_t *old = json_object();
    const char *name;
    json_t *before;
    json_object_foreach (task->snapshot.fields, name, before) {
        bool ours = json_array_size(wrote) == 0;
        for (size_t i = 0; i < json_array_size(wrote); i++)
            ours = ours || strcmp(json_string_value(json_array_get(wrote, i)), name) == 0;
        json_t *after = json_object_get(record, name);
        json_object_set(old, name, ours || after == NULL ? before : after);
    }
    return old;
}

/* A stage of ours brings its meaning along: semantics and funnel move with it. */
static void own_stage_follows(json_t *old, const json_t *snapshot, const json_t *record)
{
    static const char *const followers[] = {"stageSemanticId", "categoryId", "closed"};
    if (jv_same(json_object_get(old, "stageId"), json_object_get(record, "stageId")))
        return;
    for (size_t i = 0; i < sizeof followers / sizeof followers[0]; i++) {
        json_t *before = json_object_get(snapshot, followers[i]);
        if (before != NULL)
            json_object_set(old, followers[i], before);
    }
}

static void take_old(struct task *task, struct look *look)
{
    if (!task->seen || task->snapshot.deleted)
        return;
    if (!look->own || look->record == NULL) {
        look->old = json_incref(task->snapshot.fields);
        return;
    }
    struct err ignored = {0};
    JV_AUTO *body = jv_parse_new(look->events[0].body, strlen(look->events[0].body), &ignored);
    look->old = old_of_own(task, look->record, body);
    own_stage_follows(look->old, task->snapshot.fields, look->record);
}

/* The oldest moment from which passages of an entity never seen before count: nobody told rules of
 * anything that happened after this database began to listen. */
static int64_t passages_since(const struct task *task, const struct look *look)
{
    int64_t since = task->engine->born_ms;
    /* A record that a search brought up has told nobody anything: its past is no news. */
    if (!task->seen && event_is_found(&look->events[0]) && look->count == 1)
        return clock_wall_ms();
    for (size_t i = 0; i < look->count; i++) {
        int64_t sent = look->events[i].sent_s > 0 ? look->events[i].sent_s * 1000
                                                  : look->events[i].received_ms;
        if (sent - CLOCKS_APART_MS < since)
            since = sent - CLOCKS_APART_MS;
    }
    return since;
}

bool look_has(const struct look *look, enum entity_happening happening)
{
    for (size_t i = 0; i < look->count; i++)
        if (look->events[i].happening == happening)
            return true;
    return false;
}

uint64_t look_digest(const json_t *record)
{
    return jv_digest(record, field_volatile());
}

static bool is_updated(const struct task *task, const struct look *look, const struct change *c)
{
    if (look->record == NULL)
        return false;
    if (look->old == NULL)
        return look_has(look, HAPPENING_UPDATED) && !(look->own && c->added);
    if (!look->own)
        return look_digest(look->record) != task->snapshot.digest;
    JV_AUTO *differences = compare_fields(look->old, look->record);
    return json_object_size(differences) > 0 || look_digest(look->record) != task->snapshot.digest;
}

/* Our own creations are known by the mark that the action left in them, even when Bitrix24 reports
 * them before the answer of the call has come. */
static int64_t own_mark(const json_t *record)
{
    const char *by = jv_text(record, "originatorId", "");
    const char *id = jv_text(record, "originId", "");
    if (strcmp(by, "b24bridge") != 0) {
        const char *xml = jv_text(record, "xmlId", "");
        const char *mark = "b24bridge-";
        if (strncmp(xml, mark, strlen(mark)) != 0)
            return 0;
        id = xml + strlen(mark);
    }
    return strtoll(id, NULL, 10);
}

static void take_cause(struct task *task, struct look *look, struct change *c)
{
    if (look->events[0].cause_run != 0)
        c->cause_run = look->events[0].cause_run;
    else if (c->added)
        c->cause_run = own_mark(look->record);
    if (c->cause_run == 0)
        return;
    struct run run = {0};
    bool found = false;
    struct err ignored = {0};
    if (!store_read_run(task->reader, c->cause_run, &run, &found, &ignored) || !found)
        return;
    char link[RUN_RULE_SIZE + ENTITY_ID_SIZE + 24];
    (void)snprintf(link, sizeof link, "%s|%d|%s", run.rule, run.entity.type, run.entity.id);
    look->chain = run.chain != NULL ? json_deep_copy(run.chain) : json_array();
    json_array_append_new(look->chain, json_string(link));
    c->chain = look->chain;
    run_done(&run);
}

/* The portal's times are whole seconds. Two visits in one second are two visits all the same, and
 * known apart by when they began. */
static void tell_visits_apart(const struct task *task, struct change *c, struct passage *passages)
{
    int64_t last_ms = task->seen ? task->snapshot.stage_since_ms : 0;
    for (size_t i = 0; i < c->passage_count; i++) {
        if (passages[i].at_ms <= last_ms)
            passages[i].at_ms = last_ms + 1;
        last_ms = passages[i].at_ms;
    }
}

static void take_stages(struct task *task, struct look *look, struct change *c)
{
    const struct entity_kind *kind = entity_kind_of(task->entity.type);
    if (look->record == NULL || kind == NULL || !kind->has_stages)
        return;
    const json_t *history = json_object_get(task->facts_known, look->history_need);
    const char *old_stage = look->old != NULL ? jv_text(look->old, "stageId", "") : NULL;
    c->passages = look->passages;
    c->passage_count = compare_passages(history, old_stage, jv_text(look->record, "stageId", ""),
                                        c->added, passages_since(task, look), clock_wall_ms(),
                                        look->passages, LOOK_PASSAGES);
    tell_visits_apart(task, c, look->passages);
}

static enum priority most_urgent(const struct look *look)
{
    enum priority least = PRIORITY_BULK;
    for (size_t i = 0; i < look->count; i++)
        if (look->events[i].priority < least)
            least = look->events[i].priority;
    return least;
}

/* Is it new, and is it still there? Each is told once; who was never seen must be reported. */
static void take_fate(const struct task *task, const struct look *look, bool gone, struct change *c)
{
    bool added_told = task->seen && task->snapshot.added_told;
    bool deleted_told = task->seen && task->snapshot.deleted;
    bool reported = look_has(look, HAPPENING_DELETED);
    bool missing = look->fetch ? gone : reported;
    c->added = look_has(look, HAPPENING_ADDED) && !added_told && !gone;
    c->deleted = missing && (task->seen || reported) && !deleted_told;
    c->gone = c->deleted && task->seen ? task->snapshot.fields : NULL;
}

void look_build_change(struct task *task, struct look *look)
{
    const json_t *fact = json_object_get(task->facts_known, look->record_need);
    bool gone = look->fetch && (fact == NULL || json_is_null(fact));
    look->record = gone || fact == NULL ? NULL : json_incref(jv_loose(fact));
    look->data = mem_array(look->count, sizeof *look->data);
    for (size_t i = 0; i < look->count; i++)
        look->data[i] = event_data(&look->events[i]);
    take_old(task, look);
    struct change *c = &look->change;
    *c = (struct change){.portal = task->portal->config->name,
                         .entity = task->entity,
                         .now = look->record,
                         .old = look->old,
                         .events = look->events,
                         .event_data = (const json_t *const *)look->data,
                         .event_count = look->count,
                         .cause_event = look->events[look->count - 1].id,
                         .priority = most_urgent(look)};
    take_fate(task, look, gone, c);
    take_cause(task, look, c);
    take_stages(task, look, c);
    c->updated = is_updated(task, look, c);
    c->actor = compare_actor(look->record, c->added, c->passage_count > 0);
}
