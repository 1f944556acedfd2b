#ifndef DAEMON_ADMIN_WATCH_H
#define DAEMON_ADMIN_WATCH_H

/* What health can only say of things that have been looked at for a while: how long portals are
 * silent, how the disk fills. It outlives a reload, and what it has learnt is kept in the store, an
 * hour at a time. Thread-safe; one thread looks. */

#include "daemon/admin/room.h"
#include "daemon/admin/silence.h"
#include "daemon/config/config.h"
#include "daemon/ingest/ingest.h"
#include "daemon/store/store.h"

struct watch;

enum { WATCH_EVERY_MS = 60 * 1000 };

/* The database's path is copied. */
struct watch *watch_new(struct store *, const char *database);
void watch_free(struct watch *);

/* To be called every WATCH_EVERY_MS. False: what was learnt before cannot be read. */
bool watch_look(struct watch *, const struct config *, const int64_t *portal_ids, struct ingest *,
                int64_t now_ms, struct err *) MUST_CHECK;
/* At the end: hands to the store what a watch after a short restart goes on with. */
void watch_keep(struct watch *, int64_t now_ms);

/* Of a portal's silence, which has been heard then (0: not yet). False: it has not been looked at
 * yet. */
bool watch_silence(struct watch *, int64_t portal_id, const struct zone *, int64_t heard_ms,
                   int64_t now_ms, struct silence_verdict *ret, bool *ret_holiday);

struct watch_disk {
    int64_t free_bytes, database_bytes; /* the file's, its log's not */
    double free_percent;
    struct room_verdict room;
};
/* False: the system does not say. */
bool watch_disk(struct watch *, int64_t now_ms, struct watch_disk *ret);

#endif
