/* docs/once.md says what the look table does: a row there for each action and each method here. */

#include <stdio.h>

#include "common/buf.h"
#include "common/mem.h"
#include "daemon/rules/action.h"
#include "daemon/rules/look.h"
#include "tests/support/check_main.h"

static char *read_new(const char *path)
{
    struct buf text BUF_AUTO;
    char room[4096];
    size_t size;
    buf_init(&text, 1 << 20);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "no %s here: run this from the source tree", path);
    while ((size = fread(room, 1, sizeof room, file)) > 0)
        buf_add(&text, room, size);
    (void)fclose(file);
    return buf_take(&text);
}

static void each_action_is_in(const char *path)
{
    size_t count;
    const struct action *const *all = actions(&count);
    char *text = read_new(path);
    for (size_t i = 0; i < count; i++) {
        char *row = mem_printf("\n| `%s` | ", all[i]->name);
        ck_assert_msg(strstr(text, row) != NULL, "%s does not speak of [then %s]", path,
                      all[i]->name);
        mem_free(row);
    }
    mem_free(text);
}

START_TEST(each_action_says_how_it_is_done_once)
{
    each_action_is_in("docs/once.md");
    each_action_is_in("docs/once.ru.md");
}
END_TEST

START_TEST(each_method_says_what_the_table_does)
{
    size_t count;
    const struct look_row *rows = look_rows(&count);
    char *text = read_new("docs/once.md");
    for (size_t i = 0; i < count; i++) {
        char *row = mem_printf("\n| `%s` | %s |\n", rows[i].method, rows[i].how);
        ck_assert_msg(strstr(text, row) != NULL, "docs/once.md lacks this row:%s", row);
        mem_free(row);
    }
    mem_free(text);
}
END_TEST

CHECK_MAIN("rules/once", each_action_says_how_it_is_done_once, each_method_says_what_the_table_does)
