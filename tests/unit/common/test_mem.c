#include "common/mem.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(new_memory_is_zeroed)
{
    static const char zeros[64];
    char *memory = mem_alloc(sizeof zeros);
    ck_assert_mem_eq(memory, zeros, sizeof zeros);
    mem_free(memory);
    memory = mem_array(8, 8);
    ck_assert_mem_eq(memory, zeros, sizeof zeros);
    mem_free(memory);
}
END_TEST

START_TEST(nothing_at_all_is_still_a_place)
{
    void *memory = mem_alloc(0);
    ck_assert_ptr_nonnull(memory);
    mem_free(memory);
    memory = mem_grow(NULL, 0, 8);
    ck_assert_ptr_nonnull(memory);
    mem_free(memory);
    mem_free(NULL);
}
END_TEST

START_TEST(growing_keeps_what_is_there)
{
    char *text = mem_strdup("deal");
    text = mem_grow(text, 4096, 1);
    ck_assert_str_eq(text, "deal");
    mem_free(text);
}
END_TEST

START_TEST(copies_are_ended_where_they_were_cut)
{
    char *text = mem_strndup("dealer", 4);
    ck_assert_str_eq(text, "deal");
    mem_free(text);
    ck_assert_ptr_null(mem_strdup(NULL));
}
END_TEST

START_TEST(text_is_printed_to_its_size)
{
    char *text = mem_printf("%s:%d:%0*d", "rules.d/a.ini", 14, 600, 9);
    ck_assert_uint_eq(strlen(text), 617);
    ck_assert_int_eq(strncmp(text, "rules.d/a.ini:14:000", 20), 0);
    mem_free(text);
}
END_TEST

START_TEST(a_wiped_secret_is_gone)
{
    char secret[] = "s3cret";
    mem_wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        ck_assert_int_eq(secret[i], 0);
    mem_wipe(NULL, 5);
}
END_TEST

CHECK_MAIN("common/mem", new_memory_is_zeroed, nothing_at_all_is_still_a_place,
           growing_keeps_what_is_there, copies_are_ended_where_they_were_cut,
           text_is_printed_to_its_size, a_wiped_secret_is_gone)
