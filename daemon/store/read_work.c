/* What the engine asks to find its work: entities that want attention, their events, their runs. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "daemon/store/columns.h"
#include "daemon/store/inside.h"

/* ---- who wants attention --------------------------------------------------------------------- */

struct waiting_list {
    struct waiting_entity *entries; /* the caller's; the statement's LIMIT keeps inside */
    int64_t count;
    int64_t portal;
    int priority;
    int64_t last_event; /* read, of this priority */
    struct due_cursor due;
};

static bool take_new(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct waiting_list *list = arg;
    struct waiting_entity *entry = &list->entries[list->count++];
    list->last_event = sqlite3_column_int64(stmt, 0);
    *entry = (struct waiting_entity){
        .portal = list->portal,
        .priority = (enum priority)list->priority,
        .since_ms = sqlite3_column_int64(stmt, 3),
    };
    column_entity(stmt, 1, &entry->entity);
    if (entry->entity.type == ENTITY_NONE)
        (void)snprintf(entry->entity.id, sizeof entry->entity.id, "%" PRId64, list->last_event);
    return true;
}

/* Priority by priority, each a range of the index: all three at once would have to be sorted. */
bool store_read_new(struct store_reader *reader, int64_t portal, struct event_cursor *cursor,
                    int64_t most, struct waiting_entity *ret, int64_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_NEW);
    struct waiting_list list = {
        .entries = ret, .portal = portal, .priority = cursor->priority, .last_event = cursor->id};
    for (; list.priority <= PRIORITY_BULK; list.priority++, list.last_event = 0) {
        db_bind(stmt, "iiii", portal, (int64_t)list.priority, list.last_event, most - list.count);
        if (!reader_each(reader, stmt, take_new, &list, err))
            return false;
        *cursor = (struct event_cursor){.priority = list.priority, .id = list.last_event};
        if (list.count >= most)
            break;
    }
    *ret_count = list.count;
    return true;
}

static bool take_due(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct waiting_list *list = arg;
    struct waiting_entity *entry = &list->entries[list->count++];
    *entry = (struct waiting_entity){
        .portal = list->portal,
        .priority = (enum priority)list->priority,
        .since_ms = sqlite3_column_int64(stmt, 2),
    };
    column_entity(stmt, 0, &entry->entity);
    list->due.due_ms = sqlite3_column_int64(stmt, 3);
    list->due.id = sqlite3_column_int64(stmt, 4);
    return true;
}

bool store_read_due_on(struct store_reader *reader, int64_t portal, int64_t now_ms,
                       struct due_cursor *cursor, int64_t most, struct waiting_entity *ret,
                       int64_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_DUE);
    struct waiting_list list = {
        .entries = ret, .portal = portal, .priority = cursor->priority, .due = *cursor};
    for (; list.priority <= PRIORITY_BULK; list.priority++, list.due = (struct due_cursor){0}) {
        db_bind(stmt, "iiiiii", portal, (int64_t)list.priority, list.due.due_ms, list.due.id,
                now_ms, most - list.count);
        if (!reader_each(reader, stmt, take_due, &list, err))
            return false;
        list.due.priority = list.priority;
        *cursor = list.due;
        if (list.count >= most)
            break;
    }
    *ret_count = list.count;
    return true;
}

bool store_read_due(struct store_reader *reader, int64_t portal, int64_t now_ms, int64_t most,
                    struct waiting_entity *ret, int64_t *ret_count, struct err *err)
{
    struct due_cursor cursor = {0};
    return store_read_due_on(reader, portal, now_ms, &cursor, most, ret, ret_count, err);
}

struct held_list {
    struct held_run *entries; /* the caller's */
    int64_t count, portal, last_id;
    int priority;
};

static bool take_held(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct held_list *list = arg;
    struct held_run *entry = &list->entries[list->count++];
    *entry = (struct held_run){.who = {.portal = list->portal,
                                       .priority = (enum priority)list->priority,
                                       .since_ms = sqlite3_column_int64(stmt, 2)}};
    column_entity(stmt, 0, &entry->who.entity);
    list->last_id = sqlite3_column_int64(stmt, 3);
    column_text(stmt, 4, entry->rule, sizeof entry->rule);
    return true;
}

bool store_read_held(struct store_reader *reader, int64_t portal, struct due_cursor *cursor,
                     int64_t most, struct held_run *ret, int64_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_HELD);
    struct held_list list = {
        .entries = ret, .portal = portal, .priority = cursor->priority, .last_id = cursor->id};
    for (; list.priority <= PRIORITY_BULK; list.priority++, list.last_id = 0) {
        db_bind(stmt, "iiii", portal, (int64_t)list.priority, list.last_id, most - list.count);
        if (!reader_each(reader, stmt, take_held, &list, err))
            return false;
        *cursor = (struct due_cursor){.priority = list.priority, .id = list.last_id};
        if (list.count >= most)
            break;
    }
    *ret_count = list.count;
    return true;
}

static bool take_earlier(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    int64_t *earliest = arg;
    int64_t due_ms = sqlite3_column_int64(stmt, 0);
    if (due_ms < *earliest)
        *earliest = due_ms;
    return true;
}

bool store_read_next_due(struct store_reader *reader, int64_t portal, int64_t now_ms,
                         int64_t *ret_ms, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_NEXT_DUE);
    int64_t earliest = INT64_MAX;
    for (int priority = 0; priority <= PRIORITY_BULK; priority++) {
        db_bind(stmt, "iii", portal, (int64_t)priority, now_ms);
        if (!reader_each(reader, stmt, take_earlier, &earliest, err))
            return false;
    }
    *ret_ms = earliest;
    return true;
}

/* ---- its events and runs --------------------------------------------------------------------- */

static bool add_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    column_event(stmt, reader_list_add(arg));
    return true;
}

/* An event that belongs to no entity stands for itself: its id is the entity's. */
static bool add_own_event(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    bool is_new = sqlite3_column_int(stmt, EVENT_STATE_COLUMN) == 1;
    return !is_new || add_event(arg, stmt, err);
}

static bool gather_events(struct store_reader *reader, int64_t portal, const struct entity *entity,
                          int64_t most, struct reader_list *list, struct err *err)
{
    if (entity->type == ENTITY_NONE) {
        sqlite3_stmt *stmt = reader_stmt(reader, READ_EVENT);
        db_bind(stmt, "i", (int64_t)strtoll(entity->id, NULL, 10));
        return reader_each(reader, stmt, add_own_event, list, err);
    }
    sqlite3_stmt *stmt = reader_stmt(reader, READ_EVENTS);
    db_bind(stmt, "iiti", portal, (int64_t)entity->type, entity->id, most);
    return reader_each(reader, stmt, add_event, list, err);
}

bool store_read_events(struct store_reader *reader, int64_t portal, const struct entity *entity,
                       int64_t most, struct event **ret, int64_t *ret_count, struct err *err)
{
    struct reader_list list = {.entry_size = sizeof(struct event)};
    bool done = gather_events(reader, portal, entity, most, &list, err);
    struct event *events = list.entries;
    if (done) {
        *ret = events;
        *ret_count = list.count;
        return true;
    }
    for (int64_t i = 0; i < list.count; i++)
        event_done(&events[i]);
    mem_free(events);
    return false;
}

static bool add_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    return column_run(stmt, reader_list_add(arg), err);
}

bool store_read_live(struct store_reader *reader, int64_t portal, const struct entity *entity,
                     struct run **ret, int64_t *ret_count, struct err *err)
{
    struct reader_list list = {.entry_size = sizeof(struct run)};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_LIVE);
    db_bind(stmt, "iit", portal, (int64_t)entity->type, entity->id);
    bool done = reader_each(reader, stmt, add_run, &list, err);
    struct run *runs = list.entries;
    if (done) {
        *ret = runs;
        *ret_count = list.count;
        return true;
    }
    for (int64_t i = 0; i < list.count; i++)
        run_done(&runs[i]);
    mem_free(runs);
    return false;
}
