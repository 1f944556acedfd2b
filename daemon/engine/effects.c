#include "daemon/engine/effects.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/writes.h"
#include "daemon/model/need.h"

enum pending_state {
    PENDING_CALL,    /* to be called (once its intention is stored) */
    PENDING_LOOK,    /* outcome unknown: to be looked for */
    PENDING_SETTLED, /* answer is known */
    PENDING_LATER,   /* known not executed, to be called in a later sitting */
};

struct pending {
    struct effect effect;
    enum pending_state state;
    struct answer answer;
    bool row_stored;     /* the intention is on disk */
    bool outcome_stored; /* so is the present answer */
    bool looked;
    bool early;    /* looked for, not there, and it may still come */
    bool repeated; /* in this sitting, after a look */
    bool writing;  /* announced in engine.writes */
    struct entity target;
};

/* ---- recalling ------------------------------------------------------------------------------- */

static struct pending *find(struct task *task, const char *key)
{
    for (size_t i = 0; i < task->pending_count; i++)
        if (strcmp(task->pending[i].effect.command.key, key) == 0)
            return &task->pending[i];
    return NULL;
}

static struct pending *add(struct task *task)
{
    task->pending = mem_grow(task->pending, task->pending_count + 1, sizeof *task->pending);
    struct pending *p = &task->pending[task->pending_count++];
    *p = (struct pending){0};
    return p;
}

static void settle(struct task *task, struct pending *p)
{
    p->state = PENDING_SETTLED;
    json_object_set_new(task->answers, p->effect.command.key, advance_answer_new(&p->answer));
}

static void answer_of_row(const struct effect *row, struct answer *ret)
{
    *ret = (struct answer){.verdict = row->verdict, .sent_ms = row->sent_ms};
    ret->result = json_incref(row->result);
    (void)snprintf(ret->error, sizeof ret->error, "%s", row->error);
    (void)snprintf(ret->text, sizeof ret->text, "%s", row->text);
}

/* A row from an earlier sitting; a later row of the same key replaces an earlier one. Takes it. */
static void recall(struct task *task, struct effect *row)
{
    struct pending *p = find(task, row->command.key);
    if (p != NULL) {
        effect_done(&p->effect);
        answer_done(&p->answer);
    } else {
        p = add(task);
    }
    *p = (struct pending){.effect = *row, .row_stored = true, .outcome_stored = true};
    answer_of_row(row, &p->answer);
    switch (row->verdict) {
    case VERDICT_NONE:
    case VERDICT_UNSURE:
        p->state = row->command.write ? PENDING_LOOK : PENDING_CALL;
        break;
    case VERDICT_LIMITED:
    case VERDICT_RETRY:
        p->state = PENDING_CALL;
        break;
    case VERDICT_DONE:
    case VERDICT_REFUSED:
    case VERDICT_SHADOW:
        p->state = PENDING_SETTLED;
        break;
    }
}

bool effects_recall(struct task *task, struct err *err)
{
    struct effect *rows = NULL;
    int64_t count = 0;
    if (!store_read_effects(task->reader, task->run->id, task->run->step, &rows, &count, err))
        return false;
    for (int64_t i = 0; i < count; i++)
        recall(task, &rows[i]);
    mem_free(rows);
    /* Not executed then: the rules are asked anew what they want. */
    for (size_t i = task->pending_count; i-- > 0;) {
        struct pending *p = &task->pending[i];
        if (p->state == PENDING_SETTLED)
            settle(task, p);
        if (p->state != PENDING_CALL)
            continue;
        /* A call that our own stop kept back is no failure of the portal's. */
        task->failures = p->effect.attempt - (strcmp(p->effect.error, "NOT_SENT") == 0 ? 1 : 0);
        effect_done(&p->effect);
        answer_done(&p->answer);
        *p = task->pending[--task->pending_count];
    }
    return true;
}

/* ---- intending ------------------------------------------------------------------------------- */

void effects_intend(struct task *task, bool shadow)
{
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < task->advance.count; i++) {
        struct pending *p = add(task);
        p->effect = (struct effect){.id = store_next_id(task->engine->store),
                                    .run_id = task->run->id,
                                    .portal = task->portal->id,
                                    .entity = task->entity,
                                    .step = task->run->step,
                                    .attempt = task->failures + 1,
                                    .intended_ms = now};
        command_copy(&p->effect.command, &task->advance.commands[i]);
        p->state = PENDING_CALL;
        if (!shadow || !p->effect.command.write)
            continue;
        p->answer = (struct answer){.verdict = VERDICT_SHADOW, .result = json_object()};
        (void)snprintf(p->answer.text, sizeof p->answer.text, "shadow: not sent");
        settle(task, p);
    }
}

bool effects_to_call(const struct task *task)
{
    for (size_t i = 0; i < task->pending_count; i++)
        if (task->pending[i].state == PENDING_CALL)
            return true;
    return false;
}

/* ---- calling --------------------------------------------------------------------------------- */

static struct call *call_new(struct task *task, struct call *call, const struct command *command)
{
    *call = (struct call){.portal = task->portal->id,
                          .priority = task->run->priority,
                          .done = task_call_done,
                          .arg = task};
    command_copy(&call->command, command);
    return call;
}

size_t effects_calls(struct task *task, struct call **ret)
{
    struct call *calls = mem_array(task->pending_count, sizeof *calls);
    size_t count = 0;
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        if (p->state != PENDING_CALL)
            continue;
        struct call *call = call_new(task, &calls[count++], &p->effect.command);
        (void)snprintf(call->lane, sizeof call->lane, "%s", task->name);
        if (!p->writing && writes_target(&p->effect.command, &p->target)) {
            p->writing = true;
            writes_begin(task->engine->writes, task->portal->id, &p->target);
        }
    }
    *ret = calls;
    return count;
}

static void forget_calls(struct task *task)
{
    for (size_t i = 0; i < task->call_count; i++) {
        command_done(&task->calls[i].command);
        answer_done(&task->calls[i].answer);
    }
    mem_free(task->calls);
    task->calls = NULL;
    task->call_count = 0;
}

static void log_failure(const struct task *task, const struct pending *p)
{
    if (p->answer.verdict == VERDICT_DONE)
        return;
    log_warning("call failed run=%lld rule=%s portal=%s entity=\"%s\" step=%d method=%s verdict=%s "
                "error=%s say=\"%s\"",
                (long long)task->run->id, task->run->rule, task->portal->config->name, task->name,
                p->effect.step, p->effect.command.method, verdict_word(p->answer.verdict),
                p->answer.error, p->answer.text);
}

/* A run sees the facts of the moment it began, and what it has written itself since: who assigns a
 * deal and then creates a task means the new owner. */
static void see_own_write(struct task *task, const struct pending *p)
{
    struct entity entity;
    const json_t *record = NULL;
    const json_t *fields = NULL;
    char need[NEED_SIZE];
    if (!writes_outcome(&p->effect.command, p->answer.result, &entity, &record, &fields) ||
        record == NULL)
        return;
    need_print_entity(entity.type, entity.id, need);
    json_object_set(task->facts_known, need, jv_loose(record));
}

static void take_answer(struct task *task, struct pending *p, struct answer *answer)
{
    answer_done(&p->answer);
    p->answer = *answer;
    *answer = (struct answer){0};
    p->outcome_stored = false;
    p->effect.sent_ms = p->answer.sent_ms;
    log_failure(task, p);
    switch (p->answer.verdict) {
    case VERDICT_NONE:
    case VERDICT_LIMITED:
    case VERDICT_RETRY:
        p->state = PENDING_LATER;
        break;
    case VERDICT_UNSURE:
        p->state = p->effect.command.write ? PENDING_LOOK : PENDING_LATER;
        break;
    case VERDICT_DONE:
        see_own_write(task, p);
        settle(task, p);
        break;
    case VERDICT_REFUSED:
    case VERDICT_SHADOW:
        settle(task, p);
        break;
    }
}

void effects_called(struct task *task)
{
    size_t next = 0;
    for (size_t i = 0; i < task->pending_count; i++)
        if (task->pending[i].state == PENDING_CALL)
            take_answer(task, &task->pending[i], &task->calls[next++].answer);
    forget_calls(task);
}

void effects_unsent(struct task *task)
{
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        if (p->state != PENDING_CALL)
            continue;
        answer_done(&p->answer);
        p->answer = (struct answer){.verdict = VERDICT_RETRY, .error = "NOT_SENT"};
        p->outcome_stored = false;
        p->state = PENDING_LATER;
    }
}

/* ---- looking --------------------------------------------------------------------------------- */

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
    settle(task, p);
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
            (void)call_new(task, &calls[count++], &look);
            command_done(&look);
        }
    }
    *ret = calls;
    return count;
}

/* Whoever asks and dies is served all the same: what the life before this one may have sent shortly
 * before its end is not known to be missing because it is not there yet. (bitrix24.md §5 gives a
 * request 60 s; nearly all take less than one.) An answer that we lived to see, however broken,
 * came when the portal was done. */
enum { STILL_AT_IT_MS = 5000 };

/* 0: the look can be believed. */
static int64_t still_at_it_ms(const struct task *task, const struct pending *p)
{
    int64_t sent_ms = p->answer.sent_ms, started_ms = task->engine->started_ms;
    bool harmless =
        json_object_get(p->effect.command.look, "equal") != NULL; /* same values again */
    if (harmless || p->effect.intended_ms >= started_ms || sent_ms >= started_ms)
        return 0;
    int64_t left = (sent_ms > 0 ? sent_ms : started_ms) + STILL_AT_IT_MS - clock_wall_ms();
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
        settle(task, p);
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
    forget_calls(task);
}

enum effects_state effects_state(const struct task *task, const char **ret_why)
{
    enum effects_state state = EFFECTS_SETTLED;
    for (size_t i = 0; i < task->pending_count; i++) {
        const struct pending *p = &task->pending[i];
        if (p->state == PENDING_LOOK)
            return EFFECTS_UNKNOWN;
        if (p->state != PENDING_LATER)
            continue;
        state = EFFECTS_NOT_EXECUTED;
        *ret_why = p->answer.text[0] != '\0' ? p->answer.text : p->answer.error;
    }
    return state;
}

/* Repeats after a look have no row of their own; their number follows from the effect's age, as
 * the pauses between them double. */
static int repeats_of(const struct pending *p)
{
    int repeats = 0;
    int64_t age = clock_wall_ms() - p->effect.intended_ms;
    for (int64_t ms = 2000; p->answer.verdict == VERDICT_UNSURE && ms <= age; ms *= 2)
        repeats++;
    return repeats;
}

int effects_failures(const struct task *task)
{
    int most = task->failures;
    for (size_t i = 0; i < task->pending_count; i++) {
        int tries = task->pending[i].effect.attempt + repeats_of(&task->pending[i]);
        if (tries > most)
            most = tries;
    }
    return most;
}

/* ---- storing --------------------------------------------------------------------------------- */

/* The record that our write answered with becomes an event of ours: rules are told what we changed,
 * and the echo that Bitrix24 sends later finds nothing new. */
static void put_own_event(struct task *task, struct store_change *change, const struct pending *p)
{
    struct event event = {.source = EVENT_OWN, .name = "OWN", .happening = HAPPENING_UPDATED};
    const json_t *record = NULL;
    const json_t *fields = NULL;
    if (p->answer.verdict != VERDICT_DONE ||
        !writes_outcome(&p->effect.command, p->answer.result, &event.entity, &record, &fields))
        return;
    struct entity aimed;
    if (writes_target(&p->effect.command, &aimed) && strcmp(aimed.id, "*") == 0)
        event.happening = HAPPENING_ADDED;
    event.id = store_next_id(task->engine->store);
    event.portal = task->portal->id;
    event.priority = task->run->priority;
    event.received_ms = clock_wall_ms();
    event.cause_run = task->run->id;
    if (record != NULL) {
        JV_AUTO *names = json_array();
        const char *name;
        json_t *value;
        json_t *object = jv_loose(fields);
        json_object_foreach (object, name, value)
            json_array_append_new(names, json_string(name));
        JV_AUTO *body = json_pack("{s:O, s:O}", "record", jv_loose(record), "fields", names);
        event.body = jv_dump_new(body);
    }
    store_put_event(change, &event);
    event_done(&event);
}

void effects_put(struct task *task, struct store_change *change)
{
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        if (!p->row_stored)
            store_put_effect(change, &p->effect);
        if (p->answer.verdict == VERDICT_NONE || p->outcome_stored)
            continue;
        store_put_outcome(change, p->effect.id, &p->answer, p->looked, now);
        put_own_event(task, change, p);
    }
}

bool effects_unstored(const struct task *task)
{
    for (size_t i = 0; i < task->pending_count; i++) {
        const struct pending *p = &task->pending[i];
        if (!p->row_stored || (p->answer.verdict != VERDICT_NONE && !p->outcome_stored))
            return true;
    }
    return false;
}

static void write_ends(struct task *task, struct pending *p)
{
    if (p->writing)
        writes_end(task->engine->writes, task->portal->id, &p->target);
    p->writing = false;
}

void effects_stored(struct task *task)
{
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        p->row_stored = true;
        if (p->answer.verdict != VERDICT_NONE)
            p->outcome_stored = true;
        if (p->state == PENDING_SETTLED || p->state == PENDING_LATER)
            write_ends(task, p);
    }
}

void effects_forget(struct task *task)
{
    for (size_t i = 0; i < task->pending_count; i++) {
        struct pending *p = &task->pending[i];
        write_ends(task, p);
        effect_done(&p->effect);
        answer_done(&p->answer);
    }
    mem_free(task->pending);
    task->pending = NULL;
    task->pending_count = 0;
    forget_calls(task);
}
