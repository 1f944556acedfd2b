#include "daemon/engine/effects.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/pending.h"
#include "daemon/engine/writes.h"
#include "daemon/model/need.h"
#include "daemon/rules/giveback.h"

enum { PATIENCE_MS = 15000 }; /* beyond that a run is put off: others can work meanwhile */

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

void pending_settle(struct task *task, struct pending *p)
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
    (void)giveback_of(&p->effect.command, task->run->vars, &p->given);
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
            pending_settle(task, p);
        if (p->state != PENDING_CALL)
            continue;
        /* A call that our own stop or its budget kept back is no failure of the portal's. */
        bool kept =
            strcmp(p->effect.error, "NOT_SENT") == 0 || p->answer.verdict == VERDICT_LIMITED;
        task->failures = p->effect.attempt - kept;
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
        (void)giveback_of(&p->effect.command, task->run->vars, &p->given);
        p->state = PENDING_CALL;
        if (!shadow || !p->effect.command.write)
            continue;
        p->answer = (struct answer){.verdict = VERDICT_SHADOW, .result = json_object()};
        (void)snprintf(p->answer.text, sizeof p->answer.text, "shadow: not sent");
        pending_settle(task, p);
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

struct call *pending_call(struct task *task, struct call *call, const struct command *command)
{
    *call = (struct call){.portal = task->portal->id,
                          .priority = task->run->priority,
                          .patience_ms = PATIENCE_MS,
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
        struct call *call = pending_call(task, &calls[count++], &p->effect.command);
        (void)snprintf(call->lane, sizeof call->lane, "%s", task->name);
        if (!p->writing && writes_target(&p->effect.command, &p->target)) {
            p->writing = true;
            writes_begin(task->engine->writes, task->portal->id, &p->target);
        }
    }
    *ret = calls;
    return count;
}

void pending_calls_forget(struct task *task)
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
    if (p->answer.verdict == VERDICT_DONE || p->answer.verdict == VERDICT_LIMITED)
        return;
    log_warning("call failed run=%lld rule=%s portal=%s entity=\"%s\" step=%d method=%s verdict=%s "
                "error=%s say=\"%s\"",
                (long long)task->run->id, task->run->rule, task->portal->config->name, task->name,
                p->effect.step + 1, p->effect.command.method, verdict_word(p->answer.verdict),
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

/* How many a list has in all is said beside its result (bitrix24.md §3.6); rules read it as a
 * member of the result, and so does a run that is resumed from its rows. */
static void keep_total(struct pending *p)
{
    json_t *total;
    if (p->effect.command.write || p->answer.total < 0 || !json_is_object(p->answer.result))
        return;
    total = json_pack("{s:I}", "total", (json_int_t)p->answer.total);
    (void)json_object_update_missing(p->answer.result, total);
    json_decref(total);
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
        keep_total(p);
        see_own_write(task, p);
        pending_settle(task, p);
        break;
    case VERDICT_REFUSED:
    case VERDICT_SHADOW:
        pending_settle(task, p);
        break;
    }
}

void effects_called(struct task *task)
{
    size_t next = 0;
    for (size_t i = 0; i < task->pending_count; i++)
        if (task->pending[i].state == PENDING_CALL)
            take_answer(task, &task->pending[i], &task->calls[next++].answer);
    pending_calls_forget(task);
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

/* ---- what is known --------------------------------------------------------------------------- */

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

int64_t effects_turn_ms(const struct task *task)
{
    int64_t turn = 0;
    for (size_t i = 0; i < task->pending_count; i++) {
        const struct pending *p = &task->pending[i];
        if (p->state == PENDING_LATER && p->answer.verdict == VERDICT_LIMITED &&
            p->answer.retry_after_ms > turn)
            turn = p->answer.retry_after_ms;
    }
    return turn;
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

/* A deputy has it now: the one whom it was meant for is to get it back (giveback.h). */
static void put_given(struct task *task, struct store_change *change, const struct pending *p,
                      int64_t now_ms)
{
    struct given given = p->given;
    const json_t *record = NULL, *fields = NULL;
    given.run = task->entity;
    if (given.owner > 0 && p->answer.verdict == VERDICT_DONE &&
        writes_outcome(&p->effect.command, p->answer.result, &given.what, &record, &fields))
        store_put_given(change, task->portal->id, &given, now_ms);
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
        put_given(task, change, p, now);
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
    pending_calls_forget(task);
}
