#include "daemon/config/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/scan.h"
#include "common/secret.h"
#include "daemon/config/textfile.h"
#include "daemon/rules/suggest.h"

bool given_bad(struct loading *l, const struct given *g, size_t offset, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct place at = g->entry != NULL ? ini_value_place(g->entry, offset) : g->at;
    return diag_add(l->diag, at, "%s", text);
}

static bool in_range(struct loading *l, const struct given *g, struct range range, int64_t value)
{
    return (value >= range.least && value <= range.most) ||
           given_bad(l, g, 0, "\"%s\" is out of range; allowed is %s",
                     scan_quote_text(g->text).text, range.text);
}

/* "1 000 000": blanks may stand between digits. */
static bool take_count(struct scan *s, int64_t *ret)
{
    char digits[20];
    size_t size = 0;
    struct scan ahead = *s;
    for (; size + 1 < sizeof digits; scan_blanks(&ahead)) {
        int digit;
        if (!scan_digits(&ahead, 1, &digit))
            break;
        digits[size++] = (char)('0' + digit);
        s->at = ahead.at;
    }
    digits[size] = '\0';
    return number_int(digits, ret);
}

bool value_count(struct loading *l, const struct given *g, struct range range, int64_t *ret)
{
    struct scan s = {.text = g->text};
    int64_t value;
    if (!take_count(&s, &value) || !scan_end(&s))
        return given_bad(l, g, 0, "\"%s\" is not a count; write it as 1000 or 1 000",
                         scan_quote_text(g->text).text);
    if (!in_range(l, g, range, value))
        return false;
    *ret = value;
    return true;
}

/* What a unit multiplies by; 0 for none that we know. */
static int64_t take_unit(struct scan *s)
{
    static const struct {
        const char *word;
        int64_t size;
    } units[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    scan_blanks(s);
    if (scan_end(s))
        return 1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (scan_word(s, units[i].word))
            return units[i].size;
    return 0;
}

bool value_size(struct loading *l, const struct given *g, struct range range, int64_t *ret)
{
    struct scan s = {.text = g->text};
    int64_t value;
    bool taken = take_count(&s, &value);
    int64_t unit = taken ? take_unit(&s) : 0;
    if (unit == 0 || !scan_end(&s))
        return given_bad(l, g, 0, "\"%s\" is not a size; write it as 512 KiB or 1 MiB",
                         scan_quote_text(g->text).text);
    int64_t bytes = value > INT64_MAX / unit ? INT64_MAX : value * unit;
    if (!in_range(l, g, range, bytes))
        return false;
    *ret = bytes;
    return true;
}

bool value_percent(struct loading *l, const struct given *g, double *ret)
{
    struct scan s = {.text = g->text};
    int64_t value;
    bool taken = scan_number(&s, &value);
    scan_blanks(&s);
    if (!taken || !scan_char(&s, '%') || !scan_end(&s))
        return given_bad(l, g, 0, "\"%s\" is not a share; write it as 80%%",
                         scan_quote_text(g->text).text);
    if (!in_range(l, g, (struct range){1, 100, "1% to 100%"}, value))
        return false;
    *ret = (double)value / 100;
    return true;
}

static bool take_ms(const char *text, int64_t *ret)
{
    struct scan s = {.text = text};
    bool taken = scan_number(&s, ret);
    scan_blanks(&s);
    return taken && scan_word(&s, "ms") && scan_end(&s);
}

bool value_ms(struct loading *l, const struct given *g, struct range range, int64_t *ret)
{
    int64_t value;
    if (!take_ms(g->text, &value)) {
        struct duration d;
        size_t offset = 0;
        struct err err = {0};
        if (!duration_parse(g->text, &d, &offset, &err))
            return given_bad(l, g, offset, "%s", err.text);
        if (d.unit != DURATION_PLAIN)
            return given_bad(l, g, 0, "\"%s\" is working time; this one follows the clock",
                             scan_quote_text(g->text).text);
        value = d.amount;
    }
    if (!in_range(l, g, range, value))
        return false;
    *ret = value;
    return true;
}

bool value_word(struct loading *l, const struct given *g, const char *what,
                const char *const *words, size_t count, size_t *ret)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(g->text, words[i]) == 0) {
            *ret = i;
            return true;
        }
    return suggest(l->diag, g->at, what, g->text, words, count);
}

/* Length of the variable in front of the path, 0 if there is none. */
static size_t variable_size(const char *text)
{
    static const char *const spellings[] = {"$CREDENTIALS_DIRECTORY", "${CREDENTIALS_DIRECTORY}"};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        size_t size = strlen(spellings[i]);
        if (strncmp(text, spellings[i], size) == 0 && (text[size] == '/' || text[size] == '\0'))
            return size;
    }
    return 0;
}

char *value_path(struct loading *l, const struct given *g)
{
    if (g->text[0] != '$')
        return textfile_join(l->config->folder, g->text);
    size_t size = variable_size(g->text);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (size == 0)
        (void)given_bad(l, g, 0, "unknown variable in \"%s\"; only $CREDENTIALS_DIRECTORY is there",
                        g->text);
    else if (folder == NULL || folder[0] == '\0')
        (void)given_bad(l, g, 0,
                        "$CREDENTIALS_DIRECTORY is not set; systemd sets it, elsewhere put "
                        "CREDENTIALS_DIRECTORY=FOLDER before the command");
    else
        return mem_printf("%s%s", folder, g->text + size);
    return NULL;
}

bool value_text(struct loading *l, const struct given *g, const char *path, struct buf *ret)
{
    struct err err = {0};
    if (!textfile_read(path, ret, &err))
        return given_bad(l, g, 0, "cannot read \"%s\": %s", path, err.text);
    return !ret->full || given_bad(l, g, 0, "\"%s\" is longer than 4 MiB", path);
}

char *value_secret(struct loading *l, const struct given *g)
{
    char *path = value_path(l, g);
    if (path == NULL)
        return NULL;
    struct err err = {0};
    char *secret = secret_read(path, &err);
    if (secret == NULL)
        (void)given_bad(l, g, 0, "%s", err.text);
    mem_free(path);
    return secret;
}
