#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, const char *format, ...)
{
    if (err == NULL || err->text[0] != '\0')
        return false;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    char whole[sizeof err->text];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(whole, sizeof whole, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof whole)
        (void)snprintf(whole + n, sizeof whole - (size_t)n, "%s", err->text);
    memcpy(err->text, whole, sizeof whole);
    return false;
}
