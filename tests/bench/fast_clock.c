/* LD_PRELOAD: time runs faster, for programs that know nothing of it. $FAST_CLOCK says how: "TIMES
 * WALL MONO", the moments in microseconds at which both clocks begin to run so; the same for all
 * programs that are to agree. All that reads a clock or waits by one is led through here: what the
 * daemon, the sandbox, libcurl and libmicrohttpd call. */

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

typedef int clock_fn(clockid_t, struct timespec *);
typedef int nanosleep_fn(const struct timespec *, struct timespec *);

static const int64_t second_ns = 1000000000;

static double times = 1;
static int64_t wall_ns, mono_ns;
static clock_fn *real_clock;
static nanosleep_fn *real_nanosleep;

static void *find(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    if (symbol == NULL)
        abort();
    return symbol;
}

__attribute__((constructor)) static void begin(void)
{
    static bool begun;
    long long wall_us, mono_us;
    if (begun)
        return;
    begun = true;
    /* ISO C has no cast from an object to code. */
    void *symbol = find("clock_gettime");
    __builtin_memcpy(&real_clock, &symbol, sizeof real_clock);
    symbol = find("nanosleep");
    __builtin_memcpy(&real_nanosleep, &symbol, sizeof real_nanosleep);
    const char *text = getenv("FAST_CLOCK");
    if (text == NULL || sscanf(text, "%lf %lld %lld", &times, &wall_us, &mono_us) != 3)
        return;
    wall_ns = wall_us * 1000;
    mono_ns = mono_us * 1000;
}

static bool is_mono(clockid_t which)
{
    return which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE ||
           which == CLOCK_MONOTONIC_RAW || which == CLOCK_BOOTTIME;
}

static bool is_wall(clockid_t which)
{
    return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE;
}

static struct timespec of_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / second_ns, .tv_nsec = ns % second_ns};
}

static int64_t to_ns(const struct timespec *t)
{
    return t->tv_sec * second_ns + t->tv_nsec;
}

/* Of the same clock: fast from real, real from fast. */
static int64_t fast(int64_t ns, int64_t begin_ns)
{
    return begin_ns + (int64_t)((double)(ns - begin_ns) * times);
}

static int64_t slow(int64_t ns, int64_t begin_ns)
{
    return begin_ns + (int64_t)((double)(ns - begin_ns) / times);
}

int clock_gettime(clockid_t which, struct timespec *ret)
{
    begin();
    int result = real_clock(which, ret);
    if (result == 0 && (is_mono(which) || is_wall(which)))
        *ret = of_ns(fast(to_ns(ret), is_mono(which) ? mono_ns : wall_ns));
    return result;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
    struct timespec wait = of_ns((int64_t)((double)ms * 1e6 / times));
    return ppoll(fds, count, ms < 0 ? NULL : &wait, NULL);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    struct timespec wait = of_ns((int64_t)((double)ms * 1e6 / times));
    return epoll_pwait2(epoll, events, most, ms < 0 ? NULL : &wait, NULL);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    begin();
    struct timespec wait = of_ns((int64_t)((double)to_ns(wanted) / times));
    return real_nanosleep(&wait, left);
}

/* By the monotonic clock, as all our conditions are. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    begin();
    struct timespec real = of_ns(slow(to_ns(until), mono_ns));
    return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &real);
}
