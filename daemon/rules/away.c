/* Who is there: bitrix24.md §8.10. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/choice.h"
#include "daemon/rules/team.h"
#include "daemon/rules/who.h"

enum { MOST_DEPUTIES = 10, WHY_SIZE = 64 };

static struct date today_of(const struct scope *scope)
{
    struct civil now = zone_local(scope->env->zone, scope->env->now_ms);
    return (struct date){now.year, now.month, now.day};
}

static enum known presence(struct scope *scope, int64_t id, const json_t **ret)
{
    char argument[64], need[NEED_SIZE];
    struct date day = today_of(scope);
    (void)snprintf(argument, sizeof argument, "%" PRId64 ":%04d-%02d-%02d", id, day.year, day.month,
                   day.day);
    need_print(NEED_PRESENCE, argument, need);
    return scope_fact(scope, need, ret);
}

/* An entry of whole days has the midnights that begin its first and its last day, in whatever zone:
 * twelve hours later it is that date everywhere. */
static bool covers_today(const struct scope *scope, int64_t from_s, int64_t to_s)
{
    enum { NOON = DATE_DAY_SECONDS / 2 };
    struct date day = today_of(scope);
    int64_t today = date_number(day.year, day.month, day.day);
    return date_floor_div(from_s + NOON, DATE_DAY_SECONDS) <= today &&
           today <= date_floor_div(to_s + NOON, DATE_DAY_SECONDS);
}

static bool is_absent(const struct scope *scope, const json_t *facts)
{
    int64_t now_s = scope->env->now_ms / 1000;
    size_t i;
    json_t *entry;
    json_array_foreach (json_object_get(facts, "absent"), i, entry) {
        int64_t from_s = jv_int(entry, "from", 0), to_s = jv_int(entry, "to", 0);
        if (jv_flag(entry, "days") ? covers_today(scope, from_s, to_s)
                                   : from_s <= now_s && now_s < to_s)
            return true;
    }
    return false;
}

/* CLOSED is also said of somebody who has never begun a day: he is not counted, not absent. */
static bool has_closed(const json_t *facts)
{
    return strcmp(jv_text(facts, "status", ""), "CLOSED") == 0 &&
           !jv_is_empty(json_object_get(facts, "start"));
}

enum known team_away(struct scope *scope, int64_t id, bool day, bool *ret, char why[WHY_SIZE])
{
    const json_t *record = NULL, *facts = NULL;
    enum known known = user_record(scope, id, &record);
    enum known other = presence(scope, id, &facts);
    *ret = true;
    if (known != KNOWN || other != KNOWN)
        return known == KNOWN ? other : known;
    if (user_has_left(record))
        (void)snprintf(why, WHY_SIZE, "is dismissed");
    else if (is_absent(scope, facts))
        (void)snprintf(why, WHY_SIZE, "is absent");
    else if (day && has_closed(facts))
        (void)snprintf(why, WHY_SIZE, "has closed the day");
    else
        *ret = false;
    return KNOWN;
}

/* ---- deputies -------------------------------------------------------------------------------- */

/* Of a name nobody bears the rule does not die: the user himself stays. */
static enum known user_if_any(struct scope *scope, const char *text, int64_t *ret)
{
    enum known known = user_of_text(scope, text, ret);
    if (known != KNOWN_BAD)
        return known;
    scope->err.text[0] = '\0';
    *ret = 0;
    return KNOWN;
}

static bool is_dated(const struct substitute *s)
{
    return s->from[0] != '\0' || s->until[0] != '\0';
}

static bool in_dates(const struct scope *scope, const struct substitute *s)
{
    char day[40];
    struct date now = today_of(scope);
    (void)snprintf(day, sizeof day, "%04d-%02d-%02d", now.year, now.month, now.day);
    return (s->from[0] == '\0' || strcmp(s->from, day) <= 0) &&
           (s->until[0] == '\0' || strcmp(day, s->until) <= 0);
}

/* The one that speaks of today: one user may have several, of other days each. NULL when he has
 * none. All names are asked for at once. */
static enum known substitute_of(struct scope *scope, int64_t id, const struct substitute **ret)
{
    const struct staff *staff = scope->env->staff;
    enum known all = KNOWN;
    *ret = NULL;
    for (int i = 0; staff != NULL && i < staff->substitute_count; i++) {
        const struct substitute *s = &staff->substitutes[i];
        int64_t user = 0;
        if (user_if_any(scope, s->user, &user) != KNOWN)
            all = KNOWN_NOT;
        else if (user == id && *ret == NULL && (!is_dated(s) || in_dates(scope, s)))
            *ret = s;
    }
    return all;
}

/* Who is to have it instead of him; himself when he is there. */
static enum known next_deputy(struct scope *scope, int64_t id, int64_t *ret, bool *ret_keeps,
                              char why[WHY_SIZE])
{
    const struct substitute *substitute;
    enum known known = substitute_of(scope, id, &substitute);
    bool away = false;
    *ret = id;
    *ret_keeps = false;
    if (known != KNOWN || substitute == NULL)
        return known;
    *ret_keeps = substitute->keeps;
    if (!is_dated(substitute)) {
        known = team_away(scope, id, false, &away, why);
    } else {
        away = true;
        (void)snprintf(why, WHY_SIZE, "is away by [substitute]");
    }
    if (known != KNOWN || !away)
        return known;
    known = user_if_any(scope, substitute->deputy, ret);
    if (known == KNOWN && *ret == 0)
        *ret = id;
    return known;
}

/* A deputy who is away too has a deputy of his own, perhaps. */
static enum known deputy_of(struct scope *scope, int64_t id, int64_t *ret)
{
    char slot[CHOICE_SLOT_SIZE], say[320] = "", why[WHY_SIZE] = "";
    size_t said = 0;
    (void)snprintf(slot, sizeof slot, CHOICE_DEPUTY "%" PRId64, id);
    if (choice_made(scope, slot, ret))
        return KNOWN;
    int64_t at = id;
    bool keeps = false;
    for (int i = 0; i < MOST_DEPUTIES; i++) {
        int64_t next = at;
        bool this_keeps;
        enum known known = next_deputy(scope, at, &next, &this_keeps, why);
        if (known != KNOWN)
            return known;
        if (next == at || next == id)
            break;
        int size = snprintf(say + said, sizeof say - said,
                            "%suser %" PRId64 " %s: user %" PRId64 " stands in",
                            said > 0 ? "; " : "", at, why, next);
        said += (size_t)size < sizeof say - said ? (size_t)size : 0;
        keeps = keeps || this_keeps;
        at = next;
    }
    *ret = at;
    choice_make(scope, slot, at, say);
    if (keeps && scope->picks != NULL)
        (void)json_object_set_new(json_object_get(scope->picks, slot), "keeps", json_true());
    return KNOWN;
}

static void add_once(json_t *ids, int64_t id)
{
    size_t i;
    json_t *known;
    json_array_foreach (ids, i, known)
        if (json_integer_value(known) == id)
            return;
    (void)json_array_append_new(ids, json_integer(id));
}

enum known team_stand_ins(struct scope *scope, json_t **ids)
{
    const struct staff *staff = scope->env->staff;
    enum known all = KNOWN;
    size_t i;
    json_t *id;
    if (staff == NULL || staff->substitute_count == 0)
        return KNOWN;
    JV_AUTO *out = json_array();
    json_array_foreach (*ids, i, id) {
        int64_t who = 0;
        enum known known = deputy_of(scope, json_integer_value(id), &who);
        if (known != KNOWN)
            all = known;
        else
            add_once(out, who);
    }
    if (all != KNOWN)
        return all;
    json_decref(*ids);
    *ids = json_incref(out);
    return KNOWN;
}

enum known team_is_back(struct scope *scope, int64_t id, bool *ret)
{
    char why[WHY_SIZE];
    int64_t next = 0;
    bool keeps;
    enum known known = next_deputy(scope, id, &next, &keeps, why);
    *ret = next == id;
    return known;
}
