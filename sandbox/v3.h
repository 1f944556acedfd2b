#ifndef SANDBOX_V3_H
#define SANDBOX_V3_H

/* REST 3.0 (bitrix24.md §3.7), as far as tasks go: JSON only, its own error envelope, and the
 * Idempotency-Key. */

#include "sandbox/core.h"
#include "sandbox/request.h"

void v3_execute(struct sandbox *, const struct sandbox_request *, const struct request *,
                struct sandbox_answer *ret);

#endif
