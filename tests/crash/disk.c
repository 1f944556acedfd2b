/* Loaded into the daemon before its libraries (LD_PRELOAD): a disk with troubles, as the files in
 * the folder $DISK_FOLDER say at the moment:
 *
 *   full    N: the database's files may grow by so many bytes together, then ENOSPC. What a file
 * has already can be written over, as on a real disk. flush   US EVERY MORE_US: each flush takes so
 * many microseconds longer, each EVERY-th more broken  flushes fail with EIO
 *
 * Without them it is the disk it is. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/crash/watched.h"

static struct {
    pthread_mutex_t lock; /* guards the rest */
    long grown;           /* bytes, since the disk is nearly full */
    long flushes;
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

/* The numbers in a file of the folder; false when there is none. */
static bool wish(const char *name, long numbers[3])
{
    char path[WATCHED_PATH], text[64] = "";
    const char *folder = getenv("DISK_FOLDER");
    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/nowhere", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    (void)close(fd);
    char *at = text;
    for (int i = 0; i < 3; i++)
        numbers[i] = size > 0 ? strtol(at, &at, 10) : 0;
    return true;
}

/* How much of a write finds room. */
static size_t room(int fd, size_t size, off_t at)
{
    long numbers[3];
    struct stat st;
    if (!is_database(fd) || fstat(fd, &st) != 0)
        return size;
    bool is_full = wish("full", numbers);
    pthread_mutex_lock(&disk.lock);
    size_t inside = at < st.st_size ? (size_t)(st.st_size - at) : 0;
    size_t growth = size > inside ? size - inside : 0;
    if (!is_full)
        disk.grown = 0;
    else if (disk.grown + (long)growth > numbers[0])
        growth = numbers[0] > disk.grown ? (size_t)(numbers[0] - disk.grown) : 0;
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

static void dawdle(void)
{
    long numbers[3];
    if (!wish("flush", numbers))
        return;
    pthread_mutex_lock(&disk.lock);
    long us = numbers[0];
    if (numbers[1] > 0 && ++disk.flushes % numbers[1] == 0)
        us += numbers[2];
    pthread_mutex_unlock(&disk.lock);
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL);
}

int fdatasync(int fd)
{
    long numbers[3];
    if (!is_database(fd))
        return REAL(fdatasync)(fd);
    dawdle();
    if (!wish("broken", numbers))
        return REAL(fdatasync)(fd);
    errno = EIO;
    return -1;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
