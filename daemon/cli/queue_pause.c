/* `queue pause` and `queue resume`. */

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/queue.h"

/* One operand is a portal, two and more are an entity. */
struct target {
    const char *portal;
    char entity[ENTITY_WORDS_SIZE]; /* "": none */
};

static bool read_target(const struct args *args, bool entities, struct target *ret)
{
    struct err err = {0};
    bool entity =
        entities && args->count > 1 && (args->count > 2 || strchr(args->operands[1], ' ') != NULL);
    *ret = (struct target){.portal = args_text(args, OPTION_PORTAL, NULL)};
    if (entity && !entity_words(args, 1, ret->entity, &err)) {
        out_complain("%s", err.text);
        return false;
    }
    if (entity || args->count < 2)
        return true;
    if (args->count > 2) {
        out_complain("unexpected \"%s\": one portal at a time", args->operands[2]);
        return false;
    }
    ret->portal = args->operands[1];
    return true;
}

static enum exit_code give(const struct args *args, const char *word, const struct target *target)
{
    bool resume = strcmp(word, "resume") == 0;
    char *user = queue_user_new();
    const char *const pairs[] = {"portal", target->portal,
                                 "rule",   args_text(args, OPTION_RULE, NULL),
                                 "entity", target->entity[0] != '\0' ? target->entity : NULL,
                                 "all",    args_has(args, OPTION_ALL) ? "1" : NULL,
                                 "why",    resume ? NULL : args_text(args, OPTION_WHY, NULL),
                                 "by",     user,
                                 NULL};
    char *route = mem_printf("/api/queue/%s", word);
    char *path = ask_path_new(route, pairs);
    json_t *answer = NULL;
    int status = 0;
    bool asked = order_daemon(args, path, &answer, &status);
    mem_free(route);
    mem_free(path);
    mem_free(user);
    if (!asked)
        return status == 404 ? EXIT_NO : EXIT_UNABLE;
    size_t i;
    json_t *line;
    if (args_has(args, OPTION_JSON))
        out_json(answer);
    else
        json_array_foreach (json_object_get(answer, "say"), i, line)
            out_line("%s", json_string_value(line));
    json_decref(answer);
    return EXIT_YES;
}

enum exit_code hand_pause(const struct args *args)
{
    struct target target;
    if (!read_target(args, false, &target))
        return EXIT_UNABLE;
    enum exit_code code = give(args, "pause", &target);
    if (code == EXIT_YES && !args_has(args, OPTION_JSON))
        out_line("events go on being accepted; what is under way ends its present call");
    return code;
}

enum exit_code hand_resume(const struct args *args)
{
    struct target target;
    return read_target(args, true, &target) ? give(args, "resume", &target) : EXIT_UNABLE;
}
