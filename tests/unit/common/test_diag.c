#include "common/diag.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(a_complaint_names_its_place)
{
    struct diag d;
    diag_init(&d);
    struct place at = {.file = "rules.d/deals.ini", .line = 14, .column = 9};
    ck_assert(!diag_add(&d, at, "unknown filter \"%s\"; did you mean \"%s\"?", "moeny", "money"));
    ck_assert_uint_eq(d.count, 1);
    ck_assert_str_eq(d.entries[0].text,
                     "rules.d/deals.ini:14:9: unknown filter \"moeny\"; did you mean \"money\"?");
    diag_done(&d);
}
END_TEST

START_TEST(a_whole_file_has_no_line)
{
    struct diag d;
    diag_init(&d);
    (void)diag_add(&d, (struct place){.file = "b24bridge.ini"}, "no [server] section");
    ck_assert_str_eq(d.entries[0].text, "b24bridge.ini: no [server] section");
    diag_done(&d);
}
END_TEST

START_TEST(complaints_keep_their_order)
{
    struct diag d;
    diag_init(&d);
    for (int i = 1; i <= 100; i++)
        (void)diag_add(&d, (struct place){"f", i, 1}, "x");
    ck_assert_uint_eq(d.count, 100);
    ck_assert_str_eq(d.entries[0].text, "f:1:1: x");
    ck_assert_str_eq(d.entries[99].text, "f:100:1: x");
    diag_done(&d);
}
END_TEST

START_TEST(beyond_a_thousand_they_are_only_counted)
{
    struct diag d;
    diag_init(&d);
    for (int i = 1; i <= 1500; i++)
        (void)diag_add(&d, (struct place){"f", i, 1}, "x");
    ck_assert_uint_eq(d.count, 1500);
    ck_assert_str_eq(d.entries[999].text, "f:1000:1: x");
    diag_done(&d);
}
END_TEST

START_TEST(a_long_complaint_is_cut)
{
    struct diag d;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    diag_init(&d);
    (void)diag_add(&d, (struct place){"f", 1, 1}, "%s", text);
    ck_assert_uint_eq(strlen(d.entries[0].text), strlen("f:1:1: ") + 1023);
    diag_done(&d);
}
END_TEST

START_TEST(a_warning_is_no_mistake)
{
    struct diag d;
    diag_init(&d);
    diag_warn(&d, (struct place){"f", 3, 1}, "the %s ends", "year");
    ck_assert_uint_eq(d.count, 0);
    ck_assert_uint_eq(d.warning_count, 1);
    ck_assert_str_eq(d.warnings[0].text, "f:3:1: the year ends");
    for (int i = 0; i < 2000; i++)
        diag_warn(&d, (struct place){"f", 3, 1}, "x");
    ck_assert_uint_eq(d.warning_count, 1000);
    diag_done(&d);
}
END_TEST

CHECK_MAIN("common/diag", a_warning_is_no_mistake, a_complaint_names_its_place,
           a_whole_file_has_no_line, complaints_keep_their_order,
           beyond_a_thousand_they_are_only_counted, a_long_complaint_is_cut)
