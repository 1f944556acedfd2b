#ifndef DAEMON_ADMIN_SILENCE_H
#define DAEMON_ADMIN_SILENCE_H

/* Has a portal been silent for longer than is usual on this weekday at this hour? The events of
 * each hour of the last eight weeks are counted. The hours that have passed since the last event
 * are compared with the same hours of each week before: a silence is unusual when all those weeks
 * had ten events or more in them, in more than one hour (of five weeks and more, all but one). So a
 * night is as quiet as nights are, a Monday has its own measure, a day may begin an hour later, and
 * what sends twice a day may be silent for days; a busy portal is missed after two to three hours.
 * Nothing is said before three weeks are known; days off that the calendars know are neither
 * counted nor compared; what was not watched wholly says nothing. Pure: time comes from the caller.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/zone.h"

enum { SILENCE_SLOTS = 168, SILENCE_LAPS = 8, SILENCE_OFF = -1 };

/* The events of one hour. */
struct silence_hour {
    int slot;       /* of the week: 0 is Monday 00:00 in the portal's zone */
    int lap;        /* the week's number modulo SILENCE_LAPS */
    int64_t at_ms;  /* when it began; 0: nothing is known */
    int64_t events; /* SILENCE_OFF: a day off */
};

struct silence {
    struct silence_hour hours[SILENCE_SLOTS][SILENCE_LAPS];
    struct silence_hour now;  /* the hour at work */
    bool whole;               /* it has been watched since its beginning */
    int64_t since_ms;         /* the last event, or the beginning of the watch */
    bool heard;               /* it was an event */
    int64_t looked_ms, count; /* at the last look */
};

/* The hour of that moment, its events not known. */
struct silence_hour silence_hour_of(const struct zone *, int64_t wall_ms);
/* A watch begins; nothing is known. */
void silence_init(struct silence *, int64_t now_ms);
/* What was kept: an hour, and the last event of a watch that ended at `at_ms`. It is gone on with
 * only if that was a moment ago, since what was sent meanwhile was lost. */
void silence_learn(struct silence *, const struct silence_hour *);
void silence_resume(struct silence *, int64_t heard_ms, int64_t at_ms);

/* What the listener knows of a portal. */
struct silence_heard {
    int64_t at_ms; /* the last event, 0: none yet */
    int64_t count; /* events so far; begins anew with the listener */
};

/* To be called about once a minute. `off`: today is a day off. True: an hour has ended, *ret is to
 * be kept. */
bool silence_look(struct silence *, const struct zone *, struct silence_heard, bool off,
                  int64_t now_ms, struct silence_hour *ret);

struct silence_verdict {
    bool unusual;
    int weeks;         /* that are known */
    int64_t silent_ms; /* since the last event or the beginning of the watch */
    int64_t expected; /* events that the whole hours since then have at least; 0 while too little is
                         known */
    bool heard;       /* an event has been heard at all */
};
/* With the last event as it is known now, which may be newer than the last look. */
struct silence_verdict silence_judge(const struct silence *, const struct zone *, int64_t heard_ms,
                                     bool off, int64_t now_ms);

/* A working weekday that is off, as the calendar knows: a holiday. */
bool silence_is_holiday(const struct calendar *, int64_t now_ms);

#endif
