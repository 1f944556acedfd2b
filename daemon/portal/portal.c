#include "daemon/portal/portal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/address.h"
#include "daemon/portal/patience.h"

enum {
    REPEATS_MOST = 3, /* of a call that was known not to be executed */
    HOPS_MOST = 2,
    PATIENCE_LOOK_MS = 1000,
    KEPT_FOR_URGENT = 1, /* of the requests in flight */
    FOR_OTHERS = PORTAL_REQUESTS_MOST - KEPT_FOR_URGENT,
    DOUBTS_MOST = 2, /* a third refusal after good probes is the call's own */
};

/* While requests are plentiful, what waits is spread over those that may be in flight, but for no
 * less than a second's work each. */
static const double SPREAD_LEAST_S = 1;

static const struct backoff repeats = {.first_ms = 1000, .most_ms = 15000};
static const struct backoff doubtful = {.first_ms = 1000, .most_ms = 300000};

static bool read_url(struct portal *portal, const char *url, struct err *err)
{
    size_t authority = address_authority(url);
    const char *rest = authority > 0 ? strstr(url + authority, "/rest/") : NULL;
    if (rest == NULL)
        return err_set(err, "the portal's address is not of the form https://HOST/rest/USER/CODE/");
    if (!address_is_https(url) && !address_is_loopback(url))
        return err_set(err, "the portal's address has to begin with https://");
    const char *path = rest + strlen("/rest");
    size_t length = strcspn(path, "?#");
    while (length > 1 && path[length - 1] == '/')
        length--;
    portal->home = mem_strndup(url, (size_t)(rest - url));
    portal->host = mem_strdup(portal->home);
    portal->path = mem_printf("%.*s/", (int)length, path);
    const char *code = path + length;
    while (code > path && code[-1] != '/')
        code--;
    portal->code = mem_strndup(code, (size_t)(path + length - code));
    return true;
}

bool portal_init(struct portal *portal, const struct portal_settings *settings, int64_t wall_ms,
                 struct err *err)
{
    memset(portal, 0, sizeof *portal);
    if (!read_url(portal, settings->url, err))
        return false;
    double share = settings->share > 0 && settings->share <= 1 ? settings->share : 1;
    portal->id = settings->id;
    portal->name = mem_strdup(settings->name);
    portal->secrets = settings->secrets;
    portal->most = PACK_MOST;
    queue_init(&portal->queue);
    budget_init(&portal->budget, settings->drain, settings->size, share, wall_ms);
    circuit_init(&portal->circuit, (uint64_t)settings->id);
    return true;
}

void portal_done(struct portal *portal)
{
    if (portal->path != NULL)
        mem_wipe(portal->path, strlen(portal->path));
    if (portal->code != NULL)
        mem_wipe(portal->code, strlen(portal->code));
    mem_free(portal->path);
    mem_free(portal->code);
    mem_free(portal->name);
    mem_free(portal->home);
    mem_free(portal->host);
    queue_done(&portal->queue);
    budget_done(&portal->budget);
}

void portal_request_done(struct request *request)
{
    if (request->url != NULL)
        mem_wipe(request->url, strlen(request->url));
    mem_free(request->url);
    mem_free(request->body);
    request->url = request->body = NULL;
}

void call_end(struct call *call, struct call_list *ended)
{
    mem_free(call->encoded);
    call->encoded = NULL;
    call->encoded_known = false;
    call->next = NULL;
    call->prev = ended->last;
    *(ended->last != NULL ? &ended->last->next : &ended->first) = call;
    ended->last = call;
}

static bool method_is_sound(const char *method)
{
    if (strncmp(method, "api/", 4) == 0)
        method += 4;
    for (const char *p = method; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            return false;
    return method[0] != '\0' && method[0] != '.';
}

bool portal_submit(struct portal *portal, struct call *call, int64_t wall_ms)
{
    call->since_ms = wall_ms;
    if (method_is_sound(call->command.method)) {
        queue_add(&portal->queue, call);
        return true;
    }
    call->answer = (struct answer){.verdict = VERDICT_REFUSED, .error = "BAD_METHOD"};
    (void)snprintf(call->answer.text, sizeof call->answer.text, "\"%.80s\" is no name of a method",
                   call->command.method);
    portal->totals.refused++;
    counters_add(&portal->counters, "other", VERDICT_REFUSED);
    return false;
}

/* ---- the next request ------------------------------------------------------------------------ */

static char *url_new(const struct portal *portal, const char *method)
{
    bool v3 = strncmp(method, "api/", 4) == 0;
    return mem_printf("%s/rest%s%s%s", portal->host, v3 ? "/api" : "", portal->path,
                      v3 ? method + 4 : method);
}

static void write_body(struct request *request, const json_t *body)
{
    request->body = body != NULL ? jv_dump_new(body) : mem_strdup("{}");
    request->size = strlen(request->body);
}

static bool next_probe(struct portal *portal, int64_t wall_ms, struct request *ret,
                       int64_t *ret_wait_ms)
{
    *ret_wait_ms = budget_wait_ms(&portal->budget, wall_ms);
    if (*ret_wait_ms > 0 || !budget_take(&portal->budget, wall_ms))
        return false;
    *ret = (struct request){.probe = true, .url = url_new(portal, "profile")};
    write_body(ret, NULL);
    circuit_probe_sent(&portal->circuit);
    return true;
}

static bool urgent_waits(const struct portal *portal)
{
    return portal->queue.ready[PRIORITY_URGENT].first != NULL;
}

/* May one more request go beside those in flight? One place is kept for urgent calls, so that they
 * never stand behind more than what is under way. When requests are not plentiful, calls that
 * nobody waits for gather until the present request is back, or until a batch is full. */
static bool has_room(const struct portal *portal, double free)
{
    if (urgent_waits(portal))
        return portal->requests < PORTAL_REQUESTS_MOST;
    if (portal->requests >= FOR_OTHERS)
        return false;
    return portal->requests == 0 || free >= portal->budget.bucket.size / 2 ||
           portal->queue.waiting >= portal->most;
}

/* Free requests beyond those that what waits will need. */
static double spare(const struct portal *portal, double free)
{
    return free - (double)portal->queue.waiting / portal->most;
}

static double most_seconds(const struct portal *portal, double free)
{
    double all = (double)portal->queue.waiting * portal->budget.cost;
    if (all <= 0 || spare(portal, free) < portal->budget.bucket.size / 2)
        return PACK_MOST_S;
    return fmin(PACK_MOST_S, fmax(SPREAD_LEAST_S, all / FOR_OTHERS));
}

static void build(struct portal *portal, struct request *request)
{
    request->batch = request->count > 1;
    for (size_t i = 0; i < request->count; i++)
        request->write = request->write || request->calls[i]->command.write;
    request->url = url_new(portal, request->batch ? "batch" : request->calls[0]->command.method);
    if (request->batch) {
        JV_AUTO *body = pack_batch_new(request->calls, request->count);
        write_body(request, body);
    } else {
        write_body(request, request->calls[0]->command.params);
    }
    portal->totals.requests++;
    portal->totals.batches += request->batch;
    portal->totals.commands += (int64_t)request->count;
}

static enum priority least_waiting(const struct portal *portal)
{
    enum priority least = PRIORITY_BULK;
    while (least > PRIORITY_URGENT && portal->queue.ready[least].first == NULL)
        least = (enum priority)(least - 1);
    return least;
}

static bool next_calls(struct portal *portal, int64_t mono_ms, int64_t wall_ms, struct request *ret,
                       int64_t *ret_wait_ms)
{
    double free = budget_free(&portal->budget, wall_ms);
    *ret_wait_ms = -1;
    if (portal->queue.waiting == 0 || !has_room(portal, free))
        return false;
    *ret_wait_ms = budget_wait_ms(&portal->budget, wall_ms);
    if (*ret_wait_ms > 0)
        return false;
    const struct pack_terms terms = {
        .mono_ms = mono_ms,
        .wall_ms = wall_ms,
        .most = portal->most,
        .most_s = most_seconds(portal, free),
        .plenty = spare(portal, free) >= portal->budget.bucket.size / 4,
        .turn = portal->turn,
    };
    enum priority least = least_waiting(portal);
    *ret = (struct request){0};
    ret->count = pack_choose(&portal->queue, &portal->budget, &terms, ret->calls, ret_wait_ms);
    if (ret->count == 0)
        return false;
    (void)budget_take(&portal->budget, wall_ms); /* there is room: asked above */
    portal->turn = ret->calls[0]->priority >= least ? 0 : portal->turn + 1;
    build(portal, ret);
    return true;
}

bool portal_next(struct portal *portal, int64_t mono_ms, int64_t wall_ms, struct request *ret,
                 int64_t *ret_wait_ms)
{
    bool found = false;
    switch (circuit_may(&portal->circuit, mono_ms)) {
    case CIRCUIT_SEND:
        found = next_calls(portal, mono_ms, wall_ms, ret, ret_wait_ms);
        break;
    case CIRCUIT_PROBE:
        found = next_probe(portal, wall_ms, ret, ret_wait_ms);
        break;
    case CIRCUIT_WAIT:
        *ret_wait_ms = circuit_wait_ms(&portal->circuit, mono_ms);
        break;
    }
    portal->requests += found;
    if (found && portal->silent_since_ms == 0)
        portal->silent_since_ms = wall_ms;
    return found;
}

/* ---- what came of it ------------------------------------------------------------------------- */

static void end(struct portal *portal, struct call *call, struct call_list *ended)
{
    portal->totals.refused += call->answer.verdict == VERDICT_REFUSED;
    portal->totals.unsure += call->answer.verdict == VERDICT_UNSURE;
    queue_finish(&portal->queue, call);
    call_end(call, ended);
}

static void wait_again(struct portal *portal, struct call *call)
{
    json_decref(call->answer.result);
    json_decref(call->answer.next);
    call->answer = (struct answer){0};
    queue_put_back(&portal->queue, call);
}

/* The portal refused us when it saw this call. It waits until a probe has gone well; if it is
 * refused again then, it is this call that it may not, or the portal wavers. */
static void doubt(struct call *call, enum aftermath after, int64_t mono_ms)
{
    call->doubts++;
    if (after == AFTER_DOUBT && call->doubts > DOUBTS_MOST)
        call->answer.verdict = VERDICT_REFUSED;
    else if (call->doubts > 1)
        call->not_before_ms = mono_ms + backoff_delay(&doubtful, call->doubts - 1, call->order);
}

static void settle_call(struct portal *portal, struct call *call, enum aftermath after,
                        int64_t mono_ms, struct call_list *ended)
{
    struct answer *answer = &call->answer;
    counters_add(&portal->counters, call->command.method, answer->verdict);
    if (answer->verdict == VERDICT_LIMITED && verdict_pauses(after))
        doubt(call, after, mono_ms);
    if (answer->verdict == VERDICT_LIMITED) {
        portal->totals.limited++;
        wait_again(portal, call);
    } else if (answer->verdict == VERDICT_RETRY && call->tries < REPEATS_MOST) {
        portal->totals.retried++;
        call->not_before_ms = mono_ms + backoff_delay(&repeats, ++call->tries, call->order);
        wait_again(portal, call);
    } else {
        end(portal, call, ended);
    }
}

/* It may not have moved there for good. */
static void go_home(struct portal *portal)
{
    if (portal->circuit.state == CIRCUIT_CLOSED || strcmp(portal->host, portal->home) == 0)
        return;
    mem_free(portal->host);
    portal->host = mem_strdup(portal->home);
}

static void settle_circuit(struct portal *portal, const struct request *request,
                           const struct reply *reply, const struct reply_effect *effect,
                           int64_t mono_ms)
{
    char why[sizeof portal->circuit.why];
    if (!effect->answered) {
        (void)snprintf(why, sizeof why, "no answer from the portal: %.150s", effect->why);
        circuit_failed(&portal->circuit, request->probe, why, mono_ms);
        go_home(portal);
        return;
    }
    /* A call that made us doubt before, when the probe then showed that all was well. */
    bool known =
        effect->after == AFTER_DOUBT && request->count == 1 && request->calls[0]->doubts > 0;
    if (verdict_pauses(effect->after) && !known) {
        (void)snprintf(why, sizeof why, "%s (%.180s)", effect->advice, effect->why);
        circuit_refused(&portal->circuit, request->probe, why, mono_ms);
        return;
    }
    portal->last_good_ms = known ? portal->last_good_ms : reply->now_ms;
    circuit_good(&portal->circuit, request->probe);
}

void portal_settle(struct portal *portal, const struct request *request, const struct reply *reply,
                   int64_t mono_ms, struct call_list *ended)
{
    struct reply_effect effect;
    portal->requests--;
    budget_counted(&portal->budget, reply->now_ms);
    for (size_t i = 0; i < request->count; i++)
        budget_release(&portal->budget, request->calls[i]->command.method);
    if (reply->certificate_ms > 0)
        portal->certificate_ms = reply->certificate_ms;
    reply_read(reply, request->calls, request->count, request->batch, &portal->budget, &effect);
    if (portal->requests == 0)
        portal->silent_since_ms = 0;
    else if (effect.answered)
        portal->silent_since_ms = reply->now_ms;
    settle_circuit(portal, request, reply, &effect, mono_ms);
    if (effect.after == AFTER_RATE)
        budget_rate_refused(&portal->budget, (uint64_t)portal->id, reply->now_ms);
    else if (effect.answered)
        budget_went_well(&portal->budget, reply->now_ms);
    if (request->batch)
        portal->most = pack_most_after(portal->most, request->count, reply->took_ms);
    for (size_t i = 0; i < request->count; i++)
        settle_call(portal, request->calls[i], effect.after, mono_ms, ended);
}

bool portal_follow(struct portal *portal, struct request *request, const char *location,
                   struct err *err)
{
    size_t authority = address_authority(location);
    size_t old = address_authority(request->url);
    if (!address_may_follow(portal->home, location, err))
        return false;
    if (authority == old && strncmp(location, request->url, old) == 0)
        return err_set(err, "the portal redirects to itself");
    if (request->hops >= HOPS_MOST)
        return err_set(err, "the portal redirects more than %d times", HOPS_MOST);
    request->hops++;
    mem_free(portal->host);
    portal->host = mem_printf("%.*s%s", (int)authority, location,
                              portal->home + address_authority(portal->home));
    char *url = mem_printf("%.*s%s", (int)authority, location, request->url + old);
    mem_wipe(request->url, strlen(request->url));
    mem_free(request->url);
    request->url = url;
    return true;
}

/* ---- over a restart -------------------------------------------------------------------------- */

json_t *portal_save_new(const struct portal *portal, int64_t wall_ms)
{
    json_t *saved = budget_save_new(&portal->budget, wall_ms);
    if (strcmp(portal->host, portal->home) != 0) {
        (void)json_object_set_new(saved, "home", jv_string_new(portal->home));
        (void)json_object_set_new(saved, "host", jv_string_new(portal->host));
    }
    return saved;
}

void portal_load(struct portal *portal, const json_t *saved, int64_t wall_ms)
{
    const char *host = jv_text(saved, "host", "");
    struct err err = {0};
    budget_load(&portal->budget, saved, wall_ms);
    if (host[0] == '\0' || strcmp(jv_text(saved, "home", ""), portal->home) != 0)
        return; /* it has not moved, or the url-file says something else by now */
    if (!address_may_follow(portal->home, host, &err))
        return;
    mem_free(portal->host);
    portal->host = mem_strdup(host);
}

/* ---- health ---------------------------------------------------------------------------------- */

void portal_health_of(const struct portal *portal, int64_t mono_ms, int64_t wall_ms,
                      struct portal_health *ret)
{
    *ret = portal->totals;
    ret->ok = portal->circuit.state == CIRCUIT_CLOSED;
    ret->circuit = circuit_shown(&portal->circuit);
    (void)snprintf(ret->why, sizeof ret->why, "%s",
                   portal->circuit.held ? "paused by the operator; b24bridge queue resume ends it"
                                        : portal->circuit.why);
    ret->last_good_ms = portal->last_good_ms;
    ret->certificate_ms = portal->certificate_ms;
    ret->silent_since_ms = portal->silent_since_ms;
    int64_t wait_ms = circuit_wait_ms(&portal->circuit, mono_ms);
    ret->probe_ms = wait_ms < 0 ? 0 : wall_ms + wait_ms;
    ret->waiting = portal->queue.waiting;
    ret->waiting_since_ms = queue_since(&portal->queue);
    ret->in_flight = portal->queue.in_flight;
    ret->bucket_level = budget_level(&portal->budget, wall_ms);
    ret->bucket_size = portal->budget.bucket.size;
    if (strcmp(portal->host, portal->home) != 0)
        (void)snprintf(ret->moved_to, sizeof ret->moved_to, "%s", strstr(portal->host, "://") + 3);
}

int64_t portal_end_impatient(struct portal *portal, int64_t mono_ms, int64_t wall_ms,
                             struct call_list *ended)
{
    if (portal->queue.waiting == 0)
        return -1;
    if (mono_ms < portal->impatient_ms)
        return portal->impatient_ms - mono_ms;
    portal->impatient_ms = mono_ms + PATIENCE_LOOK_MS;
    patience_end(&portal->queue, &portal->budget, wall_ms, ended);
    return PATIENCE_LOOK_MS;
}

struct call *portal_drop_waiting(struct portal *portal)
{
    struct call *call = queue_any(&portal->queue);
    if (call == NULL)
        return NULL;
    queue_take(&portal->queue, call);
    queue_finish(&portal->queue, call);
    return call;
}
