/* /health: is each part well, and if not, what is to be done. One row per check. */

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/admin/parts.h"

enum {
    STILL_MS = 60000, /* a part that has not moved for so long stands still */
    QUEUE_PERCENT = 80,
    DISK_LEFT_MIB = 64,
    DISK_LEFT_PERCENT = 2,
    ERRORS_READ = 200,
};

struct verdict_of_check {
    bool ok;
    char say[4096];
};

typedef void check_fn(struct admin *, struct verdict_of_check *);

#define SAY(v, ...) (void)snprintf((v)->say, sizeof(v)->say, __VA_ARGS__)

static void check_database(struct admin *a, struct verdict_of_check *v)
{
    struct store_health h;
    store_health(a->options.store, &h);
    v->ok = h.ok;
    if (h.ok)
        SAY(v, "writes; last commit took %.1f ms, the log holds %.1f MiB",
            (double)h.commit_us_last / 1000.0, (double)h.wal_bytes / 1048576.0);
    else
        SAY(v, "%s", h.why);
}

static void check_disk(struct admin *a, struct verdict_of_check *v)
{
    struct statvfs fs;
    const char *path = a->options.config->database;
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    if (statvfs(slash != NULL && folder[0] != '\0' ? folder : ".", &fs) != 0) {
        v->ok = false;
        SAY(v, "cannot ask how much room is left beside the database");
        return;
    }
    uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize / 1048576;
    double percent = fs.f_blocks > 0 ? 100.0 * (double)fs.f_bavail / (double)fs.f_blocks : 0;
    v->ok = left >= DISK_LEFT_MIB && percent >= DISK_LEFT_PERCENT;
    SAY(v,
        v->ok ? "%llu MiB free (%.0f %%)"
              : "only %llu MiB free (%.0f %%): make room, or events will be refused",
        (unsigned long long)left, percent);
}

static void check_queue(struct admin *a, struct verdict_of_check *v)
{
    struct store_health h;
    store_health(a->options.store, &h);
    v->ok = h.max_queue <= 0 || h.queued * 100 <= h.max_queue * QUEUE_PERCENT;
    SAY(v,
        v->ok
            ? "%lld waiting, the ceiling is %lld"
            : "%lld waiting of at most %lld: at the ceiling new events are refused; see `b24bridge "
              "status`",
        (long long)h.queued, (long long)h.max_queue);
}

static void check_workers(struct admin *a, struct verdict_of_check *v)
{
    struct engine_health h;
    engine_health(a->options.engine, &h);
    v->ok = h.worker_still_ms < STILL_MS;
    SAY(v,
        v->ok ? "%lld entities at work"
              : "a worker has stood still for %lld s: restart the service",
        v->ok ? (long long)h.tasks : (long long)(h.worker_still_ms / 1000));
}

static void check_listener(struct admin *a, struct verdict_of_check *v)
{
    struct ingest_health h;
    ingest_health(a->options.ingest, &h);
    int64_t still = clock_mono_ms() - h.http.loop_ms;
    v->ok = still < STILL_MS;
    if (!v->ok)
        SAY(v, "the public listener has stood still for %lld s: restart the service",
            (long long)(still / 1000));
    else if (h.last_member[0] != '\0')
        SAY(v,
            "%lld events accepted; %lld refused from another portal (member_id \"%s\"): if yours "
            "was "
            "made anew, `b24bridge portal forget-member`",
            (long long)h.counts[INGEST_ACCEPTED], (long long)h.counts[INGEST_BAD_MEMBER],
            h.last_member);
    else
        SAY(v, "%lld events accepted", (long long)h.counts[INGEST_ACCEPTED]);
}

/* The newest rule that is beyond its limit for some entity. New; NULL: none, or nothing can be
 * read, which is the database's trouble. */
static json_t *frozen_new(struct admin *a, int64_t *ret_count)
{
    JV_AUTO *queue = NULL;
    JV_AUTO *errors = NULL;
    struct err err = {0};
    size_t i;
    json_t *error;
    if (!store_tell_queue(a->reader, 0, &queue, &err))
        return NULL;
    *ret_count = jv_int(queue, "frozen", 0);
    if (*ret_count == 0 || !store_tell_errors(a->reader, ERRORS_READ, &errors, &err))
        return NULL;
    json_array_foreach (errors, i, error)
        if (strcmp(jv_text(error, "what", ""), "frozen") == 0)
            return json_incref(error);
    return NULL;
}

static void check_rules(struct admin *a, struct verdict_of_check *v)
{
    JV_AUTO *held = engine_held(a->options.engine);
    int64_t count = 0;
    JV_AUTO *frozen = frozen_new(a, &count);
    v->ok = true; /* the rest goes on: said, but not a reason to call for help at night */
    if (json_array_size(held) > 0)
        SAY(v, "%zu held back; the first: %s", json_array_size(held),
            jv_text(json_array_get(held, 0), "why", ""));
    else if (count > 0)
        SAY(v, "%zu rules; frozen for %lld entities, last \"%s\": %s",
            a->options.config->rules->count, (long long)count, jv_text(frozen, "rule", ""),
            jv_text(frozen, "say", ""));
    else
        SAY(v, "%zu rules", a->options.config->rules->count);
}

static bool is_level(const json_t *finding, const char *level)
{
    return strcmp(jv_text(finding, "level", ""), level) == 0;
}

static bool is_held(const json_t *finding)
{
    return is_level(finding, "error") || is_level(finding, "waiting");
}

/* "; FILE:LINE: rule NAME: …" of each, as many as fit; those that hold a rule back come first. */
static void say_findings(const json_t *findings, bool held, struct verdict_of_check *v)
{
    size_t i;
    json_t *finding;
    json_array_foreach (jv_loose(findings), i, finding) {
        const char *rule = jv_text(finding, "rule", "");
        size_t used = strlen(v->say);
        if (is_held(finding) != held)
            continue;
        (void)snprintf(v->say + used, sizeof v->say - used, "; %s:%lld: %s%s%s%s",
                       jv_text(finding, "file", ""), (long long)jv_int(finding, "line", 0),
                       rule[0] != '\0' ? "rule " : "", rule, rule[0] != '\0' ? ": " : "",
                       jv_text(finding, "say", ""));
    }
}

static void say_counts(const json_t *findings, struct verdict_of_check *v)
{
    size_t i, held = 0, waiting = 0, warnings = 0;
    json_t *finding;
    char wait[64] = "";
    json_array_foreach (jv_loose(findings), i, finding) {
        held += is_held(finding);
        waiting += is_level(finding, "unasked");
        warnings += is_level(finding, "warning");
    }
    if (waiting > 0)
        (void)snprintf(wait, sizeof wait, ", waiting for the portal %zu", waiting);
    SAY(v, "rules held back %zu%s, warnings %zu", held, wait, warnings);
}

/* A name that was renamed or is not there stops its rule at most: said, and no call at night. */
static void check_names(struct admin *a, struct verdict_of_check *v)
{
    JV_AUTO *names = engine_names(a->options.engine);
    const json_t *findings = json_object_get(names, "findings");
    const char *why = jv_text(names, "why", "");
    v->ok = true;
    if (json_array_size(findings) > 0) {
        say_counts(findings, v);
        say_findings(findings, true, v);
        say_findings(findings, false, v);
    } else if (why[0] != '\0') {
        SAY(v, "the portal could not be asked what names mean, those known are used: %s", why);
    } else if (jv_int(names, "asked_ms", 0) == 0) {
        SAY(v, "the portals are being asked");
    } else {
        SAY(v, "every name means what it did");
    }
}

static const struct check {
    const char *name;
    check_fn *run;
    bool alive; /* also asked by the watchdog */
} checks[] = {
    {"database", check_database, false}, {"disk", check_disk, false},
    {"queue", check_queue, false},       {"workers", check_workers, true},
    {"listener", check_listener, true},  {"rules", check_rules, false},
    {"names", check_names, false},
};

/* What waits, and what was and will be; behind what is said already. */
static void say_more(struct admin *a, int i, const struct portal_health *h, int64_t now,
                     struct verdict_of_check *v)
{
    size_t used = strlen(v->say);
    char good[40] = "never", probe[60] = "";
    JV_AUTO *queue = NULL;
    struct err err = {0};
    bool told = store_tell_queue(a->reader, a->options.portal_ids[i], &queue, &err);
    int64_t runs = told ? jv_int(queue, "runs.ready", 0) + jv_int(queue, "runs.running", 0) : 0;
    if (h->last_good_ms > 0)
        (void)snprintf(good, sizeof good, "%lld s ago",
                       (long long)((now - h->last_good_ms) / 1000));
    if (h->probe_ms > 0)
        (void)snprintf(probe, sizeof probe, ", next probe in %lld s",
                       (long long)((h->probe_ms - now + 999) / 1000));
    (void)snprintf(v->say + used, sizeof v->say - used,
                   "; last good answer %s%s; %lld calls wait, %lld in flight, %lld runs under "
                   "way%s%s",
                   good, probe, (long long)h->waiting, (long long)h->in_flight, (long long)runs,
                   h->moved_to[0] != '\0' ? "; it has moved, change url-file to " : "",
                   h->moved_to);
}

static void check_portal(struct admin *a, int i, struct verdict_of_check *v)
{
    struct portal_health h;
    if (!portal_client_health(a->options.client, a->options.portal_ids[i], &h)) {
        v->ok = false;
        SAY(v, "not known to the client");
        return;
    }
    int64_t now = clock_wall_ms();
    bool stuck = h.silent_since_ms > 0 && now - h.silent_since_ms > STILL_MS;
    v->ok = h.ok && !stuck;
    if (!h.ok)
        SAY(v, "%s: %s", portal_circuit_word(h.circuit), h.why);
    else if (stuck)
        SAY(v, "has not answered for %lld s", (long long)((now - h.silent_since_ms) / 1000));
    else if (h.why[0] != '\0')
        SAY(v, "%s", h.why);
    else
        SAY(v, "%s, bucket %.0f of %.0f", portal_circuit_word(h.circuit), h.bucket_level,
            h.bucket_size);
    say_more(a, i, &h, now, v);
}

static bool append(json_t *list, const char *name, const struct verdict_of_check *v)
{
    json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "name", name, "ok", v->ok, "say",
                                          jv_string_new(v->say)));
    return v->ok;
}

json_t *health_tell(struct admin *a)
{
    json_t *list = json_array();
    bool ok = true;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct verdict_of_check v = {.ok = true};
        checks[i].run(a, &v);
        ok = append(list, checks[i].name, &v) && ok;
    }
    for (int i = 0; i < a->options.config->portal_count; i++) {
        struct verdict_of_check v = {.ok = true};
        char name[120];
        (void)snprintf(name, sizeof name, "portal %s", a->options.config->portals[i].name);
        check_portal(a, i, &v);
        ok = append(list, name, &v) && ok;
    }
    return json_pack("{s:b, s:o, s:O}", "ok", ok, "checks", list, "listen", a->listen);
}

bool health_alive(struct admin *a)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct verdict_of_check v = {.ok = true};
        if (checks[i].alive)
            checks[i].run(a, &v);
        if (!v.ok)
            return false;
    }
    return true;
}
