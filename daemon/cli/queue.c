#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/near.h"
#include "daemon/cli/ask.h"
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
    bool more;
    json_t *runs =
        runs_ask(args, one[0] != NULL ? one : open_states, args->count > 1 ? entity : NULL, &more);
    if (runs == NULL)
        return EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(runs);
    else if (json_array_size(runs) > 0)
        runs_print(runs);
    else
        out_line("no runs");
    if (more && !args_has(args, OPTION_JSON))
        out_line("… and more: ask for one state, one entity or one rule");
    json_decref(runs);
    return EXIT_YES;
}

/* ---- orders ---------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    return text[0] != '\0' && strlen(text) < 19 && strspn(text, "0123456789") == strlen(text);
}

static enum exit_code order(const struct args *args, const char *id, const char *made)
{
    const char *const pairs[] = {"run", id, "made", made, NULL};
    char *route = mem_printf("/api/queue/%s", args->operands[0]);
    char *path = ask_path_new(route, pairs);
    json_t *answer = NULL;
    int status = 0;
    bool asked = order_daemon(args, path, &answer, &status);
    mem_free(route);
    mem_free(path);
    if (!asked)
        return status == 404 || status == 409 ? EXIT_NO : EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(answer);
    else
        out_line("run %s: %s", id, jv_text(answer, "say", ""));
    json_decref(answer);
    return EXIT_YES;
}

static enum exit_code order_each(const struct args *args)
{
    enum exit_code worst = EXIT_YES;
    for (size_t i = 1; i < args->count; i++) {
        enum exit_code code = order(args, args->operands[i], NULL);
        worst = code > worst ? code : worst;
    }
    return worst;
}

/* `queue done RUN [ID]`: the id that the thing has in the portal becomes {{LABEL.id}}. */
static enum exit_code order_done(const struct args *args)
{
    if (args->count <= 3)
        return order(args, args->operands[1], args->count == 3 ? args->operands[2] : NULL);
    out_complain("one run at a time; behind it the id in the portal may stand");
    return EXIT_UNABLE;
}

static enum exit_code give_order(const struct args *args,
                                 enum exit_code (*give)(const struct args *))
{
    if (args->count < 2) {
        out_complain("which run? \"queue %s 17\"; `b24bridge queue list` shows them",
                     args->operands[0]);
        return EXIT_UNABLE;
    }
    for (size_t i = 1; i < args->count; i++)
        if (!is_number(args->operands[i])) {
            out_complain("\"%s\" is not the number of a run", args->operands[i]);
            return EXIT_UNABLE;
        }
    return give(args);
}

static enum exit_code run(const struct args *args)
{
    static const struct {
        const char *word;
        enum exit_code (*give)(const struct args *);
    } orders[] = {{"retry", order_each}, {"done", order_done}, {"drop", order_each}};
    const char *word = args->operands[0];
    if (strcmp(word, "list") == 0)
        return list(args);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(orders[i].word, word) == 0)
            return give_order(args, orders[i].give);
    out_complain("unknown word \"%s\" behind queue; there are: list, retry, done, drop", word);
    return EXIT_UNABLE;
}

const struct verb verb_queue = {
    .name = "queue",
    .operands = "list [deal 123] | retry RUN… | done RUN [ID] | drop RUN…",
    .help =
        "runs that have not ended and those that wait for a person, who decides: not done, done, "
        "never mind",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_PORTAL) | OPTION_BIT(OPTION_RULE) | OPTION_BIT(OPTION_STATE),
    .least = 1,
    .most = ARGS_MOST,
    .run = run,
};
