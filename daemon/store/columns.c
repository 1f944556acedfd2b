#include "daemon/store/columns.h"

#include <stdio.h>

#include "common/mem.h"

static int64_t number(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

static int small(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int(stmt, column);
}

static char *text_new(sqlite3_stmt *stmt, int column)
{
    return mem_strdup((const char *)sqlite3_column_text(stmt, column));
}

void column_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", db_text(stmt, column));
}

void column_entity(sqlite3_stmt *stmt, int column, struct entity *ret)
{
    ret->type = small(stmt, column);
    column_text(stmt, column + 1, ret->id, sizeof ret->id);
}

/* jansson's own limit of depth holds; jv_parse_new's is for what the portal sends, and our rows
 * wrap that in a few levels more. */
bool column_json(sqlite3_stmt *stmt, int column, json_t **ret, struct err *err)
{
    *ret = NULL;
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return true;
    const char *text = db_text(stmt, column);
    size_t size = (size_t)sqlite3_column_bytes(stmt, column);
    *ret = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    return *ret != NULL || err_set(err, "database: a value of \"%s\" is not JSON",
                                   sqlite3_column_name(stmt, column));
}

void column_event(sqlite3_stmt *stmt, struct event *ret)
{
    *ret = (struct event){
        .id = number(stmt, 0),
        .portal = number(stmt, 1),
        .source = (enum event_source)small(stmt, 2),
        .happening = (enum entity_happening)small(stmt, 4),
        .priority = (enum priority)small(stmt, 8),
        .received_ms = number(stmt, 9),
        .sent_s = number(stmt, 10),
        .body = text_new(stmt, 11),
        .query = text_new(stmt, 12),
        .cause_run = number(stmt, 13),
    };
    column_text(stmt, 3, ret->name, sizeof ret->name);
    column_entity(stmt, 5, &ret->entity);
    column_text(stmt, 7, ret->own_id, sizeof ret->own_id);
}

bool column_run(sqlite3_stmt *stmt, struct run *ret, struct err *err)
{
    *ret = (struct run){
        .id = number(stmt, 0),
        .portal = number(stmt, 1),
        .version = (uint64_t)number(stmt, 3),
        .state = (enum run_state)small(stmt, 6),
        .priority = (enum priority)small(stmt, 7),
        .step = small(stmt, 8),
        .due_ms = number(stmt, 9),
        .attempt = small(stmt, 10),
        .cause_event = number(stmt, 11),
        .cause_run = number(stmt, 12),
        .created_ms = number(stmt, 16),
        .updated_ms = number(stmt, 17),
    };
    column_text(stmt, 2, ret->rule, sizeof ret->rule);
    column_entity(stmt, 4, &ret->entity);
    column_text(stmt, 15, ret->reason, sizeof ret->reason);
    return column_json(stmt, 13, &ret->chain, err) && column_json(stmt, 14, &ret->vars, err);
}

bool column_effect(sqlite3_stmt *stmt, struct effect *ret, struct err *err)
{
    *ret = (struct effect){
        .id = number(stmt, 0),
        .run_id = number(stmt, 1),
        .portal = number(stmt, 2),
        .command =
            {
                .kind = (enum command_kind)small(stmt, 6),
                .method = text_new(stmt, 7),
                .write = small(stmt, 9) != 0,
                .unsure = (enum unsure)small(stmt, 10),
            },
        .step = small(stmt, 12),
        .attempt = small(stmt, 13),
        .verdict = (enum verdict)small(stmt, 14),
        .intended_ms = number(stmt, 15),
        .sent_ms = number(stmt, 16),
        .settled_ms = number(stmt, 17),
        .looked = small(stmt, 21) != 0,
    };
    column_entity(stmt, 3, &ret->entity);
    column_text(stmt, 5, ret->command.key, sizeof ret->command.key);
    column_text(stmt, 19, ret->error, sizeof ret->error);
    column_text(stmt, 20, ret->text, sizeof ret->text);
    return column_json(stmt, 8, &ret->command.params, err) &&
           column_json(stmt, 11, &ret->command.look, err) &&
           column_json(stmt, 18, &ret->result, err);
}
