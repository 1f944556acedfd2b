/* A wall clock that can be set while the daemon runs: CLOCK_REALTIME plus the milliseconds that
 * stand in the file $JUMP_FILE, read anew each time. The monotonic clock is left alone, as it is
 * when an administrator sets the time. */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("JUMP_FILE");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (page != MAP_FAILED)
        offset_ms = page;
}

int clock_gettime(clockid_t which, struct timespec *ret)
{
    int result = (int)syscall(SYS_clock_gettime, which, ret);
    if (result != 0 || which != CLOCK_REALTIME || offset_ms == NULL)
        return result;
    int64_t ns = ret->tv_nsec + *offset_ms % 1000 * 1000000;
    ret->tv_sec += *offset_ms / 1000;
    if (ns < 0 || ns >= 1000000000) {
        ret->tv_sec += ns < 0 ? -1 : 1;
        ns += ns < 0 ? 1000000000 : -1000000000;
    }
    ret->tv_nsec = ns;
    return 0;
}
