#ifndef DAEMON_STORE_LANES_H
#define DAEMON_STORE_LANES_H

/* The changes that wait for the writer. What has just arrived has somebody at the other end of the
 * line who waits for an answer: it goes before what the daemon does on its own account, however
 * much of that has gathered. Order is kept within a lane. Not thread-safe. */

#include "daemon/store/change.h"

struct lanes {
    struct change_list of[CHANGE_LANES];
};

void lanes_push(struct lanes *, struct store_change *);
bool lanes_empty(const struct lanes *);
/* Moves all of `from` behind what is in `to`. */
void lanes_append(struct lanes *to, struct lanes *from);
/* The first of that lane, of the other when it is empty. NULL when both are. */
struct store_change *lanes_pop(struct lanes *, enum change_lane);
/* Those that were popped and are in the list, to the front again. */
void lanes_put_back(struct lanes *, struct change_list *);

#endif
