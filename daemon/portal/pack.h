#ifndef DAEMON_PORTAL_PACK_H
#define DAEMON_PORTAL_PACK_H

/* Which waiting calls travel together, and how they are written into a `batch` (bitrix24.md §4).
 * Pure, not thread-safe. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/portal/budget.h"
#include "daemon/portal/client.h"
#include "daemon/portal/queue.h"

#define PACK_MOST_S 20.0 /* a third of the portal's 60 s: costs are only expected */

enum {
    PACK_MOST = 50,             /* §4 */
    PACK_COMMAND_BYTES = 16384, /* a longer command goes by itself */
    PACK_BATCH_BYTES = 256 * 1024,
    PACK_OLDEST_EVERY = 8, /* of so many requests one begins with the oldest call, whatever its
                              priority: bulk moves too */
};

/* "method?query" for a batch, or NULL when a query string cannot carry the command faithfully or
 * the method may not travel so. mem_free. */
char *pack_command_new(const struct command *);

struct pack_terms {
    int64_t mono_ms, wall_ms;
    int most;      /* commands, 1 … PACK_MOST */
    double most_s; /* seconds that they may take together, as far as we know; 0: PACK_MOST_S */
    bool plenty;   /* requests are plentiful: urgent calls need not share theirs */
    uint64_t turn; /* requests since the least urgent had one */
};

/* Takes the calls of the next request out of the queue, in the order in which they have to be sent,
 * and promises their methods' time. One call goes as itself, several as a batch. Returns how many;
 * with 0, *ret_wait_ms is when to ask again (-1: when something happens). */
size_t pack_choose(struct queue *, struct budget *, const struct pack_terms *,
                   struct call *ret[PACK_MOST], int64_t *ret_wait_ms);

/* {"halt":0,"cmd":{"c0":"…","c1":"…"}} of calls that all have `encoded`. */
json_t *pack_batch_new(struct call *const *calls, size_t count);
/* "c0", "c1" … */
void pack_key(size_t i, char out[8]);

/* How many commands the next batch may have, after one of `count` took so long: the portal cuts a
 * request off at 60 s. */
int pack_most_after(int most, size_t count, int64_t took_ms);

#endif
