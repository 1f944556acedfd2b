#include "daemon/admin/watch.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/mem.h"

struct watched_portal {
    int64_t id;
    bool holiday;
    struct silence silence;
};

struct watch {
    struct store *store;
    char *database, *folder;
    bool begun;
    pthread_mutex_t lock; /* guards what follows, but for the thread that looks, which alone changes
                             it */
    struct watched_portal **portals; /* owned */
    int portal_count;
    struct room room;
};

static const char room_setting[] = "watch.room";

/* ---- what was learnt before ------------------------------------------------------------------ */

static void learn(void *arg, const struct silence_row *row)
{
    const struct silence_hour hour = {
        .slot = row->slot, .lap = row->lap, .at_ms = row->at_ms, .events = row->events};
    silence_learn(arg, &hour);
}

static bool read_portal(struct store_reader *reader, int64_t id, struct silence *silence,
                        struct err *err)
{
    int64_t heard_ms, at_ms;
    if (!store_read_silence(reader, id, learn, silence, err) ||
        !store_read_heard(reader, id, &heard_ms, &at_ms, err))
        return false;
    silence_resume(silence, heard_ms, at_ms);
    return true;
}

static struct watched_portal *find(struct watch *w, int64_t id)
{
    for (int i = 0; i < w->portal_count; i++)
        if (w->portals[i]->id == id)
            return w->portals[i];
    return NULL;
}

static void add(struct watch *w, struct watched_portal *portal)
{
    pthread_mutex_lock(&w->lock);
    w->portals = mem_grow(w->portals, (size_t)w->portal_count + 1, sizeof *w->portals);
    w->portals[w->portal_count++] = portal;
    pthread_mutex_unlock(&w->lock);
}

/* What cannot be read is learnt anew. */
static bool begin(struct watch *w, struct store_reader *reader, const struct config *config,
                  const int64_t *ids, int64_t now_ms, struct err *err)
{
    bool ok = true;
    for (int i = 0; i < config->portal_count; i++) {
        if (find(w, ids[i]) != NULL)
            continue;
        struct watched_portal *portal = mem_alloc(sizeof *portal);
        *portal = (struct watched_portal){.id = ids[i]};
        silence_init(&portal->silence, now_ms);
        ok = read_portal(reader, ids[i], &portal->silence, err) && ok;
        add(w, portal);
    }
    char text[ROOM_TEXT] = "";
    bool found = false;
    if (!w->begun) {
        ok = store_read_setting(reader, room_setting, text, sizeof text, &found, err) && ok;
        room_parse(&w->room, found ? text : "");
        w->begun = true;
    }
    return ok;
}

static bool knows_all(struct watch *w, const struct config *config, const int64_t *ids)
{
    bool all = w->begun;
    for (int i = 0; i < config->portal_count; i++)
        all = all && find(w, ids[i]) != NULL;
    return all;
}

/* ---- a look ---------------------------------------------------------------------------------- */

static bool is_holiday(const struct config *config, int portal, int64_t now_ms)
{
    for (int i = 0; i < config->calendar_count; i++)
        if (silence_is_holiday(config->calendars[i].by_portal[portal], now_ms))
            return true;
    return false;
}

static void put_heard(struct watch *w, struct store_change *change, int64_t now_ms)
{
    for (int i = 0; i < w->portal_count; i++)
        if (w->portals[i]->silence.heard)
            store_put_heard(change, w->portals[i]->id, w->portals[i]->silence.since_ms, now_ms);
}

/* True: an hour has ended. */
static bool look_at(struct watch *w, struct watched_portal *portal, const struct zone *zone,
                    bool holiday, struct silence_heard heard, int64_t now_ms,
                    struct store_change *change)
{
    struct silence_hour hour;
    pthread_mutex_lock(&w->lock);
    portal->holiday = holiday;
    bool ended = silence_look(&portal->silence, zone, heard, holiday, now_ms, &hour);
    pthread_mutex_unlock(&w->lock);
    if (ended)
        store_put_silence(change, &(struct silence_row){.portal = portal->id,
                                                        .slot = hour.slot,
                                                        .lap = hour.lap,
                                                        .at_ms = hour.at_ms,
                                                        .events = hour.events});
    return ended;
}

static bool look_at_room(struct watch *w, int64_t now_ms, struct store_change *change)
{
    struct watch_disk disk;
    char text[ROOM_TEXT];
    if (!watch_disk(w, now_ms, &disk))
        return false;
    pthread_mutex_lock(&w->lock);
    bool noted = room_note(&w->room, disk.free_bytes, now_ms);
    room_print(&w->room, text);
    pthread_mutex_unlock(&w->lock);
    if (noted)
        store_put_setting(change, room_setting, text);
    return noted;
}

bool watch_look(struct watch *w, const struct config *config, const int64_t *ids,
                struct ingest *ingest, int64_t now_ms, struct err *err)
{
    bool ok = true;
    if (!knows_all(w, config, ids)) {
        struct store_reader *reader = store_reader_open(w->store, err);
        if (reader == NULL)
            return false;
        ok = begin(w, reader, config, ids, now_ms, err);
        store_reader_close(reader);
    }
    struct store_change *change = store_change_new();
    bool news = look_at_room(w, now_ms, change);
    for (int i = 0; i < config->portal_count; i++) {
        struct watched_portal *portal = find(w, ids[i]);
        const struct silence_heard heard = {ingest_heard_ms(ingest, i),
                                            ingest_heard_count(ingest, i)};
        if (portal != NULL && look_at(w, portal, config->portals[i].zone,
                                      is_holiday(config, i, now_ms), heard, now_ms, change))
            news = true;
    }
    if (news) {
        put_heard(w, change, now_ms);
        store_submit(w->store, change, NULL, NULL);
    } else {
        store_change_free(change);
    }
    return ok;
}

void watch_keep(struct watch *w, int64_t now_ms)
{
    struct store_change *change = store_change_new();
    put_heard(w, change, now_ms);
    store_submit(w->store, change, NULL, NULL);
}

/* ---- what it says ---------------------------------------------------------------------------- */

bool watch_silence(struct watch *w, int64_t portal_id, const struct zone *zone, int64_t heard_ms,
                   int64_t now_ms, struct silence_verdict *ret, bool *ret_holiday)
{
    pthread_mutex_lock(&w->lock);
    const struct watched_portal *portal = find(w, portal_id);
    if (portal != NULL) {
        *ret = silence_judge(&portal->silence, zone, heard_ms, portal->holiday, now_ms);
        *ret_holiday = portal->holiday;
    }
    pthread_mutex_unlock(&w->lock);
    return portal != NULL;
}

bool watch_disk(struct watch *w, int64_t now_ms, struct watch_disk *ret)
{
    struct statvfs fs;
    struct stat st;
    if (statvfs(w->folder, &fs) != 0)
        return false;
    *ret = (struct watch_disk){.free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize)};
    if (fs.f_blocks > 0)
        ret->free_percent = 100.0 * (double)fs.f_bavail / (double)fs.f_blocks;
    if (stat(w->database, &st) == 0)
        ret->database_bytes = st.st_size;
    pthread_mutex_lock(&w->lock);
    ret->room = room_judge(&w->room, ret->free_bytes, now_ms);
    pthread_mutex_unlock(&w->lock);
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct watch *watch_new(struct store *store, const char *database)
{
    struct watch *w = mem_alloc(sizeof *w);
    const char *slash = strrchr(database, '/');
    *w = (struct watch){.store = store, .database = mem_strdup(database)};
    if (slash == NULL)
        w->folder = mem_strdup(".");
    else
        w->folder =
            slash == database ? mem_strdup("/") : mem_strndup(database, (size_t)(slash - database));
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < w->portal_count; i++)
        mem_free(w->portals[i]);
    mem_free(w->portals);
    pthread_mutex_destroy(&w->lock);
    mem_free(w->database);
    mem_free(w->folder);
    mem_free(w);
}
