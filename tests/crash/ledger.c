#include "tests/crash/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/jv.h"
#include "common/mem.h"

void ledger_init(struct ledger *l, int64_t first_deal, int64_t deals)
{
    *l = (struct ledger){.deals = {.from = first_deal, .count = deals, .capacity = deals},
                         .others = {.from = LEDGER_OTHERS_FROM}};
    l->deals.lines = mem_array((size_t)deals + 1, sizeof *l->deals.lines);
}

void ledger_done(struct ledger *l)
{
    mem_free(l->deals.lines);
    mem_free(l->others.lines);
}

static struct ledger_line *find_in(const struct ledger_page *page, int64_t id)
{
    return id >= page->from && id < page->from + page->count ? &page->lines[id - page->from] : NULL;
}

/* NULL: not one of ours. */
static struct ledger_line *find(const struct ledger *l, int64_t id)
{
    struct ledger_line *line = find_in(&l->deals, id);
    return line != NULL ? line : find_in(&l->others, id);
}

/* Of an id that ledger_next has given. */
static struct ledger_line *own(const struct ledger *l, int64_t id)
{
    struct ledger_line *line = find(l, id);
    if (line == NULL)
        abort();
    return line;
}

bool ledger_has_deals(const struct ledger *l)
{
    return l->next_deal < l->deals.count;
}

static int64_t add_other(struct ledger_page *page)
{
    if (page->count == page->capacity) {
        page->capacity = page->capacity * 2 + 4096;
        page->lines = mem_grow(page->lines, (size_t)page->capacity, sizeof *page->lines);
    }
    page->lines[page->count] = (struct ledger_line){0};
    return page->from + page->count++;
}

int64_t ledger_next(struct ledger *l, bool deal)
{
    return deal ? l->deals.from + l->next_deal++ : add_other(&l->others);
}

void ledger_sent(struct ledger *l, int64_t id)
{
    own(l, id)->sent++;
}

void ledger_answered(struct ledger *l, int64_t id, int status)
{
    struct ledger_line *line = own(l, id);
    if (status == 200)
        line->answered++;
    else
        line->refused++;
}

/* ---- the database ---------------------------------------------------------------------------- */

static bool check_pages(struct db *db, struct err *err)
{
    bool row = false;
    sqlite3_stmt *stmt = db_prepare(db, "PRAGMA integrity_check(1)", err);
    bool sound = stmt != NULL && db_step_row(db, stmt, &row, err);
    if (sound && (!row || strcmp(db_text(stmt, 0), "ok") != 0))
        sound = err_set(err, "integrity_check says: %s", row ? db_text(stmt, 0) : "nothing");
    (void)sqlite3_finalize(stmt);
    return sound;
}

static void count_row(struct ledger *l, sqlite3_stmt *stmt)
{
    struct ledger_line *line = find(l, strtoll(db_text(stmt, 1), NULL, 10));
    l->last_row = sqlite3_column_int64(stmt, 0);
    if (line != NULL)
        line->stored++;
    else
        l->resting++;
}

static void stop_row(struct ledger *l, sqlite3_stmt *stmt)
{
    struct ledger_line *line = find(l, strtoll(db_text(stmt, 1), NULL, 10));
    if (line != NULL)
        line->stopped = true;
}

typedef void row_fn(struct ledger *, sqlite3_stmt *);

static bool each_row(struct ledger *l, struct db *db, const char *sql, int64_t value, row_fn *fn,
                     struct err *err)
{
    bool row = false;
    sqlite3_stmt *stmt = db_prepare(db, sql, err);
    if (stmt == NULL)
        return false;
    db_bind(stmt, "i", value);
    bool ok = db_step_row(db, stmt, &row, err);
    while (ok && row) {
        fn(l, stmt);
        ok = db_step_row(db, stmt, &row, err);
    }
    (void)sqlite3_finalize(stmt);
    return ok;
}

static bool open_untouched(struct db *db, const char *database, struct err *err)
{
    if (!db_open(db, database, DB_READ, err))
        return false;
    /* The last connection to close would write the log back, which is the next start's to do. */
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return true;
}

bool ledger_count_stored(struct ledger *l, const char *database, struct err *err)
{
    struct db db;
    if (!open_untouched(&db, database, err))
        return false;
    bool ok = each_row(l, &db, "SELECT id, entity_id FROM event WHERE id > ? ORDER BY id",
                       l->last_row, count_row, err) &&
              check_pages(&db, err);
    db_close(&db);
    return ok;
}

bool ledger_count_stopped(struct ledger *l, const char *database, struct err *err)
{
    struct db db;
    if (!open_untouched(&db, database, err))
        return false;
    /* 6 dead, 7 parked (migrations/0001_first.sql) */
    bool ok = each_row(l, &db, "SELECT id, entity_id FROM run WHERE state IN (6, 7) AND id > ?", 0,
                       stop_row, err);
    db_close(&db);
    return ok;
}

void ledger_count_effects(struct ledger *l, const json_t *effects)
{
    size_t i;
    const json_t *effect;
    json_array_foreach (effects, i, effect) {
        struct ledger_line *line = find(l, jv_int(effect, "params.fields.ENTITY_ID", 0));
        if (line != NULL)
            line->effects++;
        l->last_effect = jv_int(effect, "n", l->last_effect);
    }
}

/* ---- the sum --------------------------------------------------------------------------------- */

static void sum_line(struct ledger_sums *s, const struct ledger_line *line)
{
    s->sent += line->sent;
    s->answered += line->answered;
    s->refused += line->refused;
    s->stored += line->stored > 0;
    s->missing += line->answered > 0 && line->stored == 0;
    s->doubled += line->stored > 1;
    s->kept += line->refused > 0 && line->stored > 0;
}

static void sum_deal(struct ledger_sums *s, const struct ledger_line *line)
{
    s->deals += line->stored > 0;
    s->effects += line->effects > 0;
    s->effects_missing += line->stored > 0 && line->effects == 0 && !line->stopped;
    s->effects_doubled += line->effects > 1;
    s->stopped += line->stopped;
}

struct ledger_sums ledger_sum(const struct ledger *l)
{
    struct ledger_sums sums = {0};
    for (int64_t i = 0; i < l->next_deal; i++) {
        sum_line(&sums, &l->deals.lines[i]);
        sum_deal(&sums, &l->deals.lines[i]);
    }
    for (int64_t i = 0; i < l->others.count; i++)
        sum_line(&sums, &l->others.lines[i]);
    return sums;
}
