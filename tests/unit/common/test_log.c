#include "common/log.h"

#include <string.h>
#include <unistd.h>

#include "tests/support/check_main.h"

static char written[8192];

/* Runs with stderr as a pipe; what came out is in `written`. */
static void capture(void (*act)(void))
{
    int ends[2];
    int kept = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    (void)close(ends[1]);
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

static void say_hostile(void)
{
    log_warning("event refused name=%s", "ON\r\n<3>root login ok\x1b[31m\x7f\tx");
}

START_TEST(text_from_outside_cannot_start_a_line_or_colour_a_terminal)
{
    capture(say_hostile);
    ck_assert_str_eq(written, "<4>event refused name=ON  <3>root login ok [31m  x\n");
}
END_TEST

static void say_c1(void)
{
    log_info("name=%s", "a\xc2\x9b"
                        "31mb\xc2\xa0");
}

START_TEST(commands_in_one_character_are_disarmed_too)
{
    capture(say_c1);
    ck_assert_str_eq(written, "<6>name=a  31mb\xc2\xa0\n");
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

CHECK_MAIN("common/log", text_from_outside_cannot_start_a_line_or_colour_a_terminal,
           commands_in_one_character_are_disarmed_too, letters_beyond_ascii_are_left_alone,
           lines_above_the_level_are_dropped, a_long_line_is_cut_and_still_ends)
