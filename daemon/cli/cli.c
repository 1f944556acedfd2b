#include "daemon/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/near.h"
#include "daemon/cli/verb.h"

static const struct verb *const verbs[] = {
    &verb_serve,  &verb_check,  &verb_status, &verb_why,     &verb_queue, &verb_timers,
    &verb_reload, &verb_backup, &verb_send,   &verb_sandbox, &verb_when,  &verb_portal,
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

const char *verb_config(const struct args *args)
{
    return args_text(args, OPTION_CONFIG, B24BRIDGE_CONFIG);
}

static void print_verbs(FILE *to)
{
    (void)fprintf(to, "usage: b24bridge VERB [OPTION…]\n\n");
    for (size_t i = 0; i < VERBS; i++)
        (void)fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->help);
    (void)fprintf(to,
                  "\nb24bridge VERB --help tells more. Exit status: 0 yes, 1 no (mistakes found, "
                  "nothing known),\n2 unable (out of reach, not understood).\n");
}

static void print_verb(const struct verb *verb)
{
    printf("usage: b24bridge %s [OPTION…]%s%s\n\n%s\n\n", verb->name,
           verb->operands[0] != '\0' ? " " : "", verb->operands, verb->help);
    args_print_help(verb->options | OPTION_BIT(OPTION_HELP));
    if (verb->more != NULL)
        printf("\n%s", verb->more);
}

static int unknown_verb(const char *word)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i]->name;
    const char *near = near_name(word, names, VERBS);
    if (near != NULL)
        (void)fprintf(stderr, "b24bridge: unknown verb \"%s\"; did you mean \"%s\"?\n", word, near);
    else
        (void)fprintf(stderr, "b24bridge: unknown verb \"%s\"; see b24bridge --help\n", word);
    return EXIT_UNABLE;
}

static int misused(const struct verb *verb, const char *why)
{
    (void)fprintf(stderr, "b24bridge %s: %s\n", verb->name, why);
    return EXIT_UNABLE;
}

static int run(const struct verb *verb, const char *const *words, size_t count)
{
    struct args args;
    struct err err = {0};
    if (!args_parse(words, count, verb->options | OPTION_BIT(OPTION_HELP), &args, &err))
        return misused(verb, err.text);
    if (args_has(&args, OPTION_HELP)) {
        print_verb(verb);
        return EXIT_YES;
    }
    if (args.count >= verb->least && args.count <= verb->most)
        return (int)verb->run(&args);
    if (args.count > verb->most)
        (void)err_set(&err, "unexpected \"%s\"", args.operands[verb->most]);
    else
        (void)err_set(&err, "something is missing; the form is: b24bridge %s %s", verb->name,
                      verb->operands);
    return misused(verb, err.text);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    if (verb->run_raw != NULL)
        return verb->run_raw(argc - 1, argv + 1);
    size_t count = (size_t)argc - 2;
    const char **words = mem_array(count + 1, sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = argv[i + 2];
    int code = run(verb, words, count);
    mem_free(words);
    return code;
}

int cli_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--version") == 0) {
        printf("b24bridge %s\n", B24BRIDGE_VERSION);
        return EXIT_YES;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_verbs(stdout);
        return EXIT_YES;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i]->name, word) == 0)
            return run_verb(verbs[i], argc, argv);
    if (word[0] != '\0')
        return unknown_verb(word);
    print_verbs(stderr);
    return EXIT_UNABLE;
}
