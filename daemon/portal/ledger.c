#include "daemon/portal/ledger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"

enum {
    WINDOW_MS = 10 * 60 * 1000,
    BASKET_MS = 60 * 1000,
    BAN_MS = 300 * 1000,          /* after OPERATION_TIME_LIMIT, when nobody says how long (§5) */
    SLACK_MS = 1000,              /* the portal's baskets end on its own seconds */
    SAVED_MOST_MS = 3600 * 1000,  /* nothing of ours lasts longer */
    LESSON_MS = 24 * 3600 * 1000, /* limits are configuration (§5): they may rise again */
    FEELERS = 5, /* calls at once of a method whose cost nobody knows: fifty slow ones in a
                    batch would be cut off at 60 s */
    FEELERS_WAIT_MS = 1000,
    SAMPLES_MOST = 50,
    LATE_MOST_MS = 120 * 1000, /* a call cannot have begun longer ago */
};

/* The documentation's example (§5); a portal that refuses earlier teaches its own. */
static const double LIMIT_S = 480;
static const double LIMIT_MOST_S = 6000; /* ten minutes of ten requests at once */
/* A method's time is not driven up to the last second: the portal rounds. */
static const double FILL = 0.998;
/* Calls differ: so many standard deviations of those under way are kept free. */
static const double SIGMAS = 3;
/* What a call may take for all we know. */
static const double UNKNOWN_S = 4;
static const double HAIR = 1e-9;

static bool basket_counts(const struct basket *basket, int64_t now_ms)
{
    int64_t age = now_ms - basket->start_ms;
    return basket->seconds > 0 && age < WINDOW_MS && age > -BASKET_MS;
}

static double sum(const struct ledger *ledger, int64_t now_ms)
{
    double seconds = 0;
    for (int i = 0; i < LEDGER_BASKETS; i++)
        if (basket_counts(&ledger->baskets[i], now_ms))
            seconds += ledger->baskets[i].seconds;
    return seconds;
}

/* A minute of the portal's clock. */
static int64_t minute_of(int64_t wall_ms, int64_t ahead_ms)
{
    return (wall_ms + ahead_ms) / BASKET_MS;
}

/* The basket of the minute in which a call began; an ended one becomes a new one. */
static struct basket *basket_at(struct ledger *ledger, int64_t start_ms, int64_t ahead_ms)
{
    struct basket *oldest = &ledger->baskets[0];
    for (int i = 0; i < LEDGER_BASKETS; i++) {
        struct basket *basket = &ledger->baskets[i];
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
static int64_t first_end_ms(const struct ledger *ledger, int64_t now_ms)
{
    int64_t end = INT64_MAX;
    for (int i = 0; i < LEDGER_BASKETS; i++)
        if (basket_counts(&ledger->baskets[i], now_ms) &&
            ledger->baskets[i].start_ms + WINDOW_MS < end)
            end = ledger->baskets[i].start_ms + WINDOW_MS;
    return end == INT64_MAX ? now_ms : end;
}

/* The portal says when its oldest basket ends: ours moves there. An end that is a minute later and
 * more is another basket's, ours is about to drop out; an earlier one may be of a basket that has
 * dropped out here already, unless we know of one only. */
static void align(struct ledger *ledger, int64_t end_ms, int64_t now_ms)
{
    struct basket *oldest = NULL;
    int count = 0;
    if (end_ms <= now_ms || end_ms > now_ms + WINDOW_MS)
        return;
    for (int i = 0; i < LEDGER_BASKETS; i++) {
        struct basket *basket = &ledger->baskets[i];
        if (!basket_counts(basket, now_ms))
            continue;
        count++;
        if (oldest == NULL || basket->start_ms < oldest->start_ms)
            oldest = basket;
    }
    int64_t later_ms = oldest != NULL ? end_ms - WINDOW_MS - oldest->start_ms : BASKET_MS;
    if (later_ms < BASKET_MS && (later_ms > 0 || count == 1))
        oldest->start_ms += later_ms;
}

/* What the method may use up in ten minutes. */
static double limit_of(const struct ledger *ledger, int64_t now_ms)
{
    bool old = now_ms - ledger->learnt_ms > LESSON_MS;
    return ledger->limit < LIMIT_S && old ? LIMIT_S : ledger->limit;
}

/* What so many calls may take: they scatter, and so does the mean that we know. */
static double may_take(const struct ledger *ledger, double calls)
{
    double variance = ledger->scatter * (calls + calls * calls / SAMPLES_MOST);
    return calls * ledger->cost + SIGMAS * sqrt(variance);
}

/* A mean over the last fifty or so. */
static void learn_cost(struct ledger *ledger, double spent)
{
    double off = spent - ledger->cost;
    if (ledger->samples < SAMPLES_MOST)
        ledger->samples++;
    if (ledger->cost <= 0) {
        ledger->cost = spent;
        ledger->scatter = spent * spent / 16; /* who knows */
        ledger->samples = 1;
    } else {
        ledger->cost += off / ledger->samples;
        ledger->scatter += (off * off - ledger->scatter) / ledger->samples;
    }
}

/* The portal's clock less ours, as far as this answer tells. */
static int64_t ahead_of(const struct ledger_clock *clock, double finish, int64_t now_ms)
{
    if (clock->heard || finish <= 0)
        return clock->ahead_ms;
    return (int64_t)(finish * 1000) - now_ms;
}

/* What a `time` object says, by our clock. */
struct told {
    double operating, spent; /* seconds */
    int64_t start_ms, finish_ms;
    int64_t reset_ms; /* 0: not said */
    int64_t ahead_ms;
};

static struct told read_time(const struct ledger_clock *clock, const json_t *time, int64_t now_ms)
{
    double finish = jv_real(time, "finish", 0), start = jv_real(time, "start", finish);
    double reset = jv_real(time, "operating_reset_at", 0);
    int64_t ahead_ms = ahead_of(clock, finish, now_ms);
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
static void learn_total(struct ledger *ledger, const struct told *told, bool newer, int64_t now_ms)
{
    double before = sum(ledger, told->finish_ms);
    if (newer && before > limit_of(ledger, now_ms)) /* it ran nevertheless */
        ledger->limit = before;
    basket_at(ledger, told->start_ms, told->ahead_ms)->seconds += fmax(0, told->spent);
    /* A basket that has dropped out since the call began may be in the portal's total. */
    double ours = fmax(sum(ledger, told->finish_ms), sum(ledger, told->start_ms - SLACK_MS));
    double above = told->operating - ours - may_take(ledger, ledger->flying);
    if (above > HAIR)
        basket_at(ledger, now_ms, told->ahead_ms)->seconds += above;
    /* Nor does one that is about to drop out show that the others are too high. */
    double least = sum(ledger, told->finish_ms + SLACK_MS);
    bool high = newer && ledger->flying == 0 && told->operating < least;
    for (int i = 0; i < LEDGER_BASKETS && high; i++)
        ledger->baskets[i].seconds *= told->operating / least;
    if (told->reset_ms > 0)
        align(ledger, told->reset_ms, now_ms);
}

void ledger_init(struct ledger *ledger, const char *method)
{
    *ledger = (struct ledger){.limit = LIMIT_S};
    (void)snprintf(ledger->method, sizeof ledger->method, "%s", method);
}

/* Milliseconds until `moment`. One further off than we ever wait means that the clock went back. */
int64_t ledger_left_ms(int64_t moment, int64_t most_ms, int64_t now_ms)
{
    int64_t wait = moment - now_ms;
    return wait > 0 && wait <= most_ms ? wait : 0;
}

/* A saved moment, if it can still mean something. */
int64_t ledger_saved_moment(const json_t *tree, const char *name, int64_t now_ms)
{
    int64_t moment = jv_int(tree, name, 0);
    return moment > now_ms && moment < now_ms + SAVED_MOST_MS ? moment : 0;
}

int64_t ledger_wait_ms(const struct ledger *ledger, bool trusting, int64_t now_ms)
{
    int64_t blocked = ledger_left_ms(ledger->blocked_until_ms, WINDOW_MS + SLACK_MS, now_ms);
    if (blocked > 0)
        return blocked;
    if (!ledger->known)
        return ledger->flying < FEELERS || trusting ? 0 : FEELERS_WAIT_MS;
    /* The portal looks before each call (§5): what is used and under way must leave room. */
    double used = sum(ledger, now_ms);
    if ((used <= 0 && ledger->flying == 0) ||
        used + may_take(ledger, ledger->flying + 1) <= limit_of(ledger, now_ms) * FILL)
        return 0;
    int64_t wait = first_end_ms(ledger, now_ms) + SLACK_MS - now_ms;
    return wait > 0 ? wait : 1;
}

double ledger_cost(const struct ledger *ledger)
{
    return ledger != NULL && ledger->known ? ledger->cost : UNKNOWN_S;
}

double ledger_used(const struct ledger *ledger, int64_t now_ms)
{
    return sum(ledger, now_ms);
}

double ledger_learn(struct ledger *ledger, const json_t *time, const struct ledger_clock *clock,
                    int64_t sent_ms, int64_t now_ms)
{
    struct told told = read_time(clock, time, now_ms);
    ledger->known = true;
    if (told.spent >= 0)
        learn_cost(ledger, told.spent);
    if (told.operating < 0)
        return told.spent;
    learn_total(ledger, &told, sent_ms > ledger->told_ms, now_ms);
    ledger->told_ms = now_ms;
    return told.spent;
}

void ledger_refused(struct ledger *ledger, int64_t now_ms)
{
    if (ledger_left_ms(ledger->blocked_until_ms, WINDOW_MS + SLACK_MS, now_ms) > 0)
        return; /* one of those that were under way together */
    double used = sum(ledger, now_ms), limit = limit_of(ledger, now_ms);
    /* We believed there was room, so the limit is lower. A much lower sum says nothing: others
     * share the webhook, or our ledger began just now. */
    if (used > limit / 2 && used < limit) {
        ledger->limit = used;
        ledger->learnt_ms = now_ms;
    }
    int64_t end = first_end_ms(ledger, now_ms);
    /* Refused again after the wait: some portals bar a method for five minutes, whatever drops out
     * (§5). */
    bool again = ledger->refused_ms > ledger->told_ms;
    if (end <= now_ms || (again && end < now_ms + BAN_MS))
        end = now_ms + BAN_MS;
    ledger->refused_ms = now_ms;
    ledger->blocked_until_ms = end + SLACK_MS;
}

bool ledger_matters(const struct ledger *ledger, int64_t now_ms)
{
    return sum(ledger, now_ms) > 0 || ledger->blocked_until_ms > now_ms ||
           limit_of(ledger, now_ms) < LIMIT_S;
}

json_t *ledger_save_new(const struct ledger *ledger, int64_t now_ms)
{
    json_t *baskets = json_array();
    for (int i = 0; i < LEDGER_BASKETS; i++)
        if (basket_counts(&ledger->baskets[i], now_ms))
            json_array_append_new(baskets,
                                  json_pack("[I, f]", (json_int_t)ledger->baskets[i].start_ms,
                                            ledger->baskets[i].seconds));
    return json_pack("{s:I, s:f, s:I, s:f, s:o}", "blocked", (json_int_t)ledger->blocked_until_ms,
                     "limit", limit_of(ledger, now_ms), "learnt", (json_int_t)ledger->learnt_ms,
                     "cost", ledger->cost, "baskets", baskets);
}

void ledger_load(struct ledger *ledger, const json_t *saved, int64_t now_ms)
{
    double limit = jv_real(saved, "limit", LIMIT_S);
    size_t i;
    const json_t *entry;
    ledger->blocked_until_ms = ledger_saved_moment(saved, "blocked", now_ms);
    ledger->limit = limit >= 1 && limit <= LIMIT_MOST_S ? limit : LIMIT_S;
    ledger->learnt_ms = jv_int(saved, "learnt", 0);
    ledger->cost = fmin(60, fmax(0, jv_real(saved, "cost", 0)));
    ledger->scatter = ledger->cost * ledger->cost / 16;
    ledger->known = ledger->cost > 0;
    ledger->samples = ledger->known;
    json_array_foreach (json_object_get(saved, "baskets"), i, entry) {
        struct basket basket = {jv_int(entry, "0", 0), jv_real(entry, "1", 0)};
        if (i < LEDGER_BASKETS && basket.start_ms <= now_ms && basket_counts(&basket, now_ms))
            ledger->baskets[i] = basket;
    }
}
