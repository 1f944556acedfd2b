#ifndef DAEMON_STORE_BACKUP_H
#define DAEMON_STORE_BACKUP_H

/* A copy of a database, which another process may be writing to meanwhile: one snapshot is read, so
 * the copy is the database as it was at one moment. Nothing is written to the database and nothing
 * checkpointed. While the snapshot is held the writer's log cannot begin again and grows by what is
 * written meanwhile. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct backup_options {
    const char *database;
    const char
        *file; /* made with mode 0600; what is there is replaced when it is a database of ours */
    /* Asked between two pieces, and while the copy is checked (then done = all): go on? Or NULL. */
    bool (*go_on)(void *arg, int64_t done_bytes, int64_t all_bytes);
    void *arg;
};

struct backup_result {
    int64_t bytes;
    int64_t schema;
    int64_t copy_ms, check_ms;
    bool unsound; /* of a failure: the copy was made, and its pages do not agree with one another */
};

/* Copies, checks every page of the copy, and puts it in its place in one step: FILE is the whole
 * copy or what it was before. */
bool backup_run(const struct backup_options *, struct backup_result *ret, struct err *) MUST_CHECK;

#endif
