#include "daemon/store/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

enum {
    GROUP_US = 5000,  /* of making a transaction, whatever its rows cost; the flush comes on top */
    SPACE_MS = 50,    /* the same while there is space to give back */
    TICK_MS = 1000,   /* an idle writer looks after its file, a failing one probes */
    STUCK_MS = 2000,  /* a disk that does not answer for so long is reported */
    PRUNE_STEP = 100, /* rows of one pruning change: with a page or two each, 2 ms */
};

/* ---- what came of it: health and callbacks --------------------------------------------------- */

/* Was it the store that failed, and not only the change? */
static bool store_failed(const struct writer *writer)
{
    return db_trouble_of(writer->db) != DB_TROUBLE_NONE ||
           sqlite3_get_autocommit(writer->db->handle) != 0;
}

/* From here on health is red with this text, and a probe comes in a second. */
static void set_trouble(struct writer *writer, enum writer_state state, struct err *err)
{
    if (state == WRITER_DAMAGED || db_trouble_of(writer->db) == DB_TROUBLE_DAMAGED) {
        state = WRITER_DAMAGED;
        /* Nor at the end: what is in the log stays there for whoever looks into it. */
        (void)sqlite3_db_config(writer->db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        struct err how = *err;
        *err = (struct err){0};
        (void)file_damaged(writer->guard->path, how.text, err);
    }
    writer->state = state;
    writer->next_probe_ms = clock_mono_ms() + TICK_MS;
    pthread_mutex_lock(&writer->mutex);
    writer->health.ok = false;
    (void)snprintf(writer->health.why, sizeof writer->health.why, "%s", err->text);
    writer->health.failures++;
    pthread_mutex_unlock(&writer->mutex);
}

static void set_sound(struct writer *writer)
{
    writer->state = WRITER_SOUND;
    pthread_mutex_lock(&writer->mutex);
    writer->health.ok = true;
    writer->health.why[0] = '\0';
    pthread_mutex_unlock(&writer->mutex);
}

static void free_all(struct change_list *list)
{
    for (struct store_change *change; (change = change_pop(list)) != NULL;)
        store_change_free(change);
}

/* Not counted as submitted any more before anybody hears of it: who asks at the ceiling right after
 * an answer must not find the same change counted twice, as submitted and as queued. */
static void tell(struct writer *writer, struct change_list *list)
{
    atomic_fetch_sub(&writer->submitted, list->length);
    for (struct store_change *change = list->head; change != NULL; change = change->next)
        if (change->done != NULL)
            change->done(change->arg, change->ok, change->ok ? NULL : &change->err);
    pthread_mutex_lock(&writer->mutex);
    change_append(&writer->spent, list);
    pthread_mutex_unlock(&writer->mutex);
}

static void refuse(struct writer *writer, struct change_list *list, const struct err *err)
{
    for (struct store_change *change = list->head; change != NULL; change = change->next) {
        change->ok = false;
        change->err = *err;
    }
    tell(writer, list);
}

/* ---- one group ------------------------------------------------------------------------------- */

/* Alone in a savepoint, so that what is wrong with it stays its own affair. False when the store
 * failed. */
static bool apply_alone(struct writer *writer, struct store_change *change, struct err *err)
{
    struct apply_sums before = writer->apply->sums;
    if (!db_run(writer->db, "SAVEPOINT one", err))
        return false;
    change->ok = apply_change(writer->apply, change, &change->err);
    if (change->ok)
        return db_run(writer->db, "RELEASE one", err);
    if (store_failed(writer))
        return err_set(err, "%s", change->err.text);
    writer->apply->sums = before;
    return db_run(writer->db, "ROLLBACK TO one; RELEASE one", err);
}

static bool apply_together(struct writer *writer, struct store_change *change, struct err *err)
{
    change->ok = true;
    return apply_change(writer->apply, change, err);
}

typedef bool apply_one_fn(struct writer *, struct store_change *, struct err *);

/* Arrivals first, but of four rows one is the waiting work's, or a long rush would stop it. As they
 * go, not at the group's end, which time may bring early. */
static struct store_change *next_change(struct writer *writer, int rows, int work_rows)
{
    bool works_turn = 4 * (work_rows + 1) <= rows;
    return lanes_pop(&writer->pending, works_turn ? CHANGE_WORK : CHANGE_ARRIVAL);
}

/* Moves as many pending changes as one transaction may hold into `group`, applies and commits them.
 * On failure they are all in `group` and nothing is stored. */
static bool commit_some(struct writer *writer, apply_one_fn *apply_one, struct change_list *group,
                        struct err *err)
{
    int64_t started_us = clock_mono_us();
    writer->apply->sums = (struct apply_sums){0};
    if (!apply_plain(writer->apply, WRITE_BEGIN, err))
        return false;
    int most = pace_rows(&writer->pace);
    int rows = 0, work_rows = 0;
    while (rows < most && clock_mono_us() - started_us < GROUP_US) {
        struct store_change *change = next_change(writer, rows, work_rows);
        if (change == NULL)
            break;
        change_push(group, change);
        rows += change->weight;
        work_rows += change->lane == CHANGE_WORK ? change->weight : 0;
        if (!apply_one(writer, change, err))
            return false;
    }
    writer->wal.written = 0;
    if (!apply_plain(writer->apply, WRITE_COMMIT, err))
        return false;
    pace_learn(&writer->pace, rows, writer->wal.written);
    return true;
}

/* Together first. When one of them cannot be done, again with each in a savepoint of its own: bad
 * changes are rare, and savepoints for all would be paid by all. False when the store failed. */
static bool commit_group(struct writer *writer, struct change_list *group, struct err *err)
{
    writer->db->failure = 0;
    if (!file_guard_check(writer->guard, &writer->wal_bytes, err))
        return false;
    bool done = commit_some(writer, apply_together, group, err);
    if (!done && !store_failed(writer)) {
        *err = (struct err){0};
        sql_roll_back(writer->db);
        lanes_put_back(&writer->pending, group);
        done = commit_some(writer, apply_alone, group, err);
    }
    sql_roll_back(writer->db);
    /* A file that was taken away meanwhile took the commit with it. */
    return done && file_guard_check(writer->guard, &writer->wal_bytes, err);
}

static void note_start(struct writer *writer)
{
    atomic_store(&writer->busy_since_ms, clock_mono_ms());
}

static const int64_t us_bounds[] = {500,   1000,   2500,   5000,   10000,   25000,
                                    50000, 100000, 250000, 500000, 1000000, 2500000};
static const int64_t changes_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

static void note_end(struct writer *writer, bool committed, int64_t started_us, int64_t changes)
{
    int64_t now_us = clock_mono_us();
    const struct apply_sums *sums = &writer->apply->sums;
    atomic_store(&writer->busy_since_ms, 0);
    if (committed) {
        histogram_add(&writer->commit_us, now_us - started_us);
        histogram_add(&writer->commit_changes, changes);
    }
    pthread_mutex_lock(&writer->mutex);
    struct store_health *health = &writer->health;
    health->wal_bytes = writer->wal_bytes;
    if (committed) {
        health->last_commit_ms = clock_wall_ms();
        health->commits++;
        health->rows += sums->rows;
        health->queued += sums->queued;
        atomic_store(&writer->queued, health->queued);
        health->pruned += sums->pruned;
        for (int kind = 0; kind < STORE_PRUNED; kind++)
            health->pruned_of[kind] += sums->pruned_of[kind];
        health->commit_us_last = now_us - started_us;
        meter_add(&writer->meter, now_us / 1000, health->commit_us_last);
    }
    pthread_mutex_unlock(&writer->mutex);
}

static void count_refused(struct writer *writer, const struct change_list *group)
{
    int64_t refused = 0;
    for (const struct store_change *change = group->head; change != NULL; change = change->next)
        refused += !change->ok;
    if (refused == 0)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->health.failures += refused;
    pthread_mutex_unlock(&writer->mutex);
}

static void write_group(struct writer *writer)
{
    struct change_list group = {0};
    struct err err = {0};
    int64_t started_us = clock_mono_us();
    note_start(writer);
    bool committed = commit_group(writer, &group, &err);
    note_end(writer, committed, started_us, group.length);
    if (committed && writer->apply->sums.pruned > 0)
        space_pruned(&writer->space, clock_mono_ms());
    if (committed) {
        count_refused(writer, &group);
        tell(writer, &group);
        return;
    }
    set_trouble(writer, WRITER_FAILING, &err);
    refuse(writer, &group, &err);
}

/* ---- upkeep ---------------------------------------------------------------------------------- */

static bool probe_write(struct writer *writer, struct err *err)
{
    struct store_change *change = store_change_new();
    char now[24];
    (void)snprintf(now, sizeof now, "%" PRId64, clock_wall_ms());
    store_put_setting(change, "store.probe", now);
    writer->apply->sums = (struct apply_sums){0};
    bool written = apply_plain(writer->apply, WRITE_BEGIN, err) &&
                   apply_change(writer->apply, change, err) &&
                   apply_plain(writer->apply, WRITE_COMMIT, err);
    sql_roll_back(writer->db);
    store_change_free(change);
    return written;
}

/* Does writing work? The answer is what health says and whether changes are taken. */
static void probe(struct writer *writer)
{
    struct err err = {0};
    writer->next_probe_ms = clock_mono_ms() + TICK_MS;
    if (writer->state == WRITER_DAMAGED)
        return;
    writer->db->failure = 0;
    note_start(writer);
    int64_t started_us = clock_mono_us();
    bool written =
        file_guard_check(writer->guard, &writer->wal_bytes, &err) && probe_write(writer, &err);
    note_end(writer, written, started_us, 1);
    if (!written)
        set_trouble(writer, WRITER_FAILING, &err);
    else if (writer->state == WRITER_AILING && !wal_write_back(&writer->wal, &err))
        set_trouble(writer, WRITER_AILING, &err);
    else
        set_sound(writer);
}

static void idle(struct writer *writer)
{
    struct err err = {0};
    writer->db->failure = 0;
    if (!file_guard_check(writer->guard, &writer->wal_bytes, &err))
        set_trouble(writer, WRITER_FAILING, &err);
    else if (!wal_idle(&writer->wal, writer->wal_bytes, &err))
        set_trouble(writer, WRITER_AILING, &err);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool wait_tick(struct writer *writer)
{
    int64_t ms = clock_mono_ms() + (writer->space.more ? SPACE_MS : TICK_MS);
    struct timespec until = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    return pthread_cond_timedwait(&writer->wake, &writer->mutex, &until) != 0;
}

struct turn {
    bool tick, probe, damage, last;
};

/* Waits for something to do and takes the queue. */
static struct turn next_turn(struct writer *writer)
{
    struct turn turn = {0};
    pthread_mutex_lock(&writer->mutex);
    while (lanes_empty(&writer->pending) && lanes_empty(&writer->queue) && !writer->stopping &&
           !writer->probe_wanted && !writer->damage_found && !turn.tick)
        turn.tick = wait_tick(writer);
    lanes_append(&writer->pending, &writer->queue);
    turn.probe = writer->probe_wanted;
    turn.damage = writer->damage_found;
    writer->probe_wanted = false;
    writer->damage_found = false;
    turn.last = writer->stopping && lanes_empty(&writer->pending);
    pthread_mutex_unlock(&writer->mutex);
    return turn;
}

static void refuse_all(struct writer *writer)
{
    struct err err = {0};
    pthread_mutex_lock(&writer->mutex);
    (void)err_set(&err, "%s", writer->health.why);
    pthread_mutex_unlock(&writer->mutex);
    for (int lane = 0; lane < CHANGE_LANES; lane++)
        refuse(writer, &writer->pending.of[lane], &err);
}

/* What a reader found is as bad as what the writer would have found. */
static void believe_damage(struct writer *writer)
{
    struct err err = {0};
    pthread_mutex_lock(&writer->mutex);
    err = writer->damage;
    pthread_mutex_unlock(&writer->mutex);
    if (writer->state != WRITER_DAMAGED)
        set_trouble(writer, WRITER_DAMAGED, &err);
}

static void look_after(struct writer *writer, struct turn turn)
{
    bool doubtful = writer->state != WRITER_SOUND;
    if (turn.damage)
        believe_damage(writer);
    else if (turn.probe || (doubtful && clock_mono_ms() >= writer->next_probe_ms))
        probe(writer);
}

static bool nobody_waits(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool nobody = lanes_empty(&writer->queue) && !writer->stopping;
    pthread_mutex_unlock(&writer->mutex);
    return nobody && lanes_empty(&writer->pending);
}

/* The file must be the one that was opened, as for a group. */
static void give_space_back(struct writer *writer)
{
    struct err err = {0};
    int64_t now_ms = clock_mono_ms();
    if (!space_due(&writer->space, now_ms))
        return;
    writer->db->failure = 0;
    note_start(writer);
    bool given = file_guard_check(writer->guard, &writer->wal_bytes, &err) &&
                 space_step(&writer->space, now_ms, &err);
    atomic_store(&writer->busy_since_ms, 0);
    if (!given)
        set_trouble(writer, WRITER_FAILING, &err);
}

static void take_turn(struct writer *writer, struct turn turn)
{
    look_after(writer, turn);
    if (writer->state == WRITER_FAILING || writer->state == WRITER_DAMAGED)
        refuse_all(writer);
    else if (!lanes_empty(&writer->pending))
        write_group(writer);
    else if (turn.tick)
        idle(writer);
    struct err err = {0};
    if (writer->state == WRITER_SOUND && !wal_upkeep(&writer->wal, &err))
        /* Changes are still taken while the log has room: an event that is refused is lost. */
        set_trouble(writer, WRITER_AILING, &err);
    else if (writer->state == WRITER_SOUND && !turn.last && nobody_waits(writer))
        give_space_back(writer);
}

static void *run(void *arg)
{
    struct writer *writer = arg;
    for (;;) {
        struct turn turn = next_turn(writer);
        if (turn.last)
            return NULL;
        atomic_store(&writer->turn_since_ms, clock_mono_ms());
        take_turn(writer, turn);
        atomic_store(&writer->turn_since_ms, 0);
    }
}

/* ---- for other threads ----------------------------------------------------------------------- */

static void init_wake(pthread_cond_t *wake)
{
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(wake, &attr);
    (void)pthread_condattr_destroy(&attr);
}

bool writer_start(struct writer *writer, struct db *db, struct apply *apply,
                  struct file_guard *guard, const struct store_health *health, struct err *err)
{
    *writer = (struct writer){.db = db, .apply = apply, .guard = guard, .health = *health};
    atomic_init(&writer->queued, health->queued);
    histogram_init(&writer->commit_us, us_bounds, sizeof us_bounds / sizeof us_bounds[0]);
    histogram_init(&writer->commit_changes, changes_bounds,
                   sizeof changes_bounds / sizeof changes_bounds[0]);
    wal_init(&writer->wal, db);
    if (!space_init(&writer->space, db, err))
        return false;
    (void)pthread_mutex_init(&writer->mutex, NULL);
    init_wake(&writer->wake);
    probe(writer);
    if (writer->state == WRITER_SOUND) {
        int code = pthread_create(&writer->thread, NULL, run, writer);
        if (code == 0)
            return true;
        (void)err_set(err, "cannot start the writer's thread: %s", strerror(code));
    }
    (void)err_set(err, "%s", writer->health.why);
    (void)pthread_mutex_destroy(&writer->mutex);
    (void)pthread_cond_destroy(&writer->wake);
    return false;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    (void)pthread_join(writer->thread, NULL);
    free_all(&writer->spent);
    (void)pthread_mutex_destroy(&writer->mutex);
    (void)pthread_cond_destroy(&writer->wake);
}

void writer_submit(struct writer *writer, struct store_change *change)
{
    struct change_list spent = {0};
    atomic_fetch_add(&writer->submitted, 1);
    pthread_mutex_lock(&writer->mutex);
    lanes_push(&writer->queue, change);
    change_append(&spent, &writer->spent);
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    free_all(&spent);
}

static store_done_fn pruned;

/* The next step, when there is one. Takes the mutex locked and leaves it unlocked. */
static void prune_step_unlock(struct writer *writer)
{
    int step = writer->prune.left < PRUNE_STEP ? writer->prune.left : PRUNE_STEP;
    int64_t before_ms = writer->prune.before_ms;
    writer->prune.step = step;
    writer->prune.done = writer->health.pruned;
    pthread_mutex_unlock(&writer->mutex);
    if (step == 0)
        return;
    struct store_change *change = store_change_new();
    CHANGE_ADD(change, PRUNE_LAST_ID, value_int(before_ms), value_int(step));
    change->weight = step;
    change->lane = CHANGE_WORK;
    change->done = pruned;
    change->arg = writer;
    writer_submit(writer, change);
}

/* Goes on as long as steps find all they may take. Each stands at the end of the queue, so that
 * nobody waits for more than one. */
static void pruned(void *arg, bool ok, const struct err *err)
{
    (void)err;
    struct writer *writer = arg;
    pthread_mutex_lock(&writer->mutex);
    int64_t went = writer->health.pruned - writer->prune.done;
    bool more = ok && !writer->stopping && went >= writer->prune.step;
    writer->prune.left = more ? writer->prune.left - writer->prune.step : 0;
    prune_step_unlock(writer);
}

void writer_prune(struct writer *writer, int64_t before_ms, int rows)
{
    pthread_mutex_lock(&writer->mutex);
    if (writer->prune.left > 0 || rows <= 0) {
        pthread_mutex_unlock(&writer->mutex);
        return;
    }
    writer->prune.before_ms = before_ms;
    writer->prune.left = rows;
    prune_step_unlock(writer);
}

void writer_probe(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->probe_wanted = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
}

void writer_report_damage(struct writer *writer, const struct err *err)
{
    pthread_mutex_lock(&writer->mutex);
    writer->damage_found = true;
    writer->damage = *err;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_full(struct writer *writer)
{
    /* max_queue does not change after the start. */
    int64_t most = writer->health.max_queue;
    return most > 0 && atomic_load(&writer->queued) + atomic_load(&writer->submitted) >= most;
}

static int64_t busy_ms(struct writer *writer, int64_t now_ms)
{
    int64_t since_ms = atomic_load(&writer->busy_since_ms);
    return since_ms > 0 ? now_ms - since_ms : 0;
}

bool writer_stuck(struct writer *writer)
{
    return busy_ms(writer, clock_mono_ms()) > STUCK_MS;
}

int64_t writer_still_ms(struct writer *writer)
{
    int64_t since_ms = atomic_load(&writer->turn_since_ms);
    return since_ms > 0 ? clock_mono_ms() - since_ms : 0;
}

void writer_health(struct writer *writer, struct store_health *ret)
{
    int64_t now_ms = clock_mono_ms();
    pthread_mutex_lock(&writer->mutex);
    *ret = writer->health;
    ret->submitted = atomic_load(&writer->submitted);
    ret->commit_us_most = meter_most(&writer->meter, now_ms);
    pthread_mutex_unlock(&writer->mutex);
    histogram_read(&writer->commit_us, &ret->commit_us);
    histogram_read(&writer->commit_changes, &ret->commit_changes);
    int64_t stuck_ms = busy_ms(writer, now_ms);
    if (ret->ok && stuck_ms > STUCK_MS) {
        ret->ok = false;
        (void)snprintf(ret->why, sizeof ret->why, "the disk has not answered for %" PRId64 " s",
                       stuck_ms / 1000);
    }
}
