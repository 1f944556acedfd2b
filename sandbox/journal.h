#ifndef SANDBOX_JOURNAL_H
#define SANDBOX_JOURNAL_H

/* What was asked of the portal through the webhook: counters, and every write that was carried out,
 * in order. For tests and people; the real portal shows none of it. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { JOURNAL_MOST_EFFECTS = 100000 };

struct journal {
    int64_t requests, commands, batches, max_batch;
    json_t *refusals; /* code → how often */
    json_t *methods;  /* method → how often it ran */
    json_t *effects;  /* array of {n, time, method, params, result} */
    int64_t last_effect;
};

void journal_init(struct journal *);
void journal_done(struct journal *);

void journal_batch(struct journal *, size_t size);
void journal_refusal(struct journal *, const json_t *code);
void journal_command(struct journal *, const char *method);
/* `time` is taken over. */
void journal_effect(struct journal *, json_t *time, const char *method, const json_t *params,
                    const json_t *result);
/* How many effects of the method (NULL: any) have all of `where` (dotted path → value) in their
 * params. */
int64_t journal_count(const struct journal *, const char *method, const json_t *where);

#endif
