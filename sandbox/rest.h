#ifndef SANDBOX_REST_H
#define SANDBOX_REST_H

/* From a request to the method that serves it. */

#include "sandbox/limits.h"
#include "sandbox/method.h"

/* By name without case (§3.1); NULL. */
const struct method *method_find(const char *name);
const struct method *method_find_v3(const char *name);
/* Names of all methods of the old API; NULL behind the last. */
const struct method *method_at(size_t index);
bool method_granted(const struct sandbox *, const struct method *);

/* Runs one command: finds the method, checks scope and operating time, counts, keeps the journal.
 * `hook`: it came through the webhook, not from a person. `ret_used` tells what it cost. */
void rest_command(struct call *, const char *name, bool hook, struct operating *ret_used);
/* The same for a method that was found. */
void rest_run(struct call *, const struct method *, bool hook, struct operating *ret_used);

#endif
