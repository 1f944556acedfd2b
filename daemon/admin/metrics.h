#ifndef DAEMON_ADMIN_METRICS_H
#define DAEMON_ADMIN_METRICS_H

/* What the files that print metrics share. Names are stable, and labels have a ceiling each: a
 * portal or a rule of the configuration, a word of a table of ours; never what the portal or a
 * client said. docs/monitoring.md tells of every one. */

#include "common/histogram.h"
#include "daemon/admin/check.h"

/* Everything the rows read, gathered once a scrape. */
struct reading {
    struct admin *admin;
    int64_t now_ms; /* wall */
    struct store_health store;
    struct engine_health engine;
    struct ingest_health ingest;
    json_t *queue;  /* store_tell_queue of all portals; NULL: cannot be read */
    json_t *held;   /* engine_held */
    json_t *names;  /* engine_names */
    json_t *levels; /* check → enum check_level */
    struct watch_disk disk;
    bool disk_known;
};

struct metric {
    const char *name, *type, *help;
    /* A plain value, or NULL and `print` writes its samples. */
    double (*value)(const struct reading *);
    void (*print)(const struct metric *, const struct reading *, struct buf *);
};

typedef void metric_print_fn(const struct metric *, const struct reading *, struct buf *);

/* One sample. Behind the value: label, its text, …, NULL. */
void metric_line(struct buf *, const char *name, double value, ...) __attribute__((sentinel));
/* Bounds and the sum are divided by `unit`. */
void metric_histogram(const struct metric *, const struct histogram_reading *, double unit,
                      struct buf *);

/* metrics_portal.c: a line a portal, or more. */
metric_print_fn print_calls, print_portal_up, print_waiting, print_in_flight, print_level,
    print_bucket_size, print_requests, print_commands, print_batches, print_limited, print_unsure,
    print_retried, print_refused, print_last_good, print_next_probe, print_oldest_waiting,
    print_moved, print_circuit, print_portal_runs, print_operating, print_operating_limit,
    print_certificate, print_overdue, print_silence, print_silence_unusual;

#endif
