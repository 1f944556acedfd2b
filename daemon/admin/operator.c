/* The operator's hand on runs: POST /api/queue/retry, done, drop. What is ordered is stored with
 * the name of who ordered it before it is answered, and `why` tells it. Orders name their runs;
 * nothing wider than a list of numbers can be ordered here. */

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/query.h"
#include "daemon/rules/timer.h"

enum { SAY_SIZE = 320, JOURNAL_BYTES = 360, RUNS_MOST = 100 };

struct wish;

/* An entity that is kept from work until the order is stored. */
struct reserved {
    int64_t portal;
    struct entity entity;
};

/* Orders on their way, of one request. */
struct order {
    struct admin *admin;
    const struct wish *wish;
    const char *made; /* id that the thing has in the portal, NULL: not said */
    char who[OPERATOR_NAME_SIZE];
    struct store_change *change;
    json_t *results; /* [{"run","ok","say"}] */
    int granted, unknown;
    struct reserved reserved[RUNS_MOST];
    size_t reserved_count;
};

/* The run at hand, and what is said of it. */
struct grant {
    struct order *order;
    struct run run; /* owned; as it will be */
    char say[SAY_SIZE];
};

/* ---- who ------------------------------------------------------------------------------------- */

static void name_bearer(const struct http_request *r, char out[OPERATOR_NAME_SIZE])
{
    const char *text = http_query(r);
    struct err ignored = {0};
    JV_AUTO *query = form_decode(text, strlen(text), NULL, NULL, &ignored);
    const char *by = jv_text(query, "by", "");
    (void)snprintf(out, OPERATOR_NAME_SIZE, "%.30s%s holder of the admin token at %.39s", by,
                   by[0] != '\0' ? " (so they say)," : "the", http_peer(r));
}

void operator_name(const struct http_request *r, char out[OPERATOR_NAME_SIZE])
{
    unsigned uid;
    char room[1024];
    struct passwd pw, *found = NULL;
    if (!http_peer_uid(r, &uid)) {
        name_bearer(r, out);
        return;
    }
    if (getpwuid_r((uid_t)uid, &pw, room, sizeof room, &found) != 0)
        found = NULL;
    (void)snprintf(out, OPERATOR_NAME_SIZE, "%.60s (uid %u)",
                   found != NULL ? pw.pw_name : "somebody", uid);
}

void operator_put_line(struct store_change *change, int64_t portal, const char *rule, bool wide,
                       const char *say)
{
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = portal,
                          .entity = {.type = ENTITY_NONE, .id = TRACE_OPERATOR}};
    (void)snprintf(trace.what, sizeof trace.what, "%s", wide ? "operator" : "order");
    (void)snprintf(trace.rule, sizeof trace.rule, "%s", rule);
    (void)snprintf(trace.say, sizeof trace.say, "%s", say);
    store_put_trace(change, &trace);
}

/* ---- the orders ------------------------------------------------------------------------------ */

static void let_go_on(struct run *run)
{
    run->state = run_is_timer(run) ? RUN_WAITING : RUN_READY; /* a timer has still to go off */
    run->due_ms = clock_wall_ms();
    (void)json_object_del(run->vars, "touched"); /* all that is known is fetched anew */
}

static bool read_effects(const struct grant *g, struct effect **ret, int64_t *ret_count,
                         struct err *err)
{
    return store_read_effects(g->order->admin->reader, g->run.id, g->run.step, ret, ret_count, err);
}

static void effects_free(struct effect *effects, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        effect_done(&effects[i]);
    mem_free(effects);
}

/* Of an ended run a long answer is kept as its beginning (store.h): a step that needs it whole
 * cannot go on. */
static bool is_cut(const struct effect *effect)
{
    return effect->verdict == VERDICT_DONE && json_is_string(effect->result) &&
           json_string_length(effect->result) > 1024;
}

static bool check_whole(const struct grant *g, struct err *err)
{
    struct effect *effects = NULL;
    int64_t count = 0;
    bool whole = read_effects(g, &effects, &count, err);
    for (int64_t i = 0; i < count && whole; i++)
        if (is_cut(&effects[i]))
            whole = err_set(err,
                            "run %" PRId64 " cannot go on: of the answer to %s, which its step has "
                            "had, only the beginning is kept",
                            g->run.id, effects[i].command.method);
    effects_free(effects, count);
    return whole;
}

static const char *says_of(enum run_state was)
{
    return was == RUN_CANCELLED ? "wants the cancelled run to go on"
           : was == RUN_DEAD    ? "wants it tried again"
                                : "says it was not done";
}

/* Answers of attempts before count only when they are good (plan_answer), so what
 * the step has done already stays done. */
static bool retry(struct grant *g, struct err *err)
{
    enum run_state was = g->run.state;
    if (was == RUN_CANCELLED && run_is_timer(&g->run))
        return err_set(err,
                       "run %" PRId64 " is a timer that is over; it is set again when its field "
                       "changes",
                       g->run.id);
    if (was == RUN_CANCELLED && !check_whole(g, err))
        return false;
    let_go_on(&g->run);
    g->run.attempt++;
    (void)snprintf(g->say, sizeof g->say, "%s %s: step %d again, attempt %d", g->order->who,
                   says_of(was), g->run.step + 1, g->run.attempt + 1);
    return true;
}

static void settle(struct grant *g, const struct effect *effect)
{
    struct answer answer = {.verdict = VERDICT_DONE, .sent_ms = effect->sent_ms};
    const char *made = g->order->made;
    answer.result = made != NULL ? json_pack("{s:s}", "id", made) : json_object();
    (void)snprintf(answer.text, sizeof answer.text, "%s says it was done", g->order->who);
    store_put_outcome(g->order->change, effect->id, &answer, effect->looked, clock_wall_ms());
    json_decref(answer.result);
}

/* It was done: the calls of the step whose outcome nobody knew have one now. */
static bool done(struct grant *g, struct err *err)
{
    struct effect *effects = NULL;
    int64_t count = 0;
    if (!read_effects(g, &effects, &count, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        bool open = effects[i].verdict == VERDICT_UNSURE || effects[i].verdict == VERDICT_NONE;
        if (open && effects[i].command.write)
            settle(g, &effects[i]);
    }
    effects_free(effects, count);
    let_go_on(&g->run);
    (void)snprintf(g->say, sizeof g->say, "%s says it was done: goes on behind step %d",
                   g->order->who, g->run.step + 1);
    return true;
}

/* Those that queue behind it (mode = queue) are due when it is: now. */
static bool call_up_queued(struct grant *g, struct err *err)
{
    static const char queued[] = "queued behind run ";
    struct run *runs = NULL;
    int64_t count = 0;
    if (!store_read_live(g->order->admin->reader, g->run.portal, &g->run.entity, &runs, &count,
                         err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        bool waits = runs[i].id != g->run.id && runs[i].state == RUN_READY &&
                     strcmp(runs[i].rule, g->run.rule) == 0 &&
                     strncmp(runs[i].reason, queued, strlen(queued)) == 0;
        if (waits) {
            runs[i].due_ms = clock_wall_ms();
            store_put_run(g->order->change, &runs[i]);
        }
        run_done(&runs[i]);
    }
    mem_free(runs);
    return true;
}

static bool is_live(enum run_state state)
{
    return state == RUN_READY || state == RUN_WAITING || state == RUN_RUNNING;
}

static bool drop(struct grant *g, struct err *err)
{
    struct run *run = &g->run;
    int64_t now_ms = clock_wall_ms(), due_ms = timer_due_ms(run);
    if (run_is_timer(run) && run->entity.type == ENTITY_NONE)
        return err_set(err, "run %" PRId64 " is the clock of rule %s (%s): pause the rule instead",
                       run->id, run->rule, timer_text(run));
    if (is_live(run->state) && !call_up_queued(g, err))
        return false;
    if (run_is_timer(run)) /* for this value of its field it is over, or the next look sets it */
        store_put_over(g->order->change, run->portal, &run->entity, run->rule, timer_text(run),
                       timer_base(run), due_ms > now_ms ? due_ms : now_ms);
    run->state = RUN_CANCELLED;
    (void)snprintf(g->say, sizeof g->say, "dropped by %s", g->order->who);
    return true;
}

#define STATE_BIT(state) (1u << (state))
enum {
    LIVE = STATE_BIT(RUN_READY) | STATE_BIT(RUN_WAITING) | STATE_BIT(RUN_RUNNING),
    STUCK = STATE_BIT(RUN_PARKED) | STATE_BIT(RUN_DEAD),
};

static const struct wish {
    const char *word;
    unsigned states; /* of these */
    const char *only;
    bool (*grant)(struct grant *, struct err *);
} wish_retry = {"retry", STUCK | STATE_BIT(RUN_CANCELLED), "parked, dead or cancelled", retry},
  wish_done = {"done", STATE_BIT(RUN_PARKED), "parked", done},
  wish_drop = {"drop", STUCK | LIVE, "parked, dead or on its way", drop};

/* ---- one run --------------------------------------------------------------------------------- */

static void put_run(struct grant *g)
{
    struct run *run = &g->run;
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = run->portal,
                          .entity = run->entity,
                          .run_id = run->id,
                          .what = "operator"};
    (void)snprintf(trace.rule, sizeof trace.rule, "%s", run->rule);
    (void)snprintf(trace.say, sizeof trace.say, "%s", g->say);
    (void)snprintf(run->reason, sizeof run->reason, "%s", g->say);
    run->updated_ms = trace.at_ms;
    store_put_run(g->order->change, run);
    store_put_trace(g->order->change, &trace);
    log_info("operator run=%lld rule=%s say=\"%s\"", (long long)run->id, run->rule, g->say);
}

/* What the engine may have in its hands is taken out of them first. */
static bool reserve(struct order *o, const struct run *run, struct err *err)
{
    for (size_t i = 0; i < o->reserved_count; i++)
        if (o->reserved[i].portal == run->portal &&
            entity_same(&o->reserved[i].entity, &run->entity))
            return true;
    if (!engine_reserve(o->admin->options.engine, run->portal, &run->entity))
        return err_set(err,
                       "run %" PRId64 " is at work just now; once more in a moment, or `b24bridge "
                       "queue pause --rule %s` first",
                       run->id, run->rule);
    o->reserved[o->reserved_count++] =
        (struct reserved){.portal = run->portal, .entity = run->entity};
    return true;
}

static bool read_run(struct grant *g, int64_t id, struct err *err)
{
    bool found = false;
    run_done(&g->run);
    g->run = (struct run){0};
    if (!store_read_run(g->order->admin->reader, id, &g->run, &found, err))
        return false;
    g->order->unknown += !found;
    return found || err_set(err, "there is no run %" PRId64, id);
}

static bool is_allowed(const struct grant *g, struct err *err)
{
    const struct wish *wish = g->order->wish;
    return (wish->states & STATE_BIT(g->run.state)) != 0 ||
           err_set(err, "run %" PRId64 " is %s, not %s", g->run.id, run_state_word(g->run.state),
                   wish->only);
}

static bool judge(struct grant *g, int64_t id, struct err *err)
{
    if (!read_run(g, id, err) || !is_allowed(g, err))
        return false;
    /* Read once more when nobody else can change it. */
    if (is_live(g->run.state) &&
        (!reserve(g->order, &g->run, err) || !read_run(g, id, err) || !is_allowed(g, err)))
        return false;
    return g->order->wish->grant(g, err);
}

static bool is_named(const json_t *results, int64_t id)
{
    size_t i;
    json_t *result;
    json_array_foreach (jv_loose(results), i, result)
        if (jv_int(result, "run", 0) == id)
            return true;
    return false;
}

static void take_one(struct order *o, int64_t id)
{
    struct grant g = {.order = o};
    struct err err = {0};
    if (is_named(o->results, id))
        return;
    bool granted = judge(&g, id, &err);
    if (granted)
        put_run(&g);
    o->granted += granted;
    json_array_append_new(o->results,
                          json_pack("{s:I, s:b, s:o}", "run", (json_int_t)id, "ok", granted, "say",
                                    jv_string_new(granted ? g.say : err.text)));
    run_done(&g.run);
}

/* ---- taking orders --------------------------------------------------------------------------- */

static void order_free(struct order *o)
{
    for (size_t i = 0; i < o->reserved_count; i++)
        engine_release(o->admin->options.engine, o->reserved[i].portal, &o->reserved[i].entity);
    json_decref(o->results);
    mem_free(o);
}

/* In the writer's thread. The next order may read the runs from now on. */
static void on_stored(void *arg, bool ok, const struct err *err)
{
    struct http_request *r = arg;
    struct order *o = http_slot(r);
    struct admin *a = o->admin;
    json_t *answer = ok ? json_pack("{s:O}", "orders", o->results)
                        : json_pack("{s:o}", "error", jv_string_new(err->text));
    order_free(o);
    if (ok)
        engine_wake(a->options.engine);
    atomic_store(&a->ordered, false);
    answer_json(r, ok ? 200 : 503, answer);
}

/* Nothing of it can be done. */
static void refuse(struct order *o, struct http_request *r, int status)
{
    struct admin *a = o->admin;
    json_t *answer =
        json_pack("{s:o, s:O}", "error", jv_string_new(jv_text(o->results, "0.say", "no run")),
                  "orders", o->results);
    store_change_free(o->change);
    order_free(o);
    atomic_store(&a->ordered, false);
    answer_json(r, status, answer);
}

/* One line of all of them for `queue log`: what was ordered stands with each run. */
static void put_journal(struct order *o)
{
    struct buf say BUF_AUTO;
    size_t i;
    json_t *result;
    buf_init(&say, 1024);
    buf_printf(&say, "queue %s by %s: run", o->wish->word, o->who);
    json_array_foreach (o->results, i, result)
        if (jv_flag(result, "ok") && say.size < JOURNAL_BYTES)
            buf_printf(&say, " %lld", (long long)jv_int(result, "run", 0));
    if (say.size >= JOURNAL_BYTES)
        buf_printf(&say, " … %d in all", o->granted);
    operator_put_line(o->change, 0, "", false, say.data);
}

/* "17,18,19". The count; 0 with err. */
static int64_t read_ids(const char *text, int64_t ids[RUNS_MOST], struct err *err)
{
    int64_t count = 0;
    const char *at = text;
    while (*at != '\0') {
        char *end;
        int64_t id = strtoll(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || id <= 0)
            break;
        if (count == RUNS_MOST)
            return err_set(err, "more than %d runs at once", RUNS_MOST), 0;
        ids[count++] = id;
        at = *end == ',' ? end + 1 : end;
    }
    if (*at != '\0' || count == 0)
        return err_set(err, "no run; \"run=17\" would be right"), 0;
    return count;
}

static void take(struct admin *a, struct http_request *r, const json_t *query,
                 const struct wish *wish)
{
    int64_t ids[RUNS_MOST];
    struct err err = {0};
    int64_t count = read_ids(jv_text(query, "run", ""), ids, &err);
    const char *made = jv_text(query, "made", NULL);
    if (count > 1 && made != NULL)
        count = err_set(&err, "made: of one run at a time");
    if (count == 0) {
        answer_error(r, 400, err.text);
        return;
    }
    /* One at a time: an order reads what the one before it has stored. */
    if (atomic_exchange(&a->ordered, true)) {
        answer_error(r, 503, "another order is just being stored; once more");
        return;
    }
    struct order *o = mem_alloc(sizeof *o);
    o->admin = a;
    o->wish = wish;
    o->made = made;
    o->change = store_change_new();
    o->results = json_array();
    operator_name(r, o->who);
    for (int64_t i = 0; i < count; i++)
        take_one(o, ids[i]);
    if (o->granted == 0) {
        refuse(o, r, o->unknown == (int)count ? 404 : 409);
        return;
    }
    put_journal(o);
    http_set_slot(r, o);
    store_submit(a->options.store, o->change, on_stored, r);
}

void order_retry(struct admin *a, struct http_request *r, const json_t *query)
{
    take(a, r, query, &wish_retry);
}

void order_done(struct admin *a, struct http_request *r, const json_t *query)
{
    take(a, r, query, &wish_done);
}

void order_drop(struct admin *a, struct http_request *r, const json_t *query)
{
    take(a, r, query, &wish_drop);
}
