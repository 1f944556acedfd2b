#include "common/percent.h"

#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void percent_encode(struct buf *out, const char *text, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t plain = 0; /* unreserved bytes gathered, not yet added */
    for (size_t i = 0; i < size; i++) {
        if (is_unreserved(text[i])) {
            plain++;
            continue;
        }
        unsigned char byte = (unsigned char)text[i];
        char code[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        buf_add(out, text + i - plain, plain);
        buf_add(out, code, sizeof code);
        plain = 0;
    }
    buf_add(out, text + size - plain, plain);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The offending bytes for a message; what is not printable shows as "?". */
static bool bad_code(const char *text, size_t size, struct err *err)
{
    char shown[4] = {0};
    for (size_t i = 0; i < size && i < 3; i++)
        shown[i] = text[i] > ' ' && text[i] < 0x7f ? text[i] : '?';
    return err_set(err, "bad percent-encoding \"%s\"", shown);
}

bool percent_decode(char *text, size_t size, size_t *ret_size, struct err *err)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%') {
            int high = i + 1 < size ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return bad_code(text + i, size - i, err);
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return err_set(err, "a NUL character is not allowed");
        text[used++] = c;
    }
    *ret_size = used;
    return true;
}
