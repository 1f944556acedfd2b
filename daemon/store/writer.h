#ifndef DAEMON_STORE_WRITER_H
#define DAEMON_STORE_WRITER_H

/* The thread that writes. It takes whatever has gathered while the disk was busy and commits it
 * together; a lone change does not wait for company. When the disk fails it says no at once to
 * everything until a probe, once a second, succeeds. */

#include <pthread.h>
#include <stdatomic.h>

#include "common/histogram.h"
#include "daemon/store/apply.h"
#include "daemon/store/file.h"
#include "daemon/store/lanes.h"
#include "daemon/store/meter.h"
#include "daemon/store/pace.h"
#include "daemon/store/space.h"
#include "daemon/store/wal.h"

struct writer {
    /* The thread's own between writer_start and writer_stop. */
    struct db *db; /* borrowed, as is the rest of what is opened before */
    struct apply *apply;
    struct file_guard *guard;
    struct wal wal;
    struct lanes pending; /* taken from the queue, not yet committed */
    struct pace pace;
    struct space space;
    enum writer_state {
        WRITER_SOUND,
        WRITER_AILING,  /* commits, but cannot write the log back; probes */
        WRITER_FAILING, /* refuses everything until a probe succeeds */
        WRITER_DAMAGED, /* never writes again */
    } state;
    int64_t next_probe_ms; /* monotonic */
    int64_t wal_bytes;     /* when it was last looked at */

    pthread_t thread;
    atomic_llong turn_since_ms; /* monotonic; since when it has been at a turn, 0: it rests */
    atomic_llong submitted;     /* changes, until their groups are committed */
    atomic_llong queued;        /* as in health */
    atomic_llong busy_since_ms; /* monotonic; since when the disk has been at it, 0: it is not */
    struct histogram commit_us, commit_changes; /* the thread adds */
    pthread_mutex_t mutex;                      /* guards everything below */
    pthread_cond_t wake;
    struct lanes queue;
    /* Changes that are done with. The next to submit one frees them: most likely the thread that
     * made them, whose memory they are. */
    struct change_list spent;
    bool stopping;
    bool probe_wanted;
    bool damage_found; /* by a reader, which said this: */
    struct err damage;
    struct { /* what store_prune asked for and is not done yet */
        int64_t before_ms;
        int left;     /* rows, with those of the present step; 0: nothing */
        int step;     /* rows of the present step */
        int64_t done; /* health.pruned when it began */
    } prune;
    struct store_health health;
    struct meter meter;
};

/* `health` holds the counters to begin with. The struct must stay where it is. */
bool writer_start(struct writer *, struct db *, struct apply *, struct file_guard *,
                  const struct store_health *health, struct err *) MUST_CHECK;
/* Commits what was submitted and joins the thread. */
void writer_stop(struct writer *);

void writer_submit(struct writer *, struct store_change *);
void writer_prune(struct writer *, int64_t before_ms, int rows);
void writer_probe(struct writer *);
/* A reader found the file damaged: nothing more is written. */
void writer_report_damage(struct writer *, const struct err *);
bool writer_full(struct writer *);
bool writer_stuck(struct writer *);
int64_t writer_still_ms(struct writer *);
void writer_health(struct writer *, struct store_health *ret);

#endif
