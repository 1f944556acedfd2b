#ifndef DAEMON_RULES_FILTER_H
#define DAEMON_RULES_FILTER_H

/* What may follow a path in a template: {{deal.title | truncate 60 | upper}}. One row of the table
 * in filter.c per filter. A text that is not what a filter formats (a date that is no date) passes
 * through unchanged: the message goes out, and people see what was written. Pure. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/zone.h"
#include "daemon/rules/seen.h"

enum { FILTER_MOST_ARGS = 3 };

struct filter;

struct filter_arg {
    char *text;     /* owned, quotes taken off */
    int64_t number; /* where the filter takes a number */
    size_t offset;  /* byte in the source */
};

/* A filter with its arguments, as written once in a template. */
struct filter_call {
    const struct filter *filter;
    struct filter_arg args[FILTER_MOST_ARGS];
    int count;
    struct zone *zone; /* owned; of `tz` */
};
void filter_call_done(struct filter_call *);

/* A value on its way through the filters. */
struct flow {
    struct seen seen;        /* owned value; what is known of its origin until it is shown */
    bool shown;              /* the value is what people see now */
    bool author;             /* the value came from the template itself: `default` */
    bool bb;                 /* its brackets are meant as BBCode */
    bool url;                /* it is percent-encoded already */
    const struct zone *zone; /* for dates */
};

const struct filter *filter_find(const char *name);
/* All names, for near_name. */
const char *const *filter_names(size_t *ret_count);

/* Checks the arguments and prepares what they need (a zone is loaded). False with the byte of the
 * source at which it is wrong, or SIZE_MAX for the filter as a whole. */
bool filter_prepare(struct filter_call *, size_t *ret_offset, struct err *) MUST_CHECK;
/* Does the filter look at whose value it is (link), so that it must come first, behind an entity?
 */
bool filter_wants_entity(const struct filter *);

/* Changes the flow. With anything but KNOWN the flow is as before and still has to be done. */
enum known filter_apply(const struct filter_call *, struct scope *, struct flow *);
/* Makes the value what people see, if it is not yet. */
enum known flow_show(struct scope *, struct flow *);
void flow_done(struct flow *);

#endif
