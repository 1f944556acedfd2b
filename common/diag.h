#ifndef COMMON_DIAG_H
#define COMMON_DIAG_H

/* Everything that is wrong with the configuration, gathered so that one run shows it all:
 * FILE:LINE:COLUMN: what is wrong, the text, what would be right. Not thread-safe. */

#include <stdbool.h>
#include <stddef.h>

/* A place in a file. `file` is borrowed from whoever read the file and must outlive the place. */
struct place {
    const char *file; /* as it was opened */
    int line;         /* from 1; 0 = the file as a whole */
    int column;       /* from 1, counted in characters, not bytes */
};

struct diag_entry {
    char *text; /* "FILE:LINE:COL: …" */
};

struct diag {
    struct diag_entry *entries;
    size_t count;
    struct diag_entry *warnings; /* what is right and will not stay so */
    size_t warning_count;
};

void diag_init(struct diag *);
void diag_done(struct diag *);

/* How many of the entries are there to be read. */
size_t diag_kept(const struct diag *);

/* Adds one complaint; always returns false. Entries beyond 1000 are counted but not kept. */
bool diag_add(struct diag *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds one warning: nothing is refused because of it. Those beyond 1000 are left out. */
void diag_warn(struct diag *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
