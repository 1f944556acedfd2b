#ifndef TESTS_SUPPORT_HOUSE_EXAMPLE_H
#define TESTS_SUPPORT_HOUSE_EXAMPLE_H

/* A house with one of the examples that wait for the right names. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

/* A file of config/rules.d with its rule switched on. */
static inline struct house *house_with_example(const char *path)
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
    char *off = strstr(text.data, "= off\n");
    ck_assert_msg(off != NULL, "%s is on", path);
    memcpy(off, "= on \n", strlen("= off\n"));
    return house_with(text.data);
}

#endif
