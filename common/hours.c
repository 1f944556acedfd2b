#include "common/hours.h"

/* Overlapping and touching spans become one. */
static bool add_span(struct hours *h, struct hours_span new)
{
    struct hours result = {0};
    int i = 0;
    while (i < h->count && h->spans[i].to < new.from)
        result.spans[result.count++] = h->spans[i++];
    for (; i < h->count && h->spans[i].from <= new.to; i++) {
        new.from = h->spans[i].from < new.from ? h->spans[i].from : new.from;
        new.to = h->spans[i].to > new.to ? h->spans[i].to : new.to;
    }
    if (result.count + 1 + h->count - i > HOURS_MOST)
        return false;
    result.spans[result.count++] = new;
    while (i < h->count)
        result.spans[result.count++] = h->spans[i++];
    *h = result;
    return true;
}

static bool take_span(struct scan *s, struct hours_span *ret)
{
    struct scan ahead = *s;
    if (!scan_clock(&ahead, &ret->from))
        return false;
    scan_blanks(&ahead);
    if (!scan_char(&ahead, '-'))
        return false;
    scan_blanks(&ahead);
    if (!scan_clock(&ahead, &ret->to) || !(scan_break(&ahead) || ahead.text[ahead.at] == ','))
        return false;
    *s = ahead;
    return true;
}

/* Between two stretches there may be a comma as well as a blank; behind it one must stand. */
static bool skip_comma(struct scan *s, struct err *err)
{
    scan_blanks(s);
    return !scan_char(s, ',') || !scan_end(s) ||
           err_set(err, "a stretch of hours is missing behind the comma");
}

bool hours_parse(struct scan *s, struct hours *ret, struct err *err)
{
    *ret = (struct hours){0};
    scan_blanks(s);
    if (scan_end(s))
        return err_set(err, "opening hours are missing; write them as 09:00-18:00");
    while (!scan_end(s)) {
        scan_blanks(s);
        struct scan from = *s;
        struct scan_quote quote = scan_quote(s);
        struct hours_span span;
        if (!take_span(s, &span))
            return err_set(err, "\"%s\" is not a stretch of hours; write it as 09:00-18:00",
                           quote.text);
        if (span.from < span.to && add_span(ret, span)) {
            if (!skip_comma(s, err))
                return false;
            continue;
        }
        *s = from;
        if (span.from < span.to)
            return err_set(err, "a day has at most %d stretches of hours", HOURS_MOST);
        return err_set(err,
                       "\"%s\" ends before it begins; hours past midnight are two: until 24:00, "
                       "and from 00:00 on the day after",
                       quote.text);
    }
    return true;
}

bool hours_join(struct hours *h, const struct hours *more)
{
    struct hours joined = *h;
    for (int i = 0; i < more->count; i++)
        if (!add_span(&joined, more->spans[i]))
            return false;
    *h = joined;
    return true;
}
