#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

/* Files of tests/fixtures, read whole. Tests run with the source tree as their folder. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* "bodies/oncrmdealadd.form" → its bytes, a NUL behind them; release with free(). */
static inline char *fixture_read(const char *name, size_t *ret_size)
{
    enum { MOST = 1 << 20 };
    char path[512];
    (void)snprintf(path, sizeof path, "tests/fixtures/%s", name);
    FILE *file = fopen(path, "rbe");
    ck_assert_msg(file != NULL, "no fixture %s", path);
    char *bytes = calloc(1, MOST);
    ck_assert_ptr_nonnull(bytes);
    *ret_size = fread(bytes, 1, MOST - 1, file);
    ck_assert_msg(!ferror(file) && feof(file), "cannot read %s", path);
    (void)fclose(file);
    return bytes;
}

#endif
