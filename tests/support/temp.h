#ifndef TESTS_SUPPORT_TEMP_H
#define TESTS_SUPPORT_TEMP_H

/* A folder of the test's own, and files in it. */

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct temp {
    char folder[64];
    char path[128]; /* of the file named last */
};

static inline struct temp temp_make(void)
{
    struct temp t = {.folder = "/tmp/b24bridge-test-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(t.folder));
    return t;
}

static inline int temp_unlink(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void temp_remove(struct temp *t)
{
    (void)nftw(t->folder, temp_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file in the folder; valid until the next call. */
static inline const char *temp_path(struct temp *t, const char *name)
{
    int size = snprintf(t->path, sizeof t->path, "%s/%s", t->folder, name);
    ck_assert_int_lt(size, (int)sizeof t->path);
    return t->path;
}

/* Writes a file of exactly that mode and names it. */
static inline const char *temp_write(struct temp *t, const char *name, mode_t mode,
                                     const void *bytes, size_t size)
{
    const char *path = temp_path(t, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    (void)close(fd);
    return path;
}

#endif
