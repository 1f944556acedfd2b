#ifndef TESTS_SUPPORT_TIMER_WORLD_H
#define TESTS_SUPPORT_TIMER_WORLD_H

/* One rule with a timer, the fields of deals, a zone and a clock. */

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/rules/timer.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"
#include "tests/support/zones.h"

#define OFFICE "\ncalendar = office"

static const char timer_fields[] =
    "{\"fields:2\": {"
    "\"ufCrm_1\": {\"type\": \"datetime\", \"title\": \"Дата встречи\", \"upperName\": \"UF_1\"},"
    "\"ufCrm_2\": {\"type\": \"date\", \"title\": \"День\", \"upperName\": \"UF_CRM_2\"},"
    "\"ufCrm_3\": {\"type\": \"string\", \"title\": \"Слова\", \"upperName\": \"UF_CRM_3\"},"
    "\"ufCrm_4\": {\"type\": \"date\", \"isMultiple\": true, \"title\": \"Дни\"}}}";

struct world {
    struct rules_text rules;
    struct zone *zone;
    struct calendar *calendar;
    struct rules_env env;
    json_t *facts, *now, *old;
    struct change change;
    struct run live[2];
    size_t live_count;
    struct timer_plan plan;
    struct err err;
};

static inline const struct calendar *only_calendar(const void *arg, const char *name)
{
    (void)name;
    return arg;
}

static inline json_t *json_of(const char *text)
{
    struct err err = {0};
    json_t *ret = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(ret != NULL, "%s: %s", err.text, text);
    return ret;
}

/* In that zone, which the world owns; `now` is local. */
static inline void world_init(struct world *w, struct zone *zone, const char *now, const char *on)
{
    char text[1024];
    bool every = strncmp(on, "every", 5) == 0;
    *w = (struct world){.zone = zone};
    (void)snprintf(text, sizeof text, "[rule r]\non = %s\n[then %s\n", on,
                   every ? "stop]" : "comment]\ntext = x");
    w->calendar = calendar_new_plain(zone);
    w->env = (struct rules_env){.now_ms = zones_at(zone, now),
                                .zone = zone,
                                .default_calendar = w->calendar,
                                .calendar = only_calendar,
                                .calendar_arg = w->calendar};
    w->facts = json_of(timer_fields);
    w->change = (struct change){.portal = "main", .entity = {.type = ENTITY_DEAL, .id = "123"}};
    rules_text_load(&w->rules, text);
}

static inline void world_done(struct world *w)
{
    for (size_t i = 0; i < w->live_count; i++)
        run_done(&w->live[i]);
    timer_plan_done(&w->plan);
    rules_text_done(&w->rules);
    json_decref(w->facts);
    json_decref(w->now);
    json_decref(w->old);
    calendar_free(w->calendar);
    zone_free(w->zone);
}

static inline const struct rule *rule_of(const struct world *w)
{
    return &w->rules.set->rules[0];
}

static inline enum known moment_of(struct world *w, const char *record, struct timer_moment *ret)
{
    JV_AUTO *now = json_of(record);
    JV_AUTO *needs = json_array();
    struct scope scope = {
        .env = &w->env, .entity_type = ENTITY_DEAL, .facts = w->facts, .needs = needs};
    enum known known = timer_moment(rule_of(w), &rule_of(w)->triggers[0], &scope, now, NULL, ret);
    w->err = scope.err;
    return known;
}

#endif
