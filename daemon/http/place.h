#ifndef DAEMON_HTTP_PLACE_H
#define DAEMON_HTTP_PLACE_H

/* Places at the server's table: one for each open connection. Who keeps one without a whole request
 * has to give it back, oldest first, when its time is over, when places run out, or when its
 * address has too many. Belongs to the thread that runs the loop. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PLACE_ADDRESSES = 4096 };

struct place {
    struct place *before, *behind;
    int fd;           /* borrowed */
    int address;      /* index of the counter for its address; -1: not counted (Unix socket) */
    int64_t since_ms; /* mono: in its state; the list is in this order */
    enum place_state {
        PLACE_FRESH,    /* has not been answered yet, nor begun a request */
        PLACE_IDLE,     /* kept alive after an answer */
        PLACE_READING,  /* a request has begun */
        PLACE_HANDLED,  /* the request is whole, the handler has it */
        PLACE_ANSWERED, /* the answer is on its way out */
        PLACE_TAKEN,    /* taken back; its end is yet to be noticed */
    } state;
};

struct places {
    int64_t now_ms; /* mono; the loop's, set once a round */
    struct place *oldest, *newest;
    int count;
    int per_address[PLACE_ADDRESSES]; /* by hash: who shares a counter shares the ceiling */
};

/* NULL address: a Unix socket's. Owned by the places until place_leave. */
struct place *place_enter(struct places *, int fd, const struct sockaddr *);
void place_leave(struct places *, struct place *);
/* Goes over to a state. The time begins anew where the peer has done something useful: an idle one
 * that begins a request, one that was answered. */
void place_turn(struct places *, struct place *, enum place_state);

/* Takes back the oldest place that has no whole request, of that address only unless -1. False:
 * there is none. */
bool places_take_oldest(struct places *, int address);
/* Takes back all that have been without a whole request, or slow to read their answer, since then.
 * How many. */
int places_take_since(struct places *, int64_t since_ms);
/* Does anybody still have an answer to get? Whoever has come but has not said a word by
 * `silent_since_ms` has not. */
bool places_owe(const struct places *, int64_t silent_since_ms);
/* Is an answer being made or sent? */
bool places_answer(const struct places *);

#endif
