#ifndef DAEMON_ENGINE_PENDING_H
#define DAEMON_ENGINE_PENDING_H

/* One effect of a run's present step on its way: what effects.c and unsure.c share. */

#include "daemon/engine/task.h"

enum pending_state {
    PENDING_CALL,    /* to be called (once its intention is stored) */
    PENDING_LOOK,    /* outcome unknown: to be looked for */
    PENDING_SETTLED, /* answer is known */
    PENDING_LATER,   /* known not executed, to be called in a later sitting */
};

struct pending {
    struct effect effect;
    enum pending_state state;
    struct answer answer;
    bool row_stored;     /* the intention is on disk */
    bool outcome_stored; /* so is the present answer */
    bool looked;
    bool early;    /* looked for, not there, and it may still come */
    bool repeated; /* in this sitting, after a look */
    bool writing;  /* announced in engine.writes */
    struct entity target;
    struct given given; /* owner 0: no deputy gets it */
};

/* Its answer is known: the rules will see it. */
void pending_settle(struct task *, struct pending *);
/* Fills a call that brings its answer back to the task; copies the command. */
struct call *pending_call(struct task *, struct call *, const struct command *);
void pending_calls_forget(struct task *); /* those of task->calls */

#endif
