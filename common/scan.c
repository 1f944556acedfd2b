#include "common/scan.h"

#include <string.h>
#include <strings.h>

#include "common/mem.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void scan_blanks(struct scan *s)
{
    while (is_blank(s->text[s->at]))
        s->at++;
}

bool scan_end(const struct scan *s)
{
    struct scan ahead = *s;
    scan_blanks(&ahead);
    return ahead.text[ahead.at] == '\0';
}

bool scan_break(const struct scan *s)
{
    return is_blank(s->text[s->at]) || s->text[s->at] == '\0';
}

bool scan_char(struct scan *s, char c)
{
    if (c == '\0' || s->text[s->at] != c)
        return false;
    s->at++;
    return true;
}

bool scan_number(struct scan *s, int64_t *ret)
{
    size_t at = s->at;
    int64_t value = 0;
    for (; is_digit(s->text[at]); at++) {
        if (at - s->at == 18)
            return false;
        value = value * 10 + (s->text[at] - '0');
    }
    if (at == s->at)
        return false;
    s->at = at;
    *ret = value;
    return true;
}

bool scan_digits(struct scan *s, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = s->text[s->at + (size_t)i];
        if (!is_digit(c))
            return false;
        value = value * 10 + (c - '0');
    }
    s->at += (size_t)count;
    *ret = value;
    return true;
}

size_t scan_letters(const struct scan *s)
{
    size_t length = 0;
    while (is_letter(s->text[s->at + length]))
        length++;
    return length;
}

bool scan_word(struct scan *s, const char *word)
{
    size_t length = scan_letters(s);
    if (length == 0 || strlen(word) != length || strncasecmp(s->text + s->at, word, length) != 0)
        return false;
    s->at += length;
    return true;
}

bool scan_clock(struct scan *s, int *ret_minute)
{
    struct scan ahead = *s;
    int hour;
    int minute;
    bool taken = (scan_digits(&ahead, 2, &hour) || scan_digits(&ahead, 1, &hour)) &&
                 scan_char(&ahead, ':') && scan_digits(&ahead, 2, &minute);
    if (!taken || is_digit(ahead.text[ahead.at]) || minute > 59 || hour * 60 + minute > 24 * 60)
        return false;
    *s = ahead;
    *ret_minute = hour * 60 + minute;
    return true;
}

bool scan_date(struct scan *s, struct date *ret)
{
    struct scan ahead = *s;
    struct date d;
    bool taken = scan_digits(&ahead, 4, &d.year) && scan_char(&ahead, '-') &&
                 scan_digits(&ahead, 2, &d.month) && scan_char(&ahead, '-') &&
                 scan_digits(&ahead, 2, &d.day);
    if (!taken || is_digit(ahead.text[ahead.at]) || !date_valid(d))
        return false;
    *s = ahead;
    *ret = d;
    return true;
}

size_t scan_entry(const char *text)
{
    size_t size = 0;
    for (bool quoted = false; text[size] != '\0' && (quoted || text[size] != ','); size++)
        quoted = quoted != (text[size] == '"');
    return size;
}

char *scan_bare_new(const char *text, size_t size)
{
    static const char blanks[] = " \t\r\n";
    for (; size > 0 && strchr(blanks, text[0]) != NULL; size--)
        text++;
    while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
        size--;
    bool quoted = size >= 2 && text[0] == '"' && text[size - 1] == '"';
    return quoted ? mem_strndup(text + 1, size - 2) : mem_strndup(text, size);
}

static struct scan_quote quote(const char *from, size_t length)
{
    static const char more[] = "…";
    size_t most = sizeof(struct scan_quote) - sizeof more;
    struct scan_quote result = {0};
    bool cut = length > most;
    if (cut) /* not inside a UTF-8 letter */
        for (length = most; length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80;)
            length--;
    memcpy(result.text, from, length);
    if (cut)
        memcpy(result.text + length, more, sizeof more);
    return result;
}

struct scan_quote scan_quote(const struct scan *s)
{
    const char *from = s->text + s->at;
    return quote(from, strcspn(from, " \t"));
}

struct scan_quote scan_quote_text(const char *text)
{
    return quote(text, strlen(text));
}
