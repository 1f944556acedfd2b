#include "common/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check_main.h"

static char written[8192];

/* Runs with stderr as a pipe, which is the journal's stream; what came out is in `written`. */
static void capture_as(void (*act)(void), bool journal)
{
    int ends[2];
    int kept = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    (void)close(ends[1]);
    struct stat st;
    char stream[64];
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)(journal ? st.st_ino : st.st_ino + 1));
    ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
    act();
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0); /* closes the last writing end */
    (void)close(kept);
    size_t size = 0;
    ssize_t n;
    while ((n = read(ends[0], written + size, sizeof written - 1 - size)) > 0)
        size += (size_t)n;
    written[size] = '\0';
    (void)close(ends[0]);
}

static void capture(void (*act)(void))
{
    capture_as(act, true);
}

static void say_hostile(void)
{
    log_warning("refused %s name=%s", "ON\r\n<3>root login ok\x1b[31m\x7f\tx",
                "ON\r\n<3>root\x1b[31m\x7f\tx");
}

START_TEST(text_from_outside_cannot_start_a_line_or_colour_a_terminal)
{
    capture(say_hostile);
    ck_assert_str_eq(written, "<4>refused ON  <3>root login ok [31m  x "
                              "name=\"ON\\r\\n<3>root\\x1b[31m\\x7f\\tx\"\n");
}
END_TEST

static void say_c1(void)
{
    log_info("name %s name=%s",
             "a\xc2\x9b"
             "31mb\xc2\xa0",
             "a\xc2\x9b"
             "31mb\xe2\x80\xae");
}

START_TEST(commands_in_one_character_are_disarmed_too)
{
    capture(say_c1);
    ck_assert_str_eq(written, "<6>name a  31mb\xc2\xa0 name=\"a\\u009b31mb\\u202e\"\n");
}
END_TEST

static void say_cyrillic(void)
{
    log_error("нет портала portal=%s", "главный");
}

START_TEST(letters_beyond_ascii_are_left_alone)
{
    capture(say_cyrillic);
    ck_assert_str_eq(written, "<3>нет портала portal=главный\n");
}
END_TEST

static void say_levels(void)
{
    log_debug("hidden");
    log_info("shown");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("shown now");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("hidden");
    log_error("still shown");
    log_set_level(LOG_LEVEL_INFO);
}

START_TEST(lines_above_the_level_are_dropped)
{
    capture(say_levels);
    ck_assert_str_eq(written, "<6>shown\n<7>shown now\n<3>still shown\n");
}
END_TEST

static void say_much(void)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info("%s", text);
    log_info("next");
}

START_TEST(a_long_line_is_cut_and_still_ends)
{
    capture(say_much);
    const char *end = strchr(written, '\n');
    ck_assert_ptr_nonnull(end);
    ck_assert_int_le(end - written, 2048);
    ck_assert_int_gt(end - written, 2000);
    ck_assert_str_eq(end, "\n<6>next\n");
}
END_TEST

static void say_forged(void)
{
    log_info("run ended run=%lld reason=\"%s\" state=%s", 7LL, "no\" state=done reason=\"C:\\",
             "dead state=done");
}

START_TEST(a_value_cannot_pass_for_another_key)
{
    capture(say_forged);
    ck_assert_str_eq(written, "<6>run ended run=7 reason=\"no\\\" state=done reason=\\\"C:\\\\\" "
                              "state=\"dead state=done\"\n");
}
END_TEST

static void say_words(void)
{
    log_info("said rule=%s empty=%s odd=%s cut=%.3s n=%d%% at=%s:%zu f=%.1f u=%u l=%lld", "отказ-1",
             "", "a=b", "при", 40, "10-a.ini", (size_t)3, 2.5, 4000000000U, -5LL);
}

START_TEST(what_is_one_word_stays_bare)
{
    capture(say_words);
    ck_assert_str_eq(written, "<6>said rule=отказ-1 empty=\"\" odd=\"a=b\" cut=п n=40% "
                              "at=10-a.ini:3 f=2.5 u=4000000000 l=-5\n");
}
END_TEST

static void say_broken(void)
{
    log_info("%s name=\"%s\"", "a\xff", "b\xc3(");
}

/* The journal shows such a line as "[blob data]". */
START_TEST(bytes_that_are_no_letters_do_not_hide_a_line)
{
    capture(say_broken);
    ck_assert_str_eq(written, "<6>a  name=\"b\\xc3(\"\n");
}
END_TEST

START_TEST(priorities_are_for_the_journal_only)
{
    capture_as(say_levels, false);
    ck_assert_str_eq(written, "shown\ndebug: shown now\nerror: still shown\n");
}
END_TEST

static void say_long_values(void)
{
    char text[3000];
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info("a=\"%s\" b=\"%s\" c=7", text, text);
    log_info("d=\"%s\" run=9", text);
}

START_TEST(a_long_value_is_cut_within_its_quotes)
{
    capture(say_long_values);
    const char *end = strchr(written, '\n');
    ck_assert_ptr_nonnull(end);
    ck_assert_int_le(end - written, 2048);
    ck_assert_mem_eq(end - strlen("\\\"…\""), "\\\"…\"", strlen("\\\"…\""));
    ck_assert_ptr_nonnull(strstr(written, "…\" b=\"")); /* the first left room for the second */
    ck_assert_ptr_nonnull(strstr(end, "\\\"…\" run=9\n"));
}
END_TEST

CHECK_MAIN("common/log", a_value_cannot_pass_for_another_key, what_is_one_word_stays_bare,
           bytes_that_are_no_letters_do_not_hide_a_line, priorities_are_for_the_journal_only,
           a_long_value_is_cut_within_its_quotes,
           text_from_outside_cannot_start_a_line_or_colour_a_terminal,
           commands_in_one_character_are_disarmed_too, letters_beyond_ascii_are_left_alone,
           lines_above_the_level_are_dropped, a_long_line_is_cut_and_still_ends)
