#ifndef DAEMON_ENGINE_NAMING_H
#define DAEMON_ENGINE_NAMING_H

/* All names of a configuration on one portal: asks the portal for what rules/names.h needs until
 * nothing is missing. For the daemon's keeper and for `check --portal`. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/config/config.h"
#include "daemon/portal/client.h"

struct naming {
    const struct config *config;
    const struct config_portal *portal;
    int64_t portal_id;
    struct portal_client *client; /* NULL: nobody is asked, the facts are all there is */
    enum priority priority;
    int64_t patience_ms; /* as asking_limit says; 0: any */
    int64_t now_ms;
    /* Around the moment in which calls are handed to the client; enter false: stop. May be NULL. */
    bool (*enter)(void *arg);
    void (*leave)(void *arg);
    void *arg;
    bool unasked;       /* to say which rules wait until somebody was asked (names.h) */
    const json_t *pins; /* borrowed; NULL: none */
    json_t *facts;      /* need → value: known before and now. The caller's */
    json_t *resolved;   /* out, owned: pin → id */
    json_t *findings;   /* out, owned: as names.h says, those of held rules among them */
    json_t *refused;    /* out, owned: need → why the portal does not show it; such a need stays
                           missing in `facts`, for it says nothing about the name behind it */
};

/* False: the portal is out of reach (or we were told to stop), and the names are as they were. */
bool naming_run(struct naming *, struct err *) MUST_CHECK;
void naming_done(struct naming *);

/* Smart processes of that portal as config_load_knowing takes them, added to `types`: from a fact
 * `types:` or what the store keeps of it. */
void naming_add_types(json_t *types, const char *portal, const json_t *fact);

/* How the store keeps pins among its names; no need looks like it. */
#define NAMING_PINS "pins:"

#endif
