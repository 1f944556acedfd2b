#include "common/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/utf8.h"

enum {
    LINE_BYTES = 2048,
    VALUE_BYTES = 1024, /* of one value, so that what stands behind it is not pushed out */
};

static const char more[] = "…";

static atomic_int ceiling = LOG_LEVEL_INFO;

/* ---- a line that is being made --------------------------------------------------------------- */

struct line {
    char text[LINE_BYTES];
    size_t size;
    bool full;
};

/* Room stays for what closes a line that is cut: "…", a quote, the newline. */
enum { CLOSING_BYTES = sizeof more + 2 };

static void add(struct line *line, const char *bytes, size_t size)
{
    if (line->full || line->size + size > LINE_BYTES - CLOSING_BYTES) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void close_with(struct line *line, const char *bytes, size_t size)
{
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

/* ---- text from outside ----------------------------------------------------------------------- */

/* Letters that begin a line, command a terminal or turn the direction of reading: C0, DEL, C1
 * (U+009B begins a command just as ESC [ does), separators of lines, bidirectional overrides. */
static bool is_command(uint32_t letter)
{
    return letter < ' ' || (letter >= 0x7f && letter <= 0x9f) ||
           (letter >= 0x2028 && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
}

/* The next letter: how many bytes, and whether it may stand as it is. The journal hides a line that
 * is not UTF-8. */
static size_t next_letter(const char *text, size_t size, uint32_t *ret, bool *ret_plain)
{
    size_t used = utf8_decode(text, size, ret);
    *ret_plain = used > 0 && !is_command(*ret);
    if (used == 0)
        *ret = (unsigned char)text[0];
    return used > 0 ? used : 1;
}

/* In the message: blanks in the place of commands. */
static void add_words(struct line *line, const char *text, size_t size)
{
    while (size > 0 && !line->full) {
        uint32_t letter;
        bool plain;
        size_t used = next_letter(text, size, &letter, &plain);
        if (plain)
            add(line, text, used);
        else
            add(line, "   ", used == 2 ? 2 : 1);
        text += used;
        size -= used;
    }
}

static void add_escaped(struct line *line, uint32_t letter, size_t used)
{
    static const char named[] = "\n\r\t\"\\", names[] = "nrt\"\\";
    char escape[12];
    const char *at = letter < 0x80 && letter != 0 ? strchr(named, (int)letter) : NULL;
    int size = at != NULL  ? snprintf(escape, sizeof escape, "\\%c", names[at - named])
               : used == 1 ? snprintf(escape, sizeof escape, "\\x%02" PRIx32, letter)
                           : snprintf(escape, sizeof escape, "\\u%04" PRIx32, letter);
    add(line, escape, (size_t)size);
}

/* Between quotes: nothing in it can end them. Cut at a letter when it is long. */
static void add_quoted(struct line *line, const char *text, size_t size)
{
    size_t began = line->size;
    while (size > 0 && !line->full && line->size - began < VALUE_BYTES) {
        uint32_t letter;
        bool plain;
        size_t used = next_letter(text, size, &letter, &plain);
        if (plain && letter != '"' && letter != '\\')
            add(line, text, used);
        else
            add_escaped(line, letter, used);
        text += used;
        size -= used;
    }
    if (size > 0 && !line->full)
        add(line, more, sizeof more - 1);
    if (line->full) {
        close_with(line, more, sizeof more - 1);
        close_with(line, "\"", 1);
    }
}

/* A value that the format does not quote stays bare only when it is one word. */
static bool is_word(const char *text, size_t size)
{
    if (size == 0 || size > VALUE_BYTES)
        return false;
    for (size_t used; size > 0; text += used, size -= used) {
        uint32_t letter;
        bool plain;
        used = next_letter(text, size, &letter, &plain);
        if (!plain || letter == ' ' || letter == '"' || letter == '=' || letter == '\\')
            return false;
    }
    return true;
}

/* Where it stands says what it is: key="%s", key=%s, or words of the message. */
static void add_text(struct line *line, const char *text, size_t size)
{
    const char *end = line->text + line->size;
    if (line->size >= 2 && end[-1] == '"' && end[-2] == '=') {
        add_quoted(line, text, size);
    } else if (line->size >= 1 && end[-1] == '=' && !is_word(text, size)) {
        add(line, "\"", 1);
        add_quoted(line, text, size);
        add(line, "\"", 1);
    } else {
        add_words(line, text, size);
    }
}

/* ---- the format ------------------------------------------------------------------------------ */

/* One conversion: % .precision length letter; no flags and no width. */
struct spec {
    int precision; /* -1: none */
    bool plain;    /* unsigned */
    enum { SPEC_PERCENT, SPEC_INT, SPEC_TEXT, SPEC_LONG, SPEC_REAL, SPEC_LONG_LONG } what;
};

static const char *read_spec(const char *at, struct spec *ret)
{
    *ret = (struct spec){.precision = -1};
    if (*++at == '.') {
        ret->precision = (int)strtol(at + 1, NULL, 10);
        at += 1 + strspn(at + 1, "0123456789");
    }
    size_t length = strspn(at, "lz"); /* size_t is as wide as a long */
    char letter = at[length];
    assert(letter != '\0' && strchr("%sduf", letter) != NULL);
    ret->plain = letter == 'u';
    ret->what = letter == '%'   ? SPEC_PERCENT
                : letter == 's' ? SPEC_TEXT
                : letter == 'f' ? SPEC_REAL
                : length == 0   ? SPEC_INT
                : length == 1   ? SPEC_LONG
                                : SPEC_LONG_LONG;
    return at + length + 1;
}

static void add_cut(struct line *line, const struct spec *spec, const char *text)
{
    if (spec->precision >= 0)
        add_text(line, text, utf8_whole(text, strnlen(text, (size_t)spec->precision)));
    else
        add_text(line, text, strlen(text));
}

static void add_integer(struct line *line, const struct spec *spec, long long value)
{
    char text[24];
    int size = spec->plain ? snprintf(text, sizeof text, "%llu", (unsigned long long)value)
                           : snprintf(text, sizeof text, "%lld", value);
    add(line, text, (size_t)size);
}

static void add_real(struct line *line, const struct spec *spec, double value)
{
    char text[400]; /* 309 digits before the point */
    int size =
        snprintf(text, sizeof text, "%.*f", spec->precision >= 0 ? spec->precision : 6, value);
    add(line, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

/* What stands before the next conversion; NULL: that was all. */
static const char *add_literal(struct line *line, const char *format)
{
    size_t literal = strcspn(format, "%");
    add(line, format, literal);
    return line->full || format[literal] == '\0' ? NULL : format + literal;
}

/* ---- the way out ----------------------------------------------------------------------------- */

/* Is stderr the stream that systemd has connected with the journal? sd-daemon(3), systemd.exec(5)
 * $JOURNAL_STREAM: "DEVICE:INODE". */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char is[64];
    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)snprintf(is, sizeof is, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, is) == 0;
}

static const char *beginning(enum log_level level)
{
    static const struct {
        const char *journal, *people;
    } of[] = {
        [LOG_LEVEL_ERROR] = {"<3>", "error: "},
        [LOG_LEVEL_WARNING] = {"<4>", "warning: "},
        [LOG_LEVEL_INFO] = {"<6>", ""},
        [LOG_LEVEL_DEBUG] = {"<7>", "debug: "},
    };
    return is_journal() ? of[level].journal : of[level].people;
}

void log_set_level(enum log_level level)
{
    atomic_store(&ceiling, (int)level);
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level > atomic_load(&ceiling))
        return;
    struct line line = {.size = 0};
    const char *begin = beginning(level);
    add(&line, begin, strlen(begin));
    va_list args;
    va_start(args, format);
    while ((format = add_literal(&line, format)) != NULL) {
        struct spec spec;
        format = read_spec(format, &spec);
        switch (spec.what) {
        case SPEC_PERCENT:
            add(&line, "%", 1);
            break;
        case SPEC_INT: {
            int value = va_arg(args, int);
            add_integer(&line, &spec, spec.plain ? (long long)(unsigned)value : value);
            break;
        }
        case SPEC_TEXT:
            add_cut(&line, &spec, va_arg(args, const char *));
            break;
        case SPEC_LONG:
            add_integer(&line, &spec, va_arg(args, long));
            break;
        case SPEC_REAL:
            add_real(&line, &spec, va_arg(args, double));
            break;
        case SPEC_LONG_LONG:
            add_integer(&line, &spec, va_arg(args, long long));
            break;
        }
    }
    va_end(args);
    line.text[line.size++] = '\n';
    /* Nowhere to report a failed write to stderr. */
    ssize_t ignored = write(STDERR_FILENO, line.text, line.size);
    (void)ignored;
}
