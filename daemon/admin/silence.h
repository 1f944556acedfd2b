#ifndef DAEMON_ADMIN_SILENCE_H
#define DAEMON_ADMIN_SILENCE_H

/* Has a portal been silent for longer than is usual on this weekday at this hour? For each hour of
 * the week the longest silence that stood in it is kept, of the last eight weeks; a silence is
 * unusual when it is well beyond what those weeks had at this hour, and was so a while ago too. So
 * a night is as quiet as nights are, a portal with one event a day may be, and Monday morning has
 * its own measure. Nothing is said before three weeks are known, nor on a day off that the
 * calendars know; one odd week in the past is forgiven. Pure: time comes from the caller. */

#include <stdbool.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/zone.h"

enum { SILENCE_SLOTS = 168, SILENCE_LAPS = 8 };

/* The longest silence that stood in one hour. */
struct silence_hour {
    int slot;      /* of the week: 0 is Monday 00:00 in the portal's zone */
    int lap;       /* the week's number modulo SILENCE_LAPS */
    int64_t at_ms; /* when it began; 0: nothing is known */
    int64_t gap_ms;
};

struct silence {
    struct silence_hour hours[SILENCE_SLOTS][SILENCE_LAPS];
    struct silence_hour now; /* the hour at work */
    bool whole; /* it has been watched since its beginning, and an event had been heard before */
    int64_t since_ms; /* the last event, or the beginning of the watch */
    int64_t off_ms;   /* of the time since: on holidays */
    bool heard;       /* it was an event */
    int64_t looked_ms;
};

/* A watch begins; nothing is known. */
void silence_init(struct silence *, int64_t now_ms);
/* What was kept: an hour, and the last event of a watch that ended at `at_ms`. It is gone on with
 * only if that was a moment ago, since what was sent meanwhile was lost. */
void silence_learn(struct silence *, const struct silence_hour *);
void silence_resume(struct silence *, int64_t heard_ms, int64_t at_ms);

/* To be called about once a minute with the portal's last event (0: none yet). `special`: a day
 * like no other of its weekday, from which nothing is learnt. True: an hour has ended, *ret is to
 * be kept. */
bool silence_look(struct silence *, const struct zone *, int64_t heard_ms, bool special,
                  int64_t now_ms, struct silence_hour *ret);

struct silence_verdict {
    bool unusual;
    int weeks;         /* that are known of this hour */
    int64_t silent_ms; /* since the last event or the beginning of the watch */
    int64_t usual_ms;  /* the longest that was usual; 0 while too little is known */
    bool heard;        /* an event has been heard at all */
};
/* With the last event as it is known now, which may be newer than the last look. */
struct silence_verdict silence_judge(const struct silence *, const struct zone *, int64_t heard_ms,
                                     bool special, int64_t now_ms);

/* A working weekday that is off, as the calendar knows: a holiday. */
bool silence_is_holiday(const struct calendar *, int64_t now_ms);

#endif
