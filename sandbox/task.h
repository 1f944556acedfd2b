#ifndef SANDBOX_TASK_H
#define SANDBOX_TASK_H

/* Tasks (bitrix24.md §8.7). Rows are kept under UPPER_SNAKE names, numbers as text; replies are
 * camelCase. */

#include <jansson.h>

#include "sandbox/method.h"

/* Makes a task of UPPER fields, already checked, and raises ONTASKADD. Returns the row, borrowed.
 */
json_t *task_create(struct call *, const json_t *fields, int64_t *ret_id);
/* Changes it and raises ONTASKUPDATE. */
void task_change(struct call *, json_t *row, const json_t *fields);
/* The reply; `select` NULL: everything but the custom fields. New. */
json_t *task_view_new(const struct call *, const json_t *row, const json_t *select);
/* "responsibleId" → "RESPONSIBLE_ID" and back. mem_free. */
char *task_upper_new(const char *camel);
char *task_camel_new(const char *upper);

#endif
