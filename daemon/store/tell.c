#include "daemon/store/tell.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/store/inside.h"

/* ---- the pieces ------------------------------------------------------------------------------ */

int64_t tell_ceiling(int64_t most)
{
    if (most < 0)
        return 0;
    return most < TELL_MOST ? most : TELL_MOST;
}

json_t *tell_ms_new(int64_t ms)
{
    return ms > 0 ? json_integer(ms) : json_null();
}

void tell_text(json_t *object, const char *member, const char *text)
{
    (void)json_object_set_new(object, member, jv_string_new(text));
}

json_t *tell_entity_new(const struct entity *entity)
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    char type[32];
    if (kind == NULL)
        (void)snprintf(type, sizeof type, "none");
    else if (kind->type == ENTITY_ITEM)
        (void)snprintf(type, sizeof type, "%s %d", kind->word, entity->type);
    else
        (void)snprintf(type, sizeof type, "%s", kind->word);
    json_t *object = json_object();
    tell_text(object, "type", type);
    tell_text(object, "id", entity->id);
    return object;
}

static const char *priority_word(enum priority priority)
{
    switch (priority) {
    case PRIORITY_URGENT:
        return "urgent";
    case PRIORITY_NORMAL:
        return "normal";
    case PRIORITY_BULK:
        return "bulk";
    }
    return "?";
}

json_t *tell_run_new(const struct run *run, const char *portal_name)
{
    json_t *object = json_pack("{s:I}", "id", (json_int_t)run->id);
    tell_text(object, "rule", run->rule);
    tell_text(object, "portal", portal_name);
    (void)json_object_set_new(object, "entity", tell_entity_new(&run->entity));
    tell_text(object, "state", run_state_word(run->state));
    (void)json_object_set_new(object, "step", json_integer(run->step));
    (void)json_object_set_new(object, "due_ms", tell_ms_new(run_due_ms(run)));
    (void)json_object_set_new(object, "attempt", json_integer(run->attempt));
    tell_text(object, "priority", priority_word(run->priority));
    tell_text(object, "reason", run->reason);
    (void)json_object_set_new(object, "cause_event", json_integer(run->cause_event));
    (void)json_object_set_new(object, "cause_run", json_integer(run->cause_run));
    (void)json_object_set_new(object, "created_ms", tell_ms_new(run->created_ms));
    (void)json_object_set_new(object, "updated_ms", tell_ms_new(run->updated_ms));
    return object;
}

static bool take_number(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    int64_t *sum = arg;
    *sum += sqlite3_column_int64(stmt, 0);
    return true;
}

/* ---- the queue ------------------------------------------------------------------------------- */

struct queue_sums {
    struct store_reader *reader;
    int64_t now_ms;
    int64_t events_new;
    int64_t oldest_event_ms;
    int64_t next_due_ms;
};

static bool add_oldest_event(struct queue_sums *sums, int64_t portal, struct err *err)
{
    for (int priority = 0; priority <= PRIORITY_BULK; priority++) {
        struct event_cursor cursor = {.priority = priority};
        struct waiting_entity oldest;
        int64_t count;
        if (!store_read_new(sums->reader, portal, &cursor, 1, &oldest, &count, err))
            return false;
        if (count > 0 && oldest.since_ms < sums->oldest_event_ms)
            sums->oldest_event_ms = oldest.since_ms;
    }
    return true;
}

static bool add_portal(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct queue_sums *sums = arg;
    int64_t portal = sqlite3_column_int64(stmt, 0);
    int64_t next_ms = INT64_MAX;
    sqlite3_stmt *count = reader_stmt(sums->reader, TELL_NEW);
    db_bind(count, "i", portal);
    if (!reader_each(sums->reader, count, take_number, &sums->events_new, err) ||
        !add_oldest_event(sums, portal, err) ||
        !store_read_next_due(sums->reader, portal, sums->now_ms, &next_ms, err))
        return false;
    if (next_ms < sums->next_due_ms)
        sums->next_due_ms = next_ms;
    return true;
}

/* Done and cancelled runs are history and may be many: not counted. */
static bool count_states(struct store_reader *reader, int64_t portal, json_t *runs, struct err *err)
{
    static const enum run_state states[] = {RUN_READY, RUN_WAITING, RUN_RUNNING, RUN_DEAD,
                                            RUN_PARKED};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        int64_t count = 0;
        sqlite3_stmt *stmt = reader_stmt(reader, TELL_STATE);
        db_bind(stmt, "ii", (int64_t)states[i], portal);
        if (!reader_each(reader, stmt, take_number, &count, err))
            return false;
        (void)json_object_set_new(runs, run_state_word(states[i]), json_integer(count));
    }
    return true;
}

static json_t *known_ms_new(int64_t ms)
{
    return ms == INT64_MAX ? json_null() : json_integer(ms);
}

bool store_tell_queue(struct store_reader *reader, int64_t portal_or_0, json_t **ret,
                      struct err *err)
{
    struct queue_sums sums = {.reader = reader,
                              .now_ms = clock_wall_ms(),
                              .oldest_event_ms = INT64_MAX,
                              .next_due_ms = INT64_MAX};
    int64_t frozen = 0;
    json_t *runs = json_object();
    sqlite3_stmt *portals = reader_stmt(reader, READ_PORTALS);
    sqlite3_stmt *count = reader_stmt(reader, TELL_FROZEN_COUNT);
    db_bind(portals, "i", portal_or_0);
    db_bind(count, "ii", sums.now_ms, portal_or_0);
    if (!reader_each(reader, portals, add_portal, &sums, err) ||
        !reader_each(reader, count, take_number, &frozen, err) ||
        !count_states(reader, portal_or_0, runs, err)) {
        json_decref(runs);
        return false;
    }
    json_t *queue = json_object();
    (void)json_object_set_new(queue, "events_new", json_integer(sums.events_new));
    (void)json_object_set_new(queue, "oldest_event_ms", known_ms_new(sums.oldest_event_ms));
    (void)json_object_set_new(queue, "runs", runs);
    (void)json_object_set_new(queue, "frozen", json_integer(frozen));
    (void)json_object_set_new(queue, "timers_next_ms", known_ms_new(sums.next_due_ms));
    *ret = queue;
    return true;
}

/* ---- what went wrong ------------------------------------------------------------------------- */

/* {"at_ms","what","run","rule","portal","entity","say"} */
static json_t *error_new(const char *what, int64_t at_ms, int64_t run_id, const char *rule,
                         const char *portal, const struct entity *entity, const char *say)
{
    json_t *error = json_pack("{s:I, s:s}", "at_ms", (json_int_t)at_ms, "what", what);
    (void)json_object_set_new(error, "run", run_id > 0 ? json_integer(run_id) : json_null());
    tell_text(error, "rule", rule);
    tell_text(error, "portal", portal);
    (void)json_object_set_new(error, "entity", tell_entity_new(entity));
    tell_text(error, "say", say);
    return error;
}

static bool add_bad_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct run run;
    bool done = column_run(stmt, &run, err);
    if (done)
        (void)json_array_append_new(
            arg, error_new(run_state_word(run.state), run.updated_ms, run.id, run.rule,
                           db_text(stmt, RUN_PORTAL_NAME_COLUMN), &run.entity, run.reason));
    run_done(&run);
    return done;
}

static bool add_frozen(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct entity entity;
    char rule[RUN_RULE_SIZE];
    column_text(stmt, 1, rule, sizeof rule);
    column_entity(stmt, 2, &entity);
    json_t *error = error_new("frozen", sqlite3_column_int64(stmt, 0), 0, rule, db_text(stmt, 6),
                              &entity, db_text(stmt, 4));
    (void)json_object_set_new(error, "until_ms", json_integer(sqlite3_column_int64(stmt, 5)));
    (void)json_array_append_new(arg, error);
    return true;
}

/* Takes the newest of an array off it. */
static json_t *take_newest(json_t *errors)
{
    size_t newest = 0;
    for (size_t i = 1; i < json_array_size(errors); i++)
        if (jv_int(json_array_get(errors, i), "at_ms", 0) >
            jv_int(json_array_get(errors, newest), "at_ms", 0))
            newest = i;
    json_t *error = json_incref(json_array_get(errors, newest));
    (void)json_array_remove(errors, newest);
    return error;
}

bool store_tell_errors(struct store_reader *reader, int64_t most, json_t **ret, struct err *err)
{
    enum { MOST_ERRORS = 200 };
    most = most < 0 ? 0 : most > MOST_ERRORS ? MOST_ERRORS : most;
    JV_AUTO *all = json_array();
    sqlite3_stmt *of_state = reader_stmt(reader, TELL_RUNS_OF_STATE);
    sqlite3_stmt *frozen = reader_stmt(reader, TELL_FROZEN);
    db_bind(of_state, "ii", (int64_t)RUN_DEAD, most);
    if (!reader_each(reader, of_state, add_bad_run, all, err))
        return false;
    db_bind(of_state, "ii", (int64_t)RUN_PARKED, most);
    if (!reader_each(reader, of_state, add_bad_run, all, err))
        return false;
    db_bind(frozen, "ii", clock_wall_ms(), most);
    if (!reader_each(reader, frozen, add_frozen, all, err))
        return false;
    json_t *errors = json_array();
    while (json_array_size(all) > 0 && (int64_t)json_array_size(errors) < most)
        (void)json_array_append_new(errors, take_newest(all));
    *ret = errors;
    return true;
}
