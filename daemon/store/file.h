#ifndef DAEMON_STORE_FILE_H
#define DAEMON_STORE_FILE_H

/* The database as a file: whose it is, whether it may be written to, and whether what lies at the
 * path is still what was opened. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* Takes PATH.lock for this process, until the descriptor is closed (-1 on failure); while another
 * process has it, for as long as `wait` says (NULL: not at all). The file stays: removing it would
 * let two processes lock two files of the same name. */
int file_lock(const char *path, bool (*wait)(void *arg), void *arg, struct err *) MUST_CHECK;

/* Looks at what lies at the path without writing a byte: nothing, or a sound database of ours with
 * no newer schema than `newest`. After a close that was not clean the pages of a small file
 * are checked too; damage in a large one shows itself when it is read. */
bool file_examine(const char *path, int64_t newest, struct err *) MUST_CHECK;

/* Does the file say of itself that it is a database of ours? Reads its head only. */
bool file_is_ours(const char *path);

/* What a person is told about a damaged file. Returns false. */
bool file_damaged(const char *path, const char *how, struct err *);

/* The identity of an open database and its log. */
struct file_guard {
    char *path, *wal; /* owned */
    struct file_id {
        uint32_t device_major, device_minor;
        uint64_t inode;
    } path_id, wal_id;
    int fd; /* of the database, for reading its head; closed after the last connection: closing it
               would end SQLite's locks */
    bool headed; /* the head was sound at the start; else it is the log's to mend */
};
bool file_guard_init(struct file_guard *, const char *path, struct err *) MUST_CHECK;
void file_guard_done(struct file_guard *); /* also for a zeroed struct */
/* False when either was removed, replaced, moved away or overwritten from its beginning: what is
 * written then is lost at the next start. *ret_wal_bytes is the size of the log. */
bool file_guard_check(const struct file_guard *, int64_t *ret_wal_bytes, struct err *) MUST_CHECK;

#endif
