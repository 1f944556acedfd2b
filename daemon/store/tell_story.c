/* The story of an entity, as `why` shows it: what came in, what was seen and decided, what was
 * called. Gathered newest first, so that the ceiling cuts the oldest, and told oldest first. */

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/store/inside.h"
#include "daemon/store/tell.h"

struct line {
    int64_t at_ms;
    int rank;      /* within one millisecond: events, then runs, then what is said of them */
    int64_t order; /* as they were read, within a rank */
    json_t *value; /* owned */
};

enum { RANK_EVENT, RANK_RUN, RANK_TRACE };

struct story {
    struct store_reader *reader;
    struct reader_list lines;
    int64_t portal;
    const struct entity *entity;
    int64_t most;
};

static void add_line(struct story *story, int64_t at_ms, int rank, int64_t order, json_t *value)
{
    struct line *line = reader_list_add(&story->lines);
    *line = (struct line){.at_ms = at_ms, .rank = rank, .order = order, .value = value};
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The body stays inside: it is a client's data, and what mattered of it is in the traces. */
static json_t *event_new(const struct event *event, bool seen)
{
    json_t *object = json_pack("{s:s, s:I, s:I}", "kind", "event", "at_ms",
                               (json_int_t)event->received_ms, "id", (json_int_t)event->id);
    tell_text(object, "name", event->name);
    tell_text(object, "source", event_source_word(event->source));
    tell_text(object, "state", seen ? "seen" : "new");
    tell_text(object, "own_id", event->own_id);
    (void)json_object_set_new(object, "cause_run", json_integer(event->cause_run));
    return object;
}

static bool add_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct event event;
    column_event(stmt, &event);
    bool seen = sqlite3_column_int(stmt, EVENT_STATE_COLUMN) != 1;
    add_line(arg, event.received_ms, RANK_EVENT, event.id, event_new(&event, seen));
    event_done(&event);
    return true;
}

static bool add_seen_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    bool seen = sqlite3_column_int(stmt, EVENT_STATE_COLUMN) != 1;
    return !seen || add_event(arg, stmt, err); /* new ones are there already */
}

static bool add_traced_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    sqlite3_stmt *event = reader_stmt(story->reader, READ_EVENT);
    db_bind(event, "i", sqlite3_column_int64(stmt, 0));
    return reader_each(story->reader, event, add_seen_event, story, err);
}

static bool add_new_events(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    sqlite3_stmt *events = reader_stmt(story->reader, TELL_EVENTS_NEW);
    db_bind(events, "iiti", sqlite3_column_int64(stmt, 0), (int64_t)story->entity->type,
            story->entity->id, story->most);
    return reader_each(story->reader, events, add_event, story, err);
}

/* ---- traces and runs ------------------------------------------------------------------------- */

static bool add_trace(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    json_t *detail;
    if (!column_json(stmt, 6, &detail, err))
        return false;
    int64_t at_ms = sqlite3_column_int64(stmt, 0);
    json_t *object = json_pack("{s:s, s:I, s:I, s:I}", "kind", "trace", "at_ms", (json_int_t)at_ms,
                               "event", (json_int_t)sqlite3_column_int64(stmt, 1), "run",
                               (json_int_t)sqlite3_column_int64(stmt, 2));
    tell_text(object, "rule", db_text(stmt, 3));
    tell_text(object, "what", db_text(stmt, 4));
    tell_text(object, "say", db_text(stmt, 5));
    (void)json_object_set_new(object, "detail", detail != NULL ? detail : json_null());
    /* Read newest first: the later, the smaller. */
    add_line(story, at_ms, RANK_TRACE, -story->lines.count, object);
    return true;
}

static json_t *effect_new(const struct effect *effect)
{
    json_t *object = json_pack("{s:I}", "id", (json_int_t)effect->id);
    tell_text(object, "method", effect->command.method);
    tell_text(object, "key", effect->command.key);
    tell_text(object, "verdict", verdict_word(effect->verdict));
    (void)json_object_set_new(object, "step", json_integer(effect->step));
    (void)json_object_set_new(object, "attempt", json_integer(effect->attempt));
    (void)json_object_set_new(object, "write", json_boolean(effect->command.write));
    (void)json_object_set_new(object, "looked", json_boolean(effect->looked));
    (void)json_object_set_new(object, "intended_ms", tell_ms_new(effect->intended_ms));
    (void)json_object_set_new(object, "sent_ms", tell_ms_new(effect->sent_ms));
    (void)json_object_set_new(object, "settled_ms", tell_ms_new(effect->settled_ms));
    (void)json_object_set(object, "params",
                          effect->command.params != NULL ? effect->command.params : json_null());
    (void)json_object_set(object, "result", effect->result != NULL ? effect->result : json_null());
    tell_text(object, "error", effect->error);
    tell_text(object, "text", effect->text);
    return object;
}

static bool add_effects(struct story *story, int64_t run_id, json_t *array, struct err *err)
{
    struct effect *effects;
    int64_t count;
    if (!store_read_effects(story->reader, run_id, -1, &effects, &count, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        (void)json_array_append_new(array, effect_new(&effects[i]));
        effect_done(&effects[i]);
    }
    mem_free(effects);
    return true;
}

static bool add_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    struct run run;
    json_t *effects = json_array();
    bool done = column_run(stmt, &run, err) && add_effects(story, run.id, effects, err);
    if (done) {
        json_t *object = tell_run_new(&run, db_text(stmt, RUN_PORTAL_NAME_COLUMN));
        int64_t at_ms = run.created_ms > 0 ? run.created_ms : run.updated_ms;
        (void)json_object_set_new(object, "kind", json_string("run"));
        (void)json_object_set_new(object, "at_ms", json_integer(at_ms));
        (void)json_object_set(object, "effects", effects);
        add_line(story, at_ms, RANK_RUN, run.id, object);
    }
    json_decref(effects);
    run_done(&run);
    return done;
}

/* ---- all together ---------------------------------------------------------------------------- */

static bool gather(struct story *story, struct err *err)
{
    struct store_reader *reader = story->reader;
    const struct entity *entity = story->entity;
    int64_t type = entity->type;
    db_bind(reader_stmt(reader, READ_PORTALS), "i", story->portal);
    db_bind(reader_stmt(reader, TELL_EVENTS_TRACED), "iiti", story->portal, type, entity->id,
            story->most);
    db_bind(reader_stmt(reader, TELL_TRACES), "iiti", story->portal, type, entity->id, story->most);
    db_bind(reader_stmt(reader, TELL_RUNS_OF_ENTITY), "itiiit", story->portal, "", (int64_t)0,
            story->most, type, entity->id);
    return reader_each(reader, reader_stmt(reader, READ_PORTALS), add_new_events, story, err) &&
           reader_each(reader, reader_stmt(reader, TELL_EVENTS_TRACED), add_traced_event, story,
                       err) &&
           reader_each(reader, reader_stmt(reader, TELL_RUNS_OF_ENTITY), add_run, story, err) &&
           reader_each(reader, reader_stmt(reader, TELL_TRACES), add_trace, story, err);
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_time(const void *one, const void *other)
{
    const struct line *a = one;
    const struct line *b = other;
    int difference = compare(a->at_ms, b->at_ms);
    if (difference == 0)
        difference = compare(a->rank, b->rank);
    return difference != 0 ? difference : compare(a->order, b->order);
}

bool store_tell_story(struct store_reader *reader, int64_t portal_or_0, const struct entity *entity,
                      int64_t most, json_t **ret, struct err *err)
{
    struct story story = {.reader = reader,
                          .lines = {.entry_size = sizeof(struct line)},
                          .portal = portal_or_0,
                          .entity = entity,
                          .most = tell_ceiling(most)};
    /* One snapshot, so that a run and its traces agree. */
    bool done = db_run(&reader->db, "BEGIN", err) && gather(&story, err);
    sql_roll_back(&reader->db);
    struct line *lines = story.lines.entries;
    int64_t count = story.lines.count;
    if (count > 0)
        qsort(lines, (size_t)count, sizeof *lines, by_time);
    json_t *array = json_array();
    for (int64_t i = 0; i < count; i++) {
        if (i >= count - story.most)
            (void)json_array_append(array, lines[i].value);
        json_decref(lines[i].value);
    }
    mem_free(lines);
    if (done)
        *ret = array;
    else
        json_decref(array);
    return done;
}
