#ifndef DAEMON_RULES_FILTER_TEXT_H
#define DAEMON_RULES_FILTER_TEXT_H

/* The plain work of filters: text in, text out. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Without blanks (no-break ones too) at both ends. */
void text_trim(struct buf *, const char *text);
/* At most `letters` of them; when some are left out the last one is …. */
void text_truncate(struct buf *, const char *text, size_t letters);
void text_digits(struct buf *, const char *text);
/* +79001112233: Russian numbers in any way of writing get +7, others keep their digits and +. What
 * has fewer than seven digits, or letters first, is no number and stays. */
void text_phone(struct buf *, const char *text);
/* 1 500,5: grouped by blanks, a comma before the decimals; `decimals` -1: as many as there are.
 * False when the text is no number. */
bool text_number(struct buf *, const char *text, int decimals);
/* "день", "дня" or "дней" for that number (a text). NULL when it is no number. */
const char *text_plural(const char *number, const char *one, const char *few, const char *many);
/* "RUB" → "₽"; a currency without a sign of its own is its code. */
const char *text_currency(const char *code);

#endif
