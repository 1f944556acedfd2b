#include "common/zone.h"

#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/scan.h"

/* The years that ISO 8601 can write in four digits. */
static const int64_t first_second = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;  /* 9999-12-31T23:59:59Z */

static const char *const months_genitive[] = {
    "января", "февраля", "марта",    "апреля",  "мая",    "июня",
    "июля",   "августа", "сентября", "октября", "ноября", "декабря",
};

static const char *const weekdays[] = {
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
};

void zone_iso(const struct zone *z, int64_t wall_ms, char out[26])
{
    /* Offsets before standard time have seconds, which cannot be written: the minute before is as
     * true, when the clock is put back with it. */
    int minutes = (int)date_floor_div(zone_local(z, wall_ms).offset, 60);
    int64_t local = date_floor_div(wall_ms, 1000) + minutes * 60;
    if (local < first_second)
        local = first_second;
    if (local > last_second)
        local = last_second;
    int64_t number = date_floor_div(local, DATE_DAY_SECONDS);
    int of_day = (int)(local - number * DATE_DAY_SECONDS);
    struct date d = date_of(number);
    unsigned apart = (unsigned)(minutes < 0 ? -minutes : minutes);
    (void)snprintf(out, 26, "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u", (unsigned)d.year % 10000u,
                   (unsigned)d.month % 100u, (unsigned)d.day % 100u,
                   (unsigned)of_day / 3600u % 100u, (unsigned)of_day / 60u % 60u,
                   (unsigned)of_day % 60u, minutes < 0 ? '-' : '+', apart / 60u % 100u,
                   apart % 60u);
}

/* What an ISO text says, before any zone is asked. */
struct iso {
    struct civil local;
    bool has_offset;
};

/* ".5", ".123456": milliseconds, the rest is cut. */
static bool take_fraction(struct scan *s, int *ret_ms)
{
    size_t from = s->at;
    int digit;
    int place = 100;
    *ret_ms = 0;
    for (; s->at - from < 9 && scan_digits(s, 1, &digit); place /= 10)
        *ret_ms += digit * place;
    return s->at > from;
}

/* "Z", "+03:00", "-0330" */
static bool take_offset(struct scan *s, int *ret_seconds)
{
    *ret_seconds = 0;
    if (scan_char(s, 'Z'))
        return true;
    int sign = scan_char(s, '-') ? -1 : 1;
    int hours;
    int minutes;
    if (sign == 1 && !scan_char(s, '+'))
        return false;
    if (!scan_digits(s, 2, &hours))
        return false;
    (void)scan_char(s, ':');
    if (!scan_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool take_time(struct scan *s, struct iso *iso)
{
    struct civil *c = &iso->local;
    if (!scan_digits(s, 2, &c->hour) || !scan_char(s, ':') || !scan_digits(s, 2, &c->minute))
        return false;
    if (scan_char(s, ':')) {
        if (!scan_digits(s, 2, &c->second))
            return false;
        if (scan_char(s, '.') && !take_fraction(s, &c->ms))
            return false;
    }
    if (c->hour > 23 || c->minute > 59 || c->second > 59)
        return false;
    iso->has_offset = s->text[s->at] != '\0';
    return !iso->has_offset || take_offset(s, &c->offset);
}

static bool parse_iso(const char *text, struct iso *ret)
{
    struct scan s = {.text = text};
    struct date d;
    if (!scan_date(&s, &d))
        return false;
    *ret = (struct iso){.local = {.year = d.year, .month = d.month, .day = d.day}};
    if (text[s.at] == '\0')
        return true;
    return (scan_char(&s, 'T') || scan_char(&s, ' ')) && take_time(&s, ret) && text[s.at] == '\0';
}

bool zone_is_iso(const char *text)
{
    struct iso iso;
    return parse_iso(text, &iso);
}

bool zone_parse_iso(const struct zone *z, const char *text, int64_t *ret_wall_ms)
{
    struct iso iso;
    if (!parse_iso(text, &iso))
        return false;
    const struct civil *c = &iso.local;
    if (iso.has_offset)
        *ret_wall_ms = ((date_number(c->year, c->month, c->day) * 24 + c->hour) * 3600 +
                        c->minute * 60 + c->second - c->offset) *
                           1000 +
                       c->ms;
    else
        *ret_wall_ms = zone_moment(z, *c);
    return true;
}

enum { MOST_PIECE = 24 }; /* "понедельник" is 22 bytes */

/* What stands for one letter after '%'; false when there is no such letter. */
static bool format_piece(const struct civil *c, char letter, char out[MOST_PIECE + 1])
{
    int64_t number = date_number(c->year, c->month, c->day);
    const struct {
        char letter;
        int width, value;
    } numbers[] = {
        {'d', 2, c->day},    {'m', 2, c->month},
        {'Y', 4, c->year},   {'y', 2, c->year - (int)date_floor_div(c->year, 100) * 100},
        {'H', 2, c->hour},   {'M', 2, c->minute},
        {'S', 2, c->second}, {'j', 3, (int)(number - date_number(c->year, 1, 1)) + 1},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].letter == letter)
            return snprintf(out, MOST_PIECE + 1, "%0*d", numbers[i].width, numbers[i].value) > 0;
    const char *word = letter == 'B'   ? months_genitive[c->month - 1]
                       : letter == 'A' ? weekdays[c->weekday - 1]
                       : letter == '%' ? "%"
                                       : NULL;
    return word != NULL && snprintf(out, MOST_PIECE + 1, "%s", word) > 0;
}

static bool format_is_known(const struct civil *c, const char *format)
{
    char piece[MOST_PIECE + 1];
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p + 2, '%'))
        if (!format_piece(c, p[1], piece))
            return false;
    return true;
}

/* Does not cut a UTF-8 letter in two. */
static size_t whole_letters(const char *text, size_t most)
{
    size_t length = strnlen(text, most + 1);
    if (length <= most)
        return length;
    length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

bool zone_format(const struct zone *z, int64_t wall_ms, const char *format, char *out,
                 unsigned long size)
{
    struct civil c = zone_local(z, wall_ms);
    if (!format_is_known(&c, format))
        return false;
    size_t used = 0;
    bool fits = size > 0;
    while (*format != '\0' && fits) {
        char piece[MOST_PIECE + 1];
        const char *add = format;
        size_t length = strcspn(format, "%");
        if (length == 0) {
            (void)format_piece(&c, format[1], piece);
            add = piece;
            length = strlen(piece);
            format += 2;
        } else {
            format += length;
        }
        size_t kept = length <= size - 1 - used ? length : whole_letters(add, size - 1 - used);
        memcpy(out + used, add, kept);
        used += kept;
        fits = kept == length;
    }
    if (size > 0)
        out[used] = '\0';
    return true;
}
