#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/cli/notify.h"
#include "daemon/cli/serve.h"
#include "daemon/engine/naming.h"
#include "daemon/model/need.h"

/* SIGTERM to the end within 10 s (product.md §3): these, and what the disk takes. */
enum { ADMIN_GRACE_MS = 500, LISTENER_GRACE_MS = 2000, CALLS_GRACE_MS = 3000 };
enum { TAKE_OVER_MS = 30000, TAKE_OVER_LOOK_MS = 5 };

/* ---- each with its start and stop ------------------------------------------------------------ */

static void keep_text(json_t *texts, const char *text)
{
    if (texts != NULL)
        json_array_append_new(texts, jv_string_new(text));
}

static struct config *load_knowing(const char *file, const json_t *types, json_t *errors,
                                   json_t *warnings)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = config_load_knowing(file, types, &diag);
    for (size_t i = 0; i < diag_kept(&diag); i++) {
        log_error("%s", diag.entries[i].text);
        keep_text(errors, diag.entries[i].text);
    }
    for (size_t i = 0; i < diag.warning_count; i++) {
        log_warning("%s", diag.warnings[i].text);
        keep_text(warnings, diag.warnings[i].text);
    }
    diag_done(&diag);
    return config;
}

struct config *parts_load_config(const char *file, json_t *errors, json_t *warnings)
{
    return load_knowing(file, NULL, errors, warnings);
}

/* What the store keeps of the portals' smart processes. New; NULL: it cannot be read. */
static json_t *stored_types_new(struct serve *s, const struct config *c, struct err *err)
{
    char need[NEED_SIZE];
    need_print(NEED_TYPES, "", need);
    struct store_reader *reader = store_reader_open(s->store, err);
    json_t *types = json_array();
    bool good = reader != NULL;
    for (int i = 0; good && i < c->portal_count; i++) {
        JV_AUTO *names = NULL;
        int64_t id = 0;
        good = store_portal_id(s->store, c->portals[i].name, &id, err) &&
               store_read_names(reader, id, 0, &names, err);
        naming_add_types(types, c->portals[i].name,
                         json_object_get(json_object_get(names, need), "value"));
    }
    store_reader_close(reader);
    if (good)
        return types;
    json_decref(types);
    return NULL;
}

bool parts_know_titles(struct serve *s, struct config **config, json_t *errors, json_t *warnings)
{
    struct err err = {0};
    if ((*config)->rules->titles.unknown_count == 0)
        return true;
    JV_AUTO *types = stored_types_new(s, *config, &err);
    if (types == NULL) {
        log_warning("what the portals' smart processes are called cannot be read why=\"%s\"",
                    err.text);
        return true; /* the rules that need them are held back, and said to be */
    }
    if (warnings != NULL)
        (void)json_array_clear(warnings); /* all of them are found again */
    struct config *again = load_knowing(s->file, types, errors, warnings);
    config_free(*config);
    *config = again;
    return again != NULL;
}

static bool start_config(struct serve *s, struct err *err)
{
    s->config = parts_load_config(s->file, NULL, NULL);
    return s->config != NULL || err_set(err, "the configuration \"%s\" is wrong", s->file);
}

static void stop_config(struct serve *s)
{
    config_free(s->config);
}

int64_t *parts_portal_ids(struct store *store, const struct config *c, struct err *err)
{
    int64_t *ids = mem_array((size_t)c->portal_count + 1, sizeof *ids);
    for (int i = 0; i < c->portal_count; i++)
        if (!store_portal_id(store, c->portals[i].name, &ids[i], err)) {
            mem_free(ids);
            return NULL;
        }
    return ids;
}

/* Beside the daemon that is about to end; who comes waits at one of the two doors. */
static bool start_door(struct serve *s, struct err *err)
{
    if (!s->take_over)
        return true;
    struct handed handed;
    notify_sockets(&handed);
    return sockets_open_public(s->config, &handed, true, &s->sockets, err);
}

static void stop_door(struct serve *s)
{
    sockets_close(&s->sockets);
}

struct patience {
    int64_t until_ms; /* mono */
    sigset_t end;
};

static bool wait_for_file(void *arg)
{
    const struct patience *patience = arg;
    return clock_mono_ms() < patience->until_ms &&
           serve_next_signal(&patience->end, TAKE_OVER_LOOK_MS) < 0;
}

/* An upgrade that takes its time: the log says how it goes, and systemd waits for us. */
struct upgrade {
    int64_t began_ms, told_ms, extended_ms; /* mono; 0: there is none */
};

static void tell_of_upgrade(void *arg, const char *step, int64_t from, int64_t to)
{
    enum { TELL_EVERY_MS = 10000, EXTEND_EVERY_MS = 1000, EXTEND_MS = 120000 };
    struct upgrade *upgrade = arg;
    int64_t now_ms = clock_mono_ms();
    if (upgrade->began_ms == 0) {
        upgrade->began_ms = upgrade->told_ms = now_ms;
        log_info("upgrading the database, step by step; it may be stopped at any time and goes on "
                 "from the last whole step from=%lld to=%lld step=%s",
                 (long long)from, (long long)to, step);
    }
    if (now_ms - upgrade->extended_ms >= EXTEND_EVERY_MS) {
        notify_patience(EXTEND_MS);
        upgrade->extended_ms = now_ms;
    }
    if (now_ms - upgrade->told_ms >= TELL_EVERY_MS) {
        log_info("still upgrading the database step=%s took=%llds", step,
                 (long long)(now_ms - upgrade->began_ms) / 1000);
        upgrade->told_ms = now_ms;
    }
}

static bool start_store(struct serve *s, struct err *err)
{
    struct upgrade upgrade = {0};
    const struct config *c = s->config;
    struct patience patience = {clock_mono_ms() + TAKE_OVER_MS, serve_end_signals()};
    const struct store_options options = {.path = c->database,
                                          .max_queue = c->max_queue,
                                          .wait = s->take_over ? wait_for_file : NULL,
                                          .arg = &patience,
                                          .upgrading = tell_of_upgrade,
                                          .upgrading_arg = &upgrade};
    if (s->take_over)
        log_info("ready to take over: tell the daemon in service to end within=%ds database=\"%s\"",
                 TAKE_OVER_MS / 1000, c->database);
    s->store = store_open(&options, err);
    if (s->store == NULL)
        return false;
    if (upgrade.began_ms > 0)
        log_info("the database is upgraded took=%lldms",
                 (long long)(clock_mono_ms() - upgrade.began_ms));
    if (!parts_know_titles(s, &s->config, NULL, NULL))
        (void)err_set(err, "the configuration \"%s\" is wrong", s->file);
    else if ((s->portal_ids = parts_portal_ids(s->store, s->config, err)) != NULL)
        return true;
    store_close(s->store);
    return false;
}

static void stop_store(struct serve *s)
{
    store_close(s->store);
    mem_free(s->portal_ids);
}

static bool start_watch(struct serve *s, struct err *err)
{
    (void)err;
    s->watch = watch_new(s->store, s->config->database);
    return true;
}

static void stop_watch(struct serve *s)
{
    watch_keep(s->watch, clock_wall_ms());
    watch_free(s->watch);
}

static bool start_sockets(struct serve *s, struct err *err)
{
    struct handed handed;
    bool open = s->take_over;
    if (!open) {
        notify_sockets(&handed);
        open = sockets_open_public(s->config, &handed, false, &s->sockets, err);
    }
    if (!open || !sockets_open_admin(s->config, &s->sockets, err))
        return false;
    sockets_keep_to_us(&s->sockets);
    return true;
}

static void stop_sockets(struct serve *s)
{
    sockets_close(&s->sockets);
}

static json_t *load_budget(void *arg, int64_t portal)
{
    json_t *budget = NULL;
    struct err err = {0};
    if (!store_read_budget(arg, portal, &budget, &err))
        log_warning("a portal's budget is lost why=\"%s\"", err.text);
    return budget;
}

static bool start_client(struct serve *s, struct err *err)
{
    const struct config *c = s->config;
    struct store_reader *reader = store_reader_open(s->store, err);
    if (reader == NULL)
        return false;
    struct portal_settings *portals = mem_array((size_t)c->portal_count, sizeof *portals);
    for (int i = 0; i < c->portal_count; i++)
        portals[i] = (struct portal_settings){.id = s->portal_ids[i],
                                              .name = c->portals[i].name,
                                              .url = c->portals[i].url,
                                              .drain = c->portals[i].drain,
                                              .size = c->portals[i].size,
                                              .share = c->portals[i].share,
                                              .secrets = c->portals[i].secrets};
    const struct portal_client_options options = {
        .portals = portals,
        .portal_count = c->portal_count,
        .http_allow = (const char *const *)c->http_allow,
        .load_budget = load_budget,
        .arg = reader,
    };
    s->client = portal_client_start(&options, err);
    mem_free(portals);
    store_reader_close(reader);
    return s->client != NULL;
}

static void stop_client(struct serve *s)
{
    portal_client_stop(s->client, CALLS_GRACE_MS);
}

static void set_bell(struct serve *s, struct engine *engine)
{
    pthread_mutex_lock(&s->bell.lock);
    s->bell.engine = engine;
    pthread_mutex_unlock(&s->bell.lock);
}

static void ring(void *arg)
{
    struct bell *bell = arg;
    pthread_mutex_lock(&bell->lock);
    if (bell->engine != NULL)
        engine_wake(bell->engine);
    pthread_mutex_unlock(&bell->lock);
}

static bool start_engine(struct serve *s, struct err *err)
{
    struct engine *formers[ENGINE_FORMERS];
    for (int i = 0; i < s->former_count; i++)
        formers[i] = s->formers[i].engine;
    const struct engine_options options = {
        .config = s->config,
        .portal_ids = s->portal_ids,
        .store = s->store,
        .client = s->client,
        .formers = formers,
        .former_count = s->former_count,
    };
    s->engine = engine_start(&options, err);
    if (s->engine == NULL)
        return false;
    set_bell(s, s->engine);
    engine_wake(s->engine); /* for what came between its first look and the bell */
    return true;
}

static void halt_engine(struct serve *s)
{
    set_bell(s, NULL);
    if (s->engine != NULL)
        engine_halt(s->engine);
}

static void stop_engine(struct serve *s)
{
    former_release_all(s, CALLS_GRACE_MS);
    engine_stop(s->engine);
}

/* The servers work on copies, which they close: our own stay open when one follows another. */
static bool start_ingest(struct serve *s, struct err *err)
{
    int copies[NOTIFY_SOCKETS];
    const struct ingest_options options = {
        .config = s->config,
        .portal_ids = s->portal_ids,
        .store = s->store,
        .sockets = copies,
        .socket_count = s->sockets.open_count,
        .stored = ring,
        .arg = &s->bell,
    };
    if (!sockets_copy(s->sockets.open, s->sockets.open_count, copies, err))
        return false;
    s->ingest = ingest_start(&options, err);
    if (s->ingest == NULL)
        sockets_close_copies(copies, s->sockets.open_count);
    return s->ingest != NULL;
}

/* The listener's copy is the last: it closes when everybody at the door has been let in. */
static void stop_ingest(struct serve *s)
{
    sockets_close_public(&s->sockets);
    ingest_stop(s->ingest, LISTENER_GRACE_MS);
}

static bool start_admin(struct serve *s, struct err *err)
{
    int copies[NOTIFY_SOCKETS];
    const struct admin_options options = {
        .config = s->config,
        .portal_ids = s->portal_ids,
        .store = s->store,
        .client = s->client,
        .engine = s->engine,
        .ingest = s->ingest,
        .watch = s->watch,
        .sockets = copies,
        .socket_count = s->sockets.admin_count,
        .listen_texts = s->sockets.texts,
        .listen_count = s->sockets.text_count,
        .reload = reloads_order,
        .reloaded = reloads_tell,
        .reload_arg = s,
    };
    if (!sockets_copy(s->sockets.admin, s->sockets.admin_count, copies, err))
        return false;
    s->admin = admin_start(&options, err);
    if (s->admin == NULL)
        sockets_close_copies(copies, s->sockets.admin_count);
    return s->admin != NULL;
}

static void stop_admin(struct serve *s)
{
    if (s->admin != NULL)
        admin_not_ready(s->admin);
    admin_stop(s->admin, ADMIN_GRACE_MS);
}

static bool start_upkeep(struct serve *s, struct err *err)
{
    (void)err;
    s->upkeep = upkeep_new(s);
    return true;
}

/* What the budgets say is final when nothing more is sent. */
static void stop_upkeep(struct serve *s)
{
    if (s->upkeep != NULL) {
        portal_client_halt(s->client, CALLS_GRACE_MS);
        upkeep_save_budgets(s->upkeep);
    }
    upkeep_free(s->upkeep);
}

/* In the order of starting; stopping is the same list backwards. Events are taken from the moment
 * the store is open, and until it is about to close: neither the portals nor the rules are needed
 * for that, and who posts an event is not to wait for them. The engine stops in two steps: it takes
 * nothing new, the calls in flight come back to it, it settles them. */
static const struct part {
    bool (*start)(struct serve *, struct err *); /* NULL: nothing to start */
    void (*stop)(struct serve *);
} parts[] = {
    {start_config, stop_config}, {start_door, stop_door},       {start_store, stop_store},
    {start_watch, stop_watch},   {start_sockets, stop_sockets}, {start_ingest, stop_ingest},
    {NULL, stop_engine},         {start_client, stop_client},   {start_upkeep, stop_upkeep},
    {start_engine, halt_engine}, {start_admin, stop_admin},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

size_t parts_count(void)
{
    return PARTS;
}

size_t parts_start(struct serve *s, struct err *err)
{
    size_t count = 0;
    pthread_mutex_init(&s->bell.lock, NULL);
    while (count < PARTS && (parts[count].start == NULL || parts[count].start(s, err)))
        count++;
    return count;
}

void parts_stop(struct serve *s, size_t count)
{
    sockets_lead_to_next(&s->sockets);
    for (int i = 0; i < s->former_count; i++)
        portal_client_halt(s->formers[i].client, CALLS_GRACE_MS);
    while (count > 0)
        parts[--count].stop(s);
    pthread_mutex_destroy(&s->bell.lock);
}

/* The admin borrows all others, so it goes first and comes last; callers wait at its door. The
 * public door is open throughout: the new listener stands beside the old one before that leaves. */
bool parts_exchange(struct serve *s, struct config *config, int64_t *portal_ids, struct err *err)
{
    struct ingest *old_ingest = s->ingest;
    admin_stop(s->admin, ADMIN_GRACE_MS);
    set_bell(s, NULL);
    former_make(s);
    upkeep_save_budgets(s->upkeep);
    upkeep_free(s->upkeep);
    s->upkeep = NULL;
    s->admin = NULL;
    s->ingest = NULL;
    s->client = NULL;
    s->engine = NULL;
    s->config = config;
    s->portal_ids = portal_ids;
    bool ok = start_client(s, err) && start_engine(s, err) && start_ingest(s, err) &&
              start_admin(s, err) && start_upkeep(s, err);
    ingest_stop(old_ingest, LISTENER_GRACE_MS);
    return ok;
}
