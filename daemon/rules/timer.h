#ifndef DAEMON_RULES_TIMER_H
#define DAEMON_RULES_TIMER_H

/* Timers: `2h before deal.FIELD`, `3 workdays after deal.FIELD`, `10h after contact.birthdate every
 * year`, `deal idle D`, `every weekday 09:00`. A timer that is set is a run that waits before its
 * first step (model/run.h); it counts as fired when it wakes. What a look says of an entity's
 * timers, and what a waking one does, is decided here. Pure. */

#include <jansson.h>

#include "daemon/rules/change.h"

struct loader; /* load.h */

enum { TIMER_BASE_SIZE = 32, TIMER_SLACK_MS = 60000 };

/* Of before, after, idle, every. */
bool trigger_is_timer(const struct trigger *);
/* The rule's timer of that text, NULL when it has none (any more). */
const struct trigger *timer_of(const struct rule *, const char *text);
/* The REST names of standard fields that hold a date or a moment, of any kind of entity; a bare
 * date is *ret_day. */
bool timer_field_is_date(const char *name, bool *ret_day);
/* What no single key can see: working time without a calendar, `every` beside an entity. */
void timer_check_rule(struct loader *, const struct ini_section *, const struct rule *);

/* ---- moments --------------------------------------------------------------------------------- */

struct timer_moment {
    bool set;                   /* false: the field is empty */
    int64_t due_ms;             /* wall */
    char base[TIMER_BASE_SIZE]; /* what it is counted from: an ISO moment or date; two that are the
                                   same are the same value of the field */
};

/* When the timer of a before, after or idle goes off for that record. What comes round every year
 * stays with the year of `set`, the run that waits for it, as long as the record's date is still
 * that day; without one (NULL) or with another date it is the next to come. */
enum known timer_moment(const struct rule *, const struct trigger *, struct scope *,
                        const json_t *record, const struct run *set, struct timer_moment *ret);
/* Is there a next time once it has gone off? */
bool timer_comes_again(const struct trigger *);
/* The first time after (not at) that moment of an `every`, or, of what comes round every year, the
 * first after it of the day that `base` is. */
bool timer_next(const struct rule *, const struct trigger *, const struct rules_env *,
                int64_t after_ms, const char *base, struct timer_moment *ret,
                struct err *) MUST_CHECK;
/* Lists of a portal's records are asked for those whose field lies between these two moments, so
 * that no timer that goes off between `from` and `to` is missed; a few more are. Of what comes
 * round every year: for those whose day, in the year of these moments, lies between. */
bool timer_bounds(const struct rule *, const struct trigger *, const struct rules_env *,
                  int64_t from_ms, int64_t to_ms, int64_t *ret_least, int64_t *ret_most,
                  struct err *) MUST_CHECK;
/* A bound in another year. A 29th of February that is kept on the 28th stays within the bounds:
 * they have a day in hand. */
int64_t timer_years_back(const struct zone *, int64_t bound_ms, int years);
/* The field that a list is filtered by, as crm.item.list calls it (updatedTime for idle), and
 * whether it holds a bare date. */
enum known timer_field(const struct trigger *, struct scope *, char out[96], bool *ret_day);

/* ---- a look ---------------------------------------------------------------------------------- */

/* One thing to be done about a timer. */
struct timer_step {
    enum timer_doing { TIMER_SET, TIMER_MOVE, TIMER_END } doing;
    const struct rule *rule;       /* NULL in TIMER_END when it is gone */
    const struct trigger *trigger; /* likewise */
    int64_t run_id;                /* of the timer that is moved or ended */
    struct timer_moment moment;
    bool news;        /* this look found the field changed */
    char reason[160]; /* TIMER_END */
};

struct timer_plan {
    json_t *needs; /* owned array; not empty: fetch these and ask again, the rest is void */
    struct timer_step *steps;
    size_t count;
    json_t *frozen; /* owned array of texts: timers that cannot be reckoned, and why */
};

/* `live` are the entity's runs that have not ended. */
void timer_plan_make(const struct ruleset *, const struct change *, const struct run *live,
                     size_t live_count, const json_t *facts, const struct rules_env *,
                     struct timer_plan *ret);
void timer_plan_done(struct timer_plan *);

/* What the store and the engine know of a timer for that value of the field. */
struct timer_known {
    int64_t born_ms;    /* since when the trigger is known: earlier moments never go off */
    int64_t since_ms;   /* moments before this were not missed by an outage */
    int64_t started_ms; /* since when this daemon listens */
    int64_t updated_ms; /* when the record was changed last, 0 unknown */
    bool over;          /* it has gone off or was cancelled for this value */
    bool left;          /* and the field had another value since */
};
/* May the timer be set for that moment? `reason` (160 bytes) says why not, "" when nobody wants to
 * know. A moment that was past already when the field got its value was not missed: it goes off
 * only as far back as `late = run within D` says. */
bool timer_admit(const struct rule *, const struct timer_moment *, const struct timer_known *,
                 int64_t now_ms, const struct zone *, char reason[160]);

/* ---- waking ---------------------------------------------------------------------------------- */

/* vars.timer and the reason of the run. */
void timer_write(struct run *, const struct trigger *, const struct timer_moment *,
                 const struct zone *);
const char *timer_text(const struct run *); /* the trigger's, "" when the run is no timer */
const char *timer_base(const struct run *); /* "" of NULL */
int64_t timer_due_ms(const struct run *);   /* the moment, whatever the run's due time has become */
/* Why a timer that is overdue does not go off, or NULL. */
const char *timer_late(const struct rule *, int64_t due_ms, int64_t started_ms, int64_t now_ms);

struct timer_waking {
    json_t *needs; /* owned; not empty: fetch these and ask again */
    enum timer_woke {
        TIMER_FIRES,  /* `firing` says whether its conditions hold */
        TIMER_SLEEPS, /* until `moment`: the field moved */
        TIMER_ENDS,   /* `reason` */
    } kind;
    struct firing firing; /* owned */
    struct timer_moment moment;
    bool over; /* TIMER_ENDS: for this value for good */
    bool bad;  /* TIMER_ENDS: it cannot be judged */
    char reason[320];
};
/* `change` holds the record as it is now, or `deleted`. */
void timer_wake(const struct ruleset *, const struct rule *, const struct run *,
                const struct change *, const json_t *facts, const struct rules_env *,
                struct timer_waking *ret);
void timer_waking_done(struct timer_waking *);

#endif
