#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/runs.h"

static enum exit_code run(const struct args *args)
{
    static const char *const states[] = {"waiting", NULL};
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    int64_t limit;
    bool more;
    if (args->count > 0 && !entity_words(args, 0, entity, &err)) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    if (!runs_limit(args, &limit))
        return EXIT_UNABLE;
    json_t *runs = runs_ask(args, states, args->count > 0 ? entity : NULL, limit, &more);
    if (runs == NULL)
        return EXIT_UNABLE;
    bool any = json_array_size(runs) > 0;
    if (args_has(args, OPTION_JSON))
        out_json(runs);
    else if (any)
        runs_print(runs, more);
    else
        out_line("nothing waits");
    json_decref(runs);
    return any || args->count == 0 ? EXIT_YES : EXIT_NO;
}

const struct verb verb_timers = {
    .name = "timers",
    .operands = "[deal 123]",
    .help = "what waits, until when, and what would end it early; the soonest first",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_LIMIT) | RUNS_OPTIONS,
    .most = ARGS_MOST,
    .run = run,
};
