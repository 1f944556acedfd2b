#include "common/duration.h"

#include <stdio.h>

#include "common/near.h"
#include "common/scan.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

enum { MOST_DAYS = 3653 }; /* the ceiling: ten years */

/* The plural stands first: of two as near to a mistyped word it is the one proposed. */
static const struct unit {
    const char *name;
    enum duration_unit unit;
    int64_t size; /* what one of them adds to the amount */
} units[] = {
    {"s", DURATION_PLAIN, SECOND},
    {"secs", DURATION_PLAIN, SECOND},
    {"sec", DURATION_PLAIN, SECOND},
    {"seconds", DURATION_PLAIN, SECOND},
    {"second", DURATION_PLAIN, SECOND},
    {"m", DURATION_PLAIN, MINUTE},
    {"mins", DURATION_PLAIN, MINUTE},
    {"min", DURATION_PLAIN, MINUTE},
    {"minutes", DURATION_PLAIN, MINUTE},
    {"minute", DURATION_PLAIN, MINUTE},
    {"h", DURATION_PLAIN, HOUR},
    {"hrs", DURATION_PLAIN, HOUR},
    {"hr", DURATION_PLAIN, HOUR},
    {"hours", DURATION_PLAIN, HOUR},
    {"hour", DURATION_PLAIN, HOUR},
    {"d", DURATION_PLAIN, DAY},
    {"days", DURATION_PLAIN, DAY},
    {"day", DURATION_PLAIN, DAY},
    {"w", DURATION_PLAIN, 7 * DAY},
    {"weeks", DURATION_PLAIN, 7 * DAY},
    {"week", DURATION_PLAIN, 7 * DAY},
    {"workdays", DURATION_WORKDAYS, 1},
    {"workday", DURATION_WORKDAYS, 1},
    {"workminutes", DURATION_WORKTIME, MINUTE},
    {"workminute", DURATION_WORKTIME, MINUTE},
    {"workhours", DURATION_WORKTIME, HOUR},
    {"workhour", DURATION_WORKTIME, HOUR},
};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

static int64_t ceiling_of(enum duration_unit unit)
{
    return unit == DURATION_WORKDAYS ? MOST_DAYS : (int64_t)MOST_DAYS * DAY;
}

static bool unknown_unit(const struct scan *s, struct err *err)
{
    const char *names[UNIT_COUNT];
    for (size_t i = 0; i < UNIT_COUNT; i++)
        names[i] = units[i].name;
    struct scan_quote word = scan_quote(s);
    const char *near = near_name(word.text, names, UNIT_COUNT);
    if (near != NULL)
        return err_set(err, "unknown unit of time \"%s\"; did you mean \"%s\"?", word.text, near);
    return err_set(err,
                   "unknown unit of time \"%s\"; there are s, m, h, d, w, workdays, workhours "
                   "and workminutes",
                   word.text);
}

static const struct unit *take_unit(struct scan *s, struct err *err)
{
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (scan_word(s, units[i].name))
            return &units[i];
    (void)(scan_end(s) ? err_set(err, "the unit of time is missing; write for example \"15m\", \"2 "
                                      "hours\" or \"3 workdays\"")
                       : unknown_unit(s, err));
    return NULL;
}

static bool take_amount(struct scan *s, int64_t *ret, struct err *err)
{
    struct scan ahead = *s;
    struct scan_quote word = scan_quote(s);
    if (!scan_number(&ahead, ret))
        return err_set(err,
                       "\"%s\" is not a duration; write for example \"15m\", \"2 hours\" or \"3 "
                       "workdays\"",
                       word.text);
    if (scan_char(&ahead, '.') || scan_char(&ahead, ','))
        return err_set(err,
                       "\"%s\" is not a whole number; write \"1h 30m\" for one and a half "
                       "hours",
                       word.text);
    *s = ahead;
    scan_blanks(s);
    return true;
}

/* Can `unit` follow `before` (NULL: it is the first)? */
static bool check_order(const struct unit *before, const struct unit *unit, struct err *err)
{
    if (before == NULL)
        return true;
    if (before->unit != DURATION_PLAIN || unit->unit != DURATION_PLAIN)
        return err_set(err, "working time is one number with one unit, nothing is added to it");
    if (unit->size >= before->size)
        return err_set(err, "\"%s\" follows \"%s\"; write the larger unit first, each once",
                       unit->name, before->name);
    return true;
}

bool duration_parse(const char *text, struct duration *ret, size_t *ret_offset, struct err *err)
{
    struct scan s = {.text = text};
    const struct unit *before = NULL;
    int64_t amount = 0;
    do {
        scan_blanks(&s);
        *ret_offset = s.at;
        int64_t number;
        bool taken = take_amount(&s, &number, err);
        const struct unit *unit = taken ? take_unit(&s, err) : NULL;
        if (unit == NULL) {
            *ret_offset = s.at;
            return false;
        }
        if (!check_order(before, unit, err))
            return false;
        if (number > (ceiling_of(unit->unit) - amount) / unit->size)
            return err_set(err, "\"%s\" is longer than ten years", scan_quote_text(text).text);
        amount += number * unit->size;
        before = unit;
    } while (!scan_end(&s));
    *ret = (struct duration){.unit = before->unit, .amount = amount};
    *ret_offset = s.at;
    return true;
}

bool duration_apply(const struct duration *d, int sign, int64_t from_ms, const struct calendar *c,
                    int64_t *ret_ms, struct err *err)
{
    int64_t amount = sign < 0 ? -d->amount : d->amount;
    if (d->unit != DURATION_PLAIN && c == NULL)
        return err_set(err, "working time needs a calendar");
    bool found = false;
    switch (d->unit) {
    case DURATION_PLAIN:
        if (__builtin_add_overflow(from_ms, amount, ret_ms))
            return err_set(err, "there is no such moment");
        return true;
    case DURATION_WORKDAYS:
        found = d->amount <= MOST_DAYS && calendar_add_workdays(c, from_ms, (int)amount, ret_ms);
        break;
    case DURATION_WORKTIME:
        found = calendar_add_worktime(c, from_ms, amount, ret_ms);
        break;
    }
    return found || err_set(err, "the calendar has too little working time within ten years");
}

/* "2 days 3 h 30 min 15 s", without the parts that are zero. */
static void print_plain(int64_t amount, char out[48])
{
    const struct {
        const char *one, *many;
        int64_t size;
    } parts[] = {{"day", "days", DAY},
                 {"h", "h", HOUR},
                 {"min", "min", MINUTE},
                 {"s", "s", SECOND},
                 {"ms", "ms", 1}};
    size_t used = 0;
    if (amount == 0)
        (void)snprintf(out, 48, "0 s");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        int64_t n = amount / parts[i].size;
        amount -= n * parts[i].size;
        if (n != 0)
            used += (size_t)snprintf(out + used, 48 - used, "%s%lld %s", used > 0 ? " " : "",
                                     (long long)n, n == 1 ? parts[i].one : parts[i].many);
    }
}

static void print_counted(int64_t n, const char *unit, char out[48])
{
    (void)snprintf(out, 48, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

void duration_print(const struct duration *d, char out[48])
{
    switch (d->unit) {
    case DURATION_PLAIN:
        print_plain(d->amount, out);
        break;
    case DURATION_WORKDAYS:
        print_counted(d->amount, "workday", out);
        break;
    case DURATION_WORKTIME:
        if (d->amount % HOUR == 0)
            print_counted(d->amount / HOUR, "workhour", out);
        else
            print_counted(d->amount / MINUTE, "workminute", out);
        break;
    }
}
