#ifndef COMMON_DURATION_H
#define COMMON_DURATION_H

/* Durations and moments as people write them (product.md §2.2): `90s`, `15m`, `2h`, `3d`,
 * `30 days`, `3 workdays`, `15 workminutes`, `4 workhours`; `now + 4 workhours`, `today 18:00`,
 * `next workday 09:00`, ISO dates. Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/err.h"

enum duration_unit {
    DURATION_PLAIN,    /* amount in milliseconds; a day is 24 h */
    DURATION_WORKDAYS, /* amount in days of a calendar */
    DURATION_WORKTIME, /* amount in milliseconds of open time */
};

struct duration {
    enum duration_unit unit;
    int64_t amount;
};

/* The whole of `text` must be one duration. Words in any case, singular or plural; plain units may
 * be combined, the larger first: "1h 30m", "2 hours 30 minutes". No fractions. On failure
 * *ret_offset is the byte at which it stopped making sense. Ceiling: ten years. */
bool duration_parse(const char *text, struct duration *ret, size_t *ret_offset,
                    struct err *) MUST_CHECK;
/* `from` plus (sign = +1) or minus (-1) the duration. The calendar may be NULL for plain ones. */
bool duration_apply(const struct duration *, int sign, int64_t from_ms, const struct calendar *,
                    int64_t *ret_ms, struct err *) MUST_CHECK;
/* "3 workdays", "2 h 30 min": for people. `out` at least 48 bytes. */
void duration_print(const struct duration *, char out[48]);

/* A moment: what it is counted from, plus or minus a duration (every base takes one). */
struct moment {
    enum moment_base {
        MOMENT_NOW,          /* now [± DURATION] */
        MOMENT_TODAY,        /* today HH:MM [± DURATION] */
        MOMENT_TOMORROW,     /* tomorrow HH:MM */
        MOMENT_NEXT_WORKDAY, /* next workday HH:MM */
        MOMENT_CLOCK,        /* HH:MM: today, or tomorrow when that is past */
        MOMENT_FIXED,        /* an ISO date, local to the zone without an offset */
    } base;
    int minute_of_day; /* for the dated bases; -1 = keep the time of now */
    char iso[40];      /* MOMENT_FIXED */
    int sign;          /* 0: no duration */
    struct duration shift;
};

bool moment_parse(const char *text, struct moment *ret, size_t *ret_offset,
                  struct err *) MUST_CHECK;
/* What stands behind `until`: a moment, or a bare time of day. */
bool moment_parse_until(const char *text, struct moment *ret, size_t *ret_offset,
                        struct err *) MUST_CHECK;
/* Does the moment need working time (so a calendar must be known)? */
bool moment_needs_calendar(const struct moment *);
bool moment_reckon(const struct moment *, int64_t now_ms, const struct zone *,
                   const struct calendar *, int64_t *ret_ms, struct err *) MUST_CHECK;

#endif
