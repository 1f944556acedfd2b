#include "common/tzfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/near.h"
#include "common/scan.h"

enum { MOST_NAME = 64, MOST_NEIGHBOURS = 512 };

static const char *const system_folder = "/usr/share/zoneinfo";

static bool name_is_safe(const char *zone)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/";
    size_t length = strlen(zone);
    return length > 0 && length <= MOST_NAME && strspn(zone, allowed) == length && zone[0] != '/' &&
           zone[length - 1] != '/';
}

static bool read_all(int fd, struct buf *ret)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        buf_add(ret, chunk, (size_t)n);
        if (ret->full) {
            errno = EFBIG;
            return false;
        }
    }
}

/* False with errno set. */
static bool read_file(const char *path, struct buf *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    struct stat st;
    bool read = fstat(fd, &st) == 0;
    if (read && !S_ISREG(st.st_mode)) {
        errno = ENOENT;
        read = false;
    }
    read = read && read_all(fd, ret);
    int why = errno;
    (void)close(fd);
    errno = why;
    return read;
}

/* Names in the same part of the world ("Europe/…"), each owned. */
static size_t list_neighbours(const char *folder, const char *zone, char **names)
{
    const char *slash = strrchr(zone, '/');
    int area = slash == NULL ? 0 : (int)(slash - zone) + 1;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%.*s", folder, area, zone);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    size_t count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && count < MOST_NEIGHBOURS;
         entry = readdir(dir))
        if (entry->d_name[0] != '.' && entry->d_type != DT_DIR)
            names[count++] = mem_printf("%.*s%s", area, zone, entry->d_name);
    (void)closedir(dir);
    return count;
}

static bool unknown_zone(const char *folder, const char *zone, struct err *err)
{
    if (access(folder, R_OK | X_OK) != 0)
        return err_set(err,
                       "unknown time zone \"%s\": no time zone database in \"%s\", "
                       "install tzdata",
                       zone, folder);
    char *names[MOST_NEIGHBOURS];
    size_t count = list_neighbours(folder, zone, names);
    const char *near = near_name(zone, (const char *const *)names, count);
    if (near != NULL)
        err_set(err, "unknown time zone \"%s\"; did you mean \"%s\"?", zone, near);
    else
        err_set(err, "unknown time zone \"%s\"; write it as \"Europe/Moscow\"", zone);
    for (size_t i = 0; i < count; i++)
        mem_free(names[i]);
    return false;
}

bool tzfile_read(const char *zone, struct buf *ret, struct err *err)
{
    if (!name_is_safe(zone))
        return err_set(err, "unknown time zone \"%s\"; write it as \"Europe/Moscow\"",
                       scan_quote_text(zone).text);
    const char *own = getenv("TZDIR");
    const char *const folders[] = {own != NULL && own[0] != '\0' ? own : system_folder,
                                   system_folder};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[256];
        if (snprintf(path, sizeof path, "%s/%s", folders[i], zone) >= (int)sizeof path)
            continue;
        if (read_file(path, ret))
            return true;
        if (errno != ENOENT && errno != ENOTDIR)
            return err_set(err, "cannot read time zone \"%s\" from \"%s\": %s", zone, path,
                           strerror(errno));
    }
    return unknown_zone(access(folders[0], R_OK | X_OK) == 0 ? folders[0] : system_folder, zone,
                        err);
}
