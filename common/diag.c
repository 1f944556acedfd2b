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
    for (size_t i = 0; i < d->warning_count; i++)
        mem_free(d->warnings[i].text);
    mem_free(d->entries);
    mem_free(d->warnings);
    *d = (struct diag){0};
}

size_t diag_kept(const struct diag *d)
{
    return d->count < KEPT ? d->count : KEPT;
}

enum { WHAT_SIZE = 1024 };

static char *complaint_new(struct place at, const char *what)
{
    return at.line > 0 ? mem_printf("%s:%d:%d: %s", at.file, at.line, at.column, what)
                       : mem_printf("%s: %s", at.file, what);
}

bool diag_add(struct diag *d, struct place at, const char *format, ...)
{
    char what[WHAT_SIZE];
    va_list args;
    if (d->count++ >= KEPT)
        return false;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    d->entries = mem_grow(d->entries, d->count, sizeof *d->entries);
    d->entries[d->count - 1].text = complaint_new(at, what);
    return false;
}

void diag_warn(struct diag *d, struct place at, const char *format, ...)
{
    char what[WHAT_SIZE];
    va_list args;
    if (d->warning_count >= KEPT)
        return;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    d->warnings = mem_grow(d->warnings, d->warning_count + 1, sizeof *d->warnings);
    d->warnings[d->warning_count++].text = complaint_new(at, what);
}
