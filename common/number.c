#include "common/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t digits_at(const char *text)
{
    size_t n = 0;
    while (text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

/* Bytes of the fraction (".25") at `text`, 0 if there is none. */
static size_t fraction_at(const char *text)
{
    size_t digits = text[0] == '.' ? digits_at(text + 1) : 0;
    return digits > 0 ? 1 + digits : 0;
}

/* The same of an exponent ("e+20"). */
static size_t exponent_at(const char *text)
{
    if (text[0] != 'e' && text[0] != 'E')
        return 0;
    size_t sign = text[1] == '-' || text[1] == '+';
    size_t digits = digits_at(text + 1 + sign);
    return digits > 0 ? 1 + sign + digits : 0;
}

bool number_int(const char *text, int64_t *ret)
{
    size_t sign = text[0] == '-';
    size_t digits = digits_at(text + sign);
    if (digits == 0 || text[sign + digits] != '\0')
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno != 0)
        return false;
    *ret = value;
    return true;
}

bool number_real(const char *text, double *ret)
{
    size_t at = text[0] == '-';
    size_t whole = digits_at(text + at);
    at += whole;
    at += fraction_at(text + at);
    at += exponent_at(text + at);
    if (whole == 0 || text[at] != '\0')
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *ret = value;
    return true;
}

void number_print(struct buf *out, double value)
{
    char text[64];
    for (int decimals = 0; decimals <= 20 && fabs(value) < 1e15; decimals++) {
        (void)snprintf(text, sizeof text, "%.*f", decimals, value);
        if (strtod(text, NULL) == value) {
            buf_text(out, strcmp(text, "-0") == 0 ? "0" : text);
            return;
        }
    }
    (void)snprintf(text, sizeof text, "%.17g", value);
    buf_text(out, text);
}

void number_trim(char *text)
{
    size_t sign = text[0] == '-';
    size_t whole = digits_at(text + sign);
    size_t fraction = fraction_at(text + sign + whole);
    size_t end = sign + whole + fraction;
    bool padded = whole > 1 && text[sign] == '0';
    if (whole == 0 || padded || text[end] != '\0')
        return;
    while (fraction > 0 && text[end - 1] == '0' && text[end - 2] != '.')
        end--;
    if (fraction > 0 && text[end - 1] == '0')
        end -= 2; /* ".0" */
    text[end] = '\0';
    if (strcmp(text, "-0") == 0)
        memcpy(text, "0", sizeof "0");
}
