/* Every mistake in rules has its message, word for word: errors/CASE/ holds the rules (all *.ini in
 * name order) and expected.txt. After a deliberate change RULES_CASES_WRITE=1 writes the new texts;
 * read the difference before you keep it. */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_text.h"

static char *read_text(const char *path)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 20);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is missing", path);
    char part[4096];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&text, part, size);
    (void)fclose(file);
    return buf_take(&text);
}

/* The complaints about the rules in that folder, a line each. */
static char *complaints_of(const char *path, size_t length)
{
    struct rules_text rules;
    rules_text_init(&rules);
    char pattern[600];
    (void)snprintf(pattern, sizeof pattern, "%.*s*.ini", (int)length, path);
    glob_t files;
    ck_assert_int_eq(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *text = read_text(files.gl_pathv[i]);
        rules_text_add(&rules, strrchr(files.gl_pathv[i], '/') + 1, text);
        mem_free(text);
    }
    globfree(&files);
    ruleset_finish(rules.set); /* a set with mistakes can be finished and freed like any other */
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < rules.diag.count; i++)
        buf_printf(&out, "%s\n", rules.diag.entries[i].text);
    rules_text_done(&rules);
    return buf_take(&out);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    (void)fputs(text, file);
    (void)fclose(file);
}

START_TEST(each_mistake_has_its_message)
{
    glob_t cases;
    ck_assert_int_eq(glob("tests/unit/rules/errors/*/expected.txt", 0, NULL, &cases), 0);
    ck_assert_uint_ge(cases.gl_pathc, 90);
    int wrong = 0;
    for (size_t i = 0; i < cases.gl_pathc; i++) {
        const char *path = cases.gl_pathv[i];
        char *expected = read_text(path);
        char *got = complaints_of(path, (size_t)(strrchr(path, '/') + 1 - path));
        if (getenv("RULES_CASES_WRITE") != NULL)
            write_text(path, got);
        else if (strcmp(expected, got) != 0 || expected[0] == '\0') {
            (void)fprintf(stderr, "%s:\n%sbut got:\n%s\n", path, expected, got);
            wrong++;
        }
        mem_free(expected);
        mem_free(got);
    }
    globfree(&cases);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

CHECK_MAIN("load_errors", each_mistake_has_its_message)
