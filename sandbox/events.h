#ifndef SANDBOX_EVENTS_H
#define SANDBOX_EVENTS_H

/* What the portal tells others: outbound webhooks and application subscriptions, with bodies
 * exactly as bitrix24.md §1 gives them. Posted once, never again (§1.1). */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct sandbox;

enum { EVENTS_MOST_SUBSCRIPTIONS = 100, EVENTS_MOST_WAITING = 100000 };

enum event_weather {
    EVENTS_ON,
    EVENTS_OFF,       /* they happen, but nobody hears of them (§10 no. 1) */
    EVENTS_DUPLICATE, /* each arrives twice */
    EVENTS_REORDER,   /* every other one arrives late */
    EVENTS_DELAY,     /* all arrive late */
};

struct subscription {
    int64_t id;        /* event_handler_id */
    char *event, *url; /* owned; event "*": all that outbound webhooks may have */
    bool app; /* of an application: auth with tokens (§1.3), and the events of §1.6 "App" */
};

struct events {
    struct subscription subscriptions[EVENTS_MOST_SUBSCRIPTIONS];
    size_t count;
    int64_t last_id;
    enum event_weather weather;
    int64_t delay_ms;
    int64_t raised, lost; /* lost: nobody subscribed, or off, or too many waiting */
    json_t *hit;          /* raised by the request at hand: array of [name, data] */
    json_t *outbox;       /* array of {"url","body","content_type","delay_ms"} */
};

void events_init(struct events *);
void events_done(struct events *);

/* Returns event_handler_id; 0 when there are too many. */
int64_t events_subscribe(struct events *, const char *event, const char *url, bool app);
/* Those with that URL; NULL: all. */
void events_unsubscribe(struct events *, const char *url);

/* Something happened during this hit; takes `data` over. */
void events_raise(struct sandbox *, const char *name, json_t *data);
/* The hit is over: its events go out. Equal ones have become one (§1.1). */
void events_flush(struct sandbox *);

/* The native step "Outgoing webhook" of a robot (§1.7); `document` is "DEAL_5". */
bool events_robot(struct sandbox *, const char *url, const char *document, struct err *) MUST_CHECK;

#endif
