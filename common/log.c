#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int ceiling = LOG_LEVEL_INFO;

/* Blanks for C0 and DEL, and for C1 in UTF-8 (U+009B begins a command just as ESC [ does). */
static void disarm(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[i] = text[i + 1] = ' ';
        else if (c < ' ' || c == 0x7f)
            text[i] = ' ';
    }
}

void log_set_level(enum log_level level)
{
    atomic_store(&ceiling, (int)level);
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level > atomic_load(&ceiling))
        return;
    char line[2048];
    int head = isatty(STDERR_FILENO) ? 0 : snprintf(line, sizeof line, "<%d>", (int)level);
    va_list args;
    va_start(args, format);
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
    va_end(args);
    if (body < 0)
        return;
    size_t size = (size_t)head + (size_t)body;
    if (size > sizeof line - 2)
        size = sizeof line - 2;
    disarm(line + head, size - (size_t)head);
    line[size++] = '\n';
    /* Nowhere to report a failed write to stderr. */
    ssize_t ignored = write(STDERR_FILENO, line, size);
    (void)ignored;
}
