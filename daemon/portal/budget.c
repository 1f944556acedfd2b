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
    SLACK_MS = 1000,             /* the portal's baskets end on its own seconds */
    SAVED_MOST_MS = 3600 * 1000, /* nothing of ours lasts longer */
};

/* The documentation's example (§5); a portal that refuses earlier teaches its own. */
static const double LIMIT_S = 480;
/* Requests on their way reach the portal bunched: this part of the bucket stays empty (§5: ≤45 of
 * 50). */
static const double FILL = 0.9;
/* A method's time is not driven up to the last second: answers in flight cost what they cost. */
static const double FILL_OPERATING = 0.97;
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

/* The basket of the present minute; an ended one becomes a new one. */
static struct basket *present_basket(struct budget_method *method, int64_t now_ms)
{
    struct basket *oldest = &method->baskets[0];
    for (int i = 0; i < BUDGET_BASKETS; i++) {
        struct basket *basket = &method->baskets[i];
        if (basket_counts(basket, now_ms) && now_ms - basket->start_ms < BASKET_MS)
            return basket;
        if (basket->start_ms < oldest->start_ms)
            oldest = basket;
    }
    *oldest = (struct basket){.start_ms = now_ms};
    return oldest;
}

/* The portal's total takes the place of ours: more than we know of was used just now, less means
 * that ours were reckoned too high. */
static void believe(struct budget_method *method, double operating, int64_t now_ms)
{
    double ours = sum(method, now_ms);
    if (operating >= ours) {
        present_basket(method, now_ms)->seconds += operating - ours;
        return;
    }
    for (int i = 0; i < BUDGET_BASKETS; i++)
        method->baskets[i].seconds *= ours > 0 ? operating / ours : 0;
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

/* The portal says when its oldest basket ends: ours moves there. */
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
    if (oldest != NULL)
        oldest->start_ms = end_ms - WINDOW_MS;
}

void budget_init(struct budget *budget, double drain, double size, double share, int64_t now_ms)
{
    memset(budget, 0, sizeof *budget);
    budget->bucket = (struct bucket){
        .size = fmax(1, floor(size * share * FILL)),
        .drain = drain * share,
        .at_ms = now_ms,
    };
}

void budget_done(struct budget *budget)
{
    mem_free(budget->methods);
    memset(budget, 0, sizeof *budget);
}

bool budget_take(struct budget *budget, int64_t now_ms)
{
    return until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) == 0 &&
           bucket_take(&budget->bucket, now_ms);
}

int64_t budget_wait_ms(const struct budget *budget, int64_t now_ms)
{
    int64_t frozen = until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms);
    int64_t full = bucket_wait_ms(&budget->bucket, now_ms);
    return frozen > full ? frozen : full;
}

double budget_free(const struct budget *budget, int64_t now_ms)
{
    if (until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
        return 0;
    if (budget->bucket.drain <= 0)
        return UNLIMITED;
    struct bucket now = budget->bucket;
    bucket_leak(&now, now_ms);
    return fmax(0, now.size - now.level);
}

int64_t budget_method_wait_ms(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct budget_method *method = find(budget, name);
    if (method == NULL)
        return 0;
    int64_t blocked = until(method->blocked_until_ms, WINDOW_MS + SLACK_MS, now_ms);
    if (blocked > 0)
        return blocked;
    /* The portal looks before each call (§5): what is used and under way must leave room. */
    double used = sum(method, now_ms);
    double promised = method->cost * (method->flying + 1);
    if (used <= 0 || used + promised <= method->limit * FILL_OPERATING)
        return 0;
    int64_t wait = first_end_ms(method, now_ms) + SLACK_MS - now_ms;
    return wait > 0 ? wait : 1;
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

void budget_learn(struct budget *budget, const char *name, const json_t *time, int64_t now_ms)
{
    double operating = jv_real(time, "operating", -1);
    double reset_at = jv_real(time, "operating_reset_at", 0);
    double finish = jv_real(time, "finish", 0);
    if (operating < 0)
        return;
    struct budget_method *method = find_or_add(budget, name, now_ms);
    double spent = jv_real(time, "processing", jv_real(time, "duration", 0));
    method->cost = method->cost <= 0 ? spent : 0.8 * method->cost + 0.2 * spent;
    believe(method, operating, now_ms);
    if (reset_at > 0 && finish > 0 && fabs(reset_at - finish) < 3600)
        align(method, now_ms + (int64_t)((reset_at - finish) * 1000), now_ms);
}

double budget_operating(const struct budget *budget, const char *name, int64_t now_ms)
{
    const struct budget_method *method = find(budget, name);
    return method != NULL ? sum(method, now_ms) : 0;
}

void budget_rate_refused(struct budget *budget, uint64_t seed, int64_t now_ms)
{
    static const struct backoff pauses = {.first_ms = 1250, .most_ms = FREEZE_MOST_MS};
    /* Answers that were under way together are one refusal. */
    if (until(budget->frozen_until_ms, FREEZE_MOST_MS, now_ms) > 0)
        return;
    int64_t pause = backoff_delay(&pauses, ++budget->refusals, seed);
    budget->frozen_until_ms = now_ms + (pause > 1000 ? pause : 1000);
    bucket_leak(&budget->bucket, now_ms);
    budget->bucket.level = fmax(budget->bucket.level, budget->bucket.size);
}

void budget_method_refused(struct budget *budget, const char *name, int64_t now_ms)
{
    struct budget_method *method = find_or_add(budget, name, now_ms);
    double used = sum(method, now_ms);
    /* We believed there was room, so the limit is lower. A much lower sum says nothing: others
     * share the webhook, or our ledger began just now. */
    if (used > method->limit / 2 && used < method->limit)
        method->limit = used;
    int64_t end = first_end_ms(method, now_ms);
    method->blocked_until_ms = (end > now_ms ? end : now_ms + BAN_MS) + SLACK_MS;
}

void budget_went_well(struct budget *budget)
{
    budget->refusals = 0;
}

static json_t *save_method_new(const struct budget_method *method, int64_t now_ms)
{
    json_t *baskets = json_array();
    for (int i = 0; i < BUDGET_BASKETS; i++)
        if (basket_counts(&method->baskets[i], now_ms))
            json_array_append_new(baskets,
                                  json_pack("[I, f]", (json_int_t)method->baskets[i].start_ms,
                                            method->baskets[i].seconds));
    return json_pack("{s:I, s:f, s:f, s:o}", "blocked", (json_int_t)method->blocked_until_ms,
                     "limit", method->limit, "cost", method->cost, "baskets", baskets);
}

json_t *budget_save_new(const struct budget *budget, int64_t now_ms)
{
    struct bucket bucket = budget->bucket;
    bucket_leak(&bucket, now_ms);
    json_t *methods = json_object();
    for (int i = 0; i < budget->method_count; i++) {
        const struct budget_method *method = &budget->methods[i];
        if (sum(method, now_ms) > 0 || method->blocked_until_ms > now_ms || method->limit < LIMIT_S)
            json_object_set_new(methods, method->name, save_method_new(method, now_ms));
    }
    return json_pack("{s:I, s:f, s:I, s:o}", "at", (json_int_t)now_ms, "level", bucket.level,
                     "frozen", (json_int_t)budget->frozen_until_ms, "methods", methods);
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
    method->limit = limit >= 1 && limit <= LIMIT_S ? limit : LIMIT_S;
    method->cost = fmin(60, fmax(0, jv_real(saved, "cost", 0)));
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
        budget->bucket.level = fmin(level, budget->bucket.size);
        budget->bucket.at_ms = at < now_ms ? at : now_ms; /* the clock may have gone back */
        bucket_leak(&budget->bucket, now_ms);
    }
    if (jv_flag(saved, "open")) { /* killed: what was asked since is not known */
        budget->bucket.level = budget->bucket.size;
        budget->bucket.at_ms = now_ms;
    }
    budget->frozen_until_ms = load_moment(saved, "frozen", now_ms);
    json_object_foreach (json_object_get(saved, "methods"), name, method) {
        if (budget->method_count < BUDGET_METHODS)
            load_method(budget, name, method, now_ms);
    }
}
