#ifndef TESTS_BENCH_DRAIN_PORTAL_H
#define TESTS_BENCH_DRAIN_PORTAL_H

/* The portal that is drained into: a b24sandbox of its own, with Bitrix24's limits. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct drain_portal {
    pid_t pid;
    uint16_t port;
    char folder[64];
    char url[96]; /* of the webhook */
};

/* `work_s`: what each command takes, `uneven`: on the average; `delay_ms`: what the way there and
 * back takes. Prints and exits when it cannot. */
void drain_portal_start(struct drain_portal *, double work_s, bool uneven, int delay_ms);
void drain_portal_stop(struct drain_portal *);

/* Answer of the control interface to a command. New. */
json_t *drain_portal_ask(const struct drain_portal *, const char *command);
/* How often a limiter has refused us. */
int64_t drain_portal_refusals(const struct drain_portal *);
/* One call by itself, waited for: is it done, or (false) refused by a limiter? */
bool drain_portal_call(const struct drain_portal *, const char *method, const char *params);

#endif
