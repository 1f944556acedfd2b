#ifndef DAEMON_RULES_OPERAND_H
#define DAEMON_RULES_OPERAND_H

/* Reading one side of a comparison; see operand_parse. Pure. */

#include <stdbool.h>

#include "daemon/rules/expr.h"

/* As operand_parse, but a path that means nothing is noted in diag and returned all the same, so
 * that reading can go on. On the left side a bare word can only be a name. */
struct operand *operand_read(const struct ini_entry *, size_t *at, bool left,
                             const struct expr_names *, struct diag *);

/* Bytes of the run of letters, digits, _ at `text` (a key word, a head), 0 if none. */
size_t operand_word(const char *text);
/* Bytes up to the next blank, bracket or comma: what a message quotes. At least 1 unless at the
 * end. */
size_t operand_token(const char *text);
bool operand_is_blank(char c);
/* The text whose opening quote is at `quoted`; `\"` is a quote in it, every other backslash stays:
 * patterns are full of them. Owned; NULL when it is not closed. *ret_size: with both quotes. */
char *operand_quoted_new(const char *quoted, size_t *ret_size);

#endif
