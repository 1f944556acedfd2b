#ifndef COMMON_TZIF_H
#define COMMON_TZIF_H

/* The table of a TZif file (RFC 8536), version 2 or later: each change of a zone's offset, and the
 * rule for the time after the last. Pure; immutable after it is read. */

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/tzrule.h"

enum { TZIF_MOST_BYTES = 64 * 1024 };

struct tzif_change {
    int64_t at; /* seconds UTC */
    int offset; /* from then on, seconds east of UTC */
};

struct tzif {
    struct tzif_change *changes; /* owned, ascending */
    size_t count;
    int first_offset; /* before the first change */
    bool has_rule;
    struct tzrule rule; /* from the last change on */
};

/* On failure nothing is left to release. */
bool tzif_parse(const void *bytes, size_t size, struct tzif *ret, struct err *) MUST_CHECK;
void tzif_done(struct tzif *);
/* The stretch that holds `second`. */
struct tzspan tzif_span(const struct tzif *, int64_t second);

#endif
