/* The manual of the actions names every action with all its keys, and its examples are rules. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/ini.h"
#include "common/mem.h"
#include "daemon/rules/action.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/signal.h"
#include "tests/support/check_main.h"

static const char *const manuals[] = {"docs/actions.md", "docs/actions.ru.md"};
enum { MANUALS = sizeof manuals / sizeof manuals[0] };

static char *read_new(const char *path)
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

/* The part below "## `name`", up to the next heading. mem_free. */
static char *section_new(const char *path, const char *text, const char *name)
{
    char *heading = mem_printf("\n## `%s`\n", name);
    const char *from = strstr(text, heading);
    ck_assert_msg(from != NULL, "%s has no section for %s", path, name);
    from += strlen(heading);
    const char *end = strstr(from, "\n## ");
    mem_free(heading);
    return end != NULL ? mem_strndup(from, (size_t)(end - from)) : mem_strdup(from);
}

/* `title`, `values.NAME`. */
static void names_key(const char *path, const char *section, const struct action *action,
                      const char *key)
{
    size_t size = strlen(key);
    char *shown = mem_printf("`%s%s`", key, key[size - 1] == '.' ? "NAME" : "");
    ck_assert_msg(strstr(section, shown) != NULL, "%s: %s lacks its key %s", path, action->name,
                  shown);
    mem_free(shown);
}

START_TEST(each_action_has_its_row_its_keys_and_its_example)
{
    size_t count = 0;
    const struct action *const *all = actions(&count);
    ck_assert_uint_ge(count, 18);
    for (size_t m = 0; m < MANUALS; m++) {
        char *text = read_new(manuals[m]);
        for (size_t i = 0; i < count; i++) {
            char *section = section_new(manuals[m], text, all[i]->name);
            char *row = mem_printf("\n| [`%s`](#%s) |", all[i]->name, all[i]->name);
            char *example = mem_printf("\n[then %s", all[i]->name);
            ck_assert_msg(strstr(text, row) != NULL, "%s: no row of %s", manuals[m], all[i]->name);
            ck_assert_msg(strstr(section, example) != NULL, "%s: no example of %s", manuals[m],
                          all[i]->name);
            for (size_t k = 0; k < all[i]->key_count; k++)
                names_key(manuals[m], section, all[i], all[i]->keys[k].name);
            mem_free(section);
            mem_free(row);
            mem_free(example);
        }
        mem_free(text);
    }
}
END_TEST

/* A block of steps is an example for a deal. The kinds of its triggers, as bits. */
static unsigned load_example(const char *path, const char *block, size_t size)
{
    static const char *const portals[] = {"main", NULL}, *const calendars[] = {"office", NULL},
                             *const teams[] = {"first-line", NULL};
    const struct ruleset_names names = {portals, calendars, teams};
    struct diag diag;
    bool whole = strncmp(block, "[rule ", 6) == 0;
    char *text = mem_printf("%s%.*s\n", whole ? "" : "[rule example]\non = deal added\n\n",
                            (int)size, block);
    diag_init(&diag);
    struct ini *ini = ini_parse("example.ini", text, strlen(text), &diag);
    struct ruleset *set = ruleset_new();
    ruleset_load(set, ini, &names, &diag);
    ruleset_finish(set);
    for (size_t i = 0; i < diag.count; i++)
        (void)fprintf(stderr, "%s: %s\n%s\n", path, diag.entries[i].text, text);
    ck_assert_uint_eq(diag.count, 0);
    unsigned kinds = 0;
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->rules[i].trigger_count; k++)
            kinds |= 1U << set->rules[i].triggers[k].kind;
    ruleset_free(set);
    ini_free(ini);
    diag_done(&diag);
    mem_free(text);
    return kinds;
}

START_TEST(each_example_is_a_rule_without_mistakes)
{
    static const char opening[] = "\n```ini\n", closing[] = "\n```";
    for (size_t m = 0; m < MANUALS; m++) {
        char *text = read_new(manuals[m]);
        size_t blocks = 0;
        for (const char *at = strstr(text, opening); at != NULL; at = strstr(at, opening)) {
            at += strlen(opening);
            const char *end = strstr(at, closing);
            ck_assert_ptr_nonnull(end);
            (void)load_example(manuals[m], at, (size_t)(end - at));
            blocks++;
            at = end;
        }
        ck_assert_uint_ge(blocks, 18);
        mem_free(text);
    }
}
END_TEST

START_TEST(each_signal_is_explained)
{
    for (size_t m = 0; m < MANUALS; m++) {
        char *text = read_new(manuals[m]);
        for (int s = 0; s < SIGNAL_COUNT; s++) {
            char *row = mem_printf("\n| `%s` |", signal_word((enum signal)s));
            ck_assert_msg(strstr(text, row) != NULL, "%s: no row of \"%s\"", manuals[m],
                          signal_word((enum signal)s));
            mem_free(row);
        }
        mem_free(text);
    }
}
END_TEST

/* Those have to be told whose they are. */
static bool is_signal(const char *text, size_t size)
{
    bool is = false;
    for (int s = 0; s < SIGNAL_COUNT; s++)
        is = is || (strlen(signal_word((enum signal)s)) == size &&
                    memcmp(signal_word((enum signal)s), text, size) == 0);
    return is;
}

/* The first cell of each row of the table of triggers is a trigger, and together they are of every
 * kind. */
START_TEST(each_kind_of_trigger_is_explained)
{
    static const char *const tables[] = {"docs/triggers.md", "docs/triggers.ru.md"};
    static const char row[] = "\n| `";
    for (size_t m = 0; m < sizeof tables / sizeof tables[0]; m++) {
        char *text = read_new(tables[m]);
        unsigned kinds = 0;
        for (const char *at = strstr(text, row); at != NULL; at = strstr(at, row)) {
            at += strlen(row);
            size_t size = strcspn(at, "`");
            char *rule = mem_printf("[rule example]\non = %.*s\n%s[then stop]", (int)size, at,
                                    is_signal(at, size) ? "if = deal.stage = @open\n" : "");
            if (strncmp(at, "on =", 4) != 0)
                kinds |= load_example(tables[m], rule, strlen(rule));
            mem_free(rule);
        }
        ck_assert_uint_eq((2U << TRIGGER_SIGNAL) - 1, kinds);
        mem_free(text);
    }
}
END_TEST

CHECK_MAIN("rules/manual", each_kind_of_trigger_is_explained,
           each_action_has_its_row_its_keys_and_its_example,
           each_example_is_a_rule_without_mistakes, each_signal_is_explained)
