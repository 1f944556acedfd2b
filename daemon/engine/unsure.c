/* Looking for what may have happened: promise 5 where an answer never came. docs/once.md tells
 * people what is looked at. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/effects.h"
#include "daemon/engine/pending.h"

/* Doing it again is no harm, or the rule's author says so. */
static bool may_repeat(const struct command *command)
{
    return command->unsure == UNSURE_REPEAT || jv_flag(command->look, "repeat");
}

/* Nothing to look at: a person decides. */
static void stay_unsure(struct task *task, struct pending *p, const char *why)
{
    p->answer.verdict = VERDICT_UNSURE;
    if (p->answer.text[0] == '\0')
        (void)snprintf(p->answer.text, sizeof p->answer.text, "%s", why);
    p->outcome_stored = false;
    p->looked = true;
    pending_settle(task, p);
}

/* Once more at once, and after that with pauses: what failed halfway twice may go on failing. */
static void call_again(struct pending *p)
{
    p->state = p->repeated ? PENDING_LATER : PENDING_CALL;
    p->repeated = true;
}

size_t effects_looks(struct task *task, struct call **ret)
{
    struct call *calls = mem_array(task->pending_count, sizeof *calls);
    size_t count = 0;
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        struct command look = {0};
        if (p->state != PENDING_LOOK)
            continue;
        if (may_repeat(&p->effect.command)) {
            call_again(p);
        } else if (p->effect.command.unsure == UNSURE_PARK ||
                   !command_look_call(p->effect.command.look, &look)) {
            stay_unsure(task, p, "sent, and nobody knows whether it was done; nothing to look at");
        } else {
            (void)pending_call(task, &calls[count++], &look);
            command_done(&look);
        }
    }
    *ret = calls;
    return count;
}

/* Whoever asks and goes away is served all the same: what the life before this one may have sent
 * shortly before its end, and a call whose line broke or whose proxy lost patience, are not known
 * to be missing because they are not there yet. (bitrix24.md §5 gives a request 60 s; nearly all
 * take less than one.) Any other answer, however broken, came when the portal was done. */
enum { STILL_AT_IT_MS = 5000, BROKEN_OFF_MS = 3000, GATEWAY_TIMEOUT = 504 };

/* Wall time until which the portal may be at it; 0: it is done. */
static int64_t at_it_until_ms(const struct task *task, const struct pending *p)
{
    const struct answer *a = &p->answer;
    int64_t started_ms = task->engine->started_ms;
    if (p->effect.intended_ms < started_ms && a->sent_ms < started_ms)
        return (a->sent_ms > 0 ? a->sent_ms : started_ms) + STILL_AT_IT_MS;
    bool heard = a->status != 0 && a->status != GATEWAY_TIMEOUT;
    return heard || a->sent_ms == 0 ? 0 : a->sent_ms + a->took_ms + BROKEN_OFF_MS;
}

/* 0: the look can be believed. */
static int64_t still_at_it_ms(const struct task *task, const struct pending *p)
{
    if (json_object_get(p->effect.command.look, "equal") != NULL)
        return 0; /* the same values again: no harm */
    int64_t left = at_it_until_ms(task, p) - clock_wall_ms();
    return left > STILL_AT_IT_MS ? STILL_AT_IT_MS : left > 0 ? left : 0;
}

int64_t effects_early_ms(const struct task *task)
{
    int64_t most = 0;
    for (size_t i = 0; i < task->pending_count; i++) {
        const struct pending *p = &task->pending[i];
        int64_t left = still_at_it_ms(task, p);
        if (p->state != PENDING_LOOK)
            continue;
        if (!p->early)
            return 0; /* that look failed: another matter */
        most = left + 1 > most ? left + 1 : most;
    }
    return most;
}

/* The results of calls like this one: the same text twice is two things, and each is found once. */
static bool read_taken(const struct task *task, const struct pending *p, json_t **ret)
{
    enum { NOT_BEFORE_MS = 60 * 60 * 1000 }; /* far more than a look goes back by text */
    struct err err = {0};
    if (!store_read_made(task->reader, task->portal->id, &task->entity, p->effect.command.method,
                         p->effect.intended_ms - NOT_BEFORE_MS, ret, &err)) {
        log_error("cannot read effects run=%lld why=\"%s\"", (long long)task->run->id, err.text);
        return false;
    }
    for (size_t i = 0; i < task->pending_count; i++) {
        const struct pending *other = &task->pending[i];
        if (other != p && other->answer.verdict == VERDICT_DONE && other->answer.result != NULL &&
            strcmp(other->effect.command.method, p->effect.command.method) == 0)
            (void)json_array_append(*ret, other->answer.result);
    }
    return true;
}

/* The answer of a look decides what became of the effect. */
static void take_look(struct task *task, struct pending *p, const struct answer *answer)
{
    json_t *result = NULL;
    JV_AUTO *taken = NULL;
    p->looked = true;
    p->early = false;
    if (answer->verdict == VERDICT_REFUSED) {
        stay_unsure(task, p, answer->text);
    } else if (answer->verdict != VERDICT_DONE || !read_taken(task, p, &taken)) {
        p->looked = false; /* stays PENDING_LOOK */
    } else if (command_look_found(p->effect.command.look, answer->result, taken, &result)) {
        answer_done(&p->answer);
        p->answer = (struct answer){.verdict = VERDICT_DONE, .result = result};
        (void)snprintf(p->answer.text, sizeof p->answer.text, "found by looking");
        p->outcome_stored = false;
        pending_settle(task, p);
    } else if (still_at_it_ms(task, p) > 0) {
        p->early = true;
        p->looked = false;
    } else {
        call_again(p);
    }
}

void effects_looked(struct task *task)
{
    size_t next = 0;
    for (size_t i = 0; i < task->pending_count && next < task->call_count; i++)
        if (task->pending[i].state == PENDING_LOOK)
            take_look(task, &task->pending[i], &task->calls[next++].answer);
    pending_calls_forget(task);
}
