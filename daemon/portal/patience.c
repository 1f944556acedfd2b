#include "daemon/portal/patience.h"

#include <stdio.h>
#include <string.h>

#include "daemon/portal/portal.h"

enum { CLOSED_MOST = 64 /* methods; calls of any more wait */ };

/* Of a second, so much may be used by a method: 480 of 600 s. */
static const double USABLE = 0.8;

struct closed {
    const char *method;
    int64_t wait_ms; /* until one more call */
    double cost_ms;  /* of each */
    int count;       /* met so far */
};

struct closing {
    const struct budget *budget;
    int64_t wall_ms;
    struct closed methods[CLOSED_MOST];
    int count;
};

static struct closed *look_up(struct closing *c, const char *method)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->methods[i].method, method) == 0)
            return &c->methods[i];
    if (c->count == CLOSED_MOST)
        return NULL;
    double cost = budget_cost(c->budget, method);
    c->methods[c->count] =
        (struct closed){.method = method,
                        .wait_ms = budget_method_wait_ms(c->budget, method, c->wall_ms),
                        .cost_ms = cost > 0 ? cost * 1000 : 0};
    return &c->methods[c->count++];
}

/* Wall time of the turn that the call should come again for; 0: it may wait here. */
static int64_t turn_of(struct closing *c, const struct call *call)
{
    struct closed *closed = look_up(c, call->command.method);
    if (closed == NULL || closed->wait_ms == 0)
        return 0;
    int behind = closed->count++ - PATIENCE_KEPT;
    int64_t wait_ms = closed->wait_ms + (int64_t)(closed->count * closed->cost_ms / USABLE);
    return behind >= 0 && wait_ms > call->patience_ms ? c->wall_ms + wait_ms : 0;
}

static void give_back(struct queue *queue, struct call *call, int64_t turn_ms,
                      struct call_list *ended)
{
    call->answer = (struct answer){.verdict = VERDICT_LIMITED, .retry_after_ms = turn_ms};
    (void)snprintf(call->answer.error, sizeof call->answer.error, "OPERATION_TIME_LIMIT");
    (void)snprintf(call->answer.text, sizeof call->answer.text,
                   "the portal's operating time for %.80s is used up", call->command.method);
    queue_finish(queue, call);
    call_end(call, ended);
}

static void end_lane(struct queue *queue, struct call *first, int64_t turn_ms,
                     struct call_list *ended)
{
    queue_take(queue, first);
    for (struct call *next = queue_follower(first); next != NULL; next = queue_follower(first)) {
        queue_take(queue, next);
        give_back(queue, next, turn_ms, ended);
    }
    give_back(queue, first, turn_ms, ended);
}

void patience_end(struct queue *queue, const struct budget *budget, int64_t wall_ms,
                  struct call_list *ended)
{
    struct closing closing = {.budget = budget, .wall_ms = wall_ms};
    for (int i = 0; i < QUEUE_PRIORITIES; i++) {
        struct call *next;
        for (struct call *call = queue->ready[i].first; call != NULL; call = next) {
            next = call->next;
            int64_t turn_ms = call->patience_ms > 0 ? turn_of(&closing, call) : 0;
            if (turn_ms > 0)
                end_lane(queue, call, turn_ms, ended);
        }
    }
}
