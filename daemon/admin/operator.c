/* The operator's hand on runs: POST /api/queue/retry, done, drop. What is ordered is stored with
 * the name of who ordered it before it is answered, and `why` tells it. */

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/admin/parts.h"

enum { SAY_SIZE = 320 };

/* An order on its way. */
struct order {
    struct admin *admin;
    struct run run;               /* owned; as it will be */
    const char *made;             /* id that the thing has in the portal, NULL: not said */
    char who[OPERATOR_NAME_SIZE]; /* "anna, uid 1000" */
    char say[SAY_SIZE];
    struct store_change *change;
};

/* ---- the orders ------------------------------------------------------------------------------ */

static void let_go_on(struct run *run)
{
    run->state = RUN_READY;
    run->due_ms = clock_wall_ms();
    (void)json_object_del(run->vars, "touched"); /* all that is known is fetched anew */
}

/* It was not done. Answers of attempts before count only when they are good (plan_answer), so what
 * the step has done already stays done. */
static bool retry(struct order *o, struct err *err)
{
    (void)err;
    let_go_on(&o->run);
    o->run.attempt++;
    (void)snprintf(o->say, sizeof o->say, "%s says it was not done: step %d again, attempt %d",
                   o->who, o->run.step + 1, o->run.attempt + 1);
    return true;
}

static void settle(struct order *o, const struct effect *effect)
{
    struct answer answer = {.verdict = VERDICT_DONE, .sent_ms = effect->sent_ms};
    answer.result = o->made != NULL ? json_pack("{s:s}", "id", o->made) : json_object();
    (void)snprintf(answer.text, sizeof answer.text, "%s says it was done", o->who);
    store_put_outcome(o->change, effect->id, &answer, effect->looked, clock_wall_ms());
    json_decref(answer.result);
}

/* It was done: the calls of the step whose outcome nobody knew have one now. */
static bool done(struct order *o, struct err *err)
{
    struct effect *effects = NULL;
    int64_t count = 0;
    if (!store_read_effects(o->admin->reader, o->run.id, o->run.step, &effects, &count, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        const struct effect *effect = &effects[i];
        bool open = effect->verdict == VERDICT_UNSURE || effect->verdict == VERDICT_NONE;
        if (open && effect->command.write)
            settle(o, effect);
        effect_done(&effects[i]);
    }
    mem_free(effects);
    let_go_on(&o->run);
    (void)snprintf(o->say, sizeof o->say, "%s says it was done: goes on behind step %d", o->who,
                   o->run.step + 1);
    return true;
}

static bool drop(struct order *o, struct err *err)
{
    (void)err;
    o->run.state = RUN_CANCELLED;
    (void)snprintf(o->say, sizeof o->say, "dropped by %s", o->who);
    return true;
}

static const struct wish {
    const char *path;
    bool dead; /* of dead runs as well as of parked ones */
    bool (*grant)(struct order *, struct err *);
} wishes[] = {
    {"/api/queue/retry", true, retry},
    {"/api/queue/done", false, done},
    {"/api/queue/drop", true, drop},
};

/* ---- who ------------------------------------------------------------------------------------- */

/* The kernel knows who holds the other end of a Unix socket; a token has no name. */
void operator_name(const struct http_request *r, char out[OPERATOR_NAME_SIZE])
{
    unsigned uid;
    char room[1024];
    struct passwd pw, *found = NULL;
    if (!http_peer_uid(r, &uid)) {
        (void)snprintf(out, OPERATOR_NAME_SIZE, "the holder of the admin token at %s",
                       http_peer(r));
        return;
    }
    if (getpwuid_r((uid_t)uid, &pw, room, sizeof room, &found) != 0)
        found = NULL;
    (void)snprintf(out, OPERATOR_NAME_SIZE, "%.60s (uid %u)",
                   found != NULL ? pw.pw_name : "somebody", uid);
}

/* ---- taking an order ------------------------------------------------------------------------- */

static void order_free(struct order *o)
{
    run_done(&o->run);
    mem_free(o);
}

/* In the writer's thread. The next order may read the run from now on. */
static void on_stored(void *arg, bool ok, const struct err *err)
{
    struct http_request *r = arg;
    struct order *o = http_slot(r);
    struct admin *a = o->admin;
    json_t *answer = ok ? json_pack("{s:b, s:I, s:o}", "ok", 1, "run", (json_int_t)o->run.id, "say",
                                    jv_string_new(o->say))
                        : json_pack("{s:o}", "error", jv_string_new(err->text));
    if (ok) {
        log_info("operator run=%lld rule=%s say=\"%s\"", (long long)o->run.id, o->run.rule, o->say);
        engine_wake(a->options.engine);
    }
    order_free(o);
    atomic_store(&a->ordered, false);
    answer_json(r, ok ? 200 : 503, answer);
}

static void submit(struct order *o, struct http_request *r)
{
    struct run *run = &o->run;
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = run->portal,
                          .entity = run->entity,
                          .run_id = run->id,
                          .what = "operator"};
    (void)snprintf(trace.rule, sizeof trace.rule, "%s", run->rule);
    (void)snprintf(trace.say, sizeof trace.say, "%s", o->say);
    (void)snprintf(run->reason, sizeof run->reason, "%s", o->say);
    run->updated_ms = trace.at_ms;
    store_put_run(o->change, run);
    store_put_trace(o->change, &trace);
    http_set_slot(r, o);
    store_submit(o->admin->options.store, o->change, on_stored, r);
}

/* Status 0: granted. */
static int judge(const struct wish *wish, struct order *o, bool found, int64_t id, struct err *err)
{
    enum run_state state = o->run.state;
    if (!found) {
        err_set(err, "there is no run %" PRId64, id);
        return 404;
    }
    if (state != RUN_PARKED && (!wish->dead || state != RUN_DEAD)) {
        err_set(err, "run %" PRId64 " is %s, not parked%s", id, run_state_word(state),
                wish->dead ? " or dead" : "");
        return 409;
    }
    return wish->grant(o, err) ? 0 : 503;
}

static int take(struct admin *a, const struct wish *wish, struct http_request *r, struct err *err)
{
    const char *query = http_query(r);
    bool found = false;
    JV_AUTO *form = form_decode(query, strlen(query), NULL, NULL, err);
    if (form == NULL)
        return 400;
    int64_t id = jv_int(form, "run", 0);
    if (id <= 0) {
        err_set(err, "no run; \"run=17\" would be right");
        return 400;
    }
    struct order *o = mem_alloc(sizeof *o);
    *o = (struct order){.admin = a, .made = jv_text(form, "made", NULL)};
    o->change = store_change_new();
    operator_name(r, o->who);
    int status =
        store_read_run(a->reader, id, &o->run, &found, err) ? judge(wish, o, found, id, err) : 503;
    if (status == 0) {
        submit(o, r);
        return 0;
    }
    store_change_free(o->change);
    order_free(o);
    return status;
}

bool operator_serve(struct admin *a, struct http_request *r)
{
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (strcmp(wishes[i].path, http_path(r)) != 0)
            continue;
        struct err err = {0};
        /* One at a time: an order reads what the one before it has stored. */
        bool busy = atomic_exchange(&a->ordered, true);
        int status = busy ? 503 : take(a, &wishes[i], r, &err);
        if (busy)
            err_set(&err, "another order is just being stored; once more");
        else if (status != 0)
            atomic_store(&a->ordered, false);
        if (status != 0)
            answer_json(r, status, json_pack("{s:o}", "error", jv_string_new(err.text)));
        return true;
    }
    return false;
}
