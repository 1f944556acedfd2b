#include "daemon/rules/filter_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/number.h"
#include "common/utf8.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the blank that stands here; U+00A0 is one. */
static size_t blank_size(const char *text)
{
    if (text[0] != '\0' && strchr(" \t\r\n", text[0]) != NULL)
        return 1;
    return text[0] == '\xc2' && text[1] == '\xa0' ? 2 : 0;
}

void text_trim(struct buf *out, const char *text)
{
    while (blank_size(text) > 0)
        text += blank_size(text);
    size_t end = 0;
    for (size_t i = 0; text[i] != '\0';) {
        size_t blank = blank_size(text + i);
        i += blank > 0 ? blank : 1;
        end = blank > 0 ? end : i;
    }
    buf_add(out, text, end);
}

void text_truncate(struct buf *out, const char *text, size_t letters)
{
    if (utf8_length(text) <= letters) {
        buf_text(out, text);
        return;
    }
    buf_add(out, text, utf8_prefix(text, letters - 1));
    buf_text(out, "…");
}

void text_digits(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (is_digit(*text))
            buf_char(out, *text);
}

/* ---- phones ---------------------------------------------------------------------------------- */

enum { PHONE_LEAST = 7, PHONE_MOST = 15 }; /* digits; E.164 */

/* Bytes of what may stand between the digits: signs, blanks, dashes of any length; 0 for others. */
static size_t phone_filler(const char *text)
{
    if (text[0] != '\0' && strchr("-()./", text[0]) != NULL)
        return 1;
    if (text[0] == '\xe2' && text[1] == '\x80' && text[2] >= '\x90' && text[2] <= '\x95')
        return 3;
    return blank_size(text);
}

/* Digits up to what cannot be part of a number (letters, a second +); *ret_plus: a + stood first.
 */
static size_t phone_digits(const char *text, char out[PHONE_MOST + 3], bool *ret_plus)
{
    size_t count = 0;
    *ret_plus = text[strspn(text, " (")] == '+';
    text += *ret_plus ? strspn(text, " (") + 1 : 0;
    for (size_t step = 1; step > 0; text += step) {
        step = is_digit(*text) ? 1 : phone_filler(text);
        if (is_digit(*text) && count < PHONE_MOST + 2)
            out[count++] = *text;
    }
    out[count] = '\0';
    return count;
}

void text_phone(struct buf *out, const char *text)
{
    char digits[PHONE_MOST + 3];
    bool plus;
    size_t count = phone_digits(text, digits, &plus);
    const char *rest = digits;
    if (!plus && count > 2 && strncmp(digits, "00", 2) == 0) {
        plus = true;
        rest += 2;
        count -= 2;
    }
    if (count < PHONE_LEAST || count > PHONE_MOST)
        buf_text(out, text);
    else if (!plus && count == 11 && (rest[0] == '8' || rest[0] == '7'))
        buf_printf(out, "+7%s", rest + 1);
    else if (!plus && count == 10 && rest[0] == '9')
        buf_printf(out, "+7%s", rest);
    else
        buf_printf(out, "%s%s", plus ? "+" : "", rest);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* "1234567" → "1 234 567". */
static void add_grouped(struct buf *out, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            buf_char(out, ' ');
        buf_char(out, digits[i]);
    }
}

/* The number as plain decimals; false when it is none, or beyond 1e15. */
static bool plain_decimal(const char *text, int decimals, char out[64])
{
    double value;
    int64_t integer;
    if (number_int(text, &integer) && decimals <= 0) {
        (void)snprintf(out, 64, "%" PRId64, integer);
        return true;
    }
    if (!number_real(text, &value) || !isfinite(value) || fabs(value) >= 1e15)
        return false;
    if (decimals >= 0) {
        (void)snprintf(out, 64, "%.*f", decimals, value);
    } else {
        struct buf shortest BUF_AUTO;
        buf_init(&shortest, 63);
        number_print(&shortest, value);
        (void)snprintf(out, 64, "%s", shortest.data);
    }
    return strpbrk(out, "eE") == NULL;
}

bool text_number(struct buf *out, const char *text, int decimals)
{
    char plain[64];
    if (!plain_decimal(text, decimals, plain))
        return false;
    const char *digits = plain;
    bool zero = strspn(plain, "-0.") == strlen(plain);
    if (*digits == '-') {
        digits++;
        if (!zero)
            buf_text(out, "-");
    }
    size_t whole = strcspn(digits, ".");
    add_grouped(out, digits, whole);
    if (digits[whole] == '.')
        buf_printf(out, ",%s", digits + whole + 1);
    return true;
}

const char *text_plural(const char *number, const char *one, const char *few, const char *many)
{
    int64_t n;
    double real;
    if (!number_int(number, &n))
        return number_real(number, &real) ? few : NULL; /* 1,5 дня */
    int64_t last = n < 0 ? -(n % 100) : n % 100;
    if (last >= 11 && last <= 14)
        return many;
    if (last % 10 == 1)
        return one;
    return last % 10 >= 2 && last % 10 <= 4 ? few : many;
}

const char *text_currency(const char *code)
{
    static const struct {
        const char *code, *sign;
    } rows[] = {
        {"RUB", "₽"}, {"USD", "$"}, {"EUR", "€"}, {"KZT", "₸"},   {"BYN", "Br"},
        {"UAH", "₴"},   {"GBP", "£"}, {"CNY", "¥"}, {"GEL", "₾"}, {"AMD", "֏"},
        {"AZN", "₼"}, {"TRY", "₺"}, {"JPY", "¥"}, {"INR", "₹"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].code, code) == 0)
            return rows[i].sign;
    return code;
}
