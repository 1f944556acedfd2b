#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"
#include "daemon/cli/story.h"

static const char *level_of(const json_t *check)
{
    if (!jv_flag(check, "ok"))
        return "NOT OK";
    return strcmp(jv_text(check, "level", ""), "warning") == 0 ? "warning" : "ok";
}

static void print_checks(const json_t *health)
{
    static const char *const headings[] = {"check", "", "", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *check;
    json_array_foreach (jv_loose(jv_at(health, "checks")), i, check) {
        const char *cells[] = {jv_text(check, "name", "?"), level_of(check),
                               jv_text(check, "say", "")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
    json_t *address;
    json_array_foreach (jv_loose(jv_at(health, "listen")), i, address)
        out_line("listening on %s", json_string_value(address));
}

static void print_queue(const json_t *queue)
{
    char oldest[24], next[24];
    out_time(jv_text(queue, "oldest_event", NULL), oldest);
    out_time(jv_text(queue, "timers_next", NULL), next);
    out_line("events waiting %lld, the oldest from %s", (long long)jv_int(queue, "events_new", 0),
             oldest);
    out_line("runs ready %lld, running %lld, waiting %lld, parked %lld, dead %lld; frozen %lld",
             (long long)jv_int(queue, "runs.ready", 0), (long long)jv_int(queue, "runs.running", 0),
             (long long)jv_int(queue, "runs.waiting", 0),
             (long long)jv_int(queue, "runs.parked", 0), (long long)jv_int(queue, "runs.dead", 0),
             (long long)jv_int(queue, "frozen", 0));
    out_line("next timer %s", next);
}

static void print_portals(const json_t *portals)
{
    static const char *const headings[] = {"portal",   "circuit", "bucket",    "waiting",    "runs",
                                           "requests", "calls",   "last good", "next probe", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *portal;
    json_array_foreach (jv_loose(portals), i, portal) {
        char bucket[40], waiting[24], runs[24], requests[24], calls[24], good[24], probe[24];
        (void)snprintf(bucket, sizeof bucket, "%.0f of %.0f", jv_real(portal, "bucket_level", 0),
                       jv_real(portal, "bucket_size", 0));
        (void)snprintf(waiting, sizeof waiting, "%lld", (long long)jv_int(portal, "waiting", 0));
        (void)snprintf(requests, sizeof requests, "%lld", (long long)jv_int(portal, "requests", 0));
        (void)snprintf(calls, sizeof calls, "%lld", (long long)jv_int(portal, "commands", 0));
        (void)snprintf(runs, sizeof runs, "%" PRId64,
                       jv_int(portal, "runs.ready", 0) + jv_int(portal, "runs.running", 0));
        out_time(jv_text(portal, "last_good", NULL), good);
        out_time(jv_text(portal, "probe", NULL), probe);
        const char *cells[] = {jv_text(portal, "name", "?"),
                               jv_text(portal, "circuit", "?"),
                               bucket,
                               waiting,
                               runs,
                               requests,
                               calls,
                               good,
                               probe};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
}

static void entity_text(const json_t *row, char *out, size_t size)
{
    (void)snprintf(out, size, "%s %s", jv_text(row, "entity.type", "?"),
                   jv_text(row, "entity.id", ""));
}

static void print_errors(const json_t *errors)
{
    static const char *const headings[] = {"at", "what", "rule", "entity", "why", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *error;
    json_array_foreach (jv_loose(errors), i, error) {
        char at[24], entity[128];
        out_time(jv_text(error, "at", NULL), at);
        entity_text(error, entity, sizeof entity);
        const char *cells[] = {at, jv_text(error, "what", "?"), jv_text(error, "rule", ""), entity,
                               jv_text(error, "say", "")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
}

static void print_held(const json_t *held)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(held), i, one)
        out_line("held back: %s, portal %s: %s", jv_text(one, "kind", "?"),
                 jv_text(one, "portal", "?"), jv_text(one, "why", ""));
}

static const char *level_word(const char *level)
{
    if (strcmp(level, "warning") == 0)
        return "warning";
    return strcmp(level, "unasked") == 0 ? "waiting" : "held back";
}

static void print_paused(const json_t *paused)
{
    size_t i;
    json_t *hold;
    json_array_foreach (jv_loose(paused), i, hold) {
        char what[256], since[24];
        const char *why = jv_text(hold, "why", "");
        story_name_hold(hold, what, sizeof what);
        out_time(jv_text(hold, "since", NULL), since);
        out_line("paused: %s since %s by %s%s%s", what, since, jv_text(hold, "by", "?"),
                 why[0] != '\0' ? ": " : "", why);
    }
}

static void print_names(const json_t *findings)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(findings), i, one)
        out_line("%s: %s:%lld: portal %s%s%s: %s", level_word(jv_text(one, "level", "")),
                 jv_text(one, "file", "?"), (long long)jv_int(one, "line", 0),
                 jv_text(one, "portal", "?"), jv_text(one, "rule", "")[0] != '\0' ? ", rule " : "",
                 jv_text(one, "rule", ""), jv_text(one, "say", ""));
}

static void print_status(const json_t *status)
{
    print_checks(jv_at(status, "health"));
    printf("\n");
    print_queue(jv_at(status, "queue"));
    printf("\n");
    print_portals(jv_at(status, "portals"));
    print_paused(jv_at(status, "paused"));
    print_held(jv_at(status, "held"));
    print_names(jv_at(status, "names.findings"));
    if (json_array_size(jv_at(status, "errors")) > 0)
        printf("\n");
    print_errors(jv_at(status, "errors"));
}

static enum exit_code run(const struct args *args)
{
    json_t *status;
    int code;
    if (!ask_daemon(args, "/api/status", &status, &code))
        return EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(status);
    else
        print_status(status);
    bool well = jv_flag(status, "health.ok");
    json_decref(status);
    return well ? EXIT_YES : EXIT_NO;
}

const struct verb verb_status = {
    .name = "status",
    .operands = "",
    .help = "health, queue, portals' budgets, the last errors; 1 when something is not well",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN),
    .run = run,
};
