#include "daemon/engine/keeper.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/holds.h"
#include "daemon/engine/naming.h"
#include "daemon/model/need.h"

enum {
    DAY_MS = 86400000,
    AGAIN_MS = 60000,  /* after a failure, and at the soonest after a miss */
    TITLES_MS = 60000, /* records wait so long for rules that know what was learnt */
};

/* What is known of one portal's names. Each is kept by a thread of its own: a portal that does not
 * answer keeps nobody from asking the others. */
struct book {
    struct keeper *keeper;
    int portal; /* index in engine->portals */
    pthread_t thread;
    bool started;
    /* under the keeper's lock */
    json_t *pins,
        *findings;     /* no reference leaves the lock: jansson's counts are not for threads */
    int64_t asked_ms;  /* wall: last time that all names were looked up; 0 never */
    int64_t due_ms;    /* mono */
    int64_t learnt_ms; /* mono: a title was found that the rules were loaded without; 0: none */
    char why[480];     /* it could not be done at the last try */
};

struct keeper {
    struct engine *engine;
    pthread_mutex_t lock; /* guards books (as said there) and stopping */
    pthread_cond_t more;
    struct book *books;  /* by portal, in the order of engine->portals */
    bool told, stopping; /* told: that something was learnt */
};

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool restore(struct keeper *k, struct err *err)
{
    for (int i = 0; i < k->engine->portal_count; i++) {
        json_t *names = NULL;
        if (!store_read_names(k->engine->feeder_reader, k->engine->portals[i].id, 0, &names, err))
            return false;
        const json_t *row = json_object_get(names, NAMING_PINS);
        k->books[i].pins = json_is_object(json_object_get(row, "value"))
                               ? json_deep_copy(json_object_get(row, "value"))
                               : json_object();
        k->books[i].findings = json_array();
        json_decref(names);
    }
    return true;
}

/* Smart processes as they are called now, and as rules in use call them: those go on meaning the
 * same after a restart. */
static json_t *titles_new(const struct keeper *k, const json_t *facts)
{
    const struct titles *titles = &k->engine->site.config->rules->titles;
    char need[NEED_SIZE];
    need_print(NEED_TYPES, "", need);
    json_t *all = json_deep_copy(json_object_get(facts, need));
    for (size_t i = 0; json_is_array(all) && i < titles->used_count; i++) {
        bool taken = false;
        size_t at;
        json_t *row;
        json_array_foreach (all, at, row)
            taken = taken || utf8_same(jv_text(row, "title", ""), titles->used[i].title);
        if (!taken)
            json_array_append_new(all, json_pack("{s:i, s:s}", "id", titles->used[i].type, "title",
                                                 titles->used[i].title));
    }
    return all;
}

/* Facts and pins go to the store together; nobody waits for it. */
static void store_all(struct keeper *k, int portal, const struct naming *n)
{
    const char *need;
    json_t *value;
    int64_t id = k->engine->portals[portal].id;
    struct store_change *change = store_change_new();
    json_object_foreach (n->facts, need, value) {
        facts_keep(k->engine->facts, id, need, value, n->now_ms);
        store_put_name(change, id, need, value, n->now_ms);
    }
    JV_AUTO *titles = titles_new(k, n->facts);
    if (json_array_size(titles) > 0) {
        char types[NEED_SIZE];
        need_print(NEED_TYPES, "", types);
        store_put_name(change, id, types, titles, n->now_ms);
    }
    store_put_name(change, id, NAMING_PINS, n->resolved, n->now_ms);
    store_submit(k->engine->store, change, NULL, NULL);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static bool is_known(const json_t *list, const json_t *finding)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(list), i, one)
        if (json_equal(one, finding))
            return true;
    return false;
}

static bool holds(const json_t *finding)
{
    const char *level = jv_text(finding, "level", "");
    return strcmp(level, "error") == 0 || strcmp(level, "waiting") == 0;
}

static void say_news(const char *portal, const json_t *before, const json_t *now)
{
    size_t i;
    json_t *finding;
    json_array_foreach (jv_loose(now), i, finding) {
        bool unasked = strcmp(jv_text(finding, "level", ""), "unasked") == 0; /* so soon */
        if (unasked || is_known(before, finding))
            continue;
        log_warning("%s portal=%s rule=%s at=%s:%lld why=\"%s\"",
                    holds(finding) ? "a rule is held back" : "a name has changed", portal,
                    jv_text(finding, "rule", ""), jv_text(finding, "file", ""),
                    (long long)jv_int(finding, "line", 0), jv_text(finding, "say", ""));
    }
}

/* Does the portal know a title that the rules were loaded without? */
static bool learns(const struct keeper *k, const json_t *facts)
{
    const struct titles *titles = &k->engine->site.config->rules->titles;
    char need[NEED_SIZE];
    size_t i;
    json_t *row;
    need_print(NEED_TYPES, "", need);
    json_array_foreach (json_object_get(facts, need), i, row)
        for (size_t u = 0; u < titles->unknown_count; u++)
            if (utf8_same(titles->unknown[u], jv_text(row, "title", "")))
                return true;
    return false;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Calls are handed over only while the engine does not halt, like those of tasks. */
static bool enter(void *arg)
{
    struct engine *e = arg;
    pthread_mutex_lock(&e->lock);
    bool free = !e->halting;
    e->at_work += free;
    pthread_mutex_unlock(&e->lock);
    return free;
}

static void leave(void *arg)
{
    struct engine *e = arg;
    pthread_mutex_lock(&e->lock);
    e->at_work--;
    pthread_cond_broadcast(&e->rested);
    pthread_mutex_unlock(&e->lock);
}

static void take_over(struct keeper *k, int portal, struct naming *n)
{
    struct book *book = &k->books[portal];
    say_news(n->portal->name, book->findings, n->findings);
    pthread_mutex_lock(&k->lock);
    json_decref(book->pins);
    book->pins = json_deep_copy(n->resolved);
    json_decref(book->findings);
    book->findings = json_deep_copy(n->findings);
    book->asked_ms = n->now_ms;
    book->why[0] = '\0';
    if (book->learnt_ms == 0 && learns(k, n->facts))
        book->learnt_ms = clock_mono_ms();
    pthread_mutex_unlock(&k->lock);
}

static bool ask_portal(struct keeper *k, int portal)
{
    struct err err = {0};
    if (holds_portal(k->engine->holds, k->engine->portals[portal].id))
        return false; /* paused: asked when it is not */
    JV_AUTO *facts = json_object();
    JV_AUTO *pins = keeper_pins(k, k->engine->portals[portal].id);
    struct naming n = {.config = k->engine->site.config,
                       .portal = k->engine->portals[portal].config,
                       .portal_id = k->engine->portals[portal].id,
                       .client = k->engine->client,
                       .priority = PRIORITY_BULK,
                       .now_ms = clock_wall_ms(),
                       .enter = enter,
                       .leave = leave,
                       .arg = k->engine,
                       .pins = pins,
                       .facts = facts};
    bool known = naming_run(&n, &err);
    if (known) {
        store_all(k, portal, &n);
        take_over(k, portal, &n);
    } else {
        pthread_mutex_lock(&k->lock);
        (void)snprintf(k->books[portal].why, sizeof k->books[portal].why, "%s", err.text);
        pthread_mutex_unlock(&k->lock);
    }
    naming_done(&n);
    return known;
}

/* Before the portal was asked: what is held back until then. */
static void look_offline(struct keeper *k, int portal)
{
    struct err err = {0};
    JV_AUTO *facts = json_object();
    struct naming n = {.config = k->engine->site.config,
                       .portal = k->engine->portals[portal].config,
                       .now_ms = clock_wall_ms(),
                       .unasked = true,
                       .pins = k->books[portal].pins,
                       .facts = facts};
    if (naming_run(&n, &err)) {
        say_news(n.portal->name, NULL, n.findings);
        json_decref(k->books[portal].findings);
        k->books[portal].findings = json_incref(n.findings);
    }
    naming_done(&n);
}

static void wait_until_due(struct book *book)
{
    struct keeper *k = book->keeper;
    while (!k->stopping && clock_mono_ms() < book->due_ms) {
        const struct timespec at = {.tv_sec = book->due_ms / 1000,
                                    .tv_nsec = book->due_ms % 1000 * 1000000};
        (void)pthread_cond_timedwait(&k->more, &k->lock, &at);
    }
}

static void *book_main(void *arg)
{
    struct book *book = arg;
    struct keeper *k = book->keeper;
    pthread_mutex_lock(&k->lock);
    for (;;) {
        wait_until_due(book);
        if (k->stopping)
            break;
        book->due_ms = clock_mono_ms() + DAY_MS;
        pthread_mutex_unlock(&k->lock);
        bool known = ask_portal(k, book->portal);
        pthread_mutex_lock(&k->lock);
        if (!known)
            book->due_ms = clock_mono_ms() + AGAIN_MS;
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* ---- the door -------------------------------------------------------------------------------- */

static bool start_book(struct keeper *k, int portal, struct err *err)
{
    struct book *book = &k->books[portal];
    look_offline(k, portal);
    book->started = pthread_create(&book->thread, NULL, book_main, book) == 0;
    return book->started || err_set(err, "cannot start a thread that keeps names");
}

struct keeper *keeper_start(struct engine *e, struct err *err)
{
    struct keeper *k = mem_alloc(sizeof *k);
    pthread_condattr_t monotonic;
    *k = (struct keeper){.engine = e};
    k->books = mem_array((size_t)e->portal_count + 1, sizeof *k->books);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < e->portal_count; i++)
        k->books[i] = (struct book){.keeper = k, .portal = i};
    bool good = restore(k, err);
    for (int i = 0; good && i < e->portal_count; i++)
        good = start_book(k, i, err);
    if (good)
        return k;
    keeper_stop(k);
    return NULL;
}

void keeper_stop(struct keeper *k)
{
    if (k == NULL)
        return;
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_broadcast(&k->more);
    pthread_mutex_unlock(&k->lock);
    for (int i = 0; i < k->engine->portal_count; i++) {
        if (k->books[i].started)
            pthread_join(k->books[i].thread, NULL);
        json_decref(k->books[i].pins);
        json_decref(k->books[i].findings);
    }
    pthread_cond_destroy(&k->more);
    pthread_mutex_destroy(&k->lock);
    mem_free(k->books);
    mem_free(k);
}

static struct book *book_of(struct keeper *k, int64_t portal)
{
    int i = 0;
    while (i < k->engine->portal_count && k->engine->portals[i].id != portal)
        i++;
    return i < k->engine->portal_count ? &k->books[i] : NULL;
}

void keeper_miss(struct keeper *k, int64_t portal)
{
    struct book *book = book_of(k, portal);
    int64_t soon = clock_mono_ms() + AGAIN_MS;
    pthread_mutex_lock(&k->lock);
    if (book != NULL && soon < book->due_ms) {
        book->due_ms = soon;
        pthread_cond_broadcast(&k->more);
    }
    pthread_mutex_unlock(&k->lock);
}

json_t *keeper_pins(struct keeper *k, int64_t portal)
{
    struct book *book = book_of(k, portal);
    pthread_mutex_lock(&k->lock);
    json_t *pins = book != NULL ? json_deep_copy(book->pins) : json_object();
    pthread_mutex_unlock(&k->lock);
    return pins;
}

bool keeper_holds(struct keeper *k, int64_t portal, const char *rule, char *why, size_t size)
{
    struct book *book = book_of(k, portal);
    bool held = false;
    size_t i;
    json_t *finding;
    pthread_mutex_lock(&k->lock);
    json_array_foreach (book != NULL ? book->findings : NULL, i, finding) {
        held = strcmp(jv_text(finding, "rule", ""), rule) == 0 && holds(finding);
        if (held) {
            (void)snprintf(why, size, "%s", jv_text(finding, "say", ""));
            break;
        }
    }
    pthread_mutex_unlock(&k->lock);
    return held;
}

json_t *keeper_tell(struct keeper *k)
{
    json_t *findings = json_array();
    JV_AUTO *why = json_string("");
    json_int_t asked = INT64_MAX;
    pthread_mutex_lock(&k->lock);
    for (int i = 0; i < k->engine->portal_count; i++) {
        const struct book *book = &k->books[i];
        size_t at;
        json_t *finding;
        json_array_foreach (book->findings, at, finding) {
            json_t *shown = json_deep_copy(finding);
            json_object_set_new(shown, "portal", json_string(k->engine->portals[i].config->name));
            json_array_append_new(findings, shown);
        }
        if (book->why[0] != '\0') {
            json_decref(why);
            why = jv_string_new(book->why);
        }
        asked = book->asked_ms < asked ? book->asked_ms : asked;
    }
    pthread_mutex_unlock(&k->lock);
    return json_pack("{s:I, s:O, s:o}", "asked_ms", asked, "why", why, "findings", findings);
}

bool keeper_has_learnt(struct keeper *k)
{
    bool learnt = false;
    pthread_mutex_lock(&k->lock);
    for (int i = 0; i < k->engine->portal_count; i++)
        learnt = learnt || k->books[i].learnt_ms > 0;
    learnt = learnt && !k->told;
    k->told = k->told || learnt;
    pthread_mutex_unlock(&k->lock);
    return learnt;
}

bool keeper_is_learning(struct keeper *k, int64_t portal)
{
    struct book *book = book_of(k, portal);
    bool lacks = k->engine->site.config->rules->titles.unknown_count > 0;
    pthread_mutex_lock(&k->lock);
    bool learning = lacks && book != NULL &&
                    (book->asked_ms == 0 ||
                     (book->learnt_ms > 0 && clock_mono_ms() - book->learnt_ms < TITLES_MS));
    pthread_mutex_unlock(&k->lock);
    return learning;
}
