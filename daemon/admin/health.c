/* /health: is each part well, and if not, what is to be done. One row per check. */

#include <stdio.h>

#include "common/clock.h"
#include "common/jv.h"
#include "daemon/admin/check.h"

static const struct check {
    const char *name;
    check_fn *run;
} checks[] = {
    {"database", check_database}, {"disk", check_disk},         {"queue", check_queue},
    {"workers", check_workers},   {"listener", check_listener}, {"timers", check_timers},
    {"rules", check_rules},       {"names", check_names},       {"paused", check_paused},
};

/* Of each portal, with its name behind. */
static const struct portal_check {
    const char *name;
    check_portal_fn *run;
} portal_checks[] = {
    {"portal", check_portal},
    {"silence", check_silence},
};

static const char *const level_words[] = {
    [CHECK_WELL] = "well", [CHECK_WARNING] = "warning", [CHECK_BAD] = "bad"};

struct span span_of(int64_t ms)
{
    static const struct {
        int64_t below_s, unit_s;
        const char *unit, *rest_unit;
        int64_t rest_s;
    } forms[] = {
        {120, 1, "s", NULL, 1},
        {7200, 60, "min", NULL, 1},
        {172800, 3600, "h", "min", 60},
        {INT64_MAX, 86400, "d", "h", 3600},
    };
    struct span span;
    int64_t s = ms > 0 ? ms / 1000 : 0;
    size_t i = 0;
    while (s >= forms[i].below_s)
        i++;
    int64_t rest = s % forms[i].unit_s / forms[i].rest_s;
    if (forms[i].rest_unit != NULL && rest > 0)
        (void)snprintf(span.text, sizeof span.text, "%lld %s %lld %s",
                       (long long)(s / forms[i].unit_s), forms[i].unit, (long long)rest,
                       forms[i].rest_unit);
    else
        (void)snprintf(span.text, sizeof span.text, "%lld %s", (long long)(s / forms[i].unit_s),
                       forms[i].unit);
    return span;
}

void health_each(struct admin *a, health_told_fn *told, void *arg)
{
    JV_AUTO *queue = NULL;
    struct err err = {0};
    const struct config *config = a->options.config;
    if (!store_tell_queue(a->reader, 0, &queue, &err))
        queue = NULL;
    const struct round round = {.admin = a, .now_ms = clock_wall_ms(), .queue = queue};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct finding f = {0};
        checks[i].run(&round, &f);
        told(arg, checks[i].name, &f);
    }
    for (int i = 0; i < config->portal_count; i++)
        for (size_t k = 0; k < sizeof portal_checks / sizeof portal_checks[0]; k++) {
            struct finding f = {0};
            char name[120];
            (void)snprintf(name, sizeof name, "%s %s", portal_checks[k].name,
                           config->portals[i].name);
            portal_checks[k].run(&round, i, &f);
            told(arg, name, &f);
        }
}

struct telling {
    json_t *list;
    bool ok;
};

static void tell(void *arg, const char *name, const struct finding *f)
{
    struct telling *t = arg;
    bool ok = f->level != CHECK_BAD;
    t->ok = t->ok && ok;
    json_array_append_new(t->list,
                          json_pack("{s:o, s:b, s:s, s:o}", "name", jv_string_new(name), "ok", ok,
                                    "level", level_words[f->level], "say", jv_string_new(f->say)));
}

json_t *health_tell(struct admin *a)
{
    struct telling t = {.list = json_array(), .ok = true};
    health_each(a, tell, &t);
    return json_pack("{s:b, s:o, s:O}", "ok", t.ok, "checks", t.list, "listen", a->listen);
}
