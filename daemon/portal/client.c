#include "daemon/portal/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/portal/envelope.h"
#include "daemon/portal/http.h"
#include "daemon/portal/others.h"
#include "daemon/portal/portal.h"
#include "daemon/portal/transfer.h"

enum {
    IDLE_WAIT_MS = 60000,
    CODE_LEAST = 8, /* a shorter code (the portal makes longer ones) may well be a word */
};

struct portal_client {
    pthread_t thread;
    CURLM *multi;
    pthread_mutex_t inbox_lock; /* guards the four below */
    struct call_list inbox;
    bool stopping;              /* no request begins any more */
    bool closed;                /* the thread takes nothing more out of the inbox */
    int64_t stop_by_ms;         /* mono: the end of the grace, once stopping */
    pthread_mutex_t state_lock; /* guards portals (not their number) and others */
    struct portal *portals;
    int portal_count;
    struct others others;
    atomic_llong round_since_ms; /* mono; since when the thread has been at a round, 0: it rests */
    /* The thread's own. */
    struct http_allow allow;
    struct transfer *flying, *spare;
    int64_t stop_ms; /* stop_by_ms as it was at the last look */
};

static struct portal *find_portal(const struct portal_client *client, int64_t id)
{
    for (int i = 0; i < client->portal_count; i++)
        if (client->portals[i].id == id)
            return &client->portals[i];
    return NULL;
}

static void set_answer(struct call *call, enum verdict verdict, const char *error, const char *text)
{
    call->answer = (struct answer){.verdict = verdict, .sent_ms = call->answer.sent_ms};
    (void)snprintf(call->answer.error, sizeof call->answer.error, "%s", error);
    envelope_line(call->answer.text, sizeof call->answer.text, text);
}

/* Out of the locks: done may submit. */
static void tell(struct call_list *ended)
{
    struct call *next;
    for (struct call *call = ended->first; call != NULL; call = next) {
        next = call->next;
        call->next = call->prev = NULL;
        call->done(call);
    }
    *ended = (struct call_list){0};
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void place(struct portal_client *client, struct call *call, struct call_list *ended)
{
    struct portal *portal = find_portal(client, call->portal);
    if (call->command.kind == COMMAND_HTTP) {
        others_submit(&client->others, call, clock_wall_ms());
    } else if (portal == NULL) {
        set_answer(call, VERDICT_REFUSED, "NO_PORTAL", "the portal is not configured");
        call_end(call, ended);
    } else if (!portal_submit(portal, call, clock_wall_ms())) {
        call_end(call, ended);
    }
}

/* Empties the inbox into the queues; tells whether to stop. */
static bool take_inbox(struct portal_client *client)
{
    struct call_list ended = {0};
    struct call *next;
    pthread_mutex_lock(&client->inbox_lock);
    struct call *call = client->inbox.first;
    client->inbox = (struct call_list){0};
    bool stopping = client->stopping;
    client->stop_ms = client->stop_by_ms;
    pthread_mutex_unlock(&client->inbox_lock);

    pthread_mutex_lock(&client->state_lock);
    for (; call != NULL; call = next) {
        next = call->next;
        call->next = NULL;
        place(client, call, &ended);
    }
    pthread_mutex_unlock(&client->state_lock);
    tell(&ended);
    return stopping;
}

/* ---- what goes out --------------------------------------------------------------------------- */

static struct transfer *get_transfer(struct portal_client *client)
{
    struct transfer *transfer = client->spare;
    if (transfer == NULL)
        return transfer_new();
    client->spare = transfer->next;
    return transfer;
}

static void keep_transfer(struct portal_client *client, struct transfer *transfer)
{
    portal_request_done(&transfer->request);
    transfer_reset(transfer);
    transfer->next = client->spare;
    client->spare = transfer;
}

static void launch(struct portal_client *client, struct transfer *transfer)
{
    transfer->next = client->flying;
    client->flying = transfer;
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
        abort(); /* out of memory, as in mem.h */
}

static void land(struct portal_client *client, struct transfer *transfer)
{
    struct transfer **at = &client->flying;
    while (*at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
    (void)curl_multi_remove_handle(client->multi, transfer->easy);
}

/* Sooner of two waits; -1 is never. */
static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int64_t start_portal(struct portal_client *client, struct portal *portal)
{
    struct request request;
    int64_t wait = -1;
    while (portal_next(portal, clock_mono_ms(), clock_wall_ms(), &request, &wait)) {
        struct transfer *transfer = get_transfer(client);
        transfer_set_rest(transfer, portal, &request);
        launch(client, transfer);
    }
    return wait;
}

static int64_t start_others(struct portal_client *client, struct call_list *ended)
{
    int64_t wait;
    for (struct call *call = others_next(&client->others, clock_mono_ms(), clock_wall_ms(), &wait);
         call != NULL;
         call = others_next(&client->others, clock_mono_ms(), clock_wall_ms(), &wait)) {
        struct err err = {0};
        struct transfer *transfer = get_transfer(client);
        transfer->call = call;
        if (http_prepare(transfer, &call->command, &client->allow, &err)) {
            launch(client, transfer);
            continue;
        }
        set_answer(call, VERDICT_REFUSED, "NOT_SENT", err.text);
        others_settle(&client->others, call, 0, ended);
        keep_transfer(client, transfer);
    }
    return wait;
}

static int64_t start_requests(struct portal_client *client)
{
    struct call_list ended = {0};
    pthread_mutex_lock(&client->state_lock);
    int64_t wait = start_others(client, &ended);
    for (int i = 0; i < client->portal_count; i++) {
        struct portal *portal = &client->portals[i];
        wait = sooner(wait, start_portal(client, portal));
        wait = sooner(wait, portal_end_impatient(portal, clock_mono_ms(), clock_wall_ms(), &ended));
    }
    pthread_mutex_unlock(&client->state_lock);
    tell(&ended);
    return wait;
}

/* ---- what comes back ------------------------------------------------------------------------- */

static bool follow(struct portal_client *client, struct transfer *transfer, const char *location,
                   struct err *err)
{
    struct portal *portal = transfer->portal;
    struct request request = transfer->request;
    pthread_mutex_lock(&client->state_lock);
    bool followed = portal_follow(portal, &request, location, err);
    pthread_mutex_unlock(&client->state_lock);
    if (!followed)
        return false;
    transfer_reset(transfer);
    transfer_set_rest(transfer, portal, &request);
    launch(client, transfer);
    return true;
}

static void settle_rest(struct portal_client *client, struct transfer *transfer,
                        struct reply *reply)
{
    struct call_list ended = {0};
    const char *const *secrets = transfer->portal->secrets;
    reply->secret = transfer->portal->code;
    if (strlen(reply->secret) >= CODE_LEAST)
        reply->size = reply_scrub(transfer->reply.data, reply->size, reply->secret);
    for (size_t i = 0; secrets != NULL && secrets[i] != NULL; i++)
        if (strlen(secrets[i]) >= CODE_LEAST)
            reply->size = reply_scrub(transfer->reply.data, reply->size, secrets[i]);
    pthread_mutex_lock(&client->state_lock);
    portal_settle(transfer->portal, &transfer->request, reply, clock_mono_ms(), &ended);
    pthread_mutex_unlock(&client->state_lock);
    keep_transfer(client, transfer);
    tell(&ended);
}

static void settle_other(struct portal_client *client, struct transfer *transfer,
                         struct reply *reply)
{
    struct call_list ended = {0};
    struct call *call = transfer->call;
    struct portal *portal = find_portal(client, call->portal);
    transfer_scrub(transfer, reply);
    http_read(transfer, reply, &call->command, &call->answer);
    pthread_mutex_lock(&client->state_lock);
    if (portal != NULL)
        counters_add(&portal->counters, "http", call->answer.verdict);
    others_settle(&client->others, call, clock_mono_ms(), &ended);
    pthread_mutex_unlock(&client->state_lock);
    keep_transfer(client, transfer);
    tell(&ended);
}

static void finish(struct portal_client *client, struct transfer *transfer, CURLcode code)
{
    struct err err = {0};
    struct reply reply;
    land(client, transfer);
    const char *location =
        code == CURLE_OK && transfer->portal != NULL ? transfer_redirect(transfer) : NULL;
    if (location != NULL && follow(client, transfer, location, &err))
        return;
    transfer_read(transfer, code, &reply);
    if (location != NULL) {
        reply.astray = true;
        reply.detail = err.text;
    }
    if (transfer->portal != NULL)
        settle_rest(client, transfer, &reply);
    else
        settle_other(client, transfer, &reply);
}

static bool read_messages(struct portal_client *client)
{
    bool any = false;
    int left;
    for (CURLMsg *message = curl_multi_info_read(client->multi, &left); message != NULL;
         message = curl_multi_info_read(client->multi, &left)) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result; /* the message goes with its handle */
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(client, transfer, code);
        any = true;
    }
    return any;
}

/* ---- the end --------------------------------------------------------------------------------- */

static struct call *drop_waiting(struct portal_client *client)
{
    struct call *call = others_drop_waiting(&client->others);
    for (int i = 0; i < client->portal_count && call == NULL; i++)
        call = portal_drop_waiting(&client->portals[i]);
    return call;
}

static void end_waiting(struct portal_client *client)
{
    struct call_list ended = {0};
    pthread_mutex_lock(&client->state_lock);
    for (struct call *call = drop_waiting(client); call != NULL; call = drop_waiting(client)) {
        set_answer(call, VERDICT_RETRY, "NOT_SENT", "the daemon is stopping");
        call_end(call, &ended);
    }
    pthread_mutex_unlock(&client->state_lock);
    tell(&ended);
}

/* What is still under way when the grace is over: of a write that is out, nobody knows. */
static void abandon(struct portal_client *client)
{
    struct call_list ended = {0};
    while (client->flying != NULL) {
        struct transfer *transfer = client->flying;
        struct request *request = &transfer->request;
        land(client, transfer);
        if (transfer->portal == NULL)
            request->calls[request->count++] = transfer->call;
        struct queue *queue =
            transfer->portal != NULL ? &transfer->portal->queue : &client->others.queue;
        pthread_mutex_lock(&client->state_lock);
        for (size_t i = 0; i < request->count; i++) {
            struct call *call = request->calls[i];
            /* Half a request is none (transfer.c), and a read may be asked again. */
            bool unsure = call->command.write && transfer_is_sent(transfer);
            call->answer.sent_ms = transfer_is_sent(transfer) ? transfer->sent_wall_ms : 0;
            set_answer(call, unsure ? VERDICT_UNSURE : VERDICT_RETRY, "STOPPED",
                       "the daemon stopped before the answer came");
            queue_finish(queue, call);
            call_end(call, &ended);
        }
        pthread_mutex_unlock(&client->state_lock);
        keep_transfer(client, transfer);
    }
    tell(&ended);
}

/* Refuses what comes from now on; false when something has come since the last look. */
static bool close_inbox(struct portal_client *client)
{
    pthread_mutex_lock(&client->inbox_lock);
    client->closed = client->inbox.first == NULL;
    bool closed = client->closed;
    pthread_mutex_unlock(&client->inbox_lock);
    return closed;
}

/* Goes on with what is under way; true when all has ended. */
static bool wind_up(struct portal_client *client)
{
    if (clock_mono_ms() >= client->stop_ms)
        abandon(client);
    end_waiting(client);
    return client->flying == NULL && close_inbox(client);
}

static void *run(void *arg)
{
    struct portal_client *client = arg;
    bool over = false;
    while (!over) {
        int running;
        int64_t wait = IDLE_WAIT_MS;
        atomic_store(&client->round_since_ms, clock_mono_ms());
        bool stopping = take_inbox(client);
        if (stopping)
            over = wind_up(client);
        else
            wait = sooner(wait, start_requests(client));
        (void)curl_multi_perform(client->multi, &running);
        if (stopping) {
            int64_t left = client->stop_ms - clock_mono_ms();
            wait = left > 0 ? left : 0;
        }
        bool more = read_messages(client);
        atomic_store(&client->round_since_ms, 0);
        if (!more && !over)
            (void)curl_multi_poll(client->multi, NULL, 0, (int)wait, NULL);
    }
    return NULL;
}

/* ---- public ---------------------------------------------------------------------------------- */

static void release(struct portal_client *client)
{
    while (client->spare != NULL) {
        struct transfer *transfer = client->spare;
        client->spare = transfer->next;
        transfer_free(transfer);
    }
    for (int i = 0; i < client->portal_count; i++)
        portal_done(&client->portals[i]);
    if (client->multi != NULL)
        (void)curl_multi_cleanup(client->multi);
    others_done(&client->others);
    http_allow_done(&client->allow);
    pthread_mutex_destroy(&client->inbox_lock);
    pthread_mutex_destroy(&client->state_lock);
    mem_free(client->portals);
    mem_free(client);
    curl_global_cleanup();
}

static bool start_portals(struct portal_client *client, const struct portal_client_options *options,
                          struct err *err)
{
    int64_t now_ms = clock_wall_ms();
    client->portals = mem_array((size_t)options->portal_count, sizeof *client->portals);
    for (int i = 0; i < options->portal_count; i++) {
        const struct portal_settings *settings = &options->portals[i];
        client->portal_count++; /* so that release finds it */
        if (!portal_init(&client->portals[i], settings, now_ms, err))
            return err_prefix(err, "portal %s: ", settings->name);
        json_t *saved =
            options->load_budget != NULL ? options->load_budget(options->arg, settings->id) : NULL;
        portal_load(&client->portals[i], saved, now_ms);
        json_decref(saved);
    }
    return true;
}

struct portal_client *portal_client_start(const struct portal_client_options *options,
                                          struct err *err)
{
    if (!transfer_can_resolve_aside(err))
        return NULL;
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        (void)err_set(err, "libcurl does not start: %s", curl_easy_strerror(code));
        return NULL;
    }
    struct portal_client *client = mem_alloc(sizeof *client);
    pthread_mutex_init(&client->inbox_lock, NULL);
    pthread_mutex_init(&client->state_lock, NULL);
    others_init(&client->others);
    http_allow_init(&client->allow, options->http_allow);
    client->multi = curl_multi_init();
    if (client->multi == NULL)
        (void)err_set(err, "libcurl gives no handle");
    bool made = client->multi != NULL && start_portals(client, options, err);
    if (made && pthread_create(&client->thread, NULL, run, client) != 0)
        made = err_set(err, "cannot start the portal client's thread");
    if (made)
        return client;
    release(client);
    return NULL;
}

void portal_client_halt(struct portal_client *client, int64_t grace_ms)
{
    pthread_mutex_lock(&client->inbox_lock);
    client->stopping = true;
    client->stop_by_ms = clock_mono_ms() + grace_ms;
    pthread_mutex_unlock(&client->inbox_lock);
    (void)curl_multi_wakeup(client->multi);
}

bool portal_client_at_rest(struct portal_client *client)
{
    pthread_mutex_lock(&client->inbox_lock);
    bool closed = client->closed;
    pthread_mutex_unlock(&client->inbox_lock);
    return closed;
}

int64_t portal_client_still_ms(struct portal_client *client)
{
    int64_t since_ms = atomic_load(&client->round_since_ms);
    return since_ms > 0 ? clock_mono_ms() - since_ms : 0;
}

void portal_client_stop(struct portal_client *client, int64_t grace_ms)
{
    if (client == NULL)
        return;
    portal_client_halt(client, grace_ms);
    pthread_join(client->thread, NULL);
    release(client);
}

void portal_client_submit(struct portal_client *client, struct call *call)
{
    call->next = NULL;
    pthread_mutex_lock(&client->inbox_lock);
    bool closed = client->closed;
    bool first = client->inbox.first == NULL;
    if (!closed) {
        *(first ? &client->inbox.first : &client->inbox.last->next) = call;
        client->inbox.last = call;
    }
    pthread_mutex_unlock(&client->inbox_lock);
    if (!closed) {
        if (first) /* else somebody has woken the thread already */
            (void)curl_multi_wakeup(client->multi);
        return;
    }
    set_answer(call, VERDICT_RETRY, "NOT_SENT", "the daemon is stopping");
    call->done(call);
}

json_t *portal_client_budget(struct portal_client *client, int64_t portal_id)
{
    struct portal *portal = find_portal(client, portal_id);
    if (portal == NULL)
        return NULL;
    pthread_mutex_lock(&client->inbox_lock);
    bool last = client->stopping;
    pthread_mutex_unlock(&client->inbox_lock);
    pthread_mutex_lock(&client->state_lock);
    json_t *saved = portal_save_new(portal, clock_wall_ms());
    /* Should we be killed before the next saving, a burst may have gone out that nobody wrote down:
     * a start that finds it open takes the bucket for full, which is never wrong. */
    if (!last)
        json_object_set_new(saved, "open", json_true());
    pthread_mutex_unlock(&client->state_lock);
    return saved;
}

bool portal_client_health(struct portal_client *client, int64_t portal_id,
                          struct portal_health *ret)
{
    struct portal *portal = find_portal(client, portal_id);
    if (portal == NULL)
        return false;
    pthread_mutex_lock(&client->state_lock);
    portal_health_of(portal, clock_mono_ms(), clock_wall_ms(), ret);
    pthread_mutex_unlock(&client->state_lock);
    return true;
}

json_t *portal_client_methods(struct portal_client *client, int64_t portal_id)
{
    struct portal *portal = find_portal(client, portal_id);
    if (portal == NULL)
        return NULL;
    pthread_mutex_lock(&client->state_lock);
    json_t *methods = budget_methods_new(&portal->budget, clock_wall_ms());
    pthread_mutex_unlock(&client->state_lock);
    return methods;
}

void portal_client_pause(struct portal_client *client, int64_t portal_id, bool paused)
{
    struct portal *portal = find_portal(client, portal_id);
    if (portal == NULL)
        return;
    pthread_mutex_lock(&client->state_lock);
    circuit_hold(&portal->circuit, paused, clock_mono_ms());
    pthread_mutex_unlock(&client->state_lock);
    (void)curl_multi_wakeup(client->multi);
}

json_t *portal_client_counters(struct portal_client *client)
{
    json_t *counters = json_array();
    pthread_mutex_lock(&client->state_lock);
    for (int i = 0; i < client->portal_count; i++)
        counters_print(&client->portals[i].counters, client->portals[i].name, counters);
    pthread_mutex_unlock(&client->state_lock);
    return counters;
}
