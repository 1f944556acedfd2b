#ifndef TESTS_SUPPORT_HOUSE_RULES_H
#define TESTS_SUPPORT_HOUSE_RULES_H

/* Houses with some of the rules of config/rules.d, and the deals that those rules speak of. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

#define ALL_EFFECTS_ARE(house, expected) HOUSE_EFFECTS_ARE(house, expected, NULL, NULL)
#define EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void add_file(struct buf *out, const char *name)
{
    char part[4096];
    size_t size;
    char *path = mem_printf("config/rules.d/%s.ini", name);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_add(out, part, size);
    (void)fclose(file);
    mem_free(path);
}

/* `from` must stand in the text. Takes text; mem_free. */
static inline char *replaced_new(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "no \"%s\"", from);
    char *out = mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    mem_free(text);
    return out;
}

/* The files of these rules, those that wait for somebody's names switched on. mem_free. */
static inline char *examples_new(const char *const *names)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 16);
    for (; *names != NULL; names++)
        add_file(&text, *names);
    char *rules = buf_take(&text);
    while (strstr(rules, "= off\n") != NULL)
        rules = replaced_new(rules, "= off\n", "= on\n");
    return rules;
}

/* With nothing but these rules. */
static inline struct house *open_with(const char *const *names)
{
    char *rules = examples_new(names);
    struct house *h = house_with(rules);
    mem_free(rules);
    return h;
}

/* A deal "Окна" of Иванов. */
static inline json_t *deal_fields(int funnel, const char *stage, double sum)
{
    return json_pack("{ss si ss sf si}", "title", "Окна", "categoryId", funnel, "stageId", stage,
                     "opportunity", sum, "assignedById", IVANOV);
}

/* Takes both, answers the first. */
static inline json_t *with(json_t *fields, const char *name, json_t *value)
{
    (void)json_object_set_new(fields, name, value);
    return fields;
}

/* A person moves the deal, and the rules have their time. */
static inline void enter(struct house *h, int user, int64_t deal, const char *stage)
{
    house_update(h, user, DEAL, deal, json_pack("{ss}", "stageId", stage));
    house_settle(h);
}

#endif
