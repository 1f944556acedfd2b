#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

enum { LONGEST = 4096 };

/* systemd hands credentials over with a group bit that stands for an ACL of the unit's own user. */
static bool is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char real_folder[PATH_MAX];
    char real_path[PATH_MAX];
    if (folder == NULL || realpath(folder, real_folder) == NULL ||
        realpath(path, real_path) == NULL)
        return false;
    size_t length = strlen(real_folder);
    return strncmp(real_path, real_folder, length) == 0 && real_path[length] == '/';
}

static bool check_mode(const char *path, const struct stat *st, struct err *err)
{
    if (!S_ISREG(st->st_mode))
        return err_set(err, "secret file \"%s\" is not a regular file", path);
    unsigned mode = st->st_mode & 07777;
    if ((mode & 07) != 0)
        return err_set(err, "secret file \"%s\" has mode %04o, open to everybody; chmod 600 it",
                       path, mode);
    bool ours = st->st_gid == 0 || st->st_gid == getegid();
    if ((mode & 070) != 0 && !ours && !is_credential(path))
        return err_set(err, "secret file \"%s\" has mode %04o, open to group %u; chmod 600 it",
                       path, mode, (unsigned)st->st_gid);
    return true;
}

static bool read_all(int fd, char *text, size_t room, size_t *ret_size)
{
    size_t size = 0;
    while (size < room) {
        ssize_t n = read(fd, text + size, room - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    *ret_size = size;
    return true;
}

static bool is_blank(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static bool check_text(const char *path, const char *text, size_t size, struct err *err)
{
    if (size == 0)
        return err_set(err, "secret file \"%s\" is empty", path);
    if (memchr(text, '\n', size) != NULL)
        return err_set(err, "secret file \"%s\" has several lines, one is wanted", path);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return err_set(err, "secret file \"%s\" holds a control character", path);
    return true;
}

static char *read_open(int fd, const char *path, struct err *err)
{
    struct stat st;
    size_t size = 0;
    char text[LONGEST + 1];
    char *secret = NULL;
    if (fstat(fd, &st) != 0) {
        (void)err_set(err, "cannot read secret file \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    if (!check_mode(path, &st, err))
        return NULL;
    if (!read_all(fd, text, sizeof text, &size)) {
        (void)err_set(err, "cannot read secret file \"%s\": %s", path, strerror(errno));
        goto out;
    }
    if (size > LONGEST) {
        (void)err_set(err, "secret file \"%s\" is longer than %d bytes", path, LONGEST);
        goto out;
    }
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    if (check_text(path, text, size, err))
        secret = mem_strndup(text, size);
out:
    mem_wipe(text, sizeof text);
    return secret;
}

char *secret_read(const char *path, struct err *err)
{
    /* O_NONBLOCK: a FIFO in the place of the file must not hold up the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        (void)err_set(err, "cannot read secret file \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    char *secret = read_open(fd, path, err);
    (void)close(fd);
    return secret;
}

void secret_free(char *secret)
{
    if (secret != NULL)
        mem_wipe(secret, strlen(secret));
    mem_free(secret);
}

bool secret_same(const char *known, const char *given)
{
    if (known == NULL || given == NULL || known[0] == '\0' || given[0] == '\0')
        return false;
    unsigned differ = 0;
    size_t at = 0; /* stays on the NUL once `known` has ended, and so differs from there on */
    for (size_t i = 0; given[i] != '\0'; i++) {
        differ |= (unsigned char)known[at] ^ (unsigned char)given[i];
        at += known[at] != '\0';
    }
    differ |= (unsigned char)known[at];
    return differ == 0;
}
