#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"

static enum exit_code forget_member(const struct args *args)
{
    const char *const pairs[] = {"portal", args->operands[1], NULL};
    char *path = ask_path_new("/api/portal/forget-member", pairs);
    json_t *answer = NULL;
    int status = 0;
    bool asked = order_daemon(args, path, &answer, &status);
    mem_free(path);
    if (!asked && status == 0)
        out_complain("the running daemon forgets it: start it, then once more");
    if (!asked)
        return status == 404 ? EXIT_NO : EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(answer);
    else
        out_line("%s", jv_text(answer, "say", ""));
    json_decref(answer);
    return EXIT_YES;
}

static enum exit_code run(const struct args *args)
{
    const char *word = args->operands[0];
    if (strcmp(word, "forget-member") != 0) {
        out_complain("unknown word \"%s\" behind portal; there is: forget-member", word);
        return EXIT_UNABLE;
    }
    if (args->count < 2) {
        out_complain("which portal? \"portal forget-member main\"; `b24bridge status` lists them");
        return EXIT_UNABLE;
    }
    return forget_member(args);
}

const struct verb verb_portal = {
    .name = "portal",
    .operands = "forget-member NAME",
    .help = "un-pins the portal's member_id, when it was made anew: its next event pins one",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN),
    .least = 1,
    .most = 2,
    .run = run,
};
