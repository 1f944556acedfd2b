#ifndef DAEMON_RULES_OCCUR_H
#define DAEMON_RULES_OCCUR_H

/* What happened, apart: one change of an entity is a row of occurrences, in order, and a trigger
 * either names one or does not. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/rules/change.h"
#include "daemon/rules/scope.h"

struct occurrence {
    enum occurrence_kind {
        OCCUR_BIRTH,   /* it came to be, for `added` */
        OCCUR_EVENT,   /* a stored event, for `robot`, `event`, signals */
        OCCUR_PASSAGE, /* from stage to stage, for `enters`, `leaves`, `stage changes` */
        OCCUR_LOOK,    /* what the look found, for the rest */
    } kind;
    size_t at; /* which of the change's events or passages */
    struct passage passage;
};

/* All of them: the birth, events, passages, the look; oldest first among their own. mem_free.
 * Passages that the engine left out are read off the record: added in its stage, or another stage
 * than before. */
struct occurrence *occurrences_of(const struct change *, size_t *ret_count);

/* Kinds of triggers that such an occurrence can be. */
const enum trigger_kind *occurrence_triggers(enum occurrence_kind, size_t *ret_count);

/* Does the trigger name it? `from` and `to` of `changes` are left out, which is what triggers that
 * ask for the same thing have in common. `start` is the stage at a run's start, for `leaves stage`;
 * "" without a run. */
enum known occur_same(const struct occurrence *, const struct trigger *, const struct change *,
                      const char *start, struct scope *, bool *ret);
/* And do `from` and `to` hold? Only after occur_same was true. */
enum known occur_values(const struct occurrence *, const struct trigger *, const struct change *,
                        struct scope *, bool *ret);

#endif
