#include "common/calendar_days.h"

#include "common/date.h"
#include "common/scan.h"

static const struct {
    const char *brief, *full;
} weekday_names[] = {
    {"", ""},
    {"mon", "monday"},
    {"tue", "tuesday"},
    {"wed", "wednesday"},
    {"thu", "thursday"},
    {"fri", "friday"},
    {"sat", "saturday"},
    {"sun", "sunday"},
};

static bool take_weekday(struct scan *s, int *ret, struct err *err)
{
    for (int day = 1; day <= 7; day++)
        if (scan_word(s, weekday_names[day].brief) || scan_word(s, weekday_names[day].full)) {
            *ret = day;
            return true;
        }
    return err_set(err,
                   "\"%s\" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or a date as "
                   "2026-12-31",
                   scan_quote(s).text);
}

/* A mark that may have blanks on both sides. */
static bool take_mark(struct scan *s, char mark)
{
    struct scan ahead = *s;
    scan_blanks(&ahead);
    if (!scan_char(&ahead, mark))
        return false;
    scan_blanks(&ahead);
    *s = ahead;
    return true;
}

/* "Mon", "Mon-Fri", "Sat-Mon" */
static bool take_weekday_range(struct scan *s, bool days[8], struct err *err)
{
    int first = 0;
    if (!take_weekday(s, &first, err))
        return false;
    int last = first;
    if (take_mark(s, '-') && !take_weekday(s, &last, err))
        return false;
    for (int day = first; day != last; day = day % 7 + 1)
        days[day] = true;
    days[last] = true;
    return true;
}

/* "Mon,Wed-Fri" */
static bool take_weekdays(struct scan *s, bool days[8], struct err *err)
{
    bool taken;
    do
        taken = take_weekday_range(s, days, err);
    while (taken && take_mark(s, ','));
    return taken;
}

static bool add_weekdays(struct calendar *c, struct scan *s, struct err *err)
{
    bool days[8] = {false};
    struct hours hours;
    if (!take_weekdays(s, days, err))
        return false;
    scan_blanks(s);
    struct scan at_hours = *s;
    if (scan_word(&at_hours, "off"))
        return err_set(err, "\"off\" needs a date as 2026-12-31; a weekday without hours is off");
    at_hours = *s;
    if (!hours_parse(s, &hours, err))
        return false;
    struct hours joined[8];
    for (int day = 1; day <= 7; day++) {
        joined[day] = c->weekly[day];
        if (!days[day] || hours_join(&joined[day], &hours))
            continue;
        *s = at_hours;
        return err_set(err, "a day has at most %d stretches of hours", HOURS_MOST);
    }
    for (int day = 1; day <= 7; day++)
        c->weekly[day] = joined[day];
    return true;
}

/* A day said twice may have more hours the second time, but not be both off and open. */
static bool put_date(struct calendar_dates *dates, struct date d, const struct hours *hours,
                     struct err *err)
{
    int64_t number = date_number(d.year, d.month, d.day);
    struct calendar_date *known = calendar_date_find(dates, number);
    if (known == NULL) {
        if (calendar_date_put(dates, number, hours))
            return true;
        return err_set(err, "a calendar has at most %d dates", CALENDAR_MOST_DATES);
    }
    if ((known->hours.count == 0) != (hours->count == 0))
        return err_set(err, "%04d-%02d-%02d is already %s", d.year, d.month, d.day,
                       known->hours.count == 0 ? "off" : "a working day");
    if (!hours_join(&known->hours, hours))
        return err_set(err, "a day has at most %d stretches of hours", HOURS_MOST);
    return true;
}

static bool nothing_more(struct scan *s, struct err *err)
{
    if (scan_end(s))
        return true;
    scan_blanks(s);
    return err_set(err, "unexpected \"%s\" at the end of the line", scan_quote(s).text);
}

/* A date and the blank after it. */
static bool take_date(struct scan *s, struct date *ret, struct err *err)
{
    struct scan_quote quote = scan_quote(s);
    struct scan ahead = *s;
    if (!scan_date(&ahead, ret) || !scan_break(&ahead))
        return err_set(err, "\"%s\" is not a date; write it as 2026-12-31", quote.text);
    *s = ahead;
    scan_blanks(s);
    return true;
}

static bool add_own_date(struct calendar *c, struct scan *s, struct err *err)
{
    struct scan from = *s;
    struct date d;
    struct hours hours = {0};
    if (!take_date(s, &d, err))
        return false;
    if (scan_word(s, "off")) {
        if (!nothing_more(s, err))
            return false;
    } else if (scan_end(s)) {
        return err_set(err,
                       "what about that day is missing; write \"off\" or hours as 09:00-15:00");
    } else if (!hours_parse(s, &hours, err)) {
        return false;
    }
    if (put_date(&c->own, d, &hours, err))
        return true;
    *s = from;
    return false;
}

static bool add_holiday(struct calendar *c, struct scan *s, struct err *err)
{
    struct scan from = *s;
    struct date d;
    struct hours hours = {0};
    if (!take_date(s, &d, err))
        return false;
    if (scan_word(s, "work")) {
        if (!hours_parse(s, &hours, err))
            return false;
    } else if (!scan_end(s)) {
        return err_set(err,
                       "unexpected \"%s\" after the date; nothing stands there on a holiday, "
                       "\"work 09:00-18:00\" on a moved working day",
                       scan_quote(s).text);
    }
    if (!put_date(&c->holidays, d, &hours, err)) {
        *s = from;
        return false;
    }
    int named = (d.year * 100 + d.month) * 100 + d.day;
    if (named > c->last_holiday)
        c->last_holiday = named;
    return true;
}

bool calendar_add_hours(struct calendar *c, const char *text, size_t *ret_offset, struct err *err)
{
    struct scan s = {.text = text};
    scan_blanks(&s);
    bool dated = text[s.at] >= '0' && text[s.at] <= '9';
    bool added = dated ? add_own_date(c, &s, err) : add_weekdays(c, &s, err);
    *ret_offset = s.at;
    return added;
}

bool calendar_add_holiday(struct calendar *c, const char *line, size_t *ret_offset, struct err *err)
{
    struct scan s = {.text = line};
    scan_blanks(&s);
    bool nothing_said = scan_end(&s) || line[s.at] == '#' || line[s.at] == ';';
    bool added = nothing_said || add_holiday(c, &s, err);
    *ret_offset = s.at;
    return added;
}
