/* LD_PRELOAD: each flush takes a millisecond longer, or as many microseconds as $SLOW_DISK_US says,
 * as on an ordinary rented server. */

#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int flush_fn(int fd);

int fsync(int fd);
int fdatasync(int fd);

static void dawdle(void)
{
    const char *text = getenv("SLOW_DISK_US");
    long us = text != NULL ? strtol(text, NULL, 10) : 1000;
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL);
}

static int flush(const char *name, int fd)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    flush_fn *real;
    __builtin_memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from an object to code */
    dawdle();
    return real(fd);
}

int fsync(int fd)
{
    return flush("fsync", fd);
}

int fdatasync(int fd)
{
    return flush("fdatasync", fd);
}
