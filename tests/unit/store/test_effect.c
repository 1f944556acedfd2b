/* Effects and snapshots: put, committed, read back. */

#include "fixture.h"

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static struct effect read_effect(struct fixture *f, int64_t run_id)
{
    struct effect *effects;
    int64_t count;
    struct err err = {0};
    ck_assert_msg(store_read_effects(f->reader, run_id, -1, &effects, &count, &err), "%s",
                  err.text);
    ck_assert_int_eq(count, 1);
    struct effect effect = effects[0];
    mem_free(effects);
    return effect;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

START_TEST(a_snapshot_comes_back_and_is_replaced)
{
    struct fixture f;
    fixture_init(&f);
    struct entity deal = fixture_deal("5");
    struct snapshot got;
    bool found = true;
    ck_assert(store_read_snapshot(f.reader, 1, &deal, &got, &found, NULL));
    ck_assert(!found);
    struct snapshot put = {.portal = 1,
                           .entity = deal,
                           .fields = json_pack("{s:s}", "stageId", "C1:NEW"),
                           .digest = UINT64_MAX - 1,
                           .added_told = true,
                           .history_id = 17,
                           .stage_since_ms = 18,
                           .looked_ms = 19};
    for (int round = 0; round < 2; round++) {
        struct store_change *change = store_change_new();
        store_put_snapshot(change, &put);
        fixture_commit(&f, change);
        ck_assert(store_read_snapshot(f.reader, 1, &deal, &got, &found, NULL));
        ck_assert(found);
        ck_assert(json_equal(got.fields, put.fields));
        ck_assert(got.digest == UINT64_MAX - 1);
        ck_assert(got.added_told);
        ck_assert(got.deleted == put.deleted);
        ck_assert_int_eq(got.history_id, 17);
        ck_assert_int_eq(got.stage_since_ms, 18);
        ck_assert_int_eq(got.looked_ms, put.looked_ms);
        snapshot_done(&got);
        put.deleted = true;
        put.looked_ms = 20;
    }
    snapshot_done(&put);
    ck_assert_int_eq(fixture_sql(f.path, "SELECT count(*) FROM snapshot"), 1);
    fixture_done(&f);
}
END_TEST

/* ---- effects --------------------------------------------------------------------------------- */

static char method[] = "crm.item.update";

static struct effect an_effect(struct fixture *f, int64_t run_id, int step)
{
    return (struct effect){
        .id = store_next_id(f->store),
        .run_id = run_id,
        .portal = 1,
        .entity = fixture_deal("5"),
        .command = {.key = "3.1", .method = method, .write = true, .unsure = UNSURE_PARK},
        .step = step,
        .attempt = 1,
        .intended_ms = 100,
    };
}

START_TEST(an_effect_comes_back_as_it_was_put)
{
    struct fixture f;
    fixture_init(&f);
    struct effect put = an_effect(&f, 77, 3);
    put.command.kind = COMMAND_HTTP;
    put.command.params = json_pack("{s:i}", "id", 5);
    put.command.look = json_pack("{s:b}", "repeat", 1);
    put.result = json_pack("[i]", 1);
    put.verdict = VERDICT_SHADOW;
    put.sent_ms = 101;
    put.settled_ms = 102;
    put.looked = true;
    (void)snprintf(put.error, sizeof put.error, "NOT_FOUND");
    (void)snprintf(put.text, sizeof put.text, "нет такой сделки");
    struct store_change *change = store_change_new();
    store_put_effect(change, &put);
    fixture_commit(&f, change);
    struct effect got = read_effect(&f, 77);
    ck_assert_int_eq(got.id, put.id);
    ck_assert_int_eq(got.run_id, 77);
    ck_assert_int_eq(got.portal, 1);
    ck_assert(entity_same(&got.entity, &put.entity));
    ck_assert_str_eq(got.command.key, "3.1");
    ck_assert_int_eq(got.command.kind, COMMAND_HTTP);
    ck_assert_str_eq(got.command.method, method);
    ck_assert(json_equal(got.command.params, put.command.params));
    ck_assert(got.command.write);
    ck_assert_int_eq(got.command.unsure, UNSURE_PARK);
    ck_assert(json_equal(got.command.look, put.command.look));
    ck_assert_int_eq(got.step, 3);
    ck_assert_int_eq(got.attempt, 1);
    ck_assert_int_eq(got.verdict, VERDICT_SHADOW);
    ck_assert_int_eq(got.intended_ms, 100);
    ck_assert_int_eq(got.sent_ms, 101);
    ck_assert_int_eq(got.settled_ms, 102);
    ck_assert(json_equal(got.result, put.result));
    ck_assert_str_eq(got.error, "NOT_FOUND");
    ck_assert_str_eq(got.text, "нет такой сделки");
    ck_assert(got.looked);
    effect_done(&got);
    put.command.method = NULL;
    effect_done(&put);
    fixture_done(&f);
}
END_TEST

START_TEST(effects_of_one_step_can_be_read_alone)
{
    struct fixture f;
    fixture_init(&f);
    struct store_change *change = store_change_new();
    for (int step = 0; step < 3; step++) {
        struct effect effect = an_effect(&f, 77, step);
        store_put_effect(change, &effect);
    }
    struct effect other = an_effect(&f, 78, 1);
    store_put_effect(change, &other);
    fixture_commit(&f, change);
    struct effect *effects;
    int64_t count;
    ck_assert(store_read_effects(f.reader, 77, 1, &effects, &count, NULL));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(effects[0].step, 1);
    ck_assert_ptr_null(effects[0].result);
    ck_assert_int_eq(effects[0].verdict, VERDICT_NONE);
    effect_done(&effects[0]);
    mem_free(effects);
    ck_assert(store_read_effects(f.reader, 77, -1, &effects, &count, NULL));
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(effects[i].step, i);
        effect_done(&effects[i]);
    }
    mem_free(effects);
    fixture_done(&f);
}
END_TEST

START_TEST(an_outcome_settles_its_effect)
{
    struct fixture f;
    fixture_init(&f);
    struct effect effect = an_effect(&f, 77, 3);
    struct answer answer = {
        .verdict = VERDICT_REFUSED, .error = "ACCESS_DENIED", .text = "no rights", .sent_ms = 150};
    struct store_change *change = store_change_new();
    store_put_effect(change, &effect);
    store_put_outcome(change, effect.id, &answer, true, 160);
    fixture_commit(&f, change);
    struct effect got = read_effect(&f, 77);
    ck_assert_int_eq(got.verdict, VERDICT_REFUSED);
    ck_assert_str_eq(got.error, "ACCESS_DENIED");
    ck_assert_str_eq(got.text, "no rights");
    ck_assert_int_eq(got.intended_ms, 100);
    ck_assert_int_eq(got.sent_ms, 150);
    ck_assert_int_eq(got.settled_ms, 160);
    ck_assert(got.looked);
    effect_done(&got);
    fixture_done(&f);
}
END_TEST

/* An array of `count` Russian words: much more than 2 KiB. */
static struct answer a_long_answer(int count)
{
    struct answer answer = {.verdict = VERDICT_DONE, .result = json_array()};
    for (int i = 0; i < count; i++)
        (void)json_array_append_new(answer.result, json_string("сделка \"Ромашка\""));
    return answer;
}

static size_t stored_bytes(struct fixture *f, int64_t effect_id)
{
    char sql[120];
    (void)snprintf(sql, sizeof sql,
                   "SELECT length(CAST(result AS BLOB)) FROM effect WHERE id = %lld",
                   (long long)effect_id);
    return (size_t)fixture_sql(f->path, sql);
}

START_TEST(a_result_is_whole_while_its_run_lives_and_short_after)
{
    struct fixture f;
    fixture_init(&f);
    struct run run = fixture_run(&f, "5", RUN_RUNNING);
    struct effect effect = an_effect(&f, run.id, 0);
    struct answer answer = a_long_answer(500);
    struct store_change *change = store_change_new();
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    store_put_outcome(change, effect.id, &answer, false, 200);
    fixture_commit(&f, change);
    struct effect got = read_effect(&f, run.id);
    ck_assert(json_equal(got.result, answer.result));
    effect_done(&got);

    run.state = RUN_PARKED; /* a person may let it go on */
    fixture_put_run(&f, &run);
    got = read_effect(&f, run.id);
    ck_assert(json_equal(got.result, answer.result));
    effect_done(&got);

    run.state = RUN_DEAD; /* so he may here */
    fixture_put_run(&f, &run);
    got = read_effect(&f, run.id);
    ck_assert(json_equal(got.result, answer.result));
    effect_done(&got);

    run.state = RUN_CANCELLED;
    fixture_put_run(&f, &run);
    got = read_effect(&f, run.id);
    ck_assert(json_is_string(got.result));
    ck_assert_int_eq(strncmp(json_string_value(got.result), "[\"сделка \\\"Ромашка\\\"\",", 20), 0);
    ck_assert_uint_le(stored_bytes(&f, effect.id), 2048);
    ck_assert_uint_gt(stored_bytes(&f, effect.id), 2000);
    effect_done(&got);

    /* An answer that comes when all is over is short at once; a short one is itself. */
    change = store_change_new();
    store_put_outcome(change, effect.id, &answer, false, 300);
    fixture_commit(&f, change);
    ck_assert_uint_le(stored_bytes(&f, effect.id), 2048);
    answer_done(&answer);
    answer = a_long_answer(3);
    change = store_change_new();
    store_put_outcome(change, effect.id, &answer, false, 300);
    fixture_commit(&f, change);
    got = read_effect(&f, run.id);
    ck_assert(json_equal(got.result, answer.result));
    effect_done(&got);
    answer_done(&answer);
    fixture_done(&f);
}
END_TEST

static void put_made(struct fixture *f, const char *deal, char *of, int64_t settled_ms,
                     enum verdict verdict)
{
    struct run run = fixture_run(f, deal, RUN_DONE);
    run.updated_ms = settled_ms;
    struct effect effect = an_effect(f, run.id, 0);
    effect.command.method = of;
    effect.verdict = verdict;
    effect.settled_ms = settled_ms;
    effect.result = json_integer(run.id);
    struct store_change *change = store_change_new();
    store_put_run(change, &run);
    store_put_effect(change, &effect);
    fixture_commit(f, change);
    json_decref(effect.result);
}

START_TEST(what_calls_have_made_for_an_entity_is_known)
{
    static char comment[] = "crm.timeline.comment.add", todo[] = "crm.activity.todo.add";
    struct fixture f;
    fixture_init(&f);
    struct entity deal = fixture_deal("5");
    JV_AUTO *made = NULL;
    put_made(&f, "5", comment, 900, VERDICT_DONE);
    put_made(&f, "5", comment, 1000, VERDICT_DONE); /* this one */
    put_made(&f, "5", comment, 1000, VERDICT_UNSURE);
    put_made(&f, "5", todo, 1000, VERDICT_DONE);
    put_made(&f, "6", comment, 1000, VERDICT_DONE);
    ck_assert(store_read_made(f.reader, 1, &deal, comment, 1000, &made, NULL));
    ck_assert_uint_eq(json_array_size(made), 1);
    JV_AUTO *none = NULL;
    ck_assert(store_read_made(f.reader, 2, &deal, comment, 0, &none, NULL));
    ck_assert_uint_eq(json_array_size(none), 0);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("effect", a_snapshot_comes_back_and_is_replaced, an_effect_comes_back_as_it_was_put,
           effects_of_one_step_can_be_read_alone, an_outcome_settles_its_effect,
           a_result_is_whole_while_its_run_lives_and_short_after,
           what_calls_have_made_for_an_entity_is_known)
