#ifndef COMMON_PERCENT_H
#define COMMON_PERCENT_H

/* Percent-encoding as Bitrix24 (PHP) reads and writes it. Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* Adds `text` with everything but A-Z a-z 0-9 - _ . ~ encoded, a space as %20 (bitrix24.md §10 no.
 * 17: a bare + is a space to PHP), hex digits upper case. */
void percent_encode(struct buf *, const char *text, size_t size);

/* Decodes `size` bytes of a form (a + is a space) in place and returns the new size through
 * ret_size. False on a % without two hex digits and on an encoded NUL. */
bool percent_decode(char *text, size_t size, size_t *ret_size, struct err *) MUST_CHECK;

#endif
