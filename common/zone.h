#ifndef COMMON_ZONE_H
#define COMMON_ZONE_H

/* A time zone read from the system's TZif database, and the calendar arithmetic of one. libc's own
 * conversions know only the process's zone, and portals have one each. zone_load reads a file once
 * at start; everything after that is pure and thread-safe. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct zone; /* immutable after load */

/* "Europe/Moscow", "UTC" (always known, without a file). NULL with a text naming the zone. */
struct zone *zone_load(const char *name, struct err *) MUST_CHECK;
/* Parses the bytes of a TZif file (version 2 or later, with its footer rule for times beyond the
 * table); for zone_load, tests and the fuzzer. */
struct zone *zone_parse(const char *name, const void *bytes, unsigned long size,
                        struct err *) MUST_CHECK;
void zone_free(struct zone *);
const char *zone_name(const struct zone *);

/* Local calendar time; `offset` = seconds east of UTC at that moment. */
struct civil {
    int year, month, day; /* month 1-12, day 1-31 */
    int hour, minute, second, ms;
    int weekday; /* 1 Monday … 7 Sunday */
    int offset;
};

/* Milliseconds UTC to local time. */
struct civil zone_local(const struct zone *, int64_t wall_ms);
/* Local time to milliseconds UTC; day, hour … may overflow (day 32 is the 1st of the next month).
 * A time that the spring change skips moves forward by the gap; one that comes twice is the first.
 * `weekday` and `offset` are ignored. */
int64_t zone_moment(const struct zone *, struct civil);

/* "2026-01-20T10:00:00+03:00" in that zone, whole seconds. `out` holds at least 26 bytes. Years
 * outside 0 to 9999 become the nearest that can be written. */
void zone_iso(const struct zone *, int64_t wall_ms, char out[26]);

/* ISO 8601 date, or date and time with or without seconds, fraction, offset (Z, ±hh:mm, ±hhmm);
 * 'T' or a blank between. Without an offset the time is local in `zone`. A bare date is local
 * midnight. False when it is not such a text, wholly. */
bool zone_parse_iso(const struct zone *, const char *text, int64_t *ret_wall_ms);
bool zone_is_iso(const char *text); /* would zone_parse_iso take it, in any zone? */

/* strftime-like: %d %m %Y %y %H %M %S %% %B (Russian month in the genitive) %A (Russian weekday)
 * %j. Writes at most `size`-1 bytes, whole UTF-8 letters, and a NUL; false on an unknown letter
 * (`out` unchanged then). */
bool zone_format(const struct zone *, int64_t wall_ms, const char *format, char *out,
                 unsigned long size);

#endif
