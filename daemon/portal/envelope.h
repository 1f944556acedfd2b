#ifndef DAEMON_PORTAL_ENVELOPE_H
#define DAEMON_PORTAL_ENVELOPE_H

/* The envelope of a REST answer (bitrix24.md §3.2, §3.3), with PHP's quirks taken care of: a
 * present `error` without a `result` is an error whatever its type, [] may stand for an empty
 * object. Pure, thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { ENVELOPE_CODE_SIZE = 64, ENVELOPE_TEXT_SIZE = 320 };

struct envelope {
    json_t *tree;                               /* owned */
    const json_t *result, *next, *total, *time; /* borrowed from the tree, NULL if absent */
    bool failed;                                /* an error; code and text are set */
    char code[ENVELOPE_CODE_SIZE];              /* upper case; "" is a code too */
    char text[ENVELOPE_TEXT_SIZE];              /* one line */
};

/* False when the body is no envelope: not JSON, or neither result nor error in it. */
bool envelope_parse(const char *body, size_t size, struct envelope *ret, struct err *) MUST_CHECK;
void envelope_done(struct envelope *);

/* Code and text of one error: an envelope, or an entry of a batch's result_error. */
void envelope_read_error(const json_t *from, char code[ENVELOPE_CODE_SIZE],
                         char text[ENVELOPE_TEXT_SIZE]);
/* Text on one line without control characters and line-break tags, cut to `size` between letters.
 */
void envelope_line(char *out, size_t size, const char *text);

#endif
