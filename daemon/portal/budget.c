#include "daemon/portal/budget.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/jv.h"
#include "common/mem.h"

enum {
    WINDOW_MS = 10 * 60 * 1000,
    BASKET_MS = 60 * 1000,
    BAN_MS = 300 * 1000, /* after OPERATION_TIME_LIMIT, when nobody says how long (§5) */
    FREEZE_MOST_MS = 30 * 1000,
    SLACK_MS = 1000,              /* the portal's baskets end on its own seconds */
    SAVED_MOST_MS = 3600 * 1000,  /* nothing of ours lasts longer */
    LESSON_MS = 24 * 3600 * 1000, /* limits are configuration (§5): they may rise again */
    FEELERS = 5, /* calls at once of a method whose cost nobody knows: fifty slow ones in a
                    batch would be cut off at 60 s */
    FEELERS_WAIT_MS = 1000,
    FADE_MS = 60 * 1000,
    FOREIGN_LEAST_S = 10,      /* before that it may have been full when we began */
    LATE_MOST_MS = 120 * 1000, /* a call cannot have begun longer ago */
};

/* The documentation's example (§5); a portal that refuses earlier teaches its own. */
static const double LIMIT_S = 480;
static const double LIMIT_MOST_S = 6000; /* ten minutes of ten requests at once */
/* A method's time is not driven up to the last second: the portal rounds. */
static const double FILL_OPERATING = 0.998;
/* Calls differ: so many standard deviations of those under way are kept free. */
static const double SIGMAS = 3;
/* What a call may take for all we know. */
static const double UNKNOWN_S = 4;
/* Others on our address are never thought to take more than this part of the drain. */
static const double FOREIGN_MOST = 0.8;
static const double FADE = 0.93; /* a minute; a half in ten */
/* Leaking in many small steps must not leave a request waiting for a rounding error. */
static const double HAIR = 1e-9;
static const double UNLIMITED = 1e6;

static struct budget_method *find(const struct budget *budget, const char *name)
{
    for (int i = 0; i < budget->method_count; i++)
        if (strncmp(budget->methods[i].name, name, sizeof budget->methods[i].name - 1) == 0)
            return &budget->methods[i];
    return NULL;
}

/* The method's place; the longest unused gives way when there are too many. */
static struct budget_method *find_or_add(struct budget *budget, const char *name, int64_t now_ms)
{
    struct budget_method *method = find(budget, name);
    if (method == NULL && budget->method_count < BUDGET_METHODS) {
        budget->methods =
            mem_grow(budget->methods, (size_t)budget->method_count + 1, sizeof *budget->methods);
        method = &budget->methods[budget->method_count++];
        memset(method, 0, sizeof *method);
    } else if (method == NULL) {
        method = &budget->methods[0];
        for (int i = 1; i < budget->method_count; i++)
            if (budget->methods[i].used_ms < method->used_ms)
                method = &budget->methods[i];
        memset(method, 0, sizeof *method);
    }
    if (method->name[0] == '\0') {
        (void)snprintf(method->name, sizeof method->name, "%s", name);
        method->limit = LIMIT_S;
    }
    method->used_ms = now_ms;
    return method;
}

/* Milliseconds until `moment`. One further off than we ever wait means that the clock went back. */
static int64_t until(int64_t moment, int64_t most_ms, int64_t now_ms)
{
    int64_t wait = moment - now_ms;
    return wait > 0 && wait <= most_ms ? wait : 0;
}

static bool basket_counts(const struct basket *basket, int64_t now_ms)
{
    int64_t age = now_ms - basket->start_ms;
    return basket->seconds > 0 && age < WINDOW_MS && age > -BASKET_MS;
}

static double sum(const struct budget_method *method, int64_t now_ms)
{
    double seconds = 0;
    for (int i = 0; i < BUDGET_BASKETS; i++)
        if (basket_counts(&method->baskets[i], now_ms))
            seconds += method->baskets[i].seconds;
    return seconds;
}

/* A minute of the portal's clock. */
static int64_t minute_of(int64_t wall_ms, int64_t ahead_ms)
{
    return (wall_ms + ahead_ms) / BASKET_MS;
}

/* The basket of the minute in which a call began; an ended one becomes a new one. */
static struct basket *basket_at(struct budget_method *method, int64_t start_ms, int64_t ahead_ms)
{
    struct basket *oldest = &method->baskets[0];
    for (int i = 0; i < BUDGET_BASKETS; i++) {
        struct basket *basket = &method->baskets[i];
        if (basket_counts(basket, start_ms) &&
            minute_of(basket->start_ms, ahead_ms) == minute_of(start_ms, ahead_ms))
            return basket;
        if (basket->start_ms < oldest->start_ms)
            oldest = basket;
    }
    *oldest = (struct basket){.start_ms = start_ms};
    return oldest;
}

/* When the oldest counting basket drops out; now_ms when there is none. */
static int64_t first_end_ms(const struct budget_method *method, int64_t now_ms)
{
    int64_t end = INT64_MAX;
    for (int i = 0; i < BUDGET_BASKETS; i++)
        if (basket_counts(&method->baskets[i], now_ms) &&
            method->baskets[i].start_ms + WINDOW_MS < end)
            end = method->baskets[i].start_ms + WINDOW_MS;
    return end == INT64_MAX ? now_ms : end;
}

/* The portal says when its oldest basket ends: ours moves there. An end that is a minute later and
 * more is another basket's; ours is about to drop out. */
static void align(struct budget_method *method, int64_t end_ms, int64_t now_ms)
{
    if (end_ms <= now_ms || end_ms > now_ms + WINDOW_MS)
        return;
    struct basket *oldest = NULL;
    for (int i = 0; i < BUDGET_BASKETS; i++) {
        struct basket *basket = &method->baskets[i];
        if (basket_counts(basket, now_ms) &&
            (oldest == NULL || basket->start_ms < oldest->start_ms))
            oldest = basket;
    }
    if (oldest != NULL && end_ms - WINDOW_MS - oldest->start_ms < BASKET_MS)
        oldest->start_ms = end_ms - WINDOW_MS;
}

/* What the method may use up in ten minutes. */
static double limit_of(const struct budget_method *method, int64_t now_ms)
{
    bool old = now_ms - method->learnt_ms > LESSON_MS;
    return method->limit < LIMIT_S && old ? LIMIT_S : method->limit;
}

/* What so many calls may take. */
static double may_take(const struct budget_method *method, double calls)
{
    return calls * method->cost + SIGMAS * sqrt(calls * method->scatter);
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
    int64_t frozen = until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms);
    if (budget->bucket.drain <= 0)
        return frozen;
    double excess = budget_level(budget, now_ms) + 1 - budget->bucket.size;
    int64_t full = excess > HAIR ? (int64_t)ceil(excess / budget->bucket.drain * 1000 - HAIR) : 0;
    return frozen > full ? frozen : full;
}

double budget_free(const struct budget *budget, int64_t now_ms)
{
    if (until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
        return 0;
    if (budget->bucket.drain <= 0)
        return UNLIMITED;
    return fmax(0, budget->bucket.size - budget_level(budget, now_ms));
}

int64_t budget_method_wait_ms(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct budget_method *method = find(budget, name);
    if (method == NULL)
        return 0;
    int64_t blocked = until(method->blocked_until_ms, WINDOW_MS + SLACK_MS, now_ms);
    if (blocked > 0)
        return blocked;
    if (!method->known)
        return method->flying < FEELERS || budget->trusting ? 0 : FEELERS_WAIT_MS;
    /* The portal looks before each call (§5): what is used and under way must leave room. */
    double used = sum(method, now_ms);
    if ((used <= 0 && method->flying == 0) ||
        used + may_take(method, method->flying + 1) <= limit_of(method, now_ms) * FILL_OPERATING)
        return 0;
    int64_t wait = first_end_ms(method, now_ms) + SLACK_MS - now_ms;
    return wait > 0 ? wait : 1;
}

double budget_cost(const struct budget *budget, const char *name)
{
    const struct budget_method *method = find(budget, name);
    return budget->trusting ? 0 : method != NULL && method->known ? method->cost : UNKNOWN_S;
}

void budget_promise(struct budget *budget, const char *name, int64_t now_ms)
{
    find_or_add(budget, name, now_ms)->flying++;
}

void budget_release(struct budget *budget, const char *name)
{
    struct budget_method *method = find(budget, name);
    if (method != NULL && method->flying > 0)
        method->flying--;
}

void budget_hear_clock(struct budget *budget, const json_t *time, int64_t now_ms)
{
    double finish = jv_real(time, "finish", 0);
    budget->heard = finish > 0;
    /* The way back is in it: reset times are taken for a little later than they are. */
    budget->ahead_ms = budget->heard ? (int64_t)(finish * 1000) - now_ms : 0;
}

static void learn_cost(struct budget *budget, struct budget_method *method, double spent)
{
    double off = spent - method->cost;
    if (method->cost <= 0) {
        method->cost = spent;
        method->scatter = spent * spent / 4; /* who knows */
    } else {
        method->cost += 0.2 * off;
        method->scatter = 0.9 * method->scatter + 0.1 * off * off;
    }
    budget->cost = budget->cost <= 0 ? spent : 0.95 * budget->cost + 0.05 * spent;
}

/* The portal's clock less ours, as far as this answer tells. */
static int64_t ahead_of(const struct budget *budget, double finish, int64_t now_ms)
{
    if (budget->heard || finish <= 0)
        return budget->ahead_ms;
    return (int64_t)(finish * 1000) - now_ms;
}

/* What a `time` object says, by our clock. */
struct told {
    double operating, spent; /* seconds */
    int64_t start_ms, finish_ms;
    int64_t reset_ms; /* 0: not said */
    int64_t ahead_ms;
};

static struct told read_time(const struct budget *budget, const json_t *time, int64_t now_ms)
{
    double finish = jv_real(time, "finish", 0), start = jv_real(time, "start", finish);
    double reset = jv_real(time, "operating_reset_at", 0);
    int64_t ahead_ms = ahead_of(budget, finish, now_ms);
    struct told told = {
        .operating = jv_real(time, "operating", -1),
        .spent = jv_real(time, "processing", jv_real(time, "duration", -1)),
        .start_ms = (int64_t)(start * 1000) - ahead_ms,
        .finish_ms = (int64_t)(finish * 1000) - ahead_ms,
        .ahead_ms = ahead_ms,
    };
    if (reset > 0 && fabs(reset - finish) < 3600)
        told.reset_ms = (int64_t)(reset * 1000) - ahead_ms;
    if (told.start_ms > now_ms || told.start_ms < now_ms - LATE_MOST_MS)
        told.start_ms = now_ms;
    if (told.finish_ms > now_ms || told.finish_ms < told.start_ms)
        told.finish_ms = now_ms;
    return told;
}

/* Each call's own time goes to the minute in which it began. The portal's total is the test of it:
 * what is above our sum and what is under way was used by somebody else, just now as far as we
 * know; what is below only counts when no other call can have come between. */
static void learn_total(struct budget_method *method, const struct told *told, bool newer,
                        int64_t now_ms)
{
    double before = sum(method, told->finish_ms);
    if (newer && before > limit_of(method, now_ms)) /* it ran nevertheless */
        method->limit = before;
    basket_at(method, told->start_ms, told->ahead_ms)->seconds += fmax(0, told->spent);
    /* A basket that has dropped out since the call began may be in the portal's total. */
    double ours = fmax(sum(method, told->finish_ms), sum(method, told->start_ms - SLACK_MS));
    double above = told->operating - ours - may_take(method, method->flying);
    if (above > HAIR)
        basket_at(method, now_ms, told->ahead_ms)->seconds += above;
    for (int i = 0; i < BUDGET_BASKETS && newer && method->flying == 0; i++)
        method->baskets[i].seconds *=
            told->operating < ours && ours > 0 ? told->operating / ours : 1;
    if (told->reset_ms > 0)
        align(method, told->reset_ms, now_ms);
}

void budget_learn(struct budget *budget, const char *name, const json_t *time, int64_t sent_ms,
                  int64_t now_ms)
{
    struct budget_method *method = find_or_add(budget, name, now_ms);
    struct told told = read_time(budget, time, now_ms);
    method->known = true;
    if (told.spent >= 0)
        learn_cost(budget, method, told.spent);
    if (told.operating < 0)
        return;
    learn_total(method, &told, sent_ms > method->told_ms, now_ms);
    method->told_ms = now_ms;
}

double budget_operating(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct budget_method *method = find(budget, name);
    return method != NULL ? sum(method, now_ms) : 0;
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
    if (until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
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
    struct budget_method *method = find_or_add(budget, name, now_ms);
    if (until(method->blocked_until_ms, WINDOW_MS + SLACK_MS, now_ms) > 0)
        return; /* one of those that were under way together */
    double used = sum(method, now_ms), limit = limit_of(method, now_ms);
    /* We believed there was room, so the limit is lower. A much lower sum says nothing: others
     * share the webhook, or our ledger began just now. */
    if (used > limit / 2 && used < limit) {
        method->limit = used;
        method->learnt_ms = now_ms;
    }
    int64_t end = first_end_ms(method, now_ms);
    /* Refused again after the wait: some portals bar a method for five minutes, whatever drops out
     * (§5). */
    bool again = method->refused_ms > method->told_ms;
    if (end <= now_ms || (again && end < now_ms + BAN_MS))
        end = now_ms + BAN_MS;
    method->refused_ms = now_ms;
    method->blocked_until_ms = end + SLACK_MS;
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

static json_t *save_method_new(const struct budget_method *method, int64_t now_ms)
{
    json_t *baskets = json_array();
    for (int i = 0; i < BUDGET_BASKETS; i++)
        if (basket_counts(&method->baskets[i], now_ms))
            json_array_append_new(baskets,
                                  json_pack("[I, f]", (json_int_t)method->baskets[i].start_ms,
                                            method->baskets[i].seconds));
    return json_pack("{s:I, s:f, s:I, s:f, s:o}", "blocked", (json_int_t)method->blocked_until_ms,
                     "limit", limit_of(method, now_ms), "learnt", (json_int_t)method->learnt_ms,
                     "cost", method->cost, "baskets", baskets);
}

json_t *budget_save_new(const struct budget *budget, int64_t now_ms)
{
    json_t *methods = json_object();
    for (int i = 0; i < budget->method_count; i++) {
        const struct budget_method *method = &budget->methods[i];
        if (sum(method, now_ms) > 0 || method->blocked_until_ms > now_ms ||
            limit_of(method, now_ms) < LIMIT_S)
            json_object_set_new(methods, method->name, save_method_new(method, now_ms));
    }
    return json_pack("{s:I, s:f, s:I, s:f, s:o}", "at", (json_int_t)now_ms, "level",
                     budget_level(budget, now_ms), "frozen", (json_int_t)budget->frozen_until_ms,
                     "foreign", budget->foreign, "methods", methods);
}

/* A saved moment, if it can still mean something. */
static int64_t load_moment(const json_t *tree, const char *name, int64_t now_ms)
{
    int64_t moment = jv_int(tree, name, 0);
    return moment > now_ms && moment < now_ms + SAVED_MOST_MS ? moment : 0;
}

static void load_method(struct budget *budget, const char *name, const json_t *saved,
                        int64_t now_ms)
{
    struct budget_method *method = find_or_add(budget, name, now_ms);
    double limit = jv_real(saved, "limit", LIMIT_S);
    size_t i;
    const json_t *entry;
    method->blocked_until_ms = load_moment(saved, "blocked", now_ms);
    method->limit = limit >= 1 && limit <= LIMIT_MOST_S ? limit : LIMIT_S;
    method->learnt_ms = jv_int(saved, "learnt", 0);
    method->cost = fmin(60, fmax(0, jv_real(saved, "cost", 0)));
    method->scatter = method->cost * method->cost / 4;
    method->known = method->cost > 0;
    json_array_foreach (json_object_get(saved, "baskets"), i, entry) {
        struct basket basket = {jv_int(entry, "0", 0), jv_real(entry, "1", 0)};
        if (i < BUDGET_BASKETS && basket.start_ms <= now_ms && basket_counts(&basket, now_ms))
            method->baskets[i] = basket;
    }
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
    budget->frozen_until_ms = load_moment(saved, "frozen", now_ms);
    json_object_foreach (json_object_get(saved, "methods"), name, method) {
        if (budget->method_count < BUDGET_METHODS)
            load_method(budget, name, method, now_ms);
    }
}
