#ifndef DAEMON_ENGINE_HOLDS_H
#define DAEMON_ENGINE_HOLDS_H

/* What an operator has paused, as the store keeps it (struct hold). A paused portal is neither
 * asked nor changed, its events gather; a paused rule starts as always, and its runs wait before
 * their next step. Thread-safe. */

#include <stdbool.h>

#include "daemon/store/store.h"

struct holds;

struct holds *holds_new(void);
void holds_free(struct holds *);
bool holds_restore(struct holds *, struct store_reader *, struct err *) MUST_CHECK;
/* The pause begins, or is over. */
void holds_set(struct holds *, const struct hold *, bool on);

bool holds_portal(struct holds *, int64_t portal);
/* Is the rule paused there, or the portal, or the rule everywhere? *ret (may be NULL) is that hold.
 */
bool holds_rule(struct holds *, int64_t portal, const char *rule, struct hold *ret);
/* True once after a pause was over, and after the restart: runs that were laid down may go on. */
bool holds_take_news(struct holds *);
/* They could not all be taken up. */
void holds_put_news(struct holds *);
/* A copy of all; mem_free. */
struct hold *holds_list(struct holds *, size_t *ret_count);

#endif
