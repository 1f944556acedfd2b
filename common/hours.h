#ifndef COMMON_HOURS_H
#define COMMON_HOURS_H

/* The opening hours of one day, "09:00-13:00 14:00-18:00". Pure. */

#include "common/err.h"
#include "common/scan.h"

enum { HOURS_MOST = 8 };

struct hours {
    int count; /* 0: closed all day */
    struct hours_span {
        int from, to;    /* minutes from midnight; 0 <= from < to <= 24 * 60 */
    } spans[HOURS_MOST]; /* ascending, apart from one another */
};

/* Takes one or more spans up to the end of the text; they may overlap. On failure the cursor
 * stands at the mistake. */
bool hours_parse(struct scan *, struct hours *ret, struct err *) MUST_CHECK;
/* Opens `more` too; false, with nothing changed, when that makes too many spans. */
bool hours_join(struct hours *, const struct hours *more) MUST_CHECK;

#endif
