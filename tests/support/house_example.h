#ifndef TESTS_SUPPORT_HOUSE_EXAMPLE_H
#define TESTS_SUPPORT_HOUSE_EXAMPLE_H

/* A house with one of the files of config/rules.d. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

/* The text of the file. mem_free. */
static inline char *house_example_text(const char *path)
{
    struct buf text BUF_AUTO;
    char part[4096];
    size_t size;
    buf_init(&text, 1 << 16);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&text, part, size);
    (void)fclose(file);
    return buf_take(&text);
}

/* With its rule switched on. */
static inline struct house *house_with_example(const char *path)
{
    char *text = house_example_text(path), *off = strstr(text, "= off\n");
    ck_assert_msg(off != NULL, "%s is on", path);
    memcpy(off, "= on \n", strlen("= off\n"));
    struct house *house = house_with(text);
    mem_free(text);
    return house;
}

/* With what nobody waits for in a test made short; each `from` stands in the file. Ends with {0}.
 */
static inline struct house *house_with_swaps(const char *path, const struct house_swap *swaps)
{
    char *text = house_example_text(path);
    for (; swaps->from != NULL; swaps++) {
        struct buf out BUF_AUTO;
        const char *rest = text, *next;
        buf_init(&out, 1 << 16);
        ck_assert_msg(strstr(text, swaps->from) != NULL, "\"%s\" is not in %s", swaps->from, path);
        while ((next = strstr(rest, swaps->from)) != NULL) {
            buf_add(&out, rest, (size_t)(next - rest));
            buf_text(&out, swaps->to);
            rest = next + strlen(swaps->from);
        }
        buf_text(&out, rest);
        mem_free(text);
        text = buf_take(&out);
    }
    struct house *house = house_with(text);
    mem_free(text);
    return house;
}

/* As it stands. */
static inline struct house *house_with_file(const char *path)
{
    return house_with_swaps(path, (const struct house_swap[]){{NULL, NULL}});
}

#endif
