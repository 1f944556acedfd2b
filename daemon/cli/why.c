#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/queue.h"
#include "daemon/cli/story.h"

static enum exit_code print_story(const struct args *args, const json_t *story)
{
    bool known = json_array_size(jv_at(story, "rows")) > 0;
    if (args_has(args, OPTION_JSON)) {
        out_json(story);
        return known ? EXIT_YES : EXIT_NO;
    }
    if (known) {
        story_print(story);
        return EXIT_YES;
    }
    const char *note = jv_text(story, "note", ""), *pruned = jv_text(story, "pruned", "");
    out_complain("nothing is known of %s%s%s%s%.10s", jv_text(story, "entity", "it"),
                 note[0] != '\0' ? ": " : "", note,
                 pruned[0] != '\0' ? "; what had ended is not kept from before " : "", pruned);
    return EXIT_NO;
}

static enum exit_code ask(const struct args *args, const char *name, const char *value)
{
    const char *const pairs[] = {name,     value,
                                 "portal", args_text(args, OPTION_PORTAL, NULL),
                                 "limit",  args_text(args, OPTION_LIMIT, NULL),
                                 NULL};
    char *path = ask_path_new("/api/story", pairs);
    json_t *story;
    int status = 0;
    bool asked = ask_daemon(args, path, &story, &status);
    mem_free(path);
    if (!asked)
        return status == 404 ? EXIT_NO : EXIT_UNABLE;
    enum exit_code code = print_story(args, story);
    json_decref(story);
    return code;
}

/* `why run 17`, `why event 99`. */
static bool by_number(const char *word)
{
    return strcmp(word, "run") == 0 || strcmp(word, "event") == 0;
}

static enum exit_code run(const struct args *args)
{
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    const char *word = args->operands[0];
    if (by_number(word) && (args->count != 2 || !queue_is_number(args->operands[1]))) {
        out_complain("\"why %s 17\" would be right", word);
        return EXIT_UNABLE;
    }
    if (by_number(word))
        return ask(args, word, args->operands[1]);
    if (!entity_words(args, 0, entity, &err)) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    return ask(args, "entity", entity);
}

const struct verb verb_why = {
    .name = "why",
    .operands = "deal 123 | item \"TITLE\" 7 | run 17 | event 99 | operator",
    .help = "what happened and why, in order: events, changes, rules with the values they saw, "
            "calls, waits",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_PORTAL) | OPTION_BIT(OPTION_LIMIT),
    .least = 1,
    .most = ARGS_MOST,
    .run = run,
};
