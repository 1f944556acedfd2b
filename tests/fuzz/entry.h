#ifndef TESTS_FUZZ_ENTRY_H
#define TESTS_FUZZ_ENTRY_H

/* Any bytes as the value of an entry, and the scope of tests/support/rules_scope.h to read it in:
 * made once, because it costs more than what is tried. */

#include <check.h>

#include "tests/fuzz/fuzz.h"

/* Check's own want its runner, and libFuzzer has none. */
#undef ck_assert
#undef ck_assert_msg
#undef ck_assert_uint_eq
#define ck_assert(condition) fuzz_must(condition)
#define ck_assert_msg(condition, ...) fuzz_must(condition)
#define ck_assert_uint_eq(a, b) fuzz_must((a) == (b))

#include "tests/support/rules_scope.h"

static inline struct bench *entry_bench(void)
{
    static struct bench bench;
    if (bench.facts == NULL)
        bench_init(&bench);
    json_array_clear(bench.scope.needs);
    json_array_clear(bench.scope.trace);
    bench.scope.err.text[0] = '\0';
    diag_done(&bench.diag);
    diag_init(&bench.diag);
    return &bench;
}

/* NULL: no value of an INI file can be that. The bench owns it until the next call. */
static inline const struct ini_entry *entry_of(struct bench *b, const uint8_t *data, size_t size)
{
    struct buf text BUF_AUTO;
    buf_init(&text, FUZZ_MOST + 16);
    buf_text(&text, "[x]\nif = ");
    buf_add(&text, data, size);
    if (b->ini != NULL)
        ini_free(b->ini);
    b->ini = ini_parse("t.ini", text.data, text.size, &b->diag);
    bool one = b->diag.count == 0 && b->ini->count == 1 && b->ini->sections[0].count == 1;
    return one ? &b->ini->sections[0].entries[0] : NULL;
}

#endif
