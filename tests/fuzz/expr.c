#include "daemon/rules/expr.h"

#include "tests/fuzz/entry.h"

void fuzz_expr(const uint8_t *data, size_t size)
{
    struct bench *b = entry_bench();
    const struct ini_entry *entry = entry_of(b, data, size);
    if (entry == NULL)
        return;
    struct expr *expr = expr_parse(entry, bench_names(), &b->diag);
    fuzz_must((expr == NULL) == (b->diag.count > 0));
    if (expr == NULL)
        return;
    bool is = false;
    enum known known = expr_eval(expr, &b->scope, &is);
    /* One of several names may be wrong before the others are known: nobody asks for them then. */
    fuzz_must(known != KNOWN_NOT || json_array_size(b->scope.needs) > 0);
    fuzz_must((known == KNOWN_BAD) == (b->scope.err.text[0] != '\0'));
    expr_free(expr);
}
