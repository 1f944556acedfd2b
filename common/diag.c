#include "common/diag.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"

enum { KEPT = 1000 };

void diag_init(struct diag *d)
{
    *d = (struct diag){0};
}

void diag_done(struct diag *d)
{
    for (size_t i = 0; i < diag_kept(d); i++)
        mem_free(d->entries[i].text);
    mem_free(d->entries);
    *d = (struct diag){0};
}

size_t diag_kept(const struct diag *d)
{
    return d->count < KEPT ? d->count : KEPT;
}

bool diag_add(struct diag *d, struct place at, const char *format, ...)
{
    if (d->count >= KEPT) {
        d->count++;
        return false;
    }
    char what[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    d->entries = mem_grow(d->entries, d->count + 1, sizeof *d->entries);
    char **text = &d->entries[d->count++].text;
    if (at.line > 0)
        *text = mem_printf("%s:%d:%d: %s", at.file, at.line, at.column, what);
    else
        *text = mem_printf("%s: %s", at.file, what);
    return false;
}
