#ifndef DAEMON_RULES_HEAD_H
#define DAEMON_RULES_HEAD_H

/* The words between a section's brackets: `then add item 147 as SHIP`. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"
#include "common/ini.h"

enum { HEAD_MOST_WORDS = 8 };

struct head {
    struct head_word {
        char *text;    /* owned; a quoted name keeps its quotes and blanks */
        size_t offset; /* byte in the section's head */
    } words[HEAD_MOST_WORDS + 1];
    size_t count; /* more than HEAD_MOST_WORDS: there were too many, the rest is left out */
};

void head_split(const struct ini_section *, struct head *ret);
void head_done(struct head *);

/* The place of that byte of the head. */
struct place head_place(const struct ini_section *, size_t offset);
/* Is `word` the first word of the head? */
bool head_begins(const struct ini_section *, const char *word);

#endif
