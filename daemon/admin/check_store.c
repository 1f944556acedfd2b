/* The database, the disk under it, and what waits in it. */

#include <stdio.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/admin/check.h"

enum {
    QUEUE_PERCENT = 80,
    QUEUE_OLD_MS = 10 * 60 * 1000, /* an event that waits for so long is told of */
    DISK_LEFT_MIB = 64,
    DISK_LEFT_PERCENT = 2,
    DISK_LEFT_DAYS = 7,
    DISK_SPAN_MS = 6 * 60 * 60 * 1000, /* a rate of less than that alarms nobody */
    SLOW_US = 1000 * 1000,
    MIB = 1048576,
};

void check_database(const struct round *r, struct finding *f)
{
    struct store_health h;
    store_health(r->admin->options.store, &h);
    double last_ms = (double)h.commit_us_last / 1000.0, most_ms = (double)h.commit_us_most / 1000.0;
    if (!h.ok)
        FIND(f, CHECK_BAD,
             "%s; until that is mended events are refused: see to the disk, then to "
             "`journalctl -u b24bridge`",
             h.why);
    else if (h.commit_us_most > SLOW_US)
        FIND(f, CHECK_WARNING,
             "a commit took %.0f ms in the last minute, the last one %.1f ms: the disk is slow; "
             "see what else writes to it",
             most_ms, last_ms);
    else
        FIND(f, CHECK_WELL, "writes; last commit took %.1f ms, the log holds %.1f MiB", last_ms,
             (double)h.wal_bytes / MIB);
}

/* ", at the rate of the last 24 h enough for 12 days" */
static void say_rate(const struct room_verdict *room, char *out, size_t size)
{
    out[0] = '\0';
    if (room->span_ms == 0)
        return;
    struct span span = span_of(room->span_ms);
    if (room->days > 365)
        (void)snprintf(out, size, ", at the rate of the last %s enough for over a year", span.text);
    else
        (void)snprintf(out, size, ", at the rate of the last %s enough for %.*f days", span.text,
                       room->days < 10 ? 1 : 0, room->days);
}

void check_disk(const struct round *r, struct finding *f)
{
    struct watch_disk d;
    char rate[120];
    if (!watch_disk(r->admin->options.watch, r->now_ms, &d)) {
        FIND(f, CHECK_BAD, "cannot ask how much room is left beside the database: see to its disk");
        return;
    }
    say_rate(&d.room, rate, sizeof rate);
    long long left = d.free_bytes / MIB;
    double database = (double)d.database_bytes / MIB;
    if (left < DISK_LEFT_MIB || d.free_percent < DISK_LEFT_PERCENT)
        FIND(f, CHECK_BAD,
             "only %lld MiB free (%.0f %%), the database holds %.1f MiB: make room now, or events "
             "will be refused",
             left, d.free_percent, database);
    else if (d.room.span_ms >= DISK_SPAN_MS && d.room.days < DISK_LEFT_DAYS)
        FIND(f, CHECK_WARNING,
             "%lld MiB free (%.0f %%)%s; the database holds %.1f MiB: make room, or shorten `keep` "
             "in [server]",
             left, d.free_percent, rate, database);
    else
        FIND(f, CHECK_WELL, "%lld MiB free (%.0f %%)%s; the database holds %.1f MiB", left,
             d.free_percent, rate, database);
}

void check_queue(const struct round *r, struct finding *f)
{
    struct store_health h;
    char age[80] = "";
    store_health(r->admin->options.store, &h);
    int64_t oldest_ms = jv_int(r->queue, "oldest_event_ms", 0);
    int64_t age_ms = oldest_ms > 0 && oldest_ms < r->now_ms ? r->now_ms - oldest_ms : 0;
    if (oldest_ms > 0)
        (void)snprintf(age, sizeof age, ", the oldest event for %s", span_of(age_ms).text);
    if (h.max_queue > 0 && h.queued * 100 > h.max_queue * QUEUE_PERCENT)
        FIND(f, CHECK_BAD,
             "%lld waiting of at most %lld%s: at the ceiling new events are refused; see the "
             "portals below, and `b24bridge queue list`",
             (long long)h.queued, (long long)h.max_queue, age);
    else if (age_ms > QUEUE_OLD_MS)
        FIND(f, CHECK_WARNING,
             "%lld waiting%s, the ceiling is %lld: work does not keep up; the portals below say "
             "whether they are slow, paused or at their limits",
             (long long)h.queued, age, (long long)h.max_queue);
    else
        FIND(f, CHECK_WELL, "%lld waiting%s, the ceiling is %lld", (long long)h.queued, age,
             (long long)h.max_queue);
}
