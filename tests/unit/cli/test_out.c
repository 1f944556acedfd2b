#include "daemon/cli/out.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/support/check_main.h"

static void cleaned(const char *text, const char *expected)
{
    char *clean = out_clean_new(text);
    ck_assert_str_eq(clean, expected);
    mem_free(clean);
}

START_TEST(text_from_outside_commands_no_terminal)
{
    cleaned("Окна \x1b[31mкрасные\x1b[0m", "Окна  [31mкрасные [0m");
    cleaned("one\ntwo\r\t", "one two  ");
    cleaned("\x7f\xc2\x9b", "   ");
    cleaned("bad \xff byte", "bad \xef\xbf\xbd byte");
    cleaned("Café ©", "Café ©");
}
END_TEST

START_TEST(a_time_is_shortened)
{
    char out[24];
    out_time("2026-01-20T10:00:01+03:00", out);
    ck_assert_str_eq(out, "2026-01-20 10:00:01");
    out_time(NULL, out);
    ck_assert_str_eq(out, "-");
    out_time("", out);
    ck_assert_str_eq(out, "-");
}
END_TEST

/* What `print` writes to stdout. */
static void printed(void (*print)(void), char *out, size_t size)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
    print();
    (void)fflush(stdout);
    ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
    (void)close(saved);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    (void)fclose(file);
}

static void print_table(void)
{
    static const char *const headings[] = {"name", "n", "why", NULL};
    static const char *const first[] = {"окна", "1", "x"}, *const second[] = {"a", "200", ""};
    struct out_table table;
    out_table_init(&table, headings);
    out_table_add(&table, first);
    out_table_add(&table, second);
    out_table_print(&table);
}

START_TEST(columns_line_up_by_letters)
{
    char text[256];
    printed(print_table, text, sizeof text);
    ck_assert_str_eq(text, "name  n    why\nокна  1    x\na     200  \n");
}
END_TEST

static void print_empty_table(void)
{
    static const char *const headings[] = {"name", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    out_table_print(&table);
}

START_TEST(an_empty_table_prints_nothing)
{
    char text[256];
    printed(print_empty_table, text, sizeof text);
    ck_assert_str_eq(text, "");
}
END_TEST

CHECK_MAIN("out", text_from_outside_commands_no_terminal, a_time_is_shortened,
           columns_line_up_by_letters, an_empty_table_prints_nothing)
