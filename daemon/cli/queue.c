#include "daemon/cli/queue.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/near.h"
#include "daemon/cli/out.h"
#include "daemon/cli/runs.h"

static const struct word {
    const char *word;
    queue_word_fn *run;
} words[] = {
    {"list", hand_list},     {"dead", hand_dead}, {"show", hand_show},   {"retry", hand_retry},
    {"done", hand_done},     {"drop", hand_drop}, {"pause", hand_pause}, {"resume", hand_resume},
    {"paused", hand_paused}, {"log", hand_log},
};
enum { WORDS = sizeof words / sizeof words[0] };

static const char more[] =
    "  list [ENTITY ID]          runs that have not ended well; --state shows others\n"
    "  dead                      dead and parked runs gathered by rule and reason, with their "
    "number\n"
    "  show RUN                  everything about a run, its calls with what was sent and "
    "answered\n"
    "  retry RUN… | FILTER       the step once more; what it has done already is not repeated\n"
    "  done RUN [ID]             a parked run's call was carried out (ID: of what it made)\n"
    "  drop RUN… | FILTER        never mind: ends parked, dead, waiting and ready runs\n"
    "  pause PORTAL | --rule R   nothing is asked or changed until resume; events are accepted\n"
    "  resume PORTAL | --rule R  goes on\n"
    "  resume ENTITY ID          rules frozen for it may start again (--rule R: only that one)\n"
    "  paused                    what is paused and what is frozen, since when and by whom\n"
    "  log                       what operators have ordered\n"
    "\n"
    "FILTER is any of --rule --portal --state --since --until --reason and ENTITY ID. What fits "
    "is\n"
    "shown, and done only with --all. A wide retry takes dead runs; parked and cancelled ones are\n"
    "decided one by one, by number. Runs that are done are never repeated.\n";

bool queue_is_number(const char *text)
{
    return text[0] != '\0' && strlen(text) < 19 && strspn(text, "0123456789") == strlen(text);
}

bool queue_check_state(const char *state)
{
    static const char *const states[] = {"ready",     "running", "waiting", "parked",
                                         "cancelled", "done",    "dead"};
    enum { STATES = sizeof states / sizeof states[0] };
    if (state == NULL)
        return true;
    for (size_t i = 0; i < STATES; i++)
        if (strcmp(states[i], state) == 0)
            return true;
    const char *near = near_name(state, states, STATES);
    out_complain("unknown state \"%s\"; did you mean \"%s\"?", state,
                 near != NULL ? near : "waiting");
    return false;
}

char *queue_user_new(void)
{
    char room[1024];
    struct passwd pw, *found = NULL;
    uid_t uid = getuid();
    if (getpwuid_r(uid, &pw, room, sizeof room, &found) == 0 && found != NULL)
        return mem_strdup(pw.pw_name);
    return mem_printf("uid %u", (unsigned)uid);
}

static enum exit_code run(const struct args *args)
{
    const char *names[WORDS];
    const char *word = args->operands[0];
    for (size_t i = 0; i < WORDS; i++) {
        names[i] = words[i].word;
        if (strcmp(words[i].word, word) == 0)
            return words[i].run(args);
    }
    const char *near = near_name(word, names, WORDS);
    out_complain("unknown word \"%s\" behind queue%s%s%s", word,
                 near != NULL ? "; did you mean \"" : "; see b24bridge queue --help",
                 near != NULL ? near : "", near != NULL ? "\"?" : "");
    return EXIT_UNABLE;
}

const struct verb verb_queue = {
    .name = "queue",
    .operands = "WORD …",
    .help = "the operator's hand on runs: list, dead, show, retry, done, drop, pause, resume, "
            "paused, log",
    .more = more,
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_ALL) |
               OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WHY) | RUNS_OPTIONS,
    .least = 1,
    .most = ARGS_MOST,
    .run = run,
};
