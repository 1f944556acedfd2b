/* The metrics that have a portal for a label. */

#include <string.h>

#include "common/jv.h"
#include "daemon/admin/metrics.h"
#include "daemon/portal/counters.h"

void print_calls(const struct metric *m, const struct reading *r, struct buf *b)
{
    JV_AUTO *counters = portal_client_counters(r->admin->options.client);
    size_t i;
    json_t *row;
    json_array_foreach (counters, i, row)
        metric_line(b, m->name, (double)jv_int(row, "count", 0), "portal",
                    jv_text(row, "portal", ""), "method", jv_text(row, "method", ""), "verdict",
                    jv_text(row, "verdict", ""), NULL);
}

static const char *portal_name(const struct reading *r, int portal)
{
    return r->admin->options.config->portals[portal].name;
}

/* Rows of one portal's health under one name. */
static void each_portal(const struct metric *m, const struct reading *r, struct buf *b,
                        double (*value)(const struct portal_health *))
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct portal_health h;
        if (portal_client_health(o->client, o->portal_ids[i], &h))
            metric_line(b, m->name, value(&h), "portal", portal_name(r, i), NULL);
    }
}

#define PORTAL(name, expression)                                                                   \
    static double name##_of(const struct portal_health *h)                                         \
    {                                                                                              \
        return (double)(expression);                                                               \
    }                                                                                              \
    void name(const struct metric *m, const struct reading *r, struct buf *b)                      \
    {                                                                                              \
        each_portal(m, r, b, name##_of);                                                           \
    }

PORTAL(print_portal_up, h->ok)
PORTAL(print_waiting, h->waiting)
PORTAL(print_in_flight, h->in_flight)
PORTAL(print_level, h->bucket_level)
PORTAL(print_bucket_size, h->bucket_size)
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

/* No sample where it is not known. */
void print_certificate(const struct metric *m, const struct reading *r, struct buf *b)
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct portal_health h;
        if (portal_client_health(o->client, o->portal_ids[i], &h) && h.certificate_ms > 0)
            metric_line(b, m->name, (double)h.certificate_ms / 1000, "portal", portal_name(r, i),
                        NULL);
    }
}

/* One line a state, 1 for the present one. */
void print_circuit(const struct metric *m, const struct reading *r, struct buf *b)
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct portal_health h;
        if (!portal_client_health(o->client, o->portal_ids[i], &h))
            continue;
        for (int state = CIRCUIT_CLOSED; state <= CIRCUIT_PAUSED; state++)
            metric_line(b, m->name, (int)h.circuit == state, "portal", portal_name(r, i), "state",
                        portal_circuit_word((enum portal_circuit)state), NULL);
    }
}

void print_portal_runs(const struct metric *m, const struct reading *r, struct buf *b)
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
            metric_line(b, m->name, (double)json_integer_value(count), "portal", portal_name(r, i),
                        "state", state, NULL);
    }
}

/* Methods under the names that they are counted by; of those that share one, the fullest. */
static json_t *fullest_new(const struct reading *r, int portal)
{
    const struct admin_options *o = &r->admin->options;
    JV_AUTO *methods = portal_client_methods(o->client, o->portal_ids[portal]);
    json_t *by_name = json_object();
    size_t i;
    json_t *method;
    json_array_foreach (jv_loose(methods), i, method) {
        const char *name = counters_name(jv_text(method, "method", ""));
        if (jv_real(method, "used", 0) >= jv_real(json_object_get(by_name, name), "used", 0))
            (void)json_object_set(by_name, name, method);
    }
    return by_name;
}

static void each_method(const struct metric *m, const struct reading *r, struct buf *b,
                        const char *member)
{
    for (int i = 0; i < r->admin->options.config->portal_count; i++) {
        JV_AUTO *methods = fullest_new(r, i);
        const char *name;
        json_t *method;
        json_object_foreach (methods, name, method)
            metric_line(b, m->name, jv_real(method, member, 0), "portal", portal_name(r, i),
                        "method", name, NULL);
    }
}

void print_operating(const struct metric *m, const struct reading *r, struct buf *b)
{
    each_method(m, r, b, "used");
}

void print_operating_limit(const struct metric *m, const struct reading *r, struct buf *b)
{
    each_method(m, r, b, "limit");
}

void print_overdue(const struct metric *m, const struct reading *r, struct buf *b)
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct err err = {0};
        int64_t count, oldest_ms;
        if (store_read_overdue(r->admin->reader, o->portal_ids[i], r->now_ms - CHECK_OVERDUE_MS,
                               &count, &oldest_ms, &err))
            metric_line(b, m->name, (double)count, "portal", portal_name(r, i), NULL);
    }
}

static void each_silence(const struct metric *m, const struct reading *r, struct buf *b,
                         double (*value)(const struct silence_verdict *))
{
    const struct admin_options *o = &r->admin->options;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct silence_verdict v;
        bool holiday;
        if (watch_silence(o->watch, o->portal_ids[i], o->config->portals[i].zone,
                          ingest_heard_ms(o->ingest, i), r->now_ms, &v, &holiday))
            metric_line(b, m->name, value(&v), "portal", portal_name(r, i), NULL);
    }
}

static double silent_s(const struct silence_verdict *v)
{
    return (double)v->silent_ms / 1000;
}

static double is_unusual(const struct silence_verdict *v)
{
    return v->unusual;
}

void print_silence(const struct metric *m, const struct reading *r, struct buf *b)
{
    each_silence(m, r, b, silent_s);
}

void print_silence_unusual(const struct metric *m, const struct reading *r, struct buf *b)
{
    each_silence(m, r, b, is_unusual);
}
