#include "daemon/engine/facts.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/engine/keeper.h"
#include "daemon/engine/rota.h"
#include "daemon/model/need.h"
#include "daemon/portal/fetch.h"

enum {
    CACHED_MOST = 20000,   /* entries; beyond it the cache starts anew */
    ANOTHERS_READ_MS = 50, /* pause while another task reads the same */
    READ_GIVEN_UP_MS = 120000,
};

struct facts {
    pthread_mutex_t lock; /* guards both objects */
    json_t *kept;         /* "PORTAL need" → {"value","at"} (wall ms) */
    json_t *reading;      /* "PORTAL need" → wall ms at which a task began to read it */
};

/* One need on its way: its calls so far and their answers, in order. */
struct want {
    char need[NEED_SIZE];
    struct answer *answers; /* owned */
    size_t count;
    struct command next[FETCH_MOST]; /* owned until handed to calls */
    size_t next_count;
    bool marked;  /* in facts.reading */
    bool settled; /* its value is known */
};

struct facts *facts_new(void)
{
    struct facts *f = mem_alloc(sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    f->kept = json_object();
    f->reading = json_object();
    return f;
}

void facts_free(struct facts *f)
{
    if (f == NULL)
        return;
    json_decref(f->kept);
    json_decref(f->reading);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}

static void key_print(int64_t portal, const char *need, char out[NEED_SIZE + 24])
{
    (void)snprintf(out, NEED_SIZE + 24, "%lld %s", (long long)portal, need);
}

void facts_restore(struct facts *f, int64_t portal, const json_t *names, int64_t now_ms)
{
    const char *need;
    json_t *row;
    json_t *object = json_deep_copy(names);
    json_object_foreach (object, need, row) {
        enum need_kind kind;
        const char *argument;
        int64_t at = json_integer_value(json_object_get(row, "at"));
        if (!need_split(need, &kind, &argument) || now_ms - at > need_keep_ms(kind))
            continue;
        char key[NEED_SIZE + 24];
        key_print(portal, need, key);
        json_object_set(f->kept, key, row);
    }
    json_decref(object);
}

enum cached { CACHED, CACHED_NOT, CACHED_BEING_READ };

/* A fresh value into *ret (new reference), or marks the need as being read by the caller. */
static enum cached look_up(struct facts *f, int64_t portal, const char *need, int64_t now_ms,
                           json_t **ret)
{
    enum need_kind kind;
    const char *argument;
    if (!need_split(need, &kind, &argument) || need_keep_ms(kind) == 0)
        return CACHED_NOT;
    char key[NEED_SIZE + 24];
    key_print(portal, need, key);
    enum cached found = CACHED_NOT;
    pthread_mutex_lock(&f->lock);
    const json_t *row = json_object_get(f->kept, key);
    const json_t *since = json_object_get(f->reading, key);
    if (row != NULL &&
        now_ms - json_integer_value(json_object_get(row, "at")) < need_keep_ms(kind)) {
        /* A deep copy: jansson's reference counts are atomic, its containers are not. */
        *ret = json_deep_copy(json_object_get(row, "value"));
        found = CACHED;
    } else if (since != NULL && now_ms - json_integer_value(since) < READ_GIVEN_UP_MS) {
        found = CACHED_BEING_READ;
    } else {
        json_object_set_new(f->reading, key, json_integer(now_ms));
    }
    pthread_mutex_unlock(&f->lock);
    return found;
}

static void reading_ends(struct facts *f, int64_t portal, const char *need, const json_t *value,
                         int64_t now_ms)
{
    char key[NEED_SIZE + 24];
    key_print(portal, need, key);
    pthread_mutex_lock(&f->lock);
    (void)json_object_del(f->reading, key);
    if (value != NULL) {
        if (json_object_size(f->kept) >= CACHED_MOST)
            json_object_clear(f->kept);
        json_object_set_new(
            f->kept, key,
            json_pack("{s:o, s:I}", "value", json_deep_copy(value), "at", (json_int_t)now_ms));
    }
    pthread_mutex_unlock(&f->lock);
}

void facts_keep(struct facts *f, int64_t portal, const char *need, const json_t *value,
                int64_t now_ms)
{
    enum need_kind kind;
    const char *argument;
    if (need_split(need, &kind, &argument) && need_keep_ms(kind) > 0)
        reading_ends(f, portal, need, value, now_ms);
}

void facts_forget_wants(struct task *task)
{
    for (size_t i = 0; i < task->want_count; i++) {
        struct want *w = &task->wants[i];
        if (w->marked)
            reading_ends(task->engine->facts, task->portal->id, w->need, NULL, 0);
        for (size_t k = 0; k < w->count; k++)
            answer_done(&w->answers[k]);
        mem_free(w->answers);
        for (size_t k = 0; k < w->next_count; k++)
            command_done(&w->next[k]);
    }
    mem_free(task->wants);
    task->wants = NULL;
    task->want_count = 0;
}

void facts_begin(struct task *task)
{
    json_decref(task->facts_known);
    task->facts_known = json_object();
    json_object_set_new(task->facts_known, SCOPE_PINS,
                        keeper_pins(task->engine->keeper, task->portal->id));
    task->facts_ms = clock_mono_ms();
}

static void fact_known(struct task *task, const char *need, json_t *value)
{
    if (task->facts_known == NULL)
        facts_begin(task);
    json_object_set_new(task->facts_known, need, value);
}

void facts_renew_team(struct task *task, const char *team)
{
    char need[NEED_SIZE];
    need_print(NEED_TEAM, team, need);
    fact_known(task, need,
               rota_fact_new(task->engine->rota, task->portal->id, team, task->facts_ms));
}

/* What we know ourselves. */
static bool is_ours(struct task *task, const char *need)
{
    enum need_kind kind;
    const char *argument;
    if (!need_split(need, &kind, &argument) || kind != NEED_TEAM)
        return false;
    facts_renew_team(task, argument);
    return true;
}

static enum task_turn facts_arrived(struct task *);

/* Sends the next calls of every want; their answers come back in the order of the calls array. */
static enum task_turn send_wants(struct task *task)
{
    /* A run at work may stand as running in the store: it is laid down by whoever asks (work.c). */
    if (task->run != NULL ? engine_is_halting(task->engine) : task_must_rest(task))
        return TASK_REST;
    size_t total = 0;
    for (size_t i = 0; i < task->want_count; i++)
        total += task->wants[i].next_count;
    if (total == 0) {
        facts_forget_wants(task);
        task->stage = task->fetched;
        return TASK_GO;
    }
    task->calls = mem_array(total, sizeof *task->calls);
    task->call_count = total;
    struct call *call = task->calls;
    for (size_t i = 0; i < task->want_count; i++) {
        struct want *w = &task->wants[i];
        for (size_t k = 0; k < w->next_count; k++, call++) {
            *call = (struct call){.portal = task->portal->id,
                                  .command = w->next[k],
                                  .priority = task->priority,
                                  .done = task_call_done,
                                  .arg = task};
            w->next[k] = (struct command){0};
        }
    }
    task_hand_out(task, total, facts_arrived);
    for (size_t i = 0; i < total; i++)
        portal_client_submit(task->engine->client, &task->calls[i]);
    return task_handed_out(task);
}

/* Moves the answers that came back to the wants that asked for them. */
static void collect(struct task *task)
{
    struct call *call = task->calls;
    for (size_t i = 0; i < task->want_count; i++) {
        struct want *w = &task->wants[i];
        if (w->next_count == 0)
            continue;
        w->answers = mem_grow(w->answers, w->count + w->next_count, sizeof *w->answers);
        for (size_t k = 0; k < w->next_count; k++, call++) {
            w->answers[w->count++] = call->answer;
            call->answer = (struct answer){0};
            command_done(&call->command);
        }
        w->next_count = 0;
    }
    mem_free(task->calls);
    task->calls = NULL;
    task->call_count = 0;
}

static bool came(const struct want *w, struct err *err)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct answer *a = &w->answers[i];
        if (a->verdict != VERDICT_DONE && a->verdict != VERDICT_REFUSED)
            return err_set(err, "%s %s: %s", a->error, verdict_word(a->verdict), a->text);
    }
    return true;
}

enum settled { SETTLED, SETTLED_MORE, SETTLED_FAILED };

/* A record that may not be read must not look deleted; a name that may not be read is a name that
 * is not there, and only the rules that use it stand still. */
static enum settled refused(struct task *task, const struct want *w)
{
    enum need_kind kind;
    const char *argument;
    if (need_split(w->need, &kind, &argument) && kind == NEED_ENTITY) {
        task->fetch_final = true;
        return SETTLED_FAILED;
    }
    fact_known(task, w->need, kind == NEED_HISTORY ? json_array() : json_null());
    return SETTLED;
}

static enum settled settle_want(struct task *task, struct want *w)
{
    if (!came(w, &task->fetch_err))
        return SETTLED_FAILED;
    json_t *value = NULL;
    struct command more = {0};
    switch (fetch_value(w->need, w->answers, w->count, &value, &more, &task->fetch_err)) {
    case FETCHED:
        break;
    case FETCH_MORE:
        w->next[0] = more;
        w->next_count = 1;
        return SETTLED_MORE;
    case FETCH_FAILED:
        return refused(task, w);
    }
    if (w->marked) {
        int64_t now = clock_wall_ms();
        reading_ends(task->engine->facts, task->portal->id, w->need, value, now);
        w->marked = false;
        struct store_change *change = store_change_new();
        store_put_name(change, task->portal->id, w->need, value, now);
        /* Only a convenience after a restart: nobody waits for it. */
        store_submit(task->engine->store, change, NULL, NULL);
    }
    fact_known(task, w->need, value);
    return SETTLED;
}

static enum task_turn facts_arrived(struct task *task)
{
    collect(task);
    bool failed = false;
    bool more = false;
    for (size_t i = 0; i < task->want_count; i++) {
        struct want *w = &task->wants[i];
        if (w->settled)
            continue;
        enum settled settled = settle_want(task, w);
        failed = failed || settled == SETTLED_FAILED;
        more = more || settled == SETTLED_MORE;
        w->settled = settled == SETTLED;
    }
    if (more && !failed)
        return send_wants(task);
    facts_forget_wants(task);
    task->stage = failed ? task->unfetched : task->fetched;
    return TASK_GO;
}

enum task_turn facts_fetch(struct task *task, const json_t *needs, task_stage_fn *after,
                           task_stage_fn *failed)
{
    task->fetched = after;
    task->unfetched = failed;
    task->fetch_final = false;
    task->fetch_err = (struct err){0};
    task->wants = mem_array(json_array_size(needs), sizeof *task->wants);
    bool being_read = false;
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < json_array_size(needs); i++) {
        const char *need = json_string_value(json_array_get(needs, i));
        json_t *value = NULL;
        if (need == NULL || json_object_get(task->facts_known, need) != NULL || is_ours(task, need))
            continue;
        enum cached cached = look_up(task->engine->facts, task->portal->id, need, now, &value);
        if (cached == CACHED)
            fact_known(task, need, value);
        being_read = being_read || cached == CACHED_BEING_READ;
        if (cached != CACHED_NOT)
            continue;
        struct want *w = &task->wants[task->want_count++];
        enum need_kind kind;
        const char *argument;
        (void)snprintf(w->need, sizeof w->need, "%s", need);
        w->marked = need_split(need, &kind, &argument) && need_keep_ms(kind) > 0;
        w->next_count = fetch_calls(need, w->next);
        if (w->next_count == 0) {
            task->fetch_final = true;
            err_set(&task->fetch_err, "nothing is known of how to read \"%s\"", need);
            facts_forget_wants(task);
            task->stage = failed;
            return TASK_GO;
        }
    }
    /* What another task reads just now will be in the cache when this one asks again. */
    if (task->want_count == 0 && being_read) {
        facts_forget_wants(task);
        task->rounds--; /* waiting is not asking */
        return task_pause(task, ANOTHERS_READ_MS, after);
    }
    return send_wants(task);
}
