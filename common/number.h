#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

/* Numbers written as text, wholly and strictly: "-5", "10.00", "1e20"; no blanks, no plus sign, no
 * hexadecimal, no locale. Pure, thread-safe. */

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* False when the text is anything else, or out of range; *ret is unchanged then. */
bool number_int(const char *text, int64_t *ret);
bool number_real(const char *text, double *ret);

/* Adds the number with the fewest decimals that read back as the same: 10.1, 1500, 0.00001. From
 * 1e15 on in scientific notation. */
void number_print(struct buf *, double value);

/* Cuts superfluous zeros from a plain decimal ("10.00" → "10", "-0.0" → "0"), so that equal numbers
 * are equal texts. What only resembles a number ("007", "+7", "1e5") stays as it is. */
void number_trim(char *text);

#endif
