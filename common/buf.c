#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"

enum { FIRST_BYTES = 511 }; /* an event's form fits: the body of most requests */

void buf_init(struct buf *b, size_t ceiling)
{
    *b =
        (struct buf){.ceiling = ceiling, .capacity = ceiling < FIRST_BYTES ? ceiling : FIRST_BYTES};
    b->data = mem_alloc(b->capacity + 1);
}

void buf_done(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){0};
}

static bool make_room(struct buf *b, size_t more)
{
    if (more > b->ceiling - b->size) {
        b->full = true;
        return false;
    }
    size_t wanted = b->size + more;
    if (wanted <= b->capacity)
        return true;
    size_t grown = b->capacity * 2 > wanted ? b->capacity * 2 : wanted;
    b->capacity = grown < b->ceiling ? grown : b->ceiling;
    b->data = mem_grow(b->data, b->capacity + 1, 1);
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t size)
{
    if (size == 0 || b->full || !make_room(b, size))
        return;
    memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need > 0 && !b->full && make_room(b, (size_t)need)) {
        (void)vsnprintf(b->data + b->size, (size_t)need + 1, format, again);
        b->size += (size_t)need;
    }
    va_end(again);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->full = false;
    b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
    char *text = b->data;
    buf_init(b, b->ceiling);
    return text;
}
