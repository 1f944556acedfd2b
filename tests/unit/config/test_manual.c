/* The manual pages name every key, trigger, condition, filter and action of the program's tables,
 * each in its section: a word counts when it stands in a line of macros (.It, .Cm), not in prose.
 */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "daemon/config/config.h"
#include "daemon/model/entity.h"
#include "daemon/rules/action.h"
#include "daemon/rules/filter.h"
#include "daemon/rules/load.h"
#include "daemon/rules/signal.h"
#include "daemon/rules/trigger.h"
#include "tests/support/check_main.h"

#define CONFIGURATION "man/b24bridge.ini.5"
#define RULES "man/b24bridge-rules.7"

/* The lines of macros from the one that begins with `from` up to the next that begins with one of
 * the two ends; "" when there is none. mem_free. */
static char *part_new(const char *path, const char *from, const char *end, const char *other_end)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is missing", path);
    struct buf text BUF_AUTO;
    char line[1024];
    bool inside = false;
    buf_init(&text, 1 << 20);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        bool begins = strncmp(line, from, strlen(from)) == 0 && line[strlen(from)] <= ' ';
        if (begins || strncmp(line, end, strlen(end)) == 0 ||
            strncmp(line, other_end, strlen(other_end)) == 0)
            inside = begins;
        if (inside && line[0] == '.')
            buf_printf(&text, "%s \n", line);
    }
    (void)fclose(file);
    return buf_take(&text);
}

static char *section_new(const char *path, const char *title)
{
    char *from = mem_printf(".Sh %s", title);
    char *part = part_new(path, from, ".Sh ", ".Sh ");
    ck_assert_msg(part[0] != '\0', "%s has no section \"%s\"", path, title);
    mem_free(from);
    return part;
}

static bool names(const char *part, const char *word)
{
    char *whole = mem_printf(" %s ", word);
    bool found = strstr(part, whole) != NULL;
    mem_free(whole);
    return found;
}

static void rules_name(const char *title, const char *const *words, size_t count)
{
    char *section = section_new(RULES, title);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(names(section, words[i]), "%s: \"%s\" lacks %s", RULES, title, words[i]);
    mem_free(section);
}

START_TEST(each_key_of_the_configuration_is_in_its_section)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    ck_assert_uint_ge(count, 20);
    for (size_t i = 0; i < count; i++) {
        const char *named = strcmp(keys[i].section, "server") == 0       ? ""
                            : strcmp(keys[i].section, "substitute") == 0 ? " USER"
                                                                         : " NAME";
        char *title = mem_printf("SECTION %s%s", keys[i].section, named);
        char *section = section_new(CONFIGURATION, title);
        ck_assert_msg(names(section, keys[i].name), "%s: \"%s\" lacks %s", CONFIGURATION, title,
                      keys[i].name);
        mem_free(section);
        mem_free(title);
    }
}
END_TEST

START_TEST(each_key_of_a_rule_and_of_every_step_is_there)
{
    const char *key;
    size_t i;
    for (i = 0; (key = load_rule_key(i)) != NULL; i++)
        rules_name("KEYS OF A RULE", &key, 1);
    ck_assert_uint_ge(i, 12);
    for (i = 0; (key = load_step_key(i)) != NULL; i++)
        rules_name("STEPS", &key, 1);
    ck_assert_uint_ge(i, 4);
}
END_TEST

START_TEST(each_trigger_is_there)
{
    /* What has no table: it stands behind a duration or a field. */
    static const char *const words[] = {"before", "after", "changes", "funnel", "weekday", "item"};
    size_t count = 0, i;
    const char *word;
    for (i = 0; (word = trigger_word(i)) != NULL; i++)
        rules_name("TRIGGERS", &word, 1);
    ck_assert_uint_ge(i, 13);
    rules_name("TRIGGERS", words, sizeof words / sizeof words[0]);
    const struct entity_kind *kinds = entity_kinds(&count);
    for (i = 0; i < count; i++)
        rules_name("TRIGGERS", &kinds[i].word, 1);
    for (int s = 0; s < SIGNAL_COUNT; s++) {
        word = signal_word((enum signal)s);
        rules_name("TRIGGERS", &word, 1);
    }
}
END_TEST

START_TEST(each_condition_is_there)
{
    /* rules/expr.h says them all. */
    static const char *const words[] = {
        "=",        "!=",      "<",        "<=",           ">",       ">=",  "in", "not in",
        "contains", "matches", "is empty", "is not empty", "changed", "and", "or", "not"};
    rules_name("CONDITIONS", words, sizeof words / sizeof words[0]);
}
END_TEST

START_TEST(each_filter_is_there)
{
    size_t count = 0;
    const char *const *filters = filter_names(&count);
    ck_assert_uint_ge(count, 20);
    rules_name("TEMPLATES", filters, count);
}
END_TEST

START_TEST(each_action_is_there_with_its_keys)
{
    size_t count = 0;
    const struct action *const *all = actions(&count);
    ck_assert_uint_ge(count, 18);
    for (size_t i = 0; i < count; i++) {
        char *from = mem_printf(".It Cm %s", all[i]->name);
        char *section = section_new(RULES, "WHAT A STEP DOES");
        char *item = part_new(RULES, from, ".It ", ".Sh ");
        ck_assert_msg(names(section, all[i]->name), "%s lacks the action %s", RULES, all[i]->name);
        for (size_t k = 0; k < all[i]->key_count; k++) {
            const struct action_key *key = &all[i]->keys[k];
            char *word = mem_printf("%s%s%s", key->name,
                                    key->name[strlen(key->name) - 1] == '.' ? "NAME" : "",
                                    key->required ? " Ns *" : "");
            ck_assert_msg(strcmp(key->name, "*") == 0 || names(item, word),
                          "%s: %s lacks its key %s", RULES, all[i]->name, word);
            mem_free(word);
        }
        mem_free(item);
        mem_free(section);
        mem_free(from);
    }
}
END_TEST

CHECK_MAIN("config/manual", each_key_of_the_configuration_is_in_its_section,
           each_key_of_a_rule_and_of_every_step_is_there, each_trigger_is_there,
           each_condition_is_there, each_filter_is_there, each_action_is_there_with_its_keys)
