/* The story of an entity, a run or an event, as `why` shows it: what came in, what was seen and
 * decided, what was called and answered. Gathered newest first, so that the ceiling cuts the
 * oldest, and told oldest first. */

#include <stdio.h>
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

enum { RANK_EVENT, RANK_RUN, RANK_TRACE, RANK_CALL };

struct story {
    struct store_reader *reader;
    struct reader_list lines;
    int64_t portal;
    struct entity entity;
    int64_t most;
    int64_t first_ms; /* of the lines gathered */
    bool found, full; /* there is such a run or event; some list reached the ceiling */
};

static void add_line(struct story *story, int64_t at_ms, int rank, int64_t order, json_t *value)
{
    struct line *line = reader_list_add(&story->lines);
    *line = (struct line){.at_ms = at_ms, .rank = rank, .order = order, .value = value};
    if (story->first_ms == 0 || at_ms < story->first_ms)
        story->first_ms = at_ms;
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
    db_bind(events, "iiti", sqlite3_column_int64(stmt, 0), (int64_t)story->entity.type,
            story->entity.id, story->most);
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
    add_line(story, at_ms, RANK_TRACE, sqlite3_column_int64(stmt, 7), object);
    return true;
}

static json_t *call_new(const struct effect *effect, const struct run *run)
{
    json_t *object = json_pack("{s:s, s:I, s:I}", "kind", "call", "id", (json_int_t)effect->id,
                               "run", (json_int_t)run->id);
    tell_text(object, "rule", run->rule);
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
    bool took = effect->sent_ms > 0 && effect->settled_ms >= effect->sent_ms;
    double seconds = (double)(effect->settled_ms - effect->sent_ms) / 1000.0;
    (void)json_object_set_new(object, "took_s", took ? json_real(seconds) : json_null());
    (void)json_object_set(object, "params",
                          effect->command.params != NULL ? effect->command.params : json_null());
    (void)json_object_set(object, "result", effect->result != NULL ? effect->result : json_null());
    tell_text(object, "error", effect->error);
    tell_text(object, "text", effect->text);
    return object;
}

/* A call stands where it was sent; one that was not, where it was intended. */
static bool add_calls(struct story *story, const struct run *run, struct err *err)
{
    struct effect *effects;
    int64_t count;
    if (!store_read_effects(story->reader, run->id, -1, &effects, &count, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        const struct effect *effect = &effects[i];
        int64_t at_ms = effect->sent_ms > 0 ? effect->sent_ms : effect->intended_ms;
        json_t *call = call_new(effect, run);
        (void)json_object_set_new(call, "at_ms", json_integer(at_ms));
        add_line(story, at_ms, RANK_CALL, effect->id, call);
        effect_done(&effects[i]);
    }
    mem_free(effects);
    return true;
}

static bool add_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    struct run run;
    bool done = column_run(stmt, &run, err) && add_calls(story, &run, err);
    if (done) {
        json_t *object = tell_run_new(&run, db_text(stmt, RUN_PORTAL_NAME_COLUMN));
        int64_t at_ms = run.created_ms > 0 ? run.created_ms : run.updated_ms;
        (void)json_object_set_new(object, "kind", json_string("run"));
        (void)json_object_set_new(object, "at_ms", json_integer(at_ms));
        add_line(story, at_ms, RANK_RUN, run.id, object);
    }
    run_done(&run);
    return done;
}

/* ---- whose story ----------------------------------------------------------------------------- */

static bool each_row(struct story *story, enum sql_read which, reader_row_fn *add, struct err *err)
{
    int64_t before = story->lines.count;
    bool good = reader_each(story->reader, reader_stmt(story->reader, which), add, story, err);
    story->full = story->full || story->lines.count - before >= story->most;
    return good;
}

static bool gather_entity(struct story *story, struct err *err)
{
    struct store_reader *reader = story->reader;
    const struct entity *entity = &story->entity;
    int64_t type = entity->type;
    db_bind(reader_stmt(reader, READ_PORTALS), "i", story->portal);
    db_bind(reader_stmt(reader, TELL_EVENTS_TRACED), "iiti", story->portal, type, entity->id,
            story->most);
    db_bind(reader_stmt(reader, TELL_TRACES), "iiti", story->portal, type, entity->id, story->most);
    db_bind(reader_stmt(reader, TELL_RUNS_OF_ENTITY), "iiti", story->portal, type, entity->id,
            story->most);
    story->found = true;
    return each_row(story, READ_PORTALS, add_new_events, err) &&
           each_row(story, TELL_EVENTS_TRACED, add_traced_event, err) &&
           each_row(story, TELL_RUNS_OF_ENTITY, add_run, err) &&
           each_row(story, TELL_TRACES, add_trace, err);
}

/* What an event changed in its entity, without what rules made of it. */
static bool add_trace_of_entity(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    enum { RUN = 2, RULE = 3 };
    bool of_entity = sqlite3_column_int64(stmt, RUN) == 0 && db_text(stmt, RULE)[0] == '\0';
    return !of_entity || add_trace(arg, stmt, err);
}

/* A run with what is said of it, and the event that it began with. */
static bool gather_run(struct story *story, int64_t id, struct err *err)
{
    struct store_reader *reader = story->reader;
    struct run run = {0};
    bool found = false;
    bool good = store_read_run(reader, id, &run, &found, err);
    int64_t event = run.cause_event, type = run.entity.type;
    story->found = found;
    story->entity = run.entity;
    story->portal = run.portal;
    run_done(&run);
    if (!found)
        return good;
    db_bind(reader_stmt(reader, READ_EVENT), "i", event);
    db_bind(reader_stmt(reader, READ_RUN), "i", id);
    db_bind(reader_stmt(reader, TELL_TRACES_OF_EVENT), "itii", type, story->entity.id,
            event != 0 ? event : -1, story->most);
    db_bind(reader_stmt(reader, TELL_TRACES_OF_RUN), "itii", type, story->entity.id, id,
            story->most);
    return each_row(story, READ_EVENT, add_event, err) &&
           each_row(story, TELL_TRACES_OF_EVENT, add_trace_of_entity, err) &&
           each_row(story, READ_RUN, add_run, err) &&
           each_row(story, TELL_TRACES_OF_RUN, add_trace, err);
}

static bool take_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    struct event event;
    column_event(stmt, &event);
    story->found = true;
    story->entity = event.entity;
    story->portal = event.portal;
    if (event.entity.type == ENTITY_NONE) /* it stands for itself */
        (void)snprintf(story->entity.id, sizeof story->entity.id, "%lld", (long long)event.id);
    event_done(&event);
    return add_event(arg, stmt, err);
}

static bool add_run_with_traces(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct story *story = arg;
    sqlite3_stmt *traces = reader_stmt(story->reader, TELL_TRACES_OF_RUN);
    db_bind(traces, "itii", (int64_t)story->entity.type, story->entity.id,
            sqlite3_column_int64(stmt, 0), story->most);
    return add_run(arg, stmt, err) && reader_each(story->reader, traces, add_trace, story, err);
}

/* Its runs tell that they began with it; what names both is told once. */
static bool add_trace_without_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    enum { RUN = 2 };
    return sqlite3_column_int64(stmt, RUN) != 0 || add_trace(arg, stmt, err);
}

static bool gather_event(struct story *story, int64_t id, struct err *err)
{
    struct store_reader *reader = story->reader;
    db_bind(reader_stmt(reader, READ_EVENT), "i", id);
    if (!each_row(story, READ_EVENT, take_event, err) || !story->found)
        return !story->found;
    db_bind(reader_stmt(reader, TELL_TRACES_OF_EVENT), "itii", (int64_t)story->entity.type,
            story->entity.id, id, story->most);
    db_bind(reader_stmt(reader, TELL_RUNS_OF_EVENT), "itii", (int64_t)story->entity.type,
            story->entity.id, id, story->most);
    return each_row(story, TELL_TRACES_OF_EVENT, add_trace_without_run, err) &&
           each_row(story, TELL_RUNS_OF_EVENT, add_run_with_traces, err);
}

static bool speaks_of(const struct story *story, const char *rule)
{
    const struct line *lines = story->lines.entries;
    for (int64_t i = 0; i < story->lines.count; i++) {
        const json_t *own = json_object_get(lines[i].value, "rule");
        if (json_is_string(own) && strcmp(json_string_value(own), rule) == 0)
            return true;
    }
    return false;
}

/* A pause of a rule that has nothing to do with the entity is left out. */
static bool add_hand(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    enum { RULE = 3 };
    const char *rule = db_text(stmt, RULE);
    return (rule[0] != '\0' && !speaks_of(arg, rule)) || add_trace(arg, stmt, err);
}

/* Pauses of the time that the story is about: they may be why nothing happened. */
static bool gather_hands(struct story *story, struct err *err)
{
    bool operators =
        story->entity.type == ENTITY_NONE && strcmp(story->entity.id, TRACE_OPERATOR) == 0;
    if (operators || story->lines.count == 0)
        return true;
    db_bind(reader_stmt(story->reader, TELL_HANDS), "iii", story->portal, story->first_ms,
            story->most);
    return each_row(story, TELL_HANDS, add_hand, err);
}

static bool gather(struct story *story, const struct story_wish *wish, struct err *err)
{
    bool good = wish->run != 0     ? gather_run(story, wish->run, err)
                : wish->event != 0 ? gather_event(story, wish->event, err)
                                   : gather_entity(story, err);
    return good && gather_hands(story, err);
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

/* ---- a quick portal -------------------------------------------------------------------------- */

static const char *member(const struct line *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line->value, name));
    return text != NULL ? text : "";
}

static int64_t run_of(const struct line *line)
{
    return json_integer_value(json_object_get(line->value, "run"));
}

/* Does that line say what came of the call? */
static bool tells_outcome(const struct line *line, const struct line *call)
{
    return line->rank == RANK_TRACE && run_of(line) == run_of(call) &&
           (strcmp(member(line, "what"), "done") == 0 ||
            strcmp(member(line, "what"), "error") == 0);
}

/* Does the line at `k` tell the outcome of a call of another step, which stands before it? */
static bool is_taken(const struct line *lines, int64_t k, const struct line *call)
{
    return k > 0 && lines[k - 1].rank == RANK_CALL && run_of(&lines[k - 1]) == run_of(call) &&
           !json_equal(json_object_get(lines[k - 1].value, "step"),
                       json_object_get(call->value, "step"));
}

/* A call that was answered within its millisecond, as a portal beside us does it, would stand
 * behind its outcome. */
static void put_calls_first(struct line *lines, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t to = i;
        for (int64_t k = i; lines[i].rank == RANK_CALL && k > 0; k--) {
            if (lines[k - 1].at_ms != lines[i].at_ms)
                break;
            if (tells_outcome(&lines[k - 1], &lines[i]) && !is_taken(lines, k - 1, &lines[i]))
                to = k - 1;
        }
        struct line call = lines[i];
        memmove(&lines[to + 1], &lines[to], (size_t)(i - to) * sizeof *lines);
        lines[to] = call;
    }
}

static json_t *rows_new(struct story *story)
{
    struct line *lines = story->lines.entries;
    int64_t count = story->lines.count;
    if (count > 0)
        qsort(lines, (size_t)count, sizeof *lines, by_time);
    put_calls_first(lines, count);
    json_t *rows = json_array();
    for (int64_t i = 0; i < count; i++) {
        if (i >= count - story->most)
            (void)json_array_append(rows, lines[i].value);
        json_decref(lines[i].value);
    }
    mem_free(lines);
    story->full = story->full || count > story->most;
    return rows;
}

bool store_tell_story(struct store_reader *reader, const struct story_wish *wish, json_t **ret,
                      struct err *err)
{
    struct story story = {.reader = reader,
                          .lines = {.entry_size = sizeof(struct line)},
                          .portal = wish->portal,
                          .most = tell_ceiling(wish->most)};
    char pruned[32] = "0";
    bool known;
    if (wish->entity != NULL)
        story.entity = *wish->entity;
    /* One snapshot, so that a run and its traces agree. */
    bool done = db_run(&reader->db, "BEGIN", err) && gather(&story, wish, err) &&
                store_read_setting(reader, "store.pruned_ms", pruned, sizeof pruned, &known, err);
    sql_roll_back(&reader->db);
    json_t *rows = rows_new(&story);
    if (!done) {
        json_decref(rows);
        return false;
    }
    *ret = json_pack("{s:o, s:o, s:b, s:b, s:o}", "rows", rows, "entity",
                     tell_entity_new(&story.entity), "found", story.found, "more", story.full,
                     "pruned_ms", tell_ms_new(strtoll(pruned, NULL, 10)));
    return true;
}
