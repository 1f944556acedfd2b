#include "daemon/cli/notify.h"

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "common/clock.h"
#include "common/mem.h"

void notify_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
}

void notify_patience(int64_t ms)
{
    (void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

void notify_status(const char *text)
{
    (void)sd_notifyf(0, "STATUS=%s", text);
}

int64_t notify_watchdog_ms(void)
{
    uint64_t us = 0;
    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 2000) : 0;
}

void notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

void notify_sockets(struct handed *ret)
{
    char **names = NULL;
    *ret = (struct handed){0};
    int count = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < count; i++) {
        if (i < NOTIFY_SOCKETS) {
            ret->fds[i] = SD_LISTEN_FDS_START + i;
            (void)snprintf(ret->names[i], sizeof ret->names[i], "%s", names[i]);
            ret->count++;
        }
        mem_free(names[i]); /* libsystemd allocates with malloc, as mem.h does */
    }
    mem_free(names);
}

#else

void notify_ready(void)
{
}

void notify_reloading(void)
{
}

void notify_patience(int64_t ms)
{
    (void)ms;
}

void notify_stopping(void)
{
}

void notify_status(const char *text)
{
    (void)text;
}

int64_t notify_watchdog_ms(void)
{
    return 0;
}

void notify_alive(void)
{
}

void notify_sockets(struct handed *ret)
{
    *ret = (struct handed){0};
}

#endif
