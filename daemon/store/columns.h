#ifndef DAEMON_STORE_COLUMNS_H
#define DAEMON_STORE_COLUMNS_H

/* The row a statement stands on, as a struct. The order of columns is that of the *_COLUMNS in
 * sql.c. What a function fills is owned by the caller, also after a failure. */

#include "daemon/store/sql.h"
#include "daemon/store/store.h"

/* Column as text into a fixed array; what does not fit was never put. */
void column_text(sqlite3_stmt *, int column, char *out, size_t size);
/* The struct's fields {type, id} from two columns. */
void column_entity(sqlite3_stmt *, int column, struct entity *ret);
/* Parsed; NULL for SQL NULL. Fails on what is not JSON: the file was changed by somebody else. */
bool column_json(sqlite3_stmt *, int column, json_t **ret, struct err *) MUST_CHECK;

enum { EVENT_STATE_COLUMN = 14 };
void column_event(sqlite3_stmt *, struct event *ret);
enum { RUN_PORTAL_NAME_COLUMN = 18 };
bool column_run(sqlite3_stmt *, struct run *ret, struct err *) MUST_CHECK;
bool column_effect(sqlite3_stmt *, struct effect *ret, struct err *) MUST_CHECK;

#endif
