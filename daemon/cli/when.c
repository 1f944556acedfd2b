#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "daemon/cli/out.h"
#include "daemon/cli/verb.h"
#include "daemon/config/config.h"
#include "daemon/rules/timer.h"

/* What the answer is reckoned with. */
struct frame {
    struct config *config; /* NULL: it cannot be loaded, and the usual week is taken */
    const struct zone *zone;
    const struct calendar *calendar;
    const char *calendar_name;
    struct zone *own_zone; /* without a configuration */
    struct calendar *own_calendar;
};

/* A duration, a moment that names its own beginning, or a timer that comes again and again. */
struct question {
    enum asked { ASKED_DURATION, ASKED_MOMENT, ASKED_EVERY } kind;
    struct duration duration;
    struct moment moment;
    struct ruleset *rules; /* ASKED_EVERY: of the one rule that has it */
};

static bool usual_week(const struct args *args, struct frame *f, struct err *err)
{
    const char *name = args_text(args, OPTION_CALENDAR, NULL);
    if (name != NULL)
        return err_set(err, "no calendar \"%s\": %s cannot be loaded, b24bridge check says why",
                       name, verb_config(args));
    f->own_zone = zone_load("Europe/Moscow", err);
    if (f->own_zone == NULL)
        return false;
    f->own_calendar = calendar_new_plain(f->own_zone);
    f->zone = f->own_zone;
    f->calendar = f->own_calendar;
    f->calendar_name = "Monday to Friday 09:00-18:00";
    return true;
}

static bool choose_calendar(const struct args *args, const struct rules_env *env, struct frame *f,
                            struct err *err)
{
    const char *name = args_text(args, OPTION_CALENDAR, NULL);
    f->calendar = name != NULL ? env->calendar(env->calendar_arg, name) : env->default_calendar;
    if (name != NULL && f->calendar == NULL)
        return err_set(err, "no calendar \"%s\" in the configuration", name);
    f->calendar_name = name != NULL                     ? name
                       : f->config->calendar_count == 1 ? f->config->calendars[0].name
                                                        : "Monday to Friday 09:00-18:00";
    return true;
}

static bool make_frame(const struct args *args, struct frame *f, struct err *err)
{
    struct diag diag;
    diag_init(&diag);
    f->config = config_load(verb_config(args), &diag);
    diag_done(&diag);
    if (f->config == NULL)
        return usual_week(args, f, err);
    const char *name = args_text(args, OPTION_PORTAL, f->config->portals[0].name);
    const struct config_portal *portal = config_portal(f->config, name);
    if (portal == NULL)
        return err_set(err, "no portal \"%s\" in the configuration", name);
    struct rules_env env;
    config_env(f->config, portal, 0, 0, &env);
    f->zone = env.zone;
    return choose_calendar(args, &env, f, err);
}

static void frame_done(struct frame *f)
{
    config_free(f->config);
    calendar_free(f->own_calendar);
    zone_free(f->own_zone);
}

/* `every …` is read where rules are: as the trigger of one. */
static bool read_every(const char *text, struct question *ret, struct err *err)
{
    static const struct ruleset_names names = {0};
    struct diag diag;
    char *rule = mem_printf("[rule when]\non = %s\n[then stop]\n", text);
    diag_init(&diag);
    struct ini *ini = ini_parse("when", rule, strlen(rule), &diag);
    *ret = (struct question){.kind = ASKED_EVERY, .rules = ruleset_new()};
    ruleset_load(ret->rules, ini, &names, &diag);
    bool good = diag_kept(&diag) == 0 && ret->rules->count == 1;
    const char *said = diag_kept(&diag) > 0 ? strstr(diag.entries[0].text, ": ") : NULL;
    if (!good)
        (void)err_set(err, "%s", said != NULL ? said + 2 /* behind the place */ : "no such timer");
    diag_done(&diag);
    ini_free(ini);
    mem_free(rule);
    return good;
}

static bool read_question(const char *text, struct question *ret, struct err *err)
{
    size_t offset = 0;
    *ret = (struct question){.kind = ASKED_MOMENT};
    if (strncmp(text, "until ", 6) == 0)
        return moment_parse_until(text + 6, &ret->moment, &offset, err);
    if (strncmp(text, "every ", 6) == 0)
        return read_every(text, ret, err);
    if (text[0] < '0' || text[0] > '9' || zone_is_iso(text))
        return moment_parse(text, &ret->moment, &offset, err);
    ret->kind = ASKED_DURATION;
    return duration_parse(text, &ret->duration, &offset, err);
}

static bool needs_calendar(const struct question *q)
{
    switch (q->kind) {
    case ASKED_DURATION:
        return q->duration.unit != DURATION_PLAIN;
    case ASKED_MOMENT:
        return moment_needs_calendar(&q->moment);
    case ASKED_EVERY:
        return q->rules->rules[0].triggers[0].every == EVERY_WORKDAY;
    }
    return false;
}

static bool reckon_every(const struct question *q, const struct frame *f, int64_t from,
                         int64_t *ret, struct err *err)
{
    const struct rules_env env = {.zone = f->zone, .default_calendar = f->calendar};
    struct timer_moment moment;
    if (!timer_next(&q->rules->rules[0], &q->rules->rules[0].triggers[0], &env, from, "", &moment,
                    err))
        return false;
    *ret = moment.due_ms;
    return true;
}

static bool reckon(const struct question *q, const struct frame *f, int64_t from, int64_t *ret,
                   struct err *err)
{
    if (needs_calendar(q) && f->calendar == NULL)
        return err_set(err, "there are several calendars; name one with --calendar");
    switch (q->kind) {
    case ASKED_DURATION:
        return duration_apply(&q->duration, 1, from, f->calendar, ret, err);
    case ASKED_MOMENT:
        return moment_reckon(&q->moment, from, f->zone, f->calendar, ret, err);
    case ASKED_EVERY:
        return reckon_every(q, f, from, ret, err);
    }
    return false;
}

static void print(const struct args *args, const struct frame *f, int64_t from, int64_t at)
{
    char from_iso[26], at_iso[26], day[40];
    zone_iso(f->zone, from, from_iso);
    zone_iso(f->zone, at, at_iso);
    if (!zone_format(f->zone, at, "%A", day, sizeof day))
        day[0] = '\0';
    const char *calendar = f->calendar != NULL ? f->calendar_name : "none";
    if (args_has(args, OPTION_JSON)) {
        json_t *answer =
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "expression", args->operands[0], "from",
                      from_iso, "at", at_iso, "calendar", calendar, "timezone", zone_name(f->zone));
        out_json(answer);
        json_decref(answer);
        return;
    }
    char from_text[24], at_text[24];
    out_time(from_iso, from_text);
    out_time(at_iso, at_text);
    out_line("%s (%s)", at_text, day);
    out_line("%s, from %s, %s, calendar: %s", args->operands[0], from_text, zone_name(f->zone),
             calendar);
}

static enum exit_code run(const struct args *args)
{
    struct frame f = {0};
    struct question question = {0};
    struct err err = {0};
    int64_t from = clock_wall_ms(), at = 0;
    const char *from_text = args_text(args, OPTION_FROM, NULL);
    enum exit_code code = EXIT_UNABLE;
    if (!read_question(args->operands[0], &question, &err) || !make_frame(args, &f, &err))
        goto out;
    if (from_text != NULL && !zone_parse_iso(f.zone, from_text, &from)) {
        (void)err_set(&err, "\"%s\" is no date; write it as \"2026-01-20 10:00\"", from_text);
        goto out;
    }
    if (!reckon(&question, &f, from, &at, &err))
        goto out;
    print(args, &f, from, at);
    code = EXIT_YES;
out:
    if (code != EXIT_YES)
        out_complain("%s", err.text);
    ruleset_free(question.rules);
    frame_done(&f);
    return code;
}

const struct verb verb_when = {
    .name = "when",
    .operands = "\"3 workdays\"",
    .help =
        "what a duration, a moment or \"every workday 09:00\" means, reckoned from a given time",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_PORTAL) |
               OPTION_BIT(OPTION_CALENDAR) | OPTION_BIT(OPTION_FROM),
    .least = 1,
    .most = 1,
    .run = run,
};
