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
    s->formers[s->former_count++] = (struct former){
        .config = s->config,
        .portal_ids = s->portal_ids,
        .client = s->client,
        .engine = s->engine,
    };
}

bool former_room(const struct serve *s)
{
    return s->former_count < ENGINE_FORMERS;
}

static void release(struct serve *s, int at, int64_t grace_ms)
{
    struct former former = s->formers[at];
    for (int i = at + 1; i < s->former_count; i++)
        s->formers[i - 1] = s->formers[i];
    s->former_count--;
    portal_client_stop(former.client, grace_ms);
    if (s->engine != NULL)
        engine_forget_former(s->engine, former.engine);
    engine_stop(former.engine);
    config_free(former.config);
    mem_free(former.portal_ids);
}

void former_release_rested(struct serve *s)
{
    for (int i = s->former_count - 1; i >= 0; i--)
        if (portal_client_at_rest(s->formers[i].client) && engine_at_rest(s->formers[i].engine))
            release(s, i, 0);
}

void former_release_all(struct serve *s, int64_t grace_ms)
{
    for (int i = 0; i < s->former_count; i++)
        portal_client_halt(s->formers[i].client, grace_ms);
    while (s->former_count > 0)
        release(s, s->former_count - 1, grace_ms);
}
