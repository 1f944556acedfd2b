#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/cli/difference.h"
#include "daemon/cli/notify.h"
#include "daemon/cli/serve.h"

enum { LOOK_MS = 5 };

/* What the store and the sockets were opened with stays until a restart; difference.c warns. */
static void keep_what_stays(struct config *old, struct config *new)
{
    char *database = new->database;
    new->database = old->database;
    old->database = database;
    new->max_queue = old->max_queue;
    for (int i = 0; i < CONFIG_MOST_LISTEN; i++) {
        new->listen[i] = old->listen[i];
        new->admin[i] = old->admin[i];
    }
    new->listen_count = old->listen_count;
    new->admin_count = old->admin_count;
}

/* One former at a time: a reload soon after another waits for what is left of that one. Meanwhile
 * everything goes on by the configuration in use. False: told to end. */
static bool wait_for_former(struct serve *s)
{
    const sigset_t end = serve_end_signals();
    while (!former_at_rest(s)) {
        (void)upkeep_run(s->upkeep);
        if (serve_next_signal(&end, LOOK_MS) > 0)
            return false;
    }
    former_release(s, 0);
    return true;
}

/* Takes the new configuration. */
static enum reloaded exchange(struct serve *s, struct config *new)
{
    struct err err = {0};
    int64_t began_ms = clock_mono_ms();
    int64_t *ids = parts_portal_ids(s->store, new, &err);
    if (ids == NULL) {
        log_error("the configuration in use stays, the new one cannot be used now why=\"%s\"",
                  err.text);
        config_free(new);
        return RELOAD_OVER;
    }
    if (!wait_for_former(s)) {
        log_info("told to end in the middle of a reload: the configuration in use stays");
        mem_free(ids);
        config_free(new);
        return RELOAD_INTERRUPTED;
    }
    difference_log(s->config, new);
    keep_what_stays(s->config, new);
    if (!parts_exchange(s, new, ids, &err)) {
        log_error("cannot go on after the reload why=\"%s\"", err.text);
        return RELOAD_BROKEN;
    }
    log_info("reloaded portals=%d rules=%zu took=%lldms", s->config->portal_count,
             s->config->rules->count, (long long)(clock_mono_ms() - began_ms));
    return RELOAD_OVER;
}

enum reloaded reload(struct serve *s)
{
    enum reloaded reloaded = RELOAD_OVER;
    notify_reloading();
    log_info("reloading file=\"%s\"", s->file);
    struct config *new = parts_load_config(s->file);
    if (new != NULL && parts_know_titles(s, s->file, &new))
        reloaded = exchange(s, new);
    else
        log_error("the configuration is wrong, the one in use stays file=\"%s\"", s->file);
    if (reloaded == RELOAD_OVER)
        notify_ready();
    return reloaded;
}
