#include "common/utf8.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(well_formed_text_is_valid)
{
    static const char *const good[] = {"",
                                       "deal",
                                       "Сделка №5 — «ООО»",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "😀"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(utf8_valid(good[i], strlen(good[i])), "no. %zu", i);
    ck_assert(utf8_valid("a\0b", 3));
}
END_TEST

START_TEST(broken_text_is_not_valid)
{
    static const char *const bad[] = {"\x80",             /* a continuation alone */
                                      "\xc0\x80",         /* NUL in two bytes */
                                      "\xc1\xbf",         /* overlong */
                                      "\xe0\x9f\xbf",     /* overlong */
                                      "\xf0\x8f\xbf\xbf", /* overlong */
                                      "\xed\xa0\x80",     /* the first surrogate */
                                      "\xed\xbf\xbf",     /* the last one */
                                      "\xf4\x90\x80\x80", /* beyond U+10FFFF */
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xd0",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98",
                                      "\xd0 ",
                                      "\xd0\xd0\x96"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!utf8_valid(bad[i], strlen(bad[i])), "no. %zu", i);
}
END_TEST

START_TEST(a_letter_is_decoded_with_its_size)
{
    uint32_t letter = 0;
    ck_assert_uint_eq(utf8_decode("Жук", 6, &letter), 2);
    ck_assert_uint_eq(letter, 0x416);
    ck_assert_uint_eq(utf8_decode("😀", 4, &letter), 4);
    ck_assert_uint_eq(letter, 0x1f600);
    ck_assert_uint_eq(utf8_decode("Ж", 1, &letter), 0);
    ck_assert_uint_eq(utf8_decode("", 0, &letter), 0);
}
END_TEST

START_TEST(letters_are_counted_not_bytes)
{
    ck_assert_uint_eq(utf8_length(""), 0);
    ck_assert_uint_eq(utf8_length("Сделка"), 6);
    ck_assert_uint_eq(utf8_length("a€😀"), 3);
}
END_TEST

START_TEST(a_prefix_ends_between_letters)
{
    ck_assert_uint_eq(utf8_prefix("Сделка", 2), 4);
    ck_assert_uint_eq(utf8_prefix("a€😀", 2), 4);
    ck_assert_uint_eq(utf8_prefix("a€😀", 0), 0);
    ck_assert_uint_eq(utf8_prefix("a€😀", 3), 8);
    ck_assert_uint_eq(utf8_prefix("a€😀", 99), 8);
}
END_TEST

static void assert_mapped(void (*map)(struct buf *, const char *), const char *text,
                          const char *wanted)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    map(&b, text);
    ck_assert_str_eq(b.data, wanted);
}

START_TEST(case_is_mapped_for_cyrillic_too)
{
    assert_mapped(utf8_upper, "Ёлка, подъезд 5б — straße", "ЁЛКА, ПОДЪЕЗД 5Б — STRAßE");
    assert_mapped(utf8_lower, "ЁЛКА, ПОДЪЕЗД 5Б — ÄÖ", "ёлка, подъезд 5б — äö");
    assert_mapped(utf8_lower, "", "");
}
END_TEST

START_TEST(broken_bytes_pass_through_the_mapping)
{
    assert_mapped(utf8_upper, "a\xff\xd0z", "A\xff\xd0Z");
}
END_TEST

START_TEST(text_is_found_whatever_its_case)
{
    ck_assert(utf8_contains("Коммерческое ПРЕДЛОЖЕНИЕ", "предложение"));
    ck_assert(utf8_contains("коммерческое", "КОММЕР"));
    ck_assert(utf8_contains("anything", ""));
    ck_assert(utf8_contains("", ""));
    ck_assert(!utf8_contains("", "x"));
    ck_assert(!utf8_contains("предложение", "предложения"));
    ck_assert(!utf8_contains("Ж", "\x96")); /* half a letter is no letter */
}
END_TEST

START_TEST(texts_are_the_same_whatever_their_case)
{
    ck_assert(utf8_same("Иван ПЕТРОВ", "иван петров"));
    ck_assert(utf8_same("", ""));
    ck_assert(utf8_same("ΟΔΟΣ", "οδος"));
    ck_assert(utf8_same("οδοσ", "οδος"));
    ck_assert(utf8_same("Ⱥ", "ⱥ"));
    ck_assert(!utf8_same("иван", "ивана"));
    ck_assert(!utf8_same("е", "ё"));
}
END_TEST

START_TEST(each_broken_byte_becomes_a_replacement)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    utf8_repair(&b, "ok\xff \xd0Ж\xe2\x82", 9);
    ck_assert_str_eq(b.data, "ok\uFFFD \uFFFDЖ\uFFFD\uFFFD");
    ck_assert(utf8_valid(b.data, b.size));
}
END_TEST

START_TEST(a_cut_keeps_whole_letters)
{
    ck_assert_uint_eq(utf8_whole("ab", 1), 1);
    ck_assert_uint_eq(utf8_whole("яя", 4), 4);
    ck_assert_uint_eq(utf8_whole("яя", 3), 2);
    ck_assert_uint_eq(utf8_whole("яя", 1), 0);
    ck_assert_uint_eq(utf8_whole("a€", 3), 1);
    ck_assert_uint_eq(utf8_whole("", 0), 0);
}
END_TEST

CHECK_MAIN("common/utf8", a_cut_keeps_whole_letters, well_formed_text_is_valid,
           broken_text_is_not_valid, a_letter_is_decoded_with_its_size,
           letters_are_counted_not_bytes, a_prefix_ends_between_letters,
           case_is_mapped_for_cyrillic_too, broken_bytes_pass_through_the_mapping,
           text_is_found_whatever_its_case, texts_are_the_same_whatever_their_case,
           each_broken_byte_becomes_a_replacement)
