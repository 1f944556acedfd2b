/* A run at work: ask what it wants, intend it, call, settle, ask again. architecture.md §4, step 5.
 *
 * Whatever the run wants next, its outcomes so far are committed together with it, so a step costs
 * one commit before its calls and none of its own after. A commit that fails is tried again with
 * the same content: nothing that was done in the portal is ever forgotten because the disk was
 * full. */

#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/effects.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/hand.h"
#include "daemon/engine/holds.h"
#include "daemon/engine/rota.h"
#include "daemon/engine/task.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/work.h"
#include "daemon/engine/writes.h"
#include "daemon/model/need.h"

enum {
    FACTS_FRESH_MS = 3000,
    STORE_PAUSE_MS = 500,
    ROUNDS_MOST = 50,
    LATE_SLACK_MS = TIMER_SLACK_MS, /* this little overdue is not "after an outage" */
};

static const struct backoff portal_pauses = {.first_ms = 2000, .most_ms = 300000};

static task_stage_fn work_call;
static task_stage_fn work_called;
static task_stage_fn work_commit;
static task_stage_fn work_committed;
static task_stage_fn work_fetch;
static task_stage_fn work_look;
static task_stage_fn work_looked;
static task_stage_fn work_woke;

static const struct rule *rule_of(const struct task *task)
{
    return ruleset_find(task_rules(task), task->run->rule);
}

/* ---- committing ------------------------------------------------------------------------------ */

enum task_turn work_settle(struct task *task, task_stage_fn *next)
{
    task->settled = next;
    task->stage = work_commit;
    return TASK_GO;
}

static void put_turns(struct task *task, struct store_change *change)
{
    for (size_t i = 0; i < task->turn_count; i++)
        store_put_team(change, task->portal->id, task->turns[i].team, task->turns[i].turn + 1,
                       task->turns[i].user, clock_wall_ms());
}

/* Lines of a step carry its head: "[then todo] …"; those of the run as a whole do not. */
static void put_story(struct task *task, struct store_change *change)
{
    size_t i;
    json_t *line;
    json_array_foreach (task->story, i, line) {
        const char *head = jv_text(line, "text", "");
        bool headed = head[0] != '\0';
        task_trace(task, change, task->run, 0, jv_text(line, "what", "step"),
                   json_object_get(line, "values"), "%s%s%s%s", headed ? "[" : "", head,
                   headed ? "] " : "", jv_text(line, "say", ""));
    }
}

void work_tell(struct task *task, const char *what, const char *say, const char *more)
{
    const char *between = more[0] != '\0' ? ": " : "";
    json_array_append_new(task->story, json_pack("{s:s, s:o}", "what", what, "say",
                                                 json_sprintf("%s%s%s", say, between, more)));
}

static enum task_turn work_commit(struct task *task)
{
    struct store_change *change = store_change_new();
    effects_put(task, change);
    put_story(task, change);
    timers_put(task, change);
    put_turns(task, change);
    task->run->updated_ms = clock_wall_ms();
    store_put_run(change, task->run);
    return task_commit(task, change, work_committed);
}

static enum task_turn work_committed(struct task *task)
{
    if (!task->commit_ok) {
        log_error("cannot store an outcome run=%lld entity=\"%s\" why=\"%s\"",
                  (long long)task->run->id, task->name, task->commit_err.text);
        return task_pause(task, STORE_PAUSE_MS, work_commit);
    }
    effects_stored(task);
    task->woken = (struct woken){0};
    task->turn_count = 0;
    json_array_clear(task->story);
    task->stage = task->settled;
    return TASK_GO;
}

/* ---- ends and pauses ------------------------------------------------------------------------- */

static void count_end(struct task *task, enum run_state state)
{
    struct engine *e = task->engine;
    atomic_fetch_add(&e->ended[state], 1);
    if (state == RUN_DEAD || state == RUN_PARKED)
        tally_add(e->tally, ruleset_find(e->site.config->rules, task->run->rule),
                  state == RUN_DEAD ? TALLY_FAILED : TALLY_PARKED);
}

enum task_turn work_end(struct task *task, enum run_state state, const char *reason)
{
    struct run *run = task->run;
    run->state = state;
    if (reason != NULL)
        (void)snprintf(run->reason, sizeof run->reason, "%s", reason);
    work_tell(task, "ended", run_state_word(state), run->reason);
    count_end(task, state);
    log_line(state == RUN_DEAD || state == RUN_PARKED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
             "run ended run=%lld event=%lld rule=%s portal=%s entity=\"%s\" state=%s reason=\"%s\"",
             (long long)run->id, (long long)run->cause_event, run->rule, task->portal->config->name,
             task->name, run_state_word(state), run->reason);
    return work_settle(task, look_begin);
}

/* The run's rule, or its portal, is paused: it waits before what it would do next. */
static bool is_paused(const struct task *task)
{
    return holds_rule(task->engine->holds, task->portal->id, task->run->rule, NULL);
}

/* A run that cannot go on for now. One that has just woken still waits: what cancels waits ends it,
 * and it asks so once more when it wakes again. */
static enum task_turn lay_down(struct task *task, int64_t pause_ms)
{
    struct run *run = task->run;
    run->state = run->state == RUN_WAITING ? RUN_WAITING : RUN_READY;
    run->due_ms = clock_wall_ms() + pause_ms;
    return work_settle(task, look_begin);
}

/* The portal did not do its part for now: the run tries again later, at the same place. */
static enum task_turn put_off(struct task *task, const char *why)
{
    struct run *run = task->run;
    if (engine_is_halting(task->engine) || is_paused(task))
        return lay_down(task, 0); /* we stop: it goes on as soon as we are back */
    int64_t turn_ms = effects_turn_ms(task);
    if (turn_ms > 0) {
        (void)snprintf(run->reason, sizeof run->reason, "waits for its turn: %.280s", why);
        return lay_down(task, turn_ms - clock_wall_ms());
    }
    int64_t pause = backoff_delay(&portal_pauses, effects_failures(task) + 1, (uint64_t)run->id);
    (void)snprintf(run->reason, sizeof run->reason, "tried again later: %.280s", why);
    log_warning("run put off run=%lld rule=%s portal=%s entity=\"%s\" ms=%lld why=\"%s\"",
                (long long)run->id, run->rule, task->portal->config->name, task->name,
                (long long)pause, why);
    return lay_down(task, pause);
}

/* ---- asking ---------------------------------------------------------------------------------- */

enum task_turn work_unfetched(struct task *task)
{
    if (task->fetch_final)
        return work_end(task, RUN_DEAD, task->fetch_err.text);
    return put_off(task, task->fetch_err.text);
}

static enum task_turn work_fetch(struct task *task)
{
    if (is_paused(task))
        return lay_down(task, 0);
    return facts_fetch(task, task->advance.needs, work_advance, work_unfetched);
}

static enum task_turn wants_facts(struct task *task)
{
    if (task->rounds++ >= ROUNDS_MOST)
        return work_end(task, RUN_DEAD, "asked for facts without end");
    /* What has been done must be on disk before we wait for the portal again. */
    if (effects_unstored(task) || task->turn_count > 0)
        return work_settle(task, work_fetch);
    return work_fetch(task);
}

/* Whom a team gives is decided here once, and stored with what the run wants next. A rule in shadow
 * says whose turn it would be and leaves it to others. */
static enum task_turn wants_turn(struct task *task)
{
    const struct turn *turn = &task->advance.turn;
    bool shadow = rule_of(task)->state == RULE_SHADOW;
    if (!shadow && !rota_take(task->engine->rota, task->portal->id, turn->team, turn->turn,
                              turn->user, clock_mono_ms())) {
        facts_renew_team(task, turn->team);
        return TASK_GO;
    }
    choice_take(task->run, turn);
    if (shadow)
        return TASK_GO;
    task->turns = mem_grow(task->turns, task->turn_count + 1, sizeof *task->turns);
    task->turns[task->turn_count++] = *turn;
    return TASK_GO;
}

static enum task_turn wants_calls(struct task *task)
{
    bool shadow = rule_of(task)->state == RULE_SHADOW;
    effects_intend(task, shadow);
    task->run->state = RUN_RUNNING;
    if (!effects_to_call(task))
        return task->stage = work_advance, TASK_GO; /* all of them a shadow's */
    return work_settle(task, work_call);
}

/* What a step asked is told with its calls, once in a sitting; the rest when it is over. */
static void tell_trace(struct task *task)
{
    size_t i;
    json_t *line;
    json_array_foreach (task->advance.trace, i, line)
        if (jv_int(line, "step", -1) != task->asked_step ||
            strcmp(jv_text(line, "what", ""), "if") != 0)
            json_array_append(task->story, line);
    if (json_array_size(task->advance.asked) == 0 || task->asked_step == task->run->step)
        return;
    json_array_extend(task->story, task->advance.asked);
    task->asked_step = task->run->step;
}

enum task_turn work_advance(struct task *task)
{
    struct rules_env env;
    if (is_paused(task))
        return lay_down(task, 0);
    task_env(task, &env);
    env.seed = (uint64_t)task->run->id;
    advance_done(&task->advance);
    rules_advance(task_rules(task), rule_of(task), task->run, task->facts_known, task->answers,
                  &env, &task->advance);
    tell_trace(task);
    switch (task->advance.kind) {
    case ADVANCE_NEED:
        return wants_facts(task);
    case ADVANCE_CALL:
        return wants_calls(task);
    case ADVANCE_TURN:
        return wants_turn(task);
    case ADVANCE_WAIT:
        task->run->state = task->advance.wait_state;
        task->run->due_ms = task->advance.due_ms;
        return work_settle(task, look_begin);
    case ADVANCE_FINISH:
        break;
    }
    return work_end(task, task->advance.state, NULL);
}

/* ---- calling --------------------------------------------------------------------------------- */

static enum task_turn work_call(struct task *task)
{
    task->rounds = 0;
    if (engine_is_halting(task->engine) || is_paused(task)) {
        effects_unsent(task);
        return lay_down(task, 0);
    }
    size_t count = effects_calls(task, &task->calls);
    task->call_count = count;
    task_hand_out(task, count, work_called);
    for (size_t i = 0; i < count; i++)
        portal_client_submit(task->engine->client, &task->calls[i]);
    return task_handed_out(task);
}

static enum task_turn work_called(struct task *task)
{
    effects_called(task);
    const char *why = NULL;
    switch (effects_state(task, &why)) {
    case EFFECTS_SETTLED:
        return task->stage = work_advance, TASK_GO;
    case EFFECTS_NOT_EXECUTED:
        return put_off(task, why);
    case EFFECTS_UNKNOWN:
        break;
    }
    return work_settle(task, work_look);
}

/* ---- looking for what may have happened ------------------------------------------------------ */

static enum task_turn work_look(struct task *task)
{
    if (engine_is_halting(task->engine))
        return TASK_REST;
    if (is_paused(task))
        return lay_down(task, 0);
    size_t count = effects_looks(task, &task->calls);
    task->call_count = count;
    if (count == 0)
        return work_looked(task);
    task_hand_out(task, count, work_looked);
    for (size_t i = 0; i < count; i++)
        portal_client_submit(task->engine->client, &task->calls[i]);
    return task_handed_out(task);
}

static enum task_turn work_looked(struct task *task)
{
    effects_looked(task);
    const char *why = NULL;
    int64_t early_ms = effects_early_ms(task);
    if (early_ms > 0)
        return task_pause(task, early_ms, work_look);
    switch (effects_state(task, &why)) {
    case EFFECTS_SETTLED:
        break;
    case EFFECTS_NOT_EXECUTED:
        return put_off(task, why);
    case EFFECTS_UNKNOWN:
        return put_off(task, "the outcome of a call is not known, and looking for it failed");
    }
    if (effects_to_call(task))
        return work_settle(task, work_call);
    task->stage = work_advance;
    return TASK_GO;
}

/* ---- waking ---------------------------------------------------------------------------------- */

static const char *ending_of(const struct task *task)
{
    const struct judgement *j = &task->judgement;
    return j->ending_count > 0 ? j->endings[0].reason : NULL;
}

/* A run that slept asks once more whether anything has cancelled it: an event may have been lost on
 * its way, and a stage may have been left and nobody looked. */
static enum task_turn work_woke(struct task *task)
{
    char need[NEED_SIZE];
    need_print_entity(task->entity.type, task->entity.id, need);
    const json_t *record = json_object_get(task->facts_known, need);
    struct rules_env env;
    if (look_has_missed(task, record))
        return look_catch_up(task);
    task_env(task, &env);
    struct change change = {.portal = task->portal->config->name,
                            .entity = task->entity,
                            .now = json_is_object(record) ? record : NULL,
                            .deleted = json_is_null(record),
                            .waking = true};
    judgement_done(&task->judgement);
    change_judge(task_rules(task), &change, task->run, 1, task->facts_known, &env,
                 &task->judgement);
    if (json_array_size(task->judgement.needs) > 0 && task->rounds++ < ROUNDS_MOST)
        return facts_fetch(task, task->judgement.needs, work_woke, work_unfetched);
    const char *why = ending_of(task);
    if (why != NULL)
        return work_end(task, RUN_CANCELLED, why);
    work_tell(task, "woke", "the wait is over", "");
    task->stage = work_advance;
    return TASK_GO;
}

/* What may not be read cancels nothing; where a cancel-on would have to be asked, the run ends. */
static enum task_turn wake_unfetched(struct task *task)
{
    const struct rule *rule = rule_of(task);
    if (task->fetch_final && rule->cancel_count + rule->cancel_if_count == 0)
        return work_woke(task);
    return work_unfetched(task);
}

static enum task_turn wake(struct task *task)
{
    if (!look_can_read(task->entity.type))
        return work_woke(task);
    char need[NEED_SIZE];
    need_print_entity(task->entity.type, task->entity.id, need);
    JV_AUTO *needs = json_pack("[s]", need);
    return facts_fetch(task, needs, work_woke, wake_unfetched);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static bool began_before(const struct run *a, const struct run *b)
{
    return a->created_ms != b->created_ms ? a->created_ms < b->created_ms : a->id < b->id;
}

/* The run of the same rule that a run of mode = queue has to let go first; NULL: none. */
static const struct run *queued_behind(const struct task *task, const struct run *run)
{
    const struct rule *rule = ruleset_find(task_rules(task), run->rule);
    if (run->state != RUN_READY || rule == NULL || rule->mode != MODE_QUEUE)
        return NULL;
    for (int64_t i = 0; i < task->live_count; i++) {
        const struct run *other = &task->live[i];
        if (strcmp(other->rule, run->rule) == 0 && !run_is_timer(other) && began_before(other, run))
            return other;
    }
    return NULL;
}

static const char queued_text[] = "queued behind run ";

static bool is_queued(const struct run *run)
{
    return run->state == RUN_READY && strncmp(run->reason, queued_text, strlen(queued_text)) == 0;
}

static struct run *next_run(struct task *task)
{
    int64_t now = clock_wall_ms();
    for (int64_t i = 0; i < task->live_count; i++) {
        struct run *run = &task->live[i];
        bool due = run->due_ms <= now || run->due_ms == RUN_HELD_MS || is_queued(run);
        if (run->state <= RUN_RUNNING && due &&
            !holds_rule(task->engine->holds, task->portal->id, run->rule, NULL) &&
            queued_behind(task, run) == NULL)
            return run;
    }
    return NULL;
}

/* A run that has to queue is due no sooner than the one before it: else its entity would be brought
 * to work without end. When that one ends, this task goes on with the next by itself. */
static enum task_turn queue_up(struct task *task)
{
    int64_t now = clock_wall_ms();
    for (int64_t i = 0; i < task->live_count; i++) {
        struct run *run = &task->live[i];
        const struct run *before = queued_behind(task, run);
        if (before == NULL || run->due_ms > now || before->due_ms <= now)
            continue;
        task->run = run;
        task->story = json_array();
        run->due_ms = before->due_ms;
        (void)snprintf(run->reason, sizeof run->reason, "%s%lld of the same rule", queued_text,
                       (long long)before->id);
        return work_settle(task, work_begin);
    }
    return TASK_REST;
}

/* Why a run may not go on at all, or NULL. */
static const char *obstacle(const struct task *task, const struct rule *rule)
{
    const struct run *run = task->run;
    if (rule == NULL)
        return "its rule is no longer in the configuration";
    if (rule->state == RULE_OFF)
        return "its rule is off";
    if (run_is_timer(run))
        return timer_late(rule, timer_due_ms(run), task->engine->started_ms, clock_wall_ms());
    int64_t overdue = clock_wall_ms() - run->due_ms;
    bool outage = run->due_ms < task->engine->started_ms || overdue >= LATE_SLACK_MS;
    if (run->state != RUN_WAITING || !outage || rule->late == LATE_RUN)
        return NULL;
    if (rule->late == LATE_SKIP)
        return "overdue after an outage (late = skip)";
    return overdue > rule->late_ms ? "overdue by more than late allows" : NULL;
}

/* A run that starts right after a look sees what the look saw; one that woke or tries again sees
 * the facts anew. */
static bool begins_with_the_look(const struct task *task)
{
    const struct run *run = task->run;
    return run->state == RUN_READY && run->step == 0 && run->attempt == 0 &&
           run->reason[0] == '\0' && task->facts_known != NULL &&
           clock_mono_ms() - task->facts_ms < FACTS_FRESH_MS;
}

/* A run goes on by the text that its rule has now, at the step of the same number; `why` says so.
 */
static void follow_text(struct task *task)
{
    struct run *run = task->run;
    const struct rule *rule = rule_of(task);
    if (run->version == rule->version)
        return;
    run->version = rule->version;
    if (run_is_timer(run))
        return; /* it has not begun: it will by the new text and nobody wonders */
    char at[64] = "at its end";
    if (run->step < (int)rule->step_count)
        (void)snprintf(at, sizeof at, "at step %d", run->step + 1);
    work_tell(task, "changed", "the rule's text has changed, the run goes on by the new one", at);
}

enum task_turn work_begin(struct task *task)
{
    struct hold hold;
    task_forget_run(task);
    if (task_must_rest(task))
        return TASK_REST;
    task->run = hand_next_held(task, &hold);
    if (task->run != NULL)
        return hand_lay_aside(task, &hold);
    task->run = next_run(task);
    if (task->run == NULL)
        return queue_up(task);
    hand_take_up(task->run);
    task->asked_step = -1;
    task->story = json_array();
    task->answers = json_object();
    if (!begins_with_the_look(task))
        facts_begin(task);
    if (is_queued(task->run))
        task->run->reason[0] = '\0';
    const char *why = obstacle(task, rule_of(task));
    if (why != NULL) {
        timers_missed(task);
        return work_end(task, RUN_CANCELLED, why);
    }
    follow_text(task);
    struct err err = {0};
    task->failures = 0;
    task->rounds = 0;
    if (!effects_recall(task, &err)) {
        log_error("cannot read effects run=%lld why=\"%s\"", (long long)task->run->id, err.text);
        return task_pause(task, STORE_PAUSE_MS, look_begin);
    }
    if (task->run->state == RUN_WAITING)
        return run_is_timer(task->run) ? timers_wake(task) : wake(task);
    const char *unused = NULL;
    task->stage = effects_state(task, &unused) == EFFECTS_UNKNOWN ? work_look : work_advance;
    return TASK_GO;
}
