#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

/* UTF-8 by letters. Case by glibc's C.UTF-8 tables (Cyrillic included). Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Bytes of the valid sequence at the start of `text`, 0 if there is none; its letter through ret.
 */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret_letter);
bool utf8_valid(const char *text, size_t size); /* also refuses surrogates and overlong forms */
size_t utf8_length(const char *text);           /* characters; text must be valid */
/* Bytes of the first `letters` characters of valid text (all of it when shorter). */
size_t utf8_prefix(const char *text, size_t letters);
/* Bytes of the letters that lie wholly in the first `size` bytes; the text goes on behind them. */
size_t utf8_whole(const char *text, size_t size);
void utf8_upper(struct buf *, const char *text);
void utf8_lower(struct buf *, const char *text);
/* Is `needle` in `text`, case ignored? An empty needle is in everything. */
bool utf8_contains(const char *text, const char *needle);
bool utf8_same(const char *a, const char *b); /* equal, case ignored */
/* Adds `text` with each invalid byte replaced by U+FFFD. */
void utf8_repair(struct buf *, const char *text, size_t size);

#endif
