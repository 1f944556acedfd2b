#ifndef DAEMON_RULES_CHANGE_H
#define DAEMON_RULES_CHANGE_H

/* From "something happened to deal 123" to "these rules fire, those waits end": pure. The engine
 * gathers a change (events, the record now, the snapshot before, stages passed between), asks
 * change_judge, fetches what it needs, and asks again until it has the answer; then asks
 * change_admit for each firing whether the rule's own limits let it start. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/entity.h"
#include "daemon/model/event.h"
#include "daemon/model/run.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"

/* One passage from stage to stage; from "" when the entity was created in `to`. */
struct passage {
    char from[64], to[64];
    int64_t at_ms; /* the portal's time */
};

struct change {
    const char *portal; /* name */
    struct entity entity;
    const json_t *now;  /* the whole record; NULL: deleted, or the event is of no entity */
    const json_t *old;  /* watched fields of the snapshot; NULL: never seen */
    const json_t *gone; /* deleted: the last snapshot */
    bool added;         /* it came to be, and rules were not told before */
    bool updated; /* UPDATE came and the look found a difference (or nothing to compare with) */
    bool deleted;
    const struct passage *passages; /* oldest first */
    size_t passage_count;
    const struct event *events;      /* pending ones of this entity, oldest first */
    const json_t *const *event_data; /* for each event {name, data, ts, query} as run.vars.event */
    size_t event_count;
    int64_t actor;          /* user id, 0 unknown */
    int64_t cause_event;    /* the newest event that led here */
    int64_t cause_run;      /* a write of ours, 0: from outside */
    const json_t *chain;    /* of that run, with itself; NULL */
    enum priority priority; /* of the most urgent event */
    bool waking;            /* no event: a run that slept asks whether anything has ended it */
};

/* One rule that fires, or would have. */
struct firing {
    const struct rule *rule;
    const struct trigger *trigger;
    bool passed;               /* its conditions hold */
    json_t *vars;              /* owned: run.vars for the new run */
    json_t *trace;             /* owned: comparisons with their values */
    char reason[320];          /* when it did not pass: the condition that failed */
    const struct event *event; /* the event it belongs to: for robot, event */
    enum priority priority;
    int64_t run_id;   /* the engine's: the run that it started, 0: none */
    int64_t visit_ms; /* when the stage visit that it belongs to began; 0: the present one */
};

struct ending {
    int64_t run_id;
    char reason[320]; /* "cancel-on: deal leaves stage" */
};

struct judgement {
    json_t *needs; /* owned array; not empty: fetch these and ask again, the rest is void */
    struct firing *firings;
    size_t firing_count;
    struct ending *endings; /* live runs that end */
    size_t ending_count;
    json_t *frozen; /* owned array of texts: rules that could not be judged, and why */
};

/* `live` are the entity's runs that have not ended (ready, waiting, running); those that wait are
 * tried against cancel-on; all end when the entity is deleted. */
void change_judge(const struct ruleset *, const struct change *, const struct run *live,
                  size_t live_count, const json_t *facts, const struct rules_env *,
                  struct judgement *ret);
void judgement_done(struct judgement *);

/* What the store knows of earlier firings of one rule on one entity. */
struct fired {
    int64_t total;          /* ever */
    int64_t last_ms;        /* 0: never */
    int64_t visit_ms;       /* stage_since of the visit in which it last fired */
    int64_t recent;         /* within the rule's limit window */
    int64_t frozen_ms;      /* frozen until then */
    int64_t stage_since_ms; /* now: when the entity entered its stage */
    bool own_id_seen;       /* an event with this id of its own has fired this rule before */
};

enum admit { ADMIT_START, ADMIT_SKIP, ADMIT_RESTART, ADMIT_FREEZE };
/* May this firing start a run? RESTART: end the live runs of the rule first. FREEZE: the limit is
 * reached just now; the operator is told once. `reason` (320 bytes) says why not. Order of checks:
 * chain of causes, frozen, once-per, limit, mode. */
enum admit change_admit(const struct firing *, const struct change *, const struct run *live,
                        size_t live_count, const struct fired *, int64_t now_ms, char reason[320]);

#endif
