#include "common/tzrule.h"

#include <string.h>

#include "common/date.h"
#include "common/scan.h"

enum { MOST_TEXT = 127, MOST_OFFSET_HOURS = 24, MOST_CHANGE_HOURS = 167 };

/* "MSK" or "<+03>"; the name itself is of no use here. */
static bool take_name(struct scan *s)
{
    struct scan ahead = *s;
    size_t length;
    if (scan_char(&ahead, '<')) {
        length = strcspn(ahead.text + ahead.at, ">");
        ahead.at += length;
        if (!scan_char(&ahead, '>'))
            return false;
    } else {
        length = scan_letters(&ahead);
        ahead.at += length;
    }
    if (length < 3)
        return false;
    *s = ahead;
    return true;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_time(struct scan *s, int most_hours, int *ret_seconds)
{
    int sign = scan_char(s, '-') ? -1 : 1;
    if (sign == 1)
        (void)scan_char(s, '+');
    int64_t hours;
    int minutes = 0;
    int seconds = 0;
    if (!scan_number(s, &hours) || hours > most_hours)
        return false;
    if (scan_char(s, ':') && (!scan_digits(s, 2, &minutes) || minutes > 59))
        return false;
    if (scan_char(s, ':') && (!scan_digits(s, 2, &seconds) || seconds > 59))
        return false;
    *ret_seconds = sign * ((int)hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool take_bounded(struct scan *s, int least, int most, int *ret)
{
    int64_t number;
    if (!scan_number(s, &number) || number < least || number > most)
        return false;
    *ret = (int)number;
    return true;
}

static bool take_day(struct scan *s, struct tzrule_change *ret)
{
    if (scan_char(s, 'M')) {
        ret->kind = TZRULE_WEEKDAY;
        return take_bounded(s, 1, 12, &ret->month) && scan_char(s, '.') &&
               take_bounded(s, 1, 5, &ret->week) && scan_char(s, '.') &&
               take_bounded(s, 0, 6, &ret->day);
    }
    if (scan_char(s, 'J')) {
        ret->kind = TZRULE_JULIAN;
        return take_bounded(s, 1, 365, &ret->day);
    }
    ret->kind = TZRULE_DAY;
    return take_bounded(s, 0, 365, &ret->day);
}

static bool take_change(struct scan *s, struct tzrule_change *ret)
{
    *ret = (struct tzrule_change){.second = 2 * 3600};
    if (!scan_char(s, ',') || !take_day(s, ret))
        return false;
    return !scan_char(s, '/') || take_time(s, MOST_CHANGE_HOURS, &ret->second);
}

/* The offset is written west of UTC: "MSK-3" is three hours east. */
static bool take_offset(struct scan *s, int *ret_east)
{
    int west;
    if (!take_time(s, MOST_OFFSET_HOURS, &west))
        return false;
    *ret_east = -west;
    return true;
}

static bool take_summer(struct scan *s, struct tzrule *r)
{
    r->has_summer = true;
    r->summer = r->standard + 3600;
    if (!take_name(s))
        return false;
    if (s->text[s->at] != ',' && !take_offset(s, &r->summer))
        return false;
    return take_change(s, &r->to_summer) && take_change(s, &r->to_standard);
}

bool tzrule_parse(const char *text, size_t size, struct tzrule *ret)
{
    char copy[MOST_TEXT + 1] = {0};
    if (size > MOST_TEXT || memchr(text, '\0', size) != NULL)
        return false;
    memcpy(copy, text, size);
    struct scan s = {.text = copy};
    *ret = (struct tzrule){0};
    if (!take_name(&s) || !take_offset(&s, &ret->standard))
        return false;
    if (copy[s.at] != '\0' && !take_summer(&s, ret))
        return false;
    return copy[s.at] == '\0';
}

static int64_t weekday_of_month(const struct tzrule_change *c, int64_t year)
{
    int64_t first = date_number(year, c->month, 1);
    int64_t first_such = first + (c->day - date_weekday(first) % 7 + 7) % 7;
    int64_t day = first_such + 7 * (c->week - 1);
    return day < date_number(year, c->month + 1, 1) ? day : day - 7;
}

static int64_t change_day(const struct tzrule_change *c, int64_t year)
{
    int64_t new_year = date_number(year, 1, 1);
    switch (c->kind) {
    case TZRULE_WEEKDAY:
        return weekday_of_month(c, year);
    case TZRULE_JULIAN:
        return new_year + c->day - 1 + (c->day >= 60 && date_number(year, 3, 1) - new_year == 60);
    case TZRULE_DAY:
        return new_year + c->day;
    }
    return new_year;
}

static int64_t change_moment(const struct tzrule_change *c, int64_t year, int offset_before)
{
    return change_day(c, year) * DATE_DAY_SECONDS + c->second - offset_before;
}

struct change {
    int64_t at;
    int offset; /* from then on */
};

/* Sorted in; of two at the same moment the one that begins summer stays last, which is how "summer
 * time all year round" is written. */
static void put_change(struct change *list, size_t count, struct change new, bool to_summer)
{
    size_t i = count;
    for (; i > 0; i--) {
        if (list[i - 1].at < new.at || (list[i - 1].at == new.at &&to_summer))
            break;
        list[i] = list[i - 1];
    }
    list[i] = new;
}

struct tzspan tzrule_span(const struct tzrule *r, int64_t second)
{
    struct tzspan span = {.from = INT64_MIN, .to = INT64_MAX, .offset = r->standard};
    if (!r->has_summer)
        return span;
    struct change list[6];
    size_t count = 0;
    int64_t year = date_of(date_floor_div(second, DATE_DAY_SECONDS)).year;
    for (int64_t y = year - 1; y <= year + 1; y++) {
        struct change summer = {change_moment(&r->to_summer, y, r->standard), r->summer};
        put_change(list, count++, summer, true);
        struct change standard = {change_moment(&r->to_standard, y, r->summer), r->standard};
        put_change(list, count++, standard, false);
    }
    size_t next = 0;
    while (next < count && list[next].at <= second)
        next++;
    if (next > 0) {
        span.from = list[next - 1].at;
        span.offset = list[next - 1].offset;
    }
    if (next < count)
        span.to = list[next].at;
    return span;
}
