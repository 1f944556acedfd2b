#include "daemon/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/mem.h"
#include "daemon/store/file.h"
#include "daemon/store/migrate.h"

enum {
    PIECE_PAGES = 256,      /* a mebibyte */
    CHECK_OPCODES = 100000, /* between two questions whether to go on */
    REST_MOST_MS = 50,
    LOG_LARGE_BYTES = 32 << 20,
};

struct copying {
    const struct backup_options *options;
    struct backup_result *result;
    struct db from, to;
    char *log;  /* path of the log of the database */
    char *part; /* path of the copy while it is being made; NULL: none is there */
    int fd;     /* of the part; -1 */
    int64_t pages, page_bytes, flushed;
    bool stopped; /* by go_on */
};

static bool failed(const char *doing, const char *path, struct err *err)
{
    return err_set(err, "cannot %s \"%s\": %s", doing, path, strerror(errno));
}

static bool go_on(struct copying *c, int64_t pages)
{
    if (c->options->go_on == NULL)
        return true;
    c->stopped =
        !c->options->go_on(c->options->arg, pages * c->page_bytes, c->pages * c->page_bytes);
    return !c->stopped;
}

/* ---- what is there --------------------------------------------------------------------------- */

static bool look_at_database(struct copying *c, struct stat *ret, struct err *err)
{
    const char *path = c->options->database;
    int64_t application = 0;
    if (stat(path, ret) != 0)
        return failed("read database", path, err);
    if (access(path, R_OK | W_OK) != 0) /* readers of a log that is in use lock it */
        return err_set(err, "cannot read database \"%s\": %s; root can, and the daemon's own user",
                       path, strerror(errno));
    if (!db_open(&c->from, path, DB_READ, err))
        return false;
    /* Only the daemon writes its log back, also when it is not there just now. */
    (void)sqlite3_db_config(c->from.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!migrate_number(&c->from, "PRAGMA application_id", &application, err))
        return false;
    return application == MIGRATE_APPLICATION_ID ||
           err_set(err, "\"%s\" is no database of b24bridge", path);
}

/* Nothing, or an older backup: anything else that FILE may name by mistake stays as it is. */
static bool look_at_target(const char *file, const struct stat *database, struct err *err)
{
    struct stat st;
    if (lstat(file, &st) != 0)
        return errno == ENOENT || failed("look at", file, err);
    if (st.st_dev == database->st_dev && st.st_ino == database->st_ino)
        return err_set(err, "\"%s\" is the database itself", file);
    return (S_ISREG(st.st_mode) && file_is_ours(file)) ||
           err_set(err, "\"%s\" is there and is no backup of b24bridge: it stays as it is", file);
}

/* ---- the copy -------------------------------------------------------------------------------- */

/* All the room at once: a disk that has too little of it says so before anything is written. */
static bool reserve(struct copying *c, struct err *err)
{
    off_t size = (off_t)(c->pages * c->page_bytes);
    if (size == 0 || fallocate(c->fd, FALLOC_FL_KEEP_SIZE, 0, size) == 0 || errno != ENOSPC)
        return true;
    return err_set(err, "no room for \"%s\": it takes %lld MiB", c->options->file,
                   (long long)(size >> 20));
}

static bool make_part(struct copying *c, struct err *err)
{
    c->part = mem_printf("%s.XXXXXX", c->options->file);
    c->fd = mkostemp(c->part, O_CLOEXEC);
    if (c->fd >= 0)
        return reserve(c, err) && db_open(&c->to, c->part, DB_COPY, err);
    (void)failed("create", c->part, err);
    mem_free(c->part);
    c->part = NULL;
    return false;
}

/* The snapshot lasts until the connection closes. */
static bool begin_snapshot(struct copying *c, struct err *err)
{
    return db_run(&c->from, "BEGIN; SELECT count(*) FROM sqlite_schema", err) &&
           migrate_number(&c->from, "PRAGMA page_count", &c->pages, err) &&
           migrate_number(&c->from, "PRAGMA page_size", &c->page_bytes, err);
}

/* What the writer's log has grown to while we hold our snapshot; 0 when there is none. */
static int64_t log_bytes(const struct copying *c)
{
    struct stat st;
    return stat(c->log, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* What is written goes to the disk piece by piece, without a flush of the disk's own memory:
 * nobody's commit ever waits behind more than a piece. Then the disk is left to others as long as
 * we took, unless so much is written meanwhile that the snapshot had better end soon: all that is
 * in the log then has to be written back at one blow. */
static void let_others(struct copying *c, int64_t pages, int64_t began_ms)
{
    int64_t end = pages * c->page_bytes;
    bool haste = log_bytes(c) > LOG_LARGE_BYTES;
    unsigned wait = haste ? 0 : SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    (void)sync_file_range(c->fd, c->flushed, end - c->flushed, SYNC_FILE_RANGE_WRITE | wait);
    (void)posix_fadvise(c->fd, 0, c->flushed, POSIX_FADV_DONTNEED);
    c->flushed = end;
    int64_t rest_ms = clock_mono_ms() - began_ms;
    if (!haste)
        (void)poll(NULL, 0, (int)(rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS));
}

static bool copy_pages(struct copying *c, sqlite3_backup *backup, struct err *err)
{
    for (;;) {
        int64_t began_ms = clock_mono_ms();
        int code = sqlite3_backup_step(backup, PIECE_PAGES);
        if (code == SQLITE_DONE)
            return true;
        if (code != SQLITE_OK)
            return err_set(err, "cannot write \"%s\": %s", c->options->file, sqlite3_errstr(code));
        int64_t pages = c->pages - sqlite3_backup_remaining(backup);
        let_others(c, pages, began_ms);
        if (!go_on(c, pages))
            return err_set(err, "told to stop: \"%s\" was not made", c->options->file);
    }
}

static bool copy(struct copying *c, struct err *err)
{
    int64_t began_ms = clock_mono_ms();
    if (!begin_snapshot(c, err) || !make_part(c, err))
        return false;
    sqlite3_backup *backup = sqlite3_backup_init(c->to.handle, "main", c->from.handle, "main");
    if (backup == NULL)
        return db_fail(&c->to, "begin a copy", err);
    bool copied = copy_pages(c, backup, err);
    (void)sqlite3_backup_finish(backup);
    db_close(&c->from); /* the log may begin again */
    c->result->copy_ms = clock_mono_ms() - began_ms;
    c->result->bytes = c->pages * c->page_bytes;
    /* A file without a log beside it, which can be read from where nothing can be written. */
    return copied && db_run(&c->to, "PRAGMA journal_mode = DELETE", err) &&
           migrate_number(&c->to, "PRAGMA user_version", &c->result->schema, err);
}

/* ---- the check, and its place ---------------------------------------------------------------- */

static int ask_whether_to_stop(void *arg)
{
    struct copying *c = arg;
    return !go_on(c, c->pages);
}

static bool check(struct copying *c, struct err *err)
{
    int64_t began_ms = clock_mono_ms();
    bool row = false;
    struct err why = {0};
    sqlite3_progress_handler(c->to.handle, CHECK_OPCODES, ask_whether_to_stop, c);
    sqlite3_stmt *stmt = db_prepare(&c->to, "PRAGMA integrity_check(1)", &why);
    bool asked = stmt != NULL && db_step_row(&c->to, stmt, &row, &why);
    const char *say = asked && row ? db_text(stmt, 0) : why.text;
    c->result->unsound = !c->stopped && strcmp(say, "ok") != 0;
    if (c->stopped)
        (void)err_set(err, "told to stop: \"%s\" was not made", c->options->file);
    else if (c->result->unsound)
        (void)err_set(err, "database \"%s\" is damaged (%.160s): its copy was thrown away",
                      c->options->database, say);
    (void)sqlite3_finalize(stmt);
    c->result->check_ms = clock_mono_ms() - began_ms;
    return !c->stopped && !c->result->unsound;
}

/* The name is on the disk as well. */
static void flush_folder(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash == NULL ? mem_strdup(".") : mem_strndup(file, (size_t)(slash - file) + 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    mem_free(folder);
}

static bool put_in_place(struct copying *c, struct err *err)
{
    const char *file = c->options->file;
    db_close(&c->to);
    if (fsync(c->fd) != 0)
        return failed("write", file, err);
    if (rename(c->part, file) != 0)
        return failed("create", file, err);
    mem_free(c->part);
    c->part = NULL;
    flush_folder(file);
    return true;
}

bool backup_run(const struct backup_options *options, struct backup_result *ret, struct err *err)
{
    struct copying c = {.options = options, .result = ret, .fd = -1};
    c.log = mem_printf("%s-wal", options->database);
    struct stat database;
    *ret = (struct backup_result){0};
    bool made = look_at_database(&c, &database, err) &&
                look_at_target(options->file, &database, err) && copy(&c, err) && check(&c, err) &&
                put_in_place(&c, err);
    db_close(&c.to);
    db_close(&c.from);
    if (c.fd >= 0)
        (void)close(c.fd);
    if (c.part != NULL)
        (void)unlink(c.part);
    mem_free(c.part);
    mem_free(c.log);
    return made;
}
