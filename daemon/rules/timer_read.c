/* The text of timers, and what a rule that has them must say. */

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/scan.h"
#include "daemon/model/field.h"
#include "daemon/rules/load.h"
#include "daemon/rules/scope.h"
#include "daemon/rules/suggest.h"
#include "daemon/rules/timer.h"
#include "daemon/rules/trigger_read.h"

/* api-reference/crm/universal/object-fields.md, tasks/fields.md, crm-activity-fields.md: the type
 * of the portal's own fields is not asked for at load. */
static const struct {
    const char *name;
    bool day;
} dates[] = {
    {"createdTime", false},  {"updatedTime", false}, {"movedTime", false},
    {"begindate", true},     {"closedate", true},    {"lastActivityTime", false},
    {"dateClosed", false},   {"birthdate", true},    {"actualDate", true},
    {"eventDate", false},    {"createdDate", false}, {"changedDate", false},
    {"deadline", false},     {"closedDate", false},  {"statusChangedDate", false},
    {"activityDate", false}, {"dateStart", false},   {"startDatePlan", false},
    {"endDatePlan", false},  {"CREATED", false},     {"LAST_UPDATED", false},
    {"START_TIME", false},   {"END_TIME", false},    {"DEADLINE", false},
};
enum { DATE_COUNT = sizeof dates / sizeof dates[0] };

bool timer_field_is_date(const char *name, bool *ret_day)
{
    for (size_t i = 0; i < DATE_COUNT; i++) {
        if (strcmp(dates[i].name, name) != 0)
            continue;
        *ret_day = dates[i].day;
        return true;
    }
    return false;
}

bool trigger_is_timer(const struct trigger *trigger)
{
    return trigger->kind == TRIGGER_BEFORE || trigger->kind == TRIGGER_AFTER ||
           trigger->kind == TRIGGER_IDLE || trigger->kind == TRIGGER_EVERY;
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char example[] = "2h before deal.closedate";

static bool not_in_cancel(struct reading *g)
{
    return !g->frame->cancel ||
           read_bad(&g->r, 0,
                    "\"%s\" is a timer, it starts a rule and stands in \"on\" only; what ends a "
                    "run here is something that happens, or a condition",
                    g->r.entry->value);
}

/* `length` bytes of the value from the cursor on. */
static bool read_span(struct reading *g, size_t length)
{
    size_t offset = 0;
    struct err err = {0};
    char *text = mem_strndup(g->r.entry->value + g->r.at, length);
    bool good = duration_parse(text, &g->out->span, &offset, &err);
    mem_free(text);
    if (!good)
        return read_bad(&g->r, g->r.at + offset, "%s", err.text);
    g->r.at += length;
    return true;
}

static bool can_be_timed(const struct entity_kind *kind)
{
    return kind->universal || kind->type == ENTITY_TASK || kind->type == ENTITY_ACTIVITY;
}

static bool read_owner(struct reading *g)
{
    const char *words[16];
    size_t count = 0, kind_count = 0;
    read_blanks(&g->r);
    size_t from = g->r.at;
    char *word = read_name(&g->r);
    const struct entity_kind *kind = word != NULL ? entity_kind_by_word(word) : NULL;
    const struct entity_kind *kinds = entity_kinds(&kind_count);
    for (size_t i = 0; i < kind_count && count < 16; i++)
        if (can_be_timed(&kinds[i]))
            words[count++] = kinds[i].word;
    struct place at = ini_value_place(g->r.entry, from);
    bool good = kind != NULL && can_be_timed(kind);
    if (good)
        g->out->entity_type = kind->type;
    else if (word == NULL)
        (void)read_bad(&g->r, from, "which field? write it with its owner: %s", example);
    else
        (void)suggest(g->r.diag, at, "owner of a date", word, words, count);
    mem_free(word);
    return good && (kind->type != ENTITY_ITEM || trigger_read_item(g));
}

/* Names of the kind's fields that hold dates, for people. */
static void list_dates(int type, char *out, size_t size)
{
    const char *words[256];
    size_t count = field_words(type, words, 256), used = 0;
    bool day;
    out[0] = '\0';
    for (size_t i = 0; i < count && used + 40 < size; i++) {
        const struct field *field = field_find(type, words[i]);
        if (field == NULL || strcmp(field->word, words[i]) != 0 ||
            !timer_field_is_date(field->name, &day))
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", words[i]);
    }
}

static bool read_date_field(struct reading *g, size_t owner_at)
{
    struct trigger *out = g->out;
    const struct entity_kind *kind = entity_kind_of(out->entity_type);
    if (!read_is(&g->r, '.'))
        return read_bad(&g->r, g->r.at, "which date of the %s? write its field: %s", kind->word,
                        example);
    if (!read_path(&g->r, owner_at, kind->word, &out->field))
        return false;
    if (out->field.count > 2)
        return read_bad(&g->r, out->field.parts[2].offset,
                        "a timer follows fields of the %s itself, not \"%s\"",
                        out->field.parts[0].text, out->field.text);
    const struct expr_names names = {.entity_type = out->entity_type};
    if (!path_check(&out->field, &names, g->r.entry, 0, g->r.diag))
        return false;
    const struct path_part *part = &out->field.parts[1];
    const struct field *field = part->quoted ? NULL : field_find(out->entity_type, part->text);
    bool day;
    if (field == NULL || timer_field_is_date(field->name, &day))
        return true;
    char known[300];
    list_dates(out->entity_type, known, sizeof known);
    return read_bad(&g->r, part->offset,
                    "\"%s\" of %s is no date; dates are: %s, and fields of your own", part->text,
                    kind->word, known);
}

/* Half a year, so that the times of two years do not meet. */
static bool is_short(const struct duration *span)
{
    static const int64_t hour_ms = 3600000;
    switch (span->unit) {
    case DURATION_PLAIN:
        return span->amount <= 183 * 24 * hour_ms;
    case DURATION_WORKDAYS:
        return span->amount <= 125;
    case DURATION_WORKTIME:
        return span->amount <= INT64_C(1000) * hour_ms;
    }
    return false;
}

/* `every year`, or nothing. */
static bool read_yearly(struct reading *g)
{
    struct trigger *out = g->out;
    const struct path_part *part = &out->field.parts[1];
    const struct field *field = part->quoted ? NULL : field_find(out->entity_type, part->text);
    read_blanks(&g->r);
    if (read_is(&g->r, '\0') && field != NULL && strcmp(field->name, "birthdate") == 0)
        return read_bad(&g->r, g->r.at, "a day of birth is past; it comes round: %s every year",
                        g->r.entry->value);
    if (!read_word(&g->r, "every"))
        return true;
    out->yearly = true;
    return read_expect(&g->r, "year") &&
           (is_short(&out->span) ||
            read_bad(&g->r, 0,
                     "what comes round every year is at most half a year before or after "
                     "its day"));
}

bool timer_read(struct reading *g)
{
    static const struct {
        const char *word;
        enum trigger_kind kind;
    } sides[] = {{" before", TRIGGER_BEFORE}, {" after", TRIGGER_AFTER}};
    const char *text = g->r.entry->value;
    for (size_t i = 0; i < 2; i++) {
        const char *side = strstr(text, sides[i].word);
        const char *quote = strchr(text, '"');
        size_t behind = side != NULL ? (size_t)(side - text) + strlen(sides[i].word) : 0;
        if (side == NULL || (quote != NULL && quote < side) ||
            (text[behind] != ' ' && text[behind] != '\0'))
            continue;
        if (!not_in_cancel(g) || !read_span(g, (size_t)(side - text)))
            return false;
        g->out->kind = sides[i].kind;
        g->r.at = behind;
        read_blanks(&g->r);
        size_t owner_at = g->r.at;
        return read_owner(g) && read_date_field(g, owner_at) && read_yearly(g);
    }
    return read_bad(&g->r, 0,
                    "a timer says \"before\" or \"after\" and a date: %s, 3 workdays after "
                    "deal.created",
                    example);
}

bool timer_read_idle(struct reading *g)
{
    const struct entity_kind *kind = entity_kind_of(g->out->entity_type);
    if (!not_in_cancel(g))
        return false;
    if (!kind->universal)
        return read_bad(&g->r, 0, "nobody knows when a %s was last touched, so it cannot be idle",
                        kind->word);
    read_blanks(&g->r);
    size_t from = g->r.at;
    if (read_is(&g->r, '\0'))
        return read_bad(&g->r, from, "for how long? write it: %s idle 3 workdays", kind->word);
    if (!read_span(g, strlen(g->r.entry->value) - from))
        return false;
    g->out->kind = TRIGGER_IDLE;
    return g->out->span.amount > 0 ||
           read_bad(&g->r, from, "for how long? write it: %s idle 3 workdays", kind->word);
}

bool timer_read_every(struct reading *g)
{
    static const char *const days[] = {"day",    "monday",   "tuesday", "wednesday", "thursday",
                                       "friday", "saturday", "sunday",  "weekday",   "workday"};
    size_t day = 0;
    if (!not_in_cancel(g) || !read_one_of(&g->r, "day", days, sizeof days / sizeof days[0], &day))
        return false;
    read_blanks(&g->r);
    struct scan s = {.text = g->r.entry->value, .at = g->r.at};
    if (scan_end(&s))
        return read_bad(&g->r, g->r.at, "at what time? write it: every %s 09:00", days[day]);
    struct scan_quote quote = scan_quote(&s);
    if (!scan_clock(&s, &g->out->minute_of_day) || !scan_break(&s) ||
        g->out->minute_of_day == 24 * 60)
        return read_bad(&g->r, g->r.at, "\"%s\" is not a time of day; write it as 09:00",
                        quote.text);
    g->out->kind = TRIGGER_EVERY;
    g->out->entity_type = ENTITY_NONE;
    g->out->every = (int)day; /* the enum follows the words */
    g->r.at = s.at;
    return true;
}

/* ---- the rule as a whole --------------------------------------------------------------------- */

static bool reckons_in_working_time(const struct trigger *trigger)
{
    if (!trigger_is_timer(trigger))
        return false;
    return trigger->kind == TRIGGER_EVERY ? trigger->every == EVERY_WORKDAY
                                          : trigger->span.unit != DURATION_PLAIN;
}

static bool has_calendar(const struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->entries[i].key, "calendar") == 0)
            return true;
    return false;
}

static void check_calendar(struct loader *loader, const struct ini_section *section,
                           const struct rule *rule, const struct trigger *trigger)
{
    const char *const *calendars = loader->names->calendars;
    bool several = calendars != NULL && calendars[0] != NULL && calendars[1] != NULL;
    if (several && !has_calendar(section))
        (void)diag_add(loader->diag, trigger->at,
                       "\"%s\" needs the key \"calendar\" in [rule %s], for there are several: "
                       "calendar = %s",
                       trigger->text, rule->name, calendars[0]);
}

/* The text is what one timer is told from another by. */
static void check_twice(struct loader *loader, const struct rule *rule,
                        const struct trigger *trigger)
{
    const struct trigger *first = timer_of(rule, trigger->text);
    if (first != trigger)
        (void)diag_add(loader->diag, trigger->at, "\"%s\" stands twice, first in line %d",
                       trigger->text, first->at.line);
}

static void check_every(struct loader *loader, const struct rule *rule,
                        const struct trigger *trigger)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL)
        (void)diag_add(loader->diag, trigger->at,
                       "\"%s\" happens to no %s, so the rule cannot speak of one", trigger->text,
                       kind->word);
}

void timer_check_rule(struct loader *loader, const struct ini_section *section,
                      const struct rule *rule)
{
    bool working = false;
    for (size_t i = 0; i < rule->trigger_count; i++) {
        const struct trigger *trigger = &rule->triggers[i];
        if (!trigger_is_timer(trigger))
            continue;
        check_twice(loader, rule, trigger);
        if (trigger->kind == TRIGGER_EVERY)
            check_every(loader, rule, trigger);
        if (!reckons_in_working_time(trigger))
            continue;
        working = true;
        check_calendar(loader, section, rule, trigger);
    }
    if (rule->calendar != NULL && !working && rule->trigger_count > 0)
        (void)diag_add(loader->diag, section->at,
                       "\"calendar\" of a rule is for its timers, and none of them reckons in "
                       "working time; steps have their own");
}
