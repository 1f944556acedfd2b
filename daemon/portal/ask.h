#ifndef DAEMON_PORTAL_ASK_H
#define DAEMON_PORTAL_ASK_H

/* Facts fetched by somebody who has the time to wait for them: the daily look at the names, and
 * `check --portal`. (Entities at work are tasks of the engine and wait for nothing.) One asking
 * belongs to one thread. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/portal/client.h"

struct asking;

/* `needs`: array of texts (model/need.h). */
struct asking *asking_new(struct portal_client *, int64_t portal, const json_t *needs,
                          enum priority);
/* For those who own the client alone: when no answer came for so long, the client is halted. */
void asking_limit(struct asking *, int64_t patience_ms);
void asking_free(struct asking *); /* nothing may be on its way */

/* Hands the next calls to the client; waits for nothing. */
void asking_send(struct asking *);

enum asked {
    ASKED,        /* every need is in `facts` */
    ASKED_MORE,   /* lists have more pages: send and wait again */
    ASKED_FAILED, /* the portal is out of reach, or the client was stopped: err */
};
/* Waits for the answers. What the portal refuses to show is null, and `refused` says why: object
 * need → text. */
enum asked asking_wait(struct asking *, json_t *facts, json_t *refused, struct err *);

#endif
