#include "daemon/rules/candidates.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/near.h"

enum { LIST_SIZE = 200 }; /* bytes of names in one message: more of them help nobody */

void candidates_add(struct candidates *c, const char *name)
{
    if (c->count < CANDIDATES_MOST && name[0] != '\0')
        c->names[c->count++] = name;
}

void candidates_add_rows(struct candidates *c, const json_t *list, const char *member)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(list), i, row)
        candidates_add(c, jv_text(row, member, ""));
}

static void print_all(struct buf *out, const struct candidates *c)
{
    for (size_t i = 0; i < c->count; i++)
        buf_printf(out, "%s\"%s%s\"", i > 0 ? ", " : "", c->before != NULL ? c->before : "",
                   c->names[i]);
}

enum known candidates_bad(struct scope *scope, const struct candidates *c, const char *wrong,
                          const char *format, ...)
{
    char text[sizeof scope->err.text];
    struct buf all BUF_AUTO;
    const char *near = near_name(wrong, c->names, c->count);
    buf_init(&all, LIST_SIZE);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (near != NULL)
        return scope_bad(scope, "%s; did you mean \"%s%s\"?", text,
                         c->before != NULL ? c->before : "", near);
    print_all(&all, c);
    if (all.size == 0 || all.full)
        return scope_bad(scope, "%s", text);
    return scope_bad(scope, "%s; there are %s", text, all.data);
}
