#ifndef DAEMON_CLI_VERB_H
#define DAEMON_CLI_VERB_H

/* What people type. One file and one row of the table in cli.c per verb (product.md §3). */

#include "daemon/cli/args.h"

/* What every verb answers to the shell. */
enum exit_code {
    EXIT_YES = 0,
    EXIT_NO = 1,    /* errors found, nothing known of that entity */
    EXIT_UNABLE = 2 /* daemon or portal out of reach, not understood */
};

struct verb {
    const char *name;
    const char *operands; /* for the usage line: "ENTITY ID" */
    const char *help;     /* one line */
    const char *more;     /* behind the options of --help; NULL: nothing */
    uint32_t options;     /* set of OPTION_BIT; --help is everybody's */
    size_t least, most;   /* operands */
    enum exit_code (*run)(const struct args *);
    /* Instead of all that: takes the words behind the verb as they are. */
    int (*run_raw)(int argc, char **argv);
};

extern const struct verb verb_serve, verb_check, verb_status, verb_why, verb_queue, verb_timers,
    verb_send, verb_sandbox, verb_when, verb_reload, verb_backup, verb_portal;

/* The configuration that -c names, or the usual one. */
const char *verb_config(const struct args *);

#endif
