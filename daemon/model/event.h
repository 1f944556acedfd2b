#ifndef DAEMON_MODEL_EVENT_H
#define DAEMON_MODEL_EVENT_H

/* What arrived. Plain data; the row `event`. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/entity.h"

enum event_source {
    EVENT_WEBHOOK = 1, /* formats 1 and 2 (bitrix24.md §1) */
    EVENT_ROBOT = 2,   /* format 3; name is the robot's CODE */
    EVENT_OWN = 3,     /* a record that a call of ours answered with */
    EVENT_INNER = 4,   /* the engine's word to itself: a contact signal, passed on to whom it
                          concerns (rules/signal.h; name is its words, "client contacts"), or a
                          record that the search for timers has found (name is EVENT_FOUND) */
};
#define EVENT_FOUND "TIMER"

/* Who waits for the outcome: urgent a person does, bulk nobody. Smaller is sooner. */
enum priority { PRIORITY_URGENT = 0, PRIORITY_NORMAL = 1, PRIORITY_BULK = 2 };

enum { EVENT_NAME_SIZE = 64 };

struct event {
    int64_t id;     /* 0 until the store gave it one */
    int64_t portal; /* row id of the portal */
    enum event_source source;
    char name[EVENT_NAME_SIZE]; /* upper case ("ONCRMDEALUPDATE"), a robot's CODE as written, "OWN",
                                   or as EVENT_INNER says */
    enum entity_happening happening;
    struct entity entity;
    char own_id[ENTITY_ID_SIZE]; /* an id of the event itself (CALL_ID), "" mostly */
    enum priority priority;
    int64_t received_ms; /* wall */
    int64_t sent_s;      /* `ts` of the body, 0 if none; never trusted for freshness */
    char *body;          /* owned: the form as it came, tokens cut out; EVENT_OWN: the record, JSON;
                            a signal: {"data","activity"}, JSON */
    char *query; /* owned: a robot's URL parameters, still encoded, without the key; or NULL */
    int64_t
        cause_run; /* EVENT_OWN: the run that wrote; a signal: the run whose call it was; or 0 */
};

bool event_is_signal(const struct event *);
bool event_is_found(const struct event *);

void event_done(struct event *); /* frees what it owns, leaves it zeroed */
const char *event_source_word(enum event_source);

#endif
