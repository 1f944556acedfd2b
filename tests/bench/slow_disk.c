/* LD_PRELOAD: each flush takes a millisecond longer, or as $SLOW_DISK says (watched_dawdle), as on
 * an ordinary rented server. */

#include "tests/crash/watched.h"

static void dawdle(void)
{
    const char *wish = getenv("SLOW_DISK");
    watched_dawdle(wish != NULL ? wish : "1000");
}

/* libc's own names of the parameters are reserved:
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int fsync(int fd)
{
    dawdle();
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    dawdle();
    return REAL(fdatasync)(fd);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
