#ifndef COMMON_CALENDAR_DAYS_H
#define COMMON_CALENDAR_DAYS_H

/* What a calendar holds. Only calendar.c (the reckoning) and calendar_parse.c (the text) look. */

#include "common/calendar.h"
#include "common/hours.h"

enum { CALENDAR_MOST_DATES = 4000 }; /* every day of ten years */

struct calendar_date {
    int64_t number; /* day, see date.h */
    struct hours hours;
};

struct calendar_dates { /* ascending, each day once */
    struct calendar_date *entries;
    size_t count, capacity;
};

struct calendar {
    const struct zone *zone; /* borrowed */
    struct hours weekly[8];  /* by weekday, 1 Monday … 7 Sunday */
    /* A date of the calendar's own lines goes before one of the holidays file, which many
     * calendars may share, and both before the weekday. */
    struct calendar_dates own, holidays;
    int last_holiday; /* YYYYMMDD, 0 none */
};

/* The entry of that day, or NULL. */
struct calendar_date *calendar_date_find(const struct calendar_dates *, int64_t number);
/* Adds an entry for a day that has none; false when there are too many. */
bool calendar_date_put(struct calendar_dates *, int64_t number, const struct hours *) MUST_CHECK;

#endif
