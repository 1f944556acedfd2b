#ifndef TESTS_CRASH_WATCHED_H
#define TESTS_CRASH_WATCHED_H

/* What the libraries share that are loaded into the daemon. They may use libc only, and none of the
 * functions they stand before. */

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The function that would have been called. */
#define REAL(name) ((__typeof__(&(name)))(uintptr_t)dlsym(RTLD_NEXT, #name))

enum { WATCHED_PATH = 512 };

/* Does the name of the open file end so? Its path, too. */
static inline bool watched_is(int fd, const char *suffix, char path[WATCHED_PATH])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, WATCHED_PATH - 1);
    path[size > 0 ? size : 0] = '\0';
    size_t length = strlen(suffix);
    return size > (ssize_t)length && strcmp(path + size - length, suffix) == 0;
}

/* What a slow disk makes of a flush: "US EVERY MORE_US", it takes so many microseconds longer, each
 * EVERY-th (0: none) so many more. */
static inline void watched_dawdle(const char *wish)
{
    static atomic_long flushes;
    char *at;
    long us = strtol(wish, &at, 10);
    long every = strtol(at, &at, 10);
    long more_us = strtol(at, &at, 10);
    if (every > 0 && atomic_fetch_add(&flushes, 1) % every == every - 1)
        us += more_us;
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL);
}

#endif
