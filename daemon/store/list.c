/* Lists of runs, a page at a time. A page walks one index from a cursor; what the index does not
 * sort out is looked at row by row, up to a ceiling: a filter that fits little costs a page no more
 * than one that fits all, it takes more pages. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/store/inside.h"
#include "daemon/store/tell.h"

enum { STEP_ROWS = 256, PAGE_ROWS = 5120, DEAD_ROWS = 20480 };

/* A row that was looked at: enough to see whether it fits and to go on behind it. */
struct glance {
    int64_t id, at; /* `at`: what the list is sorted by */
    int64_t portal;
    bool fits;
};

struct walk {
    struct store_reader *reader;
    const struct run_filter *filter;
    struct run_cursor cursor;
    struct reader_list glances; /* of the present step */
    bool by_due;
    bool over; /* nothing is behind the cursor */
};

/* What is done with a run that fits; false with err: stop. */
typedef bool walk_run_fn(void *arg, const struct run *, const char *portal, struct err *);

/* ---- a step: the next rows of the index ------------------------------------------------------ */

static bool fits(const struct run_filter *f, sqlite3_stmt *stmt)
{
    int64_t updated_ms = sqlite3_column_int64(stmt, 4);
    if ((f->portal != 0 && sqlite3_column_int64(stmt, 1) != f->portal) ||
        (f->state != 0 && sqlite3_column_int(stmt, 3) != (int)f->state) ||
        (f->since_ms > 0 && updated_ms < f->since_ms) ||
        (f->until_ms > 0 && updated_ms >= f->until_ms))
        return false;
    if (f->rule != NULL && f->rule[0] != '\0' && strcmp(db_text(stmt, 2), f->rule) != 0)
        return false;
    return f->reason == NULL || strstr(db_text(stmt, 5), f->reason) != NULL;
}

static bool add_glance(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct walk *w = arg;
    struct glance *glance = reader_list_add(&w->glances);
    *glance = (struct glance){.id = sqlite3_column_int64(stmt, 0),
                              .at = sqlite3_column_int64(stmt, 6),
                              .portal = sqlite3_column_int64(stmt, 1),
                              .fits = fits(w->filter, stmt)};
    return true;
}

static int by_due(const void *one, const void *other)
{
    const struct glance *a = one;
    const struct glance *b = other;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static bool step_priorities(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct walk *w = arg;
    int64_t portal = sqlite3_column_int64(stmt, 0);
    sqlite3_stmt *due = reader_stmt(w->reader, LIST_BY_DUE);
    for (int priority = 0; priority <= PRIORITY_BULK; priority++) {
        db_bind(due, "iiiii", w->cursor.at, w->cursor.id, (int64_t)STEP_ROWS, portal,
                (int64_t)priority);
        if (!reader_each(w->reader, due, add_glance, w, err))
            return false;
    }
    return true;
}

/* Each portal and priority is a range of its own: the soonest of all of them. */
static bool step_by_due(struct walk *w, struct err *err)
{
    sqlite3_stmt *portals = reader_stmt(w->reader, READ_PORTALS);
    db_bind(portals, "i", w->filter->portal);
    if (!reader_each(w->reader, portals, step_priorities, w, err))
        return false;
    if (w->glances.count > 0)
        qsort(w->glances.entries, (size_t)w->glances.count, sizeof(struct glance), by_due);
    if (w->glances.count > STEP_ROWS)
        w->glances.count = STEP_ROWS;
    return true;
}

static bool step_of_state(struct walk *w, struct err *err)
{
    const struct run_filter *f = w->filter;
    sqlite3_stmt *stmt = reader_stmt(w->reader, LIST_BY_STATE);
    int64_t from = w->cursor.at;
    if (f->until_ms > 0 && from >= f->until_ms)
        from = f->until_ms - 1;
    db_bind(stmt, "iiiiii", from, w->cursor.id, (int64_t)STEP_ROWS, (int64_t)f->state, f->since_ms,
            w->cursor.portal);
    return reader_each(w->reader, stmt, add_glance, w, err);
}

static bool step_by_id(struct walk *w, struct err *err)
{
    const struct entity *entity = w->filter->entity;
    sqlite3_stmt *stmt = reader_stmt(w->reader, entity != NULL ? LIST_BY_ENTITY : LIST_BY_ID);
    if (entity != NULL)
        db_bind(stmt, "iiiit", w->cursor.at, w->cursor.id, (int64_t)STEP_ROWS,
                (int64_t)entity->type, entity->id);
    else
        db_bind(stmt, "iii", w->cursor.at, w->cursor.id, (int64_t)STEP_ROWS);
    return reader_each(w->reader, stmt, add_glance, w, err);
}

/* By the narrowest index that the filter allows. */
static bool walk_step(struct walk *w, struct err *err)
{
    w->glances.count = 0;
    bool good;
    if (w->filter->entity != NULL || w->filter->state == 0)
        good = step_by_id(w, err);
    else
        good = w->by_due ? step_by_due(w, err) : step_of_state(w, err);
    w->over = w->glances.count < STEP_ROWS;
    return good;
}

static struct walk walk_of(struct store_reader *reader, const struct run_filter *filter,
                           const struct run_cursor *cursor)
{
    struct walk w = {.reader = reader,
                     .filter = filter,
                     .glances = {.entry_size = sizeof(struct glance)},
                     .by_due = filter->entity == NULL && filter->state == RUN_WAITING,
                     .cursor = *cursor};
    bool begin = cursor->at == 0 && cursor->id == 0;
    if (begin && !w.by_due)
        w.cursor = (struct run_cursor){.at = INT64_MAX, .portal = INT64_MAX, .id = INT64_MAX};
    return w;
}

/* ---- the runs that fit ----------------------------------------------------------------------- */

struct told {
    walk_run_fn *each;
    void *arg;
};

static bool tell_run(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    const struct told *told = arg;
    struct run run;
    bool good = column_run(stmt, &run, err) &&
                told->each(told->arg, &run, db_text(stmt, RUN_PORTAL_NAME_COLUMN), err);
    run_done(&run);
    return good;
}

/* Tells up to `most` runs that fit among the next `rows`; *ret_more: there may be further ones. */
static bool walk_on(struct walk *w, int64_t most, int64_t rows, struct told *told, bool *ret_more,
                    struct err *err)
{
    int64_t found = 0, looked = 0;
    bool good = true;
    while (good && !w->over && found < most && looked < rows) {
        good = walk_step(w, err);
        const struct glance *glances = w->glances.entries;
        for (int64_t i = 0; good && i < w->glances.count; i++) {
            if (found == most) { /* what is left is read again by the next page */
                w->over = false;
                break;
            }
            w->cursor = (struct run_cursor){
                .at = glances[i].at, .portal = glances[i].portal, .id = glances[i].id};
            looked++;
            if (!glances[i].fits)
                continue;
            found++;
            sqlite3_stmt *run = reader_stmt(w->reader, READ_RUN);
            db_bind(run, "i", glances[i].id);
            good = reader_each(w->reader, run, tell_run, told, err);
        }
    }
    mem_free(w->glances.entries);
    *ret_more = !w->over;
    return good;
}

static bool add_run(void *arg, const struct run *run, const char *portal, struct err *err)
{
    (void)err;
    (void)json_array_append_new(arg, tell_run_new(run, portal));
    return true;
}

bool store_list_runs(struct store_reader *reader, const struct run_filter *filter,
                     struct run_cursor *cursor, int64_t most, json_t **ret, bool *ret_more,
                     struct err *err)
{
    struct walk w = walk_of(reader, filter, cursor);
    json_t *runs = json_array();
    struct told told = {add_run, runs};
    if (!walk_on(&w, tell_ceiling(most), PAGE_ROWS, &told, ret_more, err)) {
        json_decref(runs);
        return false;
    }
    *cursor = w.cursor;
    *ret = runs;
    return true;
}

/* ---- dead letters ---------------------------------------------------------------------------- */

/* The same reason but for the numbers in it, which are those of runs and records. */
static char *kind_new(const struct run *run, const char *portal)
{
    char *kind =
        mem_printf("%s|%s|%s|%s", run_state_word(run->state), portal, run->rule, run->reason);
    size_t to = 0;
    for (size_t i = 0; kind[i] != '\0'; i++) {
        bool digit = isdigit((unsigned char)kind[i]) != 0;
        if (digit && to > 0 && kind[to - 1] == '#')
            continue;
        kind[to++] = digit ? '#' : kind[i];
    }
    kind[to] = '\0';
    return kind;
}

static json_t *group_new(const struct run *run, const char *portal)
{
    json_t *group = json_object();
    tell_text(group, "rule", run->rule);
    tell_text(group, "portal", portal);
    tell_text(group, "state", run_state_word(run->state));
    tell_text(group, "reason", run->reason);
    (void)json_object_set_new(group, "run", json_integer(run->id));
    (void)json_object_set_new(group, "count", json_integer(0));
    (void)json_object_set_new(group, "last_ms", tell_ms_new(run->updated_ms));
    return group;
}

static bool add_dead(void *arg, const struct run *run, const char *portal, struct err *err)
{
    (void)err;
    json_t *groups = arg;
    char *kind = kind_new(run, portal);
    json_t *name = jv_string_new(kind); /* a reason may have been cut within a letter */
    mem_free(kind);
    json_t *group = json_object_get(groups, json_string_value(name));
    if (group == NULL) {
        group = group_new(run, portal);
        (void)json_object_set_new(groups, json_string_value(name), group);
    }
    json_decref(name);
    (void)json_object_set_new(group, "count", json_integer(jv_int(group, "count", 0) + 1));
    (void)json_object_set_new(group, "first_ms", tell_ms_new(run->updated_ms));
    return true;
}

bool store_tell_dead(struct store_reader *reader, const struct run_filter *filter, json_t **ret,
                     bool *ret_more, struct err *err)
{
    static const enum run_state states[] = {RUN_PARKED, RUN_DEAD};
    JV_AUTO *groups = json_object();
    struct told told = {add_dead, groups};
    *ret_more = false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct run_filter one = *filter;
        bool more = false;
        if (filter->state != 0 && filter->state != states[i])
            continue;
        one.state = states[i];
        struct walk w = walk_of(reader, &one, &(struct run_cursor){0});
        if (!walk_on(&w, DEAD_ROWS, DEAD_ROWS, &told, &more, err))
            return false;
        *ret_more = *ret_more || more;
    }
    const char *kind;
    json_t *group;
    json_t *array = json_array();
    json_object_foreach (groups, kind, group)
        (void)json_array_append(array, group);
    *ret = array;
    return true;
}

/* ---- frozen rules ---------------------------------------------------------------------------- */

struct frozen_list {
    const struct run_filter *filter;
    json_t *rows;
};

static bool add_frozen(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct frozen_list *list = arg;
    const struct run_filter *f = list->filter;
    struct entity entity;
    column_entity(stmt, 2, &entity);
    if ((f->portal != 0 && f->portal != sqlite3_column_int64(stmt, 7)) ||
        (f->rule != NULL && f->rule[0] != '\0' && strcmp(f->rule, db_text(stmt, 1)) != 0) ||
        (f->entity != NULL && !entity_same(f->entity, &entity)))
        return true;
    json_t *row = json_object();
    tell_text(row, "rule", db_text(stmt, 1));
    tell_text(row, "portal", db_text(stmt, 6));
    (void)json_object_set_new(row, "entity", tell_entity_new(&entity));
    (void)json_object_set_new(row, "until_ms", tell_ms_new(sqlite3_column_int64(stmt, 5)));
    tell_text(row, "reason", db_text(stmt, 4));
    (void)json_array_append_new(list->rows, row);
    return true;
}

bool store_tell_frozen(struct store_reader *reader, const struct run_filter *filter, int64_t most,
                       json_t **ret, struct err *err)
{
    struct frozen_list list = {filter, json_array()};
    sqlite3_stmt *stmt = reader_stmt(reader, TELL_FROZEN);
    db_bind(stmt, "ii", clock_wall_ms(), tell_ceiling(most));
    if (!reader_each(reader, stmt, add_frozen, &list, err)) {
        json_decref(list.rows);
        return false;
    }
    *ret = list.rows;
    return true;
}
