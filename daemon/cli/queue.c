#include <string.h>

#include "common/near.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/runs.h"

/* What has not ended well yet: the default of `queue list`. */
static const char *const open_states[] = {"ready", "running", "waiting", "parked", "dead", NULL};

static bool check_state(const char *state, struct err *err)
{
    static const char *const words[] = {"ready",     "running", "waiting", "parked",
                                        "cancelled", "done",    "dead"};
    enum { WORDS = sizeof words / sizeof words[0] };
    for (size_t i = 0; i < WORDS; i++)
        if (strcmp(words[i], state) == 0)
            return true;
    const char *near = near_name(state, words, WORDS);
    return err_set(err, "unknown state \"%s\"; did you mean \"%s\"?", state,
                   near != NULL ? near : "waiting");
}

static enum exit_code list(const struct args *args)
{
    const char *one[] = {args_text(args, OPTION_STATE, NULL), NULL};
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    if ((one[0] != NULL && !check_state(one[0], &err)) ||
        (args->count > 1 && !entity_words(args, 1, entity, &err))) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    json_t *runs =
        runs_ask(args, one[0] != NULL ? one : open_states, args->count > 1 ? entity : NULL);
    if (runs == NULL)
        return EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(runs);
    else if (json_array_size(runs) > 0)
        runs_print(runs);
    else
        out_line("no runs");
    json_decref(runs);
    return EXIT_YES;
}

static enum exit_code run(const struct args *args)
{
    if (strcmp(args->operands[0], "list") == 0)
        return list(args);
    out_complain("unknown word \"%s\" behind queue; there is: list", args->operands[0]);
    return EXIT_UNABLE;
}

const struct verb verb_queue = {
    .name = "queue",
    .operands = "list [deal 123]",
    .help = "runs that have not ended, and those that wait for a person",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_PORTAL) | OPTION_BIT(OPTION_RULE) | OPTION_BIT(OPTION_STATE),
    .least = 1,
    .most = 5,
    .run = run,
};
