#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

/* A store in a folder of its own, and small rows for it. */

#include <check.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/store.h"
#include "tests/support/temp.h"

#define UNUSED __attribute__((unused))

struct fixture {
    struct temp temp;
    char path[128]; /* of the database */
    struct store *store;
    struct store_reader *reader;
};

static inline struct store *fixture_try_open(struct fixture *f, struct err *err)
{
    return store_open(&(struct store_options){.path = f->path, .max_queue = 1000}, err);
}

static UNUSED void fixture_open(struct fixture *f)
{
    struct err err = {0};
    f->store = fixture_try_open(f, &err);
    ck_assert_msg(f->store != NULL, "%s", err.text);
    f->reader = store_reader_open(f->store, &err);
    ck_assert_msg(f->reader != NULL, "%s", err.text);
}

static UNUSED void fixture_close(struct fixture *f)
{
    store_reader_close(f->reader);
    store_close(f->store);
    f->reader = NULL;
    f->store = NULL;
}

static inline void fixture_folder(struct fixture *f)
{
    *f = (struct fixture){.temp = temp_make()};
    (void)snprintf(f->path, sizeof f->path, "%s", temp_path(&f->temp, "b.db"));
}

static UNUSED void fixture_init(struct fixture *f)
{
    fixture_folder(f);
    fixture_open(f);
}

static UNUSED void fixture_done(struct fixture *f)
{
    fixture_close(f);
    temp_remove(&f->temp);
}

static UNUSED void fixture_commit(struct fixture *f, struct store_change *change)
{
    struct err err = {0};
    bool committed = store_commit(f->store, change, &err);
    ck_assert_msg(committed, "%s", err.text);
}

/* Runs SQL from outside and answers with the first number. */
static UNUSED int64_t fixture_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    int code = sqlite3_step(stmt);
    ck_assert_msg(code == SQLITE_ROW || code == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
    int64_t number = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return number;
}

/* Between two looks at what another thread does; how long it is decides nothing. */
static UNUSED void fixture_breathe(void)
{
    (void)poll(NULL, 0, 2);
}

static inline struct entity fixture_deal(const char *id)
{
    struct entity entity = {.type = ENTITY_DEAL};
    (void)snprintf(entity.id, sizeof entity.id, "%s", id);
    return entity;
}

/* An event of deal `id` at portal 1; the body is borrowed. */
static UNUSED struct event fixture_event(struct fixture *f, const char *id)
{
    static char body[] = "event=ONCRMDEALUPDATE&data[FIELDS][ID]=1";
    return (struct event){
        .id = store_next_id(f->store),
        .portal = 1,
        .source = EVENT_WEBHOOK,
        .name = "ONCRMDEALUPDATE",
        .happening = HAPPENING_UPDATED,
        .entity = fixture_deal(id),
        .priority = PRIORITY_NORMAL,
        .received_ms = 1000,
        .body = body,
    };
}

static UNUSED struct run fixture_run(struct fixture *f, const char *id, enum run_state state)
{
    return (struct run){
        .id = store_next_id(f->store),
        .portal = 1,
        .rule = "call-back",
        .entity = fixture_deal(id),
        .state = state,
        .priority = PRIORITY_NORMAL,
        .created_ms = 1000,
        .updated_ms = 1000,
    };
}

static UNUSED void fixture_put_event(struct fixture *f, const struct event *event)
{
    struct store_change *change = store_change_new();
    store_put_event(change, event);
    fixture_commit(f, change);
}

static UNUSED void fixture_put_run(struct fixture *f, const struct run *run)
{
    struct store_change *change = store_change_new();
    store_put_run(change, run);
    fixture_commit(f, change);
}

static UNUSED struct store_health fixture_health(struct fixture *f)
{
    struct store_health health;
    store_health(f->store, &health);
    return health;
}

#endif
