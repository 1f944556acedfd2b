#include "common/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

static struct diag diag;

static struct ini *parse_bytes(const char *text, size_t size)
{
    diag_init(&diag);
    return ini_parse("a.ini", text, size, &diag);
}

static struct ini *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void done(struct ini *ini)
{
    ini_free(ini);
    diag_done(&diag);
}

static void assert_no_complaint(void)
{
    ck_assert_msg(diag.count == 0, "%s", diag.count > 0 ? diag.entries[0].text : "");
}

static void assert_only_complaint(const char *wanted)
{
    ck_assert_uint_eq(diag.count, 1);
    ck_assert_str_eq(diag.entries[0].text, wanted);
}

static void assert_place(struct place at, int line, int column)
{
    ck_assert_str_eq(at.file, "a.ini");
    ck_assert_int_eq(at.line, line);
    ck_assert_int_eq(at.column, column);
}

START_TEST(sections_and_entries_remember_where_they_stood)
{
    struct ini *ini = parse("# comment\n[server]\nlisten = 127.0.0.1:8024\n\n"
                            "[portal main]\nurl-file   =   /x y\n");
    assert_no_complaint();
    ck_assert_uint_eq(ini->count, 2);
    const struct ini_section *portal = &ini->sections[1];
    ck_assert_str_eq(ini->sections[0].head, "server");
    ck_assert_str_eq(portal->head, "portal main");
    assert_place(portal->at, 5, 2);
    ck_assert_uint_eq(portal->count, 1);
    ck_assert_str_eq(portal->entries[0].key, "url-file");
    ck_assert_str_eq(portal->entries[0].value, "/x y");
    assert_place(portal->entries[0].key_at, 6, 1);
    assert_place(portal->entries[0].value_at, 6, 16);
    done(ini);
}
END_TEST

START_TEST(columns_count_letters)
{
    struct ini *ini = parse("[r]\n\"Причина отказа\" = нет денег\n");
    assert_no_complaint();
    const struct ini_entry *e = &ini->sections[0].entries[0];
    ck_assert_str_eq(e->key, "\"Причина отказа\"");
    assert_place(e->value_at, 2, 20);
    assert_place(ini_value_place(e, strlen("нет ")), 2, 24);
    done(ini);
}
END_TEST

START_TEST(comment_signs_may_stand_inside_values)
{
    struct ini *ini = parse("[r]\n; one\ntext = 50% #1; done\n  # indented\n#two\nto = x\n");
    assert_no_complaint();
    ck_assert_uint_eq(ini->sections[0].count, 2);
    ck_assert_str_eq(ini->sections[0].entries[0].value, "50% #1; done");
    done(ini);
}
END_TEST

START_TEST(an_indented_line_continues_the_value)
{
    struct ini *ini = parse("[r]\nif = a = 1\n\tand b = 2  \n   and c\nto = x\n");
    assert_no_complaint();
    const struct ini_entry *e = &ini->sections[0].entries[0];
    ck_assert_str_eq(e->value, "a = 1\nand b = 2\nand c");
    ck_assert_uint_eq(e->line_count, 3);
    assert_place(ini_value_place(e, 0), 2, 6);
    assert_place(ini_value_place(e, 4), 2, 10);
    assert_place(ini_value_place(e, 6), 3, 2);
    assert_place(ini_value_place(e, 10), 3, 6);
    assert_place(ini_value_place(e, 16), 4, 4);
    assert_place(ini_value_place(e, 9999), 4, 9);
    ck_assert_str_eq(ini->sections[0].entries[1].value, "x");
    done(ini);
}
END_TEST

START_TEST(a_value_may_begin_on_the_next_line)
{
    struct ini *ini = parse("[r]\nbody =\n  {\"a\":\n  1}\n");
    assert_no_complaint();
    const struct ini_entry *e = &ini->sections[0].entries[0];
    ck_assert_str_eq(e->value, "{\"a\":\n1}");
    assert_place(e->value_at, 3, 3);
    assert_place(ini_value_place(e, 6), 4, 3);
    done(ini);
}
END_TEST

START_TEST(blank_lines_inside_a_value_stay_and_behind_it_go)
{
    struct ini *ini = parse("[r]\ntext = a\n\n  # not this\n  b\n\n\nto = x\n");
    assert_no_complaint();
    const struct ini_entry *e = &ini->sections[0].entries[0];
    ck_assert_str_eq(e->value, "a\n\nb");
    assert_place(ini_value_place(e, 3), 5, 3);
    done(ini);
}
END_TEST

START_TEST(an_empty_value_is_empty_text)
{
    struct ini *ini = parse("[r]\nfield =\nother =   \n");
    assert_no_complaint();
    ck_assert_str_eq(ini->sections[0].entries[0].value, "");
    ck_assert_str_eq(ini->sections[0].entries[1].value, "");
    assert_place(ini->sections[0].entries[0].value_at, 2, 8);
    assert_place(ini_value_place(&ini->sections[0].entries[0], 5), 2, 8);
    done(ini);
}
END_TEST

START_TEST(an_equals_sign_in_quotes_does_not_end_a_key)
{
    struct ini *ini = parse("[r]\nfields.\"A = B\" = x = y\n");
    assert_no_complaint();
    ck_assert_str_eq(ini->sections[0].entries[0].key, "fields.\"A = B\"");
    ck_assert_str_eq(ini->sections[0].entries[0].value, "x = y");
    done(ini);
}
END_TEST

START_TEST(blanks_in_a_head_fold_except_in_quotes)
{
    struct ini *ini = parse("[  then \t update   \"a  ]  b\" ]  \n");
    assert_no_complaint();
    ck_assert_str_eq(ini->sections[0].head, "then update \"a  ]  b\"");
    assert_place(ini->sections[0].at, 1, 4);
    done(ini);
}
END_TEST

START_TEST(line_ends_and_marks_of_windows_are_accepted)
{
    struct ini *ini = parse("\xef\xbb\xbf[r]\r\na = 1\r\n  2\r\n\r\nb = 3");
    assert_no_complaint();
    ck_assert_str_eq(ini->sections[0].entries[0].value, "1\n2");
    ck_assert_str_eq(ini->sections[0].entries[1].value, "3");
    assert_place(ini->sections[0].at, 1, 2);
    done(ini);
}
END_TEST

START_TEST(nothing_is_a_file_too)
{
    struct ini *ini = parse("");
    assert_no_complaint();
    ck_assert_uint_eq(ini->count, 0);
    ck_assert_str_eq(ini->file, "a.ini");
    done(ini);
    ini_free(NULL);
}
END_TEST

START_TEST(repeated_keys_are_taken_in_order_and_marked)
{
    struct ini *ini = parse("[r]\non = a\nif = x\non = b\nonn = c\n");
    struct ini_section *s = &ini->sections[0];
    size_t cursor = 0;
    ck_assert_str_eq(ini_take(s, "on", &cursor)->value, "a");
    ck_assert_str_eq(ini_take(s, "on", &cursor)->value, "b");
    ck_assert_ptr_null(ini_take(s, "on", &cursor));
    ck_assert(s->entries[0].used && !s->entries[1].used && s->entries[2].used);
    ck_assert(!s->entries[3].used);
    done(ini);
}
END_TEST

START_TEST(a_line_that_is_nothing_is_shown)
{
    struct ini *ini = parse("[r]\nлишнее слово\n   и продолжение\na = 1\n");
    assert_only_complaint(
        "a.ini:2:1: \"лишнее слово\" is neither \"key = value\" nor \"[section]\"");
    ck_assert_str_eq(ini->sections[0].entries[0].value, "1");
    done(ini);
}
END_TEST

START_TEST(a_key_before_any_section_is_said_once)
{
    struct ini *ini = parse("a = 1\nb = 2\n  3\n[r]\nc = 3\n");
    assert_only_complaint("a.ini:1:1: \"a\" stands before the first [section]");
    ck_assert_uint_eq(ini->count, 1);
    done(ini);
}
END_TEST

START_TEST(an_indented_line_without_a_value_above_is_refused)
{
    struct ini *ini = parse("[r]\n  a = 1\n");
    assert_only_complaint(
        "a.ini:2:3: an indented line continues the value above, and there is none");
    ck_assert_uint_eq(ini->sections[0].count, 0);
    done(ini);
}
END_TEST

static void assert_complaint(const char *text, const char *wanted)
{
    struct ini *ini = parse(text);
    assert_only_complaint(wanted);
    done(ini);
}

START_TEST(broken_heads_are_refused)
{
    assert_complaint("[rule x\n", "a.ini:1:1: \"[rule x\" lacks its closing \"]\"");
    assert_complaint("[rule \"x]\n", "a.ini:1:7: the quote is not closed");
    assert_complaint("[ ]\n", "a.ini:1:1: a section without a name: [NAME]");
    assert_complaint("[a] b\n", "a.ini:1:5: unexpected \"b\" behind the \"]\"");
}
END_TEST

START_TEST(keys_of_a_broken_section_go_nowhere)
{
    struct ini *ini = parse("[a]\nx = 1\n[b\ny = 2\n  3\n[c]\nz = 3\n");
    assert_only_complaint("a.ini:3:1: \"[b\" lacks its closing \"]\"");
    ck_assert_uint_eq(ini->count, 2);
    ck_assert_uint_eq(ini->sections[0].count, 1);
    ck_assert_str_eq(ini->sections[1].entries[0].key, "z");
    done(ini);
}
END_TEST

START_TEST(broken_keys_are_refused)
{
    assert_complaint("[r]\n= 1\n", "a.ini:2:1: a key is missing before the \"=\"");
    assert_complaint("[r]\nx.\"Поле = 1\n", "a.ini:2:3: the quote is not closed");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused_at_their_column)
{
    static const char nul[] = "[r]\na = Жx\0y\nb = 1\n";
    assert_complaint("[r]\na = Ж\xff\n", "a.ini:2:6: not UTF-8; the file has to be saved so");
    struct ini *ini = parse_bytes(nul, sizeof nul - 1);
    assert_only_complaint("a.ini:2:7: a NUL character; a configuration is text");
    ck_assert_str_eq(ini->sections[0].entries[0].key, "b");
    done(ini);
}
END_TEST

START_TEST(all_mistakes_are_told_at_once)
{
    struct ini *ini = parse("x\n[r]\n= 2\ny\n[z\n");
    ck_assert_uint_eq(diag.count, 4);
    done(ini);
}
END_TEST

START_TEST(lines_and_files_have_a_ceiling)
{
    enum { LINE = 64 << 10, FILE_SIZE = (4 << 20) + 1 };
    char *text = malloc(FILE_SIZE);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', FILE_SIZE);
    memcpy(text, "[r]\na=", 6);
    struct ini *ini = parse_bytes(text, 4 + LINE);
    assert_no_complaint();
    ck_assert_uint_eq(strlen(ini->sections[0].entries[0].value), LINE - 2);
    done(ini);
    ini = parse_bytes(text, 4 + LINE + 1);
    assert_only_complaint("a.ini:2:1: the line is longer than 65536 bytes");
    done(ini);
    ini = parse_bytes(text, FILE_SIZE);
    assert_only_complaint("a.ini: the file is longer than 4194304 bytes");
    ck_assert_uint_eq(ini->count, 0);
    done(ini);
    free(text);
}
END_TEST

START_TEST(a_long_mistake_is_quoted_in_part)
{
    char text[400];
    (void)snprintf(text, sizeof text, "[r]\n%0*d\n", 300, 0);
    struct ini *ini = parse(text);
    ck_assert_uint_eq(diag.count, 1);
    ck_assert_uint_eq(strlen(diag.entries[0].text),
                      strlen("a.ini:2:1: \"\" is neither \"key = value\" nor \"[section]\"") + 100);
    done(ini);
}
END_TEST

CHECK_MAIN("common/ini", sections_and_entries_remember_where_they_stood, columns_count_letters,
           comment_signs_may_stand_inside_values, an_indented_line_continues_the_value,
           a_value_may_begin_on_the_next_line, blank_lines_inside_a_value_stay_and_behind_it_go,
           an_empty_value_is_empty_text, an_equals_sign_in_quotes_does_not_end_a_key,
           blanks_in_a_head_fold_except_in_quotes, line_ends_and_marks_of_windows_are_accepted,
           nothing_is_a_file_too, repeated_keys_are_taken_in_order_and_marked,
           a_line_that_is_nothing_is_shown, a_key_before_any_section_is_said_once,
           an_indented_line_without_a_value_above_is_refused, broken_heads_are_refused,
           keys_of_a_broken_section_go_nowhere, broken_keys_are_refused,
           bytes_that_are_no_text_are_refused_at_their_column, all_mistakes_are_told_at_once,
           lines_and_files_have_a_ceiling, a_long_mistake_is_quoted_in_part)
