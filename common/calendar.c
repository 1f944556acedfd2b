#include "common/calendar_days.h"

#include <string.h>

#include "common/date.h"
#include "common/mem.h"

enum { MOST_DAYS = 3653 }; /* how far the reckoning looks: ten years */

struct calendar *calendar_new(const struct zone *zone)
{
    struct calendar *c = mem_alloc(sizeof *c);
    c->zone = zone;
    return c;
}

struct calendar *calendar_new_plain(const struct zone *zone)
{
    struct calendar *c = calendar_new(zone);
    for (int day = 1; day <= 5; day++)
        c->weekly[day] = (struct hours){.count = 1, .spans = {{.from = 9 * 60, .to = 18 * 60}}};
    return c;
}

void calendar_free(struct calendar *c)
{
    if (c == NULL)
        return;
    mem_free(c->own.entries);
    mem_free(c->holidays.entries);
    mem_free(c);
}

int calendar_last_holiday(const struct calendar *c)
{
    return c->last_holiday;
}

/* The first entry not before that day. */
static size_t date_place(const struct calendar_dates *dates, int64_t number)
{
    size_t low = 0;
    size_t high = dates->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dates->entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct calendar_date *calendar_date_find(const struct calendar_dates *dates, int64_t number)
{
    size_t at = date_place(dates, number);
    bool found = at < dates->count && dates->entries[at].number == number;
    return found ? &dates->entries[at] : NULL;
}

bool calendar_date_put(struct calendar_dates *dates, int64_t number, const struct hours *hours)
{
    if (dates->count == CALENDAR_MOST_DATES)
        return false;
    if (dates->count == dates->capacity) {
        dates->capacity = dates->capacity == 0 ? 16 : dates->capacity * 2;
        dates->entries = mem_grow(dates->entries, dates->capacity, sizeof *dates->entries);
    }
    size_t at = date_place(dates, number);
    memmove(dates->entries + at + 1, dates->entries + at,
            (dates->count - at) * sizeof *dates->entries);
    dates->entries[at] = (struct calendar_date){.number = number, .hours = *hours};
    dates->count++;
    return true;
}

static const struct hours *day_hours(const struct calendar *c, int64_t number)
{
    const struct calendar_date *dated = calendar_date_find(&c->own, number);
    if (dated == NULL)
        dated = calendar_date_find(&c->holidays, number);
    return dated != NULL ? &dated->hours : &c->weekly[date_weekday(number)];
}

static bool day_is_working(const struct calendar *c, int64_t number)
{
    return day_hours(c, number)->count > 0;
}

static int64_t day_number(const struct civil *local)
{
    return date_number(local->year, local->month, local->day);
}

static struct civil on_day(struct civil time, int64_t number)
{
    struct date d = date_of(number);
    time.year = d.year;
    time.month = d.month;
    time.day = d.day;
    return time;
}

/* The moment of a minute of a day; the zone knows what a change of the clocks makes of it. */
static int64_t minute_moment(const struct calendar *c, int64_t number, int minute)
{
    return zone_moment(c->zone, on_day((struct civil){.minute = minute}, number));
}

bool calendar_is_workday(const struct calendar *c, int64_t wall_ms)
{
    struct civil local = zone_local(c->zone, wall_ms);
    return day_is_working(c, day_number(&local));
}

bool calendar_is_open(const struct calendar *c, int64_t wall_ms)
{
    struct civil local = zone_local(c->zone, wall_ms);
    int64_t today = day_number(&local);
    /* Clocks that go back over midnight show a day twice: its neighbours are asked too. */
    for (int64_t day = today - 1; day <= today + 1; day++) {
        const struct hours *hours = day_hours(c, day);
        for (int i = 0; i < hours->count; i++)
            if (minute_moment(c, day, hours->spans[i].from) <= wall_ms &&
                wall_ms < minute_moment(c, day, hours->spans[i].to))
                return true;
    }
    return false;
}

/* The n-th working day after (before) a day. */
static bool nth_workday(const struct calendar *c, int64_t *day, int n)
{
    int step = n < 0 ? -1 : 1;
    for (int looked = 0; looked < MOST_DAYS; looked++) {
        *day += step;
        if (!day_is_working(c, *day))
            continue;
        n -= step;
        if (n == 0)
            return true;
    }
    return false;
}

bool calendar_add_workdays(const struct calendar *c, int64_t from_ms, int n, int64_t *ret_ms)
{
    if (n == 0) {
        *ret_ms = from_ms;
        return true;
    }
    struct civil local = zone_local(c->zone, from_ms);
    int64_t day = day_number(&local);
    if (!nth_workday(c, &day, n))
        return false;
    *ret_ms = zone_moment(c->zone, on_day(local, day));
    return true;
}

bool calendar_next_workday_at(const struct calendar *c, int64_t from_ms, int minute_of_day,
                              int64_t *ret_ms)
{
    struct civil local = zone_local(c->zone, from_ms);
    int64_t day = day_number(&local);
    if (!nth_workday(c, &day, 1))
        return false;
    *ret_ms = minute_moment(c, day, minute_of_day);
    return true;
}

/* How far a walk through open time has come. */
struct walk {
    int64_t at;   /* moment */
    int64_t left; /* open milliseconds still to pass */
};

/* Both walks end in a stretch of hours that is long enough. `at` never goes back the way it came:
 * stretches that a change of the clocks pushes into one another are not counted twice. */
static bool walk_day_forth(const struct calendar *c, int64_t day, struct walk *w)
{
    const struct hours *hours = day_hours(c, day);
    for (int i = 0; i < hours->count; i++) {
        int64_t from = minute_moment(c, day, hours->spans[i].from);
        int64_t to = minute_moment(c, day, hours->spans[i].to);
        from = from > w->at ? from : w->at;
        if (from >= to)
            continue;
        bool ends = w->left <= to - from;
        w->at = ends ? from + w->left : to;
        w->left = ends ? 0 : w->left - (to - from);
        if (ends)
            return true;
    }
    return false;
}

static bool walk_day_back(const struct calendar *c, int64_t day, struct walk *w)
{
    const struct hours *hours = day_hours(c, day);
    for (int i = hours->count - 1; i >= 0; i--) {
        int64_t from = minute_moment(c, day, hours->spans[i].from);
        int64_t to = minute_moment(c, day, hours->spans[i].to);
        to = to < w->at ? to : w->at;
        if (from >= to)
            continue;
        bool ends = w->left <= to - from;
        w->at = ends ? to - w->left : from;
        w->left = ends ? 0 : w->left - (to - from);
        if (ends)
            return true;
    }
    return false;
}

bool calendar_add_worktime(const struct calendar *c, int64_t from_ms, int64_t work_ms,
                           int64_t *ret_ms)
{
    if (work_ms == INT64_MIN)
        return false;
    struct walk w = {.at = from_ms, .left = work_ms < 0 ? -work_ms : work_ms};
    struct civil local = zone_local(c->zone, from_ms);
    int64_t today = day_number(&local);
    int step = work_ms < 0 ? -1 : 1;
    bool done = work_ms == 0;
    /* From the day before: see calendar_is_open. */
    for (int i = -1; i <= MOST_DAYS && !done; i++)
        done = work_ms < 0 ? walk_day_back(c, today + step * i, &w)
                           : walk_day_forth(c, today + step * i, &w);
    if (done)
        *ret_ms = w.at;
    return done;
}
