#include <unistd.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/cli/difference.h"
#include "daemon/cli/notify.h"
#include "daemon/cli/serve.h"

enum { LOOK_MS = 5 };

/* ---- who ordered it, and what came of it ----------------------------------------------------- */

void reloads_init(struct reloads *r)
{
    *r = (struct reloads){0};
    pthread_mutex_init(&r->lock, NULL);
}

void reloads_done(struct reloads *r)
{
    json_decref(r->last);
    pthread_mutex_destroy(&r->lock);
}

/* The main thread reads its signals one by one: what was ordered before it reads this one is done
 * by the reload that follows. */
int64_t reloads_order(void *arg)
{
    struct reloads *r = &((struct serve *)arg)->reloads;
    pthread_mutex_lock(&r->lock);
    int64_t number = ++r->wanted;
    pthread_mutex_unlock(&r->lock);
    (void)kill(getpid(), SIGHUP);
    return number;
}

json_t *reloads_tell(void *arg, int64_t number)
{
    struct reloads *r = &((struct serve *)arg)->reloads;
    pthread_mutex_lock(&r->lock);
    bool over = number <= r->over && r->doing == NULL;
    json_t *told = over ? json_deep_copy(r->last)
                        : json_pack("{s:s, s:s}", "state", "under way", "say",
                                    r->doing != NULL ? r->doing : "about to begin");
    pthread_mutex_unlock(&r->lock);
    if (told == NULL)
        told = json_pack("{s:s, s:s}", "state", "none", "say", "nothing was reloaded yet");
    json_object_set_new(told, "number", json_integer(number));
    return told;
}

static void set_doing(struct reloads *r, const char *doing)
{
    pthread_mutex_lock(&r->lock);
    r->doing = doing;
    pthread_mutex_unlock(&r->lock);
}

/* One that is under way. */
struct course {
    struct serve *serve;
    int64_t number;   /* it does what was ordered up to this one */
    int64_t began_ms; /* mono */
    const char *state;
    json_t *errors, *warnings, *changes; /* owned */
};

static void begin(struct course *course, struct serve *s)
{
    struct reloads *r = &s->reloads;
    *course = (struct course){.serve = s,
                              .began_ms = clock_mono_ms(),
                              .errors = json_array(),
                              .warnings = json_array(),
                              .changes = json_array()};
    pthread_mutex_lock(&r->lock);
    course->number = r->wanted;
    r->doing = "reading the configuration";
    pthread_mutex_unlock(&r->lock);
}

/* Those who ask hear of it from here on. */
static void end(struct course *course)
{
    struct serve *s = course->serve;
    json_t *told =
        json_pack("{s:s, s:s, s:I, s:I, s:i, s:I, s:o, s:o, s:o}", "state", course->state, "file",
                  s->file, "at_ms", (json_int_t)clock_wall_ms(), "took_ms",
                  (json_int_t)(clock_mono_ms() - course->began_ms), "portals",
                  s->config->portal_count, "rules", (json_int_t)s->config->rules->count, "changes",
                  course->changes, "errors", course->errors, "warnings", course->warnings);
    pthread_mutex_lock(&s->reloads.lock);
    json_decref(s->reloads.last);
    s->reloads.last = told;
    s->reloads.over = course->number;
    s->reloads.doing = NULL;
    pthread_mutex_unlock(&s->reloads.lock);
}

static enum reloaded refuse(struct course *course, const char *why)
{
    course->state = "refused";
    if (why != NULL)
        json_array_append_new(course->errors, jv_string_new(why));
    return RELOAD_OVER;
}

/* ---- the reload ------------------------------------------------------------------------------ */

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

/* Calls of several reloads ago may still be under way, but not of any number: beyond that a reload
 * waits for one of them. Meanwhile everything goes on by the configuration in use. False: told to
 * end. */
static bool wait_for_room(struct serve *s)
{
    const sigset_t end_signals = serve_end_signals();
    former_release_rested(s);
    if (!former_room(s)) {
        set_doing(&s->reloads, "waits for calls of the configurations before, at most 65 s");
        log_info("the reload waits for calls of the configurations before formers=%d",
                 s->former_count);
    }
    while (!former_room(s)) {
        (void)upkeep_run(s->upkeep);
        if (serve_next_signal(&end_signals, LOOK_MS) > 0)
            return false;
        former_release_rested(s);
    }
    return true;
}

/* Takes the new configuration. */
static enum reloaded exchange(struct course *course, struct config *new)
{
    struct serve *s = course->serve;
    struct err err = {0};
    int64_t *ids = parts_portal_ids(s->store, new, &err);
    if (ids == NULL) {
        log_error("the configuration in use stays, the new one cannot be used now why=\"%s\"",
                  err.text);
        config_free(new);
        return refuse(course, err.text);
    }
    if (!wait_for_room(s)) {
        log_info("told to end in the middle of a reload: the configuration in use stays");
        mem_free(ids);
        config_free(new);
        (void)refuse(course, "the daemon was told to end");
        return RELOAD_INTERRUPTED;
    }
    set_doing(&s->reloads, "taking the new configuration");
    difference_tell(s->config, new, course->changes);
    keep_what_stays(s->config, new);
    if (!parts_exchange(s, new, ids, &err)) {
        log_error("cannot go on after the reload why=\"%s\"", err.text);
        (void)refuse(course, err.text);
        return RELOAD_BROKEN;
    }
    log_info("reloaded portals=%d rules=%zu changes=%zu took=%lldms", s->config->portal_count,
             s->config->rules->count, json_array_size(course->changes),
             (long long)(clock_mono_ms() - course->began_ms));
    course->state = "done";
    return RELOAD_OVER;
}

enum reloaded reload(struct serve *s)
{
    enum reloaded reloaded = RELOAD_OVER;
    struct course course;
    begin(&course, s);
    notify_reloading();
    log_info("reloading file=\"%s\"", s->file);
    struct config *new = parts_load_config(s->file, course.errors, course.warnings);
    if (new != NULL && parts_know_titles(s, &new, course.errors, course.warnings)) {
        reloaded = exchange(&course, new);
    } else {
        log_error("the configuration is wrong, the one in use stays file=\"%s\" errors=%zu",
                  s->file, json_array_size(course.errors));
        reloaded = refuse(&course, NULL);
    }
    end(&course);
    if (reloaded == RELOAD_OVER)
        notify_ready();
    return reloaded;
}
