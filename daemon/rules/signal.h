#ifndef DAEMON_RULES_SIGNAL_H
#define DAEMON_RULES_SIGNAL_H

/* Contact signals: what an activity or the end of a call says of a client, and whom it concerns
 * (product.md §2.1, §2.2). A signal found at an activity or a call is passed on as an event of the
 * deals, leads, contacts, companies … that rules speak of; there it is judged like any other. Pure.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/rules/change.h"

enum signal {
    SIGNAL_CLIENT, /* the client called, wrote, filled in a form */
    SIGNAL_WE,     /* one of us called or wrote */
    SIGNAL_MISSED, /* a call to us that nobody took */
    SIGNAL_ENDED,  /* a call ended, whoever made it */
};
enum { SIGNAL_COUNT = 4, SIGNAL_MOST_HEARERS = 500 };

/* "client contacts": as rules write it and as its events are called. */
const char *signal_word(enum signal);
/* May a rule that speaks of this kind hear that signal? Of a call's end the call itself may. */
bool signal_suits(int entity_type, enum signal);
/* Is it said of a call only, so that the call is meant when a rule names nobody? */
bool signal_is_of_call(enum signal);

/* Which kinds of entities hear which signals, over all rules that are not off. */
struct signal_ears {
    struct signal_ear {
        int type;      /* ENTITY_ITEM: any smart process */
        unsigned bits; /* 1 << enum signal */
    } * list;
    size_t count;
    unsigned all;
};
void signal_ears_build(const struct ruleset *, struct signal_ears *);
/* Could an event of that name be a signal that somebody hears? */
bool signal_may_be(const struct signal_ears *, const char *event);

/* One event to be passed on. */
struct signal_hearer {
    enum signal signal;
    struct entity entity;
};

struct signal_found {
    json_t *needs; /* owned; not empty: fetch these and ask again, the rest is void */
    struct signal_hearer *hearers; /* owned */
    size_t count;
    char own_id[ENTITY_ID_SIZE]; /* the same for whatever tells of the same contact: a call's end
                                    and its activity */
    json_t *data;                /* owned: event.data of what is passed on */
    int64_t cause_run; /* the run whose call made the activity, 0: a person or the client */
    char say[160];     /* what was found, for the story; "" : no signal */
    bool blind;        /* the activity is gone or may not be read */
};

/* `change` is that of an activity or of a call. */
void signal_judge(const struct signal_ears *, const struct change *, const json_t *facts,
                  const struct rules_env *, struct signal_found *ret);
void signal_found_done(struct signal_found *);

#endif
