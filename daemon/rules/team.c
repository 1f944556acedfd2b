#include "daemon/rules/team.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/choice.h"
#include "daemon/rules/who.h"

enum { SAY_SIZE = 320, MOST_SAID = 90 /* letters */ };

/* One choice in the making. */
struct draw {
    struct scope *scope;
    const struct team *team;
    int64_t ids[TEAM_MOST_MEMBERS]; /* 0: nobody is called so */
    bool there[TEAM_MOST_MEMBERS];
    int64_t load[TEAM_MOST_MEMBERS];
    const json_t *rotation; /* {"turn","last","given"} */
    struct buf say;         /* who was passed over, and why */
};

static const struct team *team_find(const struct staff *staff, const char *name)
{
    for (int i = 0; staff != NULL && i < staff->team_count; i++)
        if (strcmp(staff->teams[i].name, name) == 0)
            return &staff->teams[i];
    return NULL;
}

static void pass_over(struct draw *d, int i, const char *why)
{
    d->there[i] = false;
    buf_printf(&d->say, "%s%s %s", d->say.size > 0 ? ", " : "", d->team->members[i], why);
}

/* ---- members --------------------------------------------------------------------------------- */

/* A member whom the portal does not know takes the others with him into nothing: he is passed over,
 * and it is said. */
static enum known find_members(struct draw *d)
{
    enum known all = KNOWN;
    for (int i = 0; i < d->team->member_count; i++) {
        enum known known = user_of_text(d->scope, d->team->members[i], &d->ids[i]);
        d->there[i] = known == KNOWN;
        if (known == KNOWN_NOT)
            all = KNOWN_NOT;
        if (known != KNOWN_BAD)
            continue;
        d->scope->err.text[0] = '\0';
        pass_over(d, i, "is not known to the portal");
    }
    return all;
}

/* Nothing is given to somebody who has left, whatever `skip` says. */
static enum known has_left(struct draw *d, int i, bool *ret)
{
    const json_t *record = NULL;
    enum known known = user_record(d->scope, d->ids[i], &record);
    *ret = known == KNOWN && user_has_left(record);
    return known;
}

static enum known look_around(struct draw *d)
{
    enum known all = KNOWN;
    for (int i = 0; i < d->team->member_count; i++) {
        char why[64] = "is dismissed";
        bool away = false;
        if (!d->there[i])
            continue;
        enum known known = d->team->skip_absent ? team_away(d->scope, d->ids[i], true, &away, why)
                                                : has_left(d, i, &away);
        if (known != KNOWN)
            all = known;
        else if (away)
            pass_over(d, i, why);
    }
    return all;
}

/* ---- the order ------------------------------------------------------------------------------- */

/* Open tasks and to-dos, and what the team gave him since this sitting began and cannot be seen
 * there yet: of thirty leads in one second not all go to the same. */
static enum known weigh(struct draw *d)
{
    enum known all = KNOWN;
    for (int i = 0; i < d->team->member_count; i++) {
        char id[24], need[NEED_SIZE];
        const json_t *load = NULL;
        if (!d->there[i])
            continue;
        (void)snprintf(id, sizeof id, "%" PRId64, d->ids[i]);
        need_print(NEED_LOAD, id, need);
        enum known known = scope_fact(d->scope, need, &load);
        if (known != KNOWN)
            all = known;
        else
            d->load[i] = jv_int(load, "", 0) + jv_int(json_object_get(d->rotation, "given"), id, 0);
    }
    return all;
}

/* The one behind whoever was chosen last; the first when he is no member any more. */
static int rotation_start(const struct draw *d)
{
    int64_t last = jv_int(d->rotation, "last", 0);
    for (int i = 0; last > 0 && i < d->team->member_count; i++)
        if (d->ids[i] == last)
            return (i + 1) % d->team->member_count;
    return 0;
}

/* The first with the least load, in the order of rotation; loads are all 0 without `least-busy`. */
static int by_rotation(const struct draw *d)
{
    int best = -1, count = d->team->member_count, start = rotation_start(d);
    for (int k = 0; k < count; k++) {
        int i = (start + k) % count;
        if (d->there[i] && (best < 0 || d->load[i] < d->load[best]))
            best = i;
    }
    return best;
}

/* splitmix64: run ids come one after the other, and so must not decide by themselves. */
static uint64_t scatter(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static int count_present(const struct draw *d)
{
    int present = 0;
    for (int i = 0; i < d->team->member_count; i++)
        present += d->there[i];
    return present;
}

/* `present` of the members are there. */
static int by_chance(const struct draw *d, int present)
{
    int nth = present > 0 ? (int)(scatter(d->scope->env->seed) % (uint64_t)present) : 0;
    int i = 0;
    while (!d->there[i] || nth-- > 0)
        i++;
    return i;
}

/* ---- the choice ------------------------------------------------------------------------------ */

static void say_choice(const struct draw *d, int64_t id, const char *how, char out[SAY_SIZE])
{
    (void)snprintf(out, SAY_SIZE, "team %s: user %" PRId64 ", %s%s%.*s", d->team->name, id, how,
                   d->say.size > 0 ? "; " : "", (int)utf8_prefix(d->say.data, MOST_SAID),
                   d->say.data);
}

static enum known fall_back(struct draw *d, const char *slot, json_t *ids)
{
    char say[SAY_SIZE];
    int64_t id = 0;
    d->scope->later = d->team->fallback == NULL;
    if (d->team->fallback == NULL)
        return scope_bad(d->scope, "nobody of team \"%s\" is there: %.*s; it has no fallback",
                         d->team->name, (int)utf8_prefix(d->say.data, MOST_SAID), d->say.data);
    enum known known = user_of_text(d->scope, d->team->fallback, &id);
    if (known != KNOWN)
        return known;
    say_choice(d, id, "the fallback", say);
    choice_make(d->scope, slot, id, say);
    (void)json_array_append_new(ids, json_integer(id));
    return KNOWN;
}

static enum known draw_rotation(struct draw *d)
{
    char need[NEED_SIZE];
    need_print(NEED_TEAM, d->team->name, need);
    enum known known = scope_fact(d->scope, need, &d->rotation);
    enum known other = d->team->order == TEAM_LEAST_BUSY ? weigh(d) : KNOWN;
    return known == KNOWN ? other : known;
}

static enum known draw_one(struct draw *d, const char *slot, json_t *ids)
{
    static const char *const hows[] = {"whose turn it is", "who has least to do", "by chance"};
    char say[SAY_SIZE];
    enum known known = find_members(d);
    if (known == KNOWN)
        known = look_around(d);
    if (known == KNOWN && count_present(d) == 0)
        return fall_back(d, slot, ids);
    if (known == KNOWN && d->team->order != TEAM_RANDOM)
        known = draw_rotation(d);
    if (known != KNOWN)
        return known;
    int i = d->team->order == TEAM_RANDOM ? by_chance(d, count_present(d)) : by_rotation(d);
    say_choice(d, d->ids[i], hows[d->team->order], say);
    if (d->team->order == TEAM_RANDOM) {
        choice_make(d->scope, slot, d->ids[i], say);
        (void)json_array_append_new(ids, json_integer(d->ids[i]));
        return KNOWN;
    }
    choice_propose(d->scope, slot, d->ids[i], say, d->team->name, jv_int(d->rotation, "turn", 0));
    return KNOWN_NOT;
}

static enum known one_of(struct scope *scope, const struct team *team, json_t *ids)
{
    char slot[CHOICE_SLOT_SIZE];
    int64_t id = 0;
    (void)snprintf(slot, sizeof slot, "team %s", team->name);
    if (choice_made(scope, slot, &id)) {
        (void)json_array_append_new(ids, json_integer(id));
        return KNOWN;
    }
    struct draw *d = mem_alloc(sizeof *d);
    *d = (struct draw){.scope = scope, .team = team};
    buf_init(&d->say, 4096);
    buf_text(&d->say, "");
    enum known known = draw_one(d, slot, ids);
    buf_done(&d->say);
    mem_free(d);
    return known;
}

static enum known all_of(struct scope *scope, const struct team *team, json_t *ids)
{
    enum known all = KNOWN;
    for (int i = 0; i < team->member_count; i++) {
        int64_t id = 0;
        enum known known = user_of_text(scope, team->members[i], &id);
        if (known == KNOWN_BAD)
            scope->err.text[0] = '\0';
        else if (known == KNOWN_NOT)
            all = KNOWN_NOT;
        else
            (void)json_array_append_new(ids, json_integer(id));
    }
    return all;
}

enum known team_users(struct scope *scope, const char *name, json_t *ids)
{
    const struct team *team = team_find(scope->env->staff, name);
    if (team == NULL)
        return scope_bad(scope, "unknown team \"%s\"", name);
    return scope->one_of_team ? one_of(scope, team, ids) : all_of(scope, team, ids);
}
