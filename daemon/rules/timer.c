/* When timers go off. */

#include "daemon/rules/timer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/jv.h"
#include "daemon/model/need.h"
#include "daemon/rules/fieldname.h"

enum {
    DAY_MS = 86400000,
    MOST_DAYS = 3660, /* how far the next working day is looked for */
    DAYS_APART = 15,  /* between a moment and the date it is counted to, beyond the duration itself:
                         no row of days off is longer */
};

const struct trigger *timer_of(const struct rule *rule, const char *text)
{
    for (size_t i = 0; i < rule->trigger_count; i++)
        if (trigger_is_timer(&rule->triggers[i]) && strcmp(rule->triggers[i].text, text) == 0)
            return &rule->triggers[i];
    return NULL;
}

static const struct calendar *calendar_of(const struct rule *rule, const struct rules_env *env)
{
    if (rule->calendar != NULL)
        return env->calendar(env->calendar_arg, rule->calendar);
    return env->default_calendar;
}

/* ---- the field ------------------------------------------------------------------------------- */

static enum known type_of_field(struct scope *scope, int type, const struct field_info *info,
                                bool *ret_day)
{
    if (timer_field_is_date(info->name, ret_day))
        return KNOWN;
    const json_t *spec = info->spec;
    if (spec == NULL) {
        char argument[16], need[NEED_SIZE];
        const json_t *fields = NULL;
        (void)snprintf(argument, sizeof argument, "%d", type);
        need_print(NEED_FIELDS, argument, need);
        enum known known = scope_fact(scope, need, &fields);
        if (known != KNOWN)
            return known;
        spec = json_object_get(fields, info->name);
    }
    const char *word = entity_kind_of(type)->word;
    const char *is = jv_text(spec, "type", "");
    if (spec == NULL)
        return scope_bad(scope, "%s has no field \"%s\"", word, info->name);
    if (jv_flag(spec, "isMultiple"))
        return scope_bad(scope, "\"%s\" of %s holds several values, a timer needs one date",
                         info->name, word);
    *ret_day = strcmp(is, "date") == 0;
    if (*ret_day || strcmp(is, "datetime") == 0)
        return KNOWN;
    return scope_bad(scope, "\"%s\" of %s is no date, its type is \"%s\"", info->name, word, is);
}

static enum known find_field(const struct trigger *trigger, struct scope *scope,
                             struct field_info *ret, bool *ret_day)
{
    *ret_day = false;
    enum known known = field_describe(scope, trigger->entity_type, &trigger->field.parts[1], ret);
    return known == KNOWN ? type_of_field(scope, trigger->entity_type, ret, ret_day) : known;
}

enum known timer_field(const struct trigger *trigger, struct scope *scope, char out[96],
                       bool *ret_day)
{
    struct field_info info;
    *ret_day = false;
    if (trigger->kind == TRIGGER_IDLE) {
        (void)snprintf(out, 96, "updatedTime");
        return KNOWN;
    }
    enum known known = find_field(trigger, scope, &info, ret_day);
    if (known == KNOWN)
        (void)snprintf(out, 96, "%s", info.name);
    return known;
}

/* ---- moments --------------------------------------------------------------------------------- */

static bool reckon(const struct rule *rule, const struct trigger *trigger,
                   const struct rules_env *env, int64_t base_ms, struct timer_moment *ret,
                   struct err *err)
{
    int sign = trigger->kind == TRIGGER_BEFORE ? -1 : 1;
    ret->set =
        duration_apply(&trigger->span, sign, base_ms, calendar_of(rule, env), &ret->due_ms, err);
    return ret->set;
}

/* A date is midnight of that day in the portal's zone: the time beside it means nothing
 * (bitrix24.md §3.5). */
static bool read_base(const struct zone *zone, const char *text, bool day, int64_t *ret_ms,
                      char base[TIMER_BASE_SIZE])
{
    char date[11];
    (void)snprintf(date, sizeof date, "%s", text);
    if (!zone_parse_iso(zone, day ? date : text, ret_ms))
        return false;
    zone_iso(zone, *ret_ms, base);
    if (day)
        memcpy(base, date, sizeof date);
    return true;
}

/* The same day and time of another year; who was born on the 29th of February has his day on the
 * 28th where there is no other. */
static int64_t same_day(const struct zone *zone, struct civil first, int year)
{
    int days = date_month_days(year, first.month);
    first.year = year;
    first.day = first.day < days ? first.day : days;
    return zone_moment(zone, first);
}

/* What comes round every year: the first that goes off at `from` or later, or the one counted from
 * `standing`. Neither is more than a year before the earlier of the two, for no span is longer than
 * half a year. */
static bool come_round(const struct rule *rule, const struct trigger *trigger,
                       const struct rules_env *env, int64_t first_ms, bool day, int64_t from_ms,
                       const char *standing, struct timer_moment *ret, struct err *err)
{
    const struct zone *zone = env->zone;
    struct civil first = zone_local(zone, first_ms);
    int64_t standing_ms = from_ms;
    (void)zone_parse_iso(zone, standing, &standing_ms);
    int year = zone_local(zone, standing_ms < from_ms ? standing_ms : from_ms).year - 1;
    for (year = year > first.year ? year : first.year;; year++) {
        int64_t base_ms = same_day(zone, first, year);
        if (!reckon(rule, trigger, env, base_ms, ret, err))
            return false;
        zone_iso(zone, base_ms, ret->base);
        if (day)
            ret->base[strlen("2026-01-20")] = '\0';
        if (ret->due_ms >= from_ms || strcmp(ret->base, standing) == 0)
            return true;
    }
}

static enum known moment_of_field(const struct rule *rule, const struct trigger *trigger,
                                  struct scope *scope, const json_t *record, const struct run *set,
                                  struct timer_moment *ret)
{
    struct field_info info;
    struct err err = {0};
    bool day;
    int64_t base_ms;
    enum known known = find_field(trigger, scope, &info, &day);
    if (known != KNOWN)
        return known;
    const char *text = jv_text(record, info.name, "");
    if (text[0] == '\0')
        return KNOWN;
    if (!read_base(scope->env->zone, text, day, &base_ms, ret->base))
        return scope_bad(scope, "%s: \"%.40s\" is not a date", trigger->text, text);
    bool good = trigger->yearly ? come_round(rule, trigger, scope->env, base_ms, day,
                                             scope->env->now_ms, timer_base(set), ret, &err)
                                : reckon(rule, trigger, scope->env, base_ms, ret, &err);
    return good ? KNOWN : scope_bad(scope, "%s: %s", trigger->text, err.text);
}

/* product.md §2.2: nothing in updatedTime or lastActivityTime. */
static enum known moment_of_rest(const struct rule *rule, const struct trigger *trigger,
                                 struct scope *scope, const json_t *record,
                                 struct timer_moment *ret)
{
    static const char *const touched[] = {"updatedTime", "lastActivityTime"};
    struct err err = {0};
    int64_t last_ms = INT64_MIN, ms;
    for (size_t i = 0; i < 2; i++)
        if (zone_parse_iso(scope->env->zone, jv_text(record, touched[i], ""), &ms) && ms > last_ms)
            last_ms = ms;
    if (last_ms == INT64_MIN)
        return KNOWN;
    zone_iso(scope->env->zone, last_ms, ret->base);
    return reckon(rule, trigger, scope->env, last_ms, ret, &err)
               ? KNOWN
               : scope_bad(scope, "%s: %s", trigger->text, err.text);
}

enum known timer_moment(const struct rule *rule, const struct trigger *trigger, struct scope *scope,
                        const json_t *record, const struct run *set, struct timer_moment *ret)
{
    *ret = (struct timer_moment){0};
    return trigger->kind == TRIGGER_IDLE ? moment_of_rest(rule, trigger, scope, record, ret)
                                         : moment_of_field(rule, trigger, scope, record, set, ret);
}

static bool is_the_day(const struct trigger *trigger, const struct calendar *calendar,
                       const struct civil *day, int64_t at_ms)
{
    switch (trigger->every) {
    case EVERY_DAY:
        return true;
    case EVERY_WEEKDAY:
        return day->weekday <= 5;
    case EVERY_WORKDAY:
        return calendar_is_workday(calendar, at_ms);
    default:
        return day->weekday == trigger->every;
    }
}

bool timer_comes_again(const struct trigger *trigger)
{
    return trigger->kind == TRIGGER_EVERY || trigger->yearly;
}

static bool next_year(const struct rule *rule, const struct trigger *trigger,
                      const struct rules_env *env, int64_t after_ms, const char *base,
                      struct timer_moment *ret, struct err *err)
{
    int64_t base_ms;
    bool day = strchr(base, 'T') == NULL;
    *ret = (struct timer_moment){0};
    if (!zone_parse_iso(env->zone, base, &base_ms))
        return err_set(err, "\"%s\" is not a date", base);
    return come_round(rule, trigger, env, base_ms, day, after_ms + 1, "", ret, err);
}

bool timer_next(const struct rule *rule, const struct trigger *trigger, const struct rules_env *env,
                int64_t after_ms, const char *base, struct timer_moment *ret, struct err *err)
{
    if (trigger->yearly)
        return next_year(rule, trigger, env, after_ms, base, ret, err);
    const struct calendar *calendar = calendar_of(rule, env);
    struct civil time = zone_local(env->zone, after_ms);
    if (trigger->every == EVERY_WORKDAY && calendar == NULL)
        return err_set(err, "there are several calendars, the rule must name one");
    time.hour = 0;
    time.minute = trigger->minute_of_day;
    time.second = time.ms = 0;
    for (int i = 0; i < MOST_DAYS; i++, time.day++) {
        int64_t at_ms = zone_moment(env->zone, time);
        struct civil day = zone_local(env->zone, at_ms);
        if (at_ms <= after_ms || !is_the_day(trigger, calendar, &day, at_ms))
            continue;
        *ret = (struct timer_moment){.set = true, .due_ms = at_ms};
        zone_iso(env->zone, at_ms, ret->base);
        return true;
    }
    return err_set(err, "the calendar has no working day within ten years");
}

bool timer_bounds(const struct rule *rule, const struct trigger *trigger,
                  const struct rules_env *env, int64_t from_ms, int64_t to_ms, int64_t *ret_least,
                  int64_t *ret_most, struct err *err)
{
    const struct calendar *calendar = calendar_of(rule, env);
    int sign = trigger->kind == TRIGGER_BEFORE ? 1 : -1;
    int64_t apart = (int64_t)(trigger->span.unit == DURATION_PLAIN ? 1 : DAYS_APART) * DAY_MS;
    if (!duration_apply(&trigger->span, sign, from_ms, calendar, ret_least, err) ||
        !duration_apply(&trigger->span, sign, to_ms, calendar, ret_most, err))
        return false;
    *ret_least -= apart;
    *ret_most += apart;
    return true;
}

int64_t timer_years_back(const struct zone *zone, int64_t bound_ms, int years)
{
    struct civil then = zone_local(zone, bound_ms);
    then.year -= years;
    return zone_moment(zone, then);
}

/* ---- may it be set --------------------------------------------------------------------------- */

const char *timer_late(const struct rule *rule, int64_t due_ms, int64_t started_ms, int64_t now_ms)
{
    int64_t overdue = now_ms - due_ms;
    bool outage = due_ms < started_ms || overdue >= TIMER_SLACK_MS;
    if (overdue <= 0 || !outage || rule->late == LATE_RUN)
        return NULL;
    if (rule->late == LATE_SKIP)
        return "overdue after an outage (late = skip)";
    return overdue > rule->late_ms ? "overdue by more than late allows" : NULL;
}

static bool refuse(char reason[160], const char *why)
{
    (void)snprintf(reason, 160, "%s", why);
    return false;
}

bool timer_admit(const struct rule *rule, const struct timer_moment *moment,
                 const struct timer_known *known, int64_t now_ms, const struct zone *zone,
                 char reason[160])
{
    char at[26];
    int64_t overdue = now_ms - moment->due_ms;
    reason[0] = '\0';
    if (known->over && (!known->left || overdue >= 0))
        return false;
    zone_iso(zone, moment->due_ms, at);
    if (moment->due_ms < known->born_ms) {
        (void)snprintf(reason, 160, "its moment, %s, is from before the rule", at);
        return false;
    }
    if (overdue < TIMER_SLACK_MS && moment->due_ms >= known->started_ms)
        return true;
    /* What was changed before the moment, or while nobody listened, was missed. The portal's times
     * are whole seconds: the one in which we started counts as ours. */
    bool missed =
        moment->due_ms >= known->since_ms &&
        (known->updated_ms <= moment->due_ms || known->updated_ms + 1000 <= known->started_ms);
    if (!missed && (rule->late != LATE_WITHIN || overdue > rule->late_ms)) {
        (void)snprintf(reason, 160, "its moment, %s, is past already", at);
        return false;
    }
    const char *late = timer_late(rule, moment->due_ms, known->started_ms, now_ms);
    return late == NULL || refuse(reason, late);
}

/* ---- in the run ------------------------------------------------------------------------------ */

void timer_write(struct run *run, const struct trigger *trigger, const struct timer_moment *moment,
                 const struct zone *zone)
{
    char at[26];
    if (run->vars == NULL)
        run->vars = json_object();
    (void)json_object_set_new(run->vars, "timer",
                              json_pack("{s:o, s:s, s:I}", "trigger", jv_string_new(trigger->text),
                                        "base", moment->base, "due_ms",
                                        (json_int_t)moment->due_ms));
    run->due_ms = moment->due_ms;
    zone_iso(zone, moment->due_ms, at);
    if (trigger->kind == TRIGGER_EVERY)
        (void)snprintf(run->reason, sizeof run->reason, "%s", trigger->text);
    else
        (void)snprintf(run->reason, sizeof run->reason, "%.200s (%s %s)", trigger->text,
                       trigger->kind == TRIGGER_IDLE ? "touched" : "it is", moment->base);
}

const char *timer_text(const struct run *run)
{
    return jv_text(run->vars, "timer.trigger", "");
}

const char *timer_base(const struct run *run)
{
    return run != NULL ? jv_text(run->vars, "timer.base", "") : "";
}

int64_t timer_due_ms(const struct run *run)
{
    return jv_int(run->vars, "timer.due_ms", run->due_ms);
}
