#ifndef DAEMON_RULES_OUTCOME_H
#define DAEMON_RULES_OUTCOME_H

/* What came of a step's calls so far, and what is to be said of it. Pure. */

#include "daemon/rules/plan.h"

struct outcome {
    size_t open;                           /* calls without an answer */
    bool shadow;                           /* calls were recorded, not made */
    const struct command *failed, *unsure; /* the first of each, NULL: none */
};

struct outcome outcome_of(const struct plan *);

/* "crm.item.update: ACCESS_DENIED: access denied": why a command failed. */
void outcome_say_failure(const struct plan *, const struct command *, char out[512]);
/* "crm.item.add, id 22": what a finished step did. */
void outcome_say_done(const struct plan *, const struct outcome *, char out[512]);

/* Notes in vars.touched which records the step's calls may have changed: their facts are of before,
 * and are no longer compared with (item.h). Holds until facts are fetched anew. */
void outcome_touch(const struct plan *, json_t *vars);

/* Leaves in the plan the commands without an answer only. */
void outcome_keep_open(struct plan *);

/* What {{LABEL.…}} will be: an object of at most 64 KiB, else only its id and, of a list,
 * its total. New. */
json_t *outcome_label_new(const struct plan *, const struct outcome *);

#endif
