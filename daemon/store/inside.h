#ifndef DAEMON_STORE_INSIDE_H
#define DAEMON_STORE_INSIDE_H

/* What the store's own files share. */

#include <stdatomic.h>

#include "daemon/store/writer.h"

struct store {
    char *path;
    int lock; /* descriptor, -1 */
    struct db db;
    struct apply apply;
    struct file_guard guard;
    struct writer writer;
    bool started; /* the writer */
    _Atomic int64_t last_id;
};

struct store_reader {
    struct store *store; /* borrowed */
    struct db db;
    sqlite3_stmt *stmts[SQL_READS]; /* NULL: not used yet */
    struct err unprepared;          /* why a statement could not be prepared */
};

/* Prepared on first use: most readers ask a few of the questions, some only one. NULL when that
 * fails; db_bind lets it pass and reader_each says why. */
sqlite3_stmt *reader_stmt(struct store_reader *, enum sql_read);

/* Told of each row of a bound statement; false stops with `err` filled. The statement is reset in
 * the end, whatever comes, so that no snapshot outlives a call and the log can begin again. */
typedef bool reader_row_fn(void *arg, sqlite3_stmt *, struct err *);
bool reader_each(struct store_reader *, sqlite3_stmt *, reader_row_fn *, void *arg,
                 struct err *) MUST_CHECK;

/* An array that rows are gathered in. */
struct reader_list {
    void *entries; /* owned; mem_free */
    size_t entry_size;
    int64_t count, capacity;
};
void *reader_list_add(struct reader_list *); /* the next entry, zeroed */

#endif
