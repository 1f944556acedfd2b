#include "daemon/portal/others.h"

#include "common/backoff.h"
#include "daemon/portal/pack.h"
#include "daemon/portal/portal.h"

enum { REPEATS_MOST = 3 }; /* of a call that was known not to be executed */

static const struct backoff repeats = {.first_ms = 1000, .most_ms = 15000};

void others_init(struct others *others)
{
    queue_init(&others->queue);
    budget_init(&others->budget, 0, 0, 1, 0);
    others->budget.trusting = true;
}

void others_done(struct others *others)
{
    queue_done(&others->queue);
    budget_done(&others->budget);
}

void others_submit(struct others *others, struct call *call, int64_t wall_ms)
{
    call->since_ms = wall_ms;
    queue_add(&others->queue, call);
}

struct call *others_next(struct others *others, int64_t mono_ms, int64_t wall_ms,
                         int64_t *ret_wait_ms)
{
    struct call *chosen[PACK_MOST];
    const struct pack_terms terms = {.mono_ms = mono_ms, .wall_ms = wall_ms, .most = 1};
    *ret_wait_ms = -1;
    if (others->queue.waiting == 0 || others->queue.in_flight >= OTHERS_MOST)
        return NULL;
    return pack_choose(&others->queue, &others->budget, &terms, chosen, ret_wait_ms) > 0 ? chosen[0]
                                                                                         : NULL;
}

void others_settle(struct others *others, struct call *call, int64_t mono_ms,
                   struct call_list *ended)
{
    budget_release(&others->budget, call->command.method);
    if (call->answer.verdict == VERDICT_RETRY && call->tries < REPEATS_MOST) {
        call->not_before_ms = mono_ms + backoff_delay(&repeats, ++call->tries, call->order);
        queue_put_back(&others->queue, call);
        return;
    }
    queue_finish(&others->queue, call);
    call_end(call, ended);
}

struct call *others_drop_waiting(struct others *others)
{
    struct call *call = queue_any(&others->queue);
    if (call == NULL)
        return NULL;
    queue_take(&others->queue, call);
    queue_finish(&others->queue, call);
    return call;
}
