#include "daemon/admin/silence.h"

#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
    WEEK_MS = 7 * DAY_MS,
    LOOKS_MS = 5 * MINUTE_MS, /* between two looks; longer ones miss something */
    HOURS_MOST = 14 * 24,     /* of a silence that are compared */
    EVENTS_LEAST = 10, /* by chance alone nothing comes in their place once in 20 000 times */
    EVENTS_BESIDE = 3, /* of them outside the busiest hour */
    WEEKS_LEAST = 3,
    WEEKS_FORGIVING = 5, /* from so many on the quietest of them does not count */
    MISSING_MOST = 5, /* a week in which more than one hour of so many is not known is left out */
};

/* Weeks are counted from the Monday of 1969-12-29. */
struct silence_hour silence_hour_of(const struct zone *zone, int64_t now_ms)
{
    struct civil local = zone_local(zone, now_ms);
    int64_t local_ms = now_ms + (int64_t)local.offset * 1000 + 3 * (int64_t)DAY_MS;
    int64_t into_ms = (int64_t)local.minute * MINUTE_MS + local.second * 1000 + local.ms;
    return (struct silence_hour){.slot = (local.weekday - 1) * 24 + local.hour,
                                 .lap = (int)(local_ms / WEEK_MS % SILENCE_LAPS),
                                 .at_ms = now_ms - into_ms};
}

void silence_init(struct silence *s, int64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->since_ms = now_ms;
}

void silence_learn(struct silence *s, const struct silence_hour *hour)
{
    if (hour->slot >= 0 && hour->slot < SILENCE_SLOTS && hour->lap >= 0 && hour->lap < SILENCE_LAPS)
        s->hours[hour->slot][hour->lap] = *hour;
}

void silence_resume(struct silence *s, int64_t heard_ms, int64_t at_ms)
{
    if (heard_ms <= 0 || at_ms < heard_ms || s->since_ms < at_ms || s->since_ms - at_ms > LOOKS_MS)
        return;
    s->since_ms = heard_ms;
    s->heard = true;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* Watched to its end, without a pause in which events could have been missed. */
static bool end_hour(struct silence *s, int64_t now_ms, struct silence_hour *ret)
{
    int64_t end_ms = s->now.at_ms + HOUR_MS;
    bool kept = s->now.at_ms > 0 && s->whole && now_ms >= end_ms && now_ms - end_ms < LOOKS_MS;
    if (kept) {
        silence_learn(s, &s->now);
        *ret = s->now;
    }
    return kept;
}

/* The last event, as far as is known now. */
struct last {
    int64_t since_ms;
    bool heard;
};

static struct last last_of(const struct silence *s, int64_t heard_ms, int64_t now_ms)
{
    struct last last = {s->since_ms, s->heard};
    bool news = heard_ms > s->since_ms || (!s->heard && heard_ms > s->looked_ms);
    if (heard_ms > 0 && news)
        last = (struct last){heard_ms, true};
    if (last.since_ms > now_ms) /* the clock was set back */
        last.since_ms = now_ms;
    return last;
}

/* After a sleep of the machine nobody knows what has come meanwhile. */
static void wake(struct silence *s, int64_t now_ms)
{
    bool slept = s->looked_ms > 0 && now_ms - s->looked_ms > LOOKS_MS;
    if (slept || now_ms < s->looked_ms)
        s->whole = false;
    if (!slept)
        return;
    s->since_ms = now_ms;
    s->heard = false;
}

bool silence_look(struct silence *s, const struct zone *zone, struct silence_heard heard, bool off,
                  int64_t now_ms, struct silence_hour *ret)
{
    struct silence_hour hour = silence_hour_of(zone, now_ms);
    wake(s, now_ms);
    bool begins = hour.at_ms != s->now.at_ms;
    bool ended = begins && end_hour(s, now_ms, ret);
    struct last last = last_of(s, heard.at_ms, now_ms);
    s->since_ms = last.since_ms;
    s->heard = last.heard;
    if (begins) {
        s->now = hour;
        s->whole = now_ms - hour.at_ms < LOOKS_MS;
    }
    if (off)
        s->now.events = SILENCE_OFF;
    else if (s->now.events != SILENCE_OFF)
        s->now.events += heard.count >= s->count ? heard.count - s->count : heard.count;
    s->count = heard.count;
    s->looked_ms = now_ms;
    return ended;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* NULL: not known. */
static const struct silence_hour *past(const struct silence *s, const struct silence_hour *hour,
                                       int weeks)
{
    const struct silence_hour *found =
        &s->hours[hour->slot][(hour->lap + SILENCE_LAPS - weeks) % SILENCE_LAPS];
    int64_t apart_ms = hour->at_ms - weeks * (int64_t)WEEK_MS - found->at_ms;
    bool same = apart_ms > -2 * HOUR_MS && apart_ms < 2 * HOUR_MS; /* summer time */
    return found->at_ms > 0 && same ? found : NULL;
}

/* The hours of a silence against the same ones of the weeks before. */
struct comparison {
    int hours;
    int missing[SILENCE_LAPS];                        /* by how many weeks ago; [0] is not used */
    int64_t events[SILENCE_LAPS], most[SILENCE_LAPS]; /* in all, and in the busiest hour */
};

static void compare(const struct silence *s, const struct silence_hour *hour, struct comparison *c)
{
    c->hours++;
    for (int weeks = 1; weeks < SILENCE_LAPS; weeks++) {
        const struct silence_hour *then = past(s, hour, weeks);
        if (then == NULL || then->events == SILENCE_OFF) {
            c->missing[weeks]++;
            continue;
        }
        c->events[weeks] += then->events;
        if (then->events > c->most[weeks])
            c->most[weeks] = then->events;
    }
}

/* Back from now to the last event, or to what is not known. */
static struct comparison compare_all(const struct silence *s, const struct zone *zone,
                                     int64_t since_ms, int64_t now_ms)
{
    struct comparison c = {0};
    int64_t at_ms = silence_hour_of(zone, now_ms).at_ms;
    for (int i = 0; i < HOURS_MOST && (at_ms -= HOUR_MS) >= since_ms; i++) {
        struct silence_hour hour = silence_hour_of(zone, at_ms);
        const struct silence_hour *own = past(s, &hour, 0);
        if (own == NULL || own->events > 0)
            break;
        if (own->events != SILENCE_OFF)
            compare(s, &hour, &c);
    }
    return c;
}

/* What the quietest of the weeks had in those hours, or the quietest but one. */
static int64_t least(const struct comparison *c, int *ret_weeks)
{
    int64_t lowest = INT64_MAX, second = INT64_MAX;
    *ret_weeks = 0;
    for (int weeks = 1; weeks < SILENCE_LAPS; weeks++) {
        if (c->missing[weeks] * MISSING_MOST > c->hours)
            continue;
        (*ret_weeks)++;
        /* An hour more or less at the beginning and the end of a day is nothing unusual. */
        bool several = c->events[weeks] - c->most[weeks] >= EVENTS_BESIDE;
        int64_t events = several ? c->events[weeks] : 0;
        if (events < lowest) {
            second = lowest;
            lowest = events;
        } else if (events < second) {
            second = events;
        }
    }
    if (*ret_weeks < WEEKS_LEAST)
        return 0;
    return *ret_weeks >= WEEKS_FORGIVING ? second : lowest;
}

/* Of this hour. */
static int weeks_known(const struct silence *s, const struct silence_hour *hour)
{
    int known = 0;
    for (int weeks = 1; weeks < SILENCE_LAPS; weeks++)
        known += past(s, hour, weeks) != NULL;
    return known;
}

struct silence_verdict silence_judge(const struct silence *s, const struct zone *zone,
                                     int64_t heard_ms, bool off, int64_t now_ms)
{
    struct last last = last_of(s, heard_ms, now_ms);
    struct silence_verdict v = {.silent_ms = now_ms - last.since_ms, .heard = last.heard};
    struct comparison c = compare_all(s, zone, last.since_ms, now_ms);
    if (c.hours > 0) {
        v.expected = least(&c, &v.weeks);
    } else {
        struct silence_hour hour = silence_hour_of(zone, now_ms);
        v.weeks = weeks_known(s, &hour);
    }
    v.unusual = !off && v.expected >= EVENTS_LEAST;
    return v;
}

bool silence_is_holiday(const struct calendar *calendar, int64_t now_ms)
{
    static const int weeks[] = {-2, -1, 1, 2};
    int worked = 0;
    if (calendar_is_workday(calendar, now_ms))
        return false;
    for (size_t i = 0; i < sizeof weeks / sizeof weeks[0]; i++)
        worked += calendar_is_workday(calendar, now_ms + weeks[i] * (int64_t)WEEK_MS);
    return worked > 1;
}
