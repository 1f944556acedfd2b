#include "daemon/engine/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/look.h"

enum {
    PAGE = 50,             /* what the portal gives at once (bitrix24.md §3.6) */
    DAY_MS = 86400000,     /* between two searches */
    AHEAD_MS = 2 * DAY_MS, /* how far a search looks: one that comes late finds them all the same */
    LOOK_AGAIN_MS = 60 * 60 * 1000,
    FULL_PAUSE_MS = 5000,
    STORE_PAUSE_MS = 500,
    ROUNDS_MOST = 10,
    FIRST_YEAR = 1920, /* nothing that comes round every year is older */
};

static const struct backoff portal_pauses = {.first_ms = 2000, .most_ms = 300000};

/* The search under way. */
struct scan {
    struct engine_timer *timer; /* borrowed */
    char field[96];
    bool day;
    int64_t from_ms, to_ms;               /* moments at which a timer that is looked for goes off */
    int64_t scanned_ms, begun_ms, cursor; /* of the row before this page */
};

static task_stage_fn scan_page;
static task_stage_fn scan_answered;
static task_stage_fn scan_committed;

bool scan_covers(const struct trigger *trigger)
{
    const struct entity_kind *kind = entity_kind_of(trigger->entity_type);
    return trigger_is_timer(trigger) && kind != NULL && kind->universal;
}

/* ---- which ----------------------------------------------------------------------------------- */

/* Each start counts too: what happened while nobody listened is known by looking only. */
static bool is_due(const struct engine_timer *timer, int64_t started_ms, int64_t now_ms)
{
    int64_t since = now_ms - timer->row.scanned_ms;
    bool refused = timer->refused_ms != 0 && clock_mono_ms() - timer->refused_ms < LOOK_AGAIN_MS;
    return scan_covers(timer->trigger) && !refused &&
           (timer->row.begun_ms != 0 || timer->row.scanned_ms < started_ms || since >= DAY_MS ||
            since < 0);
}

static struct engine_timer *next_timer(const struct task *task)
{
    struct engine *e = task->engine;
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < e->timer_count; i++)
        if (e->timers[i].portal == task->portal && is_due(&e->timers[i], e->started_ms, now_ms))
            return &e->timers[i];
    return NULL;
}

/* How long until the first of the portal's searches is due again; an hour at most, for clocks are
 * set. */
static int64_t pause_of(const struct task *task)
{
    const struct engine *e = task->engine;
    int64_t pause = LOOK_AGAIN_MS, now_ms = clock_wall_ms();
    for (size_t i = 0; i < e->timer_count; i++) {
        int64_t left = e->timers[i].row.scanned_ms + DAY_MS - now_ms;
        if (e->timers[i].portal == task->portal && left > 0 && left < pause)
            pause = left;
    }
    return pause;
}

static enum task_turn scan_rests(struct task *task)
{
    pthread_mutex_lock(&task->engine->lock);
    task->portal->scan_ms = clock_mono_ms() + pause_of(task);
    pthread_mutex_unlock(&task->engine->lock);
    return TASK_REST;
}

static void begin(struct scan *scan, struct engine_timer *timer)
{
    struct timer_row *row = &timer->row;
    *scan = (struct scan){.timer = timer};
    if (row->begun_ms == 0) {
        row->begun_ms = clock_wall_ms();
        row->cursor = 0;
    }
    scan->from_ms = row->scanned_ms > row->born_ms ? row->scanned_ms : row->born_ms;
    scan->to_ms = row->begun_ms + AHEAD_MS;
}

enum task_turn scan_begin(struct task *task)
{
    struct engine_timer *timer = next_timer(task);
    if (task_must_rest(task))
        return TASK_REST;
    if (timer == NULL)
        return scan_rests(task);
    if (store_full(task->engine->store))
        return task_pause(task, FULL_PAUSE_MS, scan_begin);
    if (task->scan == NULL)
        task->scan = mem_alloc(sizeof *task->scan);
    begin(task->scan, timer);
    facts_begin(task);
    task->rounds = 0;
    return task->stage = scan_page, TASK_GO;
}

/* ---- a page ---------------------------------------------------------------------------------- */

static struct scope scope_of(struct task *task, struct rules_env *env, json_t *needs)
{
    task_env(task, env);
    return (struct scope){.env = env,
                          .entity_type = task->scan->timer->trigger->entity_type,
                          .facts = task->facts_known,
                          .needs = needs};
}

/* This trigger cannot be searched for now: the others go on. */
static enum task_turn give_up(struct task *task, const char *why)
{
    struct engine_timer *timer = task->scan->timer;
    log_warning("cannot search for timers portal=%s rule=%s why=\"%s\"", task->portal->config->name,
                timer->rule->name, why);
    timer->refused_ms = clock_mono_ms();
    return task->stage = scan_begin, TASK_GO;
}

static enum task_turn try_again(struct task *task, task_stage_fn *stage)
{
    task->failures++;
    return task_pause(task, backoff_delay(&portal_pauses, task->failures, (uint64_t)task->taken_ms),
                      stage);
}

static enum task_turn scan_unfetched(struct task *task)
{
    return task->fetch_final ? give_up(task, task->fetch_err.text) : try_again(task, scan_begin);
}

static void put_bound(json_t *filter, const char *sign, const char *field, const struct zone *zone,
                      int64_t ms, bool day)
{
    char iso[26], key[100];
    zone_iso(zone, ms, iso);
    (void)snprintf(key, sizeof key, "%s%.96s", sign, field);
    (void)json_object_set_new(filter, key, day ? json_stringn(iso, 10) : json_string(iso));
}

/* Nobody touched it since `most`, and the last touch, of either kind, was not before `least`. */
static json_t *idle_filter_new(const struct zone *zone, int64_t least, int64_t most)
{
    json_t *filter = json_object(), *saved = json_object(), *active = json_object();
    put_bound(filter, "<=", "updatedTime", zone, most, false);
    put_bound(saved, ">=", "updatedTime", zone, least, false);
    put_bound(active, ">=", "lastActivityTime", zone, least, false);
    (void)json_object_set_new(filter, "0",
                              json_pack("{s:s, s:o, s:o}", "logic", "OR", "0", saved, "1", active));
    return filter;
}

/* What comes round every year is listed by when it was first: the same days of all years. */
static json_t *yearly_filter_new(const struct scan *scan, const struct zone *zone, int64_t least,
                                 int64_t most)
{
    json_t *any = json_pack("{s:s}", "logic", "OR");
    int years = zone_local(zone, most).year - FIRST_YEAR;
    for (int back = 0; back <= years; back++) {
        char key[12];
        json_t *days = json_object();
        put_bound(days, ">=", scan->field, zone, timer_years_back(zone, least, back), scan->day);
        put_bound(days, "<=", scan->field, zone, timer_years_back(zone, most, back), scan->day);
        (void)snprintf(key, sizeof key, "%d", back);
        (void)json_object_set_new(any, key, days);
    }
    return json_pack("{s:o}", "0", any);
}

static json_t *once_filter_new(const struct scan *scan, const struct zone *zone, int64_t least,
                               int64_t most)
{
    json_t *filter = json_object();
    put_bound(filter, ">=", scan->field, zone, least, scan->day);
    put_bound(filter, "<=", scan->field, zone, most, scan->day);
    return filter;
}

static json_t *params_new(const struct task *task, int64_t least, int64_t most)
{
    const struct scan *scan = task->scan;
    const struct zone *zone = task->portal->config->zone;
    const struct trigger *trigger = scan->timer->trigger;
    bool idle = trigger->kind == TRIGGER_IDLE;
    json_t *filter = idle              ? idle_filter_new(zone, least, most)
                     : trigger->yearly ? yearly_filter_new(scan, zone, least, most)
                                       : once_filter_new(scan, zone, least, most);
    (void)json_object_set_new(filter, ">id", json_integer(scan->timer->row.cursor));
    return json_pack("{s:i, s:[s, s, s], s:o, s:{s:s}, s:i}", "entityTypeId",
                     scan->timer->trigger->entity_type, "select", "id", scan->field,
                     idle ? "lastActivityTime" : "updatedTime", "filter", filter, "order", "id",
                     "ASC", "start", -1);
}

static enum task_turn ask(struct task *task, json_t *params)
{
    task->calls = mem_array(1, sizeof *task->calls);
    task->call_count = 1;
    task->calls[0] = (struct call){
        .portal = task->portal->id,
        .command = {.key = "scan", .method = mem_strdup("crm.item.list"), .params = params},
        .priority = PRIORITY_BULK,
        .done = task_call_done,
        .arg = task};
    task_hand_out(task, 1, scan_answered);
    portal_client_submit(task->engine->client, &task->calls[0]);
    return task_handed_out(task);
}

static enum task_turn scan_page(struct task *task)
{
    struct scan *scan = task->scan;
    const struct engine_timer *timer = scan->timer;
    struct rules_env env;
    struct err err = {0};
    int64_t least = 0, most = 0;
    JV_AUTO *needs = json_array();
    struct scope scope = scope_of(task, &env, needs);
    scan->scanned_ms = timer->row.scanned_ms;
    scan->begun_ms = timer->row.begun_ms;
    scan->cursor = timer->row.cursor;
    if (task_must_rest(task))
        return TASK_REST;
    switch (timer_field(timer->trigger, &scope, scan->field, &scan->day)) {
    case KNOWN_BAD:
        return give_up(task, scope.err.text);
    case KNOWN_NOT:
        if (task->rounds++ >= ROUNDS_MOST)
            return give_up(task, "asked for facts without end");
        return facts_fetch(task, needs, scan_page, scan_unfetched);
    case KNOWN:
        break;
    }
    if (!timer_bounds(timer->rule, timer->trigger, &env, scan->from_ms, scan->to_ms, &least, &most,
                      &err))
        return give_up(task, err.text);
    return ask(task, params_new(task, least, most));
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* Is the timer set for that moment, or over for it? */
static bool is_known(struct task *task, const struct entity *entity,
                     const struct timer_moment *moment)
{
    const struct engine_timer *timer = task->scan->timer;
    struct run *live = NULL;
    int64_t count = 0;
    bool known = false, left = false;
    struct err ignored = {0};
    if (!store_read_live(task->reader, task->portal->id, entity, &live, &count, &ignored))
        return false;
    for (int64_t i = 0; i < count; i++) {
        known = known || (run_is_timer(&live[i]) && strcmp(live[i].rule, timer->rule->name) == 0 &&
                          strcmp(timer_text(&live[i]), timer->trigger->text) == 0 &&
                          timer_due_ms(&live[i]) == moment->due_ms);
        run_done(&live[i]);
    }
    mem_free(live);
    if (known)
        return true;
    return store_read_over(task->reader, task->portal->id, entity, timer->rule->name,
                           timer->trigger->text, moment->base, &known, &left, &ignored) &&
           known && !left;
}

static void take_record(struct task *task, struct store_change *change, const json_t *record)
{
    const struct scan *scan = task->scan;
    struct entity entity = {.type = scan->timer->trigger->entity_type};
    int64_t id = jv_int(record, "id", 0);
    struct rules_env env;
    struct timer_moment moment;
    JV_AUTO *needs = json_array();
    struct scope scope = scope_of(task, &env, needs);
    if (id <= scan->timer->row.cursor)
        return;
    scan->timer->row.cursor = id;
    (void)snprintf(entity.id, sizeof entity.id, "%" PRId64, id);
    if (timer_moment(scan->timer->rule, scan->timer->trigger, &scope, record, NULL, &moment) ==
            KNOWN &&
        moment.set && moment.due_ms >= scan->from_ms && moment.due_ms <= scan->to_ms &&
        !is_known(task, &entity, &moment))
        look_put_found(task, change, &entity, PRIORITY_BULK);
}

static void take_page(struct task *task, struct store_change *change, const json_t *items)
{
    struct timer_row *row = &task->scan->timer->row;
    size_t i;
    json_t *record;
    json_array_foreach (jv_loose(items), i, record)
        take_record(task, change, record);
    if (json_array_size(items) < PAGE) {
        row->scanned_ms = row->begun_ms;
        row->begun_ms = row->cursor = 0;
    }
    store_put_timer(change, row);
}

static enum task_turn scan_answered(struct task *task)
{
    struct answer answer = task->calls[0].answer;
    command_done(&task->calls[0].command);
    mem_free(task->calls);
    task->calls = NULL;
    task->call_count = 0;
    enum task_turn turn = TASK_GO;
    if (answer.verdict == VERDICT_DONE) {
        struct store_change *change = store_change_new();
        task->failures = 0;
        take_page(task, change, json_object_get(answer.result, "items"));
        turn = task_commit(task, change, scan_committed);
    } else if (answer.verdict == VERDICT_REFUSED) {
        turn = give_up(task, answer.text);
    } else {
        turn = try_again(task, scan_begin);
    }
    answer_done(&answer);
    return turn;
}

static enum task_turn scan_committed(struct task *task)
{
    if (!task->commit_ok) { /* the page is asked for again */
        const struct scan *scan = task->scan;
        struct timer_row *row = &scan->timer->row;
        log_error("cannot store the search for timers why=\"%s\"", task->commit_err.text);
        row->scanned_ms = scan->scanned_ms;
        row->begun_ms = scan->begun_ms;
        row->cursor = scan->cursor;
        return task_pause(task, STORE_PAUSE_MS, scan_begin);
    }
    engine_wake(task->engine);
    task->stage = scan_begin;
    return TASK_GO;
}
