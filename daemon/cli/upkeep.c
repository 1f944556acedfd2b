#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/cli/notify.h"
#include "daemon/cli/serve.h"

enum {
    PRUNE_EVERY_MS = 60 * 1000,
    PRUNE_AGAIN_MS = 500, /* while there is more to prune than one step takes */
    PRUNE_ROWS = 1000,
    TELL_PRUNED_MS = 3600 * 1000,
    BUDGETS_EVERY_MS = 5 * 1000,
    PORTALS_EVERY_MS = 5 * 1000,
    FORMER_LOOK_MS = 20,
    IDLE_MS = 60 * 1000,
    TITLES_EVERY_MS = 250,
    STILL_FEEDS = 4, /* a part that stands still for two of systemd's watches is lost: 60 s of 30 */
};

/* What the log said of a portal last. */
struct said {
    char why[sizeof((struct portal_health *)0)->why]; /* "" all is well */
    char moved_to[sizeof((struct portal_health *)0)->moved_to];
};

struct upkeep {
    struct serve *serve;
    int64_t *due_ms;                                    /* mono, by job */
    int64_t pruned;                                     /* rows, at the last step */
    int64_t told_pruned[STORE_PRUNED], told_pruned_all; /* when the log was last told */
    int64_t tell_pruned_ms;                             /* mono; not before */
    int64_t *requests; /* by portal: as the budget was last stored */
    struct said *said; /* by portal */
    int64_t watchdog_ms;
    const char *still; /* the part that stood still at the last look, NULL: none */
};

static int64_t feed_watchdog(struct upkeep *u)
{
    if (u->watchdog_ms == 0)
        return IDLE_MS;
    int64_t still_ms = 0;
    const char *still = pulse_lost(u->serve, STILL_FEEDS * u->watchdog_ms, &still_ms);
    if (still == NULL)
        notify_alive();
    if (still != NULL && still != u->still)
        log_error("a part of the daemon stands still, the watchdog is not fed part=%s for=%llds",
                  still, (long long)(still_ms / 1000));
    else if (still == NULL && u->still != NULL)
        log_warning("every part moves again, the watchdog is fed");
    u->still = still;
    return u->watchdog_ms;
}

/* Once the old has gone, and then at most once an hour. */
static void tell_of_pruned(struct upkeep *u, const struct store_health *health)
{
    const int64_t *now = health->pruned_of, *told = u->told_pruned;
    int64_t now_ms = clock_mono_ms();
    if (health->pruned == u->told_pruned_all || now_ms < u->tell_pruned_ms)
        return;
    log_info("old history has gone keep=%lldh events=%lld runs=%lld effects=%lld traces=%lld "
             "entities=%lld other=%lld",
             (long long)(u->serve->config->keep_ms / 3600000),
             (long long)(now[PRUNED_EVENTS] - told[PRUNED_EVENTS]),
             (long long)(now[PRUNED_RUNS] - told[PRUNED_RUNS]),
             (long long)(now[PRUNED_EFFECTS] - told[PRUNED_EFFECTS]),
             (long long)(now[PRUNED_TRACES] - told[PRUNED_TRACES]),
             (long long)(now[PRUNED_ENTITIES] - told[PRUNED_ENTITIES]),
             (long long)(now[PRUNED_OTHER] - told[PRUNED_OTHER]));
    memcpy(u->told_pruned, health->pruned_of, sizeof u->told_pruned);
    u->told_pruned_all = health->pruned;
    u->tell_pruned_ms = now_ms + TELL_PRUNED_MS;
}

/* Rows of one step at a time, so that events do not wait behind it. */
static int64_t prune(struct upkeep *u)
{
    struct store_health health;
    store_health(u->serve->store, &health);
    bool more = health.pruned - u->pruned >= PRUNE_ROWS;
    if (!more)
        tell_of_pruned(u, &health);
    u->pruned = health.pruned;
    store_prune(u->serve->store, clock_wall_ms() - u->serve->config->keep_ms, PRUNE_ROWS);
    return more ? PRUNE_AGAIN_MS : PRUNE_EVERY_MS;
}

static void save_budget(struct upkeep *u, struct store_change *change, int portal)
{
    int64_t id = u->serve->portal_ids[portal];
    json_t *budget = portal_client_budget(u->serve->client, id);
    if (budget != NULL)
        store_put_budget(change, id, budget);
    json_decref(budget);
}

/* Idle portals cost no commit: a bucket that only leaks is the same after a restart. */
static bool has_moved(struct upkeep *u, int portal)
{
    struct portal_health health;
    if (!portal_client_health(u->serve->client, u->serve->portal_ids[portal], &health))
        return false;
    bool moved = health.requests != u->requests[portal];
    u->requests[portal] = health.requests;
    return moved;
}

static int64_t save_budgets(struct upkeep *u)
{
    struct store_change *change = NULL;
    for (int i = 0; i < u->serve->config->portal_count; i++) {
        if (!has_moved(u, i))
            continue;
        if (change == NULL)
            change = store_change_new();
        save_budget(u, change, i);
    }
    if (change != NULL)
        store_submit(u->serve->store, change, NULL, NULL);
    return BUDGETS_EVERY_MS;
}

static int64_t look(struct upkeep *u)
{
    struct serve *s = u->serve;
    struct err err = {0};
    if (!watch_look(s->watch, s->config, s->portal_ids, s->ingest, clock_wall_ms(), &err))
        log_warning("what silence is usual is not known and is learnt anew why=\"%s\"", err.text);
    return WATCH_EVERY_MS;
}

void upkeep_save_budgets(struct upkeep *u)
{
    struct err err = {0};
    struct store_change *change = store_change_new();
    (void)look(u); /* what the listener has heard since the last time goes with it */
    for (int i = 0; i < u->serve->config->portal_count; i++)
        save_budget(u, change, i);
    if (!store_commit(u->serve->store, change, &err))
        log_warning("the portals' budgets are not kept why=\"%s\"", err.text);
}

static void tell_of_portal(const char *name, const struct portal_health *health, struct said *said)
{
    const char *why = health->ok ? "" : health->why;
    if (strcmp(said->why, why) != 0) {
        (void)snprintf(said->why, sizeof said->why, "%s", why);
        if (health->ok)
            log_info("portal is well again portal=%s", name);
        else
            log_warning("portal is not spoken to portal=%s circuit=%s why=\"%s\"", name,
                        portal_circuit_word(health->circuit), why);
    }
    if (strcmp(said->moved_to, health->moved_to) != 0) {
        (void)snprintf(said->moved_to, sizeof said->moved_to, "%s", health->moved_to);
        if (health->moved_to[0] != '\0')
            log_warning("portal has moved, change its url-file portal=%s to=\"%s\"", name,
                        health->moved_to);
    }
}

/* Below the client nobody logs: what became of portals is said here, once a change. */
static int64_t tell_of_portals(struct upkeep *u)
{
    const struct config *config = u->serve->config;
    for (int i = 0; i < config->portal_count; i++) {
        struct portal_health health;
        if (portal_client_health(u->serve->client, u->serve->portal_ids[i], &health))
            tell_of_portal(config->portals[i].name, &health, &u->said[i]);
    }
    return PORTALS_EVERY_MS;
}

static int64_t release_former(struct upkeep *u)
{
    former_release_rested(u->serve);
    return u->serve->former_count > 0 ? FORMER_LOOK_MS : IDLE_MS;
}

/* The loop looks whether the keeper of names has learnt one that rules wait for. */
static int64_t watch_titles(struct upkeep *u)
{
    return u->serve->config->rules->titles.unknown_count > 0 ? TITLES_EVERY_MS : IDLE_MS;
}

/* Each returns in how many milliseconds it wants to be called again. */
static int64_t (*const jobs[])(struct upkeep *) = {
    feed_watchdog, prune, save_budgets, tell_of_portals, release_former, watch_titles, look};
enum { JOBS = sizeof jobs / sizeof jobs[0] };

struct upkeep *upkeep_new(struct serve *serve)
{
    struct upkeep *u = mem_alloc(sizeof *u);
    u->serve = serve;
    u->due_ms = mem_array(JOBS, sizeof *u->due_ms);
    u->requests = mem_array((size_t)serve->config->portal_count + 1, sizeof *u->requests);
    u->said = mem_array((size_t)serve->config->portal_count + 1, sizeof *u->said);
    for (int i = 0; i < serve->config->portal_count; i++)
        u->requests[i] = -1; /* the start itself is stored */
    u->watchdog_ms = notify_watchdog_ms();
    return u;
}

void upkeep_free(struct upkeep *u)
{
    if (u == NULL)
        return;
    mem_free(u->due_ms);
    mem_free(u->requests);
    mem_free(u->said);
    mem_free(u);
}

int64_t upkeep_run(struct upkeep *u)
{
    int64_t now = clock_mono_ms(), next = now + IDLE_MS;
    for (size_t i = 0; i < JOBS; i++) {
        if (u->due_ms[i] <= now)
            u->due_ms[i] = now + jobs[i](u);
        if (u->due_ms[i] < next)
            next = u->due_ms[i];
    }
    return next - now;
}
