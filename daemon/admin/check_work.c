/* Those who work: workers, the public listener, timers, rules and the names in them. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/admin/check.h"

enum {
    STILL_MS = 60000, /* a part that has not moved for so long stands still */
    ERRORS_READ = 200,
};

void check_workers(const struct round *r, struct finding *f)
{
    struct engine_health h;
    engine_health(r->admin->options.engine, &h);
    if (h.worker_still_ms >= STILL_MS)
        FIND(f, CHECK_BAD,
             "a worker has stood still for %lld s: restart the service (`systemctl restart "
             "b24bridge`), nothing is lost by that",
             (long long)(h.worker_still_ms / 1000));
    else
        FIND(f, CHECK_WELL, "%lld entities at work, %lld looks and %lld runs since the start",
             (long long)h.tasks, (long long)h.looks, (long long)h.runs_started);
}

static const char *portal_name(const struct round *r, int portal)
{
    return r->admin->options.config->portals[portal].name;
}

void check_listener(const struct round *r, struct finding *f)
{
    struct ingest_health h;
    ingest_health(r->admin->options.ingest, &h);
    int64_t still_ms = clock_mono_ms() - h.http.loop_ms;
    long long accepted = h.counts[INGEST_ACCEPTED];
    if (still_ms >= STILL_MS)
        FIND(f, CHECK_BAD,
             "the public listener has stood still for %lld s: restart the service (`systemctl "
             "restart b24bridge`)",
             (long long)(still_ms / 1000));
    else if (h.last_member[0] != '\0')
        FIND(f, CHECK_WARNING,
             "%lld events accepted; %lld refused from another portal (member_id \"%s\"): if yours "
             "was made anew, `b24bridge portal forget-member %s`",
             accepted, (long long)h.counts[INGEST_BAD_MEMBER], h.last_member,
             portal_name(r, h.last_member_portal));
    else if (accepted == 0 && h.counts[INGEST_BAD_TOKEN] > 0)
        FIND(f, CHECK_WARNING,
             "no event accepted, %lld refused for their token: put the outbound webhook's "
             "application token into the token-file, then `systemctl reload b24bridge`",
             (long long)h.counts[INGEST_BAD_TOKEN]);
    else
        FIND(f, CHECK_WELL, "%lld events accepted", accepted);
}

/* ---- timers ---------------------------------------------------------------------------------- */

void check_timers(const struct round *r, struct finding *f)
{
    const struct admin_options *o = &r->admin->options;
    int64_t overdue = 0, oldest_ms = r->now_ms;
    int worst = 0;
    for (int i = 0; i < o->config->portal_count; i++) {
        struct err err = {0};
        int64_t count, first_ms;
        if (!store_read_overdue(r->admin->reader, o->portal_ids[i], r->now_ms - CHECK_OVERDUE_MS,
                                &count, &first_ms, &err))
            continue; /* the database's trouble has a check of its own */
        overdue += count;
        if (count > 0 && first_ms < oldest_ms) {
            oldest_ms = first_ms;
            worst = i;
        }
    }
    int64_t next_ms = jv_int(r->queue, "timers_next_ms", 0);
    if (overdue > 0)
        FIND(f, CHECK_WARNING,
             "%lld runs should have woken by now, the first %s ago at portal %s: its check below "
             "says what holds them up; `b24bridge timers` lists them",
             (long long)overdue, span_of(r->now_ms - oldest_ms).text, portal_name(r, worst));
    else if (next_ms > r->now_ms)
        FIND(f, CHECK_WELL, "none is overdue, the next in %s", span_of(next_ms - r->now_ms).text);
    else
        FIND(f, CHECK_WELL, "none is overdue");
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* The newest rule that is beyond its limit for some entity. New; NULL: nothing can be read, which
 * is the database's trouble. */
static json_t *frozen_new(const struct round *r)
{
    JV_AUTO *errors = NULL;
    struct err err = {0};
    size_t i;
    json_t *error;
    if (!store_tell_errors(r->admin->reader, ERRORS_READ, &errors, &err))
        return NULL;
    json_array_foreach (errors, i, error)
        if (strcmp(jv_text(error, "what", ""), "frozen") == 0)
            return json_incref(error);
    return NULL;
}

static void find_frozen(const struct round *r, int64_t count, struct finding *f)
{
    JV_AUTO *last = frozen_new(r);
    const char *rule = jv_text(last, "rule", "");
    FIND(f, CHECK_WARNING,
         "%zu rules; frozen for %lld entities, last \"%s\": %s; when the cause is mended, "
         "`b24bridge queue resume --rule %s`",
         r->admin->options.config->rules->count, (long long)count, rule, jv_text(last, "say", ""),
         rule);
}

/* What is said here is no reason to call for help at night: the rest goes on. */
void check_rules(const struct round *r, struct finding *f)
{
    JV_AUTO *held = engine_held(r->admin->options.engine);
    int64_t frozen = jv_int(r->queue, "frozen", 0);
    if (json_array_size(held) > 0)
        FIND(f, CHECK_WARNING, "%zu held back; the first: %s; `b24bridge check --portal` shows all",
             json_array_size(held), jv_text(json_array_get(held, 0), "why", ""));
    else if (frozen > 0)
        find_frozen(r, frozen, f);
    else
        FIND(f, CHECK_WELL, "%zu rules", r->admin->options.config->rules->count);
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_level(const json_t *finding, const char *level)
{
    return strcmp(jv_text(finding, "level", ""), level) == 0;
}

static bool is_held(const json_t *finding)
{
    return is_level(finding, "error") || is_level(finding, "waiting");
}

static const char advice[] =
    "; mend the rules, `b24bridge check --portal`, then `systemctl reload b24bridge`";

/* "; FILE:LINE: rule NAME: …" of each, as many as fit; those that hold a rule back come first. */
static void say_findings(const json_t *findings, bool held, struct finding *f)
{
    size_t i;
    json_t *finding;
    json_array_foreach (jv_loose(findings), i, finding) {
        const char *rule = jv_text(finding, "rule", "");
        size_t used = strlen(f->say);
        if (is_held(finding) != held || used + sizeof advice >= sizeof f->say)
            continue;
        (void)snprintf(f->say + used, sizeof f->say - sizeof advice - used, "; %s:%lld: %s%s%s%s",
                       jv_text(finding, "file", ""), (long long)jv_int(finding, "line", 0),
                       rule[0] != '\0' ? "rule " : "", rule, rule[0] != '\0' ? ": " : "",
                       jv_text(finding, "say", ""));
    }
}

static void say_counts(const json_t *findings, struct finding *f)
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
    FIND(f, held + warnings > 0 ? CHECK_WARNING : CHECK_WELL, "rules held back %zu%s, warnings %zu",
         held, wait, warnings);
}

/* A name that was renamed or is not there stops its rule at most: said, and no call at night. */
void check_names(const struct round *r, struct finding *f)
{
    JV_AUTO *names = engine_names(r->admin->options.engine);
    const json_t *findings = json_object_get(names, "findings");
    const char *why = jv_text(names, "why", "");
    if (json_array_size(findings) > 0) {
        say_counts(findings, f);
        say_findings(findings, true, f);
        say_findings(findings, false, f);
        size_t used = strlen(f->say);
        if (f->level == CHECK_WARNING)
            (void)snprintf(f->say + used, sizeof f->say - used, "%s", advice);
    } else if (why[0] != '\0') {
        FIND(f, CHECK_WELL,
             "the portal could not be asked what names mean, those known are used: %s", why);
    } else if (jv_int(names, "asked_ms", 0) == 0) {
        FIND(f, CHECK_WELL, "the portals are being asked");
    } else {
        FIND(f, CHECK_WELL, "every name means what it did");
    }
}

/* ---- pauses ---------------------------------------------------------------------------------- */

/* What an operator has paused waits by his will: said, so that it is not forgotten. */
void check_paused(const struct round *r, struct finding *f)
{
    JV_AUTO *holds = holds_tell(r->admin);
    const json_t *first = json_array_get(holds, 0);
    const char *portal = jv_text(first, "portal", ""), *rule = jv_text(first, "rule", "");
    const char *between = rule[0] != '\0' ? " on portal " : "portal ";
    if (first == NULL)
        FIND(f, CHECK_WELL, "nothing is paused");
    else
        FIND(f, CHECK_WARNING,
             "%zu paused; the first: %s%s%s%s, by %s, for %s; `b24bridge queue resume` lets it go "
             "on",
             json_array_size(holds), rule[0] != '\0' ? "rule " : "", rule,
             portal[0] != '\0' ? between : "", portal, jv_text(first, "by", "?"),
             span_of(r->now_ms - jv_int(first, "since_ms", 0)).text);
}
