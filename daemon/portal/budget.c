#include "daemon/portal/budget.h"

#include <math.h>
#include <string.h>

#include "common/backoff.h"
#include "common/jv.h"
#include "common/mem.h"

enum {
    FREEZE_MOST_MS = 30 * 1000,
    FADE_MS = 60 * 1000,
    FOREIGN_LEAST_S = 10, /* before that it may have been full when we began */
};

/* Others on our address are never thought to take more than this part of the drain. */
static const double FOREIGN_MOST = 0.8;
static const double FADE = 0.93; /* a minute; a half in ten */
/* Leaking in many small steps must not leave a request waiting for a rounding error. */
static const double HAIR = 1e-9;
static const double UNLIMITED = 1e6;

static struct ledger *find(const struct budget *budget, const char *name)
{
    for (int i = 0; i < budget->method_count; i++)
        if (strncmp(budget->methods[i].method, name, sizeof budget->methods[i].method - 1) == 0)
            return &budget->methods[i];
    return NULL;
}

static struct ledger *longest_unused(const struct budget *budget)
{
    struct ledger *oldest = &budget->methods[0];
    for (int i = 1; i < budget->method_count; i++)
        if (budget->methods[i].used_ms < oldest->used_ms)
            oldest = &budget->methods[i];
    return oldest;
}

/* The method's ledger; the longest unused gives way when there are too many. */
static struct ledger *find_or_add(struct budget *budget, const char *name, int64_t now_ms)
{
    struct ledger *ledger = find(budget, name);
    if (ledger == NULL && budget->method_count < BUDGET_METHODS) {
        budget->methods =
            mem_grow(budget->methods, (size_t)budget->method_count + 1, sizeof *budget->methods);
        ledger = &budget->methods[budget->method_count++];
        ledger_init(ledger, name);
    } else if (ledger == NULL) {
        ledger = longest_unused(budget);
        ledger_init(ledger, name);
    }
    ledger->used_ms = now_ms;
    return ledger;
}

void budget_init(struct budget *budget, double drain, double size, double share, int64_t now_ms)
{
    memset(budget, 0, sizeof *budget);
    /* The portal leaks once a second, we do not know when: its level is whole and less than ours
     * and `drain` (§5). */
    budget->bucket = (struct bucket){
        .size = fmax(1, floor((size - drain) * share + 1)),
        .drain = drain * share,
        .at_ms = now_ms,
    };
    budget->drain = budget->bucket.drain;
    budget->brim = fmax(budget->bucket.size, size * share);
    budget->anchor_ms = budget->foreign_ms = now_ms;
}

void budget_done(struct budget *budget)
{
    mem_free(budget->methods);
    memset(budget, 0, sizeof *budget);
}

double budget_level(const struct budget *budget, int64_t now_ms)
{
    struct bucket now = budget->bucket;
    bucket_leak(&now, now_ms);
    return now.level + budget->flying;
}

bool budget_take(struct budget *budget, int64_t now_ms)
{
    if (budget_wait_ms(budget, now_ms) > 0)
        return false;
    budget->flying++;
    return true;
}

void budget_counted(struct budget *budget, int64_t now_ms)
{
    if (budget->flying == 0)
        return;
    budget->flying--;
    bucket_leak(&budget->bucket, now_ms);
    budget->bucket.level = fmin(budget->bucket.level + 1, budget->brim);
}

int64_t budget_wait_ms(const struct budget *budget, int64_t now_ms)
{
    int64_t frozen = ledger_left_ms(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms);
    if (budget->bucket.drain <= 0)
        return frozen;
    double excess = budget_level(budget, now_ms) + 1 - budget->bucket.size;
    int64_t full = excess > HAIR ? (int64_t)ceil(excess / budget->bucket.drain * 1000 - HAIR) : 0;
    return frozen > full ? frozen : full;
}

double budget_free(const struct budget *budget, int64_t now_ms)
{
    if (ledger_left_ms(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
        return 0;
    if (budget->bucket.drain <= 0)
        return UNLIMITED;
    return fmax(0, budget->bucket.size - budget_level(budget, now_ms));
}

int64_t budget_method_wait_ms(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct ledger *ledger = find(budget, name);
    return ledger != NULL ? ledger_wait_ms(ledger, budget->trusting, now_ms) : 0;
}

double budget_cost(const struct budget *budget, const char *name)
{
    return budget->trusting ? 0 : ledger_cost(find(budget, name));
}

void budget_promise(struct budget *budget, const char *name, int64_t now_ms)
{
    find_or_add(budget, name, now_ms)->flying++;
}

void budget_release(struct budget *budget, const char *name)
{
    struct ledger *ledger = find(budget, name);
    if (ledger != NULL && ledger->flying > 0)
        ledger->flying--;
}

void budget_hear_clock(struct budget *budget, const json_t *time, int64_t now_ms)
{
    double finish = jv_real(time, "finish", 0);
    /* The way back is in it: reset times are taken for a little later than they are. */
    budget->clock = (struct ledger_clock){
        .heard = finish > 0,
        .ahead_ms = finish > 0 ? (int64_t)(finish * 1000) - now_ms : 0,
    };
}

void budget_learn(struct budget *budget, const char *name, const json_t *time, int64_t sent_ms,
                  int64_t now_ms)
{
    double spent =
        ledger_learn(find_or_add(budget, name, now_ms), time, &budget->clock, sent_ms, now_ms);
    if (spent >= 0)
        budget->cost = budget->cost <= 0 ? spent : 0.95 * budget->cost + 0.05 * spent;
}

double budget_operating(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct ledger *ledger = find(budget, name);
    return ledger != NULL ? ledger_used(ledger, now_ms) : 0;
}

json_t *budget_methods_new(const struct budget *budget, int64_t now_ms)
{
    json_t *methods = json_array();
    for (int i = 0; i < budget->method_count; i++) {
        const struct ledger *ledger = &budget->methods[i];
        double used = ledger_used(ledger, now_ms);
        int64_t wait_ms = budget_method_wait_ms(budget, ledger->method, now_ms);
        if (used > 0 || wait_ms > 0)
            json_array_append_new(methods,
                                  json_pack("{s:o, s:f, s:f, s:I}", "method",
                                            jv_string_new(ledger->method), "used", used, "limit",
                                            ledger->limit, "wait_ms", (json_int_t)wait_ms));
    }
    return methods;
}

/* The portal is fuller than we knew: others send from our address, and go on doing so. */
static void learn_foreign(struct budget *budget, int64_t now_ms)
{
    double unknown = budget->brim - budget_level(budget, now_ms);
    double seconds = fmax(1, (double)(now_ms - budget->anchor_ms) / 1000);
    if (unknown > 1 && seconds >= FOREIGN_LEAST_S)
        budget->foreign = fmin(budget->foreign + unknown / seconds, FOREIGN_MOST * budget->drain);
    budget->foreign_ms = budget->anchor_ms = now_ms;
}

void budget_rate_refused(struct budget *budget, uint64_t seed, int64_t now_ms)
{
    static const struct backoff pauses = {.first_ms = 1250, .most_ms = FREEZE_MOST_MS};
    /* Answers that were under way together are one refusal. */
    if (ledger_left_ms(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
        return;
    int64_t pause = backoff_delay(&pauses, ++budget->refusals, seed);
    budget->frozen_until_ms = now_ms + (pause > 1000 ? pause : 1000);
    learn_foreign(budget, now_ms);
    bucket_leak(&budget->bucket, now_ms);
    budget->bucket.level = fmax(budget->bucket.level, budget->brim - budget->flying);
    budget->bucket.drain = budget->drain - budget->foreign;
}

void budget_method_refused(struct budget *budget, const char *name, int64_t now_ms)
{
    ledger_refused(find_or_add(budget, name, now_ms), now_ms);
}

void budget_went_well(struct budget *budget, int64_t now_ms)
{
    budget->refusals = 0;
    if (budget->foreign <= 0 || now_ms - budget->foreign_ms < FADE_MS)
        return;
    bucket_leak(&budget->bucket, now_ms);
    budget->foreign = budget->foreign > 0.01 * budget->drain ? budget->foreign * FADE : 0;
    budget->foreign_ms = now_ms;
    budget->bucket.drain = budget->drain - budget->foreign;
}

json_t *budget_save_new(const struct budget *budget, int64_t now_ms)
{
    json_t *methods = json_object();
    for (int i = 0; i < budget->method_count; i++) {
        const struct ledger *ledger = &budget->methods[i];
        if (ledger_matters(ledger, now_ms))
            json_object_set_new(methods, ledger->method, ledger_save_new(ledger, now_ms));
    }
    return json_pack("{s:I, s:f, s:I, s:f, s:o}", "at", (json_int_t)now_ms, "level",
                     budget_level(budget, now_ms), "frozen", (json_int_t)budget->frozen_until_ms,
                     "foreign", budget->foreign, "methods", methods);
}

void budget_load(struct budget *budget, const json_t *saved, int64_t now_ms)
{
    int64_t at = jv_int(saved, "at", 0);
    double level = jv_real(saved, "level", -1);
    const char *name;
    json_t *method;
    if (at > 0 && level >= 0) {
        budget->bucket.level = fmin(level, budget->brim);
        budget->bucket.at_ms = at < now_ms ? at : now_ms; /* the clock may have gone back */
        bucket_leak(&budget->bucket, now_ms);
    }
    if (jv_flag(saved, "open")) { /* killed: what was asked since is not known */
        budget->bucket.level = budget->brim;
        budget->bucket.at_ms = now_ms;
    }
    budget->foreign = fmin(fmax(0, jv_real(saved, "foreign", 0)), FOREIGN_MOST * budget->drain);
    budget->bucket.drain = budget->drain - budget->foreign;
    budget->frozen_until_ms = ledger_saved_moment(saved, "frozen", now_ms);
    json_object_foreach (json_object_get(saved, "methods"), name, method) {
        if (budget->method_count < BUDGET_METHODS)
            ledger_load(find_or_add(budget, name, now_ms), method, now_ms);
    }
}
