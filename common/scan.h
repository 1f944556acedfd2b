#ifndef COMMON_SCAN_H
#define COMMON_SCAN_H

/* A cursor over one short text that a person wrote. Every function that takes something leaves the
 * cursor where it was when it returns false. ASCII only; other bytes match nothing. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"

struct scan {
    const char *text; /* borrowed */
    size_t at;        /* byte */
};

void scan_blanks(struct scan *);      /* skips blanks and tabs */
bool scan_end(const struct scan *);   /* is there nothing more but blanks? */
bool scan_break(const struct scan *); /* does a word end here: a blank or the end of the text? */
bool scan_char(struct scan *, char c);
/* A run of digits; more than 18 of them is false. */
bool scan_number(struct scan *, int64_t *ret);
/* Exactly `count` (at most 9) digits; more of them may follow. */
bool scan_digits(struct scan *, int count, int *ret);
/* Length of the run of letters here, 0 if none; does not move. */
size_t scan_letters(const struct scan *);
/* The run of letters here when it is `word`, case ignored. */
bool scan_word(struct scan *, const char *word);
/* "9:00", "09:00" … "24:00" as minutes from midnight. */
bool scan_clock(struct scan *, int *ret_minute);
/* "2026-01-20": a date that exists. */
bool scan_date(struct scan *, struct date *ret);

/* Bytes up to the comma that ends an entry of a list, or to the end; one in quotes does not. */
size_t scan_entry(const char *text);
/* The first `size` bytes without the blanks and newlines at their ends, and without the quotes that
 * may stand around the rest. mem_free. */
char *scan_bare_new(const char *text, size_t size);

/* What a message quotes, cut where it is long: what stands here up to the next blank, or a whole
 * text. */
struct scan_quote {
    char text[44];
};
struct scan_quote scan_quote(const struct scan *);
struct scan_quote scan_quote_text(const char *text);

#endif
