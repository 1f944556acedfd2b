#ifndef DAEMON_CLI_ARGS_H
#define DAEMON_CLI_ARGS_H

/* What stands behind a verb: options, anywhere, and operands. One row per option; which of them a
 * verb takes is a set of bits. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum option {
    OPTION_HELP,
    OPTION_CONFIG,
    OPTION_VERBOSE,
    OPTION_JSON,
    OPTION_ADMIN,
    OPTION_PORTAL,
    OPTION_MEMBER,
    OPTION_TYPE,
    OPTION_CALENDAR,
    OPTION_FROM,
    OPTION_RULE,
    OPTION_STATE,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_REASON,
    OPTION_LIMIT,
    OPTION_ALL,
    OPTION_DRY_RUN,
    OPTION_WHY,
    OPTION_TAKE_OVER,
    OPTION_LIVE, /* --portal of `check`: a flag there */
    OPTIONS,
};
#define OPTION_BIT(option) (UINT32_C(1) << (option))

enum { ARGS_MOST = 16 };

struct args {
    const char *given[OPTIONS]; /* value; "" of an option without one; NULL: not given. Borrowed */
    const char *operands[ARGS_MOST];
    size_t count;
};

/* `words` are the `count` arguments behind the verb. "--" ends the options. The error names the
 * nearest option of those that are allowed. */
bool args_parse(const char *const *words, size_t count, uint32_t allowed, struct args *ret,
                struct err *) MUST_CHECK;
bool args_has(const struct args *, enum option);
/* The value, or `otherwise` when it is not given. */
const char *args_text(const struct args *, enum option, const char *otherwise);
/* Prints the options of that set with their help to stdout. */
void args_print_help(uint32_t allowed);

#endif
