#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/store/columns.h"
#include "daemon/store/inside.h"

struct store_reader *store_reader_open(struct store *store, struct err *err)
{
    struct store_reader *reader = mem_alloc(sizeof *reader);
    reader->store = store;
    if (db_open(&reader->db, store->path, DB_READ, err)) {
        /* Checkpoints are the writer's, whoever closes last. */
        (void)sqlite3_db_config(reader->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return reader;
    }
    store_reader_close(reader);
    return NULL;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader == NULL)
        return;
    sql_finalize(reader->stmts, SQL_READS);
    db_close(&reader->db);
    mem_free(reader);
}

static bool failed(struct store_reader *reader, const struct err *err)
{
    if (db_trouble_of(&reader->db) == DB_TROUBLE_DAMAGED)
        writer_report_damage(&reader->store->writer, err);
    return false;
}

sqlite3_stmt *reader_stmt(struct store_reader *reader, enum sql_read which)
{
    sqlite3_stmt **stmt = &reader->stmts[which];
    if (*stmt == NULL) {
        reader->unprepared = (struct err){0};
        *stmt = db_prepare(&reader->db, sql_reads[which], &reader->unprepared);
    }
    return *stmt;
}

bool reader_each(struct store_reader *reader, sqlite3_stmt *stmt, reader_row_fn *each, void *arg,
                 struct err *err)
{
    if (stmt == NULL) {
        (void)err_set(err, "%s", reader->unprepared.text);
        return failed(reader, &reader->unprepared);
    }
    for (;;) {
        bool row;
        struct err why = {0};
        if (!db_step_row(&reader->db, stmt, &row, &why)) {
            (void)err_set(err, "%s", why.text);
            return failed(reader, &why);
        }
        if (!row)
            return true;
        if (!each(arg, stmt, err)) {
            (void)sqlite3_reset(stmt);
            return false;
        }
    }
}

void *reader_list_add(struct reader_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? list->capacity * 2 : 4;
        list->entries = mem_grow(list->entries, (size_t)list->capacity, list->entry_size);
    }
    void *entry = (char *)list->entries + (size_t)list->count * list->entry_size;
    list->count++;
    return memset(entry, 0, list->entry_size);
}

/* ---- small state ----------------------------------------------------------------------------- */

struct text_out {
    char *out;
    size_t size;
    bool found;
};

static bool take_text(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    struct text_out *text = arg;
    if (sqlite3_column_type(stmt, 0) == SQLITE_NULL)
        return true;
    text->found = true;
    if ((size_t)sqlite3_column_bytes(stmt, 0) >= text->size)
        return err_set(err, "database: a value of %d bytes where %zu fit",
                       sqlite3_column_bytes(stmt, 0), text->size - 1);
    column_text(stmt, 0, text->out, text->size);
    return true;
}

bool store_read_setting(struct store_reader *reader, const char *name, char *out, size_t size,
                        bool *ret_found, struct err *err)
{
    struct text_out text = {.out = out, .size = size};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_SETTING);
    db_bind(stmt, "t", name);
    if (!reader_each(reader, stmt, take_text, &text, err))
        return false;
    *ret_found = text.found;
    return true;
}

static bool add_hold(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    JV_AUTO *value = NULL;
    if (!column_json(stmt, 1, &value, err))
        return false;
    struct hold *hold = reader_list_add(arg);
    char *rule = NULL;
    hold->portal = strtoll(db_text(stmt, 0) + strlen("hold "), &rule, 10);
    hold->since_ms = jv_int(value, "since_ms", 0);
    (void)snprintf(hold->rule, sizeof hold->rule, "%s", rule[0] == ' ' ? rule + 1 : rule);
    (void)snprintf(hold->by, sizeof hold->by, "%s", jv_text(value, "by", ""));
    (void)snprintf(hold->why, sizeof hold->why, "%s", jv_text(value, "why", ""));
    return true;
}

bool store_read_holds(struct store_reader *reader, struct hold **ret, int64_t *ret_count,
                      struct err *err)
{
    struct reader_list list = {.entry_size = sizeof(struct hold)};
    if (!reader_each(reader, reader_stmt(reader, READ_HOLDS), add_hold, &list, err)) {
        mem_free(list.entries);
        return false;
    }
    *ret = list.entries;
    *ret_count = list.count;
    return true;
}

bool store_read_member(struct store_reader *reader, int64_t portal, char out[80], struct err *err)
{
    struct text_out text = {.out = out, .size = 80};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_MEMBER);
    out[0] = '\0';
    db_bind(stmt, "i", portal);
    return reader_each(reader, stmt, take_text, &text, err);
}

static bool take_json(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    return column_json(stmt, 0, arg, err);
}

bool store_read_budget(struct store_reader *reader, int64_t portal, json_t **ret, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_BUDGET);
    *ret = NULL;
    db_bind(stmt, "i", portal);
    return reader_each(reader, stmt, take_json, ret, err);
}

static bool take_name(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    json_t *value;
    if (!column_json(stmt, 1, &value, err))
        return false;
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "value", value);
    (void)json_object_set_new(entry, "at", json_integer(sqlite3_column_int64(stmt, 2)));
    (void)json_object_set_new(arg, db_text(stmt, 0), entry);
    return true;
}

bool store_read_names(struct store_reader *reader, int64_t portal, int64_t since_ms, json_t **ret,
                      struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_NAMES);
    json_t *names = json_object();
    db_bind(stmt, "ii", portal, since_ms);
    if (!reader_each(reader, stmt, take_name, names, err)) {
        json_decref(names);
        return false;
    }
    *ret = names;
    return true;
}

static bool take_team(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    (void)json_object_set_new(arg, db_text(stmt, 0),
                              json_pack("{s:I, s:I}", "turn",
                                        (json_int_t)sqlite3_column_int64(stmt, 1), "last",
                                        (json_int_t)sqlite3_column_int64(stmt, 2)));
    return true;
}

bool store_read_teams(struct store_reader *reader, int64_t portal, json_t **ret, struct err *err)
{
    sqlite3_stmt *stmt = reader_stmt(reader, READ_TEAMS);
    json_t *teams = json_object();
    db_bind(stmt, "i", portal);
    if (!reader_each(reader, stmt, take_team, teams, err)) {
        json_decref(teams);
        return false;
    }
    *ret = teams;
    return true;
}
