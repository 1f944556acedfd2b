#include <check.h>
#include <pthread.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/engine/rota.h"
#include "tests/support/check_main.h"
#include "tests/support/staff.h"

START_TEST(a_turn_is_given_once)
{
    struct rota *r = rota_new();
    ck_assert(rota_take(r, 1, "t", 0, 5, 1000));
    ck_assert(!rota_take(r, 1, "t", 0, 6, 1000));
    ck_assert(rota_take(r, 1, "t", 1, 6, 1000));
    ck_assert(rota_take(r, 2, "t", 0, 5, 1000)); /* another portal's */
    ck_assert(rota_take(r, 1, "u", 0, 5, 1000)); /* another team */
    rota_free(r);
}
END_TEST

START_TEST(the_fact_tells_the_rotation_and_what_was_given_since)
{
    struct rota *r = rota_new();
    JV_AUTO *kept = json_pack("{s:{s:i, s:i}}", "t", "turn", 300, "last", 5);
    rota_restore(r, 1, kept);
    JV_AUTO *fresh = rota_fact_new(r, 1, "t", 0);
    ck_assert_int_eq(jv_int(fresh, "turn", 0), 300);
    ck_assert_int_eq(jv_int(fresh, "last", 0), 5);
    ck_assert_uint_eq(json_object_size(json_object_get(fresh, "given")), 0);
    for (int i = 0; i < 400; i++)
        ck_assert(rota_take(r, 1, "t", 300 + i, 5 + i % 2, 1000 + i));
    JV_AUTO *fact = rota_fact_new(r, 1, "t", 1390);
    ck_assert_int_eq(jv_int(fact, "turn", 0), 700);
    ck_assert_int_eq(jv_int(fact, "last", 0), 6);
    ck_assert_int_eq(jv_int(fact, "given.5", 0), 5);
    ck_assert_int_eq(jv_int(fact, "given.6", 0), 5);
    rota_free(r);
}
END_TEST

/* ---- several at once ------------------------------------------------------------------------- */

enum { THREADS = 4, EACH = 2500, MEMBERS = 3 };

struct hand {
    pthread_t thread;
    struct rota *rota;
    int given[STAFF_USERS + 1];
    int late; /* turns that another one was faster with */
};

/* As the engine does it: the facts of a while ago, a proposal, and again when it was too late. */
static void *assign(void *arg)
{
    struct hand *hand = arg;
    struct staff_bench b;
    staff_bench_init(&b, MEMBERS, TEAM_ROUND_ROBIN);
    for (int i = 0; i < EACH; i++)
        for (bool ours = false; !ours;) {
            struct turn turn;
            int64_t user;
            (void)json_object_set_new(b.facts, "team:t", rota_fact_new(hand->rota, 1, "t", 0));
            ck_assert(!staff_draw(&b, b.facts, 0, &user, &turn));
            ours = rota_take(hand->rota, 1, turn.team, turn.turn, user, clock_mono_ms());
            hand->given[user] += ours;
            hand->late += !ours;
        }
    staff_bench_done(&b);
    return NULL;
}

START_TEST(ten_thousand_at_once_are_shared_evenly)
{
    struct hand hands[THREADS] = {0};
    int given[MEMBERS + 1] = {0};
    struct rota *r = rota_new();
    for (int i = 0; i < THREADS; i++) {
        hands[i].rota = r;
        ck_assert_int_eq(pthread_create(&hands[i].thread, NULL, assign, &hands[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(hands[i].thread, NULL);
        for (int k = 1; k <= MEMBERS; k++)
            given[k] += hands[i].given[k];
    }
    ck_assert_int_eq(given[1], 3334);
    ck_assert_int_eq(given[2], 3333);
    ck_assert_int_eq(given[3], 3333);
    rota_free(r);
}
END_TEST

CHECK_MAIN("engine/rota", a_turn_is_given_once,
           the_fact_tells_the_rotation_and_what_was_given_since,
           ten_thousand_at_once_are_shared_evenly)
