#include "daemon/rules/template.h"

#include "tests/fuzz/entry.h"

static void render(struct bench *b, const struct template *t, enum template_into into)
{
    char *text = NULL;
    b->scope.err.text[0] = '\0';
    enum known known = template_text_of(t, &b->scope, into, &text);
    fuzz_must((known == KNOWN) == (text != NULL));
    fuzz_must((known == KNOWN_BAD) == (b->scope.err.text[0] != '\0'));
    mem_free(text);
}

void fuzz_template(const uint8_t *data, size_t size)
{
    struct bench *b = entry_bench();
    const struct ini_entry *entry = entry_of(b, data, size);
    if (entry == NULL)
        return;
    struct template *t = template_parse(entry, 0, bench_names(), &b->diag);
    fuzz_must((t == NULL) == (b->diag.count > 0));
    if (t == NULL)
        return;
    for (int into = INTO_PLAIN; into <= INTO_HEADER; into++)
        render(b, t, (enum template_into)into);
    json_t *value = NULL;
    if (template_value_of(t, &b->scope, &value) == KNOWN)
        json_decref(value);
    template_free(t);
}
