/* What decisions build on: snapshots, runs, effects, and how often a rule has fired. */

#include "common/mem.h"
#include "daemon/store/columns.h"
#include "daemon/store/inside.h"

struct run_out {
    struct run *run;
    bool found;
};

static bool take_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct run_out *out = arg;
    out->found = true;
    return column_run(stmt, out->run, err);
}

bool store_read_run(struct store_reader *reader, int64_t id, struct run *ret, bool *ret_found,
                    struct err *err)
{
    struct run_out out = {.run = ret};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_RUN);
    *ret = (struct run){0};
    db_bind(stmt, "i", id);
    bool done = reader_each(reader, stmt, take_run, &out, err);
    *ret_found = done && out.found;
    if (!done)
        run_done(ret);
    return done;
}

struct snapshot_out {
    struct snapshot *snapshot;
    bool found;
};

static bool take_snapshot(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct snapshot_out *out = arg;
    struct snapshot *snapshot = out->snapshot;
    out->found = true;
    snapshot->digest = (uint64_t)sqlite3_column_int64(stmt, 1);
    snapshot->added_told = sqlite3_column_int(stmt, 2) != 0;
    snapshot->deleted = sqlite3_column_int(stmt, 3) != 0;
    snapshot->history_id = sqlite3_column_int64(stmt, 4);
    snapshot->stage_since_ms = sqlite3_column_int64(stmt, 5);
    snapshot->looked_ms = sqlite3_column_int64(stmt, 6);
    return column_json(stmt, 0, &snapshot->fields, err);
}

bool store_read_snapshot(struct store_reader *reader, int64_t portal, const struct entity *entity,
                         struct snapshot *ret, bool *ret_found, struct err *err)
{
    struct snapshot_out out = {.snapshot = ret};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_SNAPSHOT);
    *ret = (struct snapshot){.portal = portal, .entity = *entity};
    db_bind(stmt, "iit", portal, (int64_t)entity->type, entity->id);
    bool done = reader_each(reader, stmt, take_snapshot, &out, err);
    *ret_found = done && out.found;
    return done;
}

static bool add_effect(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    return column_effect(stmt, reader_list_add(arg), err);
}

bool store_read_effects(struct store_reader *reader, int64_t run_id, int step, struct effect **ret,
                        int64_t *ret_count, struct err *err)
{
    struct reader_list list = {.entry_size = sizeof(struct effect)};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_EFFECTS);
    db_bind(stmt, "ii", run_id, (int64_t)step);
    bool done = reader_each(reader, stmt, add_effect, &list, err);
    struct effect *effects = list.entries;
    if (done) {
        *ret = effects;
        *ret_count = list.count;
        return true;
    }
    for (int64_t i = 0; i < list.count; i++)
        effect_done(&effects[i]);
    mem_free(effects);
    return false;
}

static bool add_made(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    json_t *result = NULL;
    if (!column_json(stmt, 0, &result, err))
        return false;
    if (result != NULL)
        (void)json_array_append_new(arg, result);
    return true;
}

bool store_read_made(struct store_reader *reader, int64_t portal, const struct entity *entity,
                     const char *method, int64_t since_ms, json_t **ret, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_MADE);
    json_t *made = json_array();
    db_bind(stmt, "iitti", portal, (int64_t)entity->type, entity->id, method, since_ms);
    if (!reader_each(reader, stmt, add_made, made, err)) {
        json_decref(made);
        return false;
    }
    *ret = made;
    return true;
}

/* ---- firings --------------------------------------------------------------------------------- */

struct fired_out {
    struct fired_row *row;
    int64_t thawed_run;
};

static bool take_fired(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct fired_out *out = arg;
    out->row->total = sqlite3_column_int64(stmt, 0);
    out->row->last_ms = sqlite3_column_int64(stmt, 1);
    out->row->visit_ms = sqlite3_column_int64(stmt, 2);
    out->row->frozen_ms = sqlite3_column_int64(stmt, 3);
    out->thawed_run = sqlite3_column_int64(stmt, 4);
    return true;
}

static bool take_recent(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct fired_row *row = arg;
    row->recent = sqlite3_column_int64(stmt, 0);
    return true;
}

static bool take_own(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)stmt;
    (void)err;
    struct fired_row *row = arg;
    row->own_id_seen = true;
    return true;
}

bool store_read_fired(struct store_reader *reader, int64_t portal, const char *rule,
                      const struct entity *entity, int64_t since_ms, const char *own_id,
                      struct fired_row *ret, struct err *err)
{
    sqlite3_stmt *fired = reader_stmt(reader, READ_FIRED);
    sqlite3_stmt *recent = reader_stmt(reader, READ_RECENT);
    sqlite3_stmt *own = reader_stmt(reader, READ_OWN);
    int64_t type = entity->type;
    struct fired_out out = {.row = ret};
    *ret = (struct fired_row){0};
    db_bind(fired, "iitt", portal, type, entity->id, rule);
    if (!reader_each(reader, fired, take_fired, &out, err))
        return false;
    db_bind(recent, "iittii", portal, type, entity->id, rule, since_ms, out.thawed_run);
    if (!reader_each(reader, recent, take_recent, ret, err))
        return false;
    if (own_id == NULL || own_id[0] == '\0')
        return true;
    db_bind(own, "iittt", portal, type, entity->id, rule, own_id);
    return reader_each(reader, own, take_own, ret, err);
}

/* ---- timers ---------------------------------------------------------------------------------- */

static bool add_timer(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct timer_row *row = reader_list_add(arg);
    *row = (struct timer_row){.rule = mem_strdup(db_text(stmt, 0)),
                              .trigger = mem_strdup(db_text(stmt, 1)),
                              .born_ms = sqlite3_column_int64(stmt, 2),
                              .scanned_ms = sqlite3_column_int64(stmt, 3),
                              .begun_ms = sqlite3_column_int64(stmt, 4),
                              .cursor = sqlite3_column_int64(stmt, 5)};
    return true;
}

bool store_read_timers(struct store_reader *reader, int64_t portal, struct timer_row **ret,
                       int64_t *ret_count, struct err *err)
{
    struct reader_list list = {.entry_size = sizeof(struct timer_row)};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_TIMERS);
    db_bind(stmt, "i", portal);
    bool done = reader_each(reader, stmt, add_timer, &list, err);
    struct timer_row *rows = list.entries;
    for (int64_t i = 0; i < list.count; i++) {
        rows[i].portal = portal;
        if (!done)
            timer_row_done(&rows[i]);
    }
    if (!done) {
        mem_free(rows);
        return false;
    }
    *ret = rows;
    *ret_count = list.count;
    return true;
}

struct over_out {
    bool found, left;
};

static bool take_over(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    *(struct over_out *)arg = (struct over_out){true, sqlite3_column_int(stmt, 0) != 0};
    return true;
}

bool store_read_over(struct store_reader *reader, int64_t portal, const struct entity *entity,
                     const char *rule, const char *trigger, const char *base, bool *ret_over,
                     bool *ret_left, struct err *err)
{
    struct over_out out = {0};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_OVER);
    db_bind(stmt, "iitttt", portal, (int64_t)entity->type, entity->id, rule, trigger, base);
    bool done = reader_each(reader, stmt, take_over, &out, err);
    *ret_over = out.found;
    *ret_left = out.left;
    return done;
}

struct owners_out {
    int64_t *owners;
    int64_t count;
};

static bool take_owner(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct owners_out *out = arg;
    out->owners[out->count++] = sqlite3_column_int64(stmt, 0);
    return true;
}

bool store_read_given_owners(struct store_reader *reader, int64_t portal, int64_t most,
                             int64_t *ret, int64_t *ret_count, struct err *err)
{
    struct owners_out out = {.owners = ret};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_GIVEN_OWNERS);
    db_bind(stmt, "ii", portal, most);
    bool done = reader_each(reader, stmt, take_owner, &out, err);
    *ret_count = out.count;
    return done;
}

struct given_out {
    struct given *given;
    int64_t count;
};

static bool take_given(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct given_out *out = arg;
    struct given *given = &out->given[out->count++];
    *given = (struct given){.deputy = sqlite3_column_int64(stmt, 2)};
    column_entity(stmt, 0, &given->what);
    column_entity(stmt, 3, &given->run);
    return true;
}

bool store_read_given(struct store_reader *reader, int64_t portal, int64_t owner, int64_t most,
                      struct given *ret, int64_t *ret_count, struct err *err)
{
    struct given_out out = {.given = ret};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_GIVEN);
    db_bind(stmt, "iii", portal, owner, most);
    bool done = reader_each(reader, stmt, take_given, &out, err);
    *ret_count = out.count;
    for (int64_t i = 0; i < out.count; i++)
        ret[i].owner = owner;
    return done;
}
