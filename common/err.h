#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/* What went wrong, for a person. The caller owns the struct (usually on its stack) and passes it
 * last; a function that fails returns false and fills it. The first error wins: setting an error
 * that is already set does nothing, so cleanup code cannot hide the cause. Never allocates. */

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text_at, args_at) __attribute__((format(printf, text_at, args_at)))

struct err {
    char text[480]; /* lower case, no full stop; "" = no error */
};

/* Fills `err` (NULL is allowed: then nobody wants to know). Always returns false, so that
 * `return err_set(err, …)` reads as what it is. Text that does not fit is cut. */
bool err_set(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts context before a text that is already there: "cannot open x: permission denied". Always
 * returns false. */
bool err_prefix(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
