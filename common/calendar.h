#ifndef COMMON_CALENDAR_H
#define COMMON_CALENDAR_H

/* Working time: hours by weekday, dated exceptions, holidays (product.md §2, §2.2). All reckoning
 * is local to a zone. Pure; immutable after it is built, thread-safe then. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/zone.h"

struct calendar;

/* An empty calendar has no working time. The zone is borrowed and must outlive it. */
struct calendar *calendar_new(const struct zone *);
/* Monday to Friday 09:00-18:00, for rules without a calendar of their own. */
struct calendar *calendar_new_plain(const struct zone *);
void calendar_free(struct calendar *);

/* One `hours` value: "Mon-Fri 09:00-18:00", "Mon,Wed 09:00-13:00 14:00-18:00", "2026-12-31 off",
 * "2026-12-30 09:00-15:00". Several lines add up; a dated one overrides its day. The error says
 * what would be right; *ret_offset is the byte of `text` at which it stands. */
bool calendar_add_hours(struct calendar *, const char *text, size_t *ret_offset,
                        struct err *) MUST_CHECK;
/* One line of a holidays file: "YYYY-MM-DD" or "YYYY-MM-DD work HH:MM-HH:MM"; an empty line and one
 * that begins with # or ; add nothing. A dated `hours` line of the calendar goes before it. */
bool calendar_add_holiday(struct calendar *, const char *line, size_t *ret_offset,
                          struct err *) MUST_CHECK;
/* Last day named in the holidays as YYYYMMDD, 0 if none. */
int calendar_last_holiday(const struct calendar *);

bool calendar_is_workday(const struct calendar *, int64_t wall_ms);
bool calendar_is_open(const struct calendar *, int64_t wall_ms);
/* The same time of day on the n-th working day after (n < 0: before) the day of `from`; n = 0
 * returns `from`. Looks at most ten years ahead; false when there is no such day. */
bool calendar_add_workdays(const struct calendar *, int64_t from_ms, int n,
                           int64_t *ret_ms) MUST_CHECK;
/* The moment at which `work_ms` of open time have passed since (negative: remain until) `from`. */
bool calendar_add_worktime(const struct calendar *, int64_t from_ms, int64_t work_ms,
                           int64_t *ret_ms) MUST_CHECK;
/* HH:MM on the next working day after the day of `from`. */
bool calendar_next_workday_at(const struct calendar *, int64_t from_ms, int minute_of_day,
                              int64_t *ret_ms) MUST_CHECK;

#endif
