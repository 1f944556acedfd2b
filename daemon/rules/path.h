#ifndef DAEMON_RULES_PATH_H
#define DAEMON_RULES_PATH_H

/* `deal.contact.name`, `deal."Дата встречи"`, `event.query.sum`, `LABEL.id`: words joined by dots,
 * a quoted word may hold anything but a quote. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { PATH_MOST_PARTS = 8 };

struct path {
    struct path_part {
        char *text;    /* owned, quotes taken off */
        bool quoted;   /* a label, not a name */
        size_t offset; /* byte in the text it was read from */
    } parts[PATH_MOST_PARTS];
    int count;  /* at least 1 */
    char *text; /* owned: as written */
};

/* Reads the longest path at text[*at] and moves *at behind it. False with *at at the trouble. */
bool path_parse(const char *text, size_t *at, struct path *ret, struct err *) MUST_CHECK;
void path_done(struct path *);

#endif
