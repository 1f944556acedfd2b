/* A reload does not wait for calls in flight: client and engine of the configuration before it live
 * on, halted, until their calls have come back. The engine in use leaves their entities alone. A
 * portal that hangs so keeps nobody from working by the new rules, and nothing becomes UNSURE. */

#include "common/mem.h"
#include "daemon/cli/serve.h"

/* A batch may last a minute (bitrix24.md §4): until then answers can be trusted. */
enum { CALLS_MOST_MS = 65000 };

void former_make(struct serve *s)
{
    engine_halt(s->engine);
    portal_client_halt(s->client, CALLS_MOST_MS);
    s->former = (struct former){
        .config = s->config,
        .portal_ids = s->portal_ids,
        .client = s->client,
        .engine = s->engine,
    };
}

bool former_at_rest(const struct serve *s)
{
    return s->former.engine == NULL ||
           (portal_client_at_rest(s->former.client) && engine_at_rest(s->former.engine));
}

void former_release(struct serve *s, int64_t grace_ms)
{
    struct former *former = &s->former;
    if (former->engine == NULL)
        return;
    portal_client_stop(former->client, grace_ms);
    if (s->engine != NULL)
        engine_forget_former(s->engine);
    engine_stop(former->engine);
    config_free(former->config);
    mem_free(former->portal_ids);
    *former = (struct former){0};
}
