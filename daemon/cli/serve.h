#ifndef DAEMON_CLI_SERVE_H
#define DAEMON_CLI_SERVE_H

/* The running daemon, put together: parts.c starts, stops and exchanges its parts, reload.c is
 * SIGHUP and what the API orders of it, former.c is what a reload leaves behind for a while,
 * difference.c says what it has changed, upkeep.c does what comes round,
 * serve.c is the process. Everything here belongs to the main thread, but for the bell. */

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "daemon/admin/admin.h"
#include "daemon/cli/sockets.h"
#include "daemon/config/config.h"
#include "daemon/engine/engine.h"
#include "daemon/ingest/ingest.h"
#include "daemon/portal/client.h"
#include "daemon/store/store.h"

/* What the writer's thread rings when events are stored: engines come and go at a reload. */
struct bell {
    pthread_mutex_t lock;  /* guards engine, and that it lives while it is being woken: the only
                              mutex under which another is taken, the engine's */
    struct engine *engine; /* NULL: nobody hears; the next one looks at the store by itself */
};

/* What a reload has replaced, while calls of it are under way. */
struct former {
    struct config *config;
    int64_t *portal_ids;
    struct portal_client *client;
    struct engine *engine;
};

/* Reloads by number, for those who order them over the API and ask what came of it. */
struct reloads {
    pthread_mutex_t lock; /* guards the rest */
    int64_t wanted;       /* the last that was ordered */
    int64_t over;         /* what was ordered up to this one is done with */
    const char *doing;    /* what the one under way is at; NULL: none is */
    json_t *last;         /* what came of the last, as reloads_tell shows it; NULL: none yet */
};

struct serve {
    const char *file;
    bool take_over; /* another daemon may still be there: wait for its end */
    struct config *config;
    struct store *store;
    int64_t *portal_ids; /* in the order of config->portals */
    struct sockets sockets;
    struct bell bell;
    struct portal_client *client;
    struct engine *engine;
    struct former formers[ENGINE_FORMERS];
    int former_count;
    struct reloads reloads;
    struct watch *watch;
    struct ingest *ingest;
    struct admin *admin;
    struct upkeep *upkeep;
};

/* The next signal of the set, waited for so long; -1 when time is up. */
int serve_next_signal(const sigset_t *, int64_t wait_ms);
/* SIGTERM and SIGINT. */
sigset_t serve_end_signals(void);

/* ---- parts.c ---- */

/* Every mistake is in the log when it is NULL, and in `errors` and `warnings`, arrays of texts (or
 * NULL). */
struct config *parts_load_config(const char *file, json_t *errors, json_t *warnings);
/* Loads it again if its rules name smart processes that the store knows by now. False: it is wrong,
 * which is told in the same way; *config is NULL then. */
bool parts_know_titles(struct serve *, struct config **config, json_t *errors,
                       json_t *warnings) MUST_CHECK;
/* Returns how many parts stand; PARTS of them: all. */
size_t parts_start(struct serve *, struct err *);
size_t parts_count(void);
void parts_stop(struct serve *, size_t count);
/* The row ids of the configuration's portals; mem_free. NULL with err. */
int64_t *parts_portal_ids(struct store *, const struct config *, struct err *);
/* Puts parts that use the new configuration in the place of those that use the old one, of which
 * client and engine become a former; store and sockets stay. There is room for it. False: some
 * parts are missing now, for want of memory, threads or descriptors. Takes both. */
bool parts_exchange(struct serve *, struct config *, int64_t *portal_ids, struct err *) MUST_CHECK;

/* ---- former.c ---- */

/* Halts client and engine and hands them, the configuration and the ids over to a new former. */
void former_make(struct serve *);
bool former_room(const struct serve *);
/* The end of those of which every call has come back, and been settled. */
void former_release_rested(struct serve *);
/* The end of all; calls that are not back yet get so long. */
void former_release_all(struct serve *, int64_t grace_ms);

/* ---- reload.c ---- */

enum reloaded {
    RELOAD_OVER,        /* the new configuration is in use, or the old one still is */
    RELOAD_INTERRUPTED, /* told to end before anything was exchanged */
    RELOAD_BROKEN,      /* the daemon cannot go on */
};
enum reloaded reload(struct serve *);

void reloads_init(struct reloads *);
void reloads_done(struct reloads *);
/* For the API, from any thread (`arg` is the struct serve). The first orders a reload and answers
 * with its number. The second tells what became of it: {"number","state"} and, when it is over,
 * more (docs/upkeep.md). Number 0: the last one. New. */
int64_t reloads_order(void *arg);
json_t *reloads_tell(void *arg, int64_t number);

/* ---- pulse.c ---- */

/* The first part that has stood still longer than that, and for how long; NULL: all make progress.
 * Who has nothing to do stands still for no time. */
const char *pulse_lost(const struct serve *, int64_t most_ms, int64_t *ret_still_ms);

/* ---- upkeep.c ---- */

struct upkeep *upkeep_new(struct serve *);
void upkeep_free(struct upkeep *);
/* Does what is due; returns milliseconds until something is. */
int64_t upkeep_run(struct upkeep *);
/* At the end, of the daemon or of a configuration: stores the portals' budgets as they are now, and
 * the watch looks once more; returns after the commit. */
void upkeep_save_budgets(struct upkeep *);

#endif
