#ifndef SANDBOX_BATCH_H
#define SANDBOX_BATCH_H

/* The method `batch` (bitrix24.md §4). */

#include <jansson.h>

#include "sandbox/core.h"
#include "sandbox/limits.h"
#include "sandbox/method.h"

enum { BATCH_MOST = 50 };

/* The commands' texts under their keys, in order; texts only. New object. */
json_t *batch_commands_new(const json_t *params);
/* "crm.item.get?id=5#x" → the method's name and its parameters. `ret_params` new. */
void batch_split(const char *command, char ret_method[100], json_t **ret_params);
/* Runs them all; the call's result is {"result":…,"result_error":…,…}. `ret_used`: the time of all.
 */
void batch_run(struct call *, const json_t *commands, struct operating *ret_used);

/* Parameters with each $result[…] (and $next, $total, $error, $time) replaced from `named`, the
 * maps by those names. New. */
json_t *reference_replace_new(const json_t *params, const json_t *named);

#endif
