#ifndef COMMON_DB_H
#define COMMON_DB_H

/* A thin skin over one SQLite connection: open with our pragmas, statements by typed binds, errors
 * as struct err with the database's own words. Knows no table. A connection belongs to one thread.
 */

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct db {
    sqlite3 *handle;
    char *path;
    int failure; /* SQLite's extended code of the last failure, 0 before the first */
};

enum db_mode {
    DB_WRITE, /* created if missing (0600); WAL, FULL sync, no automatic checkpoint, foreign keys;
                 a new file can give free pages back (PRAGMA incremental_vacuum) */
    DB_READ,  /* query_only; never creates */
    DB_COPY,  /* a file that is there and empty, and becomes a copy: no journal, no flushes */
};

bool db_open(struct db *, const char *path, enum db_mode, struct err *) MUST_CHECK;
void db_close(struct db *); /* also for a zeroed struct */

/* Runs a script of statements without results. */
bool db_run(struct db *, const char *sql, struct err *) MUST_CHECK;

/* Prepares a statement to keep (SQLITE_PREPARE_PERSISTENT). NULL on failure. */
sqlite3_stmt *db_prepare(struct db *, const char *sql, struct err *) MUST_CHECK;

/* Resets, then binds one value per letter of `types`: i int64_t, d double, t const char * (NULL =
 * SQL NULL, not copied: must live until the next bind or reset), b const void *, size_t, n nothing.
 * A statement that could not be prepared, NULL, is let pass. */
void db_bind(sqlite3_stmt *, const char *types, ...);

/* Steps a statement that returns no rows and resets it. */
bool db_step_done(struct db *, sqlite3_stmt *, struct err *) MUST_CHECK;
/* Steps to the next row: *ret_row false at the end (the statement is then reset). */
bool db_step_row(struct db *, sqlite3_stmt *, bool *ret_row, struct err *) MUST_CHECK;
/* Column as text, never NULL ("" for NULL); valid until the next step. */
const char *db_text(sqlite3_stmt *, int column);
/* Fills err from the connection's last error: "cannot DOING: database …", or without the first part
 * when `doing` is NULL. Remembers it for db_trouble_of. Returns false. */
bool db_fail(struct db *, const char *doing, struct err *);
/* Was the last failure the disk's (full, I/O), a lock, or damage? For health. Successes after it do
 * not change the answer. */
enum db_trouble {
    DB_TROUBLE_NONE,
    DB_TROUBLE_FULL,
    DB_TROUBLE_IO,
    DB_TROUBLE_LOCKED,
    DB_TROUBLE_DAMAGED,
};
enum db_trouble db_trouble_of(const struct db *);

#endif
