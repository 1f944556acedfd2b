#include "daemon/config/textfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

enum { MOST_FILES = 1000 };

static bool read_all(int fd, struct buf *ret, struct err *err)
{
    char chunk[16384];
    while (!ret->full) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, "%s", strerror(errno));
        if (n == 0)
            break;
        buf_add(ret, chunk, (size_t)n);
    }
    return true;
}

bool textfile_read(const char *path, struct buf *ret, struct err *err)
{
    /* O_NONBLOCK: a FIFO in the place of the file must not hold up the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, "%s", strerror(errno));
    struct stat st;
    bool read = fstat(fd, &st) == 0 || err_set(err, "%s", strerror(errno));
    if (read && !S_ISREG(st.st_mode))
        read = err_set(err, "not a regular file");
    read = read && read_all(fd, ret, err);
    (void)close(fd);
    return read;
}

static bool ends_with_ini(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".ini") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool textfile_list(const char *folder, char ***ret_paths, size_t *ret_count, struct err *err)
{
    *ret_paths = NULL;
    *ret_count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return errno == ENOENT || err_set(err, "%s", strerror(errno));
    char **paths = mem_array(MOST_FILES, sizeof *paths);
    size_t count = 0;
    bool few = true;
    for (struct dirent *entry = readdir(dir); entry != NULL && few; entry = readdir(dir)) {
        if (!ends_with_ini(entry->d_name))
            continue;
        few = count < MOST_FILES;
        if (few)
            paths[count++] = textfile_join(folder, entry->d_name);
    }
    (void)closedir(dir);
    qsort(paths, count, sizeof *paths, compare_names);
    *ret_paths = paths;
    *ret_count = count;
    return few || err_set(err, "more than %d files", MOST_FILES);
}

char *textfile_join(const char *folder, const char *path)
{
    if (path[0] == '/' || strcmp(folder, ".") == 0)
        return mem_strdup(path);
    return mem_printf("%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", path);
}
