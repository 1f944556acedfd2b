#ifndef DAEMON_RULES_READ_H
#define DAEMON_RULES_READ_H

/* A cursor over the value of one entry whose complaints name the place. What takes something skips
 * blanks before it and leaves the cursor where it was when it is not there. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/path.h"

struct read {
    const struct ini_entry *entry;
    size_t at; /* byte of the value */
    struct diag *diag;
};

/* Complains at that byte. Always returns false. */
bool read_bad(struct read *, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void read_blanks(struct read *);
/* Does this character stand right here? Takes nothing. */
bool read_is(const struct read *, char c);
/* Letters a-z that are wholly this word. */
bool read_word(struct read *, const char *word);
/* A run of letters, digits and _ - as it stands; NULL if there is none. mem_free. */
char *read_name(struct read *);
/* All up to the next blank; NULL at the end. mem_free. */
char *read_token(struct read *);
bool read_number(struct read *, int64_t *ret);
/* `"…"` without the quotes; complains when it is not closed or empty. */
bool read_quoted(struct read *, char **ret);
/* One of these words; complains with the nearest one, calling it `what`. `ret` may be NULL. */
bool read_one_of(struct read *, const char *what, const char *const *words, size_t count,
                 size_t *ret);
/* This word; complains when another or none stands here. */
bool read_expect(struct read *, const char *word);
/* The cursor stands at the dot behind a subject: reads the path as if it were `head.…`, with its
 * offsets in the value; the head stands at `head_at`. */
bool read_path(struct read *, size_t head_at, const char *head, struct path *ret);
/* Complains unless nothing but blanks is left. */
bool read_end(struct read *);

#endif
