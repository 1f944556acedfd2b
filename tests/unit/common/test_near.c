#include "common/near.h"

#include <string.h>

#include "tests/support/check_main.h"

static const char *const names[] = {"date",        "money", "truncate", NULL,
                                    "responsible", "title", "to",       "Сделка"};

static const char *near(const char *wrong)
{
    return near_name(wrong, names, sizeof names / sizeof names[0]);
}

START_TEST(a_mistyped_name_finds_its_neighbour)
{
    ck_assert_str_eq(near("mony"), "money");
    ck_assert_str_eq(near("moneyy"), "money");
    ck_assert_str_eq(near("monex"), "money");
    ck_assert_str_eq(near("responsable"), "responsible");
    ck_assert_str_eq(near("resposnibel"), "responsible");
}
END_TEST

START_TEST(swapped_neighbours_are_one_mistake)
{
    ck_assert_str_eq(near("moeny"), "money");
    ck_assert_str_eq(near("tilte"), "title");
    ck_assert_str_eq(near("ot"), "to");
}
END_TEST

START_TEST(case_is_no_mistake)
{
    ck_assert_str_eq(near("MONEY"), "money");
    ck_assert_str_eq(near("сделкА"), "Сделка");
}
END_TEST

START_TEST(letters_count_and_not_bytes)
{
    ck_assert_str_eq(near("Зделка"), "Сделка");
    ck_assert_str_eq(near("Зделко"), "Сделка");
    ck_assert_ptr_null(near("Зделко!"));
}
END_TEST

START_TEST(a_stranger_has_no_neighbour)
{
    ck_assert_ptr_null(near("workflow"));
    ck_assert_ptr_null(near(""));
    ck_assert_ptr_null(near("dxtx"));
    ck_assert_ptr_null(near_name("money", NULL, 0));
}
END_TEST

START_TEST(the_nearest_wins_and_the_first_of_equals)
{
    static const char *const some[] = {"pipeline", "stages", "stage", "stagf"};
    ck_assert_str_eq(near_name("stage", some, 4), "stage");
    ck_assert_str_eq(near_name("stag", some, 4), "stage");
}
END_TEST

START_TEST(a_very_long_word_is_not_compared)
{
    char word[300];
    const char *const some[] = {word};
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    ck_assert_ptr_null(near_name(word, some, 1));
    word[80] = '\0';
    ck_assert_ptr_eq(near_name(word, some, 1), word);
}
END_TEST

START_TEST(broken_text_is_compared_byte_by_byte)
{
    static const char *const some[] = {"ab\xff\xfe"};
    ck_assert_str_eq(near_name("ab\xff\xfd", some, 1), "ab\xff\xfe");
}
END_TEST

CHECK_MAIN("common/near", a_mistyped_name_finds_its_neighbour, swapped_neighbours_are_one_mistake,
           case_is_no_mistake, letters_count_and_not_bytes, a_stranger_has_no_neighbour,
           the_nearest_wins_and_the_first_of_equals, a_very_long_word_is_not_compared,
           broken_text_is_compared_byte_by_byte)
