#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

/* What the parts of the core share. */

#include "common/zone.h"
#include "sandbox/core.h"
#include "sandbox/events.h"
#include "sandbox/faults.h"
#include "sandbox/field.h"
#include "sandbox/journal.h"
#include "sandbox/limits.h"
#include "sandbox/store.h"

struct sandbox {
    char *host, *hook_code, *application_token, *member_id; /* owned */
    int64_t hook_user;
    int64_t now_ms; /* wall time of the request at hand */
    /* The server's zone, which all dates are answered in (§3.5): Moscow, no summer time. */
    struct zone *zone;
    struct store store;
    struct field_cache fields;
    struct limits limits;
    struct faults faults;
    struct events events;
    struct journal journal;
    json_t *scopes;      /* array of text: what the webhook was granted */
    json_t *idempotency; /* "method key" → {"params","body","at_ms"}, §3.7 */
};

/* The moment as the portal writes it: "2026-01-20T10:00:00+03:00". New. */
json_t *sandbox_date_new(const struct sandbox *, int64_t wall_ms);
static inline json_t *sandbox_now_new(const struct sandbox *sb)
{
    return sandbox_date_new(sb, sb->now_ms);
}

#endif
