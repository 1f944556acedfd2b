/* /metrics: Prometheus text. One row per metric; names are stable. */

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/admin/parts.h"

/* Everything the rows read, gathered once a scrape. */
struct reading {
    struct admin *admin;
    struct store_health store;
    struct engine_health engine;
    struct ingest_health ingest;
};

struct metric {
    const char *name, *type, *help;
    /* A plain value, or NULL and `print` writes its labelled lines. */
    double (*value)(const struct reading *);
    void (*print)(const struct metric *, const struct reading *, struct buf *);
};

#define VALUE(name, expression)                                                                    \
    static double name(const struct reading *r)                                                    \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

VALUE(store_up, r->store.ok)
VALUE(queue_depth, r->store.queued)
VALUE(queue_ceiling, r->store.max_queue)
VALUE(commits, r->store.commits)
VALUE(rows, r->store.rows)
VALUE(store_failures, r->store.failures)
VALUE(wal_bytes, r->store.wal_bytes)
VALUE(commit_seconds, (double)r->store.commit_us_last / 1e6)
VALUE(pruned, r->store.pruned)
VALUE(tasks, r->engine.tasks)
VALUE(looks, r->engine.looks)
VALUE(echoes, r->engine.echoes)
VALUE(fired, r->engine.fired)
VALUE(skipped, r->engine.skipped)
VALUE(connections, r->ingest.http.connections)
VALUE(timed_out, r->ingest.http.timed_out)
VALUE(last_event, (double)r->ingest.last_event_ms / 1000.0)
VALUE(started, (double)r->admin->started_ms / 1000.0)

static void line(struct buf *b, const char *name, const char *labels, double value)
{
    buf_printf(b, labels[0] != '\0' ? "%s{%s} " : "%s%s ", name, labels);
    buf_printf(b, "%.15g\n", value);
}

static void print_ingest(const struct metric *m, const struct reading *r, struct buf *b)
{
    for (int i = 0; i < INGEST_COUNTS; i++)
        buf_printf(b, "%s{outcome=\"%s\"} %lld\n", m->name, ingest_count_word((enum ingest_count)i),
                   (long long)r->ingest.counts[i]);
}

static void print_runs(const struct metric *m, const struct reading *r, struct buf *b)
{
    line(b, m->name, "state=\"done\"", (double)r->engine.runs_done);
    line(b, m->name, "state=\"cancelled\"", (double)r->engine.runs_cancelled);
    line(b, m->name, "state=\"dead\"", (double)r->engine.runs_dead);
    line(b, m->name, "state=\"parked\"", (double)r->engine.runs_parked);
}

static void print_calls(const struct metric *m, const struct reading *r, struct buf *b)
{
    JV_AUTO *counters = portal_client_counters(r->admin->options.client);
    size_t i;
    json_t *row;
    json_array_foreach (counters, i, row)
        buf_printf(b, "%s{portal=\"%s\",method=\"%s\",verdict=\"%s\"} %lld\n", m->name,
                   jv_text(row, "portal", ""), jv_text(row, "method", ""),
                   jv_text(row, "verdict", ""), (long long)jv_int(row, "count", 0));
}

/* Rows of one portal's health under one name. */
static void each_portal(const struct metric *m, const struct reading *r, struct buf *b,
                        double (*value)(const struct portal_health *))
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct portal_health h;
        if (portal_client_health(o->client, o->portal_ids[i], &h))
            buf_printf(b, "%s{portal=\"%s\"} %.15g\n", m->name, o->config->portals[i].name,
                       value(&h));
    }
}

#define PORTAL(name, expression)                                                                   \
    static double name##_of(const struct portal_health *h)                                         \
    {                                                                                              \
        return (double)(expression);                                                               \
    }                                                                                              \
    static void name(const struct metric *m, const struct reading *r, struct buf *b)               \
    {                                                                                              \
        each_portal(m, r, b, name##_of);                                                           \
    }

PORTAL(print_portal_up, h->ok)
PORTAL(print_waiting, h->waiting)
PORTAL(print_in_flight, h->in_flight)
PORTAL(print_level, h->bucket_level)
PORTAL(print_requests, h->requests)
PORTAL(print_commands, h->commands)
PORTAL(print_batches, h->batches)
PORTAL(print_limited, h->limited)
PORTAL(print_unsure, h->unsure)
PORTAL(print_retried, h->retried)
PORTAL(print_refused, h->refused)
PORTAL(print_last_good, (double)h->last_good_ms / 1000.0)
PORTAL(print_next_probe, (double)h->probe_ms / 1000.0)
PORTAL(print_oldest_waiting, (double)h->waiting_since_ms / 1000.0)
PORTAL(print_moved, h->moved_to[0] != '\0')

/* One line a state, 1 for the present one. */
static void print_circuit(const struct metric *m, const struct reading *r, struct buf *b)
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct portal_health h;
        if (!portal_client_health(o->client, o->portal_ids[i], &h))
            continue;
        for (int state = CIRCUIT_CLOSED; state <= CIRCUIT_PAUSED; state++)
            buf_printf(b, "%s{portal=\"%s\",state=\"%s\"} %d\n", m->name,
                       o->config->portals[i].name, portal_circuit_word((enum portal_circuit)state),
                       (int)h.circuit == state);
    }
}

static void print_portal_runs(const struct metric *m, const struct reading *r, struct buf *b)
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        JV_AUTO *queue = NULL;
        struct err err = {0};
        const char *state;
        json_t *count;
        if (!store_tell_queue(r->admin->reader, o->portal_ids[i], &queue, &err))
            continue;
        json_object_foreach (json_object_get(queue, "runs"), state, count)
            buf_printf(b, "%s{portal=\"%s\",state=\"%s\"} %lld\n", m->name,
                       o->config->portals[i].name, state, (long long)json_integer_value(count));
    }
}

static const struct metric metrics[] = {
    {"b24bridge_start_time_seconds", "gauge", "when the daemon started", started, NULL},
    {"b24bridge_events_total", "counter", "requests at the public listener by outcome", NULL,
     print_ingest},
    {"b24bridge_last_event_time_seconds", "gauge", "when the last event was stored", last_event,
     NULL},
    {"b24bridge_connections", "gauge", "open connections at the public listener", connections,
     NULL},
    {"b24bridge_connections_timed_out_total", "counter", "idle or slow connections closed",
     timed_out, NULL},
    {"b24bridge_store_up", "gauge", "1 when the last commit succeeded", store_up, NULL},
    {"b24bridge_queue_depth", "gauge", "unseen events and unended runs", queue_depth, NULL},
    {"b24bridge_queue_ceiling", "gauge", "max-queue", queue_ceiling, NULL},
    {"b24bridge_commits_total", "counter", "transactions committed", commits, NULL},
    {"b24bridge_rows_total", "counter", "changes committed", rows, NULL},
    {"b24bridge_store_failures_total", "counter", "transactions that failed", store_failures, NULL},
    {"b24bridge_commit_seconds", "gauge", "duration of the last commit", commit_seconds, NULL},
    {"b24bridge_wal_bytes", "gauge", "size of the write-ahead log", wal_bytes, NULL},
    {"b24bridge_pruned_rows_total", "counter", "rows removed by retention", pruned, NULL},
    {"b24bridge_tasks", "gauge", "entities at work", tasks, NULL},
    {"b24bridge_looks_total", "counter", "looks at entities", looks, NULL},
    {"b24bridge_echoes_total", "counter", "looks that found nothing new", echoes, NULL},
    {"b24bridge_rules_fired_total", "counter", "runs started", fired, NULL},
    {"b24bridge_rules_skipped_total", "counter", "triggers that did not start a run", skipped,
     NULL},
    {"b24bridge_runs_ended_total", "counter", "runs by the state they ended in", NULL, print_runs},
    {"b24bridge_calls_total", "counter", "commands by method and verdict", NULL, print_calls},
    {"b24bridge_portal_up", "gauge", "1 when the portal answers and accepts us", NULL,
     print_portal_up},
    {"b24bridge_portal_waiting", "gauge", "commands that wait for a portal", NULL, print_waiting},
    {"b24bridge_portal_in_flight", "gauge", "requests in flight", NULL, print_in_flight},
    {"b24bridge_portal_bucket_level", "gauge", "requests in the leaky bucket", NULL, print_level},
    {"b24bridge_portal_requests_total", "counter", "HTTP requests sent", NULL, print_requests},
    {"b24bridge_portal_commands_total", "counter", "commands sent", NULL, print_commands},
    {"b24bridge_portal_batches_total", "counter", "batch requests sent", NULL, print_batches},
    {"b24bridge_portal_limited_total", "counter", "refusals by a limit", NULL, print_limited},
    {"b24bridge_portal_unsure_total", "counter", "writes whose outcome stayed unknown", NULL,
     print_unsure},
    {"b24bridge_portal_retried_total", "counter", "commands repeated, known not executed", NULL,
     print_retried},
    {"b24bridge_portal_refused_total", "counter", "commands refused for good", NULL, print_refused},
    {"b24bridge_portal_last_good_time_seconds", "gauge", "when a call last succeeded", NULL,
     print_last_good},
    {"b24bridge_portal_circuit", "gauge", "1 for the state of the portal's circuit", NULL,
     print_circuit},
    {"b24bridge_portal_next_probe_time_seconds", "gauge", "when it is tried again, 0: not planned",
     NULL, print_next_probe},
    {"b24bridge_portal_oldest_waiting_time_seconds", "gauge",
     "when the longest waiting command came, 0: none waits", NULL, print_oldest_waiting},
    {"b24bridge_portal_runs", "gauge", "runs by state", NULL, print_portal_runs},
    {"b24bridge_portal_moved", "gauge", "1 when it answers at another address than the url-file's",
     NULL, print_moved},
};

void metrics_print(struct admin *admin, struct buf *b)
{
    struct reading r = {.admin = admin};
    store_health(admin->options.store, &r.store);
    engine_health(admin->options.engine, &r.engine);
    ingest_health(admin->options.ingest, &r.ingest);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        const struct metric *m = &metrics[i];
        buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
        if (m->value != NULL)
            line(b, m->name, "", m->value(&r));
        else
            m->print(m, &r, b);
    }
}
