/* What is kept of the portals' silences, and what is late. */

#include "daemon/store/inside.h"

void store_put_silence(struct store_change *change, const struct silence_row *row)
{
    CHANGE_ADD(change, WRITE_SILENCE, value_int(row->portal), value_int(row->slot),
               value_int(row->lap), value_int(row->at_ms), value_int(row->events));
}

void store_put_heard(struct store_change *change, int64_t portal, int64_t heard_ms, int64_t now_ms)
{
    CHANGE_ADD(change, WRITE_HEARD, value_int(portal), value_int(heard_ms), value_int(now_ms));
}

struct told {
    store_silence_fn *each;
    void *arg;
};

static bool tell_silence(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    const struct told *told = arg;
    const struct silence_row row = {.portal = sqlite3_column_int64(stmt, 0),
                                    .slot = sqlite3_column_int(stmt, 1),
                                    .lap = sqlite3_column_int(stmt, 2),
                                    .at_ms = sqlite3_column_int64(stmt, 3),
                                    .events = sqlite3_column_int64(stmt, 4)};
    told->each(told->arg, &row);
    return true;
}

bool store_read_silence(struct store_reader *reader, int64_t portal, store_silence_fn *each,
                        void *arg, struct err *err)
{
    struct told told = {each, arg};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_SILENCE);
    db_bind(stmt, "i", portal);
    return reader_each(reader, stmt, tell_silence, &told, err);
}

static bool take_heard(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    int64_t *ret = arg;
    ret[0] = sqlite3_column_int64(stmt, 0);
    ret[1] = sqlite3_column_int64(stmt, 1);
    return true;
}

bool store_read_heard(struct store_reader *reader, int64_t portal, int64_t *ret_heard_ms,
                      int64_t *ret_at_ms, struct err *err)
{
    int64_t both[2] = {0, 0};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_HEARD);
    db_bind(stmt, "i", portal);
    bool done = reader_each(reader, stmt, take_heard, both, err);
    *ret_heard_ms = both[0];
    *ret_at_ms = both[1];
    return done;
}

struct overdue {
    int64_t count, oldest_ms;
};

static bool add_overdue(void *arg, sqlite3_stmt *stmt, struct err *err)
{
    (void)err;
    struct overdue *sum = arg;
    int64_t due_ms = sqlite3_column_int64(stmt, 0);
    if (sum->count++ == 0 || due_ms < sum->oldest_ms)
        sum->oldest_ms = due_ms;
    return true;
}

bool store_read_overdue(struct store_reader *reader, int64_t portal, int64_t before_ms,
                        int64_t *ret_count, int64_t *ret_oldest_ms, struct err *err)
{
    struct overdue sum = {0};
    sqlite3_stmt *stmt = reader_stmt(reader, READ_OVERDUE);
    bool done = true;
    for (int priority = 0; done && priority <= PRIORITY_BULK; priority++) {
        db_bind(stmt, "iii", portal, (int64_t)priority, before_ms);
        done = reader_each(reader, stmt, add_overdue, &sum, err);
    }
    *ret_count = sum.count;
    *ret_oldest_ms = sum.oldest_ms;
    return done;
}
