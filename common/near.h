#ifndef COMMON_NEAR_H
#define COMMON_NEAR_H

/* The known name nearest to a mistyped one, for "did you mean". Pure. */

#include <stddef.h>

/* The entry of `names` (borrowed, `count` of them, NULL entries skipped) with the smallest edit
 * distance to `wrong` (letters changed, added, dropped, or two neighbours swapped; case ignored),
 * or NULL when none is near enough to be meant: the distance may be at most a third of the longer
 * word, and at least 1 is allowed. The first of several equals. */
const char *near_name(const char *wrong, const char *const *names, size_t count);

#endif
