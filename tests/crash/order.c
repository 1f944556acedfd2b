/* Loaded into the daemon before its libraries (LD_PRELOAD): writes down, in the order in which they
 * happen, what is read from senders, what goes into the database's log, when the log is flushed and
 * what is answered. A line each in the file $ORDER_FILE:
 *
 *   read ID         a request with that entity has come
 *   write ID        its bytes go into the log (once for each time)
 *   commit          the last frame of a transaction is in the log
 *   flush           begins; the lines above it are covered …
 *   flushed         … from here on
 *   answer ID       "HTTP/1.1 200" leaves
 *   refuse ID       any other status leaves
 *
 * With $ORDER_BLIND set it is blind to flushes: what watches has to notice. */

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tests/crash/watched.h"

enum {
    DESCRIPTORS = 4096,
    WAL_HEAD = 32,   /* bytes of the log's own head */
    FRAME_HEAD = 24, /* of each frame: page, then the size of the database, not 0 in a commit */
    LINE_MOST = 48,
    MARK_MOST = 20,
};

static const char mark[] = "%5BID%5D=";

static struct {
    pthread_mutex_t lock; /* guards the order of lines */
    int fd;
    bool blind;
    long asked[DESCRIPTORS]; /* by socket: the entity of the request being read; 0: none */
} order = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static void say(const char *what, long id)
{
    char line[LINE_MOST];
    int size = id != 0 ? snprintf(line, sizeof line, "%s %ld\n", what, id)
                       : snprintf(line, sizeof line, "%s\n", what);
    pthread_mutex_lock(&order.lock);
    /* Not write(2) of libc: that is one of those watched. */
    if (order.fd >= 0 && syscall(SYS_write, order.fd, line, (size_t)size) != size)
        abort();
    pthread_mutex_unlock(&order.lock);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ORDER_FILE");
    order.blind = getenv("ORDER_BLIND") != NULL;
    if (path != NULL)
        order.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

static bool is_log(int fd)
{
    char path[WATCHED_PATH];
    return watched_is(fd, ".db-wal", path);
}

/* Each entity that is named in those bytes. */
static void each_id(const char *bytes, size_t size, void (*fn)(int, long), int fd)
{
    const char *end = bytes + size;
    for (const char *at = bytes; (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1));) {
        char digits[MARK_MOST] = "";
        at += sizeof mark - 1;
        size_t room =
            (size_t)(end - at) < sizeof digits - 1 ? (size_t)(end - at) : sizeof digits - 1;
        memcpy(digits, at, room);
        fn(fd, strtol(digits, NULL, 10));
    }
}

static void was_read(int fd, long id)
{
    if (fd < DESCRIPTORS)
        order.asked[fd] = id;
    say("read", id);
}

static void was_written(int fd, long id)
{
    (void)fd;
    say("write", id);
}

/* Only the one thread that writes comes here. */
static void log_written(const unsigned char *bytes, size_t size, off_t at)
{
    static const unsigned char none[4];
    static bool ends; /* the frame whose head was written last ends a transaction */
    if (at >= WAL_HEAD && size == FRAME_HEAD) {
        ends = memcmp(bytes + 4, none, sizeof none) != 0;
        return;
    }
    each_id((const char *)bytes, size, was_written, -1);
    if (ends)
        say("commit", 0);
    ends = false;
}

static void was_sent(int fd, const char *bytes, size_t size)
{
    static const char status[] = "HTTP/1.1 ";
    if (fd >= DESCRIPTORS || size < sizeof status + 2 ||
        memcmp(bytes, status, sizeof status - 1) != 0 || order.asked[fd] == 0)
        return;
    say(memcmp(bytes + sizeof status - 1, "200", 3) == 0 ? "answer" : "refuse", order.asked[fd]);
    order.asked[fd] = 0;
}

/* ---- the calls ------------------------------------------------------------------------------- */

/* libc's own names of the parameters are reserved:
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    ssize_t got = REAL(recv)(fd, bytes, size, flags);
    if (got > 0)
        each_id(bytes, (size_t)got, was_read, fd);
    return got;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    was_sent(fd, bytes, size);
    return REAL(send)(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (message->msg_iovlen > 0)
        was_sent(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
    return REAL(sendmsg)(fd, message, flags);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    was_sent(fd, bytes, size);
    return REAL(write)(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t written = REAL(pwrite64)(fd, bytes, size, at);
    if (written > 0 && is_log(fd))
        log_written(bytes, (size_t)written, at);
    return written;
}

int fdatasync(int fd)
{
    bool seen = !order.blind && is_log(fd);
    if (seen)
        say("flush", 0);
    int result = REAL(fdatasync)(fd);
    if (seen && result == 0)
        say("flushed", 0);
    return result;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
