#include "daemon/engine/giveback.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/pending.h"
#include "daemon/model/need.h"
#include "daemon/rules/giveback.h"
#include "daemon/rules/team.h"

enum {
    MOST_OWNERS = 200,
    AT_ONCE = 50, /* things of one owner */
    ROUNDS_MOST = 10,
    LOOK_AGAIN_MS = 60 * 1000,
    STORE_PAUSE_MS = 500,
};

static const struct backoff portal_pauses = {.first_ms = 2000, .most_ms = 300000};

/* One who is there again, and what he gets back. */
struct giveback {
    int64_t owners[MOST_OWNERS];
    int64_t owner_count;
    int64_t at_once; /* 1 after one of several could not be read: to know which */
    struct given given[AT_ONCE];
    int64_t given_count;
    bool called[AT_ONCE]; /* a call for it is among task->calls, in this order */
};

static task_stage_fn ask_owners;
static task_stage_fn ask_records;
static task_stage_fn given_back;
static task_stage_fn committed;

static enum task_turn rests(struct task *task, int64_t ms)
{
    pthread_mutex_lock(&task->engine->lock);
    task->portal->back_ms = clock_mono_ms() + ms;
    pthread_mutex_unlock(&task->engine->lock);
    return TASK_REST;
}

static enum task_turn try_again(struct task *task)
{
    task->failures++;
    return task_pause(task, backoff_delay(&portal_pauses, task->failures, (uint64_t)task->taken_ms),
                      giveback_begin);
}

static enum task_turn store_trouble(struct task *task, const struct err *err)
{
    log_error("cannot read what is to be given back portal=%s why=\"%s\"",
              task->portal->config->name, err->text);
    return rests(task, LOOK_AGAIN_MS);
}

enum task_turn giveback_begin(struct task *task)
{
    struct err err = {0};
    if (engine_is_halting(task->engine))
        return TASK_REST;
    if (task->giveback == NULL) {
        task->giveback = mem_alloc(sizeof *task->giveback);
        task->giveback->at_once = AT_ONCE;
    }
    struct giveback *g = task->giveback;
    if (!store_read_given_owners(task->reader, task->portal->id, MOST_OWNERS, g->owners,
                                 &g->owner_count, &err))
        return store_trouble(task, &err);
    if (g->owner_count == 0)
        return rests(task, LOOK_AGAIN_MS);
    facts_begin(task);
    task->rounds = 0;
    return task->stage = ask_owners, TASK_GO;
}

/* ---- who is there again ---------------------------------------------------------------------- */

static enum task_turn owners_unfetched(struct task *task)
{
    return task->fetch_final ? rests(task, LOOK_AGAIN_MS) : try_again(task);
}

/* The first of the owners who is; 0: nobody, or `needs` are to be fetched first. */
static int64_t first_back(struct task *task, json_t *needs)
{
    const struct giveback *g = task->giveback;
    struct rules_env env;
    int64_t found = 0;
    task_env(task, &env);
    for (int64_t i = 0; i < g->owner_count; i++) {
        struct scope scope = {.env = &env, .facts = task->facts_known, .needs = needs};
        bool back = false;
        if (team_is_back(&scope, g->owners[i], &back) == KNOWN && back && found == 0)
            found = g->owners[i];
    }
    return json_array_size(needs) > 0 ? 0 : found;
}

static enum task_turn ask_owners(struct task *task)
{
    struct giveback *g = task->giveback;
    struct err err = {0};
    JV_AUTO *needs = json_array();
    int64_t owner = first_back(task, needs);
    if (json_array_size(needs) > 0 && task->rounds++ < ROUNDS_MOST)
        return facts_fetch(task, needs, ask_owners, owners_unfetched);
    if (owner == 0)
        return rests(task, LOOK_AGAIN_MS);
    if (!store_read_given(task->reader, task->portal->id, owner, g->at_once, g->given,
                          &g->given_count, &err))
        return store_trouble(task, &err);
    return task->stage = ask_records, TASK_GO;
}

/* ---- giving back ----------------------------------------------------------------------------- */

static void tell(const struct task *task, struct store_change *change, const struct given *given,
                 const char *did, const char *detail)
{
    char name[ENTITY_ID_SIZE + 32];
    struct trace trace = {
        .at_ms = clock_wall_ms(), .portal = task->portal->id, .entity = given->run};
    entity_print(&given->what, name);
    (void)snprintf(trace.what, sizeof trace.what, "given back");
    (void)snprintf(trace.say, sizeof trace.say, "%s %s user %" PRId64 ", who is there again%s%s",
                   name, did, given->owner, detail[0] != '\0' ? ": " : "", detail);
    store_put_trace(change, &trace);
    trace_done(&trace);
}

static enum task_turn commit(struct task *task, struct store_change *change)
{
    return task_commit(task, change, committed);
}

/* What cannot be read for good is not asked about again; which of several it is shows when they
 * are asked for one by one. */
static enum task_turn records_unfetched(struct task *task)
{
    struct giveback *g = task->giveback;
    if (!task->fetch_final)
        return try_again(task);
    if (g->given_count > 1) {
        g->at_once = 1;
        return task->stage = giveback_begin, TASK_GO;
    }
    g->at_once = AT_ONCE;
    struct store_change *change = store_change_new();
    tell(task, change, &g->given[0], "cannot be given back to", task->fetch_err.text);
    store_put_given_back(change, task->portal->id, &g->given[0].what);
    return commit(task, change);
}

static const json_t *record_of(const struct task *task, const struct given *given)
{
    char need[NEED_SIZE];
    need_print_entity(given->what.type, given->what.id, need);
    return json_object_get(task->facts_known, need);
}

static json_t *needs_new(const struct task *task)
{
    const struct giveback *g = task->giveback;
    json_t *needs = json_array();
    for (int64_t i = 0; i < g->given_count; i++) {
        char need[NEED_SIZE];
        need_print_entity(g->given[i].what.type, g->given[i].what.id, need);
        if (json_object_get(task->facts_known, need) == NULL)
            (void)json_array_append_new(needs, json_string(need));
    }
    return needs;
}

static void add_call(struct task *task, const struct given *given)
{
    struct call *call = &task->calls[task->call_count++];
    *call = (struct call){
        .portal = task->portal->id, .priority = PRIORITY_BULK, .done = task_call_done, .arg = task};
    giveback_command(given, &call->command);
    entity_print(&given->what, call->lane);
}

static enum task_turn ask_records(struct task *task)
{
    struct giveback *g = task->giveback;
    JV_AUTO *needs = needs_new(task);
    if (json_array_size(needs) > 0)
        return facts_fetch(task, needs, ask_records, records_unfetched);
    task->calls = mem_array((size_t)g->given_count, sizeof *task->calls);
    task->call_count = 0;
    for (int64_t i = 0; i < g->given_count; i++) {
        g->called[i] = giveback_stands(&g->given[i], record_of(task, &g->given[i]));
        if (g->called[i])
            add_call(task, &g->given[i]);
    }
    if (task->call_count == 0)
        return given_back(task);
    task_hand_out(task, task->call_count, given_back);
    for (size_t i = 0; i < task->call_count; i++)
        portal_client_submit(task->engine->client, &task->calls[i]);
    return task_handed_out(task);
}

/* True: it is settled, and need not be asked about again. */
static bool settle(const struct task *task, struct store_change *change, const struct given *given,
                   const struct answer *answer)
{
    if (answer->verdict == VERDICT_DONE)
        tell(task, change, given, "goes back to", "");
    else if (answer->verdict == VERDICT_REFUSED)
        tell(task, change, given, "cannot be given back to", answer->text);
    else
        return false; /* asked anew later: who has it by then tells whether it was done */
    return true;
}

static enum task_turn given_back(struct task *task)
{
    struct giveback *g = task->giveback;
    struct store_change *change = store_change_new();
    size_t next = 0;
    bool all = true;
    for (int64_t i = 0; i < g->given_count; i++) {
        bool settled =
            !g->called[i] || settle(task, change, &g->given[i], &task->calls[next].answer);
        next += g->called[i];
        all = all && settled;
        if (settled)
            store_put_given_back(change, task->portal->id, &g->given[i].what);
    }
    pending_calls_forget(task);
    task->failures = all ? 0 : task->failures + 1;
    return commit(task, change);
}

static enum task_turn committed(struct task *task)
{
    if (!task->commit_ok) {
        log_error("cannot store what was given back why=\"%s\"", task->commit_err.text);
        return task_pause(task, STORE_PAUSE_MS, giveback_begin);
    }
    engine_wake(task->engine);
    if (task->failures > 0)
        return task_pause(task,
                          backoff_delay(&portal_pauses, task->failures, (uint64_t)task->taken_ms),
                          giveback_begin);
    return task->stage = giveback_begin, TASK_GO;
}
