#include "daemon/portal/circuit.h"

#include <stdio.h>
#include <string.h>

#include "common/backoff.h"

enum { FAILURES_TO_OPEN = 3 };

static const struct backoff open_pauses = {.first_ms = 1000, .most_ms = 60000};
/* Mostly a person has to act, and then there is no haste. */
static const struct backoff refused_pauses = {.first_ms = 5000, .most_ms = 180000};

static void say(struct circuit *circuit, const char *why)
{
    (void)snprintf(circuit->why, sizeof circuit->why, "%s", why);
}

static void plan_probe(struct circuit *circuit, int64_t now_ms)
{
    const struct backoff *pauses =
        circuit->state == CIRCUIT_PAUSED ? &refused_pauses : &open_pauses;
    circuit->probe_ms = now_ms + backoff_delay(pauses, ++circuit->probes, circuit->seed);
}

void circuit_init(struct circuit *circuit, uint64_t seed)
{
    memset(circuit, 0, sizeof *circuit);
    circuit->seed = seed;
}

enum circuit_leave circuit_may(const struct circuit *circuit, int64_t now_ms)
{
    if (circuit->held)
        return CIRCUIT_WAIT;
    if (circuit->state == CIRCUIT_CLOSED)
        return CIRCUIT_SEND;
    return !circuit->probing && now_ms >= circuit->probe_ms ? CIRCUIT_PROBE : CIRCUIT_WAIT;
}

int64_t circuit_wait_ms(const struct circuit *circuit, int64_t now_ms)
{
    if (circuit->held || circuit->probing || circuit->state == CIRCUIT_CLOSED)
        return -1;
    return circuit->probe_ms > now_ms ? circuit->probe_ms - now_ms : 0;
}

void circuit_probe_sent(struct circuit *circuit)
{
    circuit->probing = true;
}

void circuit_good(struct circuit *circuit, bool probe)
{
    circuit->state = CIRCUIT_CLOSED;
    circuit->failures = 0;
    circuit->probes = 0;
    circuit->why[0] = '\0';
    if (probe)
        circuit->probing = false;
}

void circuit_failed(struct circuit *circuit, bool probe, const char *why, int64_t now_ms)
{
    if (probe)
        circuit->probing = false;
    if (circuit->state == CIRCUIT_CLOSED) {
        if (++circuit->failures < FAILURES_TO_OPEN)
            return;
        circuit->state = CIRCUIT_OPEN;
    } else if (!probe) {
        return; /* sent before the circuit opened */
    }
    /* A refusal stays the reason: it says what to do. */
    if (circuit->state == CIRCUIT_OPEN)
        say(circuit, why);
    plan_probe(circuit, now_ms);
}

void circuit_refused(struct circuit *circuit, bool probe, const char *why, int64_t now_ms)
{
    bool known = circuit->state == CIRCUIT_PAUSED;
    if (probe)
        circuit->probing = false;
    say(circuit, why);
    circuit->state = CIRCUIT_PAUSED;
    if (probe) {
        plan_probe(circuit, now_ms);
    } else if (!known) {
        circuit->probes = 0;
        circuit->probe_ms = now_ms;
    }
}

void circuit_hold(struct circuit *circuit, bool held, int64_t now_ms)
{
    circuit->held = held;
    if (!held && circuit->state != CIRCUIT_CLOSED && !circuit->probing)
        circuit->probe_ms = now_ms;
}

enum portal_circuit circuit_shown(const struct circuit *circuit)
{
    if (circuit->held)
        return CIRCUIT_PAUSED;
    return circuit->probing ? CIRCUIT_PROBING : circuit->state;
}

const char *portal_circuit_word(enum portal_circuit circuit)
{
    static const char *const words[] = {[CIRCUIT_CLOSED] = "closed",
                                        [CIRCUIT_PROBING] = "half-open",
                                        [CIRCUIT_OPEN] = "open",
                                        [CIRCUIT_PAUSED] = "paused"};
    return words[circuit];
}
