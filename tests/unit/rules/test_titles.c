/* Smart processes by title: known, unknown, and two that are called the same. */

#include "daemon/rules/titles.h"

#include "common/jv.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

START_TEST(a_known_title_is_its_number)
{
    JV_AUTO *known =
        json_pack("[{s:s s:s s:i}, {s:s s:s s:i}]", "portal", "main", "title", "Отгрузка", "id",
                  147, "portal", "branch", "title", "отгрузка", "id", 147);
    struct titles titles = {.known = known};
    struct err err = {0};
    int type = 0;
    ck_assert(titles_type(&titles, "ОТГРУЗКА", &type, &err));
    ck_assert_int_eq(type, 147);
    ck_assert_ptr_null(titles_unknown(&titles, 147));
    titles_done(&titles);
}
END_TEST

START_TEST(an_unknown_title_gets_a_stand_in_of_its_own)
{
    struct titles titles = {0};
    struct err err = {0};
    int one = 0, two = 0, again = 0;
    ck_assert(titles_type(&titles, "Склад", &one, &err));
    ck_assert(titles_type(&titles, "Долги", &two, &err));
    ck_assert(titles_type(&titles, "склад", &again, &err));
    ck_assert_int_eq(one, again);
    ck_assert_int_ne(one, two);
    ck_assert_str_eq(titles_unknown(&titles, one), "Склад");
    ck_assert_str_eq(titles_unknown(&titles, two), "Долги");
    ck_assert_ptr_null(titles_unknown(&titles, 147));
    ck_assert_ptr_null(titles_unknown(&titles, two - 1));
    titles_done(&titles);
}
END_TEST

START_TEST(two_numbers_for_one_title_are_refused)
{
    JV_AUTO *known =
        json_pack("[{s:s s:s s:i}, {s:s s:s s:i}]", "portal", "main", "title", "Отгрузка", "id",
                  147, "portal", "branch", "title", "Отгрузка", "id", 163);
    struct titles titles = {.known = known};
    struct err err = {0};
    int type = 0;
    ck_assert(!titles_type(&titles, "Отгрузка", &type, &err));
    ck_assert_str_eq(err.text,
                     "two smart processes are called \"Отгрузка\": 147 on portal main and "
                     "163 on portal branch; write the number");
    titles_done(&titles);
}
END_TEST

START_TEST(a_rule_that_waits_for_its_title_is_in_no_index)
{
    struct rules_text t;
    rules_text_load(&t, "[rule waits]\non = item \"Склад\" added\n[then comment]\ntext = x\n"
                        "[rule adds]\non = deal added\n[then add item \"Склад\"]\ntitle = x\n"
                        "[rule free]\non = lead added\n[then comment]\ntext = x\n");
    const struct ruleset *set = t.set;
    ck_assert_uint_eq(set->titles.unknown_count, 1);
    ck_assert_str_eq(titles_missing(&set->titles, ruleset_find(set, "waits")), "Склад");
    ck_assert_str_eq(titles_missing(&set->titles, ruleset_find(set, "adds")), "Склад");
    ck_assert_ptr_null(titles_missing(&set->titles, ruleset_find(set, "free")));
    ck_assert(!ruleset_concerns(set, ENTITY_DEAL, "ONCRMDEALADD"));
    ck_assert(ruleset_concerns(set, ENTITY_LEAD, "ONCRMLEADADD"));
    rules_text_done(&t);
}
END_TEST

CHECK_MAIN("titles", a_known_title_is_its_number, an_unknown_title_gets_a_stand_in_of_its_own,
           two_numbers_for_one_title_are_refused, a_rule_that_waits_for_its_title_is_in_no_index)
