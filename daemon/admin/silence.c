#include "daemon/admin/silence.h"

#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
    WEEK_MS = 7 * DAY_MS,
    MARGIN_MS = 15 * MINUTE_MS, /* beyond twice the usual */
    GRACE_MS = 30 * MINUTE_MS,  /* it has been unusual for so long */
    LOOKS_MS = 5 * MINUTE_MS,   /* between two looks; longer ones miss something */
    WEEKS_LEAST = 3,
    WEEKS_FORGIVING = 5, /* from so many on the worst of them does not count */
};

/* Weeks are counted from the Monday of 1969-12-29. */
static struct silence_hour hour_of(const struct zone *zone, int64_t now_ms)
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

static void begin_hour(struct silence *s, const struct silence_hour *hour, bool special,
                       int64_t now_ms)
{
    s->now = *hour;
    s->whole = s->heard && !special && now_ms - hour->at_ms < LOOKS_MS;
}

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
    int64_t since_ms, off_ms;
    bool heard;
};

static struct last last_of(const struct silence *s, int64_t heard_ms, int64_t now_ms)
{
    struct last last = {s->since_ms, s->off_ms, s->heard};
    bool news = heard_ms > s->since_ms || (!s->heard && heard_ms > s->looked_ms);
    if (heard_ms > 0 && news)
        last = (struct last){heard_ms, 0, true};
    if (last.since_ms > now_ms) { /* the clock was set back */
        last.since_ms = now_ms;
        last.off_ms = 0;
    }
    return last;
}

/* Holidays are not counted, or the night after one would be unusual. */
static int64_t silent_ms(struct last last, int64_t now_ms)
{
    return now_ms - last.since_ms - last.off_ms;
}

bool silence_look(struct silence *s, const struct zone *zone, int64_t heard_ms, bool special,
                  int64_t now_ms, struct silence_hour *ret)
{
    struct silence_hour hour = hour_of(zone, now_ms);
    if (now_ms < s->looked_ms || now_ms - s->looked_ms > LOOKS_MS)
        s->whole = false;
    if (s->looked_ms > 0 && now_ms - s->looked_ms > LOOKS_MS) { /* we were asleep, not the portal */
        s->since_ms = now_ms;
        s->heard = false;
        s->off_ms = 0;
    }
    bool ended = hour.at_ms != s->now.at_ms && end_hour(s, now_ms, ret);
    if (special && s->looked_ms > 0 && now_ms > s->looked_ms)
        s->off_ms += now_ms - s->looked_ms;
    struct last last = last_of(s, heard_ms, now_ms);
    s->since_ms = last.since_ms;
    s->off_ms = last.off_ms;
    s->heard = last.heard;
    if (hour.at_ms != s->now.at_ms)
        begin_hour(s, &hour, special, now_ms);
    if (silent_ms(last, now_ms) > s->now.gap_ms)
        s->now.gap_ms = silent_ms(last, now_ms);
    s->whole = s->whole && !special;
    s->looked_ms = now_ms;
    return ended;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* The longest silence that was usual at that hour: the worst of the weeks, or the worst but one. */
static int usual(const struct silence *s, const struct zone *zone, int64_t now_ms, int64_t *ret_ms)
{
    struct silence_hour hour = hour_of(zone, now_ms);
    int64_t worst = 0, second = 0;
    int weeks = 0;
    for (int lap = 0; lap < SILENCE_LAPS; lap++) {
        const struct silence_hour *past = &s->hours[hour.slot][lap];
        int64_t age_ms = hour.at_ms - past->at_ms;
        if (past->at_ms == 0 || age_ms < DAY_MS ||
            age_ms > SILENCE_LAPS * (int64_t)WEEK_MS + DAY_MS)
            continue;
        weeks++;
        if (past->gap_ms > worst) {
            second = worst;
            worst = past->gap_ms;
        } else if (past->gap_ms > second) {
            second = past->gap_ms;
        }
    }
    *ret_ms = weeks >= WEEKS_FORGIVING ? second : worst;
    return weeks;
}

static bool too_long(const struct silence *s, const struct zone *zone, struct last last,
                     int64_t now_ms)
{
    int64_t usual_ms;
    int weeks = usual(s, zone, now_ms, &usual_ms);
    return weeks >= WEEKS_LEAST && silent_ms(last, now_ms) > 2 * usual_ms + MARGIN_MS;
}

struct silence_verdict silence_judge(const struct silence *s, const struct zone *zone,
                                     int64_t heard_ms, bool special, int64_t now_ms)
{
    struct last last = last_of(s, heard_ms, now_ms);
    struct silence_verdict v = {.silent_ms = now_ms - last.since_ms, .heard = last.heard};
    v.weeks = usual(s, zone, now_ms, &v.usual_ms);
    if (v.weeks < WEEKS_LEAST)
        v.usual_ms = 0;
    v.unusual =
        !special && too_long(s, zone, last, now_ms) && too_long(s, zone, last, now_ms - GRACE_MS);
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
