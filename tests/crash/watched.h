#ifndef TESTS_CRASH_WATCHED_H
#define TESTS_CRASH_WATCHED_H

/* What the libraries share that are loaded into the daemon. They may use libc only, and none of the
 * functions they stand before. */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

#endif
