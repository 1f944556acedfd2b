#include "daemon/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/db.h"
#include "common/mem.h"
#include "daemon/store/migrate.h"

enum {
    /* Of a file whose pages are checked at a start after a crash: about 14 ms. Larger ones show
     * their damage when it is read, so that a start never makes senders wait. (SQLite 3.40 cannot
     * be interrupted in the middle of a check.) */
    CHECK_MOST_BYTES = 8 << 20,
};

/* ---- the lock -------------------------------------------------------------------------------- */

static bool lock_taken(int fd, const char *path, const char *lock, struct err *err)
{
    char holder[24] = "";
    ssize_t size = pread(fd, holder, sizeof holder - 1, 0);
    holder[size > 0 ? strspn(holder, "0123456789") : 0] = '\0';
    if (holder[0] == '\0')
        return err_set(err, "database \"%s\" is in use by another process, which holds \"%s\"",
                       path, lock);
    return err_set(err, "database \"%s\" is in use by process %s, which holds \"%s\"", path, holder,
                   lock);
}

/* The number is for people only; the lock is the flock. */
static bool write_holder(int fd, const char *lock, struct err *err)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) == size)
        return true;
    return err_set(err, "cannot write \"%s\": %s", lock, strerror(errno));
}

/* 0, or why not as an errno. */
static int take_lock(int fd, bool (*wait)(void *arg), void *arg)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0)
        if (errno != EWOULDBLOCK)
            return errno;
        else if (wait == NULL || !wait(arg))
            return EWOULDBLOCK;
    return 0;
}

int file_lock(const char *path, bool (*wait)(void *arg), void *arg, struct err *err)
{
    char *lock = mem_printf("%s.lock", path);
    bool locked = false;
    int code = 0;
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        (void)err_set(err, "cannot open \"%s\": %s", lock, strerror(errno));
    else if ((code = take_lock(fd, wait, arg)) == 0)
        locked = write_holder(fd, lock, err);
    else if (code == EWOULDBLOCK)
        (void)lock_taken(fd, path, lock, err);
    else
        (void)err_set(err, "cannot lock \"%s\": %s", lock, strerror(code));
    if (fd >= 0 && !locked) {
        (void)close(fd);
        fd = -1;
    }
    mem_free(lock);
    return fd;
}

/* ---- a look before the first write ----------------------------------------------------------- */

bool file_damaged(const char *path, const char *how, struct err *err)
{
    return err_set(
        err,
        "database \"%s\" is damaged (%.160s) and nothing is written to it: stop b24bridge, "
        "put a backup in its place, remove \"%s-wal\" and \"%s-shm\", start again",
        path, how, path, path);
}

/* quick_check answers "ok" or the first thing it found. */
static bool check_pages(struct db *db, const char *path, struct err *err)
{
    struct err why = {0};
    bool row = false;
    bool sound = true;
    sqlite3_stmt *stmt = db_prepare(db, "PRAGMA quick_check(1)", &why);
    if (stmt == NULL || !db_step_row(db, stmt, &row, &why))
        sound = err_set(err, "%s", why.text);
    else if (row && strcmp(db_text(stmt, 0), "ok") != 0)
        sound = file_damaged(path, db_text(stmt, 0), err);
    (void)sqlite3_finalize(stmt);
    return sound;
}

static bool is_ours(struct db *db, const char *path, struct err *err)
{
    int64_t application = 0;
    int64_t tables = 0;
    if (!migrate_number(db, "PRAGMA application_id", &application, err) ||
        !migrate_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    if (application == MIGRATE_APPLICATION_ID || (application == 0 && tables == 0))
        return true;
    return err_set(err, "database \"%s\" belongs to another program", path);
}

/* SQLite keeps the application's id at byte 68, the highest byte first. */
bool file_is_ours(const char *path)
{
    static const char head[] = "SQLite format 3";
    enum { ID_AT = 68, HEAD_BYTES = 100 };
    unsigned char is[HEAD_BYTES] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && read(fd, is, sizeof is) == (ssize_t)sizeof is;
    if (fd >= 0)
        (void)close(fd);
    uint32_t id = (uint32_t)is[ID_AT] << 24 | (uint32_t)is[ID_AT + 1] << 16 |
                  (uint32_t)is[ID_AT + 2] << 8 | is[ID_AT + 3];
    return whole && memcmp(is, head, sizeof head) == 0 && id == MIGRATE_APPLICATION_ID;
}

/* A clean close leaves no log behind. */
static bool was_clean(const char *path)
{
    struct stat st;
    char *wal = mem_printf("%s-wal", path);
    bool clean = stat(wal, &st) != 0 || st.st_size == 0;
    mem_free(wal);
    return clean;
}

static bool examine_open(struct db *db, const char *path, bool check, int64_t newest,
                         struct err *err)
{
    /* The last connection to close would write the log into the file. */
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return is_ours(db, path, err) && migrate_knows(db, newest, err) &&
           (!check || check_pages(db, path, err));
}

bool file_examine(const char *path, int64_t newest, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT ||
               err_set(err, "cannot open database \"%s\": %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, "cannot open database \"%s\": not a file", path);
    if (st.st_size == 0)
        return true;
    bool check = st.st_size <= CHECK_MOST_BYTES && !was_clean(path);
    struct db db;
    struct err why = {0};
    bool good = db_open(&db, path, DB_READ, &why) && examine_open(&db, path, check, newest, &why);
    bool damaged = db_trouble_of(&db) == DB_TROUBLE_DAMAGED;
    int code = db.failure & 0xff;
    db_close(&db);
    if (good)
        return true;
    if (damaged && code == SQLITE_NOTADB)
        return err_set(err,
                       "\"%s\" is not a database and was left as it is: put a backup in its "
                       "place, or name another file",
                       path);
    if (damaged)
        return file_damaged(path, why.text, err);
    return err_set(err, "%s", why.text);
}

/* ---- is it still there? ---------------------------------------------------------------------- */

/* Identity and size alone. Who asks for the times too makes the kernel (6.13 and later: multigrain
 * timestamps) note the next write's time in the inode, and each flush then writes that as well:
 * twice the I/O of a commit. */
static bool look_at(const char *path, struct file_id *ret, int64_t *ret_size)
{
    struct statx st;
    if (statx(AT_FDCWD, path, AT_STATX_SYNC_AS_STAT, STATX_INO | STATX_SIZE, &st) != 0)
        return false;
    *ret = (struct file_id){
        .device_major = st.stx_dev_major, .device_minor = st.stx_dev_minor, .inode = st.stx_ino};
    *ret_size = (int64_t)st.stx_size;
    return true;
}

static bool identify(const char *path, struct file_id *ret, struct err *err)
{
    int64_t size;
    return look_at(path, ret, &size) ||
           err_set(err, "cannot look at \"%s\": %s", path, strerror(errno));
}

static bool same_file(const struct file_id *a, const struct file_id *b)
{
    return a->device_major == b->device_major && a->device_minor == b->device_minor &&
           a->inode == b->inode;
}

/* SQLite reads the first page once; a start reads it again. */
static bool has_head(int fd)
{
    static const char head[] = "SQLite format 3";
    char is[sizeof head] = "";
    return pread(fd, is, sizeof is, 0) == (ssize_t)sizeof is && memcmp(is, head, sizeof is) == 0;
}

bool file_guard_init(struct file_guard *guard, const char *path, struct err *err)
{
    *guard = (struct file_guard){.path = mem_strdup(path), .wal = mem_printf("%s-wal", path)};
    guard->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (guard->fd < 0)
        return err_set(err, "cannot open database \"%s\": %s", path, strerror(errno));
    guard->headed = has_head(guard->fd);
    return identify(path, &guard->path_id, err) && identify(guard->wal, &guard->wal_id, err);
}

void file_guard_done(struct file_guard *guard)
{
    if (guard->path != NULL && guard->fd >= 0)
        (void)close(guard->fd);
    mem_free(guard->path);
    mem_free(guard->wal);
    *guard = (struct file_guard){0};
}

static bool check_one(const char *path, const struct file_id *id, int64_t *ret_size,
                      struct err *err)
{
    struct file_id is;
    if (!look_at(path, &is, ret_size))
        return err_set(err, "\"%s\", which is open, is no longer there (%s)", path,
                       strerror(errno));
    return same_file(&is, id) || err_set(err, "\"%s\" is no longer the file that was opened", path);
}

static bool check_head(const struct file_guard *guard, struct err *err)
{
    return !guard->headed || has_head(guard->fd) ||
           err_set(err, "\"%s\" was emptied or overwritten while it was open", guard->path);
}

bool file_guard_check(const struct file_guard *guard, int64_t *ret_wal_bytes, struct err *err)
{
    int64_t size;
    return check_one(guard->path, &guard->path_id, &size, err) && check_head(guard, err) &&
           check_one(guard->wal, &guard->wal_id, ret_wal_bytes, err);
}
