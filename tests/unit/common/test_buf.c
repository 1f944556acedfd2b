#include "common/buf.h"

#include <string.h>

#include "common/mem.h"
#include "tests/support/check_main.h"

START_TEST(what_is_added_stands_in_order)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    ck_assert_str_eq(b.data, "");
    buf_text(&b, "deal");
    buf_char(&b, ' ');
    buf_printf(&b, "%d", 123);
    buf_add(&b, "!?", 1);
    ck_assert_str_eq(b.data, "deal 123!");
    ck_assert_uint_eq(b.size, 9);
    ck_assert(!b.full);
}
END_TEST

START_TEST(it_grows_to_its_ceiling_exactly)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        buf_char(&b, 'x');
    ck_assert(!b.full);
    ck_assert_uint_eq(b.size, 1000);
    ck_assert_uint_eq(strlen(b.data), 1000);
    buf_char(&b, 'y');
    ck_assert(b.full);
    ck_assert_uint_eq(b.size, 1000);
}
END_TEST

START_TEST(a_full_buffer_takes_nothing_more_even_if_it_would_fit)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 10);
    buf_text(&b, "12345678");
    buf_text(&b, "too long");
    buf_printf(&b, "%d", 9);
    buf_char(&b, '9');
    ck_assert_str_eq(b.data, "12345678");
    ck_assert(b.full);
}
END_TEST

START_TEST(printing_past_the_ceiling_adds_nothing)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 4);
    buf_printf(&b, "%d", 12345);
    ck_assert_str_eq(b.data, "");
    ck_assert(b.full);
}
END_TEST

START_TEST(a_cleared_buffer_is_as_new)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 4);
    buf_text(&b, "12345");
    buf_clear(&b);
    buf_text(&b, "1234");
    ck_assert_str_eq(b.data, "1234");
    ck_assert(!b.full);
}
END_TEST

START_TEST(taken_text_belongs_to_the_taker)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 100);
    buf_text(&b, "mine");
    char *text = buf_take(&b);
    buf_text(&b, "yours");
    ck_assert_str_eq(text, "mine");
    ck_assert_str_eq(b.data, "yours");
    mem_free(text);
}
END_TEST

START_TEST(binary_bytes_are_kept)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 100);
    buf_add(&b, "a\0b", 3);
    ck_assert_uint_eq(b.size, 3);
    ck_assert_mem_eq(b.data, "a\0b\0", 4);
}
END_TEST

START_TEST(a_ceiling_of_nothing_holds_nothing)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 0);
    buf_add(&b, "", 0);
    ck_assert(!b.full);
    buf_char(&b, 'x');
    ck_assert(b.full);
    ck_assert_str_eq(b.data, "");
    struct buf zeroed = {0};
    buf_done(&zeroed);
}
END_TEST

CHECK_MAIN("common/buf", what_is_added_stands_in_order, it_grows_to_its_ceiling_exactly,
           a_full_buffer_takes_nothing_more_even_if_it_would_fit,
           printing_past_the_ceiling_adds_nothing, a_cleared_buffer_is_as_new,
           taken_text_belongs_to_the_taker, binary_bytes_are_kept,
           a_ceiling_of_nothing_holds_nothing)
