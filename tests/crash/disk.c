/* Loaded into the daemon before its libraries (LD_PRELOAD): a disk with troubles, as the files in
 * the folder $DISK_FOLDER say at the moment:
 *
 *   full    N: the database's files may grow by so many bytes together, then ENOSPC. What a file
 *           has already can be written over, as on a real disk.
 *   flush   US EVERY MORE_US: each flush takes longer, see watched_dawdle
 *   broken  flushes fail with EIO
 *
 * Without them it is the disk it is. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "tests/crash/watched.h"

static struct {
    pthread_mutex_t lock; /* guards the rest */
    long grown;           /* bytes, since the disk is nearly full */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_database(int fd)
{
    static const char *const suffixes[] = {".db", ".db-wal", ".db-shm"};
    char path[WATCHED_PATH];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (watched_is(fd, suffixes[i], path))
            return true;
    return false;
}

/* What a file of the folder says; false when there is none. */
static bool wish(const char *name, char text[64])
{
    char path[WATCHED_PATH];
    const char *folder = getenv("DISK_FOLDER");
    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/nowhere", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, 63);
    (void)close(fd);
    text[size > 0 ? size : 0] = '\0';
    return true;
}

/* How much of a write finds room. */
static size_t room(int fd, size_t size, off_t at)
{
    char text[64];
    struct stat st;
    if (!is_database(fd) || fstat(fd, &st) != 0)
        return size;
    bool is_full = wish("full", text);
    long most = is_full ? strtol(text, NULL, 10) : 0;
    pthread_mutex_lock(&disk.lock);
    size_t inside = at < st.st_size ? (size_t)(st.st_size - at) : 0;
    size_t growth = size > inside ? size - inside : 0;
    if (!is_full)
        disk.grown = 0;
    else if (disk.grown + (long)growth > most)
        growth = most > disk.grown ? (size_t)(most - disk.grown) : 0;
    if (is_full)
        disk.grown += (long)growth;
    pthread_mutex_unlock(&disk.lock);
    size_t fits = inside + growth;
    return fits < size ? fits : size;
}

/* libc's own names of the parameters are reserved:
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    size_t fits = room(fd, size, at);
    if (fits > 0 || size == 0)
        return REAL(pwrite64)(fd, bytes, fits, at);
    errno = ENOSPC;
    return -1;
}

int fdatasync(int fd)
{
    char text[64];
    if (!is_database(fd))
        return REAL(fdatasync)(fd);
    if (wish("flush", text))
        watched_dawdle(text);
    if (!wish("broken", text))
        return REAL(fdatasync)(fd);
    errno = EIO;
    return -1;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
