#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"
#include "daemon/cli/verb.h"

enum {
    LOOK_MS = 20,
    TELL_MS = 2000,      /* who waits so long is told what for */
    PATIENCE_MS = 90000, /* calls of configurations before may last 65 s */
};

static bool is_over(const json_t *told)
{
    return strcmp(jv_text(told, "state", ""), "under way") != 0;
}

/* Asks until it is over. New; NULL: said already. */
static json_t *wait_for(const struct args *args, const char *number)
{
    const char *const pairs[] = {"number", number, NULL};
    char *path = ask_path_new("/api/reload", pairs);
    int64_t began_ms = clock_mono_ms();
    bool told = false;
    json_t *answer = NULL;
    int status;
    while (ask_daemon(args, path, &answer, &status) && !is_over(answer)) {
        int64_t waited_ms = clock_mono_ms() - began_ms;
        if (waited_ms > PATIENCE_MS)
            break;
        if (waited_ms > TELL_MS && !told)
            out_complain("the daemon %s", jv_text(answer, "say", ""));
        told = waited_ms > TELL_MS;
        json_decref(answer);
        answer = NULL;
        (void)poll(NULL, 0, LOOK_MS);
    }
    mem_free(path);
    return answer;
}

static void print_changes(const json_t *told)
{
    size_t i;
    json_t *change;
    json_array_foreach (json_object_get(told, "changes"), i, change)
        out_line("%s", jv_text(change, "say", ""));
    if (json_array_size(json_object_get(told, "changes")) == 0)
        out_line("nothing has changed");
    out_line("reloaded: %lld rules, %lld portals", (long long)jv_int(told, "rules", 0),
             (long long)jv_int(told, "portals", 0));
}

static void complain(const json_t *texts, const char *before)
{
    size_t i;
    json_t *text;
    json_array_foreach (texts, i, text)
        out_error("%s%s", before, json_string_value(text));
}

static enum exit_code print(const json_t *told)
{
    complain(json_object_get(told, "warnings"), "warning: ");
    if (strcmp(jv_text(told, "state", ""), "done") == 0) {
        print_changes(told);
        return EXIT_YES;
    }
    complain(json_object_get(told, "errors"), "");
    out_complain("nothing was changed, the configuration in use stays");
    return EXIT_NO;
}

static enum exit_code run(const struct args *args)
{
    json_t *ordered = NULL;
    int status;
    if (!order_daemon(args, "/api/reload", &ordered, &status))
        return EXIT_UNABLE;
    char *number = mem_printf("%lld", (long long)jv_int(ordered, "number", 0));
    json_decref(ordered);
    json_t *told = wait_for(args, number);
    mem_free(number);
    if (told == NULL)
        return EXIT_UNABLE;
    enum exit_code code = EXIT_UNABLE;
    if (!is_over(told)) {
        out_complain("the daemon is still at it (%s); its log says how it ends",
                     jv_text(told, "say", ""));
    } else if (args_has(args, OPTION_JSON)) {
        out_json(told);
        code = strcmp(jv_text(told, "state", ""), "done") == 0 ? EXIT_YES : EXIT_NO;
    } else {
        code = print(told);
    }
    json_decref(told);
    return code;
}

const struct verb verb_reload = {
    .name = "reload",
    .operands = "",
    .help = "the daemon loads its configuration and secrets anew, whole or not at all, and says "
            "what has changed",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN),
    .run = run,
};
