#ifndef SANDBOX_ENVELOPE_H
#define SANDBOX_ENVELOPE_H

/* Replies as PHP writes them (bitrix24.md §3.2, §3.3). */

#include <jansson.h>

#include "sandbox/core.h"
#include "sandbox/limits.h"
#include "sandbox/method.h"

/* JSON with PHP's escapes: / as \/, all but ASCII as \uXXXX, < > & ' " as \u003C and so on; an
 * empty object as []. mem_free. */
char *envelope_dump_new(const json_t *);

/* What `time` says of a call that took that long. New. */
json_t *envelope_time_new(const struct sandbox *, const struct operating *);

/* The whole answer of a call, {"result":…,"time":…} or {"error":…}. */
void envelope_answer(const struct sandbox *, const struct call *, const struct operating *,
                     struct sandbox_answer *ret);
/* {"error":…,"error_description":…} */
void envelope_refuse(struct sandbox_answer *ret, int status, const char *code, const char *text);
json_t *envelope_error_new(const json_t *code, const char *text);
/* Sets the body from a tree, which it takes over. */
void envelope_body(struct sandbox_answer *ret, int status, json_t *tree);

#endif
