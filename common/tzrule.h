#ifndef COMMON_TZRULE_H
#define COMMON_TZRULE_H

/* The rule in the footer of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3", POSIX TZ with RFC 8536's
 * hours of -167 to 167): what holds after the last listed change. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of time with one offset. Seconds UTC, `from` included, `to` not; INT64_MIN and
 * INT64_MAX when it has no such end. */
struct tzspan {
    int64_t from, to;
    int offset; /* seconds east of UTC */
};

struct tzrule_change {
    enum { TZRULE_JULIAN, TZRULE_DAY, TZRULE_WEEKDAY } kind;
    int month, week; /* TZRULE_WEEKDAY; week 5 is the last */
    int day;         /* TZRULE_JULIAN: 1-365 without February 29; TZRULE_DAY: 0-365;
                        TZRULE_WEEKDAY: 0 Sunday … 6 */
    int second;      /* of that day, by the clock in force before */
};

struct tzrule {
    int standard, summer; /* offsets, seconds east of UTC */
    bool has_summer;
    struct tzrule_change to_summer, to_standard;
};

/* All of `text`; false when it is not such a rule. */
bool tzrule_parse(const char *text, size_t size, struct tzrule *ret);
struct tzspan tzrule_span(const struct tzrule *, int64_t second);

#endif
