#ifndef DAEMON_MODEL_RUN_H
#define DAEMON_MODEL_RUN_H

/* One rule at work on one entity. Plain data; the row `run`. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/entity.h"
#include "daemon/model/event.h"

enum run_state {
    RUN_READY = 1, /* may go on at due_ms */
    RUN_WAITING,   /* a [wait] step; due_ms or a cancel ends it */
    RUN_RUNNING,   /* calls intended or in flight; found after a crash: look first */
    RUN_DONE,
    RUN_CANCELLED,
    RUN_DEAD,   /* a dead letter: reason says why */
    RUN_PARKED, /* outcome unknown and nothing to look at: a person decides */
};
const char *run_state_word(enum run_state); /* "ready" … */
bool run_state_parse(const char *word, enum run_state *ret);

enum { RUN_RULE_SIZE = 96, RUN_CHAIN_MOST = 12 };

struct run {
    int64_t id;
    int64_t portal;
    char rule[RUN_RULE_SIZE]; /* name */
    uint64_t version;         /* digest of the rule's text when it started */
    struct entity entity;
    enum run_state state;
    enum priority priority;
    int step;       /* index of the next step; = count: at the end */
    int64_t due_ms; /* wall; 0 = now; RUN_HELD_MS: its rule is paused */
    int attempt;    /* of this step, from 0 */
    int64_t cause_event;
    int64_t cause_run; /* the run whose write caused this one, 0: from outside */
    json_t *chain;     /* owned array of "rule|type|id": causes from the first on, without itself */
    /* Owned object, all members optional:
     *  old      watched fields before the change          event    {name, data, ts, query}
     *  actor    user id who made the change               start    {stageId, categoryId} then
     *  labels   {LABEL: result}                           skipped  the `if` of the step before was
     *  gone     the last snapshot of a deleted entity               false (for [else])
     *  touched  records that this run wrote since facts were fetched
     *  trigger  text of the trigger that fired      chosen  whom the step at hand means: choice.h
     *  held_ms  its due_ms before it was laid down because its rule is paused
     *  timer    {trigger, base, due_ms}: a timer that is set and has not gone off */
    json_t *vars;
    char reason[320];   /* why it ended or waits, for people */
    int64_t created_ms; /* when it began; 0: a timer that has not gone off */
    int64_t updated_ms;
};

/* A due run of a rule that an operator has paused is laid down until it is resumed; so it stands in
 * nobody's way, however many they are. */
#define RUN_HELD_MS INT64_MAX
/* When it is or was due, held or not. */
int64_t run_due_ms(const struct run *);

/* A timer that is set: it waits before its first step and has not begun. */
bool run_is_timer(const struct run *);

void run_done(struct run *);                           /* frees what it owns */
void run_copy(struct run *to, const struct run *from); /* deep */

#endif
