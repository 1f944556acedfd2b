#ifndef DAEMON_ADMIN_ADMIN_H
#define DAEMON_ADMIN_ADMIN_H

/* What operators see: /health, /ready, /metrics and /api on the admin address (product.md §4). One
 * row per route, per check, per metric. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "daemon/config/config.h"
#include "daemon/engine/engine.h"
#include "daemon/ingest/ingest.h"
#include "daemon/portal/client.h"
#include "daemon/admin/watch.h"
#include "daemon/store/store.h"

struct admin;

struct admin_options {
    const struct config *config;
    const int64_t *portal_ids;
    struct store *store;
    struct portal_client *client;
    struct engine *engine;
    struct ingest *ingest;
    struct watch *watch;
    const int *sockets;
    int socket_count;
    bool keep_sockets;
    char (*listen_texts)[128]; /* addresses really listened on, public then admin; copied */
    int listen_count;
    /* Orders a reload and answers with its number; tells what came of it (0: of the last). NULL:
     * there is none. Any thread; must not wait. */
    int64_t (*reload)(void *arg);
    json_t *(*reloaded)(void *arg, int64_t number);
    void *reload_arg;
};

struct admin *admin_start(const struct admin_options *, struct err *) MUST_CHECK;
/* From now on /ready is 503 (SIGTERM came). */
void admin_not_ready(struct admin *);
void admin_stop(struct admin *, int64_t grace_ms);

/* For how many milliseconds its listener has not gone round; it does so twice a second. */
int64_t admin_still_ms(struct admin *);

#endif
