/* Does every part of the daemon make progress? What the watchdog is fed by: one row per part. */

#include "common/clock.h"
#include "daemon/cli/serve.h"

static int64_t listener(const struct serve *s)
{
    struct ingest_health health;
    ingest_health(s->ingest, &health);
    return clock_mono_ms() - health.http.loop_ms;
}

static int64_t operators(const struct serve *s)
{
    return admin_still_ms(s->admin);
}

static int64_t writer(const struct serve *s)
{
    return store_still_ms(s->store);
}

static int64_t workers(const struct serve *s)
{
    struct engine_health health;
    engine_health(s->engine, &health);
    return health.worker_still_ms;
}

static int64_t client(const struct serve *s)
{
    return portal_client_still_ms(s->client);
}

static const struct {
    const char *name;
    int64_t (*still_ms)(const struct serve *);
} parts[] = {
    {"listener", listener}, {"operator's listener", operators},
    {"writer", writer},     {"workers", workers},
    {"client", client},
};

const char *pulse_lost(const struct serve *s, int64_t most_ms, int64_t *ret_still_ms)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *ret_still_ms = parts[i].still_ms(s);
        if (*ret_still_ms > most_ms)
            return parts[i].name;
    }
    return NULL;
}
