#ifndef DAEMON_STORE_STORE_H
#define DAEMON_STORE_STORE_H

/* The one door to the database. One thread, the writer, owns the only connection that writes and
 * checkpoints (SQLite 3.40.1's WAL-reset bug wants that: performance.md §5); everybody else hands
 * it changes and is told after the commit. Whatever has gathered while the disk was busy commits
 * together, so one flush serves many. Reading goes through readers, one a thread.
 *
 * A change is all-or-nothing. Its rows are copied at the call, so the caller keeps what it passed.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/histogram.h"
#include "daemon/model/command.h"
#include "daemon/model/event.h"
#include "daemon/model/given.h"
#include "daemon/model/run.h"

struct store;

struct store_options {
    const char *path;
    int64_t max_queue; /* ceiling of unseen events + unended runs; 0: none */
    /* Asked again and again while another process has the file: whether to wait a little more. It
     * takes its time before it answers true. NULL: an error at once. */
    bool (*wait)(void *arg);
    void *arg;
    /* Told when a file of an older schema is being brought to ours, and while that lasts several
     * times a second: which step is at work. With upgrading_arg; NULL: nobody asks. */
    void (*upgrading)(void *arg, const char *step, int64_t from, int64_t to);
    void *upgrading_arg;
};

/* Opens or creates the file, migrates it (one transaction a migration), reads back what a crash
 * left (running → ready), starts the writer. Errors name the file and say what to do; a schema
 * newer than the program is refused by name; a damaged file is not written to (the pages of one up
 * to 8 MiB are checked when the last close was not clean); a second process on the same file is
 * refused (lock file). */
struct store *store_open(const struct store_options *, struct err *) MUST_CHECK;
/* Commits what was submitted, checkpoints, closes. */
void store_close(struct store *);

/* ---- writing --------------------------------------------------------------------------------- */

struct store_change; /* rows that belong together; built by one thread */

struct store_change *store_change_new(void);
void store_change_free(struct store_change *); /* one that was not submitted */

/* Told by the writer's thread after the commit (ok) or when it could not be done. It must be quick
 * and must not wait for the store. */
typedef void store_done_fn(void *arg, bool ok, const struct err *);

/* Takes the change. Never waits; `done` may be NULL when nobody asks. A false answer of `done`
 * means that nothing of it is stored. */
void store_submit(struct store *, struct store_change *, store_done_fn *, void *arg);
/* The same for what somebody outside waits for: it goes before what was submitted otherwise. */
void store_submit_arrival(struct store *, struct store_change *, store_done_fn *, void *arg);
/* The same and waits for the commit; for start, verbs and tests. */
bool store_commit(struct store *, struct store_change *, struct err *) MUST_CHECK;

/* Ids are given at once, before the commit, so that rows can name each other. Thread-safe. */
int64_t store_next_id(struct store *);

/* Rows. `id` must be set (store_next_id). */
void store_put_event(struct store_change *, const struct event *);
/* One that concerns no rule: kept like the others, but seen from the beginning. */
void store_put_event_passing(struct store_change *, const struct event *);
/* new → seen, for events up to that were judged together. */
void store_put_event_seen(struct store_change *, int64_t event_id);
/* Insert or replace by id; portal, rule, entity and created_ms stay as they were first. The schema
 * lets one run of an entity be RUNNING: a change that hands over from one run to the next puts the
 * one that stops first. */
void store_put_run(struct store_change *, const struct run *);
/* Of a timer that has gone off: created_ms, which was 0 until then. */
void store_put_run_begun(struct store_change *, const struct run *);

struct snapshot {
    int64_t portal;
    struct entity entity;
    json_t *fields;  /* owned: watched fields, REST names */
    uint64_t digest; /* jv_digest of the whole record without volatile fields */
    bool added_told; /* rules have been told that it was added */
    bool deleted;
    int64_t history_id;     /* last stage history row taken into account */
    int64_t stage_since_ms; /* when it entered its stage, as far as known */
    int64_t looked_ms;
};
void snapshot_done(struct snapshot *);
void store_put_snapshot(struct store_change *, const struct snapshot *);

/* A rule fired on an entity (once-per): total + 1, last and visit as given. */
void store_put_fired(struct store_change *, int64_t portal, const char *rule, const struct entity *,
                     int64_t now_ms, int64_t visit_ms, const char *own_id);
/* The rule is frozen for that entity until then; 0 thaws and forgets the firings so far. */
void store_put_frozen(struct store_change *, int64_t portal, const char *rule,
                      const struct entity *, int64_t until_ms, const char *why);

/* An intended call. Once it is committed the call may be made. */
struct effect {
    int64_t id;
    int64_t run_id;
    int64_t portal;
    struct entity entity;   /* of the run */
    struct command command; /* owned */
    int step, attempt;
    enum verdict verdict; /* NONE: intended */
    int64_t intended_ms, sent_ms, settled_ms;
    json_t *result; /* owned: short form of the answer, NULL */
    char error[64], text[320];
    bool looked; /* the verdict came from a look */
};
void effect_done(struct effect *);
void store_put_effect(struct store_change *, const struct effect *);
/* The outcome. The whole result is kept only while the run lives or is parked (it may be asked for
 * again; so it may of a dead run) and is cut to 2 KiB when it is done or cancelled: a longer one is
 * then a string, its beginning. */
void store_put_outcome(struct store_change *, int64_t effect_id, const struct answer *, bool looked,
                       int64_t now_ms);

/* What an operator did to a portal or a rule stands with no entity, under this id. */
#define TRACE_OPERATOR "operator"
/* One line of the story that `why` tells. A seen event is in the story when a trace names it: an
 * index of all events by entity would cost every settled event more than the rest of it. */
struct trace {
    int64_t at_ms;
    int64_t portal;
    struct entity entity;
    int64_t event_id, run_id; /* 0: none */
    char rule[RUN_RULE_SIZE]; /* "" : about the entity itself */
    char what[24];  /* seen, changed, fired, skipped, frozen, step, wait, woke, call, ended,
                       operator … */
    char say[480];  /* one sentence for people */
    json_t *detail; /* owned, may be NULL: comparisons with values, fields that changed */
};
void trace_done(struct trace *);
void store_put_trace(struct store_change *, const struct trace *);

/* A timer trigger of a rule in use (migrations/0002_timers.sql). */
struct timer_row {
    int64_t portal;
    char *rule, *trigger; /* owned in what is read */
    int64_t born_ms, scanned_ms, begun_ms, cursor;
};
void timer_row_done(struct timer_row *);
void store_put_timer(struct store_change *, const struct timer_row *);
void store_put_timer_gone(struct store_change *, const struct timer_row *);
/* The timer has gone off, or was cancelled, for that value of its field; asked about until then. */
void store_put_over(struct store_change *, int64_t portal, const struct entity *, const char *rule,
                    const char *trigger, const char *base, int64_t until_ms);
/* The field has this value now: it has left the others. */
void store_put_over_left(struct store_change *, int64_t portal, const struct entity *,
                         const char *rule, const char *trigger, const char *base);

void store_put_given(struct store_change *, int64_t portal, const struct given *, int64_t now_ms);
/* It was given back, or there is nothing to be given back. */
void store_put_given_back(struct store_change *, int64_t portal, const struct entity *what);
/* What an operator has paused: a portal, a rule, or a rule on a portal. Events are accepted all the
 * same. */
struct hold {
    int64_t portal;           /* 0: on every portal */
    char rule[RUN_RULE_SIZE]; /* "": the whole portal */
    int64_t since_ms;         /* wall */
    char by[120], why[200];   /* who, and what for, as he says; "" */
};
void store_put_hold(struct store_change *, const struct hold *);
void store_put_hold_over(struct store_change *, const struct hold *);

void store_put_setting(struct store_change *, const char *name, const char *value);
/* Budgets of a portal: opaque JSON of portal/. */
void store_put_budget(struct store_change *, int64_t portal, const json_t *);
/* Facts worth keeping over a restart (stages, fields, users): need → value with its time. */
void store_put_name(struct store_change *, int64_t portal, const char *need, const json_t *value,
                    int64_t now_ms);
/* The rotation of a team: how many turns have been taken, and who had the last one. An older turn
 * changes nothing. */
void store_put_team(struct store_change *, int64_t portal, const char *team, int64_t turn,
                    int64_t user, int64_t now_ms);
/* The events of an hour of a portal's week, -1 on a day off (migrations/0005_silence.sql). */
struct silence_row {
    int64_t portal;
    int slot, lap;
    int64_t at_ms, events;
};
void store_put_silence(struct store_change *, const struct silence_row *);
/* When the portal was heard last, 0: never, as far as is known now. */
void store_put_heard(struct store_change *, int64_t portal, int64_t heard_ms, int64_t now_ms);
/* First good event pins the portal's member_id; NULL un-pins. */
void store_put_member(struct store_change *, int64_t portal, const char *member_id);

/* The row id of a portal's name, made on first use. At start, before threads. */
bool store_portal_id(struct store *, const char *name, int64_t *ret_id, struct err *) MUST_CHECK;

/* ---- reading --------------------------------------------------------------------------------- */

struct store_reader; /* a connection; belongs to one thread */
struct store_reader *store_reader_open(struct store *, struct err *) MUST_CHECK;
void store_reader_close(struct store_reader *);

/* An entity that wants attention: it has unseen events or runs that are due. */
struct waiting_entity {
    int64_t portal;
    struct entity entity;   /* entity-less events: type ENTITY_NONE and the event's id as text */
    enum priority priority; /* of the most urgent */
    int64_t since_ms;       /* oldest event's arrival or run's due time */
};
/* Up to `most` rows of new events of a portal with (priority, id) above the cursor, in that order;
 * moves the cursor. Entities may repeat. */
struct event_cursor {
    int priority;
    int64_t id;
};
bool store_read_new(struct store_reader *, int64_t portal, struct event_cursor *, int64_t most,
                    struct waiting_entity *ret, int64_t *ret_count, struct err *) MUST_CHECK;
/* Entities with runs (ready, waiting, running) due at or before now, most urgent then oldest first;
 * one entry a run, so entities may repeat. */
bool store_read_due(struct store_reader *, int64_t portal, int64_t now_ms, int64_t most,
                    struct waiting_entity *ret, int64_t *ret_count, struct err *) MUST_CHECK;
/* The same, going on behind the cursor (zeroed: from the beginning) and moving it: so that many
 * runs whose entities are at work already do not stand before the others. */
struct due_cursor {
    int priority;
    int64_t due_ms, id;
};
bool store_read_due_on(struct store_reader *, int64_t portal, int64_t now_ms, struct due_cursor *,
                       int64_t most, struct waiting_entity *ret, int64_t *ret_count,
                       struct err *) MUST_CHECK;
/* Entities of live runs that were laid down because their rule is paused (due_ms = RUN_HELD_MS), by
 * priority and id behind the cursor (due_ms unused), which moves; with each its rule. */
struct held_run {
    struct waiting_entity who;
    char rule[RUN_RULE_SIZE];
};
bool store_read_held(struct store_reader *, int64_t portal, struct due_cursor *, int64_t most,
                     struct held_run *ret, int64_t *ret_count, struct err *) MUST_CHECK;
/* The next due time after now, INT64_MAX if none. */
bool store_read_next_due(struct store_reader *, int64_t portal, int64_t now_ms, int64_t *ret_ms,
                         struct err *) MUST_CHECK;

/* All unseen events of an entity, oldest first (ceiling `most`); caller frees: event_done each,
 * mem_free the array. */
bool store_read_events(struct store_reader *, int64_t portal, const struct entity *, int64_t most,
                       struct event **ret, int64_t *ret_count, struct err *) MUST_CHECK;
/* Runs of an entity that have not ended, by id. */
bool store_read_live(struct store_reader *, int64_t portal, const struct entity *, struct run **ret,
                     int64_t *ret_count, struct err *) MUST_CHECK;
bool store_read_run(struct store_reader *, int64_t id, struct run *ret, bool *ret_found,
                    struct err *) MUST_CHECK;
/* *ret_found false: never seen. */
bool store_read_snapshot(struct store_reader *, int64_t portal, const struct entity *,
                         struct snapshot *ret, bool *ret_found, struct err *) MUST_CHECK;
/* Effects of a run at a step (-1: all), by id. */
bool store_read_effects(struct store_reader *, int64_t run_id, int step, struct effect **ret,
                        int64_t *ret_count, struct err *) MUST_CHECK;

/* What calls of that method have brought about for an entity since then: array of their results.
 * New. */
bool store_read_made(struct store_reader *, int64_t portal, const struct entity *,
                     const char *method, int64_t since_ms, json_t **ret, struct err *) MUST_CHECK;

struct fired_row {
    int64_t total, last_ms, visit_ms, frozen_ms, recent;
    bool own_id_seen;
};
/* `recent` counts runs of the rule on the entity created after since_ms (and after the last thaw).
 */
bool store_read_fired(struct store_reader *, int64_t portal, const char *rule,
                      const struct entity *, int64_t since_ms, const char *own_id,
                      struct fired_row *ret, struct err *) MUST_CHECK;

/* All timer triggers of a portal; caller frees: timer_row_done each, mem_free the array. */
bool store_read_timers(struct store_reader *, int64_t portal, struct timer_row **ret,
                       int64_t *ret_count, struct err *) MUST_CHECK;
/* Has store_put_over said so of that value, and has the field left it since? */
bool store_read_over(struct store_reader *, int64_t portal, const struct entity *, const char *rule,
                     const char *trigger, const char *base, bool *ret_over, bool *ret_left,
                     struct err *) MUST_CHECK;

/* Who has something to get back: at most `most` users into `ret`. */
bool store_read_given_owners(struct store_reader *, int64_t portal, int64_t most, int64_t *ret,
                             int64_t *ret_count, struct err *) MUST_CHECK;
/* The first `most` things of that user, oldest first, into `ret`. */
bool store_read_given(struct store_reader *, int64_t portal, int64_t owner, int64_t most,
                      struct given *ret, int64_t *ret_count, struct err *) MUST_CHECK;
/* Everything that is paused; mem_free. */
bool store_read_holds(struct store_reader *, struct hold **ret, int64_t *ret_count,
                      struct err *) MUST_CHECK;

bool store_read_setting(struct store_reader *, const char *name, char *out, size_t size,
                        bool *ret_found, struct err *) MUST_CHECK;
/* NULL when none was put. */
bool store_read_budget(struct store_reader *, int64_t portal, json_t **ret,
                       struct err *) MUST_CHECK;
/* Names kept, newer than since_ms: object need → {"value":…,"at":ms}. */
bool store_read_names(struct store_reader *, int64_t portal, int64_t since_ms, json_t **ret,
                      struct err *) MUST_CHECK;
/* Rotations: object team → {"turn","last"}. */
bool store_read_teams(struct store_reader *, int64_t portal, json_t **ret, struct err *) MUST_CHECK;
/* "" when not pinned. */
bool store_read_member(struct store_reader *, int64_t portal, char out[80],
                       struct err *) MUST_CHECK;

typedef void store_silence_fn(void *arg, const struct silence_row *);
bool store_read_silence(struct store_reader *, int64_t portal, store_silence_fn *, void *arg,
                        struct err *) MUST_CHECK;
/* Zeros when nothing was put. */
bool store_read_heard(struct store_reader *, int64_t portal, int64_t *ret_heard_ms,
                      int64_t *ret_at_ms, struct err *) MUST_CHECK;
/* Waiting runs that should have woken before then: how many (no more of a priority than 1000), and
 * when the first of them was due. */
bool store_read_overdue(struct store_reader *, int64_t portal, int64_t before_ms,
                        int64_t *ret_count, int64_t *ret_oldest_ms, struct err *) MUST_CHECK;

/* For people and the API: JSON as it is shown. Each returns a new value. Ceilings inside. */
/* {"events_new","oldest_event_ms","runs":{"ready","waiting","running","dead","parked"},"frozen",
 * "timers_next_ms"}; null where there is none. */
bool store_tell_queue(struct store_reader *, int64_t portal_or_0, json_t **ret,
                      struct err *) MUST_CHECK;
/* Of whom a story is told. */
struct story_wish {
    int64_t portal;              /* 0: any */
    const struct entity *entity; /* NULL: of the run or the event */
    int64_t run, event; /* of that run only, of that event and what came of it; 0: of all */
    int64_t most;       /* lines */
};
/* The story, oldest first, the last `most` lines of it:
 * {"rows":[…],"entity":{"type","id"},"found","more","pruned_ms"}. Rows are events {"kind":"event",
 * "at_ms","id","name","source","state","own_id","cause_run"}; traces {"kind":"trace","at_ms",
 * "event","run","rule","what","say","detail"}, among them what operators paused and resumed
 * meanwhile; runs as in lists with "kind":"run","at_ms"; calls {"kind":"call","at_ms","run","rule",
 * "id","method","key","verdict","step","attempt","write","looked","intended_ms","sent_ms",
 * "settled_ms","took_s","params","result","error","text"}. `found` is false when there is no such
 * run or event, `more` when lines were left out, pruned_ms the moment before which retention has
 * removed what had ended (null: nothing yet). */
bool store_tell_story(struct store_reader *, const struct story_wish *, json_t **ret,
                      struct err *) MUST_CHECK;

/* Which runs; what is 0, "" or NULL lets all through. */
struct run_filter {
    int64_t portal;
    const char *rule;
    const struct entity *entity;
    enum run_state state;
    const char *reason;         /* it contains that */
    int64_t since_ms, until_ms; /* last changed: from, and before */
};
/* Where a list goes on; zeroed: at its beginning. */
struct run_cursor {
    int64_t at, portal, id;
};
/* A page of a list of runs, behind the cursor, which moves: at most `most`. Waiting ones by their
 * due time, soonest first; those of an entity and those of any state by id,
 * newest first; the rest by their last change, newest first. One page looks at a few thousand runs
 * at most, however few fit; *ret_more: there may be further ones. Each:
 * {"id","rule","portal","entity":{"type","id"},"state","step","due_ms","attempt","priority",
 * "reason","cause_event","cause_run","created_ms","updated_ms"}. */
bool store_list_runs(struct store_reader *, const struct run_filter *, struct run_cursor *,
                     int64_t most, json_t **ret, bool *ret_more, struct err *) MUST_CHECK;
/* Dead and parked runs gathered by rule and reason (numbers in it apart), newest first:
 * [{"rule","portal","state","reason","count","first_ms","last_ms","run"}], reason and run those of
 * the newest. *ret_more: there are more of them than one look takes. */
bool store_tell_dead(struct store_reader *, const struct run_filter *, json_t **ret, bool *ret_more,
                     struct err *) MUST_CHECK;
/* Rules that are beyond their limit for an entity, those frozen longest ahead first:
 * [{"rule","portal","entity","until_ms","reason"}]. Filters: portal, rule, entity. */
bool store_tell_frozen(struct store_reader *, const struct run_filter *, int64_t most, json_t **ret,
                       struct err *) MUST_CHECK;
/* Dead and parked runs and frozen rules, newest first: [{"at_ms","what","run","rule","portal",
 * "entity","say"}]. */
bool store_tell_errors(struct store_reader *, int64_t most, json_t **ret, struct err *) MUST_CHECK;

/* ---- upkeep and health ----------------------------------------------------------------------- */

/* Removes ended runs with their effects, seen events and traces older than `before_ms`, and what is
 * kept of entities deleted before then: about `rows` of them, in small changes among the others.
 * While they are still on their way another call does nothing. Parked runs stay, a person has still
 * to decide. Does not wait; health counts what went. */
void store_prune(struct store *, int64_t before_ms, int rows);

/* What has gone, by kind. */
enum store_pruned {
    PRUNED_EVENTS,
    PRUNED_RUNS,
    PRUNED_EFFECTS,
    PRUNED_TRACES,
    PRUNED_ENTITIES, /* deleted ones */
    PRUNED_OTHER,    /* marks of what has fired, names, rotations */
    STORE_PRUNED,
};

/* Could the store take an event now? Thread-safe, no I/O. */
struct store_health {
    bool ok;                /* the last commit succeeded and the file is the one that was opened */
    char why[480];          /* when not */
    int64_t last_commit_ms; /* wall */
    int64_t queued;         /* unseen events + live runs, kept as a counter */
    int64_t max_queue;
    int64_t submitted;               /* changes waiting for the writer */
    int64_t commits, rows, failures; /* counters since start */
    int64_t pruned;
    int64_t pruned_of[STORE_PRUNED];
    int64_t wal_bytes;
    int64_t commit_us_last, commit_us_most;             /* of the last minute */
    struct histogram_reading commit_us, commit_changes; /* of each transaction since start */
};
void store_health(struct store *, struct store_health *ret);
/* Has the backlog reached max_queue, with what is on its way? Thread-safe; waits for nobody. */
bool store_full(struct store *);
/* Has the disk not answered for so long that nothing more should be given to it? Thread-safe; waits
 * for nobody. */
bool store_stuck(struct store *);
/* For how many milliseconds the writer has been at its present turn, 0: it rests. Thread-safe;
 * waits for nobody. */
int64_t store_still_ms(struct store *);
/* Writes a setting to see whether writing works again; the writer does it by itself every second
 * after a failure. Also compares the open file with the path (deleted, replaced). */
void store_probe(struct store *);

#endif
