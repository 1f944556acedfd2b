#ifndef DAEMON_ENGINE_TASK_H
#define DAEMON_ENGINE_TASK_H

/* One entity at work, and the engine's own insides. A task is a state machine: `stage` is the
 * function that runs next. A stage either names the next one and returns TASK_GO, or has handed out
 * calls or a change and returns TASK_SLEEP (the last answer puts the task back into the ready
 * queue), or the entity is at rest: TASK_REST. Only the worker that took the task touches it, so
 * its fields need no lock; those that others touch are marked. */

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/tally.h"
#include "daemon/rules/advance.h"
#include "daemon/rules/change.h"
#include "daemon/rules/timer.h"

struct task;
struct facts;  /* facts.h */
struct writes; /* writes.h */
struct held;   /* held.h */
struct holds;  /* holds.h */
struct rota;   /* rota.h */
struct keeper; /* keeper.h */

enum task_turn { TASK_GO, TASK_SLEEP, TASK_REST };
typedef enum task_turn task_stage_fn(struct task *);

/* A configuration in use. Tasks hold the one they began with, so a reload never pulls a rule from
 * under a decision. */
struct site {
    const struct config *config;
    const int64_t *portal_ids;
};

struct engine_portal {
    int64_t id;
    const struct config_portal *config;
    struct event_cursor urgent, other; /* the feeder's */
    int64_t urgent_tasks, other_tasks; /* guarded by engine.lock */
    int64_t scan_ms; /* mono: when records are searched next (scan.c); guarded by engine.lock */
    bool scans;      /* some timer of its rules wants that */
    int64_t back_ms; /* mono: when deputies are asked next (giveback.c); guarded by engine.lock */
};

/* A timer trigger of a rule on a portal. What the search moves on in `row` only its task touches,
 * the rest is immutable. */
struct engine_timer {
    struct engine_portal *portal;
    const struct rule *rule;
    const struct trigger *trigger;
    struct timer_row row;
    int64_t since_ms;   /* wall: moments before this were not missed by an outage */
    int64_t refused_ms; /* mono: the portal refused the search; 0: it did not */
};

/* What the commit that settles a woken timer says beside its run (timers.c). */
struct woken {
    const struct trigger *trigger; /* NULL: nothing */
    char base[TIMER_BASE_SIZE];
    int64_t due_ms;
    bool over;    /* gone off, or for good not, for that value */
    bool last;    /* it will not come round again: the record is gone */
    bool left;    /* it has moved on from other values */
    bool fired;   /* it counts as a firing */
    bool restart; /* it takes the place of other runs of its rule */
    int64_t visit_ms;
    int64_t frozen_ms; /* the limit is reached: until then; 0: no */
    char frozen_why[320];
    int64_t next_id; /* of the run that waits for the next time of what comes again */
};

enum { ENGINE_BUCKETS = 1024, ENGINE_TASKS_PER_PORTAL = 256, ENGINE_MOST_WORKERS = 16 };

struct worker {
    struct engine *engine;
    pthread_t thread;
    struct store_reader *reader;
    atomic_llong busy_since_ms; /* mono; 0 = idle */
};

struct engine {
    struct site site;
    struct store *store;
    struct portal_client *client;
    struct engine_portal *portals;
    int portal_count;
    struct facts *facts;
    struct writes *writes;
    struct held *held;
    struct holds *holds;
    struct engine_timer *timers; /* owned */
    size_t timer_count;
    struct rota *rota;
    struct keeper *keeper;
    struct tally *tally;
    int64_t born_ms;    /* wall time at which this database began to listen */
    int64_t started_ms; /* and this process */

    pthread_mutex_t lock;                       /* guards everything down to the blank line */
    pthread_cond_t ready_more;                  /* the ready queue has something, or stopping */
    pthread_cond_t feed_more;                   /* the feeder has something to do, or stopping */
    pthread_cond_t rested;                      /* a task or the feeder went to rest */
    struct task *ready_head[3], *ready_tail[3]; /* by priority */
    struct task *sleepers;                      /* tasks that wait for a time */
    struct task *buckets[ENGINE_BUCKETS];       /* all tasks by portal and entity */
    int64_t task_count;
    int at_work; /* workers inside a stage */
    bool news;   /* the store may have something new */
    bool halting, stopping;
    struct engine *formers[ENGINE_FORMERS]; /* as of engine.h */
    int former_count;
    bool feeding; /* the feeder is at it, and may be asking the formers */

    atomic_bool nudged;            /* news is set or about to be: further wakes change nothing */
    atomic_llong feeding_since_ms; /* mono; since when the feeder has been reading, 0: it rests */
    struct worker workers[ENGINE_MOST_WORKERS];
    int worker_count;
    pthread_t feeder;
    struct store_reader *feeder_reader;
    bool feeder_started;
    atomic_llong looks, echoes, fired, skipped, started, ended[8]; /* ended by enum run_state */
};

struct task {
    struct engine *engine;
    struct task *next;      /* ready queue or sleepers; guarded by engine.lock */
    struct task *same_hash; /* guarded by engine.lock */
    int64_t wake_ms;        /* mono, while among the sleepers; guarded by engine.lock */
    bool again;             /* something new came meanwhile; guarded by engine.lock */
    int64_t taken_ms;       /* wall */
    atomic_int outstanding; /* answers still to come, + 1 while a stage is handing out */

    struct engine_portal *portal;
    struct entity entity;
    char name[ENTITY_ID_SIZE + 32]; /* "deal 123" */
    enum priority priority;
    bool urgent;                 /* counted among the portal's urgent tasks */
    struct store_reader *reader; /* of the worker at work */
    task_stage_fn *stage;
    task_stage_fn *after; /* where to go once what was handed out is back */
    int failures;         /* in a row: reading the portal or the store; for the pause */

    /* the look (look.c) */
    struct event *events;
    int64_t event_count;
    struct run *live;
    int64_t live_count;
    struct snapshot snapshot;
    bool seen;           /* snapshot is there */
    json_t *facts_known; /* need → value, of this sitting */
    int64_t facts_ms;    /* mono: when the sitting began */
    struct judgement judgement;
    struct timer_plan timers;
    struct look *look;
    struct scan *scan;         /* owned; of the task that searches (scan.c), NULL in all others */
    struct giveback *giveback; /* owned; likewise (giveback.c) */

    /* the run at work (work.c) */
    struct run *run; /* points into live */
    struct advance advance;
    json_t *answers;         /* of the run's present step */
    struct pending *pending; /* effects of the step: intended, in flight, to be looked for */
    size_t pending_count;
    json_t *story;  /* lines of the trace that the next commit writes */
    int asked_step; /* what that step asked before its calls has been told; -1: of none */
    struct woken woken;
    int64_t caught_up;      /* the run that woke and for which the entity was looked at first */
    task_stage_fn *settled; /* where to go once the run's present state is committed */
    int rounds;             /* of needs in a row, bounded */
    struct turn *turns;     /* of teams that the run has taken and nobody has stored yet */
    size_t turn_count;

    /* what was handed out */
    struct call *calls;
    size_t call_count;
    struct want *wants; /* needs that the calls read (facts.c) */
    size_t want_count;
    task_stage_fn *fetched;   /* where to go with the facts */
    task_stage_fn *unfetched; /* where to go without: fetch_err and fetch_final say why */
    bool fetch_final;         /* the portal refuses for good, asking again is useless */
    struct err fetch_err;
    bool commit_ok;
    struct err commit_err;
};

/* engine.c */
/* Does a halted engine have the entity at work, or a call under way that changes it? */
bool engine_holds(struct engine *, int64_t portal, const struct entity *);
void engine_push_ready(struct engine *, struct task *); /* takes the lock */
void engine_push_ready_locked(struct engine *, struct task *);
/* Sleeps for `ms`, then goes on at `stage`: TASK_SLEEP; TASK_REST when the engine halts. */
enum task_turn task_pause(struct task *, int64_t ms, task_stage_fn *stage);
/* Submits the change; the task goes on at `after` with commit_ok and commit_err. */
enum task_turn task_commit(struct task *, struct store_change *, task_stage_fn *after);
/* Between task_hand_out and task_handed_out calls may be submitted with task_call_done as their
 * `done`; the task goes on at `after` when all are back. */
void task_hand_out(struct task *, size_t answers, task_stage_fn *after);
enum task_turn task_handed_out(struct task *);
void task_call_done(struct call *);
bool engine_is_halting(struct engine *);
/* The engine halts, or the task's portal is paused: nothing new is begun. */
bool task_must_rest(struct task *);
void task_env(struct task *, struct rules_env *ret);
const struct ruleset *task_rules(const struct task *);
/* Adds one line to the story of the task's entity. */
void task_trace(struct task *, struct store_change *, const struct run *, int64_t event_id,
                const char *what, const json_t *detail, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
void task_forget_look(struct task *); /* frees what the look holds */
void task_forget_run(struct task *);
void task_free(struct task *);

/* The stages others start: look.c, work.c. */
task_stage_fn look_begin;
task_stage_fn work_begin;

#endif
