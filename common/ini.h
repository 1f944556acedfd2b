#ifndef COMMON_INI_H
#define COMMON_INI_H

/* INI text into sections and entries that remember where they stood. Written by us because every
 * message must name file, line and column, which no packaged reader keeps.
 *
 * The form: `[head]`, `key = value`, whole-line comments with # or ; (indented or not), an
 * indented line continues the value above on a new line; blank lines before one stay in the value,
 * comments do not. The whole rest of a line is the value (trimmed). A key may hold
 * double quotes (`"Причина отказа" = нет`, `fields."A = B" = x`): an equals sign inside them does
 * not end it. UTF-8 with or without a byte-order mark; CRLF accepted. Repeated keys are kept in
 * order. NUL bytes, invalid UTF-8, lines over 64 KiB and files over 4 MiB are errors.
 * Pure: reads memory, not files. Not thread-safe. */

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"
#include "common/err.h"

/* Where a line of a value stands. */
struct ini_line {
    size_t offset; /* in the value */
    struct place at;
};

struct ini_entry {
    char *key;   /* trimmed, quotes kept */
    char *value; /* trimmed; continuation lines joined by '\n' */
    struct place key_at;
    struct place value_at; /* first character of the value (or where it would stand) */
    struct ini_line *lines;
    size_t line_count;
    bool used; /* set by ini_take*; what stays false is an unknown key */
};

struct ini_section {
    char *head; /* what is between the brackets, trimmed, blanks outside quotes folded to one */
    struct place at; /* of its first character */
    struct ini_entry *entries;
    size_t count;
    bool used; /* for the readers' bookkeeping */
};

struct ini {
    char *file; /* the name that places borrow */
    struct ini_section *sections;
    size_t count;
};

/* Parses `size` bytes of `text`. Adds every mistake to `diag` and goes on with the next line; the
 * result holds what was understood (free with ini_free). `file` is the name for messages (copied).
 * Never returns NULL. */
struct ini *ini_parse(const char *file, const char *text, size_t size, struct diag *);
void ini_free(struct ini *);

/* The place of byte `offset` of the entry's value. */
struct place ini_value_place(const struct ini_entry *, size_t offset);

/* The next entry of that key at or after *cursor, marked used, *cursor moved behind it; NULL when
 * there is none. Start with *cursor = 0. */
const struct ini_entry *ini_take(struct ini_section *, const char *key, size_t *cursor);

#endif
