/* One portal: is it spoken to, what does it still allow, and does it speak to us? */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/admin/check.h"

enum { STILL_MS = 60000 };
static const int64_t certificate_ms = 14 * 86400000LL; /* that ends sooner is told of */

/* The method whose operating time is used most. NULL: none is worth a word. */
static const json_t *fullest(const json_t *methods)
{
    const json_t *most = NULL;
    double share = 0.1;
    size_t i;
    json_t *method;
    json_array_foreach (jv_loose(methods), i, method) {
        double limit = jv_real(method, "limit", 0);
        double used = limit > 0 ? jv_real(method, "used", 0) / limit : 0;
        if (jv_int(method, "wait_ms", 0) > 0)
            used += 1; /* used up, whatever our reckoning says */
        if (used > share) {
            share = used;
            most = method;
        }
    }
    return most;
}

/* Appends to what is said already. */
__attribute__((format(printf, 2, 3))) static void add(struct finding *f, const char *format, ...)
{
    size_t used = strlen(f->say);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->say + used, sizeof f->say - used, format, args);
    va_end(args);
}

static void add_warning(struct finding *f)
{
    if (f->level == CHECK_WELL)
        f->level = CHECK_WARNING;
}

static void say_methods(const struct round *r, int i, struct finding *f)
{
    const struct admin_options *o = &r->admin->options;
    JV_AUTO *methods = portal_client_methods(o->client, o->portal_ids[i]);
    const json_t *most = fullest(methods);
    if (most == NULL)
        return;
    double used = jv_real(most, "used", 0), limit = jv_real(most, "limit", 0);
    add(f, "; %s has used %.0f of %.0f s of its operating time", jv_text(most, "method", "?"), used,
        limit);
    int64_t wait_ms = jv_int(most, "wait_ms", 0);
    if (wait_ms == 0)
        return;
    add(f, " and may be called again in %s: its calls wait, make fewer or cheaper ones",
        span_of(wait_ms).text);
    add_warning(f);
}

/* What waits, and what was and will be. */
static void say_more(const struct round *r, int i, const struct portal_health *h, struct finding *f)
{
    JV_AUTO *queue = NULL;
    struct err err = {0};
    const struct admin_options *o = &r->admin->options;
    bool told = store_tell_queue(r->admin->reader, o->portal_ids[i], &queue, &err);
    int64_t runs = told ? jv_int(queue, "runs.ready", 0) + jv_int(queue, "runs.running", 0) : 0;
    if (h->last_good_ms > 0)
        add(f, "; last good answer %lld s ago", (long long)((r->now_ms - h->last_good_ms) / 1000));
    else
        add(f, "; last good answer never");
    if (h->probe_ms > 0)
        add(f, ", next probe in %lld s", (long long)((h->probe_ms - r->now_ms + 999) / 1000));
    add(f, "; %lld calls wait, %lld in flight, %lld runs under way", (long long)h->waiting,
        (long long)h->in_flight, (long long)runs);
    if (h->moved_to[0] != '\0') {
        add(f, "; it has moved, change url-file to %s", h->moved_to);
        add_warning(f);
    }
}

static void say_certificate(const struct round *r, const struct portal_health *h, struct finding *f)
{
    if (h->certificate_ms == 0 || h->certificate_ms - r->now_ms > certificate_ms)
        return;
    add(f,
        "; its certificate is good for another %s: whoever looks after the portal has to renew it, "
        "or no call will go through",
        span_of(h->certificate_ms - r->now_ms).text);
    add_warning(f);
}

void check_portal(const struct round *r, int i, struct finding *f)
{
    const struct admin_options *o = &r->admin->options;
    struct portal_health h;
    if (!portal_client_health(o->client, o->portal_ids[i], &h)) {
        FIND(f, CHECK_BAD, "not known to the client: restart the service");
        return;
    }
    int64_t silent_ms = h.silent_since_ms > 0 ? r->now_ms - h.silent_since_ms : 0;
    if (!h.ok)
        FIND(f, CHECK_BAD, "%s: %s", portal_circuit_word(h.circuit), h.why);
    else if (silent_ms > STILL_MS)
        FIND(f, CHECK_BAD,
             "has not answered for %lld s: see whether %s opens from this machine; what waits is "
             "kept and goes on by itself",
             (long long)(silent_ms / 1000), o->config->portals[i].site);
    else if (h.why[0] != '\0')
        FIND(f, CHECK_WARNING, "%s", h.why);
    else
        FIND(f, CHECK_WELL, "%s, bucket %.0f of %.0f", portal_circuit_word(h.circuit),
             h.bucket_level, h.bucket_size);
    say_certificate(r, &h, f);
    say_methods(r, i, f);
    say_more(r, i, &h, f);
}

void check_silence(const struct round *r, int i, struct finding *f)
{
    const struct admin_options *o = &r->admin->options;
    struct silence_verdict v;
    bool holiday;
    if (!watch_silence(o->watch, o->portal_ids[i], o->config->portals[i].zone,
                       ingest_heard_ms(o->ingest, i), r->now_ms, &v, &holiday)) {
        FIND(f, CHECK_WELL, "the watch begins");
        return;
    }
    struct span silent = span_of(v.silent_ms);
    if (v.unusual)
        FIND(f, CHECK_WARNING,
             "no event for %s, while in the same hours of the weeks before at least %lld came: see "
             "in Bitrix24 whether the outbound webhook still stands and whether its handler's "
             "address opens from outside; if today is a day off, name it in a [calendar]",
             silent.text, (long long)v.expected);
    else if (!v.heard)
        FIND(f, CHECK_WELL, "no event since the start, %s ago", silent.text);
    else if (holiday)
        FIND(f, CHECK_WELL, "last event %s ago; a day off, on which none is missed", silent.text);
    else if (v.weeks < 3)
        FIND(f, CHECK_WELL, "last event %s ago; what is usual is being learnt (week %d of 3)",
             silent.text, v.weeks + 1);
    else
        FIND(f, CHECK_WELL, "last event %s ago, as is usual", silent.text);
}
