/* A look at an entity: what happened, what changed since the snapshot, which rules fire, which
 * waits end; all of it in one change. architecture.md §4, steps 3, 4 and 6. */

#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/compare.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/held.h"
#include "daemon/engine/keeper.h"
#include "daemon/engine/look.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/writes.h"
#include "daemon/model/need.h"

enum {
    EVENTS_MOST = 500,
    ROUNDS_MOST = 20,
    WRITE_PAUSE_MS = 50,   /* while a write of ours to the entity is under way */
    STORE_PAUSE_MS = 500,  /* while the database cannot take it */
    TITLES_PAUSE_MS = 500, /* while the rules may lack the title of a smart process */
};

static const struct backoff portal_pauses = {.first_ms = 1000, .most_ms = 60000};

void look_free(struct look *look)
{
    if (look == NULL)
        return;
    json_decref(look->record);
    json_decref(look->old);
    json_decref(look->chain);
    for (size_t i = 0; look->data != NULL && i < look->count; i++)
        json_decref(look->data[i]);
    mem_free(look->data);
    signal_found_done(&look->found);
    mem_free(look);
}

static task_stage_fn look_judge;
static task_stage_fn look_committed;

/* ---- what to look at ------------------------------------------------------------------------- */

static bool any_event(const struct task *task, enum entity_happening happening)
{
    for (int64_t i = 0; i < task->event_count; i++)
        if (task->events[i].happening == happening)
            return true;
    return false;
}

static bool read_all(struct task *task, struct err *err)
{
    const struct entity *entity = &task->entity;
    int64_t portal = task->portal->id;
    return store_read_events(task->reader, portal, entity, EVENTS_MOST, &task->events,
                             &task->event_count, err) &&
           store_read_live(task->reader, portal, entity, &task->live, &task->live_count, err) &&
           store_read_snapshot(task->reader, portal, entity, &task->snapshot, &task->seen, err);
}

/* One user action often saves twice (bitrix24.md §10 no. 5): plain updates gather for a moment. */
static int64_t gathering_ms(const struct task *task)
{
    int64_t oldest = task->events[0].received_ms;
    for (int64_t i = 0; i < task->event_count; i++) {
        const struct event *event = &task->events[i];
        if (event->source != EVENT_WEBHOOK || event->priority == PRIORITY_URGENT ||
            event->happening != HAPPENING_UPDATED)
            return 0;
    }
    int64_t left = oldest + task->portal->config->debounce_ms - clock_wall_ms();
    return left > task->portal->config->debounce_ms ? 0 : left;
}

/* Our own writes are looked at one by one, before what came from outside: each has its own cause.
 * So has a signal of a letter of ours, which waits for what came before it. */
static void choose_events(struct task *task, struct look *look)
{
    look->events = task->events;
    look->count = (size_t)task->event_count;
    for (int64_t i = 0; i < task->event_count; i++) {
        if (task->events[i].source != EVENT_OWN)
            continue;
        look->events = &task->events[i];
        look->count = 1;
        look->own = task->events[i].body != NULL && task->events[i].body[0] == '{';
        return;
    }
    for (size_t i = 0; i < look->count; i++)
        if (task->events[i].cause_run != 0)
            look->count = i > 0 ? i : 1;
}

bool look_can_read(int type)
{
    const struct entity_kind *kind = entity_kind_of(type);
    return (kind != NULL && kind->universal) || type == ENTITY_TASK || type == ENTITY_ACTIVITY;
}

static bool wants_history(const struct task *task, const struct look *look)
{
    const struct entity_kind *kind = entity_kind_of(task->entity.type);
    return look->watched != NULL && look->watched->stages && kind != NULL && kind->has_stages;
}

/* The record of our own write stands in its event: {"record":…,"fields":[…]}. */
static void take_own_record(struct task *task, struct look *look)
{
    struct err ignored = {0};
    JV_AUTO *body = jv_parse_new(look->events[0].body, strlen(look->events[0].body), &ignored);
    json_t *record = json_object_get(body, "record");
    if (record == NULL) {
        look->own = false;
        return;
    }
    json_object_set(task->facts_known, look->record_need, record);
}

static json_t *look_needs(const struct look *look)
{
    json_t *needs = json_array();
    if (look->fetch)
        json_array_append_new(needs, json_string(look->record_need));
    if (look->history_need[0] != '\0')
        json_array_append_new(needs, json_string(look->history_need));
    return needs;
}

static enum task_turn look_gather(struct task *task)
{
    struct look *look = task->look = mem_alloc(sizeof *look);
    task->rounds = 0;
    choose_events(task, look);
    look->watched = ruleset_watched(task_rules(task), task->entity.type);
    facts_begin(task);
    need_print_entity(task->entity.type, task->entity.id, look->record_need);
    if (look->own)
        take_own_record(task, look);
    look->fetch = look->watched != NULL && look_can_read(task->entity.type) && !look->own;
    if (look->fetch && wants_history(task, look)) {
        char argument[NEED_SIZE];
        (void)snprintf(argument, sizeof argument, "%d:%s:%lld", task->entity.type, task->entity.id,
                       (long long)(task->seen ? task->snapshot.history_id : 0));
        need_print(NEED_HISTORY, argument, look->history_need);
    }
    JV_AUTO *needs = look_needs(look);
    return facts_fetch(task, needs, look_judge, look_unfetched);
}

enum task_turn look_begin(struct task *task)
{
    task_forget_run(task);
    task_forget_look(task);
    if (task_must_rest(task))
        return TASK_REST;
    struct err err = {0};
    if (!read_all(task, &err)) {
        log_error("cannot read the queue entity=\"%s\" why=\"%s\"", task->name, err.text);
        return task_pause(task, STORE_PAUSE_MS, look_begin);
    }
    if (task->event_count == 0)
        return task->stage = work_begin, TASK_GO;
    bool newly_added = !task->seen && any_event(task, HAPPENING_ADDED);
    if (writes_under_way(task->engine->writes, task->portal->id, &task->entity, newly_added))
        return task_pause(task, WRITE_PAUSE_MS, look_begin);
    if (task->entity.type >= ENTITY_ITEM &&
        keeper_is_learning(task->engine->keeper, task->portal->id))
        return task_pause(task, TITLES_PAUSE_MS, look_begin);
    int64_t gathering = gathering_ms(task);
    if (gathering > 0)
        return task_pause(task, gathering, look_begin);
    atomic_fetch_add(&task->engine->looks, 1);
    return look_gather(task);
}

/* ---- what nobody told us --------------------------------------------------------------------- */

void look_put_found(struct task *task, struct store_change *change, const struct entity *entity,
                    enum priority priority)
{
    struct event event = {.id = store_next_id(task->engine->store),
                          .portal = task->portal->id,
                          .source = EVENT_INNER,
                          .name = EVENT_FOUND,
                          .happening = HAPPENING_OTHER,
                          .entity = *entity,
                          .priority = priority,
                          .received_ms = clock_wall_ms()};
    store_put_event(change, &event);
}

bool look_has_missed(const struct task *task, const json_t *record)
{
    return task->seen && !task->snapshot.deleted && json_is_object(record) &&
           task->caught_up != task->run->id && look_digest(record) != task->snapshot.digest;
}

enum task_turn look_catch_up(struct task *task)
{
    struct store_change *change = store_change_new();
    task->caught_up = task->run->id;
    look_put_found(task, change, &task->entity, task->priority);
    return task_commit(task, change, look_committed);
}

/* ---- when the portal does not say ------------------------------------------------------------ */

static void put_events_seen(const struct look *look, struct store_change *change)
{
    for (size_t i = 0; i < look->count; i++)
        store_put_event_seen(change, look->events[i].id);
}

enum task_turn look_unfetched(struct task *task)
{
    if (!task->fetch_final) {
        task->failures++;
        int64_t pause = backoff_delay(&portal_pauses, task->failures, (uint64_t)task->taken_ms);
        return task_pause(task, pause, look_begin);
    }
    log_error("cannot look at entity=\"%s\" portal=%s why=\"%s\"", task->name,
              task->portal->config->name, task->fetch_err.text);
    struct store_change *change = store_change_new();
    put_events_seen(task->look, change);
    for (size_t i = 0; i < task->look->count; i++)
        task_trace(task, change, NULL, task->look->events[i].id, "blind", NULL,
                   "the portal refuses to show it: %s", task->fetch_err.text);
    return task_commit(task, change, look_committed);
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Did a write of ours to this entity begin or settle while we read it? Then the record may hold our
 * change without its event being among those read: look again. */
static bool overtaken(struct task *task)
{
    const struct look *look = task->look;
    if (look->own)
        return false;
    if (writes_under_way(task->engine->writes, task->portal->id, &task->entity,
                         !task->seen && look_has(look, HAPPENING_ADDED)))
        return true;
    struct event *events = NULL;
    int64_t count = 0;
    struct err ignored = {0};
    bool own = false;
    if (!store_read_events(task->reader, task->portal->id, &task->entity, EVENTS_MOST, &events,
                           &count, &ignored))
        return false;
    for (int64_t i = 0; i < count; i++) {
        own = own || (events[i].source == EVENT_OWN && look->events[0].source != EVENT_OWN);
        event_done(&events[i]);
    }
    mem_free(events);
    return own;
}

static enum task_turn look_judge(struct task *task)
{
    struct look *look = task->look;
    if (look->data == NULL) {
        if (overtaken(task))
            return task_pause(task, WRITE_PAUSE_MS, look_begin);
        look_build_change(task, look);
    }
    struct rules_env env;
    task_env(task, &env);
    judgement_done(&task->judgement);
    change_judge(task_rules(task), &look->change, task->live, (size_t)task->live_count,
                 task->facts_known, &env, &task->judgement);
    timer_plan_done(&task->timers);
    timer_plan_make(task_rules(task), &look->change, task->live, (size_t)task->live_count,
                    task->facts_known, &env, &task->timers);
    json_array_extend(task->judgement.needs, task->timers.needs);
    json_array_extend(task->judgement.frozen, task->timers.frozen);
    if (json_array_size(task->judgement.needs) > 0 && task->rounds++ < ROUNDS_MOST)
        return facts_fetch(task, task->judgement.needs, look_judge, look_unfetched);
    task->failures = 0;
    task->rounds = 0;
    task->stage = relay_begin;
    return TASK_GO;
}

/* ---- settling -------------------------------------------------------------------------------- */

/* The watched fields as they are now; after a write of ours, what others changed meanwhile stays as
 * it was, digest included, for the next look to find. */
static void take_fields(const struct task *task, const struct look *look, struct snapshot *next)
{
    if (look->record == NULL) {
        next->fields =
            task->snapshot.fields != NULL ? json_incref(task->snapshot.fields) : json_object();
        return;
    }
    next->fields = compare_keep(look->record, look->watched);
    bool foreign = false;
    const char *name;
    json_t *shown;
    json_object_foreach (look->old, name, shown) {
        json_t *before = json_object_get(task->snapshot.fields, name);
        if (!look->own || before == shown || jv_same(before, shown))
            continue;
        foreign = true;
        json_object_set(next->fields, name, before);
    }
    if (!foreign)
        next->digest = look_digest(look->record);
}

static void put_snapshot(struct task *task, struct look *look, struct store_change *change)
{
    const struct change *c = &look->change;
    if (look->record == NULL && !c->deleted && !c->added)
        return;
    struct snapshot next = {.portal = task->portal->id,
                            .entity = task->entity,
                            .added_told = (task->seen && task->snapshot.added_told) || c->added,
                            .deleted = c->deleted,
                            .history_id = task->snapshot.history_id,
                            .stage_since_ms = task->snapshot.stage_since_ms,
                            .digest = task->snapshot.digest,
                            .looked_ms = clock_wall_ms()};
    const json_t *history = json_object_get(task->facts_known, look->history_need);
    size_t rows = json_array_size(history);
    if (rows > 0)
        next.history_id = jv_int(json_array_get(history, rows - 1), "id", next.history_id);
    if (c->passage_count > 0)
        next.stage_since_ms = c->passages[c->passage_count - 1].at_ms;
    take_fields(task, look, &next);
    store_put_snapshot(change, &next);
    snapshot_done(&next);
}

/* What the look found, as one line of the story; returns the word for its kind. */
static const char *say_change(const struct look *look, const json_t *differences, char *out,
                              size_t size)
{
    const struct change *c = &look->change;
    const char *by = c->cause_run != 0 ? "by us" : "from outside";
    char said[400];
    compare_say(differences, said, sizeof said);
    (void)snprintf(out, size, "nothing new");
    if (c->deleted)
        return (void)snprintf(out, size, "it was deleted"), "deleted";
    if (c->added)
        return (void)snprintf(out, size, "it was added, %s", by), "added";
    if (json_object_size(differences) > 0)
        return (void)snprintf(out, size, "changed %s: %s", by, said), "changed";
    if (c->updated && look->old == NULL)
        return (void)snprintf(out, size, "seen for the first time"), "changed";
    if (c->updated)
        return (void)snprintf(out, size, "changed %s in fields that no rule watches", by),
               "changed";
    return "seen";
}

/* One line an event, so that the story can name each; what was found stands with the last. */
static void trace_change(struct task *task, const struct look *look, struct store_change *change)
{
    JV_AUTO *differences = look->old != NULL && look->record != NULL
                               ? compare_fields(look->old, look->record)
                               : json_object();
    char said[480];
    const char *what = say_change(look, differences, said, sizeof said);
    for (size_t i = 0; i + 1 < look->count; i++)
        task_trace(task, change, NULL, look->events[i].id, "seen", NULL,
                   "together with a later event");
    task_trace(task, change, NULL, look->events[look->count - 1].id, what,
               json_object_size(differences) > 0 ? differences : NULL, "%s", said);
}

static enum task_turn look_committed(struct task *task)
{
    if (!task->commit_ok) {
        log_error("cannot store a decision entity=\"%s\" why=\"%s\"", task->name,
                  task->commit_err.text);
        return task_pause(task, STORE_PAUSE_MS, look_begin);
    }
    task->rounds = 0;
    task->stage = look_begin;
    return TASK_GO;
}

/* Rules that could not be judged: in the log once, not with every event, and in the story of the
 * record always. */
static void tell_held(struct task *task, struct store_change *change)
{
    const struct look *look = task->look;
    const char *portal = task->portal->config->name;
    const struct entity_kind *kind = entity_kind_of(task->entity.type);
    const char *word = kind != NULL ? kind->word : "event";
    size_t i;
    json_t *why;
    if (json_array_size(task->judgement.frozen) == 0)
        held_end(task->engine->held, portal, word);
    json_array_foreach (task->judgement.frozen, i, why) {
        task_trace(task, change, NULL, look->events[look->count - 1].id, "held", NULL,
                   "a rule is held back: %s", json_string_value(why));
        if (held_begin(task->engine->held, portal, word, json_string_value(why))) {
            keeper_miss(task->engine->keeper, task->portal->id);
            log_warning("a rule is held back portal=%s why=\"%s\"", portal, json_string_value(why));
        }
    }
}

enum task_turn look_settle(struct task *task)
{
    struct look *look = task->look;
    struct store_change *change = store_change_new();
    put_events_seen(look, change);
    put_snapshot(task, look, change);
    trace_change(task, look, change);
    if (task->judgement.firing_count == 0 && !look->change.updated && !look->change.added &&
        !look->change.deleted && look->change.passage_count == 0)
        atomic_fetch_add(&task->engine->echoes, 1);
    tell_held(task, change);
    if (!relay_put(task, change) || !start_runs(task, &look->change, change) ||
        !timers_look(task, look, change)) {
        store_change_free(change);
        return task_pause(task, STORE_PAUSE_MS, look_begin);
    }
    return task_commit(task, change, look_committed);
}
