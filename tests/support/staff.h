#ifndef TESTS_SUPPORT_STAFF_H
#define TESTS_SUPPORT_STAFF_H

/* Teams to choose from, for tests: users 1 to 9 who are all there at noon of 2026-01-20 in Moscow,
 * and the facts of them. */

#include <check.h>
#include <stdio.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"
#include "daemon/rules/choice.h"
#include "daemon/rules/team.h"

enum { STAFF_USERS = 9 };

struct staff_bench {
    struct zone *zone;
    struct rules_env env;
    struct team team; /* "t" */
    struct staff staff;
    char *members[STAFF_USERS]; /* "1" … */
    json_t *facts;
};

static inline void staff_bench_init(struct staff_bench *b, int members, enum team_order order)
{
    struct err err = {0};
    char need[64];
    *b = (struct staff_bench){.zone = zone_load("Europe/Moscow", &err), .facts = json_object()};
    ck_assert_msg(b->zone != NULL, "%s", err.text);
    ck_assert(zone_parse_iso(b->zone, "2026-01-20T12:00:00", &b->env.now_ms));
    b->env.zone = b->zone;
    b->env.staff = &b->staff;
    b->team = (struct team){.name = mem_strdup("t"),
                            .members = b->members,
                            .member_count = members,
                            .order = order,
                            .skip_absent = true};
    b->staff = (struct staff){.teams = &b->team, .team_count = 1};
    for (int i = 0; i < STAFF_USERS; i++) {
        b->members[i] = mem_printf("%d", i + 1);
        (void)snprintf(need, sizeof need, "user:%d", i + 1);
        (void)json_object_set_new(b->facts, need, json_pack("{s:b}", "ACTIVE", 1));
        (void)snprintf(need, sizeof need, "presence:%d:2026-01-20", i + 1);
        (void)json_object_set_new(b->facts, need, json_pack("{s:[]}", "absent"));
    }
}

static inline void staff_bench_done(struct staff_bench *b)
{
    for (int i = 0; i < STAFF_USERS; i++)
        mem_free(b->members[i]);
    mem_free(b->team.name);
    json_decref(b->facts);
    zone_free(b->zone);
}

/* What the team gives by these facts: true and the user when that is settled, false and the turn to
 * be taken. `facts` may be another's than the bench's. */
static inline bool staff_draw(const struct staff_bench *b, const json_t *facts, uint64_t seed,
                              int64_t *ret_user, struct turn *ret_turn)
{
    struct rules_env env = b->env;
    JV_AUTO *ids = NULL;
    JV_AUTO *needs = json_array();
    JV_AUTO *picks = json_object();
    JV_AUTO *value = json_string("team t");
    env.seed = seed;
    struct scope scope = {
        .env = &env, .facts = facts, .needs = needs, .picks = picks, .one_of_team = true};
    enum known known = scope_users(&scope, value, &ids);
    ck_assert_msg(known != KNOWN_BAD, "%s", scope.err.text);
    ck_assert_msg(json_array_size(needs) == 0, "%s", jv_text(needs, "0", ""));
    if (known == KNOWN) {
        *ret_user = jv_int(ids, "0", 0);
        return true;
    }
    ck_assert(choice_turn(picks, ret_turn));
    ck_assert_str_eq(ret_turn->team, "t");
    *ret_user = ret_turn->user;
    return false;
}

#endif
