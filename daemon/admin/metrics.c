/* /metrics: Prometheus text. One row per metric. */

#include "daemon/admin/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"

static const double us = 1e6, one = 1;

/* ---- lines ----------------------------------------------------------------------------------- */

static void add_label(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            buf_char(b, '\\');
        if (*text == '\n')
            buf_text(b, "\\n");
        else
            buf_char(b, *text);
    }
}

void metric_line(struct buf *b, const char *name, double value, ...)
{
    va_list labels;
    const char *label;
    char before = '{';
    buf_text(b, name);
    va_start(labels, value);
    while ((label = va_arg(labels, const char *)) != NULL) {
        buf_printf(b, "%c%s=\"", before, label);
        add_label(b, va_arg(labels, const char *));
        buf_char(b, '"');
        before = ',';
    }
    va_end(labels);
    buf_printf(b, "%s %.15g\n", before == ',' ? "}" : "", value);
}

void metric_histogram(const struct metric *m, const struct histogram_reading *h, double unit,
                      struct buf *b)
{
    char name[120], bound[32];
    (void)snprintf(name, sizeof name, "%s_bucket", m->name);
    for (int i = 0; i <= h->bound_count; i++) {
        if (i < h->bound_count)
            (void)snprintf(bound, sizeof bound, "%g", (double)h->bounds[i] / unit);
        else
            (void)snprintf(bound, sizeof bound, "+Inf");
        metric_line(b, name, (double)h->counts[i], "le", bound, NULL);
    }
    (void)snprintf(name, sizeof name, "%s_sum", m->name);
    metric_line(b, name, (double)h->sum / unit, NULL);
    (void)snprintf(name, sizeof name, "%s_count", m->name);
    metric_line(b, name, (double)h->counts[h->bound_count], NULL);
}

/* ---- values ---------------------------------------------------------------------------------- */

#define VALUE(name, expression)                                                                    \
    static double name(const struct reading *r)                                                    \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

static double queue_age(const struct reading *r)
{
    int64_t oldest_ms = jv_int(r->queue, "oldest_event_ms", 0);
    return oldest_ms > 0 && oldest_ms < r->now_ms ? (double)(r->now_ms - oldest_ms) / 1000 : 0;
}

static double health_up(const struct reading *r)
{
    const char *name;
    json_t *level;
    json_object_foreach (r->levels, name, level)
        if (json_integer_value(level) == CHECK_BAD)
            return 0;
    return 1;
}

VALUE(store_up, r->store.ok)
VALUE(queue_depth, r->store.queued)
VALUE(queue_ceiling, r->store.max_queue)
VALUE(events_waiting, jv_int(r->queue, "events_new", 0))
VALUE(effects_parked, jv_int(r->queue, "runs.parked", 0))
VALUE(frozen, jv_int(r->queue, "frozen", 0))
VALUE(held, json_array_size(r->held))
VALUE(commits, r->store.commits)
VALUE(rows, r->store.rows)
VALUE(store_failures, r->store.failures)
VALUE(wal_bytes, r->store.wal_bytes)
VALUE(commit_seconds, (double)r->store.commit_us_last / us)
VALUE(pruned, r->store.pruned)
VALUE(tasks, r->engine.tasks)
VALUE(worker_still, (double)r->engine.worker_still_ms / 1000)
VALUE(looks, r->engine.looks)
VALUE(echoes, r->engine.echoes)
VALUE(fired, r->engine.fired)
VALUE(skipped, r->engine.skipped)
VALUE(connections, r->ingest.http.connections)
VALUE(timed_out, r->ingest.http.timed_out)
VALUE(last_event, (double)r->ingest.last_event_ms / 1000.0)
VALUE(started, (double)r->admin->started_ms / 1000.0)

static double paused(const struct reading *r)
{
    JV_AUTO *holds = holds_tell(r->admin);
    return (double)json_array_size(holds);
}

/* ---- labelled -------------------------------------------------------------------------------- */

static void print_build(const struct metric *m, const struct reading *r, struct buf *b)
{
    (void)r;
    metric_line(b, m->name, 1, "version", B24BRIDGE_VERSION, NULL);
}

static void print_checks(const struct metric *m, const struct reading *r, struct buf *b)
{
    const char *name;
    json_t *level;
    json_object_foreach (r->levels, name, level)
        metric_line(b, m->name, (double)json_integer_value(level), "check", name, NULL);
}

static void print_ingest(const struct metric *m, const struct reading *r, struct buf *b)
{
    for (int i = 0; i < INGEST_COUNTS; i++)
        metric_line(b, m->name, (double)r->ingest.counts[i], "outcome",
                    ingest_count_word((enum ingest_count)i), NULL);
}

static void print_latency(const struct metric *m, const struct reading *r, struct buf *b)
{
    metric_histogram(m, &r->ingest.latency, us, b);
}

static void print_commit_us(const struct metric *m, const struct reading *r, struct buf *b)
{
    metric_histogram(m, &r->store.commit_us, us, b);
}

static void print_commit_changes(const struct metric *m, const struct reading *r, struct buf *b)
{
    metric_histogram(m, &r->store.commit_changes, one, b);
}

static void print_runs(const struct metric *m, const struct reading *r, struct buf *b)
{
    metric_line(b, m->name, (double)r->engine.runs_done, "state", "done", NULL);
    metric_line(b, m->name, (double)r->engine.runs_cancelled, "state", "cancelled", NULL);
    metric_line(b, m->name, (double)r->engine.runs_dead, "state", "dead", NULL);
    metric_line(b, m->name, (double)r->engine.runs_parked, "state", "parked", NULL);
}

static void print_rules(const struct metric *m, const struct reading *r, struct buf *b)
{
    static const char *const outcomes[] = {"fired", "skipped", "failed", "parked"};
    JV_AUTO *tally = engine_tally(r->admin->options.engine);
    size_t i;
    json_t *row;
    json_array_foreach (tally, i, row)
        for (size_t k = 0; k < sizeof outcomes / sizeof outcomes[0]; k++)
            metric_line(b, m->name, (double)jv_int(row, outcomes[k], 0), "rule",
                        jv_text(row, "rule", ""), "outcome", outcomes[k], NULL);
}

static void print_names(const struct metric *m, const struct reading *r, struct buf *b)
{
    int errors = 0, warnings = 0;
    size_t i;
    json_t *finding;
    json_array_foreach (jv_loose(json_object_get(r->names, "findings")), i, finding)
        (*(strcmp(jv_text(finding, "level", ""), "warning") == 0 ? &warnings : &errors))++;
    metric_line(b, m->name, errors, "level", "error", NULL);
    metric_line(b, m->name, warnings, "level", "warning", NULL);
}

/* What is not known has no sample. */
static void print_disk_free(const struct metric *m, const struct reading *r, struct buf *b)
{
    if (r->disk_known)
        metric_line(b, m->name, (double)r->disk.free_bytes, NULL);
}

static void print_disk_days(const struct metric *m, const struct reading *r, struct buf *b)
{
    if (r->disk_known && r->disk.room.span_ms > 0)
        metric_line(b, m->name, r->disk.room.days, NULL);
}

static void print_database(const struct metric *m, const struct reading *r, struct buf *b)
{
    if (r->disk_known)
        metric_line(b, m->name, (double)r->disk.database_bytes, NULL);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define GAUGE "gauge"
#define COUNTER "counter"
#define HISTOGRAM "histogram"

static const struct metric metrics[] = {
    {"b24bridge_build_info", GAUGE, "1; the version is the label", NULL, print_build},
    {"b24bridge_start_time_seconds", GAUGE, "when the daemon started", started, NULL},
    {"b24bridge_health", GAUGE, "1 when /health is 200: no check is bad", health_up, NULL},
    {"b24bridge_check", GAUGE, "each check of /health: 0 well, 1 warning, 2 bad", NULL,
     print_checks},

    {"b24bridge_events_total", COUNTER, "requests at the public listener by outcome", NULL,
     print_ingest},
    {"b24bridge_ingest_duration_seconds", HISTOGRAM,
     "time from the whole request to its commit, of events that were stored", NULL, print_latency},
    {"b24bridge_last_event_time_seconds", GAUGE, "when the last event was stored", last_event,
     NULL},
    {"b24bridge_connections", GAUGE, "open connections at the public listener", connections, NULL},
    {"b24bridge_connections_timed_out_total", COUNTER, "idle or slow connections closed", timed_out,
     NULL},

    {"b24bridge_store_up", GAUGE, "1 when the last commit succeeded", store_up, NULL},
    {"b24bridge_queue_depth", GAUGE, "unseen events and unended runs", queue_depth, NULL},
    {"b24bridge_queue_ceiling", GAUGE, "max-queue, beyond which events are refused", queue_ceiling,
     NULL},
    {"b24bridge_queue_age_seconds", GAUGE, "for how long the oldest unseen event has waited",
     queue_age, NULL},
    {"b24bridge_events_waiting", GAUGE, "unseen events", events_waiting, NULL},
    {"b24bridge_commits_total", COUNTER, "transactions committed", commits, NULL},
    {"b24bridge_rows_total", COUNTER, "changes committed", rows, NULL},
    {"b24bridge_store_failures_total", COUNTER, "transactions that failed", store_failures, NULL},
    {"b24bridge_commit_seconds", GAUGE, "duration of the last commit", commit_seconds, NULL},
    {"b24bridge_commit_duration_seconds", HISTOGRAM, "duration of commits", NULL, print_commit_us},
    {"b24bridge_commit_changes", HISTOGRAM, "changes that shared a commit", NULL,
     print_commit_changes},
    {"b24bridge_wal_bytes", GAUGE, "size of the write-ahead log", wal_bytes, NULL},
    {"b24bridge_database_bytes", GAUGE, "size of the database file", NULL, print_database},
    {"b24bridge_disk_free_bytes", GAUGE, "room left on the database's disk", NULL, print_disk_free},
    {"b24bridge_disk_days_left", GAUGE, "days that the room lasts at the present rate", NULL,
     print_disk_days},
    {"b24bridge_pruned_rows_total", COUNTER, "rows removed by retention", pruned, NULL},

    {"b24bridge_tasks", GAUGE, "entities at work", tasks, NULL},
    {"b24bridge_worker_still_seconds", GAUGE, "longest time that a worker has been at one step",
     worker_still, NULL},
    {"b24bridge_paused", GAUGE, "portals and rules that an operator has paused", paused, NULL},
    {"b24bridge_looks_total", COUNTER, "looks at entities", looks, NULL},
    {"b24bridge_echoes_total", COUNTER, "looks that found nothing new", echoes, NULL},
    {"b24bridge_rules_fired_total", COUNTER, "runs started", fired, NULL},
    {"b24bridge_rules_skipped_total", COUNTER, "triggers that did not start a run", skipped, NULL},
    {"b24bridge_rule_outcomes_total", COUNTER, "what came of each rule since it was loaded", NULL,
     print_rules},
    {"b24bridge_rules_frozen", GAUGE, "entities for which a rule is beyond its limit", frozen,
     NULL},
    {"b24bridge_rules_held_back", GAUGE, "reasons why rules cannot be judged at present", held,
     NULL},
    {"b24bridge_names_drifted", GAUGE, "names in rules that are unknown or renamed in the portal",
     NULL, print_names},
    {"b24bridge_runs_ended_total", COUNTER, "runs by the state they ended in", NULL, print_runs},
    {"b24bridge_effects_parked", GAUGE,
     "runs whose calls may have been carried out: a person has to decide", effects_parked, NULL},
    {"b24bridge_timers_overdue", GAUGE, "runs that should have woken five minutes ago", NULL,
     print_overdue},

    {"b24bridge_calls_total", COUNTER, "commands by method and verdict", NULL, print_calls},
    {"b24bridge_portal_up", GAUGE, "1 when the portal answers and accepts us", NULL,
     print_portal_up},
    {"b24bridge_portal_circuit", GAUGE, "1 for the state of the portal's circuit", NULL,
     print_circuit},
    {"b24bridge_portal_waiting", GAUGE, "commands that wait for a portal", NULL, print_waiting},
    {"b24bridge_portal_in_flight", GAUGE, "requests in flight", NULL, print_in_flight},
    {"b24bridge_portal_bucket_level", GAUGE, "requests in the leaky bucket", NULL, print_level},
    {"b24bridge_portal_bucket_size", GAUGE, "requests that fit into it", NULL, print_bucket_size},
    {"b24bridge_portal_operating_seconds", GAUGE, "operating time of a method in ten minutes", NULL,
     print_operating},
    {"b24bridge_portal_operating_limit_seconds", GAUGE, "how much of it the portal allows", NULL,
     print_operating_limit},
    {"b24bridge_portal_requests_total", COUNTER, "HTTP requests sent", NULL, print_requests},
    {"b24bridge_portal_commands_total", COUNTER, "commands sent", NULL, print_commands},
    {"b24bridge_portal_batches_total", COUNTER, "batch requests sent", NULL, print_batches},
    {"b24bridge_portal_limited_total", COUNTER, "refusals by a limit", NULL, print_limited},
    {"b24bridge_portal_unsure_total", COUNTER, "writes whose outcome stayed unknown", NULL,
     print_unsure},
    {"b24bridge_portal_retried_total", COUNTER, "commands repeated, known not executed", NULL,
     print_retried},
    {"b24bridge_portal_refused_total", COUNTER, "commands refused for good", NULL, print_refused},
    {"b24bridge_portal_last_good_time_seconds", GAUGE, "when a call last succeeded", NULL,
     print_last_good},
    {"b24bridge_portal_next_probe_time_seconds", GAUGE, "when it is tried again, 0: not planned",
     NULL, print_next_probe},
    {"b24bridge_portal_oldest_waiting_time_seconds", GAUGE,
     "when the longest waiting command came, 0: none waits", NULL, print_oldest_waiting},
    {"b24bridge_portal_runs", GAUGE, "runs by state", NULL, print_portal_runs},
    {"b24bridge_portal_moved", GAUGE, "1 when it answers at another address than the url-file's",
     NULL, print_moved},
    {"b24bridge_portal_certificate_end_time_seconds", GAUGE,
     "when its certificate expires; no sample while it has shown none", NULL, print_certificate},
    {"b24bridge_portal_silence_seconds", GAUGE, "since the portal's last event", NULL,
     print_silence},
    {"b24bridge_portal_silence_unusual", GAUGE,
     "1 when that is longer than usual for this weekday and hour", NULL, print_silence_unusual},
};

/* ---- a scrape -------------------------------------------------------------------------------- */

static void note_level(void *arg, const char *name, const struct finding *f)
{
    (void)json_object_set_new(arg, name, json_integer(f->level));
}

static void gather(struct admin *admin, struct reading *r)
{
    struct err err = {0};
    *r = (struct reading){.admin = admin, .now_ms = clock_wall_ms(), .levels = json_object()};
    store_health(admin->options.store, &r->store);
    engine_health(admin->options.engine, &r->engine);
    ingest_health(admin->options.ingest, &r->ingest);
    if (!store_tell_queue(admin->reader, 0, &r->queue, &err))
        r->queue = NULL;
    r->held = engine_held(admin->options.engine);
    r->names = engine_names(admin->options.engine);
    r->disk_known = watch_disk(admin->options.watch, r->now_ms, &r->disk);
    health_each(admin, note_level, r->levels);
}

static void reading_done(struct reading *r)
{
    json_decref(r->queue);
    json_decref(r->held);
    json_decref(r->names);
    json_decref(r->levels);
}

void metrics_print(struct admin *admin, struct buf *b)
{
    struct reading r;
    gather(admin, &r);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        const struct metric *m = &metrics[i];
        buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
        if (m->value != NULL)
            metric_line(b, m->name, m->value(&r), NULL);
        else
            m->print(m, &r, b);
    }
    reading_done(&r);
}
