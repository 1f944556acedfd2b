#include "daemon/model/run.h"

#include <string.h>

static const char *const state_words[] = {
    [RUN_READY] = "ready",   [RUN_WAITING] = "waiting",     [RUN_RUNNING] = "running",
    [RUN_DONE] = "done",     [RUN_CANCELLED] = "cancelled", [RUN_DEAD] = "dead",
    [RUN_PARKED] = "parked",
};

enum { STATE_END = sizeof state_words / sizeof state_words[0] };

const char *run_state_word(enum run_state state)
{
    return (int)state >= RUN_READY && (int)state < STATE_END ? state_words[state] : "?";
}

bool run_state_parse(const char *word, enum run_state *ret)
{
    for (int i = RUN_READY; i < STATE_END; i++) {
        if (strcmp(state_words[i], word) == 0) {
            *ret = (enum run_state)i;
            return true;
        }
    }
    return false;
}

bool run_is_timer(const struct run *run)
{
    return json_object_get(run->vars, "timer") != NULL;
}

int64_t run_due_ms(const struct run *run)
{
    const json_t *held = json_object_get(run->vars, "held_ms");
    return run->due_ms == RUN_HELD_MS ? (int64_t)json_integer_value(held) : run->due_ms;
}

void run_done(struct run *run)
{
    json_decref(run->chain);
    json_decref(run->vars);
    run->chain = NULL;
    run->vars = NULL;
}

void run_copy(struct run *to, const struct run *from)
{
    *to = *from;
    to->chain = json_deep_copy(from->chain);
    to->vars = json_deep_copy(from->vars);
}
