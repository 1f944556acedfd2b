#ifndef DAEMON_ENGINE_ROTA_H
#define DAEMON_ENGINE_ROTA_H

/* The rotations of teams. rules/ sees one as the fact team:NAME and says which turn it wants; here
 * each turn is given once, however many entities are at work. Turns that were taken are stored with
 * the run that took them; one that dies with us before that was nobody's. Thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct rota;
struct rota *rota_new(void);
void rota_free(struct rota *);
/* Takes over what the store kept: object team → {"turn","last"}. */
void rota_restore(struct rota *, int64_t portal, const json_t *teams);

/* The fact: {"turn","last","given"}; `given` counts turns since that moment. New. */
json_t *rota_fact_new(struct rota *, int64_t portal, const char *team, int64_t since_mono_ms);
/* False when the turn of that number has been taken meanwhile. */
bool rota_take(struct rota *, int64_t portal, const char *team, int64_t turn, int64_t user,
               int64_t now_mono_ms);

#endif
