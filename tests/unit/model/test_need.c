#include "daemon/model/need.h"

#include <string.h>

#include "common/utf8.h"
#include "tests/support/check_main.h"

START_TEST(a_need_is_split_into_kind_and_argument)
{
    static const struct {
        const char *text, *argument;
        enum need_kind kind;
    } samples[] = {{"entity:2:351", "2:351", NEED_ENTITY},
                   {"entity:-3:a:b", "-3:a:b", NEED_ENTITY},
                   {"user:5", "5", NEED_USER},
                   {"user-email:a@b.c", "a@b.c", NEED_USER_EMAIL},
                   {"user-name:Анна Ли", "Анна Ли", NEED_USER_NAME},
                   {"department:1", "1", NEED_DEPARTMENT},
                   {"department-name:Отдел: продаж", "Отдел: продаж", NEED_DEPARTMENT_NAME},
                   {"stages:2", "2", NEED_STAGES},
                   {"fields:147", "147", NEED_FIELDS},
                   {"history:2:351:7", "2:351:7", NEED_HISTORY},
                   {"whoami:", "", NEED_WHOAMI},
                   {"users:", "", NEED_USERS},
                   {"types:", "", NEED_TYPES},
                   {"directory:SOURCE", "SOURCE", NEED_DIRECTORY},
                   {"templates:2", "2", NEED_TEMPLATES},
                   {"scope:", "", NEED_SCOPE},
                   {"method:crm.item.add", "crm.item.add", NEED_METHOD},
                   {"admin:", "", NEED_ADMIN}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        enum need_kind kind;
        const char *argument;
        char again[NEED_SIZE];
        ck_assert_msg(need_split(samples[i].text, &kind, &argument), "%s", samples[i].text);
        ck_assert_int_eq(kind, samples[i].kind);
        ck_assert_str_eq(argument, samples[i].argument);
        need_print(kind, argument, again);
        ck_assert_str_eq(again, samples[i].text);
    }
}
END_TEST

START_TEST(an_unknown_kind_is_no_need)
{
    enum need_kind kind;
    const char *argument;
    ck_assert(!need_split("", &kind, &argument));
    ck_assert(!need_split("user", &kind, &argument));
    ck_assert(!need_split("userz:5", &kind, &argument));
    ck_assert(!need_split(":5", &kind, &argument));
    ck_assert(!need_split("use:5", &kind, &argument));
    ck_assert(!need_split("pins:", &kind, &argument)); /* kept beside the facts, never asked for */
}
END_TEST

START_TEST(an_entity_is_named_by_type_and_id)
{
    char out[NEED_SIZE];
    need_print_entity(147, "22", out);
    ck_assert_str_eq(out, "entity:147:22");
    need_print_entity(-1, "3711", out);
    ck_assert_str_eq(out, "entity:-1:3711");
}
END_TEST

START_TEST(an_argument_too_long_is_cut_between_letters)
{
    char name[401] = "";
    char out[NEED_SIZE];
    for (size_t shift = 0; shift < 2; shift++) {
        memset(name, 'a', sizeof name);
        for (size_t i = shift; i + 1 < 400; i += 2)
            memcpy(name + i, "я", 2);
        name[398] = '\0';
        need_print(NEED_USER_NAME, name, out);
        ck_assert_uint_lt(strlen(out), NEED_SIZE);
        ck_assert_uint_gt(strlen(out), NEED_SIZE - 4);
        ck_assert(utf8_valid(out, strlen(out)));
    }
}
END_TEST

START_TEST(records_are_not_kept_and_names_are)
{
    ck_assert_int_eq(need_keep_ms(NEED_ENTITY), 0);
    ck_assert_int_eq(need_keep_ms(NEED_HISTORY), 0);
    ck_assert_int_eq(need_keep_ms(NEED_USER), 300000);
    ck_assert_int_eq(need_keep_ms(NEED_USER_NAME), 86400000);
}
END_TEST

CHECK_MAIN("need", a_need_is_split_into_kind_and_argument, an_unknown_kind_is_no_need,
           an_entity_is_named_by_type_and_id, an_argument_too_long_is_cut_between_letters,
           records_are_not_kept_and_names_are)
