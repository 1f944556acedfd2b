#ifndef DAEMON_PORTAL_CIRCUIT_H
#define DAEMON_PORTAL_CIRCUIT_H

/* Whether a portal is spoken to at all. Failures of transport in a row open the circuit; a refusal
 * of the webhook pauses it. Either way the portal gets one probe a while (`profile`, which needs no
 * scope and changes nothing: bitrix24.md §8.14) in place of a thousand time-outs. An operator's
 * pause ends by his hand only. Pure, not thread-safe; monotonic milliseconds. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/portal/client.h"

struct circuit {
    enum portal_circuit state; /* as the portal gave cause */
    bool held;                 /* by the operator */
    int failures;              /* in a row */
    int probes;                /* in a row that failed */
    int64_t probe_ms;          /* next probe; while not closed */
    bool probing;              /* one is in flight */
    char why[320];             /* "" while all is well */
    uint64_t seed;
};

enum circuit_leave { CIRCUIT_SEND, CIRCUIT_PROBE, CIRCUIT_WAIT };

void circuit_init(struct circuit *, uint64_t seed);
/* What may be sent now: calls, one probe, nothing. */
enum circuit_leave circuit_may(const struct circuit *, int64_t now_ms);
/* Milliseconds until a probe is due; -1: only an event changes anything. */
int64_t circuit_wait_ms(const struct circuit *, int64_t now_ms);
void circuit_probe_sent(struct circuit *);

/* What came of a request, or of the probe: an envelope without a refusal of the webhook; no
 * envelope; a refusal. */
void circuit_good(struct circuit *, bool probe);
void circuit_failed(struct circuit *, bool probe, const char *why, int64_t now_ms);
/* `why` says what to do. The first probe after a refusal goes at once: it shows whether the webhook
 * is refused or only one method to it. */
void circuit_refused(struct circuit *, bool probe, const char *why, int64_t now_ms);

/* The operator's pause; its end also makes a due probe of a refusal's pause. */
void circuit_hold(struct circuit *, bool held, int64_t now_ms);
/* As health shows it. */
enum portal_circuit circuit_shown(const struct circuit *);

#endif
