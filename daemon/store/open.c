/* The life of a store: what a start finds, and the few things that are neither writing nor reading.
 */

#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/store/inside.h"
#include "daemon/store/migrate.h"

/* A statement of WRITE_* that answers with one number. */
static bool read_number(struct store *store, enum sql_write which, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = store->apply.stmts[which];
    bool row;
    if (!db_step_row(&store->db, stmt, &row, err))
        return false;
    *ret = row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_reset(stmt);
    return true;
}

/* What was under way when the last process ended is to be gone on with; the engine looks first
 * whether it happened (promise 5). */
static bool recover(struct store *store, struct err *err)
{
    sqlite3_stmt *stmt = store->apply.stmts[WRITE_RECOVER];
    db_bind(stmt, "i", clock_wall_ms());
    return db_step_done(&store->db, stmt, err);
}

static bool count(struct store *store, struct store_health *health, struct err *err)
{
    int64_t events = 0;
    int64_t runs = 0;
    int64_t last_id = 0;
    if (!read_number(store, WRITE_COUNT_NEW, &events, err) ||
        !read_number(store, WRITE_COUNT_LIVE, &runs, err) ||
        !read_number(store, WRITE_LAST_ID, &last_id, err))
        return false;
    health->queued = events + runs;
    atomic_init(&store->last_id, last_id);
    return true;
}

static void tell_of_upgrade(void *arg, const struct migration *migration, int64_t from, int64_t to)
{
    const struct store_options *options = arg;
    if (from > 0) /* a new file is no upgrade */
        options->upgrading(options->upgrading_arg, migration->name, from, to);
}

static bool bring_up_to_date(struct db *db, const struct store_options *options, struct err *err)
{
    struct store_options asked = *options;
    const struct migrate_watch watch = {.tell = tell_of_upgrade, .arg = &asked};
    return migrate_run(db, migrations, migration_count, options->upgrading != NULL ? &watch : NULL,
                       err);
}

/* Nothing is written before file_examine has seen the file. */
static bool start(struct store *store, const struct store_options *options, struct err *err)
{
    struct store_health health = {.ok = true, .max_queue = options->max_queue};
    store->lock = file_lock(store->path, options->wait, options->arg, err);
    if (store->lock < 0 || !file_examine(store->path, (int64_t)migration_count, err) ||
        !db_open(&store->db, store->path, DB_WRITE, err) ||
        !bring_up_to_date(&store->db, options, err) ||
        !apply_open(&store->apply, &store->db, err) || !recover(store, err) ||
        !count(store, &health, err) || !file_guard_init(&store->guard, store->path, err))
        return false;
    store->started =
        writer_start(&store->writer, &store->db, &store->apply, &store->guard, &health, err);
    return store->started;
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *store = mem_alloc(sizeof *store);
    *store = (struct store){.path = mem_strdup(options->path), .lock = -1};
    if (start(store, options, err))
        return store;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->started)
        writer_stop(&store->writer);
    apply_close(&store->apply);
    db_close(&store->db); /* the last connection writes the log back and removes it */
    file_guard_done(&store->guard);
    if (store->lock >= 0)
        (void)close(store->lock);
    mem_free(store->path);
    mem_free(store);
}

/* ---- writing --------------------------------------------------------------------------------- */

void store_submit(struct store *store, struct store_change *change, store_done_fn *done, void *arg)
{
    change->lane = CHANGE_WORK;
    change->done = done;
    change->arg = arg;
    writer_submit(&store->writer, change);
}

void store_submit_arrival(struct store *store, struct store_change *change, store_done_fn *done,
                          void *arg)
{
    change->lane = CHANGE_ARRIVAL;
    change->done = done;
    change->arg = arg;
    writer_submit(&store->writer, change);
}

struct waiter {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool told, ok;
    struct err err;
};

static void wake_waiter(void *arg, bool ok, const struct err *err)
{
    struct waiter *waiter = arg;
    pthread_mutex_lock(&waiter->mutex);
    waiter->told = true;
    waiter->ok = ok;
    if (err != NULL)
        waiter->err = *err;
    /* Under the mutex: the waiter's stack is gone as soon as it may look. */
    pthread_cond_signal(&waiter->wake);
    pthread_mutex_unlock(&waiter->mutex);
}

bool store_commit(struct store *store, struct store_change *change, struct err *err)
{
    struct waiter waiter = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    store_submit(store, change, wake_waiter, &waiter);
    pthread_mutex_lock(&waiter.mutex);
    while (!waiter.told)
        pthread_cond_wait(&waiter.wake, &waiter.mutex);
    pthread_mutex_unlock(&waiter.mutex);
    (void)pthread_mutex_destroy(&waiter.mutex);
    (void)pthread_cond_destroy(&waiter.wake);
    return waiter.ok || err_set(err, "%s", waiter.err.text);
}

int64_t store_next_id(struct store *store)
{
    return atomic_fetch_add(&store->last_id, 1) + 1;
}

void store_prune(struct store *store, int64_t before_ms, int rows)
{
    writer_prune(&store->writer, before_ms, rows);
}

void store_health(struct store *store, struct store_health *ret)
{
    writer_health(&store->writer, ret);
}

bool store_full(struct store *store)
{
    return writer_full(&store->writer);
}

bool store_stuck(struct store *store)
{
    return writer_stuck(&store->writer);
}

int64_t store_still_ms(struct store *store)
{
    return writer_still_ms(&store->writer);
}

void store_probe(struct store *store)
{
    writer_probe(&store->writer);
}

static bool take_id(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    *(int64_t *)arg = sqlite3_column_int64(stmt, 0);
    return true;
}

static bool find_portal(struct store *store, const char *name, int64_t *ret_id, struct err *err)
{
    struct store_reader *reader = store_reader_open(store, err);
    if (reader == NULL)
        return false;
    sqlite3_stmt *stmt = reader_stmt(reader, READ_PORTAL);
    db_bind(stmt, "t", name);
    *ret_id = 0;
    bool ok = reader_each(reader, stmt, take_id, ret_id, err);
    if (ok && *ret_id == 0)
        ok = err_set(err, "database \"%s\": portal \"%s\" was not kept", store->path, name);
    store_reader_close(reader);
    return ok;
}

bool store_portal_id(struct store *store, const char *name, int64_t *ret_id, struct err *err)
{
    struct store_change *change = store_change_new();
    CHANGE_ADD(change, WRITE_PORTAL, value_text(name));
    return store_commit(store, change, err) && find_portal(store, name, ret_id, err);
}
