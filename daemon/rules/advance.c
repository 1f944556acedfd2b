#include "daemon/rules/advance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/outcome.h"

enum { MOST_TRACED_LETTERS = 200 };

static const int64_t first_pause_ms = 60 * 1000;
static const int64_t longest_pause_ms = 4 * 3600 * 1000;
static const int64_t retry_for_ms = 24 * 3600 * 1000;

/* One call of rules_advance. */
struct walk {
    const struct rule *rule;
    struct run *run;
    const struct step *step; /* the one in hand */
    struct scope scope;
    const json_t *answers;
    struct advance *ret;
    json_t *trace; /* of the step in hand; kept only when the step gets somewhere, because it is
                      gone through again after a need */
};

/* What a stage of a step says. */
enum stride {
    STRIDE_ON,   /* go on with this step */
    STRIDE_OVER, /* the step is behind us */
    STRIDE_HALT, /* ret is filled: nothing more now */
};

/* ---- trace and reasons ----------------------------------------------------------------------- */

static json_t *trace_add(struct walk *w, const char *what, const char *format, ...)
    PRINTF_LIKE(3, 4);

static json_t *trace_add(struct walk *w, const char *what, const char *format, ...)
{
    char say[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(say, sizeof say, format, args);
    va_end(args);
    json_t *entry =
        json_pack("{s:i, s:s, s:s}", "step", w->run->step, "text", w->step->text, "what", what);
    if (say[0] != '\0')
        (void)json_object_set_new(entry, "say", jv_string_new(say));
    (void)json_array_append_new(w->trace, entry);
    return entry;
}

static void trace_keep(struct walk *w)
{
    (void)json_array_extend(w->ret->trace, w->trace);
    (void)json_array_clear(w->trace);
}

/* So many bytes of it at most, cut at a letter. */
static size_t bytes_of(const char *text, size_t most)
{
    size_t size = strlen(text);
    if (size <= most)
        return size;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

static void set_reason(struct run *run, const char *text)
{
    size_t size = bytes_of(text, sizeof run->reason - 1);
    memmove(run->reason, text, size);
    run->reason[size] = '\0';
}

static enum stride finish(struct walk *w, enum run_state state, const char *reason)
{
    trace_keep(w);
    w->ret->kind = ADVANCE_FINISH;
    w->ret->state = state;
    set_reason(w->run, reason);
    return STRIDE_HALT;
}

static enum stride need(struct walk *w)
{
    w->ret->kind = ADVANCE_NEED;
    return STRIDE_HALT;
}

/* ---- moving on ------------------------------------------------------------------------------- */

static void set_skipped(struct run *run, bool skipped)
{
    if (skipped)
        (void)json_object_set_new(run->vars, "skipped", json_true());
    else
        (void)json_object_del(run->vars, "skipped");
}

/* What is known of the portal is fetched anew after a pause. */
static void forget_touched(struct run *run)
{
    (void)json_object_del(run->vars, "touched");
}

static enum stride step_over(struct walk *w, bool skipped)
{
    trace_keep(w);
    choice_forget(w->run);
    set_skipped(w->run, skipped);
    w->run->step++;
    w->run->attempt = 0;
    return STRIDE_OVER;
}

/* ---- what may stop a step -------------------------------------------------------------------- */

static bool entity_is_gone(const struct walk *w)
{
    char name[NEED_SIZE];
    const struct entity *entity = &w->run->entity;
    if (entity->type == ENTITY_NONE || json_object_get(w->run->vars, "gone") != NULL)
        return false;
    need_print_entity(entity->type, entity->id, name);
    return json_is_null(json_object_get(w->scope.facts, name));
}

/* Dead, unless the rule says `continue`. `why` may be of any length. */
static enum stride fail(struct walk *w, const char *why)
{
    char reason[640], name[ENTITY_ID_SIZE + 32];
    (void)trace_add(w, "error", "%s", why);
    if (entity_is_gone(w)) { /* bitrix24.md §10 no. 4: a normal end */
        entity_print(&w->run->entity, name);
        (void)snprintf(reason, sizeof reason, "%s has been deleted", name);
        return finish(w, RUN_CANCELLED, reason);
    }
    if (w->step->on_error == ON_ERROR_CONTINUE)
        return step_over(w, false);
    (void)snprintf(reason, sizeof reason, "step %d, %s: %s", w->run->step + 1, w->step->text, why);
    return finish(w, RUN_DEAD, reason);
}

/* The command that decides must be there whole, however long the reason is. */
static enum stride park(struct walk *w, const char *why)
{
    char text[640], order[160], reason[sizeof text + sizeof order];
    long long id = (long long)w->run->id;
    (void)trace_add(w, "error", "%s", why);
    (void)snprintf(text, sizeof text, "step %d, %s: %s", w->run->step + 1, w->step->text, why);
    int size =
        snprintf(order, sizeof order,
                 "; if it is there: b24bridge queue done %lld; if it is not: b24bridge queue "
                 "retry %lld",
                 id, id);
    int most = (int)bytes_of(text, sizeof w->run->reason - 1 - (size_t)size);
    (void)snprintf(reason, sizeof reason, "%.*s%s", most, text, order);
    return finish(w, RUN_PARKED, reason);
}

/* Pause before the next attempt, -1 when a day of them has passed. 1, 2, 4 … minutes, then every
 * four hours. */
static int64_t pause_after(int attempt)
{
    int64_t pause = first_pause_ms, passed = 0;
    for (int i = 0; i < attempt; i++) {
        passed += pause;
        pause = pause * 2 < longest_pause_ms ? pause * 2 : longest_pause_ms;
    }
    return passed + pause <= retry_for_ms ? pause : -1;
}

static enum stride retry(struct walk *w, const char *why)
{
    char text[600], again[26];
    int64_t pause = pause_after(w->run->attempt);
    if (pause < 0) {
        (void)snprintf(text, sizeof text, "%s; tried for a day", why);
        return fail(w, text);
    }
    w->run->attempt++;
    forget_touched(w->run);
    w->ret->kind = ADVANCE_WAIT;
    w->ret->wait_state = RUN_READY;
    w->ret->due_ms = w->scope.env->now_ms + pause;
    zone_iso(w->scope.env->zone, w->ret->due_ms, again);
    (void)trace_add(w, "error", "%s; again at %s", why, again);
    trace_keep(w);
    set_reason(w->run, why);
    return STRIDE_HALT;
}

/* What another makes is not ready: 1, 2, 4 … s, then every four minutes. The action counts how
 * often it asks. */
static enum stride later(struct walk *w, const char *note)
{
    enum { FIRST_MS = 1000, DOUBLINGS = 8 };
    int doublings = w->run->attempt < DOUBLINGS ? w->run->attempt : DOUBLINGS;
    w->ret->kind = ADVANCE_WAIT;
    w->ret->wait_state = RUN_READY;
    w->ret->due_ms = w->scope.env->now_ms + ((int64_t)FIRST_MS << doublings);
    w->run->attempt++;
    forget_touched(w->run);
    (void)trace_add(w, "wait", "%s", note);
    trace_keep(w);
    set_reason(w->run, note);
    return STRIDE_HALT;
}

/* ---- the gate: else and if ------------------------------------------------------------------- */

/* Has a command of this step been sent? Then its conditions held, and are not asked again: the
 * facts may have changed by our own doing. */
static bool has_begun(const struct walk *w)
{
    char prefix[16];
    const char *key;
    json_t *answer;
    int size = snprintf(prefix, sizeof prefix, "%d.", w->run->step);
    if (w->run->attempt > 0)
        return true;
    json_object_foreach (jv_loose(w->answers), key, answer) {
        if (strncmp(key, prefix, (size_t)size) == 0)
            return true;
    }
    return false;
}

/* The trace is kept for each run: of a long value its beginning is enough. */
static void shorten(json_t *comparison, const char *side)
{
    const json_t *value = json_object_get(comparison, side);
    if (value == NULL)
        return;
    char *text = jv_print_new(value);
    if (utf8_length(text) > MOST_TRACED_LETTERS)
        (void)json_object_set_new(
            comparison, side,
            json_sprintf("%.*s…", (int)utf8_prefix(text, MOST_TRACED_LETTERS), text));
    mem_free(text);
}

static enum stride ask_if(struct walk *w, const struct expr *expr, bool *ret)
{
    json_t *values = json_array();
    w->scope.trace = values;
    enum known known = expr_eval(expr, &w->scope, ret);
    w->scope.trace = NULL;
    if (known == KNOWN) {
        for (size_t i = 0; i < json_array_size(values); i++) {
            shorten(json_array_get(values, i), "left");
            shorten(json_array_get(values, i), "right");
        }
        json_t *entry = trace_add(w, "if", "%s", expr_text(expr));
        (void)json_object_set_new(entry, "is", json_boolean(*ret));
        (void)json_object_set_new(entry, "values", values);
        return STRIDE_ON;
    }
    json_decref(values);
    if (known == KNOWN_NOT)
        return need(w);
    char why[600];
    (void)snprintf(why, sizeof why, "if: %s", w->scope.err.text);
    return fail(w, why);
}

static enum stride gate(struct walk *w)
{
    const struct step *step = w->step;
    if (has_begun(w))
        return STRIDE_ON;
    if (step->kind == STEP_ELSE && !jv_flag(w->run->vars, "skipped")) {
        (void)trace_add(w, "skip", "the step before it was taken");
        return step_over(w, false);
    }
    for (size_t i = 0; i < step->if_count; i++) {
        bool holds = false;
        enum stride stride = ask_if(w, step->ifs[i], &holds);
        if (stride != STRIDE_ON)
            return stride;
        if (!holds) {
            (void)trace_add(w, "skip", "its condition does not hold");
            return step_over(w, true);
        }
    }
    return STRIDE_ON;
}

/* ---- [wait] ---------------------------------------------------------------------------------- */

static enum stride wait_step(struct walk *w)
{
    const struct step *step = w->step;
    const struct rules_env *env = w->scope.env;
    const struct calendar *calendar = env->default_calendar;
    struct err err = {0};
    char until[26];
    if (step->calendar != NULL)
        calendar = env->calendar(env->calendar_arg, step->calendar);
    bool working =
        step->waits_until ? moment_needs_calendar(&step->until) : step->wait.unit != DURATION_PLAIN;
    if (calendar == NULL && working)
        return fail(w, "there are several calendars, the step must name one");
    bool reckoned =
        step->waits_until
            ? moment_reckon(&step->until, env->now_ms, env->zone, calendar, &w->ret->due_ms, &err)
            : duration_apply(&step->wait, 1, env->now_ms, calendar, &w->ret->due_ms, &err);
    if (!reckoned)
        return fail(w, err.text);
    zone_iso(env->zone, w->ret->due_ms, until);
    (void)trace_add(w, "wait", "until %s", until);
    (void)step_over(w, false);
    w->ret->kind = ADVANCE_WAIT;
    w->ret->wait_state = RUN_WAITING;
    forget_touched(w->run);
    set_reason(w->run, step->text); /* `timers` tells what it waits for */
    return STRIDE_HALT;
}

/* ---- [then], [else] -------------------------------------------------------------------------- */

/* {{LABEL.…}} from now on. */
static void keep_label(struct walk *w, const struct plan *p, const struct outcome *outcome)
{
    json_t *labels = json_object_get(w->run->vars, "labels");
    if (w->step->label == NULL)
        return;
    if (labels == NULL) {
        labels = json_object();
        (void)json_object_set_new(w->run->vars, "labels", labels);
    }
    (void)json_object_set_new(labels, w->step->label, outcome_label_new(p, outcome));
}

static enum stride hand_over(struct walk *w, struct plan *p)
{
    outcome_keep_open(p);
    w->ret->kind = ADVANCE_CALL;
    w->ret->commands = p->commands;
    w->ret->count = p->count;
    p->commands = NULL;
    p->count = 0;
    trace_keep(w);
    return STRIDE_HALT;
}

/* Who was chosen for the step, and why not the others. */
static void trace_choices(struct walk *w)
{
    const char *slot;
    json_t *choice;
    json_object_foreach (json_object_get(w->run->vars, "chosen"), slot, choice)
        if (jv_text(choice, "say", "")[0] != '\0')
            (void)trace_add(w, "chosen", "%s", jv_text(choice, "say", ""));
}

static enum stride settle(struct walk *w, struct plan *p)
{
    char say[512], why[600];
    struct outcome outcome = outcome_of(p);
    choice_keep(w->run, w->scope.picks);
    if (outcome.unsure != NULL) {
        trace_choices(w);
        outcome_say_failure(p, outcome.unsure, say);
        (void)snprintf(why, sizeof why, "outcome unknown, %s", say);
        return w->step->unsure == UNSURE_REPEAT ? retry(w, why) : park(w, why);
    }
    if (outcome.open == 0)
        outcome_touch(p, w->run->vars);
    /* unless the step ends by it, a failure waits until all its calls were made */
    if (outcome.failed != NULL && (w->step->on_error == ON_ERROR_STOP || outcome.open == 0)) {
        trace_choices(w);
        outcome_say_failure(p, outcome.failed, say);
        return w->step->on_error == ON_ERROR_RETRY ? retry(w, say) : fail(w, say);
    }
    if (outcome.open > 0)
        return hand_over(w, p);
    keep_label(w, p, &outcome);
    trace_choices(w);
    outcome_say_done(p, &outcome, say);
    (void)trace_add(w, "done", "%s", say);
    return step_over(w, false);
}

/* Nobody of a team is there, say: somebody may be, in an hour. */
static enum stride fail_or_retry(struct walk *w, const char *why)
{
    bool again = w->scope.later && w->step->on_error == ON_ERROR_RETRY;
    return again ? retry(w, why) : fail(w, why);
}

/* What is missing is a fact, or, when all facts are there, a turn. */
static enum stride need_or_turn(struct walk *w)
{
    if (json_array_size(w->scope.needs) > 0 || !choice_turn(w->scope.picks, &w->ret->turn))
        return need(w);
    w->ret->kind = ADVANCE_TURN;
    return STRIDE_HALT;
}

static enum stride stop(struct walk *w, const char *reason)
{
    (void)trace_add(w, "stop", "%s", reason);
    return finish(w, RUN_DONE, reason);
}

static enum stride act(struct walk *w)
{
    struct plan plan = {
        .scope = &w->scope,
        .rule = w->rule,
        .run = w->run,
        .step = w->step,
        .answers = w->answers,
    };
    enum stride stride = STRIDE_HALT;
    enum planned planned = w->step->action->plan(&plan);
    if (planned == PLAN_READY && plan.count > PLAN_MOST_CALLS)
        planned = plan_bad(&plan, "more than %d calls in one step", PLAN_MOST_CALLS);
    switch (planned) {
    case PLAN_READY:
        stride = settle(w, &plan);
        break;
    case PLAN_NEED:
        stride = need_or_turn(w);
        break;
    case PLAN_BAD:
        stride = fail_or_retry(w, plan.err.text);
        break;
    case PLAN_STOP:
        stride = stop(w, plan.err.text);
        break;
    case PLAN_LATER:
        stride = later(w, plan.note);
        break;
    }
    for (size_t i = 0; i < plan.count; i++)
        command_done(&plan.commands[i]);
    mem_free(plan.commands);
    json_decref(plan.result);
    return stride;
}

static enum stride step_take(struct walk *w)
{
    w->step = &w->rule->steps[w->run->step];
    w->scope.vars = w->run->vars;
    w->scope.err.text[0] = '\0';
    w->scope.later = false;
    (void)json_object_clear(w->scope.picks);
    (void)json_array_clear(w->trace);
    enum stride stride = gate(w);
    if (stride != STRIDE_ON)
        return stride;
    return w->step->kind == STEP_WAIT ? wait_step(w) : act(w);
}

void rules_advance(const struct ruleset *set, const struct rule *rule, struct run *run,
                   const json_t *facts, const json_t *answers, const struct rules_env *env,
                   struct advance *ret)
{
    (void)set;
    *ret = (struct advance){.needs = json_array(), .trace = json_array()};
    if (run->vars == NULL)
        run->vars = json_object();
    struct walk w = {
        .rule = rule,
        .run = run,
        .answers = answers,
        .ret = ret,
        .trace = json_array(),
        .scope = {.env = env,
                  /* a robot's rule says `item`, the run knows which kind of item */
                  .entity_type =
                      run->entity.type != ENTITY_NONE ? run->entity.type : rule->entity_type,
                  .entity = run->entity,
                  .facts = facts,
                  .needs = ret->needs,
                  .picks = json_object()},
    };
    enum stride stride = STRIDE_OVER;
    while (stride != STRIDE_HALT && run->step < (int)rule->step_count)
        stride = step_take(&w);
    if (stride != STRIDE_HALT) {
        ret->kind = ADVANCE_FINISH;
        ret->state = RUN_DONE;
        set_reason(run, "");
    }
    if (ret->kind != ADVANCE_NEED)
        (void)json_array_clear(ret->needs);
    if (ret->kind == ADVANCE_CALL)
        ret->asked = json_copy(w.trace);
    json_decref(w.trace);
    json_decref(w.scope.picks);
}

void advance_done(struct advance *advance)
{
    for (size_t i = 0; i < advance->count; i++)
        command_done(&advance->commands[i]);
    mem_free(advance->commands);
    json_decref(advance->needs);
    json_decref(advance->trace);
    json_decref(advance->asked);
    *advance = (struct advance){.kind = ADVANCE_NEED};
}

json_t *advance_answer_new(const struct answer *answer)
{
    return json_pack("{s:s, s:O?, s:o, s:o}", "verdict", verdict_word(answer->verdict), "result",
                     answer->result, "error", jv_string_new(answer->error), "text",
                     jv_string_new(answer->text));
}
