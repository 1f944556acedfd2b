/* Stages passed between two looks are not missed: the history tells them, in order. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

/* Says each stage entered and left; every change within a second and a half is one look. */
static const char diary[] =
    "[rule enters-new]\non = deal enters C1:NEW\nlimit = 1000 per deal per day\n"
    "[then comment]\ntext = +NEW {{old.stage}}\n"
    "[rule enters-offer]\non = deal enters C1:UC_OFFER\n"
    "limit = 1000 per deal per day\n"
    "[then comment]\ntext = +OFFER {{old.stage}}\n"
    "[rule enters-talks]\non = deal enters C1:EXECUTING\n"
    "[then comment]\ntext = +TALKS {{old.stage}}\n"
    "[rule enters-won]\non = deal enters @won\n"
    "[then comment]\ntext = +WON {{old.stage}}\n"
    "[rule leaves-new]\non = deal leaves C1:NEW\n"
    "limit = 1000 per deal per day\n"
    "[then comment]\ntext = -NEW\n"
    "[rule leaves-talks]\non = deal leaves C1:EXECUTING\n"
    "[then comment]\ntext = -TALKS\n";

static struct house *open_diary(int64_t debounce_ms)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = diary, .debounce_ms = debounce_ms};
    return house_open(&options);
}

static void drag(struct house *h, int64_t deal, const char *const *stages)
{
    for (; *stages != NULL; stages++)
        house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", *stages));
    house_settle(h);
}

/* All comments in order, without those of the beginning. */
static void diary_is(struct house *h, size_t skip, const char *expected)
{
    JV_AUTO *journal = house_journal(h);
    struct buf text BUF_AUTO;
    buf_init(&text, 16384);
    for (size_t i = skip; i < json_array_size(journal); i++)
        buf_printf(&text, "%s%s", i > skip ? ", " : "",
                   jv_text(json_array_get(journal, i), "params.fields.COMMENT", "?"));
    ck_assert_str_eq(text.data, expected);
}

static json_t *deal_in(const char *stage)
{
    return json_pack("{ss si ss}", "title", "Окна", "categoryId", 1, "stageId", stage);
}

START_TEST(a_deal_dragged_through_three_stages_fires_for_each)
{
    struct house *h = open_diary(1200);
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:NEW"));
    diary_is(h, 0, "+NEW");
    drag(h, deal, (const char *const[]){"C1:UC_OFFER", "C1:EXECUTING", "C1:WON", NULL});
    diary_is(h, 1, "-NEW, +OFFER C1:NEW, +TALKS C1:UC_OFFER, -TALKS, +WON C1:EXECUTING");
    ck_assert(house_metric(h, "b24bridge_looks_total") < 10);
    house_close(h);
}
END_TEST

START_TEST(there_and_back_fires_all_four)
{
    struct house *h = open_diary(1200);
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:NEW"));
    drag(h, deal, (const char *const[]){"C1:EXECUTING", "C1:NEW", NULL});
    diary_is(h, 1, "-NEW, +TALKS C1:NEW, -TALKS, +NEW C1:EXECUTING");
    house_close(h);
}
END_TEST

START_TEST(a_deal_created_in_a_later_stage_enters_only_that)
{
    struct house *h = open_diary(0);
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:EXECUTING"));
    diary_is(h, 0, "+TALKS");
    drag(h, deal, (const char *const[]){"C1:WON", NULL});
    diary_is(h, 1, "-TALKS, +WON C1:EXECUTING");
    house_close(h);
}
END_TEST

START_TEST(a_deal_moved_before_it_was_seen_enters_both)
{
    struct house *h = open_diary(0);
    json_decref(house_control(
        h, json_pack("{ss ss si}", "do", "events", "mode", "delay", "delay_ms", 700)));
    int64_t deal = house_add(h, IVANOV, DEAL, deal_in("C1:NEW"));
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    diary_is(h, 0, "+NEW, -NEW, +OFFER C1:NEW");
    house_close(h);
}
END_TEST

START_TEST(many_moves_within_one_look_are_all_told)
{
    enum { TIMES = 15 };
    struct house *h = open_diary(4000);
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:NEW"));
    for (int i = 0; i < TIMES; i++) {
        house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
        house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:NEW"));
    }
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, TIMES, NULL, json_pack("{ss}", "fields.COMMENT", "+OFFER C1:NEW"));
    HOUSE_EFFECTS_ARE(h, TIMES, NULL, json_pack("{ss}", "fields.COMMENT", "-NEW"));
    HOUSE_EFFECTS_ARE(h, TIMES, NULL, json_pack("{ss}", "fields.COMMENT", "+NEW C1:UC_OFFER"));
    house_close(h);
}
END_TEST

START_TEST(a_portal_without_a_history_shows_where_it_began_and_ended)
{
    static const char *const codes[] = {"ENTITY_TYPE_NOT_SUPPORTED", "ERROR_METHOD_NOT_FOUND",
                                        "ACCESS_DENIED"};
    struct house *h = open_diary(1200);
    house_fault(h, json_pack("{ss ss ss si si}", "kind", "error", "method", "crm.stagehistory.list",
                             "code", codes[_i], "status", 400, "count", 0));
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:NEW"));
    drag(h, deal, (const char *const[]){"C1:UC_OFFER", "C1:EXECUTING", NULL});
    diary_is(h, 1, "-NEW, +TALKS C1:NEW");
    house_close(h);
}
END_TEST

START_TEST(what_we_moved_ourselves_is_not_told_twice)
{
    struct house *h = house_with("[rule on]\non = deal enters C1:UC_OFFER\n[then move]\n"
                                 "to = C1:EXECUTING\n"
                                 "[rule say]\non = deal enters C1:EXECUTING\n[then comment]\n"
                                 "text = {{old.stage}}\n"
                                 "[rule back]\non = deal enters C1:NEW\n[then comment]\n"
                                 "text = {{old.stage}}\n");
    int64_t deal = house_seen(h, IVANOV, DEAL, deal_in("C1:PREPARATION"));
    drag(h, deal, (const char *const[]){"C1:UC_OFFER", NULL});
    drag(h, deal, (const char *const[]){"C1:NEW", NULL});
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "C1:UC_OFFER"));
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "C1:EXECUTING"));
    HOUSE_EFFECTS_ARE(h, 3, NULL, NULL);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stages");
    TCase *tcase = tcase_create("stages");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_deal_dragged_through_three_stages_fires_for_each);
    tcase_add_test(tcase, there_and_back_fires_all_four);
    tcase_add_test(tcase, a_deal_created_in_a_later_stage_enters_only_that);
    tcase_add_test(tcase, a_deal_moved_before_it_was_seen_enters_both);
    tcase_add_test(tcase, many_moves_within_one_look_are_all_told);
    tcase_add_loop_test(tcase, a_portal_without_a_history_shows_where_it_began_and_ended, 0, 3);
    tcase_add_test(tcase, what_we_moved_ourselves_is_not_told_twice);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
