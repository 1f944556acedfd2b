#ifndef DAEMON_STORE_MIGRATE_H
#define DAEMON_STORE_MIGRATE_H

/* From the schema a file has to the one the program knows: numbered scripts, one transaction each,
 * so that a stop in between leaves a whole schema. */

#include <stdint.h>

#include "common/db.h"
#include "migrations/migrations.h"

enum { MIGRATE_APPLICATION_ID = 0x62323462 }; /* "b24b", set by the first script */

/* "PRAGMA user_version", "PRAGMA application_id" … : the one number they answer with. */
bool migrate_number(struct db *, const char *pragma, int64_t *ret, struct err *) MUST_CHECK;

/* Is the file of no later schema than `newest`? The text names the file and both. */
bool migrate_knows(struct db *, int64_t newest, struct err *) MUST_CHECK;

/* Who wants to know how it goes: told when a script begins and then after so many opcodes each. */
struct migrate_watch {
    int opcodes; /* 0: as many as take some hundredths of a second */
    void (*tell)(void *arg, const struct migration *, int64_t from, int64_t to);
    void *arg;
};

/* Applies what is missing; `watch` may be NULL. After a failure, or a kill -9 at any moment, the
 * file has the last whole schema, and the next run goes on from there. */
bool migrate_run(struct db *, const struct migration *list, size_t count,
                 const struct migrate_watch *watch, struct err *) MUST_CHECK;

#endif
