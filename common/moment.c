#include "common/duration.h"

#include <string.h>

#include "common/scan.h"

static const char *const as_written = "write for example \"now + 2h\", \"today 18:00\", \"next "
                                      "workday 09:00\" or \"2026-01-20 10:00\"";

static bool take_base(struct scan *s, struct moment *m)
{
    static const struct {
        const char *first, *second;
        enum moment_base base;
    } bases[] = {
        {"now", NULL, MOMENT_NOW},
        {"today", NULL, MOMENT_TODAY},
        {"tomorrow", NULL, MOMENT_TOMORROW},
        {"next", "workday", MOMENT_NEXT_WORKDAY},
    };
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct scan ahead = *s;
        if (!scan_word(&ahead, bases[i].first))
            continue;
        scan_blanks(&ahead);
        if (bases[i].second != NULL && !scan_word(&ahead, bases[i].second))
            continue;
        *s = ahead;
        m->base = bases[i].base;
        return true;
    }
    return false;
}

/* "18:00" after "today" and its like; nothing there keeps the time of now. */
static bool take_clock(struct scan *s, struct moment *m, struct err *err)
{
    m->minute_of_day = -1;
    scan_blanks(s);
    if (m->base == MOMENT_NOW || s->text[s->at] < '0' || s->text[s->at] > '9')
        return true;
    struct scan ahead = *s;
    if (!scan_clock(&ahead, &m->minute_of_day) || m->minute_of_day == 24 * 60)
        return err_set(err, "\"%s\" is not a time of day; write it as 18:00", scan_quote(s).text);
    *s = ahead;
    return true;
}

/* An ISO text ends where a sign stands between blanks, or with the text. */
static bool take_iso(struct scan *s, struct moment *m)
{
    const char *from = s->text + s->at;
    size_t length = strlen(from);
    const char *plus = strstr(from, " + ");
    const char *minus = strstr(from, " - ");
    if (plus != NULL)
        length = (size_t)(plus - from);
    if (minus != NULL && (size_t)(minus - from) < length)
        length = (size_t)(minus - from);
    size_t end = s->at + length;
    while (length > 0 && (from[length - 1] == ' ' || from[length - 1] == '\t'))
        length--;
    if (length >= sizeof m->iso)
        return false;
    memcpy(m->iso, from, length);
    m->iso[length] = '\0';
    if (!zone_is_iso(m->iso))
        return false;
    m->base = MOMENT_FIXED;
    m->minute_of_day = -1;
    s->at = end;
    return true;
}

static bool no_moment(const struct scan *s, struct err *err)
{
    struct duration shift;
    size_t offset;
    struct scan_quote quote = scan_quote_text(s->text + s->at);
    if (duration_parse(s->text + s->at, &shift, &offset, NULL))
        return err_set(err, "\"%s\" is not a moment; write \"now + %s\"", quote.text, quote.text);
    return err_set(err, "\"%s\" is not a moment; %s", quote.text, as_written);
}

/* Nothing, or "+ DURATION". */
static bool take_shift(struct scan *s, struct moment *m, struct err *err)
{
    scan_blanks(s);
    if (scan_end(s))
        return true;
    if (scan_char(s, '+'))
        m->sign = 1;
    else if (scan_char(s, '-'))
        m->sign = -1;
    else
        return err_set(err, "unexpected \"%s\"; only + or - and a duration can follow",
                       scan_quote(s).text);
    size_t offset;
    scan_blanks(s);
    bool parsed = duration_parse(s->text + s->at, &m->shift, &offset, err);
    s->at += offset;
    return parsed;
}

bool moment_parse(const char *text, struct moment *ret, size_t *ret_offset, struct err *err)
{
    struct scan s = {.text = text};
    struct moment m = {.minute_of_day = -1};
    scan_blanks(&s);
    bool parsed;
    if (take_base(&s, &m))
        parsed = take_clock(&s, &m, err);
    else
        parsed = take_iso(&s, &m) || no_moment(&s, err);
    parsed = parsed && take_shift(&s, &m, err);
    *ret_offset = s.at;
    if (parsed)
        *ret = m;
    return parsed;
}

bool moment_parse_until(const char *text, struct moment *ret, size_t *ret_offset, struct err *err)
{
    struct scan s = {.text = text};
    struct moment m = {.base = MOMENT_CLOCK};
    scan_blanks(&s);
    struct scan ahead = s;
    *ret_offset = s.at;
    if (!scan_clock(&ahead, &m.minute_of_day) || m.minute_of_day == 24 * 60) {
        size_t digits = strspn(text + s.at, "0123456789");
        if (digits == 0 || text[s.at + digits] != ':')
            return moment_parse(text, ret, ret_offset, err);
        return err_set(err, "\"%s\" is not a time of day; write it as 18:00", scan_quote(&s).text);
    }
    bool parsed = take_shift(&ahead, &m, err);
    *ret_offset = ahead.at;
    if (parsed)
        *ret = m;
    return parsed;
}

bool moment_needs_calendar(const struct moment *m)
{
    return m->base == MOMENT_NEXT_WORKDAY || (m->sign != 0 && m->shift.unit != DURATION_PLAIN);
}

static int64_t on_day_after(const struct moment *m, int days, int64_t now_ms,
                            const struct zone *zone)
{
    struct civil local = zone_local(zone, now_ms);
    if (m->minute_of_day < 0 && days == 0)
        return now_ms;
    local.day += days;
    if (m->minute_of_day >= 0) {
        local.hour = 0;
        local.minute = m->minute_of_day;
        local.second = 0;
        local.ms = 0;
    }
    return zone_moment(zone, local);
}

static bool on_next_workday(const struct moment *m, int64_t now_ms, const struct calendar *c,
                            int64_t *ret_ms, struct err *err)
{
    if (c == NULL)
        return err_set(err, "\"next workday\" needs a calendar");
    bool found = m->minute_of_day < 0
                     ? calendar_add_workdays(c, now_ms, 1, ret_ms)
                     : calendar_next_workday_at(c, now_ms, m->minute_of_day, ret_ms);
    return found || err_set(err, "the calendar has no working day within ten years");
}

static bool reckon_base(const struct moment *m, int64_t now_ms, const struct zone *zone,
                        const struct calendar *c, int64_t *ret_ms, struct err *err)
{
    switch (m->base) {
    case MOMENT_NOW:
        *ret_ms = now_ms;
        return true;
    case MOMENT_TODAY:
        *ret_ms = on_day_after(m, 0, now_ms, zone);
        return true;
    case MOMENT_TOMORROW:
        *ret_ms = on_day_after(m, 1, now_ms, zone);
        return true;
    case MOMENT_NEXT_WORKDAY:
        return on_next_workday(m, now_ms, c, ret_ms, err);
    case MOMENT_CLOCK:
        *ret_ms = on_day_after(m, 0, now_ms, zone);
        if (*ret_ms <= now_ms)
            *ret_ms = on_day_after(m, 1, now_ms, zone);
        return true;
    case MOMENT_FIXED:
        return zone_parse_iso(zone, m->iso, ret_ms) || err_set(err, "\"%s\" is not a date", m->iso);
    }
    return err_set(err, "unknown kind of moment");
}

bool moment_reckon(const struct moment *m, int64_t now_ms, const struct zone *zone,
                   const struct calendar *c, int64_t *ret_ms, struct err *err)
{
    int64_t base_ms = 0;
    if (!reckon_base(m, now_ms, zone, c, &base_ms, err))
        return false;
    if (m->sign != 0)
        return duration_apply(&m->shift, m->sign, base_ms, c, ret_ms, err);
    *ret_ms = base_ms;
    return true;
}
