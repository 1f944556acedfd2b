/* Loaded into the daemon before its libraries (LD_PRELOAD): a machine whose power can fail. Beside
 * each of the database's files it keeps in $POWER_FOLDER what the disk has for certain: a write
 * gets there with the flush behind it, or before, by chance and in any order, as the system writes
 * back what it likes. After a kill -9 those files are what a power cut would have left. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "tests/crash/watched.h"

enum { FILES = 2, EARLY_ONE_IN = 8 };

struct pending {
    struct pending *next;
    off_t at;
    size_t size;
    bool cut; /* the file ends at `at` */
    unsigned char bytes[];
};

static struct {
    pthread_mutex_t lock; /* guards the rest */
    uint64_t random;
    struct file {
        const char *suffix;
        int fd; /* of the copy, 0: not open yet */
        struct pending *first, **last;
    } files[FILES];
} power = {.lock = PTHREAD_MUTEX_INITIALIZER, .files = {{.suffix = ".db"}, {.suffix = ".db-wal"}}};

static _Noreturn void give_up(const char *why)
{
    (void)dprintf(STDERR_FILENO, "power: %s: %s\n", why, strerror(errno));
    abort();
}

static void open_copy(struct file *file, const char *path)
{
    char copy[2 * WATCHED_PATH];
    const char *folder = getenv("POWER_FOLDER");
    (void)snprintf(copy, sizeof copy, "%s%s", folder != NULL ? folder : "/nowhere",
                   strrchr(path, '/'));
    file->fd = open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file->fd < 0)
        give_up(copy);
    file->last = &file->first;
    power.random = (uint64_t)time(NULL) * 2654435761U + (uint64_t)getpid();
}

/* NULL: none of those we follow. */
static struct file *find_file(int fd)
{
    char path[WATCHED_PATH];
    for (size_t i = 0; i < FILES; i++) {
        struct file *file = &power.files[i];
        if (!watched_is(fd, file->suffix, path))
            continue;
        if (file->fd == 0)
            open_copy(file, path);
        return file;
    }
    return NULL;
}

static void reach_disk(const struct file *file, const struct pending *p)
{
    bool good = p->cut ? REAL(ftruncate64)(file->fd, p->at) == 0
                       : REAL(pwrite64)(file->fd, p->bytes, p->size, p->at) == (ssize_t)p->size;
    if (!good)
        give_up("the copy");
}

static void add(struct file *file, bool cut, off_t at, const void *bytes, size_t size)
{
    struct pending *p = malloc(sizeof *p + size);
    if (p == NULL)
        give_up("memory");
    *p = (struct pending){.at = at, .size = size, .cut = cut};
    if (size > 0)
        memcpy(p->bytes, bytes, size);
    *file->last = p;
    file->last = &p->next;
    power.random = power.random * 6364136223846793005U + 1442695040888963407U;
    if ((power.random >> 33) % EARLY_ONE_IN == 0)
        reach_disk(file, p); /* and once more, in its turn, with the flush */
}

static void flush(struct file *file)
{
    for (struct pending *p = file->first; p != NULL;) {
        struct pending *next = p->next;
        reach_disk(file, p);
        free(p);
        p = next;
    }
    file->first = NULL;
    file->last = &file->first;
}

/* libc's own names of the parameters are reserved:
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t written = REAL(pwrite64)(fd, bytes, size, at);
    pthread_mutex_lock(&power.lock);
    struct file *file = written > 0 ? find_file(fd) : NULL;
    if (file != NULL)
        add(file, false, at, bytes, (size_t)written);
    pthread_mutex_unlock(&power.lock);
    return written;
}

int ftruncate64(int fd, off_t size)
{
    int result = REAL(ftruncate64)(fd, size);
    pthread_mutex_lock(&power.lock);
    struct file *file = result == 0 ? find_file(fd) : NULL;
    if (file != NULL)
        add(file, true, size, NULL, 0);
    pthread_mutex_unlock(&power.lock);
    return result;
}

int fdatasync(int fd)
{
    int result = REAL(fdatasync)(fd);
    pthread_mutex_lock(&power.lock);
    struct file *file = result == 0 ? find_file(fd) : NULL;
    if (file != NULL)
        flush(file);
    pthread_mutex_unlock(&power.lock);
    return result;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
