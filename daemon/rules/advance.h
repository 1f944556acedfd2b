#ifndef DAEMON_RULES_ADVANCE_H
#define DAEMON_RULES_ADVANCE_H

/* The keystone: what does this run want next? Pure (architecture.md §2). */

#include <jansson.h>

#include "daemon/model/command.h"
#include "daemon/model/run.h"
#include "daemon/rules/choice.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"

struct advance {
    enum advance_kind {
        ADVANCE_NEED,   /* fetch `needs`, then ask again with the same answers */
        ADVANCE_CALL,   /* make these calls, then ask again with their answers added */
        ADVANCE_TURN,   /* take the turn of a team (choice_take, unless somebody else has taken that
                           one meanwhile), then ask again */
        ADVANCE_WAIT,   /* sleep until due_ms; the run's step already points behind the wait (or at
                           the same step, for a retry) */
        ADVANCE_FINISH, /* the run ends in `state`, run->reason says why */
    } kind;
    json_t *needs;            /* owned array of texts */
    struct command *commands; /* owned; calls of one step, to be made in this order */
    size_t count;
    struct turn turn;
    int64_t due_ms;
    enum run_state wait_state; /* RUN_WAITING for a [wait], RUN_READY for a retry's pause */
    enum run_state state;
    json_t *trace; /* owned array for `why`: {"step":2,"text":"then
                      todo","what":"if|skip|done|error| wait|stop","is":…,"values":[…],"say":…} */
    json_t *asked; /* owned array, of a call: what was asked before it ("if"), the same lines as
                      come again in `trace` when the step is over; NULL otherwise */
};

/* `run` in and out: step, vars (labels), attempt and reason move on as steps complete. `answers`:
 * object, command key → {"verdict","result","error","text"}; those of earlier steps may be there
 * and are ignored. Commands whose key has an answer are never asked for again. */
void rules_advance(const struct ruleset *, const struct rule *, struct run *run,
                   const json_t *facts, const json_t *answers, const struct rules_env *,
                   struct advance *ret);
void advance_done(struct advance *);

/* {"verdict":…,"result":…,"error":…,"text":…} for `answers`. New. */
json_t *advance_answer_new(const struct answer *);

#endif
