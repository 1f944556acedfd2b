#include "daemon/cli/args.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"

enum {
    ALLOWED = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_PORTAL),
    WORDS_MOST = 32,
};

static bool parse(const char *line, struct args *ret, struct err *err)
{
    static char text[512];
    const char *words[WORDS_MOST];
    size_t count = 0;
    char *rest = NULL;
    (void)snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    return args_parse(words, count, ALLOWED, ret, err);
}

static struct args parsed(const char *line)
{
    struct args args;
    struct err err = {0};
    ck_assert_msg(parse(line, &args, &err), "%s", err.text);
    return args;
}

static void refused(const char *line, const char *why)
{
    struct args args;
    struct err err = {0};
    ck_assert_msg(!parse(line, &args, &err), "%s", line);
    ck_assert_str_eq(err.text, why);
}

START_TEST(options_stand_anywhere)
{
    struct args a = parsed("deal --json 123 -c FILE");
    ck_assert_uint_eq(a.count, 2);
    ck_assert_str_eq(a.operands[0], "deal");
    ck_assert_str_eq(a.operands[1], "123");
    ck_assert(args_has(&a, OPTION_JSON));
    ck_assert_str_eq(args_text(&a, OPTION_CONFIG, "usual"), "FILE");
    ck_assert_str_eq(args_text(&a, OPTION_PORTAL, "usual"), "usual");
}
END_TEST

START_TEST(a_value_may_hang_on_its_option)
{
    struct args a = parsed("--portal=main -cFILE");
    ck_assert_str_eq(args_text(&a, OPTION_PORTAL, ""), "main");
    ck_assert_str_eq(args_text(&a, OPTION_CONFIG, ""), "FILE");
}
END_TEST

START_TEST(an_option_may_be_a_flag_of_one_verb)
{
    static const char *const words[] = {"--portal", "main"};
    struct args a;
    struct err err = {0};
    ck_assert(args_parse(words, 2, OPTION_BIT(OPTION_LIVE), &a, &err));
    ck_assert(args_has(&a, OPTION_LIVE));
    ck_assert(!args_has(&a, OPTION_PORTAL));
    ck_assert_str_eq(a.operands[0], "main");
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    struct args a = parsed("-- --json -c");
    ck_assert_uint_eq(a.count, 2);
    ck_assert_str_eq(a.operands[0], "--json");
    ck_assert(!args_has(&a, OPTION_JSON));
}
END_TEST

START_TEST(what_is_not_understood_is_said)
{
    refused("--jsn", "unknown option \"--jsn\"; did you mean \"--json\"?");
    refused("--volume", "unknown option \"--volume\"; see --help");
    refused("-x", "unknown option \"-x\"; see --help");
    refused("--calendar office", "unknown option \"--calendar\"; see --help");
    refused("--portal", "--portal needs a value: --portal NAME");
    refused("-c", "--config needs a value: --config FILE");
    refused("--json=yes", "--json takes no value");
    refused("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "more than 16 words");
}
END_TEST

CHECK_MAIN("args", options_stand_anywhere, a_value_may_hang_on_its_option,
           an_option_may_be_a_flag_of_one_verb, two_dashes_end_the_options,
           what_is_not_understood_is_said)
