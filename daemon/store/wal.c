#include "daemon/store/wal.h"

#include <stddef.h>

enum {
    EVERY_FRAMES = 500, /* 2 MiB; a checkpoint of it takes 2 ms, each page a place of its own */
    AGAIN_FRAMES = 250, /* more, when a reader keeps the log from beginning again */
    LARGE_BYTES = 32 << 20,
    IDLE_BUSY_MS = 20, /* how long an idle writer waits for a reader */
};

static int after_commit(void *arg, sqlite3 *handle, const char *name, int frames)
{
    (void)handle;
    (void)name;
    struct wal *wal = arg;
    bool again = frames < wal->frames; /* the log began again at its front */
    if (again)
        wal->next = EVERY_FRAMES;
    wal->written = again ? frames : frames - wal->frames;
    wal->frames = frames;
    return SQLITE_OK;
}

void wal_init(struct wal *wal, struct db *db)
{
    *wal = (struct wal){.db = db, .next = EVERY_FRAMES};
    (void)sqlite3_busy_timeout(db->handle, WAL_BUSY_MS);
    (void)sqlite3_wal_hook(db->handle, after_commit, wal);
}

/* A reader in the way is no failure: what is left is written next time. Even when nothing is left,
 * the log begins again only with the next commit, and only if no reader looks at its end. */
static bool checkpoint(struct wal *wal, int mode, struct err *err)
{
    wal->next = wal->frames + AGAIN_FRAMES;
    int code = sqlite3_wal_checkpoint_v2(wal->db->handle, NULL, mode, NULL, NULL);
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY ||
           db_fail(wal->db, "write the log back", err);
}

bool wal_write_back(struct wal *wal, struct err *err)
{
    return checkpoint(wal, SQLITE_CHECKPOINT_PASSIVE, err);
}

bool wal_upkeep(struct wal *wal, struct err *err)
{
    return wal->frames < wal->next || wal_write_back(wal, err);
}

bool wal_idle(struct wal *wal, int64_t wal_bytes, struct err *err)
{
    if (wal_bytes < LARGE_BYTES)
        return true;
    (void)sqlite3_busy_timeout(wal->db->handle, IDLE_BUSY_MS);
    bool done = checkpoint(wal, SQLITE_CHECKPOINT_TRUNCATE, err);
    (void)sqlite3_busy_timeout(wal->db->handle, WAL_BUSY_MS);
    return done;
}
