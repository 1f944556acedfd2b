#ifndef TESTS_SUPPORT_RULES_TEXT_H
#define TESTS_SUPPORT_RULES_TEXT_H

/* Rules from a text, for tests. */

#include <check.h>
#include <jansson.h>
#include <string.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/ruleset.h"

enum { RULES_TEXT_FILES = 4 };

struct rules_text {
    struct ruleset *set;
    struct ini *files[RULES_TEXT_FILES]; /* places borrow their names */
    size_t file_count;
    struct diag diag;
};

static inline void rules_text_init(struct rules_text *t)
{
    *t = (struct rules_text){.set = ruleset_new()};
    diag_init(&t->diag);
}

static inline void rules_text_add(struct rules_text *t, const char *file, const char *text)
{
    static const char *const portals[] = {"main", "branch", NULL};
    static const char *const calendars[] = {"office", "shop", NULL};
    static const char *const teams[] = {"first-line", NULL};
    const struct ruleset_names names = {portals, calendars, teams};
    ck_assert_uint_lt(t->file_count, RULES_TEXT_FILES);
    struct ini *ini = ini_parse(file, text, strlen(text), &t->diag);
    t->files[t->file_count++] = ini;
    ruleset_load(t->set, ini, &names, &t->diag);
}

/* A set without mistakes, ready to judge. */
static inline void rules_text_load(struct rules_text *t, const char *text)
{
    rules_text_init(t);
    rules_text_add(t, "rules.ini", text);
    ck_assert_msg(t->diag.count == 0, "%s", t->diag.count > 0 ? t->diag.entries[0].text : "");
    ruleset_finish(t->set);
}

static inline void rules_text_done(struct rules_text *t)
{
    ruleset_free(t->set);
    for (size_t i = 0; i < t->file_count; i++)
        ini_free(t->files[i]);
    diag_done(&t->diag);
}

#endif
